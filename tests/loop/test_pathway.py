"""What a pathway does to its values: delay, interval, gain, noise, sums."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

from sherrington.errors import RunError
from sherrington.ports import SpikeBatch

FUNCTIONS = """
@transfer(outputs={"current": "pA"})
def stamp(*, time_s):
    return np.array([1e3 * time_s + 1.0, 1e3 * time_s + 101.0])

@transfer(inputs={"counts": "1"}, outputs={"torque": "N*m"})
def stamp_torque(counts, *, time_s):
    return np.array([1e-9 * (1e3 * time_s + 1.0)])

@transfer(outputs={"value": "any"})
def constant(*, value=1.0):
    return np.array([value, 2 * value])

@transfer(inputs={"counts": "1", "spikes": "spikes", "rate": "Hz"}, outputs={"torque": "N*m"})
def listen(counts, spikes, rate, *, time_s, dt_s):
    CALLS.append((time_s, dt_s, counts, spikes, rate))
    return np.zeros(1)

@transfer(inputs={"counts": "1", "spikes": "spikes"}, outputs={"current": "pA"})
def inner(counts, spikes, *, time_s, dt_s):
    CALLS.append((time_s, dt_s, counts, spikes))
    return np.zeros(2)

@transfer(outputs={"spikes": "spikes"})
def burst(*, time_s, dt_s, offsets_ns=(1, 250_000, 1_000_000)):
    CALLS.append(time_s)
    start_ns = round(time_s * 1e9)
    times = start_ns + np.array(offsets_ns, np.int64)
    return SpikeBatch(times, np.arange(len(offsets_ns)) % 2)

@transfer(outputs={"share": "any"}, low=0.0, high=1.0)
def share(*, value=0.5):
    return np.full(2, value)
