"""The basal ganglia of the mouse brain: counts, wiring, receptors and weights against the published table, rates at
rest against the published ranges, and what they are there for: a driven channel frees its thalamus and no other.

``mouse_basal_ganglia.json`` holds in-degrees and weights as computed by others from boutons and dendrites.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.brain.engine import BrainOptions, BrainPort, brain_port
from sherrington.brain.models.mouse.basal_ganglia import (
    basal_ganglia,
    from_cortex,
    mouse_basal_ganglia,
    to_thalamus,
)
from sherrington.brain.models.mouse.basal_ganglia_table import CALIBRATED_PA
from sherrington.brain.models.mouse.region import Region, network
from sherrington.brain.models.mouse.thalamus import thalamus
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import DistanceBernoulli, DistanceIndegree
from sherrington.brain.sheet import Sheet
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "mouse_basal_ganglia.json").read_text())
NUCLEI: list[str] = list(TABLE["neurons"])
INPUTS: list[str] = list(TABLE["rest_Hz_inputs"])
RECEPTOR = {"AMPA": 1, "NMDA": 2, "GABA": 3}
FULL = mouse_basal_ganglia()
SMALL = mouse_basal_ganglia(scale=0.01)
RELAYS = {"CSN": {"M1_L5A_CS": 0.25, "S1_L5A_Pyr": 0.25}, "PTN": {"M1_L5B_PT": 1.0}}


def of(described: Network) -> dict[str, Projection]:
    return {p.name: p for p in described.projections}


def distances_mm(described: Network, projection: Projection) -> tuple[Any, Any]:
    """Drawn connections, and the distance of each."""
    drawn = described.draw(projection, 1)
    source, target = (
        described.positions(n.partition("/")[0], 1) for n in (projection.source, projection.target)
    )
    return drawn, np.hypot(*(source[drawn.sources] - target[drawn.targets])[:, :2].T)


# --- as published -----------------------------------------------------------------------------------------


def test_counts() -> None:
    found = {name.removeprefix("BG_"): p.size for name, p in FULL.populations.items()}
    assert found == TABLE["counts_per_mm2"]
    assert sum(found[name] for name in NUCLEI) == 10_976


def test_counts_of_smaller_ones() -> None:
    """The small nuclei stay whole."""
    found = {name.removeprefix("BG_"): p.size for name, p in SMALL.populations.items()}
    small = {name: TABLE["counts_per_mm2"][name] for name in ("FSI", "STN", "GPe", "GPi")}
    assert found == {"MSN": 3000, "CSN": 5000, "PTN": 5000, "CMPf": 1000, **small}
    assert mouse_basal_ganglia(scale=0.5).population("BG_MSN").size == 5288
    assert {p.name: p.size for p in basal_ganglia(sheet_mm=(2.0, 1.0)).populations}["BG_STN"] == 64


def test_neurons() -> None:
    published = mouse_basal_ganglia(scale=0.01, currents_pA={})
    for name, (tau_m, threshold, capacitance, current) in TABLE["neurons"].items():
        population = published.population(f"BG_{name}")
        assert population.model == "iaf_psc_alpha_multisynapse"
        expected = {"tau_m": tau_m, "V_th": threshold, "C_m": capacitance, "I_e": current, "V_min": -20.0}
        assert {key: population.params[key] for key in expected} == expected
        assert population.params["tau_syn"] == pytest.approx(TABLE["tau_syn_ms"])
        shipped = SMALL.population(f"BG_{name}").params["I_e"]
        assert shipped == CALIBRATED_PA.get(name, current)
    assert set(CALIBRATED_PA) == {"GPi"}


@pytest.mark.parametrize("described", [FULL, SMALL], ids=["full", "small"])
def test_indegrees_weights_receptors_and_delays(described: Network) -> None:
    """In-degrees are rounded, and the weights make up for it; small nuclei and inputs keep theirs."""
    found = of(described)
    assert len(found) == sum(len(row[3]) for row in TABLE["connections"])
    for source, target, indegree, weights, delay_ms, _ in TABLE["connections"]:
        for receptor, weight_pA in weights.items():
            projection = found[f"BG_{source}->BG_{target} {receptor}"]
            assert isinstance(projection.rule, DistanceIndegree)
            assert projection.rule.indegree == max(1, round(indegree))
            assert isinstance(projection.weight, float)
            assert projection.rule.indegree * projection.weight == pytest.approx(
                indegree * weight_pA, rel=2e-3
            )
            assert (projection.receptor, projection.delay_ms) == (RECEPTOR[receptor], delay_ms)


def test_synapses() -> None:
    """4,897,447 in the published table, before whole numbers."""
    assert FULL.expected_synapses() == pytest.approx(4_897_447, rel=1e-3)


def test_both_receptors_join_the_same_cells() -> None:
    found = of(SMALL)
    ampa, nmda = (SMALL.draw(found[f"BG_CSN->BG_MSN {r}"], 1) for r in ("AMPA", "NMDA"))
    np.testing.assert_array_equal(ampa.sources, nmda.sources)
    np.testing.assert_array_equal(ampa.targets, nmda.targets)
    other = SMALL.draw(found["BG_PTN->BG_MSN AMPA"], 1)
    assert not np.array_equal(ampa.sources[: len(other)], other.sources)


def test_focused_and_diffuse() -> None:
    found = of(SMALL)
    for source, target, indegree, weights, _, reach in TABLE["connections"]:
        projection = found[f"BG_{source}->BG_{target} {next(iter(weights))}"]
        drawn, apart = distances_mm(SMALL, projection)
        counted = np.bincount(drawn.targets, minlength=SMALL.population(f"BG_{target}").size)
        assert (counted == max(1, round(indegree))).all()
        assert apart.max() <= 0.15 if reach == "focused" else apart.max() > 0.5
        if source == target:
            assert (drawn.sources != drawn.targets).all()


def test_inputs_at_rest() -> None:
    trains = {b.population: b.rate_hz for b in FULL.backgrounds}
    assert trains == {f"BG_{name}": hz for name, hz in TABLE["rest_Hz_inputs"].items()}


# --- to and from other regions ----------------------------------------------------------------------------


def with_cortex() -> Network:
    cortex = Region("cortex", tuple(Population(n, 400, sheet=Sheet()) for s in RELAYS.values() for n in s))
    return network("bg", [cortex, basal_ganglia(scale=0.01, relays=RELAYS)], from_cortex(RELAYS))


def test_parrots_that_repeat_cortex() -> None:
    described = with_cortex()
    assert described.population("BG_CSN").channels == {
        "M1_L5A_CS": pytest.approx(1250, abs=2),
        "S1_L5A_Pyr": pytest.approx(1250, abs=2),
        "elsewhere": pytest.approx(2500, abs=2),
    }
    assert described.population("BG_PTN").channels == {"M1_L5B_PT": 5000}
    trains = {b.population: b.rate_hz for b in described.backgrounds}
    assert trains == {"BG_CSN/elsewhere": 2.0, "BG_CMPf": 4.0}


def test_a_parrot_repeats_one_cell_near_by() -> None:
    described = with_cortex()
    for projection in from_cortex(RELAYS):
        drawn, apart = distances_mm(described, projection)
        chosen = described.resolve(projection.target)[1]
        np.testing.assert_array_equal(np.sort(drawn.targets), chosen)
        assert np.sqrt((apart**2).mean()) == pytest.approx(0.05 * math.sqrt(2), rel=0.15)
        assert (drawn.delays_ms == 10.0).all()


def test_shares_cover_the_sheet_evenly() -> None:
    described = with_cortex()
    places = described.positions("BG_CSN", 1)
    for channel in described.population("BG_CSN").channels:
        mine = places[list(described.resolve(f"BG_CSN/{channel}")[1]), :2]
        square = ((mine + 0.5) * 5).astype(int) @ [1, 5]
        counts = np.bincount(square, minlength=25)
        assert counts.std() < 0.05 * counts.mean()


def test_pallidum_to_thalamus() -> None:
    regions = [basal_ganglia(scale=0.01), thalamus(nuclei=("TH_M1_IZ",), pallidum=True)]
    described = network("loop", regions, [to_thalamus()])
    projection = to_thalamus()
    assert isinstance(projection.rule, DistanceBernoulli)
    assert (projection.rule.probability, projection.weight, projection.delay_ms) == (0.9, -70.0, 10.0)
    drawn, apart = distances_mm(described, projection)
    inside = np.abs(described.positions("TH_M1_IZ_TC", 1)[:, :2]).max(1) < 0.2
    counted = np.bincount(drawn.targets, minlength=1024)[inside].mean()
    assert counted == pytest.approx(56 * 0.9 * 2 * math.pi * 0.13**2, rel=0.15)
    assert apart.mean() < 0.25


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale": 0.0}, "scale = 0.0"),
        ({"scale": 3.0}, "widen the sheet"),
        ({"relays": {"CMPf": {"TH": 1.0}}}, "relays for CMPf; there are: CSN, PTN"),
        ({"relays": {"CSN": {"M1": 0.7, "S1": 0.7}}}, "add up to 1 at most"),
        ({"currents_pA": {"SNr": 1.0}}, "currents_pA for SNr; there are: MSN"),
        ({"sheet_mm": (0.2, 0.2)}, "leave no cell for c1"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        basal_ganglia(**params)


# --- activity ---------------------------------------------------------------------------------------------

Rates = dict[str, dict[str, float]]


class Running:
    """The network in NEST, every spike read."""

    def __init__(self, described: Network, threads: int = 1) -> None:
        self.network = described
        cells = [p for p in described.populations.values() if p.model != "parrot_neuron"]
        self.outputs = [brain_port(p, "spikes", writes=False, per="neuron") for p in cells]
        inputs = [brain_port(described.population(f"BG_{n}"), "rate", writes=True) for n in ("CSN", "PTN")]
        self.brain = NestBrain()
        self.brain.prepare(described, inputs, self.outputs, 1, BrainOptions(virtual_processes=threads))

    def spikes(self, port: BrainPort) -> SpikeBatch:
        value = self.brain.read(port.port.name)
        assert isinstance(value, SpikeBatch)
        return value

    def drive(self, channel: str) -> None:
        """The cortical cells of one channel fire at the published maximum, 19.7 and 46.3 Hz."""
        for name, added_hz in (("CSN", 17.7), ("PTN", 31.3)):
            channels = self.network.population(f"BG_{name}").channels
            self.brain.write(f"BG_{name}.rate", np.array([added_hz * (c == channel) for c in channels]))

    def rates(self, settle_ms: int, measure_ms: int) -> Rates:
        """Hz, by population and channel, and of ``all``."""
        self.brain.advance(self.brain.now_ns + settle_ms * 1_000_000)
        self.brain.advance(self.brain.now_ns + measure_ms * 1_000_000)
        found: Rates = {}
        for port in self.outputs:
            population = self.network.population(port.population)
            each = np.bincount(self.spikes(port).channels, minlength=population.size) * 1000 / measure_ms
            parts = {c: float(each[list(population.neurons(c))].mean()) for c in population.channels}
            found[population.name] = {**parts, "all": float(each.mean())}
        return found


def check_rest(found: Rates) -> None:
    for name, (low, high) in TABLE["rest_Hz"].items():
        assert low <= found[f"BG_{name}"]["all"] <= high, name


@pytest.fixture(scope="module")
def small() -> tuple[Rates, Rates]:
    """At rest, and while channel c1 is driven; with the thalamus."""
    running = Running(mouse_basal_ganglia(scale=0.01, with_thalamus=True))
    rest = running.rates(500, 1000)
    running.drive("c1")
    driven = running.rates(200, 500)
    running.brain.close()
    return rest, driven


@pytest.mark.slow
def test_rates_at_rest_of_a_small_one(small: tuple[Rates, Rates]) -> None:
    check_rest(small[0])


@pytest.mark.slow
def test_rates_at_rest_of_the_full_one() -> None:
    running = Running(FULL, threads=2)
    found = running.rates(300, 700)
    running.brain.close()
    check_rest(found)


@pytest.mark.slow
def test_a_driven_channel_is_selected(small: tuple[Rates, Rates]) -> None:
    """Its own GPi falls silent; that of the opposite channels, which striatum does not reach, fires more."""
    rest, driven = small
    assert driven["BG_MSN"]["c1"] > 5 * rest["BG_MSN"]["c1"]
    assert driven["BG_GPi"]["c1"] < 0.1 * rest["BG_GPi"]["c1"]
    for other in ("c3", "c4", "c5"):
        assert driven["BG_GPi"][other] > 1.1 * rest["BG_GPi"][other]


@pytest.mark.slow
def test_a_driven_channel_frees_its_thalamus_and_no_other(small: tuple[Rates, Rates]) -> None:
    rest, driven = (rates["TH_M1_IZ_TC"] for rates in small)
    assert driven["c1"] > 3 * rest["c1"]
    assert driven["c1"] > 30
    for other in ("c3", "c4", "c5"):
        assert driven[other] <= max(rest[other], 3.0)


def constant_only() -> Network:
    """Without Poisson trains, where nothing is left to chance but the wiring and the start."""
    region = basal_ganglia(scale=0.01)
    return Network("constant", region.populations, region.projections)


def spikes_until(described: Network, end_ms: int, threads: int) -> dict[str, SpikeBatch]:
    running = Running(described, threads)
    running.brain.advance(end_ms * 1_000_000)
    found = {port.population: running.spikes(port) for port in running.outputs}
    running.brain.close()
    return found


def check_same(first: dict[str, SpikeBatch], second: dict[str, SpikeBatch]) -> None:
    assert sum(len(s) for s in first.values()) > 300
    for name, spikes in first.items():
        np.testing.assert_array_equal(spikes.times_ns, second[name].times_ns)
        np.testing.assert_array_equal(spikes.channels, second[name].channels)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_spikes(threads: int) -> None:
    check_same(*(spikes_until(SMALL, 100, threads) for _ in range(2)))


@pytest.mark.slow
def test_without_noise_threads_do_not_matter() -> None:
    check_same(*(spikes_until(constant_only(), 100, threads) for threads in (1, 2)))
