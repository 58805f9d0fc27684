"""Measures what things cost on this machine, and keeps it for ``sherrington plan``. See README.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cases import Case, cases
from pydantic import Field

from sherrington import bench
from sherrington.bench import Bound, Result
from sherrington.errors import RunError
from sherrington.install import mpi
from sherrington.plan.amounts import amounts
from sherrington.plan.constants import LOCAL, SHIPPED_FILE, prior, save
from sherrington.plan.fit import Fitted, fit
from sherrington.plan.home import CONSTANTS_FILE, HOME_VARIABLE, folder
from sherrington.plan.memory import Amounts
from sherrington.plan.predict import flush_amounts, other_rank
from sherrington.plan.rates import Rates
from sherrington.plan.shape import Shape
from sherrington.plan.work import Work, describe
from sherrington.record.folder import provenance
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
PHASES = ("start", "validate", "import", "build", "prepare", "build_body", "report")
PARTS = ("brain", "body", "transfer", "readout", "record")
LEAST_S, LEAST_SHARE = 2e-3, 0.03
"""What is shorter, or of the loop a smaller share, is not fitted to: it is noise, and relative errors would make
much of it."""
UNKNOWN_SPREAD = 0.3
"""Of a quantity that no run measured."""
Row = tuple[Amounts, float]


class Options(bench.Options):
    """What is run."""

    threads: Annotated[int, Field(ge=1, le=2, description="most threads and ranks of NEST")] = 2
    target: Annotated[str, Field(description="the target whose constants these are")] = LOCAL
    repeats: Annotated[int, Field(ge=1, description="of every case; the shortest times count")] = 1
    shipped: Annotated[bool, Field(description="write the constants that ship, in the checkout")] = False
    keep: Annotated[str, Field(description="file of finished runs: those in it are not run again")] = ""


def run(options: Options) -> Result:
    """Every case in a process of its own, then one fit for each quantity; checked: every case ran, and the constants
    can be read again."""
    found = _measured(options)
    rows = gather(found, {case.name: case for case in every(options)})
    before = prior()
    fitted = {quantity: fit(rows.get(quantity, []), terms) for quantity, terms in before.items()}
    path = SHIPPED_FILE if options.shipped else folder(options.target) / CONSTANTS_FILE
    save(
        {q: f.constants for q, f in fitted.items()},
        {q: f.spread or UNKNOWN_SPREAD for q, f in fitted.items()},
        _facts(len(found)),
        path,
    )
    metrics = {f"{q}_spread": f.spread for q, f in fitted.items() if rows.get(q)}
    return Result(
        True,
        metrics,
        {"memory_spread": Bound(high=0.1)},
        {"rows": _rows(rows, fitted)},
        _table(rows, fitted, path),
    )


def every(options: Options) -> list[Case]:
    """The cases that this machine can run: several ranks need NEST with MPI."""
    return list(cases(options.threads, 2 if options.threads > 1 and mpi.site() is not None else 1))


def _measured(options: Options) -> dict[str, dict[str, Any]]:
    path = Path(options.keep) if options.keep else None
    found: dict[str, dict[str, Any]] = {}
    if path and path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
    for case in every(options):
        if case.name not in found:
            print(case.name, file=sys.stderr, flush=True)
            found[case.name] = least([one(case) for _ in range(options.repeats)])
            if path:
                path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def one(case: Case) -> dict[str, Any]:
    """``one_run.Measured`` of a case, as a dictionary. Raises RunError."""
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as place:
        out = Path(place) / "measured.json"
        words = [sys.executable, str(HERE / "one_run.py"), str(out), str(int(case.report)), str(case.folder)]
        # The run must teach nothing: what it is predicted by is about to be measured.
        environment = {**os.environ, HOME_VARIABLE: place, "OPENBLAS_NUM_THREADS": "1"}
        starts = [str(mpi.require().mpiexec), "-n", str(case.ranks)] if case.ranks > 1 else []
        done = subprocess.run(
            [*starts, *words, *case.changes], capture_output=True, text=True, env=environment
        )
        if done.returncode:
            raise RunError(
                f"case '{case.name}' ended with status {done.returncode}: {done.stderr.strip()[-2000:]}"
            )
        result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return result


def least(repeats: list[dict[str, Any]]) -> dict[str, Any]:
    """The first of them, with the least of all times: other work on the machine only ever adds to them."""
    found = dict(repeats[0])
    for table in ("wall_s", "cpu_s", "parts_s"):
        found[table] = {name: min(one[table][name] for one in repeats) for name in found[table]}
    return found


def work_of(case: Case, measured: Mapping[str, Any]) -> Work:
    """The work of a case at the rates that it had."""
    resolved = open_experiment(case.folder, case.changes)
    mean_hz = measured["spikes"] / measured["neurons"] / measured["biological_s"]
    hz = {name: measured["rates_hz"].get(name, mean_hz) for name in resolved.network.populations}
    return describe(resolved, Rates(hz, dict.fromkeys(hz, "seen")))


def gather(found: Mapping[str, Mapping[str, Any]], by_name: Mapping[str, Case]) -> dict[str, list[Row]]:
    """Amounts and measurement of every case, by quantity."""
    rows: dict[str, list[Row]] = {}
    for name, case in by_name.items():
        measured = found[name]
        work = work_of(case, measured)
        counted = amounts(work, Shape(1, case.ranks, case.threads))
        counted["record"] |= flush_amounts(work, measured["wall_s"]["loop"])
        times = seconds(measured, case.threads * case.ranks)
        loop_s = sum(times[part] for part in PARTS)
        for quantity, value in times.items():
            least_s = LEAST_SHARE * loop_s if quantity in PARTS else 0.0
            if value >= max(LEAST_S, least_s):
                rows.setdefault(quantity, []).append((counted[quantity], value))
        rows.setdefault("memory", []).append((counted["memory"], measured["peak_mib"] * 2**20))
        if measured.get("others_peak_mib"):
            rows["memory"].append((other_rank(counted["memory"]), measured["others_peak_mib"] * 2**20))
        if measured["whole_peak_mib"] > 1.02 * measured["peak_mib"]:
            rows.setdefault("memory_report", []).append(
                (counted["memory_report"], measured["whole_peak_mib"] * 2**20)
            )
    return rows


def seconds(measured: Mapping[str, Any], processes: int) -> dict[str, float]:
    """Time by quantity as it would be on free cores: on one thread what the processor was busy for, which other work
    on the machine hardly changes; on several the time on the clock."""
    wall, cpu = measured["wall_s"], measured["cpu_s"]

    def share(phase: str) -> float:
        return min(1.0, cpu[phase] / max(wall[phase], 1e-9)) if processes == 1 else 1.0

    found = {phase: wall[phase] * share(phase) for phase in PHASES if phase in wall}
    return found | {part: measured["parts_s"][part] * share("loop") for part in PARTS}


def _facts(runs: int) -> dict[str, Any]:
    origin = provenance()
    return {
        "machine": origin["machine"],
        "versions": origin["versions"],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": runs,
        "python": platform.python_version(),
    }


def _rows(rows: Mapping[str, list[Row]], fitted: Mapping[str, Fitted]) -> dict[str, list[list[float]]]:
    return {q: [[y, _told(fitted[q], a)] for a, y in mine] for q, mine in rows.items()}


def _told(fitted: Fitted, counted: Amounts) -> float:
    return sum(fitted.constants.get(term, 0.0) * amount for term, amount in counted.items())


def _table(rows: Mapping[str, list[Row]], fitted: Mapping[str, Fitted], path: Path) -> str:
    lines = [f"{'quantity':16}{'runs':>6}{'spread':>9}   constants"]
    for quantity, mine in rows.items():
        values = ", ".join(f"{t} {v:.3g}" for t, v in fitted[quantity].constants.items() if v)
        lines.append(f"{quantity:16}{len(mine):6}{fitted[quantity].spread:9.3f}   {values}")
    return "\n".join([*lines, f"written to {path}"])