"""


def current(name: str, port: str = "brain.drive.current", **settings: Any) -> dict[str, Any]:
    return {name: {"function": "control.py:stamp", "outputs": {"current": port}, **settings}}


def constant(port: str, value: float, **settings: Any) -> dict[str, Any]:
    params = {"value": value}
    return {"function": "control.py:constant", "outputs": {"value": port}, "params": params, **settings}


# --- delays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cycles", [0, 1, 2, 7, 19, 25])
@pytest.mark.parametrize("interval_ms", [0.5, 1.0])
def test_a_sensory_delay_is_exact_to_the_cycle(rig: MakeRig, cycles: int, interval_ms: float) -> None:
    loop = {"interval_ms": interval_ms, "duration_ms": 20.0}
    made = rig(FUNCTIONS, current("stamp", delay_ms=cycles * interval_ms), loop=loop).run()
    _check_delay(made.arrived("stamp")[:, 0], cycles, interval_ms)


@pytest.mark.parametrize(
    ("mode", "cycles"), [("lockstep", 0), *product(("lockstep", "pipelined"), (1, 2, 7, 25))]
)
def test_a_motor_delay_is_exact_to_the_cycle(rig: MakeRig, mode: str, cycles: int) -> None:
    pathway = {
        "function": "control.py:stamp_torque",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"torque": "body.joint_torque"},
        "delay_ms": float(cycles),
    }
    made = rig(FUNCTIONS, {"stamp": pathway}, loop={"mode": mode}).run()
    _check_delay(1e9 * made.arrived("stamp")[:, 0], cycles, 1.0)
    acted = [1e9 * torque for torque in made.body.torques.values()]  # type: ignore[attr-defined]
    _check_delay(np.array(acted), cycles, 1.0)


def _check_delay(values: np.ndarray[Any, Any], cycles: int, interval_ms: float) -> None:
    """What was made at time t carries t + 1, in ms; before the first of it there is nothing."""
    n = values.size
    made = np.arange(n) * interval_ms + 1.0
    expected = np.concatenate([np.zeros(min(cycles, n)), made[: max(0, n - cycles)]])
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_spikes_are_delayed_exactly(rig: MakeRig) -> None:
    pathway = {"function": "control.py:burst", "outputs": {"spikes": "brain.drive.spikes"}, "delay_ms": 3.0}
    made = rig(FUNCTIONS, {"burst": pathway}).run()
    spikes = made.recorded().spikes("drive")
    starts = 3_000_000 + 1_000_000 * np.arange(17)
    once = np.concatenate([starts + offset for offset in (1, 250_000, 1_000_000)])
    np.testing.assert_array_equal(spikes.times_ns, np.sort(np.repeat(once, 10)))
    np.testing.assert_array_equal(spikes.channels[:10], np.arange(10))


# --- slower pathways --------------------------------------------------------------------------------------


def slow_motor(interval_ms: float) -> dict[str, Any]:
    inputs = {"counts": "brain.drive.count", "spikes": "brain.drive.spikes", "rate": "brain.drive.rate"}
    return {
        "drive": constant("brain.drive.rate", 333.0),
        "listen": {
            "function": "control.py:listen",
            "inputs": inputs,
            "outputs": {"torque": "body.joint_torque"},
            "delay_ms": 1.0,
            "interval_ms": interval_ms,
        },
    }


@pytest.mark.parametrize("mode", ["lockstep", "pipelined"])
def test_a_slow_motor_pathway_misses_no_spike_and_counts_none_twice(rig: MakeRig, mode: str) -> None:
    fast = rig(FUNCTIONS, slow_motor(1.0), loop={"mode": mode}).run()
    slow = rig(FUNCTIONS, slow_motor(4.0), loop={"mode": mode}).run()
    each, fourth = fast.calls("listen"), slow.calls("listen")
    assert len(each) == 20 and len(fourth) == 5
    assert sum(counts.sum() for _, _, counts, _, _ in each) > 100
    for i, (time_s, dt_s, counts, spikes, rate) in enumerate(fourth):
        window = each[4 * i : 4 * i + 4]
        assert (time_s, dt_s) == (window[-1][0], 0.004)
        np.testing.assert_array_equal(counts, sum(call[2] for call in window))
        np.testing.assert_array_equal(spikes.times_ns, np.concatenate([call[3].times_ns for call in window]))
        np.testing.assert_array_equal(spikes.channels, np.concatenate([call[3].channels for call in window]))
        np.testing.assert_array_equal(rate, window[-1][4])


def test_a_slow_pathway_inside_the_brain_sees_whole_intervals(rig: MakeRig) -> None:
    inputs = {"counts": "brain.sense.count", "spikes": "brain.sense.spikes"}
    pathways = {
        "drive": constant("brain.sense.rate", 333.0),
        "inner": {
            "function": "control.py:inner",
            "inputs": inputs,
            "outputs": {"current": "brain.drive.current"},
            "interval_ms": 5.0,
        },
    }
    made = rig(FUNCTIONS, pathways).run()
    spikes = made.recorded().spikes("sense")
    calls = made.calls("inner")
    assert [round(1e3 * time_s) for time_s, *_ in calls] == [0, 5, 10, 15]
    for time_s, dt_s, counts, seen in calls:
        until_ns = round(1e9 * time_s)
        mine = (spikes.times_ns > until_ns - 5_000_000) & (spikes.times_ns <= until_ns)
        assert dt_s == 0.005 and counts.sum() == mine.sum() == len(seen)
        np.testing.assert_array_equal(seen.times_ns, spikes.times_ns[mine])


def test_a_slow_signal_holds_and_slow_spikes_come_once(rig: MakeRig) -> None:
    burst = {
        "function": "control.py:burst",
        "outputs": {"spikes": "brain.sense.spikes"},
        "interval_ms": 4.0,
        "delay_ms": 2.0,
        "params": {"offsets_ns": [1_000_000, 1_000_001, 3_500_000]},
    }
    made = rig(FUNCTIONS, {**current("stamp", interval_ms=4.0, delay_ms=1.0), "burst": burst}).run()
    held = np.concatenate([[0.0], np.repeat(np.arange(5) * 4.0 + 1.0, 4)])[:20]
    np.testing.assert_array_equal(made.arrived("stamp")[:, 0], held)
    spikes = made.recorded().spikes("sense").times_ns[::10]
    starts = 2_000_000 + 4_000_000 * np.arange(5)
    due = np.sort(np.concatenate([starts + offset for offset in (1_000_000, 1_000_001, 3_500_000)]))
    np.testing.assert_array_equal(spikes, due[due <= 20_000_000])
    assert len(made.calls("burst")) == 5


# --- gain, noise, sums ------------------------------------------------------------------------------------


def test_gain_scales_the_output_beyond_what_the_function_declares(rig: MakeRig) -> None:
    """The function declares 0 to 1; what counts after the gain is the range of the port."""
    share = {"function": "control.py:share", "outputs": {"share": "brain.drive.current"}, "gain": -7.0}
    assert (rig(FUNCTIONS, {"share": share}).run().arrived("share") == -3.5).all()
    bounded = {"function": "control.py:share", "outputs": {"share": "body.muscle_excitation"}, "gain": 2.0}
    assert (rig(FUNCTIONS, {"share": bounded}).run().arrived("share") == 1.0).all()


def test_a_gain_out_of_the_ports_range_stops_the_run(rig: MakeRig) -> None:
    bounded = {"function": "control.py:share", "outputs": {"share": "body.muscle_excitation"}, "gain": 2.5}
    message = (
        r"(?s)'share' of pathway 'share' times its gain 2.5 gave muscle_excitation 1.25 1 in channel 'flexor'"
    )
    with pytest.raises(RunError, match=message):
        rig(FUNCTIONS, {"share": bounded}).run()


def noisy(rig: MakeRig, seed: int = 3, **others: Any) -> Rig:
    pathway = constant("brain.drive.current", 0.0, noise={"std": 2.0})
    return rig(FUNCTIONS, {"noisy": pathway, **others}, seed=seed, loop={"duration_ms": 500.0}).run()


def test_noise_has_a_stream_of_its_own(rig: MakeRig) -> None:
    alone = noisy(rig).arrived("noisy")
    other = constant("brain.sense.current", 0.0, noise={"std": 1.0})
    both = noisy(rig, other=other)
    np.testing.assert_array_equal(both.arrived("noisy"), alone)
    assert not np.isclose(both.arrived("other"), alone / 2).any()
    assert not np.isclose(noisy(rig, seed=4).arrived("noisy"), alone).any()


def test_noise_is_gaussian_independent_and_of_the_stated_width(rig: MakeRig) -> None:
    """1000 draws: a mean within 4 standard errors, a standard deviation within 4 of its own (std / sqrt(2 n))."""
    drawn = noisy(rig).arrived("noisy")
    assert drawn.shape == (500, 2) and np.unique(drawn).size == 1000
    assert abs(drawn.mean()) < 4 * 2.0 / np.sqrt(1000)
    assert abs(drawn.std() - 2.0) < 4 * 2.0 / np.sqrt(2000)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 4 / np.sqrt(500)
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 4 / np.sqrt(500)


def test_noise_never_leaves_the_range_of_the_port(rig: MakeRig) -> None:
    pathway = constant("brain.drive.rate", 1.0, noise={"std": 5.0})
    rates = rig(FUNCTIONS, {"noisy": pathway}, loop={"duration_ms": 100.0}).run().arrived("noisy")
    assert rates.min() == 0.0 and rates.max() > 5.0


def test_several_pathways_to_one_port_add_up(rig: MakeRig) -> None:
    pathways = {
        "a": constant("brain.drive.rate", 100.0),
        "b": constant("brain.drive.rate", 50.0, delay_ms=10.0),
        "c": constant("brain.drive.rate", 1.0, gain=30.0),
    }
    spikes = rig(FUNCTIONS, pathways, loop={"duration_ms": 1000.0}).run().recorded().spikes("drive")
    flexor = np.bincount(spikes.channels[spikes.channels < 10], minlength=10)
    expected = np.floor((np.arange(20)[:10] + 0.5) / 20 + 130.0 + 50.0 * 0.99)
    np.testing.assert_array_equal(flexor, expected)


def test_spikes_of_several_pathways_are_merged(rig: MakeRig) -> None:
    burst = {"function": "control.py:burst", "outputs": {"spikes": "brain.drive.spikes"}}
    later = {**burst, "delay_ms": 1.0, "params": {"offsets_ns": [10_000]}}
    made = rig(FUNCTIONS, {"burst": burst, "later": later}, loop={"duration_ms": 2.0}).run()
    times = made.recorded().spikes("drive").times_ns[::10]
    assert times.tolist() == [1, 250_000, 1_000_000, 1_000_001, 1_010_000, 1_250_000, 2_000_000]
    assert isinstance(made.seen["burst"][0], SpikeBatch)


def test_a_sum_out_of_range_names_the_pathways(rig: MakeRig) -> None:
    share = {"function": "control.py:share", "outputs": {"share": "body.muscle_excitation"}}
    made = rig(FUNCTIONS, {"one": share, "two": {**share, "params": {"value": 0.6}, "delay_ms": 5.0}})
    message = (
        r"(?s)pathways 'one', 'two' add up at muscle_excitation to an impossible value: 1.1 1 in channel"
    )
    with pytest.raises(RunError, match=message + r".*at 5 ms") as caught:
        made.run()
    assert "the last states are in" in caught.value.__notes__[0]
    assert made.loop.now_ns == 5_000_000
