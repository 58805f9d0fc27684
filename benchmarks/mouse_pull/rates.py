"""Rates of every recorded population at rest and during the pull, beside the range of its mean rate at rest.

    sherrington run examples/mouse_pull --set record.spikes=all --set brain.params.regions='[M1, S1, TH, BG, CB]'
    python benchmarks/mouse_pull/rates.py runs/mouse_pull-...

Rest: from 100 ms after the start of every trial until its cue ``go``. Pull: 80 to 280 ms after ``go``, when the
command has reached M1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sherrington.record.read import Run, open_run

SETTLED_MS = 100.0
PULL_MS = (80.0, 280.0)


def main(run: Run) -> None:
    go_ms = [row["start_ms"] + SETTLED_MS + 1000 * row["wait_s"] for row in run.trials]
    rest = [(row["start_ms"] + SETTLED_MS, go) for row, go in zip(run.trials, go_ms, strict=True)]
    pull = [(go + PULL_MS[0], go + PULL_MS[1]) for go in go_ms]
    print(
        "| population | neurons | range at rest, Hz | at rest, Hz | during the pull, Hz |\n|---|---|---|---|---|"
    )
    for facts in run.network["populations"]:
        name = facts["name"]
        if name not in run.populations:
            continue
        found = facts["rest_hz"]
        allowed = f"{found[0]:.2g} to {found[1]:.2g}" if found else "none"
        at_rest, pulling = (_rate_hz(run, name, windows) for windows in (rest, pull))
        print(f"| {name} | {facts['size']} | {allowed} | {at_rest:.1f} | {pulling:.1f} |")


def _rate_hz(run: Run, population: str, windows_ms: list[tuple[float, float]]) -> float:
    times_ms = run.spikes(population).times_ns / 1e6
    spikes = sum(int(np.sum((times_ms > start) & (times_ms <= end))) for start, end in windows_ms)
    lasting_ms = sum(end - start for start, end in windows_ms)
    return spikes / run.populations[population].size / lasting_ms * 1000


if __name__ == "__main__":
    main(open_run(Path(sys.argv[1])))
