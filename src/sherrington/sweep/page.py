"""The report of a sweep, from its results."""

from __future__ import annotations

from urllib.parse import quote

from ..record.layout import REPORT_FILE
from ..record.report_sweep import Case, SweepPage, SweptRun, write_sweep_report
from .store import TABLE_FILE, SweepFolder
from .table import COMPLETED, FAILED, Group, Results, Row, number_text, spread_text


def write_page(folder: SweepFolder, results: Results) -> None:
    """Write ``report.html`` of the sweep; it links to the reports of its runs."""
    measures = tuple(results.measures)
    page = SweepPage(
        name=folder.folder.name,
        title=folder.plan.title,
        folder=str(folder.folder),
        state=_state(results),
        tiles=_tiles(results),
        measures=measures,
        cases=tuple(_case(group, measures) for group in results.groups()),
        runs=tuple(_run(row, measures, folder) for row in results.rows.values()),
        notes=(f"The same is in {TABLE_FILE}, a line a run.",),
    )
    write_sweep_report(page, folder.report)


def _state(results: Results) -> tuple[str, str]:
    completed, count = len(results.with_status(COMPLETED)), len(results.rows)
    if completed == count:
        return "good", f"All {count} runs came to their end."
    return "bad", f"{completed} of {count} runs came to their end; start the sweep again for the others."


def _tiles(results: Results) -> tuple[tuple[str, str, str], ...]:
    failed = len(results.with_status(FAILED))
    return (
        ("runs", str(len(results.rows)), ""),
        ("completed", str(len(results.with_status(COMPLETED))), ""),
        ("failed", str(failed), ""),
        ("cases", str(len(results.groups())), "with all values but the seed"),
    )


def _case(group: Group, measures: tuple[str, ...]) -> Case:
    spreads = {measure: group.spread(measure) for measure in measures}
    return Case(
        label=group.label,
        runs=len(group.rows),
        cells=tuple(spread_text(spread) for spread in spreads.values()),
        numbers={measure: group.numbers(measure) for measure in measures},
        mean={measure: spread.mean for measure, spread in spreads.items()},
        sd={measure: spread.sd for measure, spread in spreads.items()},
    )


def _run(row: Row, measures: tuple[str, ...], folder: SweepFolder) -> SweptRun:
    values = [row.values[measure] for measure in measures]
    report = row.folder / REPORT_FILE if row.folder else None
    link = report.relative_to(folder.folder).as_posix() if report and report.exists() else ""
    return SweptRun(
        name=row.run.name,
        cells=tuple("–" if value is None else number_text(value) for value in values),
        good=row.status == COMPLETED,
        status=row.status,
        message=row.message,
        link=quote(link),
    )
