"""A sweep as one job array: table, page and run folders as if it had been run here."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pytest
from cluster_rig import sherrington
from slurm_cluster import Cluster

from sherrington.errors import NeverError, NotNowError
from sherrington.launch.array import Request, find_array, submit_array
from sherrington.launch.cancel import cancel_array
from sherrington.launch.states import states_of
from sherrington.plan.shape import Shape
from sherrington.record.state import State

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("slurm")]

SWEEP = """
vary: {seed: {from: 1, to: 2}}
cases: {small: {}, large: {brain.params.size: 20}}
at_once: 2
measures: [steps, neurons, completed]
"""


@pytest.fixture
def sweep(experiment: Path) -> Path:
    file = experiment / "my-sweep.yaml"
    file.write_text(SWEEP, encoding="utf-8")
    return file


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def without_folder(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "folder"}


def test_the_same_table_as_of_a_sweep_here(
    experiment: Path, sweep: Path, tmp_path: Path, slurm: Cluster
) -> None:
    words = ("submit", experiment, "--sweep", sweep, "--target", "cluster", "--out", tmp_path / "there")
    asked = sherrington(*words)
    assert asked.returncode == 0, asked.stderr
    folder, number = Path(asked.stdout.split()[2]), asked.stdout.split()[4]
    assert folder.name == "tiny-sweep-my-sweep"
    assert f"{number}_" in slurm.ask("squeue", "-h", "-t", "all", "-r", "-o", "%i")
    attached = sherrington("attach", folder)
    assert attached.returncode == 0, attached.stderr
    assert attached.stderr.splitlines()[-1] == "4 done"
    local = sherrington("run", experiment, "--sweep", sweep, "--out", tmp_path / "here")
    assert local.returncode == 0, local.stderr
    here = tmp_path / "here" / folder.name
    assert list(map(without_folder, rows(folder))) == list(map(without_folder, rows(here)))
    assert [row["status"] for row in rows(folder)] == ["completed"] * 4
    assert (folder / "report.html").exists()
    again = sherrington("run", experiment, "--sweep", sweep, "--out", tmp_path / "there")
    assert "4 runs, 4 of them done already" in again.stderr
    assert sherrington(*words).returncode == 2, "nothing to submit"


def request(sweep: Path, tmp_path: Path, **more: Any) -> Request:
    return Request(sweep, sweep.parent, "cluster", Shape(), 300, out=tmp_path / "runs", **more)


def test_cancelled_and_submitted_again(sweep: Path, tmp_path: Path) -> None:
    asked = request(sweep, tmp_path, overrides=("loop.duration_ms=60000", "loop.realtime=true"))
    folder = submit_array(asked).folder
    array = find_array(folder)
    assert array is not None
    with pytest.raises(NotNowError, match=r"4 runs of the sweep in .* are not over"):
        submit_array(asked)
    while State.RUNNING not in [state.state for state in states_of(array.folders).values()]:
        time.sleep(0.1)
    assert [state.state for state in cancel_array(array)] == [State.CANCELLED] * 4
    assert {state.cause.split(" by ")[0] for state in states_of(array.folders).values()} == {"cancelled"}
    second = submit_array(request(sweep, tmp_path, again=True))
    assert second.folder == folder
    assert sherrington("attach", folder).returncode == 0
    assert [row["status"] for row in rows(folder)] == ["completed"] * 4


def test_refused_where_there_are_no_arrays(sweep: Path, tmp_path: Path) -> None:
    with pytest.raises(
        NeverError, match=r"target 'local' is local, and job arrays are there on Slurm only; run it"
    ):
        submit_array(Request(sweep, sweep.parent, "local", Shape(), 300, out=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
