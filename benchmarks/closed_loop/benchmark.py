"""What the closed loop costs beside NEST and MuJoCo, alone and against NEST Server. See README.md."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import exact
import numpy as np
from experiments import INTERVAL_MS

from sherrington.bench import Bound, Result

Numbers = dict[str, Any]
MEASURE = Path(__file__).parent / "measure.py"
REPETITIONS = 5
MEMORY_S = 600
SERVER_STEPS = {20: (20, 3), 1000: (3, 1)}
"""Readouts to (timed steps, steps before them): a step of 1,000 readouts takes the server about 10 s."""
OUR_STEPS = {20: 400, 1000: 200}
LONG_STEPS = 1000

BOUNDS = {
    "nest_overhead_ms_20": Bound(high=1.0),
    "nest_overhead_ms_1000": Bound(high=10.0),
    "fake_overhead_ms": Bound(high=0.1),
    "nest_overhead_growth_20": Bound(high=1.25),
    "nest_overhead_growth_1000": Bound(high=1.25),
    "memory_growth_mb": Bound(high=8.0),
    "nest_server_ratio_20": Bound(low=10.0),
    "nest_server_ratio_1000": Bound(low=10.0),
    "pipelined_overlap": Bound(low=0.7),
}


def run() -> Result:
    """Every part in a process of its own, ours and the server's in turn; then compare and judge."""
    metrics: dict[str, float] = {}
    checks: dict[str, bool] = {}
    details: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        parts = _Parts(Path(folder))
        for readouts in (20, 1000):
            _against_server(parts, readouts, metrics, checks, details)
        _closed(parts, checks, details)
        _fake(parts, metrics, checks, details)
        _one_port(parts, metrics)
        _long(parts, metrics, details)
        _pipelined(parts, metrics, checks)
    return Result(all(checks.values()), metrics, BOUNDS, {"checks": checks, **details})


