"""Construction by connection rule, each in a fresh process. See README.md. ``python benchmark.py`` prints a table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import CASES

from sherrington.bench import Bound, Result

CONNECTIONS = 10_000_000
THREADS = (1, 2)
FIXED_CPU_US, DISTANCE_CPU_US = 0.6, 1.0
COLUMNS = ("cpu", "drawing", "wall", "prepare", "stays", "peak")


def run(connections: int = CONNECTIONS) -> Result:
    """All cases; every process has checked that NEST has the connections that were drawn."""
    rows = list(measured(connections))
    metrics = {f"{_name(row)}_{unit}": float(row[unit]) for row in rows for unit in ("cpu", "wall", "stays")}
    bounds = {
        f"{_name(row)}_cpu": Bound(high=FIXED_CPU_US if row["case"].startswith("Fixed") else DISTANCE_CPU_US)
        for row in rows
    }
    return Result(all(row["connections"] > connections // 2 for row in rows), metrics, bounds, {"rows": rows})


def measured(connections: int) -> Iterator[dict[str, Any]]:
    """One dictionary for every case and number of threads: the fields of ``measure.Measured``."""
    for case in CASES:
        for threads in THREADS:
            yield _measure(case, threads, connections)


def _measure(case: str, threads: int, connections: int) -> dict[str, Any]:
    script = Path(__file__).with_name("measure.py")
    done = subprocess.run(
        [sys.executable, str(script), case, str(threads), str(connections)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _name(row: dict[str, Any]) -> str:
    return f"{row['case']}, {row['threads']} threads"


def main() -> None:
    print("case", "threads", "millions", *COLUMNS, sep="\t")
    for row in measured(CONNECTIONS):
        values = (f"{row[name]:.2f}" for name in COLUMNS)
        print(row["case"], row["threads"], f"{row['connections'] / 1e6:.1f}", *values, sep="\t", flush=True)


if __name__ == "__main__":
    main()
