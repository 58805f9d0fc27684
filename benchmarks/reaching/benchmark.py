"""A reach and a joystick pull by spikes only, over many seeds: as wired, with the wiring shuffled, and deafferented.

See README.md. ``python benchmark.py SEEDS`` prints the table for fewer seeds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest, wilcoxon

from sherrington.bench import Bound, Result
from sherrington.record.read import open_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TASKS = {"reach": 12, "joystick_pull": 8}
"""Example to the number of its trials in a run."""
SEEDS = 10
AT_ONCE = 2
CHANCE = {"reach": 0.25, "joystick_pull": 0.0}
"""Share of hits of a limb that goes to one of the targets, whatever is cued; a pull has no such chance."""
CUT = [f"pathways.{afferent}.gain=0" for afferent in ("ia", "ii", "ib")]

BOUNDS = {
    "reach_score": Bound(low=0.5),
    "joystick_pull_score": Bound(low=0.7),
    **{f"{task}_score_shuffled_over_wired": Bound(high=0.3) for task in TASKS},
    **{f"{task}_score_deafferented_over_wired": Bound(high=0.8) for task in TASKS},
    **{f"{task}_p_{other}": Bound(high=0.01) for task in TASKS for other in ("shuffled", "deafferented")},
    "reach_p_chance": Bound(high=1e-6),
}


@dataclass(frozen=True)
class Condition:
    """One run to make."""

    task: str
    wiring: str
    seed: int

    @property
    def changes(self) -> list[str]:
        shuffled = [f"brain.params.shuffled={self.seed}"]
        return {"wired": [], "shuffled": shuffled, "deafferented": CUT}[self.wiring]


def conditions(seeds: int) -> list[Condition]:
    """Wired, shuffled and deafferented next to each other, so that a noisy minute hits all three."""
    return [
        Condition(task, wiring, seed)
        for seed in range(1, seeds + 1)
        for task in TASKS
        for wiring in ("wired", "shuffled", "deafferented")
    ]


def run(seeds: int = SEEDS) -> Result:
    """Every run in a process of its own; scores by task and wiring, with tests over the seeds."""
    todo = conditions(seeds)
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as out, ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda item: _run(item[1], Path(out) / str(item[0])), enumerate(todo)))
    trials = dict(zip(todo, done, strict=True))
    whole = all(len(rows) == TASKS[condition.task] for condition, rows in trials.items())
    metrics: dict[str, float] = {}
    details: dict[str, Any] = {}
    for task in TASKS:
        _judge(task, trials, metrics, details)
    return Result(whole, metrics, BOUNDS, details)


def _run(condition: Condition, out: Path) -> list[dict[str, Any]]:
    """The trials of one run."""
    changes = [word for change in condition.changes for word in ("--set", change)]
    keep = ["--set", "record.signals=none", "--set", "record.spikes=none", "--set", "check=null"]
    seed = ["--seed", str(condition.seed)]
    command = [
        sys.executable,
        "-m",
        "sherrington.cli",
        "run",
        str(EXAMPLES / condition.task),
        "--out",
        str(out),
    ]
    made = subprocess.run(
        [*command, *seed, *changes, *keep], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    if made.returncode != 0:
        raise RuntimeError(f"{condition} ended with {made.returncode}:\n{made.stderr[-2000:]}")
    (folder,) = out.iterdir()
    return list(open_run(folder).trials)


def _judge(
    task: str,
    trials: dict[Condition, list[dict[str, Any]]],
    metrics: dict[str, float],
    details: dict[str, Any],
) -> None:
    scores = {
        wiring: np.array([_score(rows) for c, rows in trials.items() if (c.task, c.wiring) == (task, wiring)])
        for wiring in ("wired", "shuffled", "deafferented")
    }
    hits = [
        row["success"] for c, rows in trials.items() if (c.task, c.wiring) == (task, "wired") for row in rows
    ]
    metrics[f"{task}_score"] = float(scores["wired"].mean())
    metrics[f"{task}_hits"] = float(np.mean(hits))
    metrics[f"{task}_p_chance"] = float(
        binomtest(sum(hits), len(hits), max(CHANCE[task], 1e-12), "greater").pvalue
    )
    for other in ("shuffled", "deafferented"):
        metrics[f"{task}_score_{other}"] = float(scores[other].mean())
        metrics[f"{task}_score_{other}_over_wired"] = float(scores[other].mean() / scores["wired"].mean())
        test = wilcoxon(scores["wired"], scores[other], alternative="greater")
        metrics[f"{task}_p_{other}"] = float(test.pvalue)
    details[task] = {wiring: values.round(4).tolist() for wiring, values in scores.items()}


def _score(rows: list[dict[str, Any]]) -> float:
    return float(np.mean([row["score"] for row in rows]))


if __name__ == "__main__":
    result = run(int(sys.argv[1]))
    for name, value in result.metrics.items():
        print(f"{name:45} {value:10.4g}  {BOUNDS.get(name, '')}")
