"""Reading a run back: what the summary says, rates with a known answer, and errors that help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.errors import NeverError, PortError
from sherrington.ports import SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore, open_run, write_json

MS = 1_000_000


def test_a_recorded_run_comes_back(recorder: Callable[..., Any]) -> None:
    played = recorder(n_muscles=3, n_joints=2)
    played.play(200)
    run = played.finish()
    for name, batches in played.spikes.items():
        found = run.spikes(name)
        assert np.array_equal(found.times_ns, np.concatenate([b.times_ns for b in batches]))
        assert np.array_equal(found.channels, np.concatenate([b.channels for b in batches]))
        assert run.summary["spikes"][name] == len(found)
    assert sum(run.summary["spikes"].values()) > 500
    for name, samples in played.samples.items():
        time_ns, values = run.signal(name)
        assert np.array_equal(time_ns, played.times)
        assert np.array_equal(values, samples)
    assert run.poses().time_ns.tolist() == [20 * MS * i for i in range(1, 11)]
    assert (run.name, run.experiment["seed"], run.provenance["seeds"]) == ("swinging_limb", 1, {"run": 1})
    assert run.duration_ns == 200 * MS
    assert repr(run) == "<Run run0: 200 ms, 4 populations, 6 signals, completed>"


def test_one_channel_can_be_asked_for(recorder: Callable[..., Any]) -> None:
    played = recorder(n_muscles=3)
    played.play(10)
    run = played.finish()
    time_ns, force = run.signal("body.muscle_force", "muscle_01")
    assert time_ns.shape == force.shape == (10,)
    assert np.array_equal(force, run.signal("body.muscle_force")[1][:, 1])
    with pytest.raises(PortError, match="no channel 'biceps'; there are: muscle_00, muscle_01, muscle_02"):
        run.signal("body.muscle_force", "biceps")


def test_rate_of_a_regular_train(tmp_path: Path) -> None:
    """Two of four neurons fire every 5 ms, the last time at the very end: 100 spikes/s over the population."""
    store = RunStore(tmp_path, spikes={"p": PopulationInfo(4, {"p": 4}, "")}, signals={})
    times = np.repeat(np.arange(5 * MS, 100 * MS + 1, 5 * MS), 2)
    store.append_spikes("p", SpikeBatch(times, np.tile([0, 3], len(times) // 2)))
    store.close()
    run = open_run(tmp_path)
    time_ns, rate_hz = run.rate_hz("p", bin_ms=10)
    assert time_ns.tolist() == [5 * MS + 10 * MS * i for i in range(10)]
    assert rate_hz == pytest.approx(np.full(10, 100.0))
    time_ns, rate_hz = run.rate_hz("p", bin_ms=30)
    assert len(time_ns) == len(rate_hz) == 3  # the last 10 ms are no whole bin
    assert rate_hz == pytest.approx(np.full(3, 100.0))


def test_a_run_that_stopped_before_it_recorded(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"seed": 1})
    run = open_run(tmp_path)
    assert (run.populations, run.signals, run.duration_ns, run.summary) == ({}, {}, 0, {})
    assert run.poses().bodies == ()
    with pytest.raises(NeverError, match=r"has no experiment\.yaml"):
        _ = run.experiment


def test_unknown_names_say_what_there_is(recorder: Callable[..., Any]) -> None:
    run = recorder().finish()
    with pytest.raises(
        PortError, match=r"no spikes of 'purkinje' were recorded .*; there are: .*motoneurons"
    ):
        run.spikes("purkinje")
    with pytest.raises(
        PortError, match=r"no signal 'body.length' was recorded .*; there are: body.joint_angle, "
    ):
        run.signal("body.length")
    with pytest.raises(PortError, match="no signal"):
        run.unit("body.length")


def test_a_folder_that_is_no_run_says_where_runs_are(tmp_path: Path) -> None:
    RunStore(tmp_path / "reflex-1", spikes={}, signals={}).close()
    (tmp_path / "notes").mkdir()
    with pytest.raises(NeverError, match=r"is not a run folder: .*; runs in it: there are: reflex-1$"):
        open_run(tmp_path)
    with pytest.raises(NeverError, match=r"there is no folder .*reflex-2; runs in .*: there are: reflex-1$"):
        open_run(tmp_path / "reflex-2")
    with pytest.raises(NeverError, match=r"runs in it: there are none$"):
        open_run(tmp_path / "notes")


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "data.h5").write_bytes(b"not HDF5 at all")
    with pytest.raises(
        NeverError, match=r"data.h5 cannot be read as HDF5 .*; is it damaged, or not copied whole\?"
    ):
        open_run(tmp_path)
    (tmp_path / "data.h5").unlink()
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(NeverError, match=r"run.json is not JSON"):
        _ = open_run(tmp_path).provenance
