"""A sweep from its file to its table: plan, run what is not done, gather."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ..beforehand import check_out
from ..errors import ExperimentError, NeverError
from .conduct import Conductor, Ended, places
from .file import SweepFile, load
from .page import write_page
from .plan import Plan, make_plan
from .store import SweepFolder, finished
from .table import FAILED, INTERRUPTED, NOT_RUN, Results, Row
from .watch import Watch


@dataclass(frozen=True)
class Request:
    """What to sweep and where to put it. experiment: None where the sweep file names it; overrides: for all runs;
    again: also runs that were done with another experiment."""

    file: Path
    experiment: Path | None = None
    overrides: tuple[str, ...] = ()
    out: Path = Path("runs")
    video: bool = False
    again: bool = False


@dataclass(frozen=True)
class Swept:
    """A sweep as far as it came. interrupted: by Ctrl-C or SIGTERM."""

    folder: SweepFolder
    results: Results
    interrupted: bool

    @property
    def exit_status(self) -> int:
        """0; 1 when a run failed; 130 after an interruption."""
        unfinished = self.results.with_status(FAILED) + self.results.with_status(INTERRUPTED)
        return 130 if self.interrupted else bool(unfinished)


def sweep(request: Request, console: Console) -> Swept:
    """Run all that is not done, and write table and report.

    Raises ExperimentError for anything wrong in the sweep file or in any of its runs, before the first one begins;
    NeverError where runs were done with another experiment; NotNowError where the sweep goes on elsewhere.
    """
    file = load(request.file)
    check_out(request.out)
    plan = make_plan(file, experiment_of(file, request), request.overrides, request.video)
    folder = SweepFolder(request.out, plan)
    with folder.taken():
        results = _gathered(folder, request.again)
        interrupted = _conduct(folder, results, request.video, console)
        write_page(folder, results)
    return Swept(folder, results, interrupted)


def experiment_of(file: SweepFile, request: Request) -> Path:
    """The folder of the experiment, which the sweep file names, or the command line. Raises ExperimentError where none
    does, NeverError where they name two."""
    named = file.sweep.experiment
    if named is None and request.experiment is None:
        remedy = "name its folder on the command line, or write it here: 'experiment: .'"
        raise ExperimentError(
            [file.document.problem("experiment", "no experiment is named", remedy)], "sweep"
        )
    if named is None:
        assert request.experiment is not None
        return request.experiment
    folder = file.path.parent / named
    if request.experiment is not None and request.experiment.resolve() != folder.resolve():
        raise NeverError(
            f"{file.path} is a sweep of {folder}, the command line names {request.experiment}; leave one of them out"
        )
    return folder


def _gathered(folder: SweepFolder, again: bool) -> Results:
    """What is done already."""
    results = Results(folder.plan)
    done = folder.prepare(again)
    for run in folder.plan.runs:
        if run.name in done:
            results.done(run, done[run.name])
    return results


def _conduct(folder: SweepFolder, results: Results, video: bool, console: Console) -> bool:
    """Run the rest; the table is written after each. Returns whether it was interrupted."""
    plan = folder.plan
    todo = [row.run for row in results.with_status(NOT_RUN)]
    at_once = places(plan.file.sweep.at_once, plan.processors)
    conductor = Conductor(folder, at_once, video)
    watch = Watch(console, results)
    watch.say(_beginning(folder, plan, len(todo), len(at_once)))
    watch.warn()
    results.write(folder.table)
    ended: list[Row] = []

    def on_end(end: Ended) -> None:
        ended.append(_row(results, end, conductor.interrupted))
        results.write(folder.table)
        watch.ended(ended[-1], len(ended), len(todo))

    try:
        conductor.conduct(todo, on_end, lambda working: watch.look(working, len(ended), len(todo)))
    finally:
        watch.close()
    return conductor.interrupted


def _beginning(folder: SweepFolder, plan: Plan, todo: int, at_once: int) -> str:
    done = len(plan.runs) - todo
    already = f", {done} of them done already" if done else ""
    return (
        f"sweep folder {folder.folder}: {len(plan.runs)} runs{already}, {min(at_once, max(todo, 1))} at once"
    )


def _row(results: Results, end: Ended, interrupted: bool) -> Row:
    done = finished(end.folder) if end.status == 0 and end.folder else None
    if done is not None:
        return results.done(end.run, done)
    status = INTERRUPTED if interrupted or end.status == 130 else FAILED
    return results.missed(end.run, status, end.message, end.folder)
