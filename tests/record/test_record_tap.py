"""The tap copies, counts and flushes; it changes nothing."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from sherrington.errors import PortError
from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore, open_run
from sherrington.record.tap import Tap

LENGTH = Port("length", Kind.SIGNAL, (2,), "m", ("flexor", "extensor"))


def made(folder: Path, flush_interval_s: float) -> Tap:
    populations = {name: PopulationInfo(10, {name: 10}, "") for name in ("a", "b")}
    store = RunStore(folder, spikes=populations, signals={"body.length": LENGTH})
    return Tap(store, flush_interval_s)


def test_spikes_are_counted_and_rates_are_means(tmp_path: Path) -> None:
    tap = made(tmp_path, 1.0)
    assert tap.rates_hz() == {"a": 0.0, "b": 0.0}
    for step in range(1, 101):
        tap.take(step * 1_000_000, {"a": SpikeBatch(np.array([step * 1_000_000]), np.array([4]))}, {})
    tap.store.close()
    assert tap.spike_counts == {"a": 100, "b": 0}
    assert tap.rates_hz() == pytest.approx({"a": 100.0, "b": 0.0})  # 100 spikes of 10 neurons in 0.1 s


def test_what_is_due_is_on_disk_without_closing(tmp_path: Path) -> None:
    """A reader sees what was taken while the writer lives and goes on taking."""
    tap = made(tmp_path, 0.01)
    for step in range(1000):
        tap.take(step, {}, {"body.length": np.array([step, 2.0 * step])})
        time.sleep(0.001)
    time_ns, values = open_run(tmp_path).signal("body.length")
    assert len(time_ns) > 0
    assert np.array_equal(time_ns, np.arange(len(time_ns)))
    assert np.array_equal(values, np.stack([time_ns, 2 * time_ns], axis=1))
    tap.store.close()


def test_between_flushes_nothing_is_written(tmp_path: Path) -> None:
    tap = made(tmp_path, 3600.0)
    tap.take(0, {}, {"body.length": np.zeros(2)})
    assert len(open_run(tmp_path).signal("body.length")[0]) == 0
    tap.store.close()
    assert len(open_run(tmp_path).signal("body.length")[0]) == 1


def test_cycles_without_a_sample_are_no_fault_and_arrays_stay_untouched(tmp_path: Path) -> None:
    tap = made(tmp_path, 1.0)
    length, spikes = np.array([1.0, 2.0]), SpikeBatch(np.array([3, 4]), np.array([0, 9]))
    for array in (length, spikes.times_ns, spikes.channels):
        array.flags.writeable = False
    tap.take(5, {"b": spikes}, {"body.length": length})
    tap.take(10, {}, {})
    tap.store.close()
    assert open_run(tmp_path).signal("body.length")[0].tolist() == [5]
    assert length.tolist() == [1.0, 2.0]


def test_a_population_that_is_not_recorded_is_refused(tmp_path: Path) -> None:
    tap = made(tmp_path, 1.0)
    with pytest.raises(PortError, match="no population 'c' is recorded; there are: a, b"):
        tap.take(5, {"c": SpikeBatch(np.array([3]), np.array([0]))}, {})
    tap.store.close()
