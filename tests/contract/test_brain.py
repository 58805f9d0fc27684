"""One suite for every brain engine. What an engine cannot do is listed in ``CANNOT``, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from sherrington.brain.closed_form import ClosedFormBrain
from sherrington.brain.distributions import Uniform
from sherrington.brain.engine import BrainEngine, BrainOptions, BrainPort, Excitability, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.errors import (
    ClockError,
    EngineBusyError,
    NetworkError,
    PortError,
    RunError,
    UnsupportedError,
)
from sherrington.ports import SpikeBatch

MS = 1_000_000
SEED = 20


@dataclass(frozen=True)
class Engine:
    """relay: a model that repeats what it receives; integrator: one that a current makes spike; latency_ns: from a
    spike written to its repetition without projections; mute_lag_ns: how long a silenced relay still spikes;
    called: in its messages."""

    make: Callable[[], BrainEngine]
    relay: str
    integrator: str
    latency_ns: int
    mute_lag_ns: int
    recordable: str
    called: str = ""


ENGINES = {
    "nest": Engine(NestBrain, "parrot_neuron", "iaf_psc_exp", MS // 10, MS // 5, "V_m", "NEST"),
    "native": Engine(NativeBrain, "parrot_neuron", "iaf_psc_exp", MS // 10, 0, "V_m", "the native engine"),
    "closed_form": Engine(ClosedFormBrain, "integrator", "integrator", 0, 0, "phase"),
}
CANNOT = {
    ("nest", "save"): "spikes in flight and random streams are not accessible",
    ("nest", "exact_counts"): "its rate inputs are Poisson trains",
    ("native", "exact_counts"): "its rate inputs are Poisson trains",
    ("native", "busy"): "any number of them can run in one process",
    ("closed_form", "projections"): "spikes that depend on other neurons' spikes have no closed form",
    ("closed_form", "seed"): "nothing in it is random",
    ("closed_form", "model"): "models and parameters play no part",
    ("closed_form", "busy"): "any number of them can run in one process",
}


@pytest.fixture(params=list(ENGINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(name: str) -> Engine:
    return ENGINES[name]


@pytest.fixture
def brain(engine: Engine) -> Iterator[BrainEngine]:
    made = engine.make()
    yield made
    made.close()


def needs(name: str, ability: str) -> None:
    if (name, ability) in CANNOT:
        pytest.skip(f"{name} cannot: {CANNOT[name, ability]}")


def relays(engine: Engine, size: int = 6) -> Population:
    return Population("p", size, engine.relay, channels={"a": 2, "b": size - 2})


def integrators(engine: Engine, size: int = 50) -> Population:
    return Population("q", size, engine.integrator)


def start(
    brain: BrainEngine,
    populations: Sequence[Population],
    inputs: Sequence[BrainPort] = (),
    outputs: Sequence[BrainPort] = (),
    seed: int = SEED,
) -> None:
    brain.prepare(Network("test", tuple(populations)), inputs, outputs, seed, BrainOptions())


def into(population: Population, quantity: str, **how: object) -> BrainPort:
    return brain_port(population, quantity, writes=True, **how)  # type: ignore[arg-type]


def out(population: Population, quantity: str, **how: object) -> BrainPort:
    return brain_port(population, quantity, writes=False, **how)  # type: ignore[arg-type]


def batch(*spikes: tuple[float, int]) -> SpikeBatch:
    """Spikes given as (time in ms, channel)."""
    times, channels = zip(*spikes, strict=True)
    return SpikeBatch(np.round(np.array(times) * MS).astype(np.int64), np.array(channels, np.int64))


# --- what goes in and what comes out ----------------------------------------------------------------------


def test_spikes_written_come_out_at_their_times(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [into(p, "spikes")], [out(p, "spikes", per="neuron")])
    for cycle in range(3):
        t = 5.0 * cycle
        brain.write("p.spikes", batch((t + 0.3, 0), (t + 1.2, 1), (t + 1.2, 0), (t + 4.6, 1)))
        brain.advance((cycle + 1) * 5 * MS)
        read = brain.read("p.spikes:neuron")
        assert isinstance(read, SpikeBatch)
        expected = [(0.3, 0), (0.3, 1), *((1.2, i) for i in range(6)), *((4.6, i) for i in range(2, 6))]
        assert read.channels.tolist() == [neuron for _, neuron in expected]
        assert (read.times_ns - engine.latency_ns).tolist() == [round((t + s) * MS) for s, _ in expected]


def test_counts_and_rates_follow_from_the_spikes(brain: BrainEngine, engine: Engine) -> None:
    p, q = relays(engine), integrators(engine)
    readings = [
        out(x, k, per=per) for x in (p, q) for k in ("count", "rate") for per in ("channel", "population")
    ]
    start(
        brain,
        [p, q],
        [into(p, "rate")],
        [
            *readings,
            out(p, "spikes", per="neuron"),
            out(q, "spikes", per="neuron"),
            out(p, "count", per="neuron"),
        ],
    )
    filtered = {r.port.name: np.zeros(r.port.size) for r in readings}
    decay, total = np.exp(-10 / 20.0), 0
    for cycle in range(1, 21):
        brain.write("p.rate", np.array([100.0, 40.0 * cycle]))
        brain.advance(cycle * 10 * MS)
        for r in readings:
            spikes = brain.read(f"{r.population}.spikes:neuron")
            assert isinstance(spikes, SpikeBatch)
            count = np.array([np.isin(spikes.channels, g).sum() for g in r.groups], float)
            sizes = np.array([len(g) for g in r.groups])
            if r.quantity == "count":
                np.testing.assert_array_equal(brain.read(r.port.name), count)
                total += int(count.sum())
            else:
                filtered[r.port.name] = decay * filtered[r.port.name] + (1 - decay) * count / (sizes * 0.01)
                np.testing.assert_allclose(brain.read(r.port.name), filtered[r.port.name], rtol=1e-12)
        assert np.asarray(brain.read("p.count:neuron")).sum() == np.asarray(brain.read("p.count")).sum()
    assert total > 500


def test_spikes_are_sorted_and_lie_in_their_interval(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine, 100)
    start(brain, [p], [into(p, "rate")], [out(p, "spikes"), out(p, "spikes", per="neuron")])
    brain.write("p.rate", np.array([200.0, 100.0]))
    found = 0
    for cycle in range(1, 51):
        brain.advance(cycle * 2 * MS)
        for port in ("p.spikes", "p.spikes:neuron"):
            read = brain.read(port)
            assert isinstance(read, SpikeBatch)
            found += len(read)
            assert np.array_equal(np.lexsort((read.channels, read.times_ns)), np.arange(len(read)))
            assert ((read.times_ns > (cycle - 1) * 2 * MS) & (read.times_ns <= cycle * 2 * MS)).all()
    assert found > 1000


def test_rate_input_has_the_statistics_of_a_poisson_train(
    brain: BrainEngine, engine: Engine, name: str
) -> None:
    """400 neurons, 50 Hz, 2 s: 40,000 spikes expected. Bounds are 4.5 standard deviations of a Poisson process."""
    p = Population("p", 400, engine.relay)
    start(brain, [p], [into(p, "rate")], [out(p, "count", per="neuron")])
    brain.write("p.rate", np.array([50.0]))
    counts = np.zeros(400)
    for cycle in range(1, 101):
        brain.advance(cycle * 20 * MS)
        counts += brain.read("p.count:neuron")
    if (name, "exact_counts") in CANNOT:
        assert abs(counts.sum() - 40_000) < 4.5 * np.sqrt(40_000)
        assert abs(counts.var(ddof=1) / counts.mean() - 1) < 4.5 * np.sqrt(2 / 399)  # Fano factor of n counts
    else:
        np.testing.assert_array_equal(counts, np.floor((np.arange(400) + 0.5) / 400 + 50.0 * 2.0))


def test_current_makes_neurons_spike_and_goes_to_its_channel_only(brain: BrainEngine, engine: Engine) -> None:
    q = Population("q", 20, engine.integrator, channels={"a": 10, "b": 10})
    start(brain, [q], [into(q, "current")], [out(q, "count")])
    brain.write("q.current", np.array([0.0, 800.0]))
    total = np.zeros(2)
    for cycle in range(1, 21):
        brain.advance(cycle * 10 * MS)
        total += brain.read("q.count")
    assert total[0] == 0
    assert total[1] > 50
    brain.write("q.current", np.zeros(2))
    brain.advance(210 * MS)
    brain.advance(310 * MS)
    assert np.asarray(brain.read("q.count")).sum() == 0


def test_reading_before_the_first_interval_is_silence(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [], [out(p, "spikes"), out(p, "count"), out(p, "rate")])
    assert len(brain.read("p.spikes")) == 0  # type: ignore[arg-type]
    assert not np.asarray(brain.read("p.count")).any()
    assert not np.asarray(brain.read("p.rate")).any()


def test_a_recordable_is_sampled(brain: BrainEngine, engine: Engine) -> None:
    q = Population("q", 4, engine.integrator, channels={"a": 1, "b": 3})
    start(
        brain, [q], [into(q, "current")], [out(q, engine.recordable), out(q, engine.recordable, per="neuron")]
    )
    before = np.array(brain.read(f"q.{engine.recordable}"))
    brain.write("q.current", np.array([0.0, 10.0]))
    for cycle in range(1, 4):
        brain.advance(cycle * 20 * MS)
    after = np.asarray(brain.read(f"q.{engine.recordable}"))
    each = np.asarray(brain.read(f"q.{engine.recordable}:neuron"))
    assert after[0] == before[0]
    assert after[1] > before[1]
    np.testing.assert_allclose(after[1], each[1:].mean(), rtol=1e-12)


# --- stimulate, silence, lesion ---------------------------------------------------------------------------


def run(brain: BrainEngine, port: str, ms: int) -> float:
    """Spikes of all channels in the next ``ms``."""
    brain.advance(brain.now_ns + ms * MS)
    return float(np.asarray(brain.read(port)).sum())


def test_stimulate(brain: BrainEngine, engine: Engine) -> None:
    q = integrators(engine)
    other = Population("other", 50, engine.integrator)
    start(brain, [q, other], [], [out(q, "count"), out(other, "count")])
    assert run(brain, "q.count", 200) == 0
    brain.set_excitability("q", Excitability(current_pA=500.0))
    assert run(brain, "q.count", 200) >= 300
    assert np.asarray(brain.read("other.count"))[0] == 0
    brain.set_excitability("q", Excitability())
    run(brain, "q.count", 1)
    assert run(brain, "q.count", 200) == 0


def test_silence_and_restore_an_integrating_population(brain: BrainEngine, engine: Engine) -> None:
    q = integrators(engine)
    start(brain, [q], [into(q, "current")], [out(q, "count")])
    brain.write("q.current", np.array([800.0]))
    before = run(brain, "q.count", 300)
    brain.set_excitability("q", Excitability(silenced=True))
    assert run(brain, "q.count", 300) == 0
    brain.set_excitability("q", Excitability(silenced=True, current_pA=300.0))
    assert run(brain, "q.count", 300) == 0
    brain.set_excitability("q", Excitability())
    assert run(brain, "q.count", 300) >= 0.8 * before > 100


def test_silence_and_restore_a_relay(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [into(p, "rate"), into(p, "spikes")], [out(p, "count")])
    brain.write("p.rate", np.array([200.0, 200.0]))
    assert run(brain, "p.count", 500) > 300
    brain.set_excitability("p", Excitability(silenced=True))
    brain.write("p.rate", np.array([300.0, 300.0]))
    if engine.mute_lag_ns:
        brain.advance(brain.now_ns + engine.mute_lag_ns)
    brain.write("p.spikes", batch((brain.now_ns / MS + 1, 0)))
    assert run(brain, "p.count", 500) == 0
    brain.set_excitability("p", Excitability())
    assert run(brain, "p.count", 500) > 600  # the 300 Hz written meanwhile


def test_lesion_lasts(brain: BrainEngine, engine: Engine) -> None:
    p, q = relays(engine), integrators(engine)
    start(brain, [p, q], [into(p, "rate"), into(q, "current")], [out(p, "count"), out(q, "count")])
    brain.write("p.rate", np.array([200.0, 200.0]))
    brain.write("q.current", np.array([800.0]))
    assert run(brain, "p.count", 500) > 300
    for population in ("p", "q"):
        brain.set_excitability(population, Excitability(lesioned=True))
        assert run(brain, f"{population}.count", 500) == 0
        with pytest.raises(UnsupportedError, match=f"'{population}' was lesioned"):
            brain.set_excitability(population, Excitability())
    assert run(brain, "p.count", 500) == 0


# --- determinism and checkpoints --------------------------------------------------------------------------


def noisy_spikes(engine: Engine, seed: int, extra: Sequence[Population] = ()) -> list[tuple[int, int]]:
    """A recurrent network without noise while running: connections and initial values are all that is random."""
    e = Population(
        "e",
        100,
        engine.integrator,
        params={"I_e": Uniform(380.0, 420.0)},
        initial={"V_m": Uniform(-70.0, -55.0)},
    )
    loop = Projection("e", "e", FixedIndegree(10), weight=Uniform(10.0, 60.0), delay_ms=Uniform(0.5, 3.0))
    brain, spikes = engine.make(), []
    brain.prepare(
        Network("test", [*extra, e], [loop]), [], [out(e, "spikes", per="neuron")], seed, BrainOptions()
    )
    for cycle in range(1, 21):
        brain.advance(cycle * 20 * MS)
        read = brain.read("e.spikes:neuron")
        assert isinstance(read, SpikeBatch)
        spikes += list(zip(read.times_ns.tolist(), read.channels.tolist(), strict=True))
    brain.close()
    return spikes


def test_the_seed_decides(engine: Engine, name: str) -> None:
    needs(name, "projections")
    first = noisy_spikes(engine, 1)
    assert len(first) > 500
    assert noisy_spikes(engine, 1) == first
    assert noisy_spikes(engine, 2) != first


def test_an_unrelated_population_changes_nothing(engine: Engine, name: str) -> None:
    needs(name, "projections")
    unrelated = Population("unrelated", 7, engine.integrator, initial={"V_m": Uniform(-70.0, -60.0)})
    assert noisy_spikes(engine, 1, [unrelated]) == noisy_spikes(engine, 1)


def poisson_spikes(engine: Engine, seed: int) -> list[int]:
    p, brain = relays(engine), engine.make()
    start(brain, [p], [into(p, "rate")], [out(p, "spikes", per="neuron")], seed)
    brain.write("p.rate", np.array([100.0, 100.0]))
    brain.advance(500 * MS)
    read = brain.read("p.spikes:neuron")
    assert isinstance(read, SpikeBatch)
    brain.close()
    return read.times_ns.tolist()


def test_noise_while_running_follows_the_seed(engine: Engine, name: str) -> None:
    first = poisson_spikes(engine, 1)
    assert len(first) > 100
    assert poisson_spikes(engine, 1) == first
    needs(name, "seed")
    assert poisson_spikes(engine, 2) != first


def test_save_and_restore(brain: BrainEngine, engine: Engine, name: str) -> None:
    p = relays(engine)
    start(brain, [p], [into(p, "rate"), into(p, "spikes")], [out(p, "spikes", per="neuron"), out(p, "rate")])
    if (name, "save") in CANNOT:
        for call in (brain.save, lambda: brain.restore(b"")):
            with pytest.raises(UnsupportedError, match=CANNOT[name, "save"]):
                call()
        return
    brain.write("p.rate", np.array([33.0, 77.0]))
    brain.advance(123 * MS)
    brain.write("p.spikes", batch((125.0, 1)))  # in flight when saved
    state, runs = brain.save(), []
    for _ in range(2):
        brain.advance(323 * MS)
        spikes = brain.read("p.spikes:neuron")
        assert isinstance(spikes, SpikeBatch)
        runs.append(
            (spikes.times_ns.tolist(), spikes.channels.tolist(), np.array(brain.read("p.rate")).tolist())
        )
        brain.restore(state)
        assert brain.now_ns == 123 * MS
    assert runs[0] == runs[1]
    assert len(runs[0][0]) > 50


# --- what is refused --------------------------------------------------------------------------------------


def test_names_that_do_not_exist_are_answered_with_those_that_do(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [into(p, "rate")], [out(p, "count")])
    with pytest.raises(PortError, match=r"no input port 'p\.rat'; there are: p\.rate"):
        brain.write("p.rat", np.zeros(2))
    with pytest.raises(PortError, match=r"no output port 'p\.counts'; there are: p\.count"):
        brain.read("p.counts")
    with pytest.raises(NetworkError, match="no population 'x'; there are: p"):
        brain.set_excitability("x", Excitability())


def test_ports_that_cannot_be_served(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    stranger = Population("stranger", 2)
    with pytest.raises(NetworkError, match="no population 'stranger'; there are: p"):
        start(brain, [p], [], [out(stranger, "count")])
    with pytest.raises(PortError, match=r"asked for twice: p\.count"):
        start(brain, [p], [], [out(p, "count"), out(p, "count")])
    with pytest.raises(PortError, match=r"cannot write 'V_m'.*there are: rate, current, spikes"):
        start(brain, [p], [into(p, "V_m")], [])
    with pytest.raises(PortError, match=r"stands for neurons 2 to 9.*has neurons 0 to 6"):
        start(brain, [p], [], [out(relays(engine, 9), "count")])
    with pytest.raises(PortError, match="no recordable 'W_m'"):
        start(brain, [p], [], [out(p, "W_m")])


def test_values_that_do_not_fit(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [into(p, "rate"), into(p, "spikes")], [out(p, "count")])
    brain.advance(10 * MS)
    with pytest.raises(PortError, match=r"expected shape \(2,\)"):
        brain.write("p.rate", np.zeros(3))
    with pytest.raises(PortError, match="-1 Hz in channel 'b'"):
        brain.write("p.rate", np.array([1.0, -1.0]))
    with pytest.raises(PortError, match="not a finite number in channel 'a'"):
        brain.write("p.rate", np.array([np.nan, 1.0]))
    with pytest.raises(PortError, match="expected a SpikeBatch"):
        brain.write("p.spikes", np.zeros(2))
    with pytest.raises(PortError, match="spikes for channels 1 to 2; it has channels 0 to 1"):
        brain.write("p.spikes", batch((11.0, 1), (11.0, 2)))
    with pytest.raises(PortError, match="a spike at 10 ms is not later than now, 10 ms"):
        brain.write("p.spikes", batch((10.0, 0)))
    brain.write("p.spikes", batch((21.0, 0)))
    with pytest.raises(PortError, match=r"a spike at 21 ms, after the end of the coming interval, 20 ms"):
        brain.advance(20 * MS)


def test_times_that_do_not_divide(brain: BrainEngine, engine: Engine) -> None:
    start(brain, [relays(engine)])
    with pytest.raises(ClockError, match=r"0\.15 ms.*0\.1 ms"):
        brain.advance(150_000)
    with pytest.raises(ClockError, match="must be positive"):
        brain.advance(0)


def test_close_twice_and_after(brain: BrainEngine, engine: Engine) -> None:
    p = relays(engine)
    start(brain, [p], [], [out(p, "count")])
    brain.close()
    brain.close()
    for call in (
        lambda: brain.advance(MS),
        lambda: brain.read("p.count"),
        lambda: brain.write("p.rate", np.zeros(2)),
    ):
        with pytest.raises(RunError, match="not running"):
            call()


def test_one_at_a_time(brain: BrainEngine, engine: Engine, name: str) -> None:
    needs(name, "busy")
    start(brain, [relays(engine)])
    second = engine.make()
    with pytest.raises(EngineBusyError, match="one kernel per process"):
        start(second, [relays(engine)])
    brain.advance(MS)  # the first is unharmed
    brain.close()
    start(second, [relays(engine)])
    second.close()


def test_models_and_parameters_that_do_not_exist(brain: BrainEngine, engine: Engine, name: str) -> None:
    needs(name, "model")
    with pytest.raises(
        NetworkError,
        match=rf"population 'x': {engine.called} has no model 'iaf_psc_epx'; did you mean:.*iaf_psc_exp",
    ):
        start(brain, [Population("x", 1, "iaf_psc_epx")])
    with pytest.raises(
        NetworkError, match=r"population 'x' \(iaf_psc_exp\) has no parameter 'tau'.*there are: .*tau_m"
    ):
        start(brain, [Population("x", 1, params={"tau": 1.0})])
    with pytest.raises(NetworkError, match=r"population 'x' \(iaf_psc_exp\): cannot set .*Reset potential"):
        start(brain, [Population("x", 1, params={"V_th": -90.0})])
    with pytest.raises(
        NetworkError, match=r"is a stimulator, not a neuron model|no model 'poisson_generator'"
    ):
        start(brain, [Population("x", 1, "poisson_generator")])
    start(brain, [Population("x", 1)])  # the kernel is free again after every error


def test_projections_need_the_engine_to_have_them(brain: BrainEngine, engine: Engine, name: str) -> None:
    if (name, "projections") in CANNOT:
        network = Network("n", [integrators(engine)], [Projection("q", "q", FixedIndegree(1), 1.0, 1.0)])
        with pytest.raises(UnsupportedError, match="no closed form"):
            brain.prepare(network, [], [], SEED, BrainOptions())


def test_statistics_say_what_runs(brain: BrainEngine, engine: Engine, name: str) -> None:
    start(brain, [relays(engine)])
    facts = brain.statistics()
    assert facts["engine"] == name
    assert facts["neurons"] == 6
    assert facts["synapses"] == 0
