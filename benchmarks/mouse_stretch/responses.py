"""Responses averaged over pushes, and their latencies.

Times are ms from the start of a push's torque; a bin is named by its start. ``README.md`` states the criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from experiments import MAPPED_SHARE, MUSCLES, STRIP
from numpy.typing import NDArray

from sherrington import Run

Floats = NDArray[np.float64]

BEFORE_MS, AFTER_MS, BIN_MS = 100.0, 150.0, 2.5
DEVIATIONS, BINS = 3.0, 2
"""A response begins at the first of so many bins in a row that are so many standard deviations above the mean of the
bins before the push."""
WITHIN_MS = 100.0
"""Nothing that begins later is called a response."""
STARTS_MS: Floats = np.arange(-BEFORE_MS, AFTER_MS, BIN_MS)

CHAIN = (
    *("Ia", "MN", "CN", "TH_S1_VPL_TC", "S1_L4_Pyr", "S1_L5B_Pyr"),
    *("M1_L23_CC", "M1_L5B_PT", "premotor"),
)


@dataclass(frozen=True)
class Course:
    """What a population does around a push. values: shape (n_bins,), ordered as ``STARTS_MS``."""

    values: Floats

    @property
    def base(self) -> float:
        return float(self.values[STARTS_MS < 0].mean())

    @property
    def spread(self) -> float:
        return float(self.values[STARTS_MS < 0].std(ddof=1))

    @property
    def deviations(self) -> Floats:
        return (self.values - self.base) / max(self.spread, 1e-12)

    def onset_ms(self, after_ms: float = 0.0) -> float:
        """Start of the response; nan where there is none."""
        high = self.deviations > DEVIATIONS
        for i in np.flatnonzero((after_ms <= STARTS_MS) & (STARTS_MS < WITHIN_MS)):
            if high[i : i + BINS].all():
                return float(STARTS_MS[i])
        return float("nan")

    def excess(self, from_ms: float, to_ms: float) -> float:
        """Mean above the mean before the push in a window."""
        inside = (from_ms <= STARTS_MS) & (to_ms > STARTS_MS)
        return float(self.values[inside].mean() - self.base)

    def less(self, other: Course) -> Course:
        """Both from their own mean before the push, one minus the other."""
        return Course((self.values - self.base) - (other.values - other.base))


def courses(runs: Sequence[tuple[Run, Sequence[float]]]) -> dict[str, Course]:
    """The course of each population of ``CHAIN`` and of the muscles' ``length``, mm, over all pushes of all runs.

    runs: each with the times of its pushes, ms.
    """
    found = {name: Course(np.mean([_rate_hz(run, name, at) for run, at in runs], axis=0)) for name in CHAIN}
    return {"length": Course(np.mean([_length_mm(run, at) for run, at in runs], axis=0)), **found}


def _rate_hz(run: Run, population: str, pushes_ms: Sequence[float]) -> Floats:
    cells = _cells(run, population)
    spikes = run.spikes(population)
    times_ms = spikes.times_ns[np.isin(spikes.channels, cells)] / 1e6
    edges_ms = np.append(STARTS_MS, AFTER_MS)
    counts = sum(np.histogram(times_ms - at, edges_ms)[0] for at in pushes_ms)
    return np.asarray(counts / (len(pushes_ms) * cells.size * BIN_MS / 1000), float)


def _length_mm(run: Run, pushes_ms: Sequence[float]) -> Floats:
    """Mean of the muscles, in the middle of each bin."""
    every = [run.signal("body.muscle_length", muscle) for muscle in MUSCLES]
    time_ms, mean_mm = every[0][0] / 1e6, 1000 * np.mean([length for _, length in every], axis=0)
    middles = STARTS_MS + BIN_MS / 2
    return np.asarray(np.mean([np.interp(at + middles, time_ms, mean_mm) for at in pushes_ms], axis=0))


def _cells(run: Run, population: str) -> NDArray[np.int64]:
    """Neurons of the population that belong to the stretched muscles, or to the strip, or lie under both."""
    channels = run.populations[population].channels
    if STRIP in channels:
        return _of(channels, [STRIP])
    if set(MUSCLES) <= set(channels):
        return _of(channels, MUSCLES)
    places = run.places(population)
    side_mm = places.sheet_mm[1]
    return np.flatnonzero(places.positions_mm[:, 1] <= side_mm * (MAPPED_SHARE - 0.5))


def _of(channels: Mapping[str, int], wanted: Iterable[str]) -> NDArray[np.int64]:
    ends = np.cumsum(list(channels.values()))
    spans = {name: (end - size, end) for (name, size), end in zip(channels.items(), ends, strict=True)}
    return np.concatenate([np.arange(*spans[name]) for name in wanted])
