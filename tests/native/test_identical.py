"""The same spikes, bit for bit: any number of threads, kind of processor, way of cutting time, after ``restore``."""

from __future__ import annotations

import numpy as np
import pytest
from side_by_side import MS, SEED, Spikes, run, same

from sherrington.brain.distributions import Lognormal, Normal, Uniform
from sherrington.brain.engine import BrainEngine, BrainOptions, BrainPort, Excitability, brain_port
from sherrington.brain.native.brain import PROCESSOR_VARIABLE, NativeBrain
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import Bernoulli, FixedIndegree, FixedTotal
from sherrington.errors import RunError, UnsupportedError
from sherrington.ports import SpikeBatch

STEPS_MS = (1.3, 0.1, 7.7, 2.9)


def network() -> Network:
    """Every model, weights and delays of every kind, more neurons than one block has; noise that never stops."""
    spread = {"V_m": Uniform(-70.0, -55.0)}
    e = Population("e", 3000, params={"I_e": 300.0, "C_m": Uniform(240.0, 260.0)}, initial=spread)
    i = Population("i", 500, "iaf_psc_alpha", params={"I_e": 380.0}, initial=spread)
    d = Population("d", 1100, "iaf_psc_delta", params={"I_e": 350.0}, initial=spread)
    r = Population("r", 200, "parrot_neuron")
    c = Population("c", 300, "iaf_cond_exp", params={"I_e": 200.0, "tau_syn_ex": 1.0})
    a = Population("a", 300, "iaf_cond_alpha", params={"I_e": 240.0, "tau_syn_ex": 1.0})
    x = Population("x", 200, "iaf_psc_exp_multisynapse", params={"I_e": 360.0, "tau_syn": (1.0, 4.0, 9.0)})
    y = Population("y", 200, "iaf_psc_alpha_multisynapse", params={"I_e": 360.0, "tau_syn": (1.0, 4.0)})
    projections = [
        Projection("e", "e", FixedIndegree(40), Lognormal(12.0, 10.0), Uniform(0.8, 30.0)),
        Projection("e", "i", Bernoulli(0.01), 20.0, 1.2),
        Projection("i", "e", FixedIndegree(20), Normal(-30.0, 3.0, high=0.0), Normal(1.5, 0.5, low=0.8)),
        Projection("e", "d", FixedIndegree(30), Normal(0.1, 0.3), 0.8),
        Projection("r", "e", FixedIndegree(5), 30.0, 2.0),
        Projection("d", "r", FixedIndegree(3), 1.0, 1.0),
        Projection("e", "c", FixedIndegree(50), Lognormal(3.0, 2.0), Uniform(1.0, 2.0)),
        Projection("c", "a", FixedIndegree(20), Normal(-1.0, 4.0), 1.5),
        Projection("c", "x", FixedIndegree(20), Normal(20.0, 40.0), 1.5, receptor=2),
        Projection("i", "x", FixedIndegree(20), -30.0, 1.5, receptor=3),
        Projection("a", "y", FixedIndegree(20), 20.0, 1.5, receptor=1),
        Projection("x", "y", FixedTotal(2000), Uniform(10.0, 30.0), 1.5, receptor=2),
    ]
    noise = [
        Background("e", 4000.0, 10.0, 1.0),
        Background("r", 40.0, 1.0, 0.8),
        Background("c", 900.0, 2.0, 1.5),
        Background("x", 500.0, 10.0, 1.5, receptor=1),
    ]
    return Network("n", [e, i, d, r, c, a, x, y], projections, backgrounds=noise)


def ports(net: Network) -> list[BrainPort]:
    return [
        brain_port(net.population("i"), "rate", writes=True, weight=15.0, per="neuron"),
        brain_port(net.population("d"), "current", writes=True),
        brain_port(net.population("e"), "spikes", writes=True, weight=40.0, per="neuron"),
    ]


