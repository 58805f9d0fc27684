"""A whole run with a task: what it says of its trials, and who gives its score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sherrington.errors import RunError
from sherrington.record.read import Run
from sherrington.request import Request
from sherrington.run import run

FILES = {
    "network.py": """
from sherrington import Network, Population
def pool(*, scale=1.0):
    return Network("pool", [Population("pool", 10)])
""",
    "guess.py": """
import numpy as np
from sherrington.task import Cue, Ended, Step

class Guess:
    def __init__(self, *, fails_at=99):
        self.fails_at = fails_at
        self.cues, self.reads, self.forces = {"on": Cue("1", ("on",))}, (), ()
    def check(self, body): pass
    def begin(self, rng, trial):
        self.trial = trial
        return {"half": trial / 2}
    def step(self, time_s, body):
        if self.trial == self.fails_at:
            raise ValueError("lost")
        if time_s < 0.01:
            return Step({"on": np.ones(1)})
        return Step(ended=Ended("even" if self.trial % 2 == 0 else "odd", self.trial % 2 == 0, 0.5 * self.trial))
""",
    "judge.py": """
from sherrington import Outcome
def judge(run):
    return Outcome(score=42.0 + len(run.trials), checks=())
""",
}


def run_it(tmp_path: Path, task: dict[str, Any], *overrides: str, **sections: Any) -> Run:
    folder = tmp_path / "guessing"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    cue = {"function": "scale", "inputs": {"signal": "task.on"}, "outputs": {"scaled": "brain.pool.rate"}}
    whole = {
        "title": "guessing",
        "loop": {"interval_ms": 1.0, "duration_ms": 200.0},
        "brain": {"network": "network.py:pool", "engine": "closed_form"},
        "body": {"model": "one_joint", "engine": "closed_form"},
        "pathways": {"cue": {**cue, "params": {"gain": 50.0}}},
        "task": {"name": "guess.py:Guess", **task},
        **sections,
    }
    with (folder / "experiment.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(whole, file)
    return run(Request(folder, overrides, tmp_path / "runs"))


def test_a_run_of_three_trials(tmp_path: Path) -> None:
    done = run_it(tmp_path, {"trials": 3, "pause_ms": 5.0})
    summary = done.summary
    assert summary["task"] == {
        "name": "guess.py:Guess", "asked": 3, "trials": 3, "successes": 2,
        "success_share": pytest.approx(2 / 3), "mean_score": 0.5,
    }  # fmt: skip
    assert summary["score"] == 0.5 and summary["completed"] and summary["stopped_because"] == ""
    assert summary["biological_s"] == pytest.approx(0.041)
    assert [(row["start_ms"], row["end_ms"], row["half"]) for row in done.trials] == [
        (0, 10, 0),
        (15, 25, 0.5),
        (30, 40, 1),
    ]
    assert "2 of 3 trials are a success" in (done.folder / "report.html").read_text(encoding="utf-8")
    assert done.experiment["task"] == {"name": "guess.py:Guess", "trials": 3, "pause_ms": 5.0}


def test_the_experiments_own_check_gives_the_score(tmp_path: Path) -> None:
    assert run_it(tmp_path, {"trials": 2}, check="judge.py:judge").summary["score"] == 44.0


def test_time_may_end_before_the_trials(tmp_path: Path) -> None:
    summary = run_it(tmp_path, {"trials": 30}, "loop.duration_ms=25").summary
    assert summary["completed"] and (summary["task"]["asked"], summary["task"]["trials"]) == (30, 2)


def test_a_run_that_fails_keeps_its_trials(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="raised ValueError in step: lost"):
        run_it(tmp_path, {"params": {"fails_at": 2}})
    (folder,) = (tmp_path / "runs").iterdir()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert len((folder / "trials.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert summary["task"]["mean_score"] == 0.25 and summary["score"] is None and not summary["completed"]
