"""The cerebellar modules against published tables and rates, and what climbing fibres are there for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sherrington.brain.distributions import Uniform
from sherrington.brain.engine import BrainOptions, BrainPort, brain_port
from sherrington.brain.models.mouse import olive
from sherrington.brain.models.mouse.cerebellum import MODULES, cerebellum, mouse_cerebellum
from sherrington.brain.models.mouse.cerebellum_facts import NEURON, PROJECTION, RATE_HZ
from sherrington.brain.models.mouse.region import network
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_kernel import nest
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import AllToAll, DistanceIndegree, OneToOne
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

FULL = mouse_cerebellum(strengths={})
COUNTS = {"GR": 409_600, "GO": 1024, "PKJ": 1024, "BS": 1024, "VN": 1024, "PONS": 1024}
"""Published, per module and mm2."""
SYNAPSES = 92_374_773
"""Published, counted in one built module, which has no olive."""
MS = 1_000_000


def kinds(projection: Projection) -> str:
    """``PRE->POST`` without module and zone."""
    pre, post = (end.partition("/")[0].split("_")[-1] for end in (projection.source, projection.target))
    return f"{pre}->{post}"


def indegree(projection: Projection) -> int:
    assert isinstance(projection.rule, DistanceIndegree)
    return projection.rule.indegree


def weight_nS(projection: Projection) -> float:
    assert isinstance(projection.weight, float)
    return projection.weight


def alone(scale: float, **params: Any) -> Network:
    return network("alone", [cerebellum("CB_M1", scale=scale, **params)], scale=scale)


# --- the description at full size ---------------------------------------------------------------------------


def test_counts() -> None:
    for module in MODULES:
        sizes = {
            p.name.removeprefix(f"{module}_"): p.size for p in FULL.populations.values() if p.region == module
        }
        assert sizes.pop("IO") == 1024, "ours: as many as Purkinje cells"
        assert sizes == COUNTS
        assert sum(sizes.values()) == 414_720


def test_synapses() -> None:
    published = [p for p in FULL.projections if kinds(p) in PROJECTION and p.source.startswith("CB_M1")]
    assert sum(FULL.expected_connections(p) for p in published) == pytest.approx(SYNAPSES, rel=0.01)


def test_a_sheet_of_twice_the_area_has_twice_the_cells() -> None:
    wide = mouse_cerebellum(sheet_mm=(2.0, 1.0))
    assert wide.n_neurons == 2 * FULL.n_neurons
    assert wide.expected_synapses() > 2.1 * FULL.expected_synapses(), "fewer cells lie at an edge"


def test_in_degree_times_weight_is_that_of_the_published_rule() -> None:
    """Purkinje cells: probability 1 and a Gaussian of 0.1 mm, 32 x 32 sites of 400 cells, summed by brute force."""
    x = np.linspace(-0.5, 0.5, 32)
    apart = np.subtract.outer(x, x)
    mean = 400 * np.exp(-(apart**2) / (2 * 0.1**2)).sum(0).mean() ** 2
    for projection in FULL.projections:
        if kinds(projection) == "GR->PKJ":
            assert indegree(projection) == pytest.approx(mean, rel=1e-3)
            assert indegree(projection) * weight_nS(projection) == pytest.approx(mean * 0.007)


def test_published_defects_are_not_there() -> None:
    for name, params in NEURON.items():
        assert params["tau_syn_in"] > 1.0, name
    drawn = alone(0.01)
    for kind in ("PKJ", "VN"):
        varied = dict(drawn.initial_values(drawn.populations[f"CB_M1_{kind}"], 1))
        assert varied["I_e"].std() == pytest.approx(0.1 * NEURON[kind]["I_e"], rel=0.3)
        assert np.ptp(varied["V_m"]) > 5.0


# --- smaller -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.01, 0.02, 0.05, 0.3])
def test_scale_keeps_mean_conductances(scale: float) -> None:
    small = mouse_cerebellum(scale=scale, strengths={})
    assert small.n_neurons == pytest.approx(scale * FULL.n_neurons, rel=0.2)
    for a, b in zip(small.projections, FULL.projections, strict=True):
        assert a.name == b.name
        if kinds(a) != "IO->PKJ":
            assert indegree(a) * weight_nS(a) == pytest.approx(indegree(b) * weight_nS(b), rel=1e-9)
            assert indegree(a) >= min(indegree(b), 200)


def test_what_is_drawn() -> None:
    small = alone(0.01)
    for projection in small.projections:
        drawn = small.draw(projection, 1)
        into = np.bincount(drawn.targets)[np.unique(drawn.targets)]
        if isinstance(projection.rule, OneToOne):
            assert (drawn.sources == drawn.targets).all() and len(drawn) == 100
            continue
        assert (into == indegree(projection)).all()
        assert (drawn.weights == projection.weight).all()
        apart = (
            small.positions(projection.source.partition("/")[0], 1)[drawn.sources]
            - small.positions(projection.target.partition("/")[0], 1)[drawn.targets]
        )
        if kinds(projection) == "GR->BS":
            assert np.abs(apart[:, 0]).max() <= 0.5 and np.abs(apart[:, 1]).max() <= 0.1
        if kinds(projection) == "PKJ->VN":
            assert 0.05 < np.abs(apart[:, 0]).mean() < 0.12


def test_a_zone_is_a_strip_across_the_parallel_fibres() -> None:
    small = alone(0.01)
    purkinje = small.populations["CB_M1_PKJ"]
    at = small.positions("CB_M1_PKJ", 1)
    edges = [at[list(purkinje.neurons(zone)), 0] for zone in purkinje.channels]
    assert all(a.max() <= b.min() for a, b in pairwise(edges))
    assert np.ptp(at[list(purkinje.neurons("zone1")), 1]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale": 0.0}, "scale = 0.0; it must be a number above 0"),
        ({"sheet_mm": (1.0, 0.0)}, "both sides must be above 0"),
        ({"zones": ("a", "a")}, "name each zone once"),
        ({"strengths": {"GR->X": 1.0}}, "no projection 'GR->X'; there are: PONS->GR"),
        ({"strengths": {"GR->GO": -1.0}}, "'GR->GO' is -1.0; it must be a number from 0"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        cerebellum("CB_M1", **params)


# --- activity ------------------------------------------------------------------------------------------------


def started(
    net: Network, inputs: list[BrainPort], outputs: list[BrainPort], resolution_ms: float = 0.2
) -> NestBrain:
    brain = NestBrain()
    brain.prepare(net, inputs, outputs, 1, BrainOptions(resolution_ms=resolution_ms))
    return brain


def rates(brain: NestBrain, net: Network, seconds: float) -> dict[str, float]:
    """Mean rate by kind of cell over the next seconds."""
    brain.advance(brain.now_ns + round(seconds * 1e9))
    return {
        p.name.split("_")[-1]: float(np.asarray(brain.read(f"{p.name}.count:population")).sum())
        / p.size
        / seconds
        for p in net.populations.values()
    }


@pytest.mark.slow
def test_rates_at_rest_and_the_answer_to_a_pontine_burst() -> None:
    """At rest within the published ranges. A burst: granule, Golgi, basket and Purkinje cells up, nucleus down."""
    net = alone(0.006)
    pons = brain_port(net.populations["CB_M1_PONS"], "rate", writes=True, weight=0.5)
    counts = [brain_port(p, "count", writes=False, per="population") for p in net.populations.values()]
    brain = started(net, [pons], counts)
    try:
        rates(brain, net, 0.4)
        rest = rates(brain, net, 1.0)
        brain.write("CB_M1_PONS.rate", np.array([200.0]))
        rates(brain, net, 0.05)
        burst = rates(brain, net, 0.2)
    finally:
        brain.close()
    for kind, (low, high) in RATE_HZ.items():
        assert low <= rest[kind] <= high, (kind, rest)
    for kind in ("PONS", "GR", "GO", "BS"):
        assert burst[kind] > 1.5 * rest[kind], (kind, rest, burst)
    assert burst["PKJ"] > 1.15 * rest["PKJ"]
    assert burst["VN"] < 0.85 * rest["VN"]


def test_a_climbing_fibre_makes_one_spike_and_a_pause() -> None:
    """Twenty Purkinje cells at about 70 Hz, out of step, all struck at 500 ms, some while refractory."""
    start = Uniform(NEURON["PKJ"]["V_reset"], NEURON["PKJ"]["V_th"])
    cells = Population("PKJ", 20, "iaf_cond_exp", {**NEURON["PKJ"], "I_e": 190.0}, {"V_m": start})
    fibres = Population("IO", 20, "parrot_neuron")
    late_ms = olive.CLIMBING_FIBRE_MS + olive.PAUSE_AFTER_MS
    spike = Projection("IO", "PKJ", OneToOne(), olive.CLIMBING_FIBRE_NS, olive.CLIMBING_FIBRE_MS)
    pause = Projection("IO", "PKJ", OneToOne(), olive.PAUSE_NS, late_ms, name="pause")
    strike = brain_port(fibres, "spikes", writes=True)
    spikes = brain_port(cells, "spikes", writes=False, per="neuron")
    brain = started(Network("climbing", [cells, fibres], [spike, pause]), [strike], [spikes], 0.1)
    try:
        brain.advance(450 * MS)
        brain.write("IO.spikes", SpikeBatch(np.array([500 * MS]), np.array([0])))
        brain.advance(700 * MS)
        found = brain.read("PKJ.spikes:neuron")
    finally:
        brain.close()
    assert isinstance(found, SpikeBatch)
    for cell in range(20):
        after_ms = np.sort(found.times_ns[found.channels == cell]) / MS - 500
        before, later = after_ms[after_ms < 4], after_ms[after_ms > 4]
        usual_ms = np.diff(before).mean()
        assert 10 < usual_ms < 20
        assert later[0] - olive.CLIMBING_FIBRE_MS < 6.0, "a spike at once, or after the refractory period"
        assert 2 * usual_ms < later[1] - later[0] < 60, "then a pause"
        assert np.diff(later[2:]).mean() == pytest.approx(usual_ms, rel=0.1), "then as before"


# --- plasticity ----------------------------------------------------------------------------------------------

PAIRED_MS, UNPAIRED_MS = -60, 400
"""When each parallel fibre fires, from the spike of the climbing fibre, which fires once a second."""
WEIGHT_NS = 0.05


def one_purkinje_cell(*, learning_rate: float) -> Network:
    params = {**NEURON["PKJ"], "I_e": 190.0, "tau_minus": olive.TAU_PURKINJE_MS}
    return Network(
        "one Purkinje cell",
        [
            Population("PKJ", 1, "iaf_cond_exp", params),
            Population("IO", 1, "parrot_neuron"),
            Population("PF", 2, "parrot_neuron", channels={"paired": 1, "unpaired": 1}),
        ],
        [
            Projection(
                "PF",
                "PKJ",
                AllToAll(),
                WEIGHT_NS,
                1.0,
                "stdp_dopamine_synapse",
                olive.plasticity(WEIGHT_NS, 1, learning_rate),
                modulator="IO",
            )
        ],
    )


def learn(net: Network, climbing: bool, seconds: int) -> tuple[dict[str, float], np.ndarray]:
    """Weights of both fibres at the end, and times in ms of the Purkinje cell's spikes."""
    ports = [brain_port(net.populations[name], "spikes", writes=True) for name in ("PF", "IO")]
    out = brain_port(net.populations["PKJ"], "spikes", writes=False, per="neuron")
    brain = started(net, ports, [out], 0.1)
    times: list[np.ndarray] = []
    try:
        for second in range(seconds):
            at = [(second * 1000 + 300 + shift) * MS for shift in (PAIRED_MS, UNPAIRED_MS)]
            brain.write("PF.spikes", SpikeBatch(np.array(at), np.array([0, 1])))
            if climbing:
                brain.write("IO.spikes", SpikeBatch(np.array([(second * 1000 + 300) * MS]), np.array([0])))
            brain.advance((second + 1) * 1000 * MS)
            batch = brain.read("PKJ.spikes:neuron")
            assert isinstance(batch, SpikeBatch)
            times.append(batch.times_ns / MS)
        # A last spike of both fibres, far away, brings both synapses up to date.
        brain.write("PF.spikes", SpikeBatch(np.array([(seconds * 1000 + 999) * MS] * 2), np.array([0, 1])))
        brain.advance((seconds + 1) * 1000 * MS + 2 * MS)
        connections = nest.GetConnections(synapse_model=plastic_model())
        found = dict(zip(connections.get("source"), connections.get("weight"), strict=True))
    finally:
        brain.close()
    first = min(found)
    return {"paired": found[first], "unpaired": found[first + 1]}, np.concatenate(times)


