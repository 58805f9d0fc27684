"""The trials of a task in the report: what came of each over time, the score of each, and the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from ..clock import NS_PER_MS
from .layout import TRIALS_FILE
from .read import Run
from .report_style import FAINT, INK, SERIES, STYLE, Panel, TimeAxis, new_panel, to_svg

MAX_ROWS = 100
"""Trials in the table of the page; it says how many more there are."""
RUNNING = 10
"""Trials that the running mean of the score covers."""


@dataclass(frozen=True)
class Table:
    """columns, rows: as in ``trials.csv``, the first MAX_ROWS; note: what is left out, or nothing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str


def trial_panels(run: Run, axis: TimeAxis) -> list[Panel]:
    """Outcomes over time, and scores over trials; none without trials."""
    if not run.trials:
        return []
    colors = _colors(run)
    legend = tuple((f"--series-{SERIES.index(color)}", outcome) for outcome, color in colors.items())
    return [
        Panel("Outcome of each trial", _strip(run, axis, colors), _counts(run), legend),
        Panel(
            "Score of each trial",
            _scores(run, colors),
            f"The line is the mean of the last {RUNNING} trials, or of all so far.",
            legend,
        ),
    ]


def trial_table(run: Run) -> Table | None:
    """The table, or None without trials."""
    if not run.trials:
        return None
    columns = tuple(run.trials[0])
    shown = run.trials[:MAX_ROWS]
    more = len(run.trials) - len(shown)
    note = f"{more:,} more trials are in {TRIALS_FILE}." if more else ""
    return Table(columns, tuple(tuple(_shown(row[c]) for c in columns) for row in shown), note)


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isnan(value):
        return "–"
    if isinstance(value, list):
        return ", ".join(f"{x:.3g}" if isinstance(x, float) else str(x) for x in value)
    return value


def _colors(run: Run) -> dict[str, str]:
    """Outcomes in the order of their first success, then of their first trial."""
    firsts = sorted(run.trials, key=lambda row: (not row["success"], row["trial"]))
    outcomes = dict.fromkeys(str(row["outcome"]) for row in firsts)
    return {outcome: SERIES[i % len(SERIES)] for i, outcome in enumerate(outcomes)}


def _counts(run: Run) -> str:
    task: Mapping[str, Any] = run.summary.get("task") or {}
    count = len(run.trials)
    asked = task.get("asked")
    successes = sum(bool(row["success"]) for row in run.trials)
    short = f", of {asked:,} asked for" if asked and asked > count else ""
    name = f"Task '{task['name']}'. " if task else ""
    return f"{name}{successes:,} of {count:,} trials are a success{short}."


def _strip(run: Run, axis: TimeAxis, colors: Mapping[str, str]) -> str:
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(0.5)
        for outcome, color in colors.items():
            mine = [row for row in run.trials if str(row["outcome"]) == outcome]
            edges = axis.of_ns(np.array([[row["start_ms"], row["end_ms"]] for row in mine]) * NS_PER_MS)
            spans = [(start, end - start) for start, end in edges.tolist()]
            axes.broken_barh(spans, (0.0, 1.0), facecolors=color, linewidth=0)
        axes.set_yticks([])
        axes.set_ylim(0, 1)
        axis.dress(axes)
        return to_svg(figure, "outcome of each trial")


def _scores(run: Run, colors: Mapping[str, str]) -> str:
    scores = np.array([float(row["score"]) for row in run.trials])
    numbers = np.arange(len(scores))
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    first = np.maximum(0, numbers + 1 - RUNNING)
    means = (sums[numbers + 1] - sums[first]) / (numbers + 1 - first)
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(1.65)
        axes.plot(numbers, means, color=INK, linewidth=1.0)
        for outcome, color in colors.items():
            mine = [i for i, row in enumerate(run.trials) if str(row["outcome"]) == outcome]
            axes.plot(mine, scores[mine], "o", color=color, markersize=4, markeredgewidth=0)
        axes.axhline(0.0, color=FAINT, linewidth=0.6, zorder=0)
        axes.set_ylim(min(0.0, float(scores.min())) - 0.05, max(1.0, float(scores.max())) + 0.05)
        axes.set_xlim(-0.5, len(scores) - 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("trial")
        axes.set_ylabel("score")
        return to_svg(figure, "score of each trial")
