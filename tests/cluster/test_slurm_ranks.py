"""A brain over two nodes of a Slurm cluster: the spikes, signals and postures of one process with two threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from cluster_rig import until
from slurm_cluster import Cluster

from sherrington.install.mpi import Build
from sherrington.launch.cancel import cancel
from sherrington.launch.states import state_of
from sherrington.launch.submit import Request, Submitted, submit
from sherrington.plan.shape import Shape
from sherrington.record.read import Run, open_run
from sherrington.record.state import State

pytestmark = pytest.mark.slow

EXPERIMENT = Path(__file__).resolve().parents[1] / "mixed"
SOURCE = Path(__file__).resolve().parents[2] / "src"
ENDED_WITHIN_S = 180.0


@pytest.fixture
def over_nodes(tmp_path: Path) -> Iterator[Callable[..., Submitted]]:
    made: list[Path] = []

    def submit_it(shape: Shape, overrides: tuple[str, ...] = ()) -> Submitted:
        submitted = submit(Request(EXPERIMENT, "cluster", shape, 600, overrides, tmp_path / "runs"))
        made.append(submitted.folder)
        return submitted

    yield submit_it
    for folder in made:
        if not state_of(folder).state.final:
            cancel(folder)


def prints(run: Run) -> dict[str, str]:
    """A fingerprint of every recorded population and signal."""
    arrays = {name: (run.spikes(name).times_ns, run.spikes(name).channels) for name in run.populations}
    arrays |= {name: run.signal(name) for name in run.signals}
    return {
        name: hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in pair)).hexdigest()
        for name, pair in arrays.items()
    }


def test_two_nodes_do_what_one_process_does(
    slurm: Cluster,
    mpi_nest: Build,
    over_nodes: Callable[..., Submitted],
    tmp_path: Path,
) -> None:
    submitted = over_nodes(Shape(nodes=2, ranks_per_node=1, threads=1))
    until(submitted.folder, State.DONE, within_s=ENDED_WITHIN_S)
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    command = [
        sys.executable,
        "-m",
        "sherrington.cli",
        "run",
        str(EXPERIMENT),
        "--out",
        str(tmp_path / "one"),
    ]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": path})
    (folder,) = (tmp_path / "one").iterdir()
    together, alone = open_run(submitted.folder), open_run(folder)
    assert sum(alone.summary["spikes"].values()) > 1000
    assert prints(together) == prints(alone)
    assert together.summary["engine"]["brain"]["ranks"] == 2
