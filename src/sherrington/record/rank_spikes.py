"""Spikes of a brain over several ranks: each rank writes those of its own neurons, and they are merged in the end.

So spikes that nobody needs during the run never travel between ranks. A run that is killed leaves the files of its
ranks, and reading merges them then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..ports import SpikeBatch
from .layout import PopulationInfo, rank_file
from .rank_files import merged, rank_files
from .store import RunStore
from .tap import Tap


class RankSpikes:
    """Records the spikes of one rank's neurons after every step. read: gives those of a population."""

    def __init__(
        self,
        folder: Path,
        rank: int,
        populations: Mapping[str, PopulationInfo],
        read: Callable[[str], SpikeBatch],
    ) -> None:
        self._store = RunStore(folder, spikes=populations, signals={}, file=rank_file(rank))
        self._tap = Tap(self._store)
        self._read = read

    def take(self) -> None:
        """Record the spikes of the step that was made last."""
        self._tap.take(0, {name: self._read(name) for name in self._store.populations}, {})

    def close(self) -> None:
        """Bring everything to the file; safe to call twice."""
        self._store.close()


def merge_into(store: RunStore) -> None:
    """Add the spikes of all ranks to the data file, then remove their files."""
    files = rank_files(store.path.parent)
    for population in store.populations if files else ():
        for batch in merged(files, population):
            store.append_spikes(population, batch)
    if files:
        store.flush()
    for file in files:
        file.unlink()