def feed(brain: BrainEngine) -> None:
    """What is written depends on the time alone, and changes every 10 ms."""
    now = brain.now_ns
    if now % (10 * MS):
        return
    rng = np.random.default_rng(now)
    brain.write("i.rate:neuron", rng.uniform(0.0, 900.0, 500))
    brain.write("d.current", rng.uniform(0.0, 100.0, 1))
    brain.write("e.spikes:neuron", SpikeBatch(np.full(200, now + 50_000), rng.integers(0, 3000, 200)))


def spikes(threads: int = 1, *, exact: bool = False, interval_ms: float = 10.0) -> Spikes:
    net = network()
    return run(NativeBrain(exact=exact), net, ports(net), feed, threads=threads, interval_ms=interval_ms)


@pytest.fixture(scope="module")
def reference() -> Spikes:
    return spikes()


def test_other_numbers_of_threads(reference: Spikes) -> None:
    assert sum(map(len, reference.values())) > 2000
    for threads in (2, 3):
        same(reference, spikes(threads))


@pytest.mark.parametrize("processor", ["portable", "avx2", "avx512"])
@pytest.mark.parametrize("exact", [False, True])
def test_other_processors(
    processor: str, exact: bool, monkeypatch: pytest.MonkeyPatch, reference: Spikes
) -> None:
    expected = spikes(exact=True) if exact else reference
    monkeypatch.setenv(PROCESSOR_VARIABLE, processor)
    try:
        found = spikes(exact=exact)
    except UnsupportedError as error:
        pytest.skip(str(error))
    same(expected, found)


def test_other_ways_of_cutting_time(reference: Spikes) -> None:
    for interval_ms in (0.1, 1.0, 5.0):
        same(reference, spikes(interval_ms=interval_ms))


@pytest.mark.parametrize("threads", [1, 2])
def test_save_and_restore_in_the_middle(threads: int) -> None:
    """Also into another brain with another number of threads; what happened in between is forgotten."""
    net, states = network(), []
    first, second = NativeBrain(), NativeBrain()
    outputs = [brain_port(p, "spikes", writes=False, per="neuron") for p in net.populations.values()]
    for brain, n in ((first, 1), (second, threads)):
        brain.prepare(net, ports(net), outputs, SEED, BrainOptions(virtual_processes=n))
    for _ in range(6):
        feed(first)
        first.advance(first.now_ns + 10 * MS)
    feed(first)
    first.set_excitability("i", Excitability(current_pA=20.0, silenced=True))
    states.append(first.save())
    expected = _further(first, outputs)
    second.advance(5 * MS)
    second.set_excitability("e", Excitability(lesioned=True))
    for brain in (second, first):
        brain.restore(states[0])
        assert brain.now_ns == 60 * MS
        found = _further(brain, outputs)
        assert found == expected
    assert len(expected) > 500
    first.close()
    second.close()


def _further(brain: NativeBrain, outputs: list[BrainPort]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    brain.advance(brain.now_ns + 3 * MS)
    brain.set_excitability("i", Excitability())
    for _ in range(4):
        brain.advance(brain.now_ns + 7 * MS)
        for port in outputs:
            batch = brain.read(port.port.name)
            assert isinstance(batch, SpikeBatch)
            found += [
                (port.population, *pair)
                for pair in zip(batch.times_ns.tolist(), batch.channels.tolist(), strict=True)
            ]
    return found


def test_the_state_of_another_brain_is_refused() -> None:
    brain, other = NativeBrain(), NativeBrain()
    brain.prepare(Network("n", [Population("p", 3)]), [], [], SEED, BrainOptions())
    other.prepare(Network("n", [Population("p", 4)]), [], [], SEED, BrainOptions())
    with pytest.raises(RunError, match=r"another brain \(sizes: saved {'p': 3}, here {'p': 4}\)"):
        other.restore(brain.save())


def test_a_processor_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROCESSOR_VARIABLE, "abacus")
    with pytest.raises(
        UnsupportedError, match="no kind of processor 'abacus'; there are: portable, avx2, avx512"
    ):
        NativeBrain().prepare(Network("n", [Population("p", 3)]), [], [], SEED, BrainOptions())
