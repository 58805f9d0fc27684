"""Pause, step, resume, stop, run until: from any thread, between two cycles, without a trace in the data."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

from sherrington.interrupts import stop_on_interrupt

FUNCTIONS = """
@transfer(inputs={"angle": "rad"}, outputs={"rate": "Hz"}, low=0.0)
def stretch(angle):
    return np.clip(100.0 + 2e3 * np.array([angle[0], -angle[0]]), 0.0, 500.0)

@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts):
    return np.clip(0.05 * counts, 0.0, 1.0)
"""
PATHWAYS: dict[str, Any] = {
    "stretch": {
        "function": "control.py:stretch",
        "inputs": {"angle": "body.joint_angle"},
        "outputs": {"rate": "brain.drive.rate"},
        "noise": {"std": 20.0},
        "delay_ms": 2.0,
    },
    "move": {
        "function": "control.py:move",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"excitation": "body.muscle_excitation"},
        "delay_ms": 3.0,
    },
}
PATIENCE_S = 30.0


@pytest.fixture(params=["lockstep", "pipelined"])
def ready(request: pytest.FixtureRequest, rig: MakeRig) -> Rig:
    made: Rig = rig(FUNCTIONS, PATHWAYS, loop={"mode": request.param, "duration_ms": 60.0})
    return made


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


@contextmanager
def running(rig: Rig) -> Iterator[threading.Thread]:
    """The loop on a thread of its own, so that this one can be somebody else; joined at the end."""
    thread = threading.Thread(target=rig.run)
    thread.start()
    try:
        yield thread
    finally:
        rig.loop.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def settled(rig: Rig, cycles: int) -> bool:
    """Whether the loop rests at this cycle: whatever was asked for has been done."""
    done = threading.Event()
    rig.loop.request(lambda loop: done.set())
    assert done.wait(PATIENCE_S)
    return rig.loop.cycle_count == cycles


def test_pause_step_and_resume_from_another_thread(ready: Rig) -> None:
    loop = ready.loop
    loop.pause()
    with running(ready) as thread:
        assert settled(ready, 0)
        loop.step(3)
        wait_for(lambda: settled(ready, 3))
        assert settled(ready, 3) and thread.is_alive()
        loop.step()
        wait_for(lambda: settled(ready, 4))
        loop.resume()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert loop.cycle_count == 60 and loop.now_ns == 60_000_000 and loop.spent.waiting > 0.0


def test_paused_or_not_the_data_are_the_same(rig: MakeRig, ready: Rig) -> None:
    mode = ready.resolved.experiment.loop.mode
    straight = rig(FUNCTIONS, PATHWAYS, loop={"mode": mode, "duration_ms": 60.0}).run()
    loop = ready.loop
    loop.pause()
    with running(ready) as thread:
        for cycles in (1, 5, 6, 17):
            loop.step(cycles - loop.cycle_count)
            wait_for(lambda cycles=cycles: settled(ready, cycles))  # type: ignore[misc]
        loop.resume()
        thread.join(PATIENCE_S)
    _same(ready, straight)


def _same(one: Rig, other: Rig) -> None:
    first, second = one.recorded(), other.recorded()
    assert first.signals.keys() == second.signals.keys() and len(first.signals) >= 6
    for name in first.signals:
        for a, b in zip(first.signal(name), second.signal(name), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
    assert len(first.spikes("drive")) > 50
    np.testing.assert_array_equal(first.spikes("drive").times_ns, second.spikes("drive").times_ns)
    np.testing.assert_array_equal(first.spikes("drive").channels, second.spikes("drive").channels)
    assert one.body.save() == other.body.save()


def test_lockstep_and_pipelined_give_the_same_data(rig: MakeRig) -> None:
    made = [
        rig(FUNCTIONS, PATHWAYS, loop={"mode": mode, "duration_ms": 60.0})
        for mode in ("lockstep", "pipelined")
    ]
    _same(made[0].run(), made[1].run())


def test_run_until_stops_at_the_first_cycle_that_ends_there(rig: MakeRig, ready: Rig) -> None:
    mode = ready.resolved.experiment.loop.mode
    straight = rig(FUNCTIONS, PATHWAYS, loop={"mode": mode, "duration_ms": 60.0}).run()
    for until_ns, reached_ns in ((7_000_000, 7_000_000), (7_000_000, 7_000_000), (20_300_000, 21_000_000)):
        ready.run(until_ns)
        assert ready.loop.now_ns == reached_ns == ready.brain.now_ns == ready.body.now_ns
    ready.run()
    _same(ready, straight)


def test_stop_ends_after_the_cycle_at_hand_and_the_run_can_go_on(ready: Rig) -> None:
    loop = ready.loop
    ready.loop.observers = (
        *loop.observers,
        lambda loop: loop.stop("enough") if loop.cycle_count == 5 else None,
    )
    ready.run()
    assert (loop.cycle_count, loop.stopped_because) == (5, "enough")
    ready.run()
    assert (loop.cycle_count, loop.stopped_because) == (60, "")


def test_a_paused_loop_can_be_stopped(ready: Rig) -> None:
    ready.loop.pause()
    with running(ready):
        assert settled(ready, 0)
    assert (ready.loop.cycle_count, ready.loop.stopped_because) == (0, "stopped on request")


def test_ctrl_c_ends_a_paused_loop_too(ready: Rig) -> None:
    ready.loop.pause()
    before = signal.getsignal(signal.SIGINT)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with stop_on_interrupt(ready.loop):
        ready.run()
    assert (ready.loop.cycle_count, ready.loop.stopped_because) == (0, "stopped by SIGINT")
    assert signal.getsignal(signal.SIGINT) is before


def test_requests_are_done_in_order_between_cycles_on_the_thread_of_the_loop(ready: Rig) -> None:
    done: list[tuple[str, int, bool]] = []
    cycling = threading.Event()
    cycle = ready.loop.cycle

    def noted() -> None:
        cycling.set()
        cycle()
        cycling.clear()

    ready.loop.cycle = noted  # type: ignore[method-assign]
    ready.loop.pause()
    with running(ready) as thread:
        for name in ("a", "b", "c"):
            ready.loop.request(
                lambda loop, name=name: done.append((name, threading.get_ident(), cycling.is_set()))  # type: ignore[misc]
            )
        ready.loop.resume()
        thread.join(PATIENCE_S)
        assert done == [(name, thread.ident, False) for name in ("a", "b", "c")]


def test_a_request_can_change_the_brain_while_running(ready: Rig) -> None:
    from sherrington.brain.engine import Excitability

    quiet = Excitability(silenced=True)

    def silence(loop: Any) -> None:
        if loop.cycle_count == 30:
            loop.request(lambda asked: asked.brain.set_excitability("drive", quiet))

    ready.loop.observers = (*ready.loop.observers, silence)
    times = ready.run().recorded().spikes("drive").times_ns
    assert (times <= 30_000_000).sum() > 30 and not (times > 30_000_000).any()
