"""How NEST is read and written: the parser, buffers that stay small, times of inputs, threads, fresh processes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sherrington.brain.distributions import Lognormal, Normal, Uniform
from sherrington.brain.engine import BrainOptions, Excitability, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_files import parse_integers, parse_steps
from sherrington.brain.nest_kernel import nest
from sherrington.brain.nest_threads import threads_now
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import AllToAll, FixedIndegree, OneToOne
from sherrington.errors import NetworkError, RunError, UnsupportedError
from sherrington.ports import SpikeBatch

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
MS = 1_000_000


@pytest.fixture
def brain() -> Iterator[NestBrain]:
    made = NestBrain()
    yield made
    made.close()


# --- the parser -------------------------------------------------------------------------------------------

rows = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**12), st.integers(0, 9)), max_size=50)


@given(rows)
def test_parser_agrees_with_loadtxt(table: list[tuple[int, int, int]]) -> None:
    text = "".join(f"{a}\t{b}\t{c}\n" for a, b, c in table)
    expected = np.loadtxt(io.StringIO(text), dtype=np.int64, ndmin=2) if table else np.empty((0, 3))
    np.testing.assert_array_equal(parse_integers(text.encode(), 3), expected)


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**9), st.integers(0, 10**6 - 1)), min_size=1)
)
def test_a_fixed_point_number_is_two_fields(table: list[tuple[int, int, int]]) -> None:
    text = "".join(f"{a}\t{b}\t0.{c:06d}\n" for a, b, c in table)
    expected = np.loadtxt(io.StringIO(text), ndmin=2)
    parsed = parse_integers(text.encode(), 4)
    np.testing.assert_array_equal(parsed[:, :2], expected[:, :2])
    np.testing.assert_allclose(parsed[:, 2] + parsed[:, 3] * 1e-6, expected[:, 2], rtol=0, atol=1e-15)


@given(st.integers(1, 10**9), st.integers(0, 3000), st.data())
def test_steps_of_an_interval_come_back(first: int, more: int, data: st.DataObject) -> None:
    """Whatever digits the steps of the interval have in common; its first and last step are among them."""
    steps = [first, first + more, *data.draw(st.lists(st.integers(first, first + more), max_size=20))]
    text = "".join(f"{i + 1}\t{step}\t0\n" for i, step in enumerate(steps))
    parsed = parse_steps(text.encode(), first, first + more)
    np.testing.assert_array_equal(parsed, [[i + 1, step] for i, step in enumerate(steps)])


@pytest.mark.parametrize("step", [1999, 2200, 19])
def test_a_step_outside_of_the_interval_is_refused(step: int) -> None:
    with pytest.raises(RunError, match="outside of steps 2000 to 2199"):
        parse_steps(f"5\t{step}\t0\n".encode(), 2000, 2199)


@pytest.mark.parametrize("text", [b"1\t2\n", b"1\t2\t3", b"1\t2\t3\t4\n"])
def test_broken_lines_are_refused(text: bytes) -> None:
    with pytest.raises(RunError, match="does not have 3 fields"):
        parse_integers(text, 3)


# --- nothing grows ----------------------------------------------------------------------------------------


def test_files_and_buffers_stay_small(brain: NestBrain) -> None:
    p = Population("p", 500, "parrot_neuron")
    q = Population("q", 50)
    ports = [brain_port(p, "count", writes=False), brain_port(q, "V_m", writes=False)]
    brain.prepare(Network("n", [p, q]), [brain_port(p, "rate", writes=True)], ports, 1, BrainOptions())
    brain.write("p.rate", np.array([1000.0]))
    stored, buffers, spikes = [], [], 0.0
    for cycle in range(1, 301):
        brain.advance(cycle * 5 * MS)
        spikes += float(np.asarray(brain.read("p.count"))[0])
        out = brain._outputs
        assert out is not None
        assert out._spikes is not None
        stored.append(out._spikes.stored_bytes + out._samples["q"]._tail.stored_bytes)
        buffers.append(out._readout.buffer_bytes)
    assert spikes > 500_000  # 12 bytes each would be 6 MB
    assert max(stored) == 0
    assert set(buffers) == {buffers[0]}
    assert not any(r.get("n_events") and r.get("record_to") == "memory" for r in _recorders())


def _recorders() -> list[object]:
    found = nest.GetNodes({"element_type": "recorder"})
    return [found[i] for i in range(len(found))]


# --- when inputs act --------------------------------------------------------------------------------------


def delayed(shortest_ms: float) -> tuple[Network, Population, Population]:
    """A network whose shortest delay is given; what is read of it has no input but its ports."""
    p, q = Population("p", 3, "parrot_neuron"), Population("q", 2, params={"t_ref": 2.0})
    idle = Population("idle", 2)
    between = Projection("idle", "idle", AllToAll(), weight=1.0, delay_ms=shortest_ms)
    return Network("n", [p, q, idle], [between]), p, q


@pytest.mark.parametrize(("shortest_ms", "delay_ms"), [(0.1, 0.1), (0.5, 0.5), (1.0, 1.0), (2.5, 1.0)])
def test_inputs_act_when_documented(brain: NestBrain, shortest_ms: float, delay_ms: float) -> None:
    network, p, q = delayed(shortest_ms)
    inputs = [brain_port(x, k, writes=True) for x, k in ((p, "rate"), (p, "spikes"), (q, "current"))]
    outputs = [brain_port(p, "spikes", writes=False), brain_port(q, "V_m", writes=False)]
    brain.prepare(network, inputs, outputs, 1, BrainOptions(sample_ms=0.1))
    assert brain.statistics()["port_delay_ms"] == delay_ms
    brain.advance(10 * MS)
    brain.write("q.current", np.array([1000.0]))
    changed, arrived = [], set()
    for step in range(101, 150):
        if step in (101, 105):
            brain.write("p.spikes", SpikeBatch(np.array([step * 100_000 - 49_999]), np.array([0])))
        brain.advance(step * MS // 10)
        if np.asarray(brain.read("q.V_m"))[0] != -70.0:
            changed.append(step)
        spikes = brain.read("p.spikes")
        assert isinstance(spikes, SpikeBatch)
        arrived |= set(spikes.times_ns.tolist())
    delay_ns = round(delay_ms * MS)
    assert arrived == {10_100_000 + delay_ns, 10_500_000 + delay_ns}  # off the grid: rounded up
    # V_m differs from 10 ms + D + 2h on; the sample may be up to D late when every step is read
    first_ns = 10 * MS + delay_ns + 200_000
    assert first_ns <= changed[0] * MS // 10 <= first_ns + delay_ns


@pytest.mark.parametrize("shortest_ms", [0.1, 1.0])
def test_a_rate_acts_one_step_after_the_delay(brain: NestBrain, shortest_ms: float) -> None:
    network, p, _ = delayed(shortest_ms)
    brain.prepare(
        network,
        [brain_port(p, "rate", writes=True)],
        [brain_port(p, "spikes", writes=False)],
        1,
        BrainOptions(),
    )
    brain.advance(10 * MS)
    brain.write("p.rate", np.array([1e6]))  # 100 spikes a step: certain to be seen in every step
    brain.advance(20 * MS)
    spikes = brain.read("p.spikes")
    assert isinstance(spikes, SpikeBatch)
    first = spikes.times_ns.min()
    assert first == 10 * MS + round(shortest_ms * MS) + 100_000


def test_samples_at_whole_intervals_are_as_old_as_documented(brain: NestBrain) -> None:
    """V_m decays from -60 to -70 mV with 10 ms; read at t it must be that of t - D."""
    q = Population("q", 3, initial={"V_m": -60.0})
    idle = Population("idle", 2)
    network = Network("n", [q, idle], [Projection("idle", "idle", AllToAll(), weight=1.0, delay_ms=0.5)])
    brain.prepare(network, [], [brain_port(q, "V_m", writes=False)], 1, BrainOptions(sample_ms=2.0))
    assert np.asarray(brain.read("q.V_m"))[0] == -60.0
    for t in (2, 4, 6, 20):
        brain.advance(t * MS)
        np.testing.assert_allclose(brain.read("q.V_m"), -70 + 10 * np.exp(-(t - 0.5) / 10), rtol=1e-12)


def test_precise_spike_times_are_kept(brain: NestBrain) -> None:
    """iaf_psc_delta_ps with a constant current: T = t_ref + tau ln((I R + E_L - V_reset) / (I R + E_L - V_th))."""
    p = Population("p", 1, "iaf_psc_delta_ps", params={"I_e": 500.0})
    brain.prepare(Network("n", [p]), [], [brain_port(p, "spikes", writes=False)], 1, BrainOptions())
    brain.advance(1000 * MS)
    spikes = brain.read("p.spikes")
    assert isinstance(spikes, SpikeBatch)
    interval = 2.0 + 10.0 * np.log(500 * 10 / 250 / (500 * 10 / 250 - 15))
    assert len(spikes) > 50
    np.testing.assert_allclose(np.diff(spikes.times_ns) / MS, interval, atol=2e-6)


# --- determinism ------------------------------------------------------------------------------------------

SCRIPT = """
import sys, hashlib
import numpy as np
from sherrington.brain.nest import NestBrain
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington import *
threads, noise = int(sys.argv[1]), float(sys.argv[2])
e = Population("e", 300, params={"I_e": Uniform(370., 430.)}, initial={"V_m": Uniform(-70., -55.)})
net = Network("n", [e], [Projection("e", "e", FixedIndegree(30), Normal(5., 20.), Uniform(.5, 3.))])
brain = NestBrain()
rate = [brain_port(e, "rate", writes=True, weight=20.)] if noise else []
spikes = brain_port(e, "spikes", writes=False, per="neuron")
brain.prepare(net, rate, [spikes], 3, BrainOptions(virtual_processes=threads))
if noise: brain.write("e.rate", np.array([noise]))
digest, n = hashlib.sha256(), 0
for t in range(20, 1020, 20):
    brain.advance(t * 1_000_000)
    s = brain.read("e.spikes:neuron")
    n += len(s); digest.update(s.times_ns.tobytes()); digest.update(s.channels.tobytes())
