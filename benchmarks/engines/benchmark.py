"""NEST and the native engine side by side: the same described network, the same number of threads. See README.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

from networks import CASES
from pydantic import Field

from sherrington import bench
from sherrington.bench import Bound, Result

Row = dict[str, Any]
ENGINES = ("nest", "native")
SPEEDUP = {"balanced": 15.0, "microcircuit": 8.0, "conductance": 25.0}
"""What must be reached."""
STANDARD_ERRORS, SHARE, LEAST_HZ = 4.5, 0.05, 0.1
"""How far rates may be apart: so many standard errors of their difference, and this share (they are two draws of one
description); rates below the last are not judged by their share."""


class Options(bench.Options):
    neurons: Annotated[int, Field(gt=99, description="of the balanced network")] = 20_000
    indegree: Annotated[int, Field(gt=9, description="synapses of each of its neurons")] = 1000
    microcircuit: Annotated[float, Field(gt=0, le=1, description="scale of the microcircuit")] = 0.15
    conductance: Annotated[float, Field(gt=0, le=1, description="scale of the mouse's cerebellum")] = 0.02
    threads: Annotated[int, Field(gt=0, description="of each engine")] = 2
    ms: Annotated[int, Field(gt=99, description="model time that is timed")] = 400
    repeats: Annotated[int, Field(gt=0, description="runs of each engine; the fastest counts")] = 1


def run(options: Options) -> Result:
    """Every network in both engines, in processes of their own, one after the other."""
    rows = [
        _measure(engine, case, options)
        for case in CASES
        for _ in range(options.repeats)
        for engine in ENGINES
    ]
    pairs = {case: [_best(rows, engine, case) for engine in ENGINES] for case in CASES}
    metrics, bounds = {}, {}
    for case, (nest, native) in pairs.items():
        metrics |= {
            f"{case}_speedup": nest["run_s"] / native["run_s"],
            f"{case}_cpu_speedup": nest["run_cpu_s"] / native["run_cpu_s"],
            f"{case}_native_rtf": 1000 * native["run_s"] / native["ms"],
        }
        bounds[f"{case}_speedup"] = Bound(low=SPEEDUP[case])
    nest, native = pairs["balanced"]
    metrics |= {
        "construction_speedup": nest["build_s"] / native["build_s"],
        "construction_cpu_speedup": nest["build_cpu_s"] / native["build_cpu_s"],
        "bytes_per_static_synapse": native["bytes"],
        "balanced_native_events_per_cpu_s": _events(native) / native["run_cpu_s"],
    }
    bounds |= {"construction_speedup": Bound(low=10), "bytes_per_static_synapse": Bound(high=8)}
    faults = {case: _faults(*pair) for case, pair in pairs.items()}
    return Result(not any(faults.values()), metrics, bounds, {"rows": rows, "faults": faults})


def _measure(engine: str, case: str, options: Options) -> Row:
    """Threads that wait sleep: other work of the machine then counts for neither engine."""
    script = Path(__file__).with_name("measure.py")
    scale = getattr(options, case, 1.0)
    numbers = (options.neurons, options.indegree, scale, options.threads, options.ms)
    done = subprocess.run(
        [sys.executable, str(script), engine, case, *map(str, numbers)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
    )
    found: Row = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _best(rows: list[Row], engine: str, case: str) -> Row:
    """The fastest run, with the fastest construction and the largest memory of all."""
    mine = [row for row in rows if (row["engine"], row["case"]) == (engine, case)]
    least = {
        name: min(row[name] for row in mine) for name in ("build_s", "build_cpu_s", "run_s", "run_cpu_s")
    }
    return {**mine[0], **least, "bytes": max(row["bytes"] for row in mine)}


def _events(row: Row) -> float:
    """Synaptic events of the balanced network, where all neurons have the same number of targets on average."""
    rate = (4 * row["rates_hz"]["e"] + row["rates_hz"]["i"]) / 5
    return float(rate * row["synapses"] * row["ms"] / 1000)


def _faults(nest: Row, native: Row) -> list[str]:
    """Populations whose rates differ, in words; and the number of synapses, where chance leaves it alone."""
    found = []
    for name, theirs in nest["rates_hz"].items():
        ours = native["rates_hz"][name]
        error = (nest["errors_hz"][name] ** 2 + native["errors_hz"][name] ** 2) ** 0.5
        if abs(ours - theirs) > STANDARD_ERRORS * error + SHARE * theirs + LEAST_HZ:
            found.append(f"{name}: {theirs:.3g} Hz in NEST, {ours:.3g} Hz here")
    if abs(native["synapses"] / nest["synapses"] - 1) > 0.001:
        found.append(f"{nest['synapses']} synapses in NEST, {native['synapses']} here")
    return found
