"""Both experiments of Feldotto et al. 2022 at a stated scale, beside the published figures. See README.md."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import experiments
from pydantic import Field
from table import table
from variants import ABLATIONS, WHOLE, Case, Variant

from sherrington import bench
from sherrington.bench import Result
from sherrington.errors import RunError

MEASURE = Path(__file__).parent / "measure.py"
METRICS = (
    *("total_s", "construction_s", "first_step_s"),
    *("brain_ms", "readout_ms", "transfer_ms", "body_ms", "overhead_ms", "record_ms"),
    "loop_rtf",
    *("peak_rss_gb", "neurons", "synapses", "process_hours", "rate_hz"),
)
PHASES = ("brain_ms", "readout_ms", "transfer_ms", "body_ms", "overhead_ms")
SUM_TOLERANCE = 0.01
"""Of the step: what its parts may differ from it together."""


class Options(bench.Options):
    """What is run."""

    experiment: Annotated[Literal["balanced", "mouse"], Field(description="which of the two")]
    scale: Annotated[float, Field(gt=0, description="fraction of the full-size network")] = 0.01
    threads: Annotated[int, Field(ge=1, description="threads of NEST")] = 2
    steps: Annotated[int, Field(ge=2, description="exchange steps of 20 ms; 50 are the published second")] = (
        50
    )
    ablations: Annotated[bool, Field(description="also with parts left out, and other readouts")] = False


def run(options: Options) -> Result:
    """The experiment as a whole, and its ablations if asked for, each in a process of its own. Raises ExperimentError
    or NeverError before anything is started, where a network cannot be described at that scale."""
    variants = {"": WHOLE[options.experiment]}
    variants |= ABLATIONS[options.experiment] if options.ablations else {}
    cases = {name: _case(options, variant) for name, variant in variants.items()}
    for case in cases.values():
        experiments.resolved(case)
    measured = {name: _measured(name, case) for name, case in cases.items()}
    checks = {
        f"{name}: {what}".lstrip(": "): holds
        for name, found in measured.items()
        for what, holds in checked(variants[name], found).items()
    }
    metrics = {name: _metrics(found) for name, found in measured.items()}
    whole, details = (
        metrics.pop(""),
        {name: found | {"read_hz": _summary(found)} for name, found in measured.items()},
    )
    details["whole"] = details.pop("")
    report = table(options.experiment, options.scale, options.threads, whole, metrics)
    return Result(all(checks.values()), whole, {}, {"checks": checks, **details}, report)


def _case(options: Options, variant: Variant) -> Case:
    return Case(options.experiment, options.scale, options.threads, options.steps, variant)


def _measured(name: str, case: Case) -> dict[str, Any]:
    """``measure.Measured`` of a fresh process, and ``total_s``, its wall time from start to end."""
    print(f"{case.experiment} at scale {case.scale:g}{name and f', {name}'}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        out = Path(folder) / "measured.json"
        began = time.perf_counter()
        # What NEST prints belongs to no table.
        done = subprocess.run(
            [sys.executable, str(MEASURE), str(out), json.dumps(asdict(case))], stdout=subprocess.DEVNULL
        )
        total_s = time.perf_counter() - began
        if done.returncode:
            raise RunError(
                f"{case.experiment} at scale {case.scale:g}{name and f', {name},'} ended with status "
                f"{done.returncode}; what it printed is above; where it was killed (-9) there mostly was too little "
                "memory: take a smaller scale"
            )
        return {"total_s": total_s, **json.loads(out.read_text(encoding="utf-8"))}


def checked(variant: Variant, found: Mapping[str, Any]) -> dict[str, bool]:
    """Whether what was timed was right."""
    parts = sum(found[name] for name in PHASES)
    stages = sum(found[name] for name in ("import_s", "construction_s", "first_step_s", "loop_s"))
    checks = {
        "every metric is finite": all(math.isfinite(_metrics(found)[name]) for name in METRICS),
        "the parts of a step add up": abs(parts - found["step_ms"]) <= SUM_TOLERANCE * found["step_ms"],
        "no stage is longer than the whole": stages <= found["total_s"],
        "neurons fire": found["rate_hz"] > 0 or not variant.brain,
    }
    if variant.readouts and variant.transfer:
        checks["every readout is read"] = len(found["read_hz"]) == variant.readouts
        checks["spikes are read"] = sum(found["read_hz"]) > 0
        checks["neurons excite muscles"] = found["excited"] > 0
        checks["the body moves"] = found["moved_rad"] > 0
    return checks


def _metrics(found: Mapping[str, Any]) -> dict[str, float]:
    hours = found["total_s"] / 3600.0
    return {name: hours if name == "process_hours" else float(found[name]) for name in METRICS}


def _summary(found: Mapping[str, Any]) -> dict[str, float]:
    """Of the readouts' mean rates, for the results file."""
    rates = found["read_hz"]
    silent = sum(rate == 0 for rate in rates)
    return {"readouts": len(rates), "silent": silent, "mean": sum(rates) / max(1, len(rates))}
