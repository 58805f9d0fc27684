"""The tap: hands what a cycle produced to the store. It only reads: the run is the same without it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ..body.engine import Pose
from ..clock import ns_to_s
from ..ports import Signal, SpikeBatch
from .store import RunStore

FLUSH_SHARE = 0.03
FEWEST_CYCLES = 5
"""Between two flushes: of a brain that takes a second for a step, they would otherwise come with every one."""


class Tap:
    """Records cycle by cycle into a store and flushes it now and then, so that a killed run can be read.

    flush_interval_s: wall time between two flushes; what a killed process can lose at most, or five cycles where those
    take longer. With thousands of ports, where a flush takes long, they are further apart, so that they take
    ``FLUSH_SHARE`` of the time.
    Everything handed over is copied before ``take`` returns. Memory does not grow with the length of the run.
    """

    def __init__(self, store: RunStore, flush_interval_s: float = 1.0) -> None:
        self.store = store
        self.spike_counts: dict[str, int] = dict.fromkeys(store.populations, 0)
        """Spikes so far, by population."""
        self.time_ns = 0
        self._flush_interval_s = flush_interval_s
        self._next_flush_s = time.monotonic() + flush_interval_s
        self._cycles = 0

    def take(
        self,
        time_ns: int,
        spikes: Mapping[str, SpikeBatch],
        signals: Mapping[str, Signal],
        pose: Pose | None = None,
        activations: Signal | None = None,
    ) -> None:
        """Record what there is at ``time_ns``, the end of a cycle.

        spikes: of the populations that have any, since the last call. signals: every recorded port, or none
        in a cycle without a sample. pose and activations (n_muscles,): only in cycles that are to be drawn.
        """
        self.time_ns = time_ns
        for population, batch in spikes.items():
            if batch.times_ns.size:
                self.store.append_spikes(population, batch)
                self.spike_counts[population] += batch.times_ns.size
        if signals:
            self.store.append_signals(time_ns, signals)
        if pose is not None:
            self.store.append_poses(time_ns, pose, activations)
        self._flush_when_due()

    def rates_hz(self) -> dict[str, float]:
        """Mean rate of each population so far: spikes per neuron and second; 0 before any time passed."""
        elapsed_s = ns_to_s(self.time_ns)
        if not elapsed_s:
            return dict.fromkeys(self.spike_counts, 0.0)
        sizes = self.store.populations
        return {name: count / (sizes[name].size * elapsed_s) for name, count in self.spike_counts.items()}

    def _flush_when_due(self) -> None:
        now_s = time.monotonic()
        self._cycles += 1
        if now_s >= self._next_flush_s and self._cycles >= FEWEST_CYCLES:
            self.store.flush()
            self._cycles = 0
            done_s = time.monotonic()
            self._next_flush_s = done_s + max(self._flush_interval_s, (done_s - now_s) / FLUSH_SHARE)
