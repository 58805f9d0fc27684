"""The assembled brain of the mouse: its size against the published one, what its paths keep at any scale and with any
regions, the map of the body, and what the paths that are ours are there for."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path as File

import numpy as np
import pytest

from sherrington.brain.distributions import Lognormal
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.mouse.between import full_indegree
from sherrington.brain.models.mouse.brain import REGIONS, calibration, mouse, pull
from sherrington.brain.models.mouse.motor import goals_of
from sherrington.brain.models.mouse.paths import PATHS, REST_HZ, Path
from sherrington.brain.models.mouse.somatosensory import JOINT_DIRECTIONS, SKIN, map_of
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Background, Network, Projection
from sherrington.brain.rules import DistanceIndegree
from sherrington.clock import ms_to_ns
from sherrington.errors import NetworkError

PUBLISHED_NODES, PUBLISHED_CONNECTIONS = 1_089_147, 1.588e9
"""Feldotto et al. 2022, doi 10.3389/fninf.2022.884180."""
FULL = mouse()
SMALL = mouse(scale=0.01)
OF = {scale: {p.name: p for p in mouse(scale=scale).projections} for scale in (0.01, 0.1, 1.0)}
LEVELS = [(), ("M1",), ("M1", "S1", "TH"), ("M1", "S1", "TH", "BG"), REGIONS]


def named(path: Path) -> str:
    return f"{path.source}->{path.target}"


def mean(projection: Projection) -> float:
    weight = projection.weight
    return weight.mean * weight.sign if isinstance(weight, Lognormal) else float(weight)  # type: ignore[arg-type]


# --- size -------------------------------------------------------------------------------------------------------


def test_full_size_is_at_least_the_published_one() -> None:
    assert FULL.n_neurons >= PUBLISHED_NODES
    assert FULL.expected_synapses() == pytest.approx(PUBLISHED_CONNECTIONS, rel=0.01)


def test_every_region_is_there_and_the_cord_stays_whole() -> None:
    assert {p.region for p in FULL.populations.values()} == {
        "M1", "S1", "TH", "BG", "CB_M1", "CB_S1", "CN", "M2", "afferents", "premotor", "spinal cord",
    }  # fmt: skip
    for name in ("MN", "Ia", "premotor", "M2", "JA", "CUT"):
        assert SMALL.population(name).size == FULL.population(name).size


# --- paths between regions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=named)
@pytest.mark.parametrize("scale", OF)
def test_a_path_keeps_its_mean_conductance_at_any_scale(path: Path, scale: float) -> None:
    projection = OF[scale][named(path)]
    assert isinstance(projection.rule, DistanceIndegree)
    wanted = full_indegree(path, FULL.populations) * path.weight_nS * path.factor
    assert projection.rule.indegree * mean(projection) == pytest.approx(wanted, rel=1e-9)
    assert projection.delay_ms == path.delay_ms


def test_at_full_size_paths_have_the_published_kernels_and_weights() -> None:
    for path in PATHS:
        projection = OF[1.0][named(path)]
        assert isinstance(projection.rule, DistanceIndegree)
        assert projection.rule.kernel.sigma_mm == path.sigma_mm  # type: ignore[union-attr]
        # An in-degree is a whole number: off by half an input at most.
        indegree = full_indegree(path, FULL.populations)
        assert mean(projection) == pytest.approx(path.weight_nS * path.factor, rel=0.6 / indegree)


@pytest.mark.parametrize("regions", LEVELS, ids="+".join)
def test_what_is_absent_is_replaced_by_trains_of_the_same_mean(regions: tuple[str, ...]) -> None:
    """Every path ends as a projection or as trains, and trains bring what the projection brings at rest."""
    described = mouse(scale=0.01, regions=regions)
    projections = {p.name for p in described.projections}
    for path in PATHS:
        if path.target not in described.populations:
            continue
        trains = [b for b in described.backgrounds if _is_train(b, path)]
        assert (named(path) in projections) != bool(trains), named(path)


def _is_train(background: Background, path: Path) -> bool:
    rate_hz = full_indegree(path, FULL.populations) * REST_HZ[path.source]
    return background.population == path.target and math.isclose(background.rate_hz, rate_hz)


@pytest.mark.parametrize("regions", [("CB",), ("M1", "CB"), REGIONS], ids="+".join)
def test_the_pons_hears_its_cortex_once(regions: tuple[str, ...]) -> None:
    """As a projection or as trains, never both, and no second train that stands for the same cortex."""
    described = mouse(scale=0.01, regions=regions)
    for module in ("CB_M1", "CB_S1"):
        pons = f"{module}_PONS"
        trains = sum(b.population == pons for b in described.backgrounds)
        assert trains + sum(p.target == pons for p in described.projections) == 1


def test_a_subset_has_what_the_whole_has() -> None:
    """Regions that are present are the same, whatever else is: names, sizes, and the wiring within."""
    whole = {p.name: p for p in SMALL.projections}
    for regions in LEVELS[:-1]:
        part = mouse(scale=0.01, regions=regions)
        assert set(part.populations) < set(SMALL.populations)
        for name, population in part.populations.items():
            if not name.startswith("BG_") and name != "CN":
                assert population.size == SMALL.population(name).size
        assert {p.name for p in part.projections} - set(whole) <= {"M2/pull->premotor/pull"}


def test_wrong_regions() -> None:
    with pytest.raises(NetworkError, match="no region 'M2'; there are: M1, S1, TH, BG, CB"):
        mouse(regions=("M2",))
    with pytest.raises(NetworkError, match="BG needs M1 and TH"):
        mouse(regions=("M1", "BG"))
    with pytest.raises(NetworkError, match="name each once"):
        mouse(regions=("M1", "M1"))
    with pytest.raises(NetworkError, match="two lengths above 0"):
        mouse(sheet_mm=(1.0, 0.0))


# --- command, map, strips ---------------------------------------------------------------------------------------


def test_the_map_of_the_body_begins_with_the_muscles_of_the_first_goal() -> None:
    drives = {
        "rest": {"a": 1.0, "b": 1.0, "c": 1.0},
        "one": {"a": 0.0, "b": 3.0, "c": 2.0},
        "two": {"a": 9.0},
    }
    assert map_of(("a", "b", "c"), drives) == ("b", "c", "a", *JOINT_DIRECTIONS, *SKIN)
    mapped = map_of(tuple(pull()["rest"]), pull())
    assert mapped[:3] == ("subscapularis", "brachialis_distal", "brachialis_proximal")
    assert sorted(mapped[:20]) == sorted(pull()["rest"])


def test_a_goal_has_a_strip_of_m1() -> None:
    strips = SMALL.population("M1_L5B_PT").channels
    assert list(strips) == ["pull", "elsewhere"]
    y = SMALL.positions("M1_L5B_PT", 1)[:, 1]
    here, there = (y[list(SMALL.population("M1_L5B_PT").neurons(name))] for name in strips)
    assert here.max() <= there.min() + 1e-9


def test_shuffling_moves_the_muscles_and_nothing_else() -> None:
    shuffled = {p.name: p for p in mouse(scale=0.01, shuffled=3).projections}
    wired = {p.name: p for p in SMALL.projections}
    changed = set(wired.keys() ^ shuffled.keys())
    assert changed and all(name.startswith("premotor/") for name in changed)
    drives = sorted(mean(p) for n, p in wired.items() if n.startswith("premotor/pull->MN"))
    assert drives == sorted(mean(p) for n, p in shuffled.items() if n.startswith("premotor/pull->MN"))


def test_the_drives_are_those_of_the_example_that_found_them() -> None:
    example = File(__file__).resolve().parents[2] / "examples" / "joystick_pull" / "drive.json"
    goals = json.loads(example.read_text(encoding="utf-8"))["goals"]
    assert pull() == {name: goal["drive_pA"] for name, goal in goals.items()}


def test_other_goals() -> None:
    drives = {"rest": {"biceps_long": 100.0}, "up": {"biceps_long": 300.0}, "down": {"triceps_long": 300.0}}
    described = mouse(scale=0.01, regions=("M1",), drive_pA=drives)
    assert goals_of(drives) == ("up", "down")
    assert list(described.population("M2").channels) == ["up", "down"]
    assert list(described.population("M1_L5B_PT").channels) == ["up", "down", "elsewhere"]


def test_pushes_name_the_microzones_and_reach_muscles() -> None:
    pushes = {"out": {"infraspinatus": 200.0}, "in": {"subscapularis": 80.0}}
    described = mouse(scale=0.01, pushes_pA=pushes)
    assert list(described.population("CB_M1_VN").channels) == ["out", "in"]
    assert list(described.population("CB_S1_VN").channels) == ["zone1", "zone2", "zone3", "zone4"]
    names = {p.name for p in described.projections}
    assert {"CB_M1_VN/out->RN/out", "premotor/pull->RN", "RN/in->MN/subscapularis"} <= names
    assert "RN" not in SMALL.populations


# --- activity ---------------------------------------------------------------------------------------------------

AFFERENTS_HZ = {"Ia": 45.0, "II": 60.0, "Ib": 5.0, "JA": 20.0, "CUT": 5.0}
FEWEST_NEURONS = 30
"""Of smaller populations half a second says little."""


class Bench:
    """A brain without a body: afferents at constant rates, and counts in a window."""

    def __init__(self, described: Network, written: Mapping[str, float], seed: int = 5) -> None:
        counted = list(described.populations.values())
        inputs = [
            brain_port(described.population(name), "rate", writes=True, weight=weight)
            for name, weight in written.items()
        ]
        outputs = [brain_port(p, "count", writes=False) for p in counted]
        self.network, self.brain, self.now_ns = described, NestBrain(), 0
        self.brain.prepare(described, inputs, outputs, seed, BrainOptions(0.25, 1))

    def write(self, name: str, rates_hz: Mapping[str, float] | float) -> None:
        channels = self.network.population(name).channels
        values = [rates_hz if isinstance(rates_hz, float) else rates_hz.get(c, 0.0) for c in channels]
        self.brain.write(f"{name}.rate", np.array(values))

    def rates_hz(self, settle_ms: float, window_ms: float) -> dict[str, np.ndarray]:
        """Of every channel of every population."""
        self._advance(settle_ms)
        counts = self._advance(window_ms)
        return {
            name: count / np.array(list(self.network.population(name).channels.values())) / window_ms * 1000
            for name, count in counts.items()
        }

    def _advance(self, duration_ms: float) -> dict[str, np.ndarray]:
        self.now_ns += ms_to_ns(duration_ms)
        self.brain.advance(self.now_ns)
        return {name: np.array(self.brain.read(f"{name}.count")) for name in self.network.populations}


@pytest.mark.slow
def test_rates_at_rest_and_what_a_command_and_the_senses_do() -> None:
    """One run of cord, M1, S1 and thalamus: at rest, under a command, and with the senses driven."""
    described = mouse(scale=0.01, regions=("M1", "S1", "TH"))
    bench = Bench(described, {**dict.fromkeys(AFFERENTS_HZ, 1.0), "M2": 62.5})
    try:
        for name, hz in AFFERENTS_HZ.items():
            bench.write(name, hz)
        bench.write("M2", 0.0)
        rest = bench.rates_hz(200.0, 500.0)
        bench.write("M2", 2000.0)
        commanded = bench.rates_hz(100.0, 300.0)
        bench.write("M2", 0.0)
        for name in AFFERENTS_HZ:
            bench.write(name, dict.fromkeys(described.population(name).channels, 200.0))
        felt = bench.rates_hz(100.0, 300.0)
    finally:
        bench.brain.close()
    at_rest(described, rest)
    pull_, elsewhere = commanded["M1_L5B_PT"]
    assert pull_ > 2.5 * rest["M1_L5B_PT"][0]
    assert elsewhere < 2 * rest["M1_L5B_PT"][1] + 1
    goals = list(described.population("premotor").channels)
    before, after = (dict(zip(goals, r["premotor"], strict=True)) for r in (rest, commanded))
    assert before["rest"] > 50 and before["pull"] < 5
    assert after["pull"] > 30 and after["rest"] < 0.6 * before["rest"]
    for name in ("CN", "TH_S1_VPL_TC", "S1_L4_Pyr", "S1_L5B_Pyr", "M1_L23_CC"):
        assert felt[name].mean() > 1.3 * rest[name].mean(), name


def at_rest(described: Network, rates_hz: Mapping[str, np.ndarray]) -> None:
    """Within a factor of two of what each population of cortex is calibrated to, or 2 Hz."""
    judged = 0
    for area in ("M1", "S1"):
        for name, wanted in (calibration(area).rates_hz or {}).items():
            if described.population(f"{area}_{name}").size >= FEWEST_NEURONS:
                judged += 1
                found = rates_hz[f"{area}_{name}"].mean()
                assert wanted / 2 - 2 < found < wanted * 2 + 2, f"{area}_{name}: {found:.1f} Hz, {wanted}"
    assert judged >= 20
    for nucleus, kind in itertools.product(("TH_M1_EZ", "TH_M1_IZ", "TH_S1_EZ", "TH_S1_VPL"), ("TC",)):
        assert 3 < rates_hz[f"{nucleus}_{kind}"].mean() < 15
