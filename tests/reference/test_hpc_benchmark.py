"""The balanced random network against the published numbers, and against the rate that it must show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sherrington import Background, Network, Population
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.hpc_benchmark import (
    CHARGE_PA_PER_HZ,
    EXTERNAL_HZ,
    INITIAL_MV,
    NEURON,
    RATE_HZ,
    WEIGHT_PA,
    hpc_benchmark,
)
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_kernel import nest
from sherrington.brain.rules import FixedIndegree
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

MS = 1_000_000
PUBLISHED: dict[str, Any] = {
    "weight_pA": {"E": 45.609600316540956, "I": -228.04800158270479},
    "external_Hz": 20856.037200898867,
    "neuron": {
        "E_L": 0.0,
        "C_m": 250.0,
        "tau_m": 10.0,
        "t_ref": 0.5,
        "V_th": 20.0,
        "V_reset": 0.0,
        "tau_syn_ex": 0.3258272240372284,
        "tau_syn_in": 0.3258272240372284,
        "tau_minus": 30.0,
    },
    "stdp": {"alpha": 0.0513, "lambda": 0.1, "mu": 0.4, "tau_plus": 15.0},
    "synapses": {1: 126_562_500, 10: 1_265_625_000, 20: 2_531_250_000, 100: 12_656_250_000},
}
"""nest-simulator at commit 84b06d8, ``hpc_benchmark``; weights, rate and synapses as its formulas give them."""


@pytest.fixture
def brain() -> Iterator[NestBrain]:
    made = NestBrain()
    yield made
    made.close()


def poisson(targets: int, *trains: tuple[float, float]) -> Network:
    """Unconnected neurons of the benchmark with Poisson trains of (rate in Hz, weight in pA)."""
    neurons = Population("E", targets, "iaf_psc_alpha", NEURON, {"V_m": INITIAL_MV})
    return Network("poisson", [neurons], backgrounds=[Background("E", r, w, 1.5) for r, w in trains])


# --- the description --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 10, 20, 100])
def test_size(scale: int) -> None:
    network = hpc_benchmark(scale=scale)
    assert {n: p.size for n, p in network.populations.items()} == {"E": 9000 * scale, "I": 2250 * scale}
    assert network.expected_synapses() == PUBLISHED["synapses"][scale]


def test_neurons_weights_and_delays() -> None:
    network = hpc_benchmark()
    for population in network.populations.values():
        assert population.model == "iaf_psc_alpha"
        assert population.params == PUBLISHED["neuron"]
        assert (population.initial["V_m"].mean, population.initial["V_m"].std) == (5.7, 7.2)  # type: ignore[union-attr]
    for p in network.projections:
        assert p.weight == pytest.approx(PUBLISHED["weight_pA"][p.source], rel=1e-12)
        assert p.delay_ms == 1.5


def test_excitatory_synapses_on_excitatory_neurons_learn() -> None:
    plastic = {p.name: (p.synapse, dict(p.synapse_params)) for p in hpc_benchmark().projections}
    assert plastic.pop("E->E") == ("stdp_pl_synapse_hom_hpc", PUBLISHED["stdp"])
    assert set(plastic) == {"E->I", "I->E", "I->I"}
    assert all(found == ("static_synapse_hpc", {}) for found in plastic.values())
    assert {p.synapse for p in hpc_benchmark(plastic=False).projections} == {"static_synapse_hpc"}


def test_the_drive_is_one_train_of_the_published_rate() -> None:
    backgrounds = hpc_benchmark(scale=3).backgrounds
    assert [(b.population, b.delay_ms) for b in backgrounds] == [("E", 1.5), ("I", 1.5)]
    for b in backgrounds:
        assert b.rate_hz == pytest.approx(PUBLISHED["external_Hz"], rel=1e-12)
        assert b.weight == WEIGHT_PA


@pytest.mark.parametrize("fraction", [1.0, 0.3, 0.1, 0.02])
def test_neither_the_rate_nor_the_weights_of_the_inputs_depend_on_the_fraction(fraction: float) -> None:
    """All excitatory inputs together, inhibitory ones likewise, while the network fires at its rate."""
    network = hpc_benchmark(indegree_fraction=fraction)
    for target in ("E", "I"):
        total: dict[float, float] = {}
        for p in (p for p in network.projections if p.target == target):
            assert isinstance(p.rule, FixedIndegree) and isinstance(p.weight, float)
            total[p.weight] = total.get(p.weight, 0.0) + p.rule.indegree * RATE_HZ
        for b in (b for b in network.backgrounds if b.population == target):
            total[b.weight] += b.rate_hz
        assert total == pytest.approx(
            {WEIGHT_PA: EXTERNAL_HZ + 9000 * RATE_HZ, -5 * WEIGHT_PA: 2250 * RATE_HZ}
        )


@pytest.mark.parametrize("fraction", [1.0, 0.05])
def test_indegrees_are_exact_and_nobody_connects_to_itself(fraction: float) -> None:
    network = hpc_benchmark(scale=0.01, indegree_fraction=fraction)
    for p in network.projections:
        drawn = network.draw(p, 1)
        expected = round({"E": 9000, "I": 2250}[p.source] * fraction)
        assert (np.bincount(drawn.targets) == expected).all()
        assert p.source != p.target or (drawn.sources != drawn.targets).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale": 0.0}, "scale = 0.0; it must leave at least 2 inhibitory neurons"),
        ({"scale": 1e-4}, "at least 2 inhibitory neurons"),
        ({"indegree_fraction": 1.5}, "indegree_fraction = 1.5; it must be at most 1"),
        ({"indegree_fraction": 1e-5}, "leave at least one of 2250"),
    ],
)
def test_what_cannot_be(params: dict[str, float], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        hpc_benchmark(**params)  # type: ignore[arg-type]


# --- in NEST ----------------------------------------------------------------------------------------------


def test_the_network_in_nest_is_the_described_one(brain: NestBrain) -> None:
    network = hpc_benchmark(scale=0.004, indegree_fraction=0.01)
    brain.prepare(network, [], [], 1, BrainOptions())
    excitatory = nest.NodeCollection(range(2, 38))  # node 1 is the recorder
    inhibitory = nest.NodeCollection(range(38, 47))
    learning = nest.GetConnections(excitatory, excitatory).get(["synapse_model", "weight", "delay"])
    assert len(learning["weight"]) == 36 * 90
    defaults = nest.GetDefaults(learning["synapse_model"][0])
    assert {name: defaults[name] for name in PUBLISHED["stdp"]} == PUBLISHED["stdp"]
    assert {*learning["delay"]} == {1.5}
    np.testing.assert_allclose(learning["weight"], WEIGHT_PA)
    static = nest.GetConnections(inhibitory, excitatory).get(["synapse_model", "weight"])
    assert {*static["synapse_model"]} == {"static_synapse_hpc"}
    np.testing.assert_allclose(static["weight"], -5 * WEIGHT_PA)
    neurons = (excitatory + inhibitory).get(list(NEURON))
    assert {name: {*values} for name, values in neurons.items()} == {n: {v} for n, v in NEURON.items()}
    assert brain.statistics()["synapses"] == network.expected_synapses() == 45 * 112


def test_a_postsynaptic_potential_peaks_at_the_published_value_and_time(brain: NestBrain) -> None:
    neuron = Population("E", 1, "iaf_psc_alpha", NEURON, {"V_m": 0.0})
    spikes = brain_port(neuron, "spikes", writes=True, weight=WEIGHT_PA)
    potential = brain_port(neuron, "V_m", writes=False)
    brain.prepare(
        Network("one", [neuron]), [spikes], [potential], 1, BrainOptions(resolution_ms=0.01, sample_ms=0.01)
    )
    brain.write("E.spikes", SpikeBatch(np.array([MS // 100]), np.array([0])))
    trace = []
    for step in range(1, 601):
        brain.advance(step * MS // 100)
        trace.append(float(np.asarray(brain.read("E.V_m"))[0]))
    onset = int(np.flatnonzero(trace)[0])
    assert max(trace) == pytest.approx(0.14, rel=1e-4)
    assert (np.argmax(trace) - onset) * 0.01 == pytest.approx(1.700759, abs=0.02)


def test_the_drive_alone_has_the_published_mean(brain: NestBrain) -> None:
    """1.685 times the current that takes the membrane to threshold, 20 mV * 250 pF / 10 ms."""
    mean_pA = CHARGE_PA_PER_HZ * EXTERNAL_HZ
    assert mean_pA == pytest.approx(1.685 * 500.0)
    network = poisson(50, (EXTERNAL_HZ, WEIGHT_PA))
    unlimited = Population("E", 50, "iaf_psc_alpha", {**NEURON, "V_th": 1e6}, {"V_m": 1.685 * 20})
    port = brain_port(unlimited, "V_m", writes=False)
    brain.prepare(
        Network("drive", [unlimited], backgrounds=network.backgrounds), [], [port], 1, BrainOptions()
    )
    found = []
    for step in range(1, 41):
        brain.advance(step * 10 * MS)
        found.append(float(np.asarray(brain.read("E.V_m"))[0]))
    # V's variance is (w e tau_s / C)^2 rate tau_m / 2 to first order in tau_s / tau_m: 1.65 mV at 20,856 Hz
    assert np.mean(found[5:]) == pytest.approx(1.685 * 20, abs=4.5 * 1.65 / np.sqrt(35 * 50 / 2))


@pytest.mark.slow
def test_the_rate_reproduces_itself(brain: NestBrain) -> None:
    """As many Poisson trains of RATE_HZ as a neuron has inputs make it fire at RATE_HZ.

    The bound is 4.5 standard deviations of the count, with a CV below 1. The rate out falls by 4 Hz per Hz in, so
    this fixes RATE_HZ to about 0.15 Hz.
    """
    network = poisson(
        300, (EXTERNAL_HZ, WEIGHT_PA), (9000 * RATE_HZ, WEIGHT_PA), (2250 * RATE_HZ, -5 * WEIGHT_PA)
    )
    port = brain_port(network.population("E"), "count", writes=False)
    brain.prepare(network, [], [port], 1, BrainOptions())
    brain.advance(200 * MS)
    brain.advance(1200 * MS)
    count = float(np.asarray(brain.read("E.count"))[0])
    assert abs(count - 300 * RATE_HZ) < 4.5 * np.sqrt(300 * RATE_HZ)


@pytest.mark.slow
def test_a_small_network_fires_at_the_rate_irregularly_and_asynchronously(brain: NestBrain) -> None:
    network = hpc_benchmark(scale=0.08, indegree_fraction=0.01)
    times_ms, neurons = _run(brain, network, "E", settle_ms=150, until_ms=1150)
    size = network.population("E").size
    assert times_ms.size / size == pytest.approx(RATE_HZ, abs=0.6)
    assert 0.7 < _mean_cv(times_ms, neurons, size) < 1.0
    per_ms = np.histogram(times_ms, np.arange(150, 1151))[0]
    assert per_ms.var() / per_ms.mean() < 2.0
    learning = nest.GetConnections(nest.NodeCollection(range(2, size + 2)), nest.NodeCollection([2, 3, 4]))
    weights = np.array(learning.weight)
    assert 0.1 < weights.std() < 2.0
    assert weights.mean() == pytest.approx(WEIGHT_PA, rel=0.02)


def _run(
    brain: NestBrain, network: Network, population: str, settle_ms: int, until_ms: int
) -> tuple[np.ndarray, np.ndarray]:
    """(times in ms, neurons) of the spikes between the two times."""
    port = brain_port(network.population(population), "spikes", writes=False, per="neuron")
    brain.prepare(network, [], [port], 1, BrainOptions())
    times, neurons = [], []
    for now_ms in range(50, until_ms + 1, 50):
        brain.advance(now_ms * MS)
        batch = brain.read(port.port.name)
        assert isinstance(batch, SpikeBatch)
        if now_ms > settle_ms:
            times.append(batch.times_ns / MS)
            neurons.append(batch.channels)
    return np.concatenate(times), np.concatenate(neurons)


def _mean_cv(times_ms: np.ndarray, neurons: np.ndarray, size: int) -> float:
    """Coefficient of variation of the intervals between spikes, mean over neurons with at least five."""
    intervals = [np.diff(np.sort(times_ms[neurons == i])) for i in range(size)]
    cvs = [float(x.std(ddof=1) / x.mean()) for x in intervals if x.size >= 5]
    assert len(cvs) > size / 2
    return float(np.mean(cvs))
