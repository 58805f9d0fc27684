"""Strong and weak scaling of the balanced network over one and two processes, beside what the plan says. See
README.md."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

from pydantic import Field

from sherrington import bench
from sherrington.bench import Result
from sherrington.install import mpi
from sherrington.plan.history import History
from sherrington.plan.predict import planner
from sherrington.plan.shape import Shape
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
ALONE = HERE.parent / "plan" / "alone"
INDEGREE_FRACTION = 0.04
"""Of the 11,250 inputs of a neuron, at every size: weak scaling adds neurons, and leaves each as it is."""
RATE_HZ = (6.0, 10.0)
"""Within which the network fires as it should, at every size (``docs/science/hpc_benchmark.md``)."""
PROCESSES = (1, 2)


class Options(bench.Options):
    """What is run."""

    scale: Annotated[float, Field(gt=0, description="of the network of strong scaling")] = 0.6
    ms: Annotated[float, Field(ge=20, description="biological time, ms; a multiple of 20")] = 200.0
    repeats: Annotated[int, Field(ge=1, description="of every run; the shortest times count")] = 3
    by: Annotated[
        Literal["auto", "ranks", "threads"],
        Field(description="what a process is; auto: ranks where NEST with MPI is built, else threads"),
    ] = "auto"


@dataclass(frozen=True)
class Run:
    """One network on so many processes."""

    scale: float
    processes: int
    ranks: int

    @property
    def shape(self) -> Shape:
        return Shape(1, self.ranks, self.processes // self.ranks)


def run(options: Options) -> Result:
    """Both tables; checked: every network fires at its rate, and strong scaling simulates one network."""
    by = options.by if options.by != "auto" else ("threads" if mpi.site() is None else "ranks")
    strong = [measured(_run(options.scale, n, by), options) for n in PROCESSES]
    half = options.scale / 2
    weak = [measured(_run(half * n, n, by), options) for n in PROCESSES]
    one, two = strong
    metrics = {
        "strong_construction_speedup": one["construction_s"] / two["construction_s"],
        "strong_rtf_speedup": one["rtf"] / two["rtf"],
        "weak_construction_efficiency": weak[0]["construction_s"] / weak[1]["construction_s"],
        "weak_rtf_efficiency": weak[0]["rtf"] / weak[1]["rtf"],
        "memory_of_half": two["memory_mib"] / one["memory_mib"],
        "predicted_rtf_error": median(abs(r["predicted_rtf"] / r["rtf"] - 1) for r in (*strong, *weak)),
    }
    right = all(RATE_HZ[0] < r["rate_hz"] < RATE_HZ[1] for r in (*strong, *weak))
    same = one["synapses"] == two["synapses"]
    details = {"by": by, "strong": strong, "weak": weak}
    return Result(
        right and same, metrics, {}, details, _table("strong", strong, by) + "\n\n" + _table("weak", weak, by)
    )


def _run(scale: float, processes: int, by: str) -> Run:
    return Run(scale, processes, processes if by == "ranks" else 1)


def measured(one: Run, options: Options) -> dict[str, Any]:
    """What one run came to, the least of all repeats, and what the plan says."""
    calibrate = _calibrate()
    changes = (
        "brain.network=hpc_benchmark",
        f"brain.scale={one.scale:g}",
        f"brain.params.indegree_fraction={INDEGREE_FRACTION}",
        f"loop.duration_ms={options.ms:g}",
        f"brain.virtual_processes={one.processes}",
    )
    case = calibrate.Case("", changes, ALONE, threads=one.shape.threads, ranks=one.ranks)
    print(f"scale {one.scale:g} on {one.processes}", file=sys.stderr, flush=True)
    found = calibrate.least([calibrate.one(case) for _ in range(options.repeats)])
    told = planner(open_experiment(ALONE, changes), history=History(())).predict(one.shape)
    loop_s = found["wall_s"]["loop"]
    return {
        "processes": one.processes,
        "neurons": found["neurons"],
        "synapses": found["synapses"],
        "construction_s": found["wall_s"]["build"] + found["wall_s"]["prepare"],
        "step_ms": 1e3 * loop_s / found["cycles"],
        "rtf": loop_s / found["biological_s"],
        "memory_mib": found["peak_mib"],
        "busy_s": found["cpu_s"]["build"] + found["cpu_s"]["prepare"] + found["cpu_s"]["loop"],
        "rate_hz": found["spikes"] / found["neurons"] / found["biological_s"],
        "predicted_construction_s": told.build_s.value,
        "predicted_rtf": told.rtf.value,
        "predicted_memory_mib": told.loop_memory_mib,
    }


def _calibrate() -> Any:
    """``benchmarks/calibrate/benchmark.py``, whose way of running a case in a process of its own is used here."""
    name = "calibrate_benchmark"
    if name not in sys.modules:
        folder = HERE.parent / "calibrate"
        sys.path.insert(0, str(folder))
        spec = importlib.util.spec_from_file_location(name, folder / "benchmark.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def _table(kind: str, rows: list[dict[str, Any]], by: str) -> str:
    heads = ("neurons", "synapses", "construction, s", "RTF", "memory, MiB", "busy, s of rank 0")
    lines = [f"{kind + ' scaling, ' + by:24}" + "".join(f"{h:>19}" for h in heads)]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(row: Mapping[str, Any]) -> str:
    cells = (
        f"{row['neurons']:,}",
        f"{row['synapses']:,}",
        f"{row['construction_s']:.3g} ({row['predicted_construction_s']:.3g})",
        f"{row['rtf']:.3g} ({row['predicted_rtf']:.3g})",
        f"{row['memory_mib']:.0f} ({row['predicted_memory_mib']:.0f})",
        f"{row['busy_s']:.3g}",
    )
    return f"{row['processes']:<24}" + "".join(f"{cell:>19}" for cell in cells)
