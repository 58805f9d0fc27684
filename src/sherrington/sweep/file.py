"""The sweep file: its validated form, and what in it contradicts itself. It is read as strictly as an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ..errors import ExperimentError, Problem
from ..explain import explain
from ..sections import Name, Section
from ..yaml_file import Document, line_of, read

MAX_RUNS = 10_000
KEYS = "'vary:' and 'cases:'"
CHECKS = "checks"
"""The measure that is no key of ``summary.json``: the share of the checks that hold."""
DEFAULT_MEASURES = ("score", CHECKS, "rtf", "completed")


class Range(Section):
    """Whole numbers, both ends included."""

    first: int = Field(alias="from", description="the first of the whole numbers")
    last: int = Field(alias="to", description="the last of the whole numbers")


class Sweep(Section):
    """What is varied, and what is looked at."""

    experiment: str | None = Field(
        None, description="folder of the experiment, from the folder of this file; else the command line's"
    )
    vary: dict[str, Annotated[list[Any], Field(min_length=1)] | Range] = Field(
        default_factory=dict,
        description="keys as for --set, each with a list of values; every combination is run",
    )
    cases: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        description="named sets of changes, each combined with every combination of vary",
    )
    at_once: int | None = Field(
        None, ge=1, description="runs at the same time; as many as there are processors for, if left out"
    )
    measures: list[str] = Field(
        default_factory=lambda: list(DEFAULT_MEASURES),
        min_length=1,
        description="keys of summary.json for the table",
    )


@dataclass(frozen=True)
class SweepFile:
    """A sweep as loaded, and the file as it was read."""

    sweep: Sweep
    document: Document

    @property
    def path(self) -> Path:
        return self.document.file

    @property
    def varied(self) -> Mapping[str, list[Any]]:
        """The values of each key, in the order of the file."""
        return {key: _values(values) for key, values in self.sweep.vary.items()}


def load(path: Path) -> SweepFile:
    """Read and validate ``path`` by itself. Raises ExperimentError with every problem found."""
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        remedy = f"YAML files in that folder: {', '.join(beside) or 'none'}"
        raise ExperimentError([Problem(path, 0, "", "no such file", remedy)], "sweep")
    try:
        document = read(path, KEYS)
    except ExperimentError as error:
        raise ExperimentError(error.problems, "sweep") from None
    try:
        file = SweepFile(Sweep.model_validate(document.values), document)
    except ValidationError as error:
        wrong = explain(error.errors(), Sweep, document.values)
        problems = [*document.problems, *(document.problem(*one) for one in wrong)]
        raise ExperimentError(problems, "sweep") from None
    problems = [*document.problems, *(document.problem(*one) for one in _contradictions(file))]
    if problems:
        raise ExperimentError(problems, "sweep")
    return file


def overlap(one: str, other: str) -> bool:
    """Whether two dotted keys are the same, or one lies below the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


# --- contradictions: (key, message, remedy) ---------------------------------------------------------------

Said = tuple[str, str, str]


def _contradictions(file: SweepFile) -> Iterator[Said]:
    if not file.sweep.vary and not file.sweep.cases:
        yield "", "nothing is varied", f"give at least one of {KEYS}"
    yield from _values_of(file)
    yield from _keys_of(file)
    yield from _twice("measures", list(file.sweep.measures))


def _values_of(file: SweepFile) -> Iterator[Said]:
    count = len(file.sweep.cases) or 1
    for key, values in file.sweep.vary.items():
        if isinstance(values, Range):
            count *= max(values.last - values.first + 1, 1)
            if values.last < values.first:
                yield (
                    f"vary.{key}",
                    f"from {values.first} to {values.last} holds no number",
                    "give from <= to",
                )
        else:
            count *= len(values)
            yield from _twice(f"vary.{key}", values)
    if count > MAX_RUNS:
        yield "vary" if file.sweep.vary else "cases", f"makes {count:,} runs", f"make at most {MAX_RUNS:,}"


def _twice(key: str, values: list[Any]) -> Iterator[Said]:
    texts = [line_of(value) for value in values]
    for i, text in enumerate(texts):
        if text in texts[:i]:
            yield f"{key}.{i}", f"{text} is listed twice", "remove one of the two"


def _keys_of(file: SweepFile) -> Iterator[Said]:
    """Keys that would change the same thing in one run."""
    vary = file.sweep.vary
    remedy = "change it in one place only"
    for one, other in combinations(vary, 2):
        if overlap(one, other):
            yield f"vary.{other}", f"changes the same as '{one}' does", remedy
    for case, changes in file.sweep.cases.items():
        for key in changes:
            for other in (k for k in vary if overlap(k, key)):
                yield f"cases.{case}.{key}", f"changes the same as vary.{other} does", remedy
        for one, other in combinations(changes, 2):
            if overlap(one, other):
                yield f"cases.{case}.{other}", f"changes the same as '{one}' does", remedy


def _values(values: list[Any] | Range) -> list[Any]:
    return list(range(values.first, values.last + 1)) if isinstance(values, Range) else values