def plastic_model() -> str:
    return next(str(name) for name in nest.synapse_models if name.startswith("stdp_dopamine_synapse ["))


def test_paired_fibres_are_depressed_and_others_potentiated() -> None:
    """And by how much: the equation of ``olive``, solved by hand for spikes this far apart, within 2 %."""
    seconds, rate = 10, 0.02
    weights, spikes_ms = learn(one_purkinje_cell(learning_rate=rate), True, seconds)
    assert weights["paired"] < 0.95 * WEIGHT_NS < 1.02 * WEIGHT_NS < weights["unpaired"]
    expected = {
        "paired": WEIGHT_NS + change(seconds, rate, PAIRED_MS, spikes_ms),
        "unpaired": WEIGHT_NS + change(seconds, rate, UNPAIRED_MS, spikes_ms),
    }
    for name, weight in weights.items():
        assert weight - WEIGHT_NS == pytest.approx(expected[name] - WEIGHT_NS, rel=0.02), name


def change(seconds: int, rate: float, shift_ms: int, spikes_ms: np.ndarray) -> float:
    """Integral of c (n - b), pair by pair: exponentials that begin at the spikes of parallel and climbing fibre."""
    p: Mapping[str, float] = olive.plasticity(WEIGHT_NS, 1, rate)
    tau_c, tau_n, total = p["tau_c"], p["tau_n"], 0.0
    for second in range(seconds):
        at_ms = second * 1000 + 300 + shift_ms
        earlier = spikes_ms[spikes_ms + 1.0 < at_ms + 1.0]  # both reach the synapse after a delay of 1 ms
        c = -p["A_minus"] * np.exp(-(at_ms - earlier) / olive.TAU_PURKINJE_MS).sum()
        total -= c * p["b"] * tau_c
        for other in range(seconds):
            apart = other * 1000 + 300 - at_ms
            overlap = math.exp(-apart / tau_c) if apart > 0 else math.exp(apart / tau_n)
            total += c / tau_n * overlap * tau_c * tau_n / (tau_c + tau_n)
    return float(total)


