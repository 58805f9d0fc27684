"""What becomes of a run over two ranks when one is killed, raises or hangs: it ends, says why, leaves no process."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from sherrington.install.mpi import Build
from sherrington.launch.states import state_of
from sherrington.record.read import open_run
from sherrington.record.state import State, read_state

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "sherrington.cli")
SOURCE = Path(__file__).resolve().parents[2] / "src"
TIMEOUT_S = 6.0
"""How long a rank may wait for the other in these runs."""
FLUSHED_S = 3.0
"""Wall time after which spikes are on disk: they go there about once a second."""
LONG = """
title: noise, for as long as it takes
loop: {interval_ms: 5, duration_ms: 3600000, realtime: true}
brain: {network: "network.py:noisy", virtual_processes: 2}
body: {model: one_joint}
pathways:
  tone:
    function: constant
    outputs: {value: {port: brain.p.rate, per: population}}
    params: {value: 500.0}
record: {spikes: [p], signals: [body.joint_angle]}
"""
NETWORK = """
from sherrington import Network, Population


def noisy(scale=1.0):
    return Network("noisy", [Population("p", 50, "parrot_neuron")], scale=scale)
"""
RAISES = """
import os


def noisy(scale=1.0):
    if os.environ["PMI_RANK"] == "1":
        raise RuntimeError("this node has no file of weights")
    from sherrington import Network, Population
    return Network("noisy", [Population("p", 50, "parrot_neuron")], scale=scale)
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    folder = tmp_path / "noise"
    folder.mkdir()
    (folder / "experiment.yaml").write_text(LONG, encoding="utf-8")
    (folder / "network.py").write_text(NETWORK, encoding="utf-8")
    return folder


@pytest.fixture
def started(experiment: Path, mpi_nest: Build) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Two ranks that have been simulating for a while, and their run folder."""
    out = experiment.parent / "runs"
    with over_two_ranks(mpi_nest, experiment, out) as process:
        yield process, _recording(process, out)


@contextmanager
def over_two_ranks(mpi_nest: Build, experiment: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    command = [str(mpi_nest.mpiexec), "-n", "2", *COMMAND, "run", str(experiment), "--out", str(out)]
    command += ["--rank-timeout-s", str(TIMEOUT_S)]
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        for left in ranks(out):
            left.kill()


def _recording(process: subprocess.Popen[str], out: Path) -> Path:
    """The run folder, once both ranks have brought spikes to disk."""
    until(lambda: list(out.glob("*/spikes.rank1.h5")) or process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]
    time.sleep(FLUSHED_S)
    (folder,) = out.iterdir()
    return folder


def ranks(out: Path) -> list[psutil.Process]:
    """The processes of the run that goes to ``out``, in the order of their ranks; mpiexec and its helpers apart."""
    found = []
    for process in psutil.process_iter():
        try:
            if "sherrington.cli" in process.cmdline()[:3] and str(out) in process.cmdline():
                found.append((int(process.environ()["PMI_RANK"]), process))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [process for _, process in sorted(found, key=lambda pair: pair[0])]


def until(condition: Callable[[], object], limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def ended(process: subprocess.Popen[str], out: Path) -> str:
    """What the run printed; it must have ended with an error and left no process."""
    said, _ = process.communicate(timeout=60.0)
    assert process.returncode != 0
    until(lambda: not ranks(out), 10.0)
    return said


def spikes_kept(folder: Path) -> int:
    """Spikes of a parrot of 500 Hz are on disk from both ranks, that is from even and odd neurons, and can be read."""
    spikes = open_run(folder).spikes("p")
    assert (spikes.times_ns[1:] >= spikes.times_ns[:-1]).all()
    assert {int(n) % 2 for n in spikes.channels} == {0, 1}
    return len(spikes)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_ends_the_run(started: tuple[subprocess.Popen[str], Path], rank: int) -> None:
    process, folder = started
    before = spikes_kept(folder)
    assert before > 1000
    ranks(folder.parent)[rank].kill()
    ended(process, folder.parent)
    assert spikes_kept(folder) >= before
    state = state_of(folder)
    assert state.state in (State.FAILED, State.LOST)
    assert state.cause


def test_a_rank_that_hangs_ends_the_run(started: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = started
    before = spikes_kept(folder)
    ranks(folder.parent)[1].send_signal(signal.SIGSTOP)
    began = time.monotonic()
    ended(process, folder.parent)
    assert time.monotonic() - began < TIMEOUT_S + 15
    assert spikes_kept(folder) >= before
    stacks = (folder / "rank0.stacks.txt").read_text(encoding="utf-8")
    assert "nest" in stacks or "parallel.py" in stacks
    assert state_of(folder).state in (State.FAILED, State.LOST)


def test_a_rank_that_raises_says_so_in_the_run_folder(started: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = started
    before = spikes_kept(folder)
    # The disk of that rank takes no more: neither HDF5 nor NEST can write a file longer than this one is.
    limit = (folder / "spikes.rank1.h5").stat().st_size
    ranks(folder.parent)[1].rlimit(resource.RLIMIT_FSIZE, (limit, limit))
    ended(process, folder.parent)
    assert spikes_kept(folder) >= before
    state = read_state(folder)
    assert state is not None
    assert state.state is State.FAILED
    assert state.cause.startswith("rank 1: RunError: ")
    log = (folder / "log.txt").read_text(encoding="utf-8")
    assert log.startswith("rank 1:\nTraceback")


def test_a_rank_that_cannot_build_is_named(experiment: Path, mpi_nest: Build) -> None:
    (experiment / "network.py").write_text(RAISES, encoding="utf-8")
    out = experiment.parent / "runs"
    with over_two_ranks(mpi_nest, experiment, out) as process:
        said = ended(process, out)
    assert "rank 1 of 2 had to stop" in said
    assert "this node has no file of weights" in said
    assert not out.exists()


def test_ranks_that_do_not_divide_the_virtual_processes_are_refused(
    experiment: Path, mpi_nest: Build
) -> None:
    text = (experiment / "experiment.yaml").read_text(encoding="utf-8")
    one = text.replace("virtual_processes: 2", "virtual_processes: 1")
    (experiment / "experiment.yaml").write_text(one, encoding="utf-8")
    out = experiment.parent / "runs"
    with over_two_ranks(mpi_nest, experiment, out) as process:
        said = ended(process, out)
    assert said.count("error:") == 1
    assert "virtual_processes = 1 cannot be shared out evenly to 2 ranks" in said


def test_ctrl_c_ends_all_ranks_in_order(started: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = started
    ranks(folder.parent)[0].send_signal(signal.SIGINT)
    process.communicate(timeout=60.0)
    until(lambda: not ranks(folder.parent), 10.0)
    run = open_run(folder)
    assert run.summary["stopped_because"] == "stopped by SIGINT"
    assert run.spike_count("p") == run.summary["spikes"]["p"] > 1000
    assert not list(folder.glob("spikes.rank*"))
    state = read_state(folder)
    assert state is not None
    assert state.state is State.CANCELLED
