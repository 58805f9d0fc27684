"""Jobs of a real Slurm of two nodes, all on this machine."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster_rig import lasting, printed, sherrington, until
from slurm_cluster import Cluster

from sherrington.errors import NeverError
from sherrington.launch import slurm as commands
from sherrington.launch.cancel import cancel
from sherrington.launch.job import read_job
from sherrington.launch.states import state_of
from sherrington.launch.submit import Submitted
from sherrington.plan.shape import Shape
from sherrington.record.read import open_run
from sherrington.record.state import State

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("slurm")]
Launch = Callable[..., Submitted]


def test_from_the_queue_to_its_end(experiment: Path, tmp_path: Path) -> None:
    asked = sherrington("submit", experiment, "--target", "cluster", "--time", "00:05:00", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    folder = Path(asked.stdout.split()[2])
    assert re.search(r"^job \d+ on cluster$", asked.stdout, re.MULTILINE)
    attached = sherrington("attach", folder)
    assert attached.returncode == 0, printed(folder)
    assert attached.stderr.splitlines()[-1] == "done"
    assert "real-time factor" in sherrington("log", folder).stdout
    assert open_run(folder).summary["completed"]
    assert "done" in sherrington("jobs", cwd=tmp_path).stdout


def test_the_states_in_order(launch: Launch) -> None:
    folder = launch("cluster", lasting(3)).folder
    seen = [State.QUEUED]
    while not seen[-1].final:
        now = state_of(folder).state
        seen += [now] if now is not seen[-1] else []
    # One that lasts shorter than a question to Slurm may not be seen.
    order = [State.QUEUED, State.STARTING, State.BUILDING, State.RUNNING, State.DONE]
    assert [state for state in order if state in seen] == seen
    assert seen[-2:] == [State.RUNNING, State.DONE]


def test_cancelled_in_the_queue(launch: Launch, slurm: Cluster) -> None:
    submitted = launch("later")
    state = state_of(submitted.folder)
    assert (state.state, state.cause) == (State.QUEUED, "waiting: BeginTime")
    assert cancel(submitted.folder).state is State.CANCELLED
    assert slurm.ask("squeue", "-h", "-j", submitted.native_id, "-o", "%T") == ""


def test_cancelled_while_it_runs(launch: Launch) -> None:
    folder = launch("cluster", lasting(120)).folder
    until(folder, State.RUNNING)
    answer = sherrington("cancel", folder)
    assert answer.stdout.startswith("cancelled: cancelled by "), answer.stderr
    summary = open_run(folder).summary
    assert summary["stopped_because"] == "stopped by SIGTERM"
    assert 0 < summary["biological_s"] < 120


def test_cancelled_with_slurms_own_means(launch: Launch, slurm: Cluster) -> None:
    submitted = launch("cluster", lasting(120))
    until(submitted.folder, State.RUNNING)
    slurm.ask("scancel", submitted.native_id)
    assert until(submitted.folder, State.CANCELLED).state is State.CANCELLED
    assert open_run(submitted.folder).summary["biological_s"] > 0


def test_time_limit(launch: Launch) -> None:
    folder = launch("cluster", lasting(120), limit_s=8).folder
    state = until(folder, State.FAILED)
    assert state.cause == "time limit of 00:00:08 reached; what was recorded until then is kept"
    assert 0 < open_run(folder).summary["biological_s"] < 8


def test_killed_run(launch: Launch) -> None:
    folder = launch("cluster", lasting(120)).folder
    os.kill(until(folder, State.RUNNING).pid, signal.SIGKILL)
    assert until(folder, State.FAILED).cause == "killed by SIGKILL"


def test_out_of_memory(launch: Launch) -> None:
    folder = launch("narrow", (*lasting(60), "brain.params={size: 10, ballast_mb: 500}")).folder
    assert "out of memory" in until(folder, State.FAILED).cause


def test_setup_that_fails(launch: Launch) -> None:
    folder = launch("broken").folder
    cause = until(folder, State.FAILED).cause
    assert cause == "the setup of target 'broken' failed with exit status 127: module load nothing"


def test_killed_node_starts_the_run_again(launch: Launch, slurm: Cluster) -> None:
    """All processes of the node die, as when its power fails; the run begins anew on the other one."""
    folder = launch("cluster", lasting(5)).folder
    until(folder, State.RUNNING)
    node = slurm.ask("squeue", "-h", "-j", read_job(folder).native_id, "-o", "%N").strip()
    slurm.kill_node(node)
    try:
        queued = until(folder, State.QUEUED)
        assert queued.cause.startswith("started again by its scheduler, as after the failure of a node")
        done = until(folder, State.DONE)
    finally:
        slurm.start_node(node)
        slurm.wait_for_nodes()
    assert done.attempt == 2
    assert open_run(folder).summary["completed"]
    earlier = folder / "attempts" / "1"
    assert (earlier / "data.h5").exists()
    assert (earlier / "output.txt").read_text().startswith("building")


def test_cut_off_node_gives_up_its_run(launch: Launch, slurm: Cluster) -> None:
    """The node lives on and nobody reaches it: of the two that would write into one folder, the first is ended."""
    folder = launch("cluster", lasting(120)).folder
    first = until(folder, State.RUNNING).pid
    node = slurm.ask("squeue", "-h", "-j", read_job(folder).native_id, "-o", "%N").strip()
    slurm.cut_off(node)
    try:
        until(folder, State.QUEUED)
        second = until(folder, State.RUNNING)
    finally:
        slurm.start_node(node)
        slurm.wait_for_nodes()
    assert second.attempt == 2
    assert second.pid != first
    assert not Path(f"/proc/{first}").exists()
    assert cancel(folder).state is State.CANCELLED
    assert (folder / "attempts" / "1" / "data.h5").exists()


@pytest.mark.parametrize(
    ("target", "change", "message"),
    [
        ("cluster", {"shape": Shape(nodes=3)}, "--nodes 3: there are 2 nodes (partition 'main')"),
        ("one_node", {"shape": Shape(nodes=2)}, "--nodes 2: there is 1 node (partition 'small')"),
        (
            "cluster",
            {"shape": Shape(ranks_per_node=3, threads=2)},
            "--ranks-per-node 3 x --threads 2 take 6 cores of a node: it has 4 (partition 'main')",
        ),
        ("one_node", {"limit_s": 3600}, "--time 01:00:00: the longest is 00:10:00 (partition 'small')"),
        ("nowhere", {}, "this Slurm has no partition 'large'; there are: main, small"),
    ],
)
def test_impossible_requests(
    launch: Launch, tmp_path: Path, target: str, change: dict[str, object], message: str
) -> None:
    from sherrington.launch.limits import check
    from sherrington.launch.target import find_target

    with pytest.raises(NeverError) as error:
        check(target, find_target(target), change.get("shape", Shape()), change.get("limit_s", 60))  # type: ignore[arg-type]
    assert message in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_slurm_asked_for_a_job_that_there_is_not() -> None:
    assert commands.ask(["999999"])["999999"].kind == "gone"
