"""A whole experiment with the native engine, as a person starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sherrington.record.read import open_run
from sherrington.record.state import State, read_state

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "sherrington.cli")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [*COMMAND, *words], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_an_example_runs_and_its_check_holds(tmp_path: Path) -> None:
    example = str(ROOT / "examples" / "one_joint_reflex")
    done = run("run", example, "--set", "brain.engine=native", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = tmp_path.iterdir()
    found = open_run(folder)
    assert found.summary["engine"]["brain"]["engine"] == "native"
    assert sum(found.summary["spikes"].values()) > 1000
    assert found.summary["checks"]
    assert found.summary["plan"] is None
    state = read_state(folder)
    assert state is not None
    assert state.state is State.DONE


def test_the_plan_says_that_it_does_not_know_the_engine() -> None:
    done = run("plan", str(ROOT / "examples" / "one_joint_reflex"), "--set", "brain.engine=native")
    assert done.returncode == 2
    assert "what a brain in engine 'native' costs has not been modelled yet" in done.stderr
