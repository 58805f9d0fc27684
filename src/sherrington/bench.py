"""Benchmarks: a folder each, with what it runs, how big, and what it must show; results as JSON lines.

``benchmarks/NAME/benchmark.py`` has a function ``run() -> Result``. A benchmark checks that what it timed was right.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import NeverError, known
from .record.folder import provenance

RESULTS_FILE = "results.jsonl"
FOLDER_VARIABLE = "SHERRINGTON_BENCHMARKS"


@dataclass(frozen=True)
class Bound:
    """What a metric must be: from ``low`` to ``high``, both included."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == -math.inf:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == math.inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Result:
    """What one run of a benchmark gave.

    checked: whether what was timed was also right. metrics: name (with its unit) to value. bounds: what must hold, by
    metric. details: kept in the results file only.
    """

    checked: bool
    metrics: Mapping[str, float]
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


def folder() -> Path:
    """The benchmarks of this checkout, or those that the variable SHERRINGTON_BENCHMARKS names."""
    return Path(os.environ.get(FOLDER_VARIABLE, "benchmarks"))


def names() -> tuple[str, ...]:
    """Benchmarks that exist."""
    return tuple(sorted(p.parent.name for p in folder().glob("*/benchmark.py")))


def run(name: str) -> dict[str, Any]:
    """Run one benchmark, append its line to the results file beside it, and return that line.

    Raises NeverError for a name that does not exist.
    """
    if name not in names():
        raise NeverError(
            f"no benchmark '{name}' under {folder().resolve()}; {known(names())}; "
            f"run from the checkout or set {FOLDER_VARIABLE}"
        )
    path = folder() / name / "benchmark.py"
    result: Result = _load(path).run()
    origin = provenance()
    line = {
        "benchmark": name,
        "commit": origin["git"]["commit"],
        "dirty": origin["git"]["dirty"],
        "machine": origin["machine"],
        "checked": result.checked,
        "metrics": {key: float(value) for key, value in result.metrics.items()},
        "bounds": {key: _verdict(bound, result.metrics[key]) for key, bound in result.bounds.items()},
        "versions": origin["versions"],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "details": dict(result.details),
    }
    with (path.parent / RESULTS_FILE).open("a", encoding="utf-8") as results:
        results.write(json.dumps(line) + "\n")
    return line


def _verdict(bound: Bound, value: float) -> str:
    return str(bound) if bound.holds(value) else f"{bound}: MISSED"


def _load(path: Path) -> Any:
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
