"""Conductance-based neurons: NEST's spikes within one step, and the error of the integrator against a far finer one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from side_by_side import MS, SEED, Feed, H, exact, run

from sherrington.brain.distributions import Floats, Uniform
from sherrington.brain.engine import BrainEngine, BrainOptions, BrainPort, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population
from sherrington.ports import SpikeBatch

N = 60
MODELS = ("iaf_cond_exp", "iaf_cond_alpha")
VARIED = {
    "C_m": Uniform(150.0, 300.0),
    "g_L": Uniform(8.0, 20.0),
    "E_L": Uniform(-72.0, -66.0),
    "V_th": Uniform(-58.0, -50.0),
    "V_reset": Uniform(-70.0, -60.0),
    "t_ref": Uniform(0.5, 4.0),
    "I_e": Uniform(0.0, 150.0),
    "tau_syn_ex": Uniform(0.2, 5.0),
    "tau_syn_in": Uniform(0.5, 10.0),
}


def described(model: str) -> tuple[Population, list[BrainPort]]:
    p = Population("p", N, model, params=VARIED, channels={"a": N // 2, "b": N // 2})
    return p, [
        brain_port(p, "spikes", writes=True, weight=12.0),
        brain_port(p, "spikes", writes=True, per="population", weight=-6.0),
        brain_port(p, "current", writes=True),
    ]


def feed(inputs: list[BrainPort]) -> Feed:
    """The same for every brain: it depends on the time alone."""

    def give(brain: BrainEngine) -> None:
        rng = np.random.default_rng(brain.now_ns + 1)
        for port, n in zip(inputs[:2], (15, 5), strict=True):
            times = np.sort(brain.now_ns + rng.integers(1, 10 * MS + 1, n))
            brain.write(port.port.name, SpikeBatch(times, rng.integers(0, port.port.size, n)))
        brain.write(inputs[2].port.name, rng.uniform(-50.0, 300.0, inputs[2].port.size))

    return give


def trains(spikes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [spikes[spikes[:, 1] == i, 0] for i in range(N)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_spikes_within_one_step_of_nest(model: str, precision: str) -> None:
    """At least 99.9 % in the very same step; both integrators have their errors."""
    p, inputs = described(model)
    brain = exact() if precision == "exact" else NativeBrain()
    theirs = trains(run(NestBrain(), Network("n", [p]), inputs, feed(inputs), ms=1000.0)["p"])
    ours = trains(run(brain, Network("n", [p]), inputs, feed(inputs), ms=1000.0)["p"])
    assert sum(map(len, theirs)) > 20 * N
    assert [len(t) for t in ours] == [len(t) for t in theirs]
    apart = np.concatenate([np.abs(a - b) for a, b in zip(ours, theirs, strict=True)])
    assert apart.max() <= 1
    assert (apart == 0).mean() > 0.999


def potentials(model: str, resolution_ms: float, *, is_exact: bool = True) -> Floats:
    """Every neuron's V_m each ms, without a threshold, under spikes on the grid of 0.1 ms; shape (200, N)."""
    params = {**VARIED, "V_th": 1e3}
    p = Population("p", N, model, params=params)
    spikes = [brain_port(p, "spikes", writes=True, per="neuron", weight=w) for w in (12.0,)]
    reader = brain_port(p, "V_m", writes=False, per="neuron")
    brain = NativeBrain(exact=is_exact)
    # A port's delay is one step: spikes are sent that much earlier, so that they arrive at the same times.
    step = round(resolution_ms * MS)
    brain.prepare(Network("n", [p]), spikes, [reader], SEED, BrainOptions(resolution_ms=resolution_ms))
    rng, found = np.random.default_rng(SEED), []
    for i in range(200):
        times = i * MS + H * rng.integers(2, 11, 40) - step
        brain.write(spikes[0].port.name, SpikeBatch(np.sort(times), rng.integers(0, N, 40)))
        brain.advance((i + 1) * MS)
        found.append(np.array(brain.read(reader.port.name)))
    brain.close()
    return np.stack(found)


@pytest.mark.parametrize(("model", "bound_mv"), [("iaf_cond_exp", 1e-4), ("iaf_cond_alpha", 1e-4)])
def test_the_error_of_the_integrator(model: str, bound_mv: float) -> None:
    """Against steps of 1 us, under depolarisations of tens of mV; half the step divides it by eight."""
    reference = potentials(model, 0.001)
    assert np.ptp(reference, axis=0).max() > 15.0
    error = np.abs(potentials(model, 0.1) - reference).max()
    assert error < bound_mv
    assert np.abs(potentials(model, 0.05) - reference).max() < 0.2 * error
    assert np.abs(potentials(model, 0.1, is_exact=False) - reference).max() < error + 2e-4
    print(f"{model}: {error:.2g} mV")