def test_without_climbing_fibres_active_synapses_only_grow() -> None:
    weights, _ = learn(one_purkinje_cell(learning_rate=0.02), False, 5)
    assert weights["paired"] > 1.03 * WEIGHT_NS and weights["unpaired"] > 1.03 * WEIGHT_NS


def test_at_the_resting_rate_nothing_changes_on_average() -> None:
    """One fibre at a steady 1 Hz far from all climbing spikes and one close to them average to the balance."""
    p = olive.plasticity(WEIGHT_NS, 5, 0.002)
    per_spike = p["A_minus"] * olive.PURKINJE_TRACE * p["tau_c"]
    one_hz_more = per_spike * 5 * 1e-3
    assert one_hz_more / WEIGHT_NS == pytest.approx(0.002)
    assert p["b"] == pytest.approx(5 * olive.RESTING_HZ * 1e-3)


@pytest.mark.slow
def test_an_error_in_one_zone_depresses_that_zone() -> None:
    """Its climbing fibres fire more; so its weights fall, and those of the farthest zone do not."""
    net = alone(0.003, plastic=True, learning_rate=0.02)
    error = brain_port(net.populations["CB_M1_IO"], "rate", writes=True, weight=olive.NOISE_NS)
    count = brain_port(net.populations["CB_M1_IO"], "count", writes=False)
    brain = started(net, [error], [count], 0.5)
    try:
        brain.write("CB_M1_IO.rate", np.array([100.0, 0.0, 0.0, 0.0]))
        brain.advance(1500 * MS)
        fired = np.asarray(brain.read("CB_M1_IO.count"))
        changed = {}
        for zone in ("zone1", "zone4"):
            cells = [
                int(brain._nodes["CB_M1_PKJ"][0].global_id) + i
                for i in net.populations["CB_M1_PKJ"].neurons(zone)
            ]
            plastic = nest.GetConnections(brain._nodes["CB_M1_GR"], nest.NodeCollection(cells))
            initial = next(weight_nS(p) for p in net.projections if p.target == f"CB_M1_PKJ/{zone}")
            changed[zone] = float(np.mean(plastic.get("weight"))) / initial
    finally:
        brain.close()
    assert fired[0] > 3 * max(fired[3], 1)
    assert changed["zone1"] < 0.97 and changed["zone1"] < changed["zone4"] - 0.03, changed


def test_a_synapse_that_knows_no_modulator_is_refused() -> None:
    net = one_purkinje_cell(learning_rate=0.01)
    wrong = Projection("PF", "PKJ", AllToAll(), 0.1, 1.0, "stdp_synapse", modulator="IO")
    with pytest.raises(NetworkError, match="no modulator can reach this synapse model"):
        started(Network("wrong", list(net.populations.values()), [wrong]), [], [])
    with pytest.raises(NetworkError, match="no population 'dopamine'"):
        Network(
            "wrong",
            list(net.populations.values()),
            [Projection("PF", "PKJ", AllToAll(), 0.1, 1.0, modulator="dopamine")],
        )
