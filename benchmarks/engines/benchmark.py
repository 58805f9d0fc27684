"""NEST and the native engine side by side: the same described network, the same number of threads. See README.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sherrington import bench
from sherrington.bench import Bound, Result

ENGINES = ("nest", "native")
TOLERANCE = 0.05
"""By how much rates may differ: the networks are two draws of the same description, with other noise."""


class Options(bench.Options):
    neurons: Annotated[int, Field(gt=99, description="of the balanced network")] = 20_000
    indegree: Annotated[int, Field(gt=9, description="synapses of each neuron")] = 1000
    threads: Annotated[int, Field(gt=0, description="of each engine")] = 2
    ms: Annotated[int, Field(gt=99, description="model time that is timed")] = 500
    repeats: Annotated[int, Field(gt=0, description="runs of each engine; the fastest counts")] = 1


def run(options: Options) -> Result:
    """Both engines in processes of their own, one after the other."""
    rows = [_measure(engine, options) for _ in range(options.repeats) for engine in ENGINES]
    nest, native = (_best([row for row in rows if row["engine"] == engine]) for engine in ENGINES)
    metrics = {
        "balanced_speedup": nest["run_s"] / native["run_s"],
        "construction_speedup": nest["build_s"] / native["build_s"],
        "bytes_per_static_synapse": native["bytes"],
        "nest_rtf": nest["rtf"],
        "native_rtf": native["rtf"],
        "native_events_per_s": _events_per_s(native),
        "native_construction_ns_per_synapse": 1e9 * native["build_s"] / native["synapses"],
    }
    bounds = {
        "balanced_speedup": Bound(low=15),
        "construction_speedup": Bound(low=10),
        "bytes_per_static_synapse": Bound(high=8),
    }
    return Result(_agree(nest, native), metrics, bounds, {"rows": rows})


def _measure(engine: str, options: Options) -> dict[str, Any]:
    script = Path(__file__).with_name("measure.py")
    numbers = (options.neurons, options.indegree, options.threads, options.ms)
    done = subprocess.run(
        [sys.executable, str(script), engine, *map(str, numbers)], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _best(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The fastest run, with the fastest construction and the largest memory of all."""
    fastest = min(rows, key=lambda row: row["run_s"])
    return {**fastest, "build_s": min(r["build_s"] for r in rows), "bytes": max(r["bytes"] for r in rows)}


def _events_per_s(row: dict[str, Any]) -> float:
    """Synaptic events for each second on the clock."""
    rate = (4 * row["rates_hz"]["e"] + row["rates_hz"]["i"]) / 5
    return float(rate * row["synapses"] / row["rtf"])


def _agree(nest: dict[str, Any], native: dict[str, Any]) -> bool:
    """As many synapses, and the same rates in both populations."""
    same = [abs(native["rates_hz"][p] / rate - 1) < TOLERANCE for p, rate in nest["rates_hz"].items()]
    return all(same) and nest["synapses"] == native["synapses"]
