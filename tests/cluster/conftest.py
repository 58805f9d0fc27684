"""A Slurm for the tests of this folder, targets on it, and an experiment that lasts as long as asked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from slurm_cluster import Cluster, NoClusterError, cluster

from sherrington.launch.cancel import cancel
from sherrington.launch.states import state_of
from sherrington.launch.submit import Request, Submitted, submit
from sherrington.plan.shape import Shape

EXPERIMENT = """
title: two engines in closed form
loop: {interval_ms: 5, duration_ms: 20}
brain: {network: "network.py:pools", engine: closed_form, params: {size: 10}}
body: {model: one_joint, engine: closed_form}
pathways:
  drive: {function: constant, outputs: {value: brain.drive.rate}, params: {value: 100.0}}
"""
NETWORK = """
from sherrington import Network, Population

def pools(size=10, ballast_mb=0):
    global KEPT
    KEPT = b"x" * ballast_mb * 2**20
    return Network("pools", [Population("drive", 2 * size, channels={"flexor": size, "extensor": size})])
"""
TARGETS = """
targets:
  cluster: {executor: slurm}
  later: {executor: slurm, options: {begin: now+1hour}}
  one_node: {executor: slurm, queue: small}
  nowhere: {executor: slurm, queue: large}
  broken: {executor: slurm, setup: [module load nothing]}
  narrow: {executor: slurm, options: {mem: 400M}}
"""


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """Two nodes, ``n1`` and ``n2``; skips, with the reason, where there is no Slurm."""
    # A socket lies in it, whose path may have 107 letters.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    with pytest.MonkeyPatch.context() as patch:
        try:
            with cluster(folder) as made:
                for name, value in made.environment.items():
                    patch.setenv(name, value)
                yield made
                left = made.processes
        except NoClusterError as error:
            pytest.skip(str(error))
        finally:
            shutil.rmtree(folder)
    assert left() == []


@pytest.fixture(autouse=True)
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "targets.yaml"
    file.write_text(TARGETS, encoding="utf-8")
    monkeypatch.setenv("SHERRINGTON_TARGETS", str(file))
    return file


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "network.py").write_text(NETWORK, encoding="utf-8")
    return folder


@pytest.fixture
def launch(experiment: Path, tmp_path: Path) -> Iterator[Callable[..., Submitted]]:
    """Submits the experiment; what still runs at the end of the test is cancelled."""
    made: list[Path] = []

    def submit_it(target: str, overrides: tuple[str, ...] = (), **more: object) -> Submitted:
        request = Request(experiment, target, Shape(), 600, overrides, tmp_path / "runs")
        submitted = submit(replace(request, **more))  # type: ignore[arg-type]
        made.append(submitted.folder)
        return submitted

    yield submit_it
    for folder in made:
        if not state_of(folder).state.final:
            cancel(folder)
