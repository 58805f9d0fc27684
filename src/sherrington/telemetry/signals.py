"""The signals that are watched: sampled between cycles, fewer of them where reading them would slow the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..clock import NS_PER_MS
from ..loop.recorder import Read
from ..ports import Port, Signal
from ..service.frames import Cargo
from ..service.messages import SignalPart, Signals, SignalWish
from .outbox import Parcel
from .thinning import share, steady

VALUES_PER_S = 100_000
"""Of wall time, over all signals: more than a screen can show, and 0.4 MB/s."""
MOST_PRESSURE = 1 << 12


@dataclass
class _Watched:
    """A signal and its samples. every: cycles between two samples asked for; stride: of these, one in so many is read;
    asked: how many were asked for since the last message."""

    name: str
    port: Port
    read: Read
    every: int
    stride: int = 1
    asked: int = 0
    samples: list[tuple[int, int, Signal]] = field(default_factory=list)

    @property
    def values_asked(self) -> int:
        return self.asked * int(np.prod(self.port.shape))


class SignalWatch:
    """sources: every signal by name, with the way to read it."""

    def __init__(self, sources: Mapping[str, tuple[Port, Read]], interval_ns: int, from_ns: int) -> None:
        self._sources, self._interval_ns, self._from_ns = sources, interval_ns, from_ns
        self.watched: list[_Watched] = []
        self._pressure = 1

    def watch(self, wishes: Sequence[SignalWish]) -> None:
        """Watch these from now on; all of them exist."""
        every = {w.name: max(1, -(-round(w.interval_ms * NS_PER_MS) // self._interval_ns)) for w in wishes}
        self.watched = [_Watched(name, *self._sources[name], cycles) for name, cycles in every.items()]

    def collect(self, cycle: int, now_ns: int) -> None:
        """Sample what is due at the end of a cycle."""
        for each in self.watched:
            if cycle % each.every == 0:
                each.asked += 1
                if cycle % (each.every * each.stride) == 0:
                    each.samples.append((cycle, now_ns, each.read().astype(np.float32)))

    def press(self, is_slow: bool, has_time: bool) -> None:
        """Read half as often where reading takes too much of the time, twice as often where it takes little."""
        if is_slow:
            self._pressure = min(2 * self._pressure, MOST_PRESSURE)
        elif has_time:
            self._pressure = max(self._pressure // 2, 1)

    def signals(self, now_ns: int, elapsed_s: float) -> Parcel | None:
        """What was sampled since the call before, ``elapsed_s`` of wall time ago; None when nothing was due."""
        level = share([w.values_asked for w in self.watched], VALUES_PER_S * elapsed_s)
        cargo, parts = Cargo(), []
        for each in self.watched:
            before = each.stride
            each.stride = max(steady(each.values_asked, level, before), self._pressure)
            if each.asked:
                parts.append(self._part(each, max(before, each.stride), cargo))
            each.asked, each.samples = 0, []
        message = Signals(from_ns=self._from_ns, time_ns=now_ns, parts=parts)
        self._from_ns = now_ns
        return Parcel(message, cargo) if parts else None

    def _part(self, each: _Watched, one_in: int, cargo: Cargo) -> SignalPart:
        shown = [s for s in each.samples if s[0] % (each.every * one_in) == 0]
        values = np.array([value for _, _, value in shown], np.float32).reshape(-1, *each.port.shape)
        return SignalPart(
            name=each.name,
            one_in=one_in,
            times=cargo.counts(np.array([t - self._from_ns for _, t, _ in shown], np.int64)),
            values=cargo.floats(values),
        )
