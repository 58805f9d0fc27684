"""What came out of a sweep: a row a run, and over the seeds of each case the mean and its spread."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ..record.folder import write_whole
from ..yaml_file import line_of
from .measures import UnknownMeasureError, measured
from .plan import SEED, Plan, Planned, short_names
from .store import Finished

COMPLETED = "completed"
FAILED, INTERRUPTED, NOT_RUN = "failed", "interrupted", "not run"
"""What became of a run; the first is also the name of a key of summary.json."""


@dataclass(frozen=True)
class Row:
    """One run. values: a measure each, None where there is none; folder: of the run, None if it never came to one."""

    run: Planned
    status: str
    values: Mapping[str, Any]
    message: str
    folder: Path | None

    def number(self, measure: str) -> float | None:
        """A value as a number, if it is one: true is 1, false 0."""
        value = self.values[measure]
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


@dataclass(frozen=True)
class Spread:
    """mean and sd (of the sample, None for fewer than two) of ``n`` numbers."""

    n: int
    mean: float | None
    sd: float | None


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only. label: what they have in common."""

    label: str
    rows: tuple[Row, ...]

    def numbers(self, measure: str) -> list[float]:
        found = (row.number(measure) for row in self.rows)
        return [number for number in found if number is not None]

    def spread(self, measure: str) -> Spread:
        numbers = self.numbers(measure)
        sd = stdev(numbers) if len(numbers) > 1 else None
        return Spread(len(numbers), fmean(numbers) if numbers else None, sd)


@dataclass
class Results:
    """All rows of a sweep, as they are known so far."""

    plan: Plan
    rows: dict[str, Row] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Measures that no completed run has, and the keys that there are instead."""

    def __post_init__(self) -> None:
        for run in self.plan.runs:
            self.missed(run, NOT_RUN)

    @property
    def measures(self) -> Sequence[str]:
        return self.plan.file.sweep.measures

    def done(self, run: Planned, finished: Finished) -> Row:
        """A run came to its end."""
        first = not self.with_status(COMPLETED)
        values: dict[str, Any] = dict.fromkeys(self.measures)
        for measure in self.measures:
            try:
                values[measure] = measured(finished.summary, measure)
                self.unknown.pop(measure, None)
            except UnknownMeasureError as error:
                if first:
                    self.unknown[measure] = error.there
        self.rows[run.name] = Row(run, COMPLETED, values, "", finished.folder)
        return self.rows[run.name]

    def missed(self, run: Planned, status: str, message: str = "", folder: Path | None = None) -> Row:
        """A run did not come to its end: of its measures only that is known."""
        ended = None if status == NOT_RUN else False
        values = {measure: ended if measure == COMPLETED else None for measure in self.measures}
        self.rows[run.name] = Row(run, status, values, message, folder)
        return self.rows[run.name]

    def with_status(self, status: str) -> list[Row]:
        return [row for row in self.rows.values() if row.status == status]

    def groups(self) -> list[Group]:
        """The runs by case and values other than the seed, in the order of the file."""
        names = short_names(tuple(self.plan.file.varied))
        found: dict[str, list[Row]] = {}
        for row in self.rows.values():
            given = [f"{names[k]} = {shown(v)}" for k, v in row.run.varied.items() if k != SEED]
            label = ", ".join([*filter(None, [row.run.case]), *given]) or "all runs"
            found.setdefault(label, []).append(row)
        return [Group(label, tuple(rows)) for label, rows in found.items()]

    def write(self, path: Path) -> None:
        """The table as CSV, whole or not at all; see ``docs/sweeps.md``."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        varied = tuple(self.plan.file.varied)
        writer.writerow(["run", "case", *varied, *self.measures, "status", "message", "folder"])
        for row in self.rows.values():
            given = [shown(row.run.varied[key]) for key in varied]
            values = [_cell(row.values[measure]) for measure in self.measures]
            folder = row.folder.relative_to(path.parent).as_posix() if row.folder else ""
            writer.writerow([row.run.name, row.run.case, *given, *values, row.status, row.message, folder])
        write_whole(path, text.getvalue())


def shown(value: Any) -> str:
    """A varied value as a person wrote it."""
    return value if isinstance(value, str) else line_of(value)


def _cell(value: Any) -> str:
    """A measure: numbers, true and false as in JSON, text as it is, nothing for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def number_text(value: object) -> str:
    """A value in four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def spread_text(spread: Spread) -> str:
    """``"0.81 ± 0.02 (3)"``: mean, standard deviation, number of runs."""
    if spread.mean is None:
        return "–"
    sd = "" if spread.sd is None else f" ± {spread.sd:.2g}"
    return f"{spread.mean:.4g}{sd} ({spread.n})"