brain.close()
print(n, digest.hexdigest())
"""


def fresh_process(threads: int, noise_hz: float) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(threads), str(noise_hz)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, digest = done.stdout.split()  # also shows that NEST's banner stays away
    return int(count), digest


def test_one_and_two_threads_give_the_same_spikes_without_noise() -> None:
    one, two = fresh_process(1, 0.0), fresh_process(2, 0.0)
    assert one[0] > 5000
    assert one == two


def test_fresh_processes_give_the_same_spikes_with_noise() -> None:
    first, second = fresh_process(2, 500.0), fresh_process(2, 500.0)
    assert first[0] > 5000
    assert first == second


def test_reading_changes_nothing(brain: NestBrain) -> None:
    """The same noisy network with one port and with many, samples included."""
    found = []
    for more in (False, True):
        e = Population("e", 100, params={"I_e": 380.0})
        net = Network("n", [e], [Projection("e", "e", FixedIndegree(10), 10.0, 1.5)])
        outputs = [brain_port(e, "spikes", writes=False)]
        if more:
            outputs += [
                brain_port(e, k, writes=False, per=how)
                for k in ("V_m", "rate")
                for how in ("channel", "neuron")
            ]
        one = NestBrain()
        one.prepare(net, [brain_port(e, "rate", writes=True, weight=30.0)], outputs, 1, BrainOptions())
        one.write("e.rate", np.array([500.0]))
        one.advance(500 * MS)
        spikes = one.read("e.spikes")
        assert isinstance(spikes, SpikeBatch)
        found.append(spikes.times_ns.tolist())
        one.close()
    assert len(found[0]) > 500
    assert found[0] == found[1]


# --- building ---------------------------------------------------------------------------------------------


def test_connections_in_nest_are_those_drawn(brain: NestBrain) -> None:
    a, b = Population("a", 20, channels={"x": 5, "y": 15}), Population("b", 10)
    p = Projection("a/y", "b", FixedIndegree(4), weight=Normal(10.0, 2.0), delay_ms=Uniform(0.3, 2.0))
    network = Network("n", [a, b], [p])
    brain.prepare(network, [], [], 7, BrainOptions())
    drawn = network.draw(p, 7)
    made = nest.GetConnections(synapse_model="static_synapse_hpc").get(
        ["source", "target", "weight", "delay"]
    )
    expected = sorted(
        zip(
            drawn.sources + 2,  # node 1 is the recorder
            drawn.targets + 22,
            drawn.weights,
            np.rint(drawn.delays_ms * 10) / 10,
            strict=True,
        )
    )
    found = sorted(zip(made["source"], made["target"], made["weight"], made["delay"], strict=True))
    np.testing.assert_allclose(np.array(found), np.array(expected), rtol=1e-12)
    assert min(drawn.sources) >= 5
    assert brain.statistics()["synapses"] == 40


def test_a_projection_drawn_in_blocks_arrives_whole(
    brain: NestBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sherrington.brain.network.BLOCK", 100)
    a = Population("a", 200)
    p = Projection(
        "a", "a", FixedIndegree(20), weight=Lognormal(10.0, 3.0, -1), delay_ms=Normal(1.0, 0.5, 0.1)
    )
    network = Network("n", [a], [p])
    brain.prepare(network, [], [], 7, BrainOptions(virtual_processes=2))
    drawn = network.draw(p, 7)
    made = nest.GetConnections().get(["source", "target", "weight"])
    found = sorted(zip(made["source"], made["target"], made["weight"], strict=True))
    expected = sorted(zip(drawn.sources + 3, drawn.targets + 3, drawn.weights, strict=True))
    assert len(found) == 4000
    np.testing.assert_array_equal(np.array(found), np.array(expected))


def test_projections_share_a_copy_of_their_synapse_model(brain: NestBrain) -> None:
    a = Population("a", 10)
    projections = [
        Projection("a", "a", AllToAll(), w, 1.0, "stdp_synapse", {"Wmax": limit}, name=f"{w} {limit}")
        for w, limit in ((1.0, 55.0), (2.0, 55.0), (3.0, 66.0))
    ]
    before = len(nest.synapse_models)
    brain.prepare(Network("n", [a], projections), [], [], 1, BrainOptions())
    assert len(nest.synapse_models) == before + 2
    made = nest.GetConnections().get(["weight", "Wmax"])
    assert {*zip(made["weight"], made["Wmax"], strict=True)} == {(1.0, 55.0), (2.0, 55.0), (3.0, 66.0)}


def test_synapse_models_and_their_parameters(brain: NestBrain) -> None:
    a = Population("a", 10)
    stdp = Projection("a", "a", AllToAll(), 10.0, 1.0, synapse="stdp_synapse", synapse_params={"Wmax": 55.0})
    brain.prepare(Network("n", [a], [stdp]), [], [], 1, BrainOptions())
    assert set(nest.GetConnections().get("Wmax")) == {55.0}
    brain.close()
    wrong = Projection("a", "a", AllToAll(), 10.0, 1.0, synapse="stdp_synapse", synapse_params={"wmax": 55.0})
    with pytest.raises(
        NetworkError, match=r"'a->a' \(stdp_synapse\) has no parameter 'wmax'; did you mean Wmax"
    ):
        brain.prepare(Network("n", [a], [wrong]), [], [], 1, BrainOptions())
    wrong = Projection("a", "a", AllToAll(), 10.0, 1.0, synapse="stdp_synaps")
    with pytest.raises(
        NetworkError, match=r"'a->a': NEST has no model 'stdp_synaps'; did you mean: stdp_synapse"
    ):
        brain.prepare(Network("n", [a], [wrong]), [], [], 1, BrainOptions())


def test_receptors(brain: NestBrain) -> None:
    a = Population("a", 3, "parrot_neuron")
    b = Population("b", 3, "iaf_psc_exp_multisynapse", params={"tau_syn": [2.0, 20.0]})  # type: ignore[dict-item]
    p = Projection("a", "b", OneToOne(), 10.0, 1.0, receptor=2)
    brain.prepare(Network("n", [a, b], [p]), [], [], 1, BrainOptions())
    assert set(nest.GetConnections().get("receptor")) == {2}


def test_a_module_that_does_not_exist(brain: NestBrain) -> None:
    with pytest.raises(NetworkError, match="cannot load extension module 'no_such_module'"):
        brain.prepare(
            Network("n", [Population("a", 1)], modules=("no_such_module",)), [], [], 1, BrainOptions()
        )


# --- silence ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "iaf_psc_delta",
        "iaf_cond_exp",
        "iaf_psc_exp_ps",
        "gif_psc_exp",
        "iaf_tum_2000",
        "aeif_cond_exp",
        "aeif_psc_alpha",
    ],
)
def test_models_that_can_be_silenced(brain: NestBrain, model: str) -> None:
    p = Population("p", 2, model, params={"I_e": 1000.0})
    brain.prepare(Network("n", [p]), [], [brain_port(p, "count", writes=False)], 1, BrainOptions())
    counts = []
    for cycle, silenced in enumerate((False, True, False), start=1):
        brain.set_excitability("p", Excitability(silenced=silenced))
        brain.advance(cycle * 200 * MS)
        counts.append(float(np.asarray(brain.read("p.count"))[0]))
    assert counts[0] > 10
    assert counts[1] == 0
    assert counts[2] > 10


@pytest.mark.parametrize("model", ["izhikevich", "hh_psc_alpha"])
def test_models_that_cannot_be_silenced_can_be_lesioned(brain: NestBrain, model: str) -> None:
    p = Population("p", 2, model, params={"I_e": 20.0 if model == "izhikevich" else 1000.0})
    brain.prepare(Network("n", [p]), [], [brain_port(p, "count", writes=False)], 1, BrainOptions())
    with pytest.raises(UnsupportedError, match="no threshold that can be raised safely; it can be lesioned"):
        brain.set_excitability("p", Excitability(silenced=True))
    brain.advance(200 * MS)
    assert np.asarray(brain.read("p.count"))[0] > 5
    brain.set_excitability("p", Excitability(lesioned=True))
    brain.advance(400 * MS)
    assert np.asarray(brain.read("p.count"))[0] == 0


def test_what_parrots_cannot_do(brain: NestBrain) -> None:
    p, q = Population("p", 2, "parrot_neuron"), Population("q", 2)
    brain.prepare(
        Network("n", [p, q], [Projection("q", "p", OneToOne(), 1.0, 1.0)]), [], [], 1, BrainOptions()
    )
    with pytest.raises(UnsupportedError, match="not only ports drive it: q->p"):
        brain.set_excitability("p", Excitability(silenced=True))
    with pytest.raises(UnsupportedError, match="no constant current 'I_e'"):
        brain.set_excitability("p", Excitability(current_pA=1.0))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux lets a process bind its threads")
def test_threads_are_bound_only_where_each_has_a_processor_of_its_own() -> None:
    ours = os.sched_getaffinity(0)
    network = Network("n", [Population("p", 20)])
    for n_threads in {1, len(ours), len(ours) + 1}:
        brain = NestBrain()
        brain.prepare(network, [], [], 1, BrainOptions(virtual_processes=n_threads))
        bound = [os.sched_getaffinity(t) for t in threads_now() if len(os.sched_getaffinity(t)) == 1]
        brain.close()
        assert len(bound) == (n_threads if n_threads == len(ours) > 1 else 0)
        assert len({*map(frozenset, bound)}) == len(bound)
        assert all(os.sched_getaffinity(t) == ours for t in threads_now())
