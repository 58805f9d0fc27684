"""The robot that seeks the light: its own copy runs, and with its wires uncrossed it runs away from the light."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sherrington.record.read import Run, open_run
from sherrington.resolve import open_experiment

pytestmark = pytest.mark.usefixtures("opengl")
SHORT = ("--set", "task.trials=3", "--set", "interventions=[]", "--duration-ms", "24000")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, sherrington: Any) -> Path:
    """What ``sherrington new --like light_seeker`` makes."""
    here = tmp_path_factory.mktemp("new")
    done = sherrington("new", "mine", "--like", "light_seeker", cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    return here / "mine"


def run(sherrington: Any, folder: Path, *options: str) -> Run:
    out = folder.parent / f"runs{len(list(folder.parent.iterdir()))}"
    done = sherrington("run", folder, "--out", out, *SHORT, *options, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.iterdir()
    return open_run(made)


def test_a_copy_is_valid_and_small(copied: Path) -> None:
    resolved = open_experiment(copied)
    assert resolved.network.n_neurons < 500
    assert [p.name for p in resolved.pathways if p.is_motor] == ["wheels"]


@pytest.mark.slow
def test_it_comes_nearer_with_crossed_wires_only(copied: Path, sherrington: Any) -> None:
    """Two of the three headings look past the light or away from it."""
    crossed = run(sherrington, copied)
    uncrossed = run(sherrington, copied, "--set", "brain.params.crossed=false")
    assert [trial["outcome"] for trial in crossed.trials] == ["hit", "hit", "hit"]
    assert [trial["outcome"] for trial in uncrossed.trials] == ["timeout", "timeout", "timeout"]
    assert crossed.summary["picture"]["trails"] and not crossed.summary["picture"]["muscles"]
