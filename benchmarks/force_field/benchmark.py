"""Learning to pull through a force field, over seeds: with the plasticity of parallel fibres, and without it.

See README.md. ``python benchmark.py SEEDS`` prints the table for another number of seeds.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ttest_1samp, ttest_rel

from sherrington.bench import Bound, Result
from sherrington.record.read import open_run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "force_field"
SEEDS = 4
AT_ONCE = 2
TRIALS = 38
CONDITIONS = {"plastic": "true", "fixed": "false"}
"""Name to ``brain.params.plastic``."""

BOUNDS = {
    "plastic_last_over_first": Bound(high=0.5),
    "fixed_last_over_first": Bound(low=0.7),
    "plastic_after_mrad": Bound(high=-15.0),
    "p_last_below_fixed": Bound(high=0.01),
    "p_after_beyond_fixed": Bound(high=0.01),
    "p_error_falls": Bound(high=0.05),
}


def run(seeds: int = SEEDS) -> Result:
    """Every run in a process of its own; errors at the beginning and the end of the field and after it."""
    todo = [(name, seed) for seed in range(1, seeds + 1) for name in CONDITIONS]
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as out, ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda one: _run(one[0], one[1], Path(out)), todo))
    trials = dict(zip(todo, done, strict=True))
    found = {name: [_learning()(trials[name, seed]) for seed in range(1, seeds + 1)] for name in CONDITIONS}
    rad = {
        name: {what: np.array([one[what] for one in runs]) for what in runs[0]}
        for name, runs in found.items()
    }
    errors = {
        f"{name}/{seed}": [round(1e3 * row["error_rad"], 1) for row in rows]
        for (name, seed), rows in trials.items()
    }
    whole = all(len(rows) == TRIALS for rows in done)
    return Result(whole, _metrics(rad), BOUNDS, {"error_mrad": errors})


def _metrics(rad: dict[str, dict[str, Any]]) -> dict[str, float]:
    """rad: by condition and by what ``learning`` of the example's check says, shape (n_seeds,)."""
    metrics = {}
    for name, found in rad.items():
        for what in ("first", "last", "after"):
            metrics[f"{name}_{what}_mrad"] = 1e3 * float(found[what].mean())
        metrics[f"{name}_last_over_first"] = float(found["last"].mean() / found["first"].mean())
    plastic, fixed = rad["plastic"], rad["fixed"]
    metrics["p_last_below_fixed"] = float(
        ttest_rel(plastic["last"], fixed["last"], alternative="less").pvalue
    )
    metrics["p_after_beyond_fixed"] = float(
        ttest_rel(plastic["after"], fixed["after"], alternative="less").pvalue
    )
    metrics["p_error_falls"] = float(ttest_rel(plastic["last"], plastic["first"], alternative="less").pvalue)
    metrics["p_fixed_falls"] = float(ttest_rel(fixed["last"], fixed["first"], alternative="less").pvalue)
    metrics["p_after_is_not_0"] = float(ttest_1samp(plastic["after"], 0.0, alternative="less").pvalue)
    return metrics


@cache
def _learning() -> Any:
    """The example's own measure."""
    spec = importlib.util.spec_from_file_location("force_field_check", EXAMPLE / "check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.learning


def _run(name: str, seed: int, out: Path) -> list[dict[str, Any]]:
    """The trials of one run."""
    settings = [
        f"brain.params.plastic={CONDITIONS[name]}",
        "record.signals=none",
        "record.spikes=none",
        "check=null",
    ]
    words = [word for text in settings for word in ("--set", text)]
    folder = out / f"{name}-{seed}"
    command = [sys.executable, "-m", "sherrington.cli", "run", str(EXAMPLE), "--out", str(folder)]
    made = subprocess.run(
        [*command, "--seed", str(seed), *words],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )
    if made.returncode != 0:
        raise RuntimeError(f"{name}, seed {seed}, ended with {made.returncode}:\n{made.stderr[-2000:]}")
    (run_folder,) = folder.iterdir()
    return list(open_run(run_folder).trials)


if __name__ == "__main__":
    for name, value in (result := run(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)).metrics.items():
        print(f"{name:30} {value:10.4g}  {BOUNDS.get(name, '')}")
