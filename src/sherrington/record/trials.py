"""The table of trials, ``trials.csv``: a row is on disk as soon as its trial has ended, and a killed run keeps it.

Numbers, true and false are written as in JSON, lists as JSON too, text as it is, and NaN as an empty cell; reading
gives back what was written, but for text that looks like one of these.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .layout import TRIALS_FILE


class TrialTable:
    """Appends rows to ``trials.csv`` in ``folder``; the file is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / TRIALS_FILE
        self.written = 0

    def append(self, row: Mapping[str, object]) -> None:
        """Add a row, with the same columns each time."""
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not self.written:
                writer.writerow(row)
            writer.writerow([_cell(value) for value in row.values()])
        self.written += 1


def read_trials(folder: Path) -> list[dict[str, Any]]:
    """Every row, by column; none where there was no task, or no trial ended."""
    path = folder / TRIALS_FILE
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    # The last row of a process that was killed while writing may be cut short.
    whole = io.StringIO(text[: text.rfind("\n") + 1], newline="")
    columns, *rows = list(csv.reader(whole)) or [[]]
    return [dict(zip(columns, map(_value, row), strict=True)) for row in rows if len(row) == len(columns)]


def _cell(value: object) -> str:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return json.dumps(value)


def _value(cell: str) -> Any:
    if not cell:
        return math.nan
    try:
        return json.loads(cell)
    except ValueError:
        return cell
