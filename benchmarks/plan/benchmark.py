"""How far predictions are from runs of different size, shape and experiment on this machine. See README.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from pydantic import Field
from runs import OVER_RANKS, RUNS, Run

from sherrington import bench
from sherrington.bench import Bound, Result
from sherrington.errors import RunError
from sherrington.install import mpi
from sherrington.plan.history import History
from sherrington.plan.home import HOME_VARIABLE
from sherrington.plan.predict import Prediction, planner
from sherrington.plan.shape import Shape
from sherrington.resolve import open_experiment

ONE_RUN = Path(__file__).parents[1] / "calibrate" / "one_run.py"
COMPARED = ("memory", "construction", "run")
GOALS = {"memory_error": 0.10, "construction_error": 0.25, "run_error": 0.25}
LOOP_AND_BUILD = ("start", "validate", "import", "build", "prepare", "build_body", "loop", "report")


class Options(bench.Options):
    """What is run."""

    repeats: Annotated[int, Field(ge=1, description="of every run; the shortest times count")] = 2
    keep: Annotated[str, Field(description="file of finished runs: those in it are not run again")] = ""


def run(options: Options) -> Result:
    """Predict and run each, and compare; checked: at least twelve runs, and in each neurons fire."""
    found: list[dict[str, Any]] = []
    for one in (*RUNS, *(OVER_RANKS if mpi.site() is not None else ())):
        predicted = predict(one)
        measured = _kept(one, options)
        found.append({"name": one.name, "measured": measured, "predicted": predicted})
    metrics = {f"{what}_error": median(abs(_ratio(f, what) - 1.0) for f in found) for what in COMPARED}
    metrics |= {"worst_" + what: max(abs(_ratio(f, what) - 1.0) for f in found) for what in COMPARED}
    metrics["run_error_on_the_clock"] = median(
        abs(f["predicted"]["run"] / f["measured"]["run_wall"] - 1.0) for f in found
    )
    bounds = {name: Bound(high=goal) for name, goal in GOALS.items()}
    fired = all(f["measured"]["spikes"] > 0 for f in found)
    return Result(fired and len(found) >= 12, metrics, bounds, {"runs": found}, _table(found))


def predict(one: Run) -> dict[str, float]:
    """MiB and s by what is compared, and of every phase; earlier runs teach nothing here."""
    resolved = open_experiment(one.folder, one.overrides)
    told = planner(resolved, history=History(())).predict(Shape(1, one.ranks, one.threads))
    return numbers(told)


def numbers(told: Prediction) -> dict[str, float]:
    """What is compared, from a prediction."""
    loop = {f"step_{part}": ms for part, ms in told.step_ms.items()}
    return {
        "memory": told.memory_mib.value,
        "construction": told.build_s.value,
        "run": told.total_s.value,
        **told.phases_s,
        **loop,
    }


def _kept(one: Run, options: Options) -> dict[str, Any]:
    path = Path(options.keep) if options.keep else None
    every = json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}
    if one.name not in every:
        every[one.name] = measure(one, options.repeats)
        if path:
            path.write_text(json.dumps(every, indent=1), encoding="utf-8")
    kept: dict[str, Any] = every[one.name]
    return kept


def measure(one: Run, repeats: int) -> dict[str, Any]:
    """As ``predict``, measured: the least of all repeats, phase by phase."""
    print(one.name, file=sys.stderr, flush=True)
    every = [_once(one) for _ in range(repeats)]
    phases = {p: min(_busy_s(m, p, one) for m in every) for p in LOOP_AND_BUILD}
    loop_share = phases["loop"] / every[0]["wall_s"]["loop"]
    return {
        "memory": min(m["whole_peak_mib"] for m in every),
        "construction": sum(phases[p] for p in ("build", "prepare", "build_body")),
        "run": sum(phases.values()),
        "run_wall": min(sum(m["wall_s"].values()) for m in every),
        **phases,
        **{f"step_{p}": 1e3 * s * loop_share / every[0]["cycles"] for p, s in every[0]["parts_s"].items()},
        "spikes": every[0]["spikes"],
        "rate_hz": every[0]["spikes"] / every[0]["neurons"] / every[0]["biological_s"],
        "neurons": every[0]["neurons"],
        "synapses": every[0]["synapses"],
    }


def _busy_s(measured: Mapping[str, Any], phase: str, one: Run) -> float:
    """What a phase would have taken on free cores: of one thread, what the processor was busy for, if that is less
    than the time on the clock; of several, which wait for each other, the time on the clock."""
    wall, cpu = float(measured["wall_s"][phase]), float(measured["cpu_s"][phase])
    return wall if one.threads * one.ranks > 1 else min(wall, cpu)


def _once(one: Run) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as place:
        out = Path(place) / "measured.json"
        words = [sys.executable, str(ONE_RUN), str(out), "1", str(one.folder), *one.overrides]
        environment = {**os.environ, HOME_VARIABLE: place, "OPENBLAS_NUM_THREADS": "1"}
        starts = [str(mpi.require().mpiexec), "-n", str(one.ranks)] if one.ranks > 1 else []
        done = subprocess.run([*starts, *words], capture_output=True, text=True, env=environment)
        if done.returncode:
            raise RunError(f"'{one.name}' ended with status {done.returncode}: {done.stderr.strip()[-2000:]}")
        result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return result


def _ratio(found: Mapping[str, Any], what: str) -> float:
    return float(found["predicted"][what] / found["measured"][what])


def _table(found: list[dict[str, Any]]) -> str:
    lines = [
        f"{'predicted / measured':30}{'memory, MiB':>20}{'construction, s':>20}{'run, s':>20}{'on the clock':>14}"
    ]
    for f in found:
        cells = [_cell(f["predicted"][w], f["measured"][w]) for w in COMPARED]
        lines.append(
            f"{f['name']:30}" + "".join(f"{c:>20}" for c in cells) + f"{f['measured']['run_wall']:14.3g}"
        )
    return "\n".join(lines)


def _cell(predicted: float, measured: float) -> str:
    return f"{predicted:.4g} / {measured:.4g} {predicted / measured - 1:+.0%}"
