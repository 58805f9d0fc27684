"""Pushes against a held stick: the spinal reflex, and what comes by way of cortex later. See README.md.

``python benchmark.py SEEDS PUSHES`` prints the metrics of a smaller one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from experiments import PUSH_MS, experiment, pushes_ms, write
from responses import CHAIN, STARTS_MS, Course, courses

from sherrington.bench import Bound, Result
from sherrington.record.read import open_run

SEEDS, PUSHES = 1, 50
AT_ONCE = 2
SCALE = 0.01
OUT = Path("runs") / "bench-mouse-stretch"
CONDITIONS = ("intact", "cut")
LATE_MS = (20.0, 60.0)
"""Where responses through cortex are measured."""
EARLY_MS = (5.0, 12.5)
"""Where the reflex is measured: while Ia afferents fire more, and one delay later."""

BOUNDS = {
    "pushes": Bound(low=50),
    "stretch_mm": Bound(low=0.05),
    "reflex_ms": Bound(2.5, 15.0),
    "reflex_cut_minus_intact_ms": Bound(-2.5, 2.5),
    "reflex_cut_over_intact": Bound(0.67, 1.5),
    "M1_L5B_PT_ms": Bound(15.0, 60.0),
    "M1_L5B_PT_cut_over_intact": Bound(high=0.3),
    "separation_ms": Bound(low=5.0),
}


@dataclass(frozen=True)
class Case:
    """One run to make."""

    condition: str
    seed: int


def run(seeds: int = SEEDS, pushes: int = PUSHES) -> Result:
    """Every run in a process of its own; courses averaged over all pushes of all seeds."""
    cases = [Case(condition, seed) for seed in range(1, seeds + 1) for condition in CONDITIONS]
    times = {seed: pushes_ms(seed, pushes) for seed in range(1, seeds + 1)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        folders = list(pool.map(lambda case: _run(case, times[case.seed]), cases))
    return judged(dict(zip(cases, folders, strict=True)), times)


def judged(folders: Mapping[Case, Path], times: Mapping[int, Sequence[float]]) -> Result:
    """What the runs in these folders say."""
    found = {
        condition: courses(
            [(open_run(f), times[case.seed]) for case, f in folders.items() if case.condition == condition]
        )
        for condition in CONDITIONS
    }
    metrics = {"pushes": float(min(map(len, times.values()))), **_metrics(found["intact"], found["cut"])}
    details = {
        "starts_ms": STARTS_MS.tolist(),
        "push_ms": PUSH_MS,
        **{
            condition: {name: course.values.round(4).tolist() for name, course in every.items()}
            for condition, every in found.items()
        },
    }
    return Result(metrics["Ia_hz"] > 0, metrics, BOUNDS, details)


def _run(case: Case, times_ms: Sequence[float]) -> Path:
    """The folder of one run; one that was completed earlier is taken as it is."""
    place = OUT / f"{case.condition}-{case.seed}-{len(times_ms)}"
    done = [folder for folder in place.glob("runs/*") if open_run(folder).summary.get("completed")]
    if done:
        return done[-1]
    content = experiment(case.seed, times_ms, cut=case.condition == "cut", scale=SCALE)
    folder = write(place / "experiment", content)
    command = [sys.executable, "-m", "sherrington.cli", "run", str(folder), "--out", str(place / "runs")]
    made = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    if made.returncode != 0:
        raise RuntimeError(f"{case} ended with {made.returncode}:\n{made.stderr[-2000:]}")
    return max((place / "runs").iterdir())


def _metrics(intact: Mapping[str, Course], cut: Mapping[str, Course]) -> dict[str, float]:
    stretch_ms = intact["length"].onset_ms()
    onset = {name: intact[name].onset_ms() - stretch_ms for name in CHAIN}
    reflex = {name: course["MN"].excess(*EARLY_MS) for name, course in (("intact", intact), ("cut", cut))}
    late = {name: intact[name].less(cut[name]) for name in ("MN", "M1_L5B_PT")}
    late_ms = late["MN"].onset_ms(after_ms=stretch_ms + onset["M1_L5B_PT"]) - stretch_ms
    pyramidal = [course["M1_L5B_PT"].excess(*LATE_MS) for course in (cut, intact)]
    return {
        "stretch_ms": stretch_ms,
        "stretch_mm": float(np.ptp(intact["length"].values)),
        **{f"{name}_ms": value for name, value in onset.items() if name != "MN"},
        **{f"{name}_hz": float(intact[name].values.max() - intact[name].base) for name in CHAIN},
        **{f"{name}_before_hz": intact[name].base for name in CHAIN},
        "reflex_ms": onset["MN"],
        "reflex_cut_minus_intact_ms": cut["MN"].onset_ms() - intact["MN"].onset_ms(),
        "reflex_cut_over_intact": reflex["cut"] / reflex["intact"],
        "M1_L5B_PT_cut_over_intact": pyramidal[0] / pyramidal[1],
        "MN_late_ms": late_ms,
        "MN_late_hz": float(late["MN"].values[STARTS_MS >= 0].max()),
        "separation_ms": late_ms - onset["MN"],
    }


if __name__ == "__main__":
    result = run(int(sys.argv[1]), int(sys.argv[2]))
    for name, value in result.metrics.items():
        print(f"{name:45} {value:10.4g}  {BOUNDS.get(name, '')}")
