"""Brain and body at the same time: really so, and with errors that reach whoever runs the loop."""

from __future__ import annotations

import ctypes
import os
import select
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from loop_rig import MakeRig

from sherrington.body.engine import BodyOptions
from sherrington.body.models.one_joint import one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError, RunError
from sherrington.loop.overlap import Overlap

HELD = ctypes.PyDLL(None)
"""C functions called with the GIL held for all their duration, as ``nest.Run`` does."""
FREE = ctypes.CDLL(None)
"""C functions called without the GIL, as a body steps."""
PATIENCE_MS = 20_000


class _PollFd(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


@pytest.fixture
def long_turns() -> Iterator[None]:
    """A thread gives the GIL up only when it blocks: nothing here works because of a lucky switch."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    yield
    sys.setswitchinterval(before)


@pytest.mark.skipif(not hasattr(os, "splice"), reason="splice is a call of Linux (Python 3.10)")
def test_the_body_steps_while_the_brain_holds_the_gil(long_turns: None) -> None:
    """One C call of the body waits for a byte and passes it on. The brain sends that byte and, never letting the GIL
    go, waits for it to come back: only a body that is already inside its C call can answer."""
    to_body, from_brain = os.pipe()
    to_brain, from_body = os.pipe()

    def body(until_ns: int) -> None:
        assert FREE.splice(to_body, None, from_body, None, ctypes.c_size_t(1), 0) == 1

    overlap = Overlap(body)
    try:
        for cycle in range(20):
            overlap.start(cycle)
            assert HELD.write(from_brain, b"x", ctypes.c_size_t(1)) == 1
            waiting = _PollFd(to_brain, select.POLLIN, 0)
            answered = HELD.poll(ctypes.byref(waiting), ctypes.c_ulong(1), PATIENCE_MS)
            overlap.wait()
            assert answered == 1, f"the body did not step while the brain held the GIL (cycle {cycle})"
            os.read(to_brain, 1)
    finally:
        overlap.close()
        for end in (to_body, from_brain, to_brain, from_body):
            os.close(end)


def test_mujoco_steps_while_the_brain_holds_the_gil(long_turns: None) -> None:
    """All that ``advance`` does before its step must keep the GIL; any other call of MuJoCo would not come back."""
    body = MujocoBody()
    body.prepare(one_joint(), BodyOptions(pipelined=True))
    overlap = Overlap(body.advance)
    try:
        for cycle in range(1, 6):
            body.read("muscle_force")
            body.write("muscle_excitation", np.full(2, 0.1 * cycle))
            body.save()
            overlap.start(cycle * 20_000_000)
            patience = PATIENCE_MS
            while body._data.time < cycle * 0.02 - 1e-9 and patience:
                HELD.usleep(1000)
                patience -= 1
            overlap.wait()
            assert patience, f"the body did not step while the brain held the GIL (cycle {cycle})"
    finally:
        overlap.close()
        body.close()


def test_the_work_gets_its_times_in_order_on_one_other_thread() -> None:
    done: list[tuple[int, int]] = []
    overlap = Overlap(lambda until_ns: done.append((until_ns, threading.get_ident())))
    for until_ns in range(100):
        overlap.start(until_ns)
        overlap.wait()
    overlap.close()
    assert [until_ns for until_ns, _ in done] == list(range(100))
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1


def test_an_error_of_the_work_reaches_the_caller_once() -> None:
    def work(until_ns: int) -> None:
        if until_ns == 2:
            raise BodyError("the knee")

    overlap = Overlap(work)
    overlap.start(1)
    overlap.wait()
    overlap.start(2)
    with pytest.raises(BodyError, match="the knee"):
        overlap.wait()
    overlap.start(3)
    overlap.wait()
    overlap.close()


def test_closing_twice_ends_the_thread_once() -> None:
    before = threading.active_count()
    overlap = Overlap(lambda until_ns: None)
    assert threading.active_count() == before + 1
    overlap.close()
    overlap.close()
    assert threading.active_count() == before


FUNCTIONS = """
@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts):
    return np.zeros(2)
"""
PATHWAYS = {
    "move": {
        "function": "control.py:move",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"excitation": "body.muscle_excitation"},
        "delay_ms": 1.0,
    }
}


def test_when_the_brain_fails_the_body_is_waited_for(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, PATHWAYS, loop={"mode": "pipelined"}).run(5_000_000)

    def fail(until_ns: int) -> None:
        raise RunError("the brain stopped")

    made.brain.advance = fail  # type: ignore[method-assign]
    with pytest.raises(RunError, match="the brain stopped"):
        made.run()
    assert made.body.now_ns == 6_000_000 and made.loop.now_ns == 5_000_000
    made.loop.close()
    made.loop.close()


def test_when_both_fail_neither_error_is_lost(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, PATHWAYS, loop={"mode": "pipelined"}).run(5_000_000)
    failing = iter([BodyError("the body stopped")])

    def fail(until_ns: int) -> None:
        raise RunError("the brain stopped")

    def fall(until_ns: int) -> None:
        raise next(failing)

    made.brain.advance = fail  # type: ignore[method-assign]
    made.loop._overlap._work = fall  # type: ignore[union-attr]
    with pytest.raises(BodyError, match="the body stopped") as caught:
        made.run()
    assert str(caught.value.__context__) == "the brain stopped"
