"""M1 and S1 of the mouse: published counts and wiring, what a smaller scale keeps, and activity at rest.

The published numbers here were written down apart from the model's tables.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sherrington.analysis.statistics import Statistics, of_spikes
from sherrington.brain.distributions import Lognormal, Uniform
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.kernels import Gaussian
from sherrington.brain.models.mouse.cortex import EXCITATORY, Area, Calibration, calibration, table
from sherrington.brain.models.mouse.m1 import m1, mouse_m1
from sherrington.brain.models.mouse.region import Region, network
from sherrington.brain.models.mouse.s1 import mouse_s1, s1
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Projection
from sherrington.brain.rules import DistanceBernoulli
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

NEURONS = {"M1": 58_805, "S1": 94_396}
POPULATIONS = {"M1": 19, "S1": 22}
PROJECTIONS = {"M1": 226, "S1": 320}
SYNAPSES = {"M1": 172_372_625, "S1": 139_600_000}
"""M1 was counted in NEST by others, S1 computed from the table."""
SOME_COUNTS = {
    "M1_L23_CC": 14_256,
    "M1_L5B_PT": 5_819,
    "M1_L6_SST": 2_400,
    "S1_L1_SBC": 3_364,
    "S1_L4_Pyr": 19_044,
    "S1_L6_Pyr": 25_215,
}
SOME_DEPTHS_MM = {"M1_L5B_PT": (0.644, 1.115), "S1_L4_Pyr": (0.419, 0.626)}
AREAS = {"M1": m1, "S1": s1}
FULL = {"M1": mouse_m1(), "S1": mouse_s1()}

RANGES_HZ = {"E": (0.15, 12.0), "PV": (4.0, 30.0), "SST": (1.0, 8.0), "VIP": (5.0, 25.0), "L1": (2.0, 12.0)}
"""Of means over a population, awake at rest; wide: published means differ by more than twofold."""


def printed(area: str) -> Region:
    return AREAS[area](calibrated=Calibration())


def cell_type(name: str) -> str:
    return name.split("_")[2]


def excitatory(name: str) -> bool:
    return cell_type(name) in EXCITATORY


def class_of(name: str) -> str:
    kind = cell_type(name)
    return "E" if kind in EXCITATORY else "L1" if kind in ("SBC", "ENGC") else kind


def mean_nS(projection: Projection) -> float:
    weight = projection.weight
    return weight.mean if isinstance(weight, Lognormal) else float(weight)  # type: ignore[arg-type]


# --- at full density --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("area", NEURONS)
def test_published_counts(area: str) -> None:
    full = FULL[area]
    assert full.n_neurons == NEURONS[area]
    assert len(full.populations) == POPULATIONS[area]
    assert len(full.projections) == PROJECTIONS[area]
    assert full.expected_synapses() == pytest.approx(SYNAPSES[area], rel=0.01)
    assert {p.region for p in full.populations.values()} == {area}
    for name, count in SOME_COUNTS.items():
        if name.startswith(area):
            assert full.populations[name].size == count


def test_a_larger_sheet_has_the_published_count() -> None:
    """2 mm x 1 mm of M1 and S1: three lattice rules at once (grid by length, edges, layers)."""
    both = network("both", [m1(sheet_mm=(2.0, 1.0)), s1(sheet_mm=(2.0, 1.0))])
    assert both.n_neurons == pytest.approx(2 * sum(NEURONS.values()), rel=0.01)
    assert both.expected_synapses() == pytest.approx(372.1e6 + 453.4e6, rel=0.02)


@pytest.mark.parametrize(("name", "depth_mm"), SOME_DEPTHS_MM.items())
def test_positions_reach_from_edge_to_edge_and_through_the_layer(
    name: str, depth_mm: tuple[float, float]
) -> None:
    positions = FULL[name[:2]].positions(name, seed=1)
    assert positions[:, :2].min(0) == pytest.approx([-0.5, -0.5])
    assert positions[:, :2].max(0) == pytest.approx([0.5, 0.5])
    assert positions[:, 2].min() == pytest.approx(depth_mm[0], abs=2e-3)
    assert positions[:, 2].max() == pytest.approx(depth_mm[1], abs=2e-3)


def test_neurons_and_backgrounds_as_printed() -> None:
    for area in NEURONS:
        region = printed(area)
        for population in region.populations:
            slow = excitatory(population.name) or cell_type(population.name) == "SST"
            assert population.model == "iaf_cond_alpha"
            assert population.params["g_L"] == 250.0 / (20.0 if slow else 10.0)
            assert population.params["E_L"] == -70.0
            assert population.initial["V_m"] == Uniform(-70.0, -50.0)
        trains = {b.population: (b.rate_hz, b.weight, b.delay_ms) for b in region.backgrounds}
        assert set(trains) == {p.name for p in region.populations}
        some = {"M1_L5B_PT": (1050.0, 4.5, 1.5), "S1_L4_Pyr": (500.0, 5.0, 1.5)}
        assert all(trains[name] == train for name, train in some.items() if name.startswith(area))


def test_weights_as_printed() -> None:
    for area in NEURONS:
        for p in printed(area).projections:
            assert p.delay_ms == 1.5
            if excitatory(p.source) and excitatory(p.target):
                assert isinstance(p.weight, Lognormal)
                assert p.weight.mean == pytest.approx(math.exp(-0.72 + 0.5))
                assert math.log1p((p.weight.std / p.weight.mean) ** 2) == pytest.approx(1.0)
            else:
                assert (mean_nS(p) > 0) == excitatory(p.source)
    weights = {(p.source, p.target): mean_nS(p) for p in printed("S1").projections}
    assert weights["S1_L4_Pyr", "S1_L4_PV"] == 0.205
    assert weights["S1_L4_PV", "S1_L4_Pyr"] == -1.0
    assert weights["S1_L2_VIP", "S1_L3_SST"] == -0.74
    assert weights["S1_L2_VIP", "S1_L5A_SST"] == -0.25, "given by population"


def test_the_calibration_changes_what_it_says_and_nothing_else() -> None:
    for area in NEURONS:
        found, before, after = calibration(area), printed(area), AREAS[area]()
        assert after.populations == before.populations, "at full density no input is lost"
        for one, other in zip(before.projections, after.projections, strict=True):
            outward = found.excitation if excitatory(one.target) else found.recruitment
            factor = outward if excitatory(one.source) else found.inhibition
            assert mean_nS(other) == pytest.approx(factor * mean_nS(one))
            assert other.rule == one.rule
        assert found.drive_hz is not None
        for train in after.backgrounds:
            assert train.rate_hz == found.drive_hz[train.population.removeprefix(f"{area}_")]


# --- at a smaller scale -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("area", NEURONS)
def test_scale_keeps_mean_and_variance_of_the_input(area: str, scale: float) -> None:
    """At the rates of the calibration: synapses and leak together have the mean conductance of full density, towards
    each reversal potential, and the sum of rate times squared weight is what it was."""
    small = AREAS[area](scale=scale)
    rates = calibration(area).rates_hz
    assert rates is not None
    thin = network(area, [small], scale=scale)
    for name, population in FULL[area].populations.items():
        full, scaled = (input_of(n, name, rates) for n in (FULL[area], thin))
        assert scaled[:3] == pytest.approx(full[:3], rel=0.02), name
        assert scaled[3:] == pytest.approx(full[3:], rel=0.12), name
        assert thin.populations[name].size == pytest.approx(max(1.0, scale * population.size), abs=0.51)


def input_of(net: Network, name: str, rates_hz: object) -> tuple[float, float, float, float, float]:
    """Total conductance and its current at -70 mV and 0 mV, then rate times weight^2 of excitation and inhibition."""
    params = net.populations[name].params
    leak, rest = float(params["g_L"]), float(params["E_L"])  # type: ignore[arg-type]
    total, at_rest, at_zero, squares = leak, leak * (rest + 70.0), leak * rest, [0.0, 0.0]
    for p in net.projections:
        if p.target != name:
            continue
        events = net.expected_connections(p) / net.populations[name].size
        if p.source == p.target:  # what is expected counts a cell's own synapses, which are not drawn
            events *= 1 - 1 / net.populations[name].size
        events *= rates_hz[p.source[3:]]  # type: ignore[index]
        tau_ms, reversal = (0.5, 0.0) if excitatory(p.source) else (3.33, -80.0)
        conductance = events / 1000 * abs(mean_nS(p)) * math.e * tau_ms
        total, at_rest, at_zero = (
            total + conductance,
            at_rest + conductance * (reversal + 70.0),
            at_zero + conductance * reversal,
        )
        squares[0 if excitatory(p.source) else 1] += events * mean_nS(p) ** 2
    return total, at_rest, at_zero, squares[0], squares[1]


@pytest.mark.parametrize("area", NEURONS)
def test_what_is_drawn_at_a_small_scale(area: str) -> None:
    """In-degrees, distances, weights' signs, at scale 0.02."""
    thin = network(area, [AREAS[area](scale=0.02)], scale=0.02)
    counted, expected = 0, 0.0
    for p in thin.projections:
        drawn = thin.draw(p, seed=3)
        counted, expected = counted + len(drawn), expected + thin.expected_connections(p)
        assert ((drawn.weights > 0) == excitatory(p.source)).all()
        assert (drawn.delays_ms == 1.5).all()
        if p.source == p.target:
            assert (drawn.sources != drawn.targets).all()
    assert counted == pytest.approx(expected, rel=0.03)


