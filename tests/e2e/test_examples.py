"""Every shipped example is a valid experiment that ends in a check, and its check holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sherrington.record.read import open_run
from sherrington.resolve import open_experiment

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/experiment.yaml"))


def test_the_examples_are_there() -> None:
    assert {"one_joint_reflex", "forelimb_posture", "reach", "joystick_pull"} <= {
        folder.name for folder in FOLDERS
    }
    strangers = {path.name for path in EXAMPLES.iterdir() if path.is_dir()} - {
        folder.name for folder in FOLDERS
    }
    assert not strangers - {"__pycache__"}, f"folders without an experiment.yaml: {strangers}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_is_valid_explains_itself_and_ends_in_a_check(folder: Path) -> None:
    resolved = open_experiment(folder)
    assert resolved.check is not None, "it has no check"
    assert resolved.experiment.title and len(resolved.experiment.description) > 100
    assert resolved.pathways and (resolved.forces or resolved.task)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_runs_and_its_check_holds(folder: Path, tmp_path: Path, sherrington: Any) -> None:
    done = sherrington("run", folder, "--out", tmp_path, cwd=tmp_path, timeout=600.0)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = tmp_path.iterdir()
    summary = open_run(made).summary
    assert summary["completed"] and summary["score"] is not None
    assert len(summary["checks"]) >= 2 and all(check["holds"] for check in summary["checks"])
    assert sum(summary["spikes"].values()) > 10_000
