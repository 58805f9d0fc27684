"""A brain over two nodes that has to end before its time: in order, or because one of its ranks died."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from cluster_rig import printed, until
from slurm_cluster import NODES, Cluster

from sherrington.install.mpi import Build
from sherrington.launch.cancel import cancel
from sherrington.launch.states import state_of
from sherrington.launch.submit import Request, submit
from sherrington.plan.shape import Shape
from sherrington.record.read import open_run
from sherrington.record.state import State

pytestmark = pytest.mark.slow
EXPERIMENT = Path(__file__).resolve().parents[1] / "mixed"
LONG = ("loop.duration_ms=600000", "loop.realtime=true")
TWO_NODES = Shape(nodes=2, ranks_per_node=1, threads=1)
RUNS_WITHIN_S = 180.0


@pytest.fixture
def running(slurm: Cluster, mpi_nest: Build, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Submits a run of two nodes and waits until it runs."""
    made: list[Path] = []

    def start(target: str = "cluster", shape: Shape = TWO_NODES) -> Path:
        made.append(submit(Request(EXPERIMENT, target, shape, 900, LONG, tmp_path / "runs")).folder)
        until(made[-1], State.RUNNING, within_s=RUNS_WITHIN_S)
        return made[-1]

    yield start
    for folder in made:
        if not state_of(folder).state.final:
            cancel(folder)


def ranks(folder: Path) -> dict[str, psutil.Process]:
    """The process of each rank, by the node that it runs on."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if str(folder) in words and "run" in words and words[0] != "srun":
            found[process.environ()["SLURMD_NODENAME"]] = process
    return found


def test_cancelled_in_order(running: Callable[..., Path]) -> None:
    folder = running()
    processes = ranks(folder)
    assert processes.keys() == set(NODES)
    state = cancel(folder)
    assert state.state is State.CANCELLED, printed(folder)
    run = open_run(folder)
    assert run.summary["stopped_because"] == "stopped by SIGTERM"
    assert 0 < run.summary["biological_s"] < 600
    assert not any(process.is_running() for process in processes.values())


@pytest.mark.parametrize("node", NODES)
def test_killed_rank(running: Callable[..., Path], node: str) -> None:
    folder = running()
    processes = ranks(folder)
    os.kill(processes[node].pid, signal.SIGKILL)
    state = until(folder, State.FAILED)
    assert "SIGKILL" in state.cause, printed(folder)
    assert not any(process.is_running() for process in processes.values())
    assert open_run(folder).signals


def test_two_ranks_of_this_machine_cancelled_in_order(running: Callable[..., Path]) -> None:
    folder = running("local", Shape(nodes=1, ranks_per_node=2, threads=1))
    assert cancel(folder).state is State.CANCELLED
    assert open_run(folder).summary["stopped_because"] == "stopped by SIGTERM"
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [words for words in commands if str(folder) in words and "--into" in words]


def test_killed_node(running: Callable[..., Path], slurm: Cluster) -> None:
    folder = running()
    slurm.kill_node("n2")
    try:
        queued = until(folder, State.QUEUED)
        # In the words of the watch, or before it could say them.
        assert "node failure on n2" in queued.cause or "started again by its scheduler" in queued.cause
        assert cancel(folder).state is State.CANCELLED
    finally:
        slurm.start_node("n2")
        slurm.wait_for_nodes()
    assert open_run(folder).signals
