"""Files in which the ranks of a brain wrote their neurons' spikes, and how they are merged when read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..ports import SpikeBatch
from .layout import COMMITTED, RANK_FILES

WINDOW = 2**20
"""Spikes of each rank that are merged at a time."""


def rank_files(folder: Path) -> list[Path]:
    """Files of ranks that lie in a run folder, those that have not been merged."""
    return sorted(folder.glob(RANK_FILES))


def merged(files: list[Path], population: str) -> Iterator[SpikeBatch]:
    """The spikes of one population from the files of all ranks, some at a time, sorted by time, then neuron."""
    with ExitStack() as open_files:
        columns = [_columns(open_files.enter_context(_open(file)), population) for file in files]
        starts = [0] * len(columns)
        while any(start < count for start, (_, _, count) in zip(starts, columns, strict=True)):
            parts, starts = _window(columns, starts)
            times, neurons = (np.concatenate(column) for column in zip(*parts, strict=True))
            order = np.lexsort((neurons, times))
            yield SpikeBatch(times[order], neurons[order].astype(np.int64))


def _open(file: Path) -> Any:
    return h5py.File(file, "r", swmr=True, locking="best-effort")


def _columns(file: Any, population: str) -> tuple[Any, Any, int]:
    """Times, neurons, and how many rows the last flush brought to disk."""
    times, neurons = (file[f"spikes/{population}/{name}"] for name in ("time_ns", "neuron"))
    return times, neurons, int(file[COMMITTED][times.attrs[COMMITTED]])


def _window(
    columns: list[tuple[Any, Any, int]], starts: list[int]
) -> tuple[list[tuple[NDArray[np.int64], NDArray[np.int32]]], list[int]]:
    """The next rows of every file up to a time that all of them have reached, and where each goes on."""
    ends = [min(start + WINDOW, count) for start, (_, _, count) in zip(starts, columns, strict=True)]
    times = [column[0][start:end] for column, start, end in zip(columns, starts, ends, strict=True)]
    cut = [c[-1] for c, end, (_, _, count) in zip(times, ends, columns, strict=True) if end < count]
    # Later spikes of the same moment may follow in a file that was cut: that moment waits for the next window.
    taken = [int(np.searchsorted(c, min(cut))) if cut else c.size for c in times]
    if cut and not any(taken):
        taken = [int(np.searchsorted(c, min(cut), side="right")) for c in times]
    parts = [
        (c[:n], column[1][start : start + n])
        for c, column, start, n in zip(times, columns, starts, taken, strict=True)
    ]
    return parts, [start + n for start, n in zip(starts, taken, strict=True)]
