"""Single neurons under the same input: the native engine's spikes are NEST's, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from side_by_side import MS, SEED, Feed, compare

from sherrington.brain.distributions import Normal, Uniform
from sherrington.brain.engine import BrainEngine, BrainPort, brain_port
from sherrington.brain.network import Network, Population
from sherrington.ports import SpikeBatch

N = 40

VARIED = {
    "C_m": Uniform(150.0, 300.0),
    "tau_m": Uniform(8.0, 20.0),
    "E_L": Uniform(-72.0, -66.0),
    "V_th": Uniform(-58.0, -50.0),
    "V_reset": Normal(-70.0, 1.0, low=-74.0, high=-66.0),
    "t_ref": Uniform(0.0, 4.0),
    "I_e": Uniform(0.0, 150.0),
}
SYNAPSES = {"tau_syn_ex": Uniform(0.3, 6.0), "tau_syn_in": Uniform(0.3, 9.0)}

CASES = {
    "iaf_psc_exp": ("iaf_psc_exp", {**VARIED, **SYNAPSES}, 150.0),
    "iaf_psc_exp, equal time constants": (
        "iaf_psc_exp",
        {"tau_m": 10.0, "tau_syn_ex": 10.0, "tau_syn_in": 10.0 + 1e-9, "I_e": Uniform(0.0, 300.0)},
        100.0,
    ),
    "iaf_psc_alpha": ("iaf_psc_alpha", {**VARIED, **SYNAPSES}, 60.0),
    "iaf_psc_alpha, equal time constants": (
        "iaf_psc_alpha",
        {
            "tau_m": 5.0,
            "tau_syn_ex": 5.0,
            "tau_syn_in": 5.0 - 1e-7,
            "V_min": -71.0,
            "I_e": Uniform(0.0, 500.0),
        },
        60.0,
    ),
    "iaf_psc_exp_multisynapse": (
        "iaf_psc_exp_multisynapse",
        {**VARIED, "tau_syn": (0.5, 2.0, 8.0)},
        150.0,
    ),
    "iaf_psc_alpha_multisynapse": (
        "iaf_psc_alpha_multisynapse",
        {**VARIED, "tau_syn": (0.5, 2.0, 8.0), "V_min": -76.0},
        60.0,
    ),
    "iaf_psc_delta": ("iaf_psc_delta", {**VARIED, "V_min": -75.0}, 1.5),
    "iaf_psc_delta, refractory input": ("iaf_psc_delta", {**VARIED, "refractory_input": 1.0}, 1.5),
}


def ports(p: Population, weight: float) -> list[BrainPort]:
    one, other, share = (2, 3, 0.1) if "multisynapse" in p.model else (0, 0, 0.4)
    strong = brain_port(p, "spikes", writes=True, weight=weight, receptor=one)
    weak = brain_port(p, "spikes", writes=True, per="population", weight=-share * weight, receptor=other)
    return [strong, weak, brain_port(p, "current", writes=True)]


def feed(p: Population, inputs: list[BrainPort]) -> Feed:
    """Spikes at random times in both ports, some together, and steps of current."""
    rng = np.random.default_rng(SEED)

    def give(brain: BrainEngine) -> None:
        for port, n in zip(inputs[:2], (12, 4), strict=True):
            times = brain.now_ns + rng.integers(1, 10 * MS + 1, n)
            batch = SpikeBatch(np.sort(times), rng.integers(0, port.port.size, n))
            brain.write(port.port.name, batch)
        brain.write(inputs[2].port.name, rng.uniform(-50.0, 400.0, inputs[2].port.size))

    return give


@pytest.mark.parametrize("case", CASES)
def test_spike_times_equal_those_of_nest(case: str) -> None:
    """One neuron a channel: N neurons with parameters of their own."""
    model, params, weight = CASES[case]
    p = Population(
        "p",
        N,
        model,
        params=params,
        initial={"V_m": Uniform(-70.0, -60.0)},
        channels={"a": N // 2, "b": N // 2},
    )
    inputs = ports(p, weight)
    state = {"made": feed(p, inputs)}

    def give(brain: BrainEngine) -> None:
        if brain.now_ns == 0:
            state["made"] = feed(p, inputs)
        state["made"](brain)

    spikes = compare(Network("n", [p]), inputs, give, ms=1000.0)
    assert len(spikes["p"]) > 10 * N
    assert len(set(spikes["p"][:, 1].tolist())) > N // 2


@pytest.mark.parametrize("resolution_ms", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("model", ["iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_delta"])
def test_at_other_resolutions(model: str, resolution_ms: float) -> None:
    """Refractory times that are no whole number of steps are rounded as NEST rounds them."""
    p = Population("p", N, model, params={"I_e": Uniform(380.0, 900.0), "t_ref": Uniform(0.0, 3.0)})
    compare(Network("n", [p]), ms=300.0, resolution_ms=resolution_ms)


def test_a_parrot_repeats_what_nest_s_repeats() -> None:
    p = Population("p", 5, "parrot_neuron", channels={"a": 2, "b": 3})
    inputs = [
        brain_port(p, "spikes", writes=True, weight=w, per=per)
        for w, per in ((1.0, "channel"), (-3.0, "neuron"))
    ]

    def give(brain: BrainEngine) -> None:
        rng = np.random.default_rng(brain.now_ns)
        for port in inputs:
            times = np.sort(brain.now_ns + rng.integers(1, 10 * MS + 1, 30))
            brain.write(port.port.name, SpikeBatch(times, rng.integers(0, port.port.size, 30)))

    compare(Network("n", [p]), inputs, give)
