"""The spikes that are watched: gathered cycle by cycle, and thinned to what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ports import SpikeBatch
from ..service.frames import Cargo
from ..service.messages import Spikes, SpikeTrain
from .outbox import Parcel
from .thinning import share, steady

LONGEST_NS = 4_000_000_000
"""Of one message: its times are uint32, in ns."""

Ints = NDArray[np.int64]


class SpikeWatch:
    """Nothing is watched at first."""

    def __init__(self, from_ns: int) -> None:
        self._from_ns = from_ns
        self.watch((), 0)

    def watch(self, populations: Sequence[str], spikes_per_s: float) -> None:
        """Watch these from now on."""
        self._populations, self._spikes_per_s = tuple(populations), spikes_per_s
        self._strides = np.ones(len(self._populations), np.int64)
        self._clear()

    def _clear(self) -> None:
        """Gathered: times and neurons, an array a cycle; whose they are, and how many of each, in the same order."""
        self._times: list[Ints] = []
        self._neurons: list[Ints] = []
        self._whose: list[int] = []
        self._sizes: list[int] = []

    def collect(self, spikes: Mapping[str, SpikeBatch]) -> None:
        """Take the spikes of a cycle; they are copied."""
        if not (spikes and self._spikes_per_s):
            return
        found = [(i, spikes[name]) for i, name in enumerate(self._populations)]
        found = [(i, batch) for i, batch in found if batch.times_ns.size]
        if found:
            self._whose += [i for i, _ in found]
            self._sizes += [batch.times_ns.size for _, batch in found]
            self._times.append(np.concatenate([batch.times_ns for _, batch in found]))
            self._neurons.append(np.concatenate([batch.channels for _, batch in found]))

    def is_full(self, now_ns: int) -> bool:
        """Whether a message must be made now, whatever the time."""
        return now_ns - self._from_ns >= LONGEST_NS

    def spikes(self, now_ns: int, elapsed_s: float) -> Parcel | None:
        """What was gathered since the call before, ``elapsed_s`` of wall time ago; None when nothing is watched, or no
        biological time has passed."""
        from_ns, self._from_ns = self._from_ns, now_ns
        if now_ns == from_ns or not (self._spikes_per_s and self._populations):
            return None
        whose = np.repeat(np.array(self._whose, np.int64), self._sizes)
        times, neurons = (np.concatenate([*parts, _NONE]) for parts in (self._times, self._neurons))
        self._clear()
        counts = np.bincount(whose, minlength=len(self._populations))
        self._adjust(counts, self._spikes_per_s * elapsed_s)
        order = np.argsort(whose, kind="stable")
        if (self._strides > 1).any():
            order = order[(neurons % self._strides[whose] == 0)[order]]
        shown = np.bincount(whose[order], minlength=len(self._populations))
        cargo = Cargo()
        message = Spikes(
            from_ns=from_ns,
            time_ns=now_ns,
            trains=self._trains(counts, shown),
            times=cargo.counts(times[order] - from_ns),
            neurons=cargo.counts(neurons[order]),
        )
        return Parcel(message, cargo)

    def _adjust(self, counts: Ints, allowed: float) -> None:
        """Choose how much is shown of each population."""
        level = share(counts.tolist(), allowed)
        if level < float("inf") or (self._strides > 1).any():
            pairs = zip(counts.tolist(), self._strides.tolist(), strict=True)
            self._strides = np.array([steady(count, level, before) for count, before in pairs], np.int64)

    def _trains(self, counts: Ints, shown: Ints) -> list[SpikeTrain]:
        rows = zip(self._populations, counts.tolist(), self._strides.tolist(), shown.tolist(), strict=True)
        return [
            SpikeTrain(population=name, count=count, one_in=one_in, shown=shown)
            for name, count, one_in, shown in rows
            if count
        ]


_NONE: Ints = np.empty(0, np.int64)
