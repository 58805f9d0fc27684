"""The cortical microcircuit against its published tables, and its activity against the published rates.

``microcircuit.json`` holds the tables, written down apart from those of the model.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.analysis.statistics import Statistics, of_spikes
from sherrington.brain.distributions import Normal
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.microcircuit import microcircuit, psc_pA
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Projection
from sherrington.brain.rules import FixedTotal
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "microcircuit.json").read_text())
NAMES: list[str] = TABLE["populations"]
COUNTS = dict(zip(NAMES, TABLE["counts"], strict=True))
FULL = microcircuit()


def of(network: Network) -> dict[tuple[str, str], Projection]:
    return {(p.source, p.target): p for p in network.projections}


def total(projection: Projection) -> int:
    assert isinstance(projection.rule, FixedTotal)
    return projection.rule.total


def normal(quantity: object) -> Normal:
    assert isinstance(quantity, Normal)
    return quantity


def weight_pA(network: Network, source: str, target: str) -> float:
    return normal(of(network)[source, target].weight).mean


# --- full size --------------------------------------------------------------------------------------------


def test_counts() -> None:
    assert {name: p.size for name, p in FULL.populations.items()} == COUNTS
    assert FULL.n_neurons == 77_169
    assert [p.region for p in FULL.populations.values()] == [
        f"layer {layer}" for layer in ("2/3", "2/3", 4, 4, 5, 5, 6, 6)
    ]


def test_synapses_connect_pairs_with_the_probability_published() -> None:
    """Of all pairs, those that none of K synapses falls on are (1 - 1 / (N M))^K."""
    found = of(FULL)
    for target, row in zip(NAMES, TABLE["conn_prob_target_row_source_col"], strict=True):
        for source, probability in zip(NAMES, row, strict=True):
            if probability == 0:
                assert (source, target) not in found
                continue
            pairs = COUNTS[source] * COUNTS[target]
            free = (1 - 1 / pairs) ** total(found[source, target])
            assert 1 - free == pytest.approx(probability, abs=1 / pairs)
    assert FULL.expected_synapses() == pytest.approx(TABLE["synapses_total"], abs=len(found))


def test_neurons_and_initial_potentials() -> None:
    published = TABLE["neuron"]
    for i, (name, population) in enumerate(FULL.populations.items()):
        assert population.model == published["model"]
        for key in ("E_L", "V_th", "V_reset", "C_m", "tau_m", "t_ref"):
            assert population.params[key] == published[key], (name, key)
        assert population.params["tau_syn_ex"] == population.params["tau_syn_in"] == published["tau_syn"]
        assert population.params["I_e"] == 0.0
        start = normal(population.initial["V_m"])
        assert (start.mean, start.std) == (TABLE["V0_optimized"]["mean"][i], TABLE["V0_optimized"]["std"][i])


def test_weights() -> None:
    """87.8 pA is printed for 0.15 mV; inhibition is four times that, L4E to L23E twice."""
    assert psc_pA(TABLE["PSP_exc_mV"]) == pytest.approx(87.8, abs=0.05)
    for (source, target), projection in of(FULL).items():
        psp_mV = TABLE["PSP_exc_mV"] * (TABLE["g"] if source.endswith("I") else 1)
        if (source, target) == ("L4E", "L23E"):
            psp_mV = TABLE["PSP_L4E_to_L23E_mV"]
        weight = normal(projection.weight)
        assert weight.mean == pytest.approx(psc_pA(psp_mV))
        assert weight.std == pytest.approx(TABLE["weight_rel_std"] * abs(weight.mean))
        assert (weight.low, weight.high) == ((-math.inf, 0.0) if psp_mV < 0 else (0.0, math.inf))


def test_a_weight_makes_the_potential_that_it_stands_for() -> None:
    """The sum of two exponentials, integrated by brute force."""
    n, step_ms = TABLE["neuron"], 1e-3
    current, potential, peak = psc_pA(0.15), 0.0, 0.0
    for _ in range(20_000):
        potential += step_ms * (current / n["C_m"] - potential / n["tau_m"])
        current -= step_ms * current / n["tau_syn"]
        peak = max(peak, potential)
    assert peak == pytest.approx(0.15, rel=2e-3)


def test_delays() -> None:
    for (source, _), projection in of(FULL).items():
        mean_ms = TABLE["delay_ms"]["inh" if source.endswith("I") else "exc"]
        delay = normal(projection.delay_ms)
        assert (delay.mean, delay.std) == (mean_ms, TABLE["delay_ms"]["rel_std"] * mean_ms)
        assert 0 < delay.low < 0.1


def test_background() -> None:
    by_name = {b.population: b for b in FULL.backgrounds}
    for name, sources in zip(NAMES, TABLE["K_ext"], strict=True):
        assert by_name[name].rate_hz == sources * TABLE["bg_rate_Hz"]
        assert by_name[name].weight == pytest.approx(psc_pA(0.15))
        assert by_name[name].delay_ms == 1.5


def test_dc_in_place_of_trains_has_their_mean() -> None:
    dc = microcircuit(background="dc")
    assert dc.backgrounds == ()
    for b in FULL.backgrounds:
        mean_pA = b.rate_hz / 1000 * b.weight * TABLE["neuron"]["tau_syn"]
        assert dc.populations[b.population].params["I_e"] == pytest.approx(mean_pA)


def test_thalamus() -> None:
    network, published = microcircuit(thalamus=True), TABLE["thalamic_input"]
    assert network.populations["TH"].size == published["n"]
    assert network.populations["TH"].model == "parrot_neuron"
    added = {target: p for (source, target), p in of(network).items() if source == "TH"}
    assert set(added) == {n for n, p in zip(NAMES, published["conn_prob"], strict=True) if p}
    for target, projection in added.items():
        pairs = published["n"] * COUNTS[target]
        connected = 1 - (1 - 1 / pairs) ** total(projection)
        assert connected == pytest.approx(published["conn_prob"][NAMES.index(target)], abs=1 / pairs)
        assert normal(projection.weight).mean == pytest.approx(psc_pA(published["PSP_mV"]))
        assert normal(projection.delay_ms).mean == published["delay_ms"]
    assert len(network.projections) == len(FULL.projections) + len(added)


# --- smaller ----------------------------------------------------------------------------------------------


def test_scale_shrinks_neurons_and_indegrees() -> None:
    small, sparse, few = microcircuit(scale=0.1), microcircuit(indegree=0.1), microcircuit(neurons=0.1)
    assert small.n_neurons == few.n_neurons == pytest.approx(7717, abs=4)
    assert sparse.n_neurons == FULL.n_neurons
    assert small.scale == 0.1
    assert small.expected_synapses() == pytest.approx(0.01 * FULL.expected_synapses(), rel=1e-4)
    assert sparse.expected_synapses() == pytest.approx(0.1 * FULL.expected_synapses(), rel=1e-5)
    assert few.expected_synapses() == pytest.approx(0.1 * FULL.expected_synapses(), rel=1e-5)
    assert weight_pA(few, "L4E", "L4I") == weight_pA(FULL, "L4E", "L4I")


@pytest.mark.parametrize("background", ["poisson", "dc"])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1])
def test_mean_and_variance_of_the_input_survive(scale: float, background: str) -> None:
    """At the published rates: mean by synapses and trains plus I_e, variance by in-degree times weight squared.

    But for whole neurons: a tenth of L5I would be 106.5.
    """
    full = input_of(microcircuit(background=background), background)
    scaled = input_of(microcircuit(scale=scale, background=background), background)
    assert scaled == {name: pytest.approx(both, rel=5e-3) for name, both in full.items()}


def input_of(network: Network, background: str) -> dict[str, tuple[float, float]]:
    """Mean, pA, and sum of rate times squared weight, by population."""
    rates = dict(zip(NAMES, TABLE["mean_rates_Hz"], strict=True))
    tau_s = TABLE["neuron"]["tau_syn"] / 1000
    found = {}
    for name, population in network.populations.items():
        sources = [
            (total(p) / population.size * rates[p.source], normal(p.weight).mean)
            for p in network.projections
            if p.target == name
        ] + [(b.rate_hz, b.weight) for b in network.backgrounds if b.population == name]
        current = population.params["I_e"]
        assert isinstance(current, float)
        found[name] = (
            current + tau_s * sum(rate * weight for rate, weight in sources),
            sum(rate * weight**2 for rate, weight in sources),
        )
    assert bool(network.backgrounds) == (background == "poisson")
    return found


@pytest.mark.parametrize("scale", [0.1, 0.02])
def test_what_is_drawn_keeps_counts_signs_and_delays(scale: float) -> None:
    network = microcircuit(scale=scale)
    for projection in network.projections:
        drawn = network.draw(projection, 1)
        assert len(drawn) == total(projection)
        assert ((drawn.weights > 0) == projection.source.endswith("E")).all()
        assert (drawn.delays_ms >= 0.05).all()
    loop = network.draw(of(network)["L4E", "L4E"], 1)
    pairs = loop.sources * network.populations["L4E"].size + loop.targets
    assert len(np.unique(pairs)) < len(pairs), "multapses are part of the model"
    assert (loop.sources == loop.targets).any(), "and so are autapses"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scale": 0.0}, "neurons = 0.0; it must be a number above 0"),
        ({"indegree": math.nan}, "indegree = nan"),
        ({"background": "noise"}, "no background 'noise'; there are: poisson, dc"),
        ({"background": "dc", "scale": 0.05}, "the network is silent; take background 'poisson'"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        microcircuit(**params)


# --- activity ---------------------------------------------------------------------------------------------


def simulate(network: Network, start_ms: int, end_ms: int) -> dict[str, Statistics]:
    brain = NestBrain()
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in network.populations.values()]
    brain.prepare(network, [], ports, seed=1, options=BrainOptions())
    brain.advance(end_ms * 1_000_000)
    found = {}
    for name, population in network.populations.items():
        spikes = brain.read(f"{name}.spikes:neuron")
        assert isinstance(spikes, SpikeBatch)
        found[name] = of_spikes(spikes, population.size, start_ms * 1_000_000, end_ms * 1_000_000)
    brain.close()
    return found


@pytest.mark.slow
def test_activity_at_a_small_size_is_near_that_published() -> None:
    """A twentieth of the neurons with a fifth of their inputs each: rates, irregularity, weak correlation.

    In a window of 2 s long intervals are missed, so the CV is lower than the 0.8 to 0.94 reported for a minute.
    """
    found = simulate(microcircuit(neurons=0.05, indegree=0.2), 500, 2500)
    for name, published_hz in zip(NAMES, TABLE["mean_rates_Hz"], strict=True):
        one = found[name]
        assert one.rates_hz.sum() * 2 > 500, name
        assert one.rate_hz == pytest.approx(published_hz, rel=0.3), name
        assert 0.6 < one.interval_cv < 1.0, name
        assert 0.0 < one.correlation < 0.04, name
