"""Pacing to real time: biological time never runs ahead of the wall clock, and what it fell behind is reported."""

from __future__ import annotations

import threading
import time

from loop_rig import MakeRig

from sherrington.loop.closed_loop import ClosedLoop

FUNCTIONS = ""
DRIVE = {
    "drive": {"function": "constant", "outputs": {"value": "brain.drive.rate"}, "params": {"value": 100.0}}
}


def test_biological_time_waits_for_the_wall_clock(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, DRIVE, loop={"interval_ms": 5.0, "duration_ms": 300.0, "realtime": True})
    ahead: list[float] = []
    began = time.perf_counter()
    made.loop.observers = (lambda loop: ahead.append(loop.now_ns / 1e9 - (time.perf_counter() - began)),)
    made.run()
    # The clock starts with the end of the first cycle, and an observer looks before the loop waits.
    assert max(ahead) < 0.011
    assert time.perf_counter() - began > 0.29
    assert made.loop.spent.waiting > 0.0


def test_without_pacing_nothing_waits_and_no_lag_is_told(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, DRIVE).run()
    assert made.loop.spent.waiting == made.loop.lag_s == made.loop.worst_lag_s == 0.0


def test_falling_behind_is_reported_and_caught_up(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, DRIVE, loop={"interval_ms": 5.0, "duration_ms": 300.0, "realtime": True})
    made.loop.observers = (lambda loop: time.sleep(0.1) if loop.cycle_count == 10 else None,)
    lags: list[float] = []
    made.loop.observers = (*made.loop.observers, lambda loop: lags.append(loop.lag_s))
    made.run()
    assert made.loop.worst_lag_s > 0.08 and max(lags) == made.loop.worst_lag_s
    assert made.loop.lag_s < made.loop.worst_lag_s


def test_a_pause_is_no_lag(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, DRIVE, loop={"interval_ms": 5.0, "duration_ms": 100.0, "realtime": True})
    resting = threading.Event()

    def rest(loop: ClosedLoop) -> None:
        if loop.cycle_count == 10:
            loop.pause()
            loop.request(lambda _: resting.set())

    made.loop.observers = (rest,)
    thread = threading.Thread(target=made.run)
    thread.start()
    assert resting.wait(30.0)
    time.sleep(1.5)
    made.loop.resume()
    thread.join(30.0)
    assert made.loop.cycle_count == 20 and made.loop.spent.waiting > 1.0
    assert made.loop.worst_lag_s < 1.0