def test_connections_fall_off_as_a_gaussian() -> None:
    """Share of pairs joined in rings of distance, against the rule's own probability there."""
    thin = mouse_m1(scale=0.1)
    (p,) = (p for p in thin.projections if (p.source, p.target) == ("M1_L23_CC", "M1_L5B_PT"))
    assert isinstance(p.rule, DistanceBernoulli)
    assert p.rule.kernel == Gaussian(0.467703)
    drawn = thin.draw(p, seed=1)
    sources, targets = (thin.positions(name, 1)[:, :2] for name in (p.source, p.target))
    every = np.hypot(*(sources[:, None] - targets[None]).reshape(-1, 2).T)
    joined = np.hypot(*(sources[drawn.sources] - targets[drawn.targets]).T)
    edges = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    share = np.histogram(joined, edges)[0] / np.histogram(every, edges)[0]
    chance = p.rule.probability * np.exp(-(every**2) / (2 * 0.467703**2))
    wanted = np.histogram(every, edges, weights=chance)[0] / np.histogram(every, edges)[0]
    assert share == pytest.approx(wanted, rel=0.04)


def test_pairs_are_joined_no_more_often_than_stated() -> None:
    for scale in (0.01, 0.1, 0.5):
        area = Area("S1", Calibration(), scale, (1.0, 1.0))
        for source, _, probability, _ in table("S1")["connections"]:
            patch = area.patches[source]
            there = probability * area.kept(source, probability) * patch.full / patch.size
            assert there <= max(0.3, probability) + 1e-9, source


