"""One page about a sweep: what its cases came to, a figure for each measure, every run with a link to its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from .folder import write_whole
from .report_page import render
from .report_style import FAINT, INK, SERIES, STYLE, Panel, new_panel, to_svg

TEMPLATE = "report_sweep.html.j2"
MAX_CASES = 60
"""Cases that a figure has room for; it says how many more there are."""
MAX_LABEL = 24
ROW_IN = 0.3
SPREAD = 0.3
"""How far above and below its line the points of a case lie, in lines."""


@dataclass(frozen=True)
class Case:
    """Runs that differ in their seed only. cells: a text for each measure; numbers: by measure, one for each run that
    has one, with their mean and standard deviation, None where there is none."""

    label: str
    runs: int
    cells: tuple[str, ...]
    numbers: Mapping[str, Sequence[float]]
    mean: Mapping[str, float | None]
    sd: Mapping[str, float | None]


@dataclass(frozen=True)
class SweptRun:
    """A run: its values in text, how it ended, and where its report is, relative to the page; empty for none."""

    name: str
    cells: tuple[str, ...]
    good: bool
    status: str
    message: str
    link: str


@dataclass(frozen=True)
class SweepPage:
    """What the page says. state: (``good`` or ``bad``, a sentence); tiles: (what, value, remark)."""

    name: str
    title: str
    folder: str
    state: tuple[str, str]
    tiles: tuple[tuple[str, str, str], ...]
    measures: tuple[str, ...]
    cases: tuple[Case, ...]
    runs: tuple[SweptRun, ...]
    notes: tuple[str, ...]


def sweep_report(page: SweepPage) -> str:
    """The page, a single HTML file that needs nothing else but the reports that it links to."""
    panels = [_panel(page, measure) for measure in page.measures if _has_numbers(page, measure)]
    return render(TEMPLATE, {**asdict(page), "panels": panels})


def write_sweep_report(page: SweepPage, path: Path) -> None:
    """Write ``sweep_report(page)`` to ``path``."""
    write_whole(path, sweep_report(page))


def _has_numbers(page: SweepPage, measure: str) -> bool:
    return any(case.numbers[measure] for case in page.cases)


def _panel(page: SweepPage, measure: str) -> Panel:
    cases = page.cases[:MAX_CASES]
    more = len(page.cases) - len(cases)
    caption = "A point a run; the bar is the mean, the line one standard deviation to either side."
    left_out = f" {more} more cases are in the table." if more else ""
    return Panel(measure, _points(cases, measure), caption + left_out)


def _points(cases: Sequence[Case], measure: str) -> str:
    """A line for each case, from the top: its runs in their order, the mean and the standard deviation."""
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(ROW_IN * len(cases) + 0.2)
        for row, case in enumerate(cases):
            _row(axes, row, case, measure)
        axes.set_yticks(range(len(cases)), [_cut(case.label) for case in cases])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(cases) - 0.5, -0.5)
        axes.set_xlabel(measure)
        axes.grid(axis="x", color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        return to_svg(figure, f"{measure} by case")


def _row(axes: Axes, row: int, case: Case, measure: str) -> None:
    numbers, mean, sd = case.numbers[measure], case.mean[measure], case.sd[measure]
    color = SERIES[row % len(SERIES)]
    heights = row + (
        np.linspace(-SPREAD, SPREAD, len(numbers)) if len(numbers) > 1 else np.zeros(len(numbers))
    )
    axes.plot(list(numbers), heights, "o", color=color, markersize=4.5, markeredgewidth=0)
    if mean is not None and len(numbers) > 1:
        axes.vlines(mean, row - SPREAD, row + SPREAD, INK, linewidth=1.8)
    if mean is not None and sd is not None:
        axes.hlines(row, mean - sd, mean + sd, INK, linewidth=0.9)


def _cut(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"
