"""Spikes that several ranks recorded: merged they are what one process would have recorded, whatever the windows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sherrington.ports import SpikeBatch
from sherrington.record import rank_files
from sherrington.record.layout import PopulationInfo, rank_file
from sherrington.record.rank_files import merged
from sherrington.record.rank_spikes import merge_into
from sherrington.record.read import open_run
from sherrington.record.store import RunStore

NEURONS = 12
INFO = {"p": PopulationInfo(NEURONS, {"p": NEURONS}, ""), "quiet": PopulationInfo(3, {"quiet": 3}, "")}

trains = st.lists(st.tuples(st.integers(1, 30), st.integers(0, NEURONS - 1)), unique=True, max_size=60)


def record(folder: Path, spikes: list[tuple[int, int]], ranks: int) -> SpikeBatch:
    """Write what each rank would have, and give what one process would have."""
    every = np.array(sorted(spikes), np.int64).reshape(-1, 2)
    for rank in range(ranks):
        mine = every[every[:, 1] % ranks == rank]
        store = RunStore(folder, spikes=INFO, signals={}, file=rank_file(rank))
        store.append_spikes("p", SpikeBatch(mine[:, 0], mine[:, 1]))
        store.close()
    return SpikeBatch(every[:, 0], every[:, 1])


@settings(max_examples=60, deadline=None)
@given(spikes=trains, ranks=st.integers(1, 4), window=st.integers(1, 20))
def test_merging_gives_what_one_process_records(
    spikes: list[tuple[int, int]], ranks: int, window: int
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_files, "WINDOW", window)
        expected = record(Path(name), spikes, ranks)
        batches = list(merged(rank_files.rank_files(Path(name)), "p"))
    times = np.concatenate([b.times_ns for b in batches]) if batches else np.empty(0, np.int64)
    neurons = np.concatenate([b.channels for b in batches]) if batches else np.empty(0, np.int64)
    assert times.tolist() == expected.times_ns.tolist()
    # Within a moment the order may depend on the window, as between two processes that flushed at other times.
    assert sorted(zip(times.tolist(), neurons.tolist(), strict=True)) == sorted(spikes)


def test_the_data_file_gets_the_spikes_and_the_files_of_the_ranks_go(tmp_path: Path) -> None:
    expected = record(tmp_path, [(5, 3), (5, 4), (7, 0), (9, 11)], 2)
    store = RunStore(tmp_path, spikes=INFO, signals={})
    before = open_run(tmp_path).spikes("p")
    merge_into(store)
    store.close()
    run = open_run(tmp_path)
    for found in (before, run.spikes("p")):
        assert found.times_ns.tolist() == expected.times_ns.tolist()
        assert found.channels.tolist() == expected.channels.tolist()
    assert (run.spike_count("p"), run.spike_count("quiet")) == (4, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["data.h5"]
