"""The observer that tells others what goes on: it reads between cycles, as the recorder does, and changes nothing.

Thirty times a second of wall time it hands what it has to the outbox, which never waits.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from ..clock import ns_to_s
from ..errors import NeverError, known
from ..loop.closed_loop import ClosedLoop
from ..loop.recorder import Read, Recorder
from ..ports import Port
from ..record.folder import plain
from ..service.frames import Cargo
from ..service.messages import Poses, Progress, Rates, Subscribe, Trial
from .outbox import Outbox, Parcel
from .signals import SignalWatch
from .spikes import SpikeWatch

TICK_S = 1 / 30
PROGRESS_S = 0.25
BUSY_SHARE, IDLE_SHARE = 0.02, 0.005
"""Of the wall time that reading signals may take before they are read less often, and below which more often."""
FIRST = Subscribe(id="")
"""What is sent until something else is asked for."""


class Timer:
    """Due ``hz`` times a second of wall time at most."""

    def __init__(self, hz: float) -> None:
        # A tick may come a little early for one of its own rate.
        self._interval_s = 0.9 / hz if hz else float("inf")
        self._next_s = 0.0 if hz else float("inf")

    def is_due(self, now_s: float) -> bool:
        """Whether it is; the next time then counts from now."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._interval_s
        return True


