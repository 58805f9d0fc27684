"""What it costs that a brain is on two ranks, and whether it stays the same brain. See README.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from sherrington.bench import Bound, Result
from sherrington.errors import RunError
from sherrington.install import mpi

MEASURE = Path(__file__).parent / "measure.py"
REPETITIONS = 5
STEPS = {20: 400, 1000: 200}
"""Timed steps, by readouts."""
BOUNDS = {
    "exchange_ms_20": Bound(high=0.3),
    "exchange_ms_1000": Bound(high=3.0),
    "identical_spikes": Bound(low=1.0),
}


def run() -> Result:
    """Two ranks of one thread and one process of two threads in turn. Raises NotNowError without NEST with MPI."""
    mpi.require()
    metrics: dict[str, float] = {}
    alike = []
    details: dict[str, Any] = {}
    for readouts, steps in STEPS.items():
        pairs = [(_measured(2, readouts, steps), _measured(1, readouts, steps)) for _ in range(REPETITIONS)]
        alike += [two["prints"] == one["prints"] and one["prints"]["spikes"] > 0 for two, one in pairs]
        steps_of = {"two": [two for two, _ in pairs], "one": [one for _, one in pairs]}
        metrics[f"exchange_ms_{readouts}"] = _typical(steps_of["two"], "exchange_ms")
        metrics[f"outside_ms_{readouts}"] = _typical(steps_of["two"], "outside_ms")
        metrics[f"outside_alone_ms_{readouts}"] = _typical(steps_of["one"], "outside_ms")
        metrics[f"brain_ms_{readouts}"] = _typical(steps_of["two"], "brain_ms")
        metrics[f"brain_alone_ms_{readouts}"] = _typical(steps_of["one"], "brain_ms")
        details[f"exchange_ms_{readouts}"] = [median(two["exchange_ms"]) for two, _ in pairs]
        details[f"prints_{readouts}"] = [pair[0]["prints"] for pair in pairs]
    metrics["identical_spikes"] = float(all(alike))
    return Result(all(alike), metrics, BOUNDS, details)


def _typical(runs: list[dict[str, Any]], what: str) -> float:
    """The median over processes of the median step."""
    return median(median(run[what]) for run in runs)


def _measured(ranks: int, readouts: int, steps: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        out = Path(folder) / "measured.json"
        command = [sys.executable, str(MEASURE), str(out), str(readouts), str(steps)]
        if ranks > 1:
            command = [str(mpi.require().mpiexec), "-n", str(ranks), *command]
        # Two threads on one processor, beside other work, would spin away each other's time.
        environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise RunError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found