@pytest.mark.parametrize("scale", [0.0, 1.5, math.nan])
def test_a_scale_that_makes_no_sense_is_refused(scale: float) -> None:
    with pytest.raises(NetworkError, match="for more neurons than at scale 1 take a larger sheet"):
        m1(scale=scale)


# --- activity ---------------------------------------------------------------------------------------------------


def simulate(described: Network, start_ms: int, end_ms: int) -> dict[str, Statistics]:
    brain = NestBrain()
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in described.populations.values()]
    brain.prepare(described, [], ports, seed=1, options=BrainOptions())
    brain.advance(end_ms * 1_000_000)
    found = {}
    for name, population in described.populations.items():
        spikes = brain.read(f"{name}.spikes:neuron")
        assert isinstance(spikes, SpikeBatch)
        found[name] = of_spikes(spikes, population.size, start_ms * 1_000_000, end_ms * 1_000_000)
    brain.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("area", NEURONS)
def test_activity_at_rest_is_in_the_published_range(area: str) -> None:
    """A fiftieth of the neurons for a second: sparse excitatory, faster inhibitory cells, irregular, not in step."""
    described = network(area, [AREAS[area](scale=0.02)], scale=0.02)
    found = simulate(described, 300, 1300)
    for name, one in found.items():
        low, high = RANGES_HZ[class_of(name)]
        if described.populations[name].size >= 5:
            assert low < one.rate_hz < high, name
        if described.populations[name].size >= 30:
            assert abs(one.correlation) < 0.06, name
    cvs = np.concatenate([one.interval_cvs for one in found.values()])
    assert cvs.size > 200
    assert 0.5 < cvs.mean() < 1.1