class Watcher:
    """An ``Observer`` of the loop. Only the loop's thread calls it.

    sources: the signals that may be watched. spikes: whether the recorder has them. failure: why it gave up, if it had
    to: the run goes on.
    """

    def __init__(
        self,
        outbox: Outbox,
        loop: ClosedLoop,
        recorder: Recorder,
        sources: Mapping[str, tuple[Port, Read]],
        *,
        spikes: bool,
    ) -> None:
        self._has_spikes = spikes
        self._outbox, self._recorder = outbox, recorder
        self._sources = sources
        self._sizes = {name: info.size for name, info in recorder.store.populations.items()}
        self._spikes = SpikeWatch(loop.now_ns)
        self._signals = SignalWatch(sources, loop.schedule.interval_ns, loop.now_ns)
        self._has_muscles = "muscle_activation" in loop.body.outputs
        self._progress = Timer(1 / PROGRESS_S)
        self._trials = 0
        self._looked_s = self._last_s = time.perf_counter()
        self._busy_s = 0.0
        self._spent = self._now(loop)
        self._rated_ns, self._rated = loop.now_ns, dict(recorder.tap.spike_counts)
        self.failure = ""
        self.subscribe(FIRST)

    # --- asked for ---

    def check(self, wish: Subscribe) -> None:
        """Raises NeverError for a population or a signal that cannot be watched, with those that can."""
        for name in wish.populations or ():
            if name not in self._sizes:
                raise NeverError(f"the spikes of '{name}' are not recorded; {known(tuple(self._sizes))}")
        for signal in wish.signals:
            if signal.name not in self._sources:
                raise NeverError(f"no signal '{signal.name}'; {known(tuple(self._sources))}")

    def subscribe(self, wish: Subscribe) -> None:
        """Send this from the next cycle on. It has been checked."""
        self._watched = tuple(self._sizes) if wish.populations is None else tuple(wish.populations)
        self._spikes.watch(self._watched if self._has_spikes else (), wish.spikes_per_s)
        self._signals.watch(wish.signals)
        self._pose_timer, self._rate_timer = Timer(wish.poses_hz), Timer(wish.rates_hz)
        self._poses_wanted = wish.poses_hz > 0

    # --- between cycles ---

    def __call__(self, loop: ClosedLoop) -> None:
        if self.failure:
            return
        try:
            self._look(loop, time.perf_counter())
        except Exception as error:  # noqa: BLE001 - told in the summary; a run does not end because it is watched
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.failure = f"{type(error).__name__}: {error}"

    def _look(self, loop: ClosedLoop, now_s: float) -> None:
        self._spikes.collect(self._recorder.spikes)
        if self._signals.watched:
            began = time.perf_counter()
            self._signals.collect(loop.cycle_count, loop.now_ns)
            self._busy_s += time.perf_counter() - began
        if now_s - self._last_s >= TICK_S or loop.paused or self._spikes.is_full(loop.now_ns):
            self._tell(loop, now_s, everything=loop.paused)

    def flush(self, loop: ClosedLoop) -> None:
        """Hand over all there is, whatever the time: before a pause, at the end."""
        if self.failure:
            return
        try:
            self._tell(loop, time.perf_counter(), everything=True)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(error)

    def _tell(self, loop: ClosedLoop, now_s: float, *, everything: bool) -> None:
        elapsed_s = min(max(now_s - self._last_s, TICK_S), 1.0)
        self._last_s = now_s
        self._ease(now_s)
        self._put(self._spikes.spikes(loop.now_ns, elapsed_s))
        if self._rate_timer.is_due(now_s):
            self._put(self._rates(loop))
        self._put(self._signals.signals(loop.now_ns, elapsed_s))
        if self._pose_timer.is_due(now_s) or (everything and self._poses_wanted):
            self._put(self._poses(loop))
        if self._progress.is_due(now_s) or everything:
            self._put(Parcel(self._progress_of(loop)))
        self._tell_trials(loop)

    def _put(self, parcel: Parcel | None) -> None:
        if parcel is not None:
            self._outbox.put(parcel)

    def _ease(self, now_s: float) -> None:
        """Read signals less often where that takes more than its share of the time."""
        share = self._busy_s / max(now_s - self._looked_s, 1e-9)
        self._signals.press(share > BUSY_SHARE, share < IDLE_SHARE)
        self._busy_s, self._looked_s = 0.0, now_s

    def _rates(self, loop: ClosedLoop) -> Parcel | None:
        """Of all spikes since the rates before, shown or not."""
        from_ns, before, counts = self._rated_ns, self._rated, dict(self._recorder.tap.spike_counts)
        duration_s = ns_to_s(loop.now_ns - from_ns)
        if not duration_s or not self._watched:
            return None
        self._rated_ns, self._rated = loop.now_ns, counts
        rates = {n: (counts[n] - before[n]) / (self._sizes[n] * duration_s) for n in self._watched}
        return Parcel(Rates(from_ns=from_ns, time_ns=loop.now_ns, rates_hz=rates))

    def _poses(self, loop: ClosedLoop) -> Parcel:
        pose = loop.body.pose()
        activation = loop.body.read("muscle_activation") if self._has_muscles else np.empty(0)
        cargo = Cargo()
        message = Poses(
            time_ns=loop.now_ns,
            positions=cargo.floats(pose.positions),
            quaternions=cargo.floats(pose.quaternions),
            activations=cargo.floats(activation),
        )
        return Parcel(message, cargo)

    def _progress_of(self, loop: ClosedLoop) -> Progress:
        before, now = self._spent, self._now(loop)
        self._spent = now
        since = {name: now[name] - before[name] for name in now}
        cycles, biological_s = since.pop("cycles"), since.pop("biological_s")
        total = since.pop("total")
        step_ms = {name: 1e3 * value / max(cycles, 1) for name, value in since.items()}
        return Progress(
            time_ns=loop.now_ns,
            cycles=loop.cycle_count,
            wall_s=now["total"],
            rtf=_ratio(now["total"] - now["waiting"], now["biological_s"]),
            rtf_now=_ratio(total - since["waiting"], biological_s),
            step_ms=step_ms,
            lag_s=loop.lag_s,
            paused=loop.paused,
            dropped=self._outbox.dropped,
        )

    @staticmethod
    def _now(loop: ClosedLoop) -> dict[str, float]:
        spent = loop.spent
        parts = ("brain", "body", "transfer", "readout", "record", "waiting", "total")
        now = {name: getattr(spent, name) for name in parts}
        return now | {
            "other": spent.loop_overhead - spent.record,
            "cycles": loop.cycle_count,
            "biological_s": ns_to_s(loop.now_ns),
        }

    def _tell_trials(self, loop: ClosedLoop) -> None:
        rows = loop.wiring.trials.rows if loop.wiring.trials else []
        for row in rows[self._trials :]:
            self._outbox.put(Parcel(Trial(row=plain(row))))
        self._trials = len(rows)


def _ratio(wall_s: float, biological_s: float) -> float | None:
    return wall_s / biological_s if biological_s else None