class _Parts:
    """Runs parts of ``measure.py``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, part: str, **arguments: int) -> Numbers:
        out = self._folder / f"{part}.npz"
        given = [f"{name}={value}" for name, value in arguments.items()]
        subprocess.run([sys.executable, str(MEASURE), part, str(out), *given], check=True)
        with np.load(out) as numbers:
            return {name: numbers[name] for name in numbers.files}

    def repeated(self, part: str, **arguments: int) -> list[Numbers]:
        return [self(part, **arguments) for _ in range(REPETITIONS)]


def overhead_ms(numbers: Numbers, rows: str = "rows") -> Any:
    """Of every step: wall time outside of both simulators, ms."""
    return 1e3 * (numbers[rows][:, 0] - numbers[rows][:, 1])


def _medians(runs: list[Numbers]) -> list[float]:
    """The median step of each repetition."""
    return [float(np.median(overhead_ms(r))) for r in runs]


def _mean(runs: list[Numbers]) -> float:
    """Median over repetitions of the mean step: what now and then writing to the disk costs is in it."""
    return float(np.median([np.mean(overhead_ms(r)) for r in runs]))


def _against_server(
    parts: _Parts, readouts: int, metrics: dict[str, float], checks: dict[str, bool], details: dict[str, Any]
) -> None:
    count, warm_up = SERVER_STEPS[readouts]
    ours = parts.repeated("nest", readouts=readouts, count=OUR_STEPS[readouts])
    theirs = parts("server", readouts=readouts, count=count, warm_up=warm_up)
    medians, server = _medians(ours), _medians([theirs])[0]
    metrics[f"nest_overhead_ms_{readouts}"] = float(np.median(medians))
    metrics[f"nest_overhead_mean_ms_{readouts}"] = _mean(ours)
    metrics[f"nest_rtf_{readouts}"] = float(np.median([_rtf(r) for r in ours]))
    metrics[f"nest_server_overhead_ms_{readouts}"] = server
    metrics[f"nest_server_rtf_{readouts}"] = _rtf(theirs)
    metrics[f"nest_server_ratio_{readouts}"] = server / float(np.median(medians))
    details[f"nest_overhead_ms_{readouts}"] = medians
    both = min(len(ours[0]["counts"]), len(theirs["counts"]))
    checks[f"same_counts_as_nest_server_{readouts}"] = _same(ours[0], theirs, both)
    checks[f"same_in_every_repetition_{readouts}"] = all(_same(ours[0], r, len(r["counts"])) for r in ours)
    details[f"spikes_compared_{readouts}"] = float(theirs["counts"][:both].sum())
    details[f"calls_per_step_{readouts}"] = float(theirs["calls"])


def _rtf(numbers: Numbers) -> float:
    return float(numbers["rows"][:, 0].mean() * 1e3 / INTERVAL_MS)


def _same(a: Numbers, b: Numbers, steps: int) -> bool:
    """Equal counts of every readout in every step, at least one spike a readout on average, and equal angles."""
    counts, angles = a["counts"][:steps], a["angles"][:steps]
    equal = np.array_equal(counts, b["counts"][:steps]) and np.array_equal(angles, b["angles"][:steps])
    return bool(equal and counts.sum() >= counts.shape[1])


def _closed(parts: _Parts, checks: dict[str, bool], details: dict[str, Any]) -> None:
    """With and without muscles: the joint must move because of the neurons, and they must notice that it did."""
    whole, cut = parts("nest", readouts=20, count=1), parts("cut", count=20)
    moved = float(np.abs(whole["angles"] - cut["angles"]).max())
    felt = float(np.abs(whole["counts"] - cut["counts"]).sum())
    details["moved_by_neurons_rad"], details["spikes_changed_by_movement"] = moved, felt
    checks["neurons_move_the_joint"] = moved > 0.1
    checks["movement_reaches_the_neurons"] = felt > 100


def _fake(parts: _Parts, metrics: dict[str, float], checks: dict[str, bool], details: dict[str, Any]) -> None:
    runs = parts.repeated("fake", count=5000)
    medians = _medians(runs)
    metrics["fake_overhead_ms"], details["fake_overhead_ms"] = float(np.median(medians)), medians
    metrics["fake_overhead_mean_ms"] = _mean(runs)
    counts, angles = exact.expected(len(runs[0]["counts"]))
    off = float(np.abs(runs[0]["angles"] - angles).max())
    details["closed_form_angle_error_rad"] = off
    checks["closed_form_as_worked_out"] = off < 1e-9 and np.array_equal(runs[0]["counts"], counts)


def _one_port(parts: _Parts, metrics: dict[str, float]) -> None:
    metrics["nest_overhead_ms_1000_in_one_port"] = float(
        np.median(_medians(parts.repeated("one_port", count=200)))
    )


def _long(parts: _Parts, metrics: dict[str, float], details: dict[str, Any]) -> None:
    """Cost and memory at the end of a long run over those at its beginning."""
    metrics["nest_overhead_growth_1000"] = _growth(parts("nest", readouts=1000, count=LONG_STEPS))
    long = parts("memory", seconds=MEMORY_S)
    metrics["nest_overhead_growth_20"] = _growth(long)
    mib = long["mib"]
    tenth = len(mib) // 10
    metrics["memory_growth_mb"] = float(mib[-tenth:].max() - mib[tenth : 2 * tenth].max())
    details["memory_mb"] = [round(float(m), 2) for m in mib[:: max(1, tenth // 3)]]


def _growth(numbers: Numbers) -> float:
    """Last third over first third. Of each the tenth percentile: what the loop itself takes when nobody disturbs it."""
    steps = overhead_ms(numbers)
    third = len(steps) // 3
    return float(np.percentile(steps[-third:], 10) / np.percentile(steps[:third], 10))


def _pipelined(parts: _Parts, metrics: dict[str, float], checks: dict[str, bool]) -> None:
    """How much of the shorter of brain and body is hidden behind the longer, and that nothing else changes."""
    runs = parts.repeated("pipelined", count=100)
    metrics["pipelined_overlap"] = float(np.median([_hidden(r) for r in runs]))
    lockstep, pipelined = (
        {key: runs[0][f"{mode}_{key}"] for key in ("counts", "angles")} for mode in ("lockstep", "pipelined")
    )
    checks["pipelined_as_lockstep"] = _same(lockstep, pipelined, len(lockstep["counts"]))


def _hidden(numbers: Numbers) -> float:
    """Wall time that a step saves, over the shorter of brain and body; of median steps."""
    one_by_one, _, brain, body = np.median(numbers["lockstep_rows"], axis=0)
    at_once = np.median(numbers["pipelined_rows"], axis=0)[0]
    return float((one_by_one - at_once) / min(brain, body))
