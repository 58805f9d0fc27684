"""A run that cannot go on says whose fault it is, and leaves everything readable behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

from sherrington.body.engine import BodyEngine, BodyOptions
from sherrington.build import BODIES, load_engine
from sherrington.errors import DivergenceError, RunError, TransferError
from sherrington.loop.guard import open_dump

FUNCTIONS = """
@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"}, low=0.0, high=0.9)
def move(counts, *, time_s, fault="none"):
    good = np.array([0.3, 0.1])
    if time_s < 0.0075:
        return good
    return {
        "none": lambda: good,
        "raises": lambda: {}["flexor"],
        "shape": lambda: np.zeros(3),
        "number": lambda: 0.5,
        "ragged": lambda: [[0.1], [0.1, 0.2]],
        "text": lambda: np.array(["a", "b"]),
        "nothing": lambda: None,
        "nan": lambda: np.array([0.1, np.nan]),
        "infinite": lambda: np.array([np.inf, 0.1]),
        "high": lambda: np.array([0.1, 0.95]),
        "low": lambda: np.array([-0.1, 0.1]),
        "two": lambda: (good, good),
        "spikes": lambda: SpikeBatch.empty(),
        "exits": lambda: (_ for _ in ()).throw(RuntimeError("x" * 10)),
    }[fault]()

@transfer(outputs={"rate": "Hz", "current": "pA"})
def pair(*, fault="none"):
    return np.ones(2) if fault == "one" else (np.ones(2), np.ones(2))

@transfer(outputs={"spikes": "spikes"})
def burst(*, time_s, fault="none"):
    start = round(time_s * 1e9)
    times, channels = {
        "none": ([start + 1], [0]),
        "past": ([start], [0]),
        "late": ([start + 1_000_001], [1]),
        "channel": ([start + 1], [2]),
        "negative": ([start + 1], [-1]),
        "length": ([start + 1, start + 2], [0]),
        "float": ([start + 0.5], [0]),
        "array": (None, None),
    }[fault]
    return np.zeros(2) if times is None else SpikeBatch(np.array(times), np.array(channels))

@transfer(inputs={"angle": "rad"}, outputs={"torque": "N*m"})
def push(angle, *, limit=1e30):
    return np.minimum(1e-6 + 1e3 * np.abs(angle), limit)
