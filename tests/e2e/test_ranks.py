"""The same experiment on one process with two threads and on two ranks: the same spikes, signals and postures.

Every run is started as a person starts it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sherrington.install.mpi import Build
from sherrington.record.read import Run, open_run
from sherrington.record.state import State, read_state

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "sherrington.cli")
SOURCE = Path(__file__).resolve().parents[2] / "src"
EXPERIMENT = Path(__file__).resolve().parents[1] / "mixed"
RANKS = 2


def environment() -> dict[str, str]:
    """As here, with this checkout first; threads that wait sleep, as other tests may want the processors."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"}


def prints(run: Run) -> dict[str, str]:
    """A fingerprint of every recorded population and signal."""
    found = {}
    for name in run.populations:
        spikes = run.spikes(name)
        found[name] = _hash(spikes.times_ns, spikes.channels)
    for name in run.signals:
        found[name] = _hash(*run.signal(name))
    return found


def _hash(*arrays: np.ndarray) -> str:  # type: ignore[type-arg]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def made(out: Path) -> Path:
    """The one run folder in ``out``."""
    (folder,) = out.iterdir()
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One process, two threads."""
    out = tmp_path_factory.mktemp("alone")
    command = [*COMMAND, "run", str(EXPERIMENT), "--out", str(out)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return open_run(made(out))


def over_ranks(mpi_nest: Build, *arguments: object, ranks: int = RANKS) -> list[str]:
    return [str(mpi_nest.mpiexec), "-n", str(ranks), *COMMAND, "run", *map(str, arguments)]


@pytest.fixture(scope="module")
def together(mpi_nest: Build, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two ranks, one thread each."""
    out = tmp_path_factory.mktemp("together")
    command = over_ranks(mpi_nest, EXPERIMENT, "--out", out)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return open_run(made(out))


def test_the_runs_were_not_empty(alone: Run) -> None:
    counts = {name: alone.spike_count(name) for name in alone.populations}
    assert min(counts.values()) > 10, counts
    for port in ("pathway.timed.rate", "pathway.membrane.rate", "pathway.motoneurons.excitation"):
        assert np.ptp(alone.signal(port)[1]) > 0, port


def test_two_ranks_do_what_two_threads_do(alone: Run, together: Run) -> None:
    first, second = prints(alone), prints(together)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert alone.summary["spikes"] == together.summary["spikes"]
    assert alone.summary["synapses"] == together.summary["synapses"]


def test_the_run_folder_is_that_of_one_process(alone: Run, together: Run) -> None:
    names = [sorted(path.name for path in run.folder.iterdir()) for run in (alone, together)]
    assert names[0] == names[1]
    facts = together.summary["engine"]["brain"]
    assert (facts["ranks"], facts["threads"]) == (2, 1)
    assert len(together.summary["peak_memory_mib"]) == 2
    state = read_state(together.folder)
    assert state is not None
    assert state.state is State.DONE
