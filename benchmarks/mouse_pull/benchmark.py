"""The joystick pull by the mouse brain over seeds: as wired, and with wiring, senses or motor cortex taken away.

See README.md. The runs are a sweep, ``sweep.yaml``: start it again where it stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from sherrington.bench import Bound, Result
from sherrington.record.read import open_run

SWEEP = Path(__file__).parent / "sweep.yaml"
OUT = Path("runs") / "bench-mouse-pull"
CONTROLS = ("shuffled", "deafferented", "silenced")
REACTION_S = (0.08, 0.30)
"""From the cue to 0.05 rad of the stick. Ours, uncertain: we found no distribution for mice that pull at a cue."""
MOVEMENT_S = (0.02, 0.30)
"""From there to the threshold."""

BOUNDS = {
    "success": Bound(low=0.7),
    "trials": Bound(low=60),
    **{f"success_{control}": Bound(high=0.3) for control in CONTROLS},
    **{f"p_{control}": Bound(high=1e-3) for control in CONTROLS},
    "reaction_time_s": Bound(*REACTION_S),
    "movement_time_s": Bound(*MOVEMENT_S),
}
KEPT = [
    "check=null",
    "brain.virtual_processes=1",
    "record.signals=none",
    "record.spikes=[MN, M1_L5B_PT, premotor]",
]


def run(changes: tuple[str, ...] = ()) -> Result:
    """The sweep, and what its trials say. changes: of the experiment, as for ``--set``."""
    sets = [word for change in (*KEPT, *changes) for word in ("--set", change)]
    command = [
        sys.executable,
        "-m",
        "sherrington.cli",
        "run",
        "--sweep",
        str(SWEEP),
        "--out",
        str(OUT),
        *sets,
    ]
    subprocess.run(command, check=True, env=dict(os.environ))
    trials = _trials(OUT)
    whole = all(trials.values()) and len(trials) == 1 + len(CONTROLS)
    return Result(whole, _metrics(trials), BOUNDS, {case: _outcomes(rows) for case, rows in trials.items()})


def _trials(out: Path) -> dict[str, list[dict[str, Any]]]:
    """All trials of each case, over the seeds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for folder in sorted(out.glob("*/runs/*")):
        found.setdefault(folder.name.partition(",")[0], []).extend(open_run(folder).trials)
    return found


def _metrics(trials: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    wired = trials["wired"]
    hits = [row for row in wired if row["success"]]
    reaction_s = np.array([row["reaction_time_s"] for row in hits])
    pull_s = np.array([row["pull_time_s"] for row in hits])
    metrics = {
        "success": float(np.mean([row["success"] for row in wired])),
        "score": float(np.mean([row["score"] for row in wired])),
        "trials": float(len(wired)),
        "reaction_time_s": float(np.median(reaction_s)),
        "movement_time_s": float(np.median(pull_s - reaction_s)),
    }
    for control in CONTROLS:
        scores = [row["score"] for row in trials[control]]
        metrics[f"success_{control}"] = float(np.mean([row["success"] for row in trials[control]]))
        metrics[f"score_{control}"] = float(np.mean(scores))
        test = mannwhitneyu([row["score"] for row in wired], scores, alternative="greater")
        metrics[f"p_{control}"] = float(test.pvalue)
    return metrics


def _outcomes(rows: list[dict[str, Any]]) -> dict[str, int]:
    outcomes = [str(row["outcome"]) for row in rows]
    return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}


if __name__ == "__main__":
    result = run(tuple(sys.argv[1:]))
    for name, value in result.metrics.items():
        print(f"{name:30} {value:10.4g}  {BOUNDS.get(name, '')}")
    print(result.details)