"""

FAULTS = {
    "raises": r"raised KeyError: 'flexor'",
    "shape": r"gave muscle_excitation an impossible value: expected shape \(2,\) \(1\), got shape \(3,\)",
    "number": r"got shape \(\)",
    "ragged": r"gave muscle_excitation an impossible value: .*inhomogeneous",
    "text": r"expected numbers in 1, got <U1",
    "nothing": r"got shape \(\)",
    "nan": r"not a finite number in channel 'extensor'",
    "infinite": r"not a finite number in channel 'flexor'",
    "high": r"0.95 1 in channel 'extensor' is outside 0 to 0.9 1",
    "low": r"-0.1 1 in channel 'flexor' is outside 0 to 0.9 1",
    "two": r"returned 2 results for 1 outputs",
    "spikes": r"gave muscle_excitation an impossible value",
    "exits": r"raised RuntimeError: xxxxxxxxxx",
}


def motor(fault: str) -> dict[str, Any]:
    drive = {"function": "constant", "outputs": {"value": "brain.drive.rate"}, "params": {"value": 200.0}}
    move = {
        "function": "control.py:move",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"excitation": "body.muscle_excitation"},
        "params": {"fault": fault},
        "delay_ms": 1.0,
    }
    return {"drive": drive, "move": move}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_function_did_wrong_is_said_with_its_name_time_and_inputs(rig: MakeRig, fault: str) -> None:
    made = rig(FUNCTIONS, motor(fault))
    with pytest.raises(TransferError, match=FAULTS[fault]) as caught:
        made.run()
    message = str(caught.value)
    assert message.startswith("transfer function 'move' of pathway 'move' ")
    assert "\n    at 8 ms, having seen\n      counts = [" in message and "shape (2,)" in message
    assert caught.value.__notes__ == [f"the last states are in {made.folder / 'dump'}"]


def test_a_wrong_number_of_results_is_said(rig: MakeRig) -> None:
    outputs = {"rate": "brain.drive.rate", "current": "brain.drive.current"}
    pathway = {"function": "control.py:pair", "outputs": outputs, "params": {"fault": "one"}}
    with pytest.raises(
        TransferError, match=r"(?s)'pair' of pathway 'both' returned 1 results for 2 outputs.*no inputs"
    ):
        rig(FUNCTIONS, {"both": pathway}).run()


SPIKE_FAULTS = {
    "past": r"from 0 ms to 0 ms; this call may give spikes later than 0 ms and up to 1 ms",
    "late": r"from 1.000001 ms to 1.000001 ms; this call may give",
    "channel": r"for channels 2 to 2; there are channels 0 to 1",
    "negative": r"for channels -1 to -1",
    "length": r"\(2,\) times for \(1,\) channels",
    "float": r"times are float64 and channels int64; both must be whole numbers",
    "array": r"expected a SpikeBatch, got ndarray",
}


@pytest.mark.parametrize("fault", SPIKE_FAULTS)
def test_impossible_spikes_are_refused(rig: MakeRig, fault: str) -> None:
    outputs = {"spikes": "brain.drive.spikes"}
    pathway = {
        "function": "control.py:burst",
        "outputs": outputs,
        "params": {"fault": fault},
        "delay_ms": 2.0,
    }
    with pytest.raises(TransferError, match=SPIKE_FAULTS[fault]):
        rig(FUNCTIONS, {"burst": pathway}).run()


@pytest.mark.parametrize("mode", ["lockstep", "pipelined"])
@pytest.mark.parametrize("engine", ["closed_form", "mujoco"])
def test_everything_up_to_the_error_is_kept_and_the_body_can_go_on(
    rig: MakeRig, mode: str, engine: str
) -> None:
    body = {"model": "one_joint", "engine": engine}
    healthy = rig(FUNCTIONS, motor("none"), loop={"mode": mode}, body=body).run().recorded()
    made = rig(FUNCTIONS, motor("nan"), loop={"mode": mode}, body=body)
    with pytest.raises(TransferError):
        made.run()
    kept = made.recorded()
    time_ns, angle = kept.signal("body.joint_angle")
    assert time_ns.tolist() == list(range(1_000_000, 9_000_000, 1_000_000))
    np.testing.assert_array_equal(angle, healthy.signal("body.joint_angle")[1][:8])
    spikes, whole = kept.spikes("drive").times_ns, healthy.spikes("drive").times_ns
    assert spikes.size > 20
    np.testing.assert_array_equal(spikes, whole[whole <= 8_000_000])
    _goes_on(made, healthy.signal("body.joint_angle")[1])


def _goes_on(made: Rig, angles: Any) -> None:
    """From the last moment of the dump, one interval further: the same angle as in the healthy run."""
    dump = open_dump(made.folder / "dump")
    assert "not a finite number" in dump.message and len(dump.moments) > 5
    last = dump.moments[-1]
    cycle = last.time_ns // 1_000_000
    assert cycle == (8 if made.loop.schedule.pipelined else 7)
    np.testing.assert_array_equal(last.values["pathway.move.excitation"], [0.3, 0.1])
    assert last.values["pathway.move.in.counts"].shape == (2,)
    body = fresh_body(made)
    body.restore(last.body)
    assert body.now_ns == last.time_ns
    np.testing.assert_array_equal(body.read("joint_angle"), angles[cycle - 1])
    body.advance(last.time_ns + 1_000_000)
    np.testing.assert_array_equal(body.read("joint_angle"), angles[cycle])
    body.close()


def fresh_body(made: Rig) -> BodyEngine:
    body: BodyEngine = load_engine(BODIES, made.resolved.experiment.body.engine)
    body.prepare(made.resolved.body, BodyOptions(made.resolved.experiment.body.timestep_ms))
    return body


@pytest.mark.parametrize("mode", ["lockstep", "pipelined"])
@pytest.mark.parametrize("engine", ["closed_form", "mujoco"])
def test_a_body_that_runs_away_is_named_and_dumped(rig: MakeRig, mode: str, engine: str) -> None:
    """A torque that grows with the angle it causes."""
    pathway = {
        "function": "control.py:push",
        "inputs": {"angle": "body.joint_angle"},
        "outputs": {"torque": "body.joint_torque"},
    }
    body = {"model": "one_joint", "engine": engine}
    made = rig(FUNCTIONS, {"push": pathway}, loop={"mode": mode, "duration_ms": 500.0}, body=body)
    with pytest.raises(DivergenceError, match="joint 'hinge'") as caught:
        made.run()
    assert "the last states are in" in caught.value.__notes__[0]
    dump = open_dump(made.folder / "dump")
    assert dump.moments and dump.moments[-1].time_ns == made.loop.now_ns
    assert made.recorded().signal("body.joint_angle")[0].size == made.loop.cycle_count > 2


def test_a_dump_that_cannot_be_written_does_not_hide_the_error(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, motor("nan"))
    made.loop.guard.folder.write_text("in the way", encoding="utf-8")
    with pytest.raises(TransferError, match="not a finite number") as caught:
        made.run()
    assert caught.value.__notes__[0].startswith("the last states could not be written to")


def test_errors_of_observers_are_dumped_too(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, motor("none"))

    def refuse(loop: object) -> None:
        raise RunError("the disk is full")

    made.loop.observers = (refuse,)
    with pytest.raises(RunError, match="the disk is full"):
        made.run()
    assert open_dump(made.folder / "dump").message == "the disk is full"
