"""Benchmarks: a folder each, with what it runs, how big, and what it must show; results as JSON lines.

``benchmarks/NAME/benchmark.py`` has a function ``run() -> Result``. A benchmark checks that what it timed was right.
One that can be run in several ways has a subclass of ``Options`` beside it, called ``Options`` too, and its function is
``run(options: Options) -> Result``; the command line takes them as ``--name value``::

    class Options(bench.Options):
        scale: Annotated[float, Field(gt=0, description="fraction of the full size")] = 1.0
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

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


class Options(BaseModel):
    """Base of the options of a benchmark: every field is one, with a description and mostly a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Result:
    """What one run of a benchmark gave.

    checked: whether what was timed was also right. metrics: name (with its unit) to value. bounds: what must hold, by
    metric. details: kept in the results file only. report: shown to the person only, such as a table of its own.
    """

    checked: bool
    metrics: Mapping[str, float]
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    report: str = ""


def folder() -> Path:
    """The benchmarks of this checkout, or those that the variable SHERRINGTON_BENCHMARKS names."""
    return Path(os.environ.get(FOLDER_VARIABLE, "benchmarks"))


def names() -> tuple[str, ...]:
    """Benchmarks that exist."""
    return tuple(sorted(p.parent.name for p in folder().glob("*/benchmark.py")))


def run(
    name: str, arguments: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Run one benchmark, append its line to the results file beside it, and return that line.

    arguments: its options as on a command line, ``["--scale", "0.1"]``. say: called with the benchmark's own report, if
    it has one. Raises NeverError for a name or an option that does not exist, and for a value that an option does not
    take.
    """
    if name not in names():
        raise NeverError(
            f"no benchmark '{name}' under {folder().resolve()}; {known(names())}; "
            f"run from the checkout or set {FOLDER_VARIABLE}"
        )
    path = folder() / name / "benchmark.py"
    benchmark = _load(path)
    options = parse(name, getattr(benchmark, "Options", None), arguments)
    result: Result = benchmark.run() if options is None else benchmark.run(options)
    if result.report:
        say(result.report)
    origin = provenance()
    line = {
        "benchmark": name,
        "options": {} if options is None else options.model_dump(),
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


def parse(name: str, takes: type[Options] | None, arguments: Sequence[str]) -> Options | None:
    """The options of benchmark ``name`` from its arguments; None where it takes none. Raises NeverError with every
    problem, and with the options that there are."""
    if takes is None:
        if arguments:
            raise NeverError(f"benchmark '{name}' takes no options, and got: {' '.join(arguments)}")
        return None
    given = dict(_pairs(name, takes, arguments))
    try:
        return takes.model_validate_strings(given)
    except ValidationError as error:
        wrong = "; ".join(_problem(problem) for problem in error.errors())
        raise NeverError(f"benchmark '{name}': {wrong}\n{_listed(takes)}") from None


def _pairs(name: str, takes: type[Options], arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(field, text of its value); a switch, which is true or false, may stand without a value."""
    rest = list(arguments)
    while rest:
        option, is_written, value = rest.pop(0).partition("=")
        key = option.removeprefix("--").replace("-", "_")
        if not option.startswith("--") or key not in takes.model_fields:
            raise NeverError(f"benchmark '{name}' has no option '{option}'\n{_listed(takes)}")
        if not is_written and takes.model_fields[key].annotation is bool:
            value = "true"
        elif not is_written:
            if not rest or rest[0].startswith("--"):
                raise NeverError(f"benchmark '{name}': {option} has no value\n{_listed(takes)}")
            value = rest.pop(0)
        yield key, value


def _problem(problem: Mapping[str, Any]) -> str:
    option = _option(str(problem["loc"][0]))
    if problem["type"] == "missing":
        return f"{option} is missing"
    message = str(problem["msg"])
    return f"{option} {problem['input']}: {message[0].lower()}{message[1:]}"


def _listed(takes: type[Options]) -> str:
    fields = takes.model_fields.items()
    return "\n".join(["    its options:", *(f"    {_option(key)}{_described(f)}" for key, f in fields)])


def _described(described: FieldInfo) -> str:
    choices = "|".join(str(choice) for choice in get_args(described.annotation))
    default = "" if described.is_required() else f" (default {described.default})"
    return f"{choices and f' {choices}'}  {described.description or ''}{default}".rstrip()


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


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
