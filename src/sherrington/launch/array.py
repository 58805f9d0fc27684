"""A sweep as a job array: one job of the scheduler, each task of it one run, in the folder of the sweep.

The folder is that of a sweep that is run here (``docs/sweeps.md``), with ``launch/array.json`` in it: which run has
which run folder. Table and report are written by the task that ends last, and again by whoever attaches.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..beforehand import check_out
from ..errors import NeverError, NotNowError
from ..plan.shape import Shape
from ..record.folder import new_run_folder, read_json, write_json, write_whole
from ..record.layout import EXPERIMENT_FOLDER
from ..record.state import STATE_FILE, State
from ..resolve import open_experiment
from ..sweep import sweep as here
from ..sweep.file import load
from ..sweep.page import write_page
from ..sweep.plan import Plan, make_plan
from ..sweep.store import SweepFolder, finished
from ..sweep.table import FAILED, INTERRUPTED, NOT_RUN, Results
from . import batch, limits
from .command import script
from .job import ARRAY_FILE, LAUNCH_FOLDER, SCRIPT_FILE, Job, launch_file, write_job
from .states import said_in, states_of
from .submit import RUNS, Submitted, put_down
from .target import Target, find_target

EXECUTOR = "slurm"
"""The scheduler whose job arrays are known here."""


@dataclass(frozen=True)
class Request:
    """A sweep, and what each of its runs is to be launched on. experiment: None where the sweep file names it."""

    file: Path
    experiment: Path | None
    target: str
    shape: Shape
    limit_s: int
    overrides: tuple[str, ...] = ()
    out: Path | None = None
    video: bool = False
    again: bool = False


@dataclass(frozen=True)
class Array:
    """file: copy of the sweep file; overrides: for all runs; tasks: run folder by name of the run, in the order of
    their numbers; done: those that were done before."""

    file: Path
    overrides: tuple[str, ...]
    tasks: Mapping[str, Path]
    done: Mapping[str, Path] = field(default_factory=dict)

    @property
    def folders(self) -> Sequence[Path]:
        return tuple(self.tasks.values())


def submit_array(request: Request) -> Submitted:
    """Launch all runs of a sweep that are not done, as one job array, and return.

    Raises what ``sweep`` and ``submit`` raise; NotNowError where tasks of an earlier array still go on.
    """
    target = find_target(request.target)
    if target.executor != EXECUTOR:
        raise NeverError(
            f"--sweep: target '{request.target}' is {target.executor}, and job arrays are there on Slurm only; "
            f"run it on one machine: sherrington run --sweep {request.file}"
        )
    out = request.out or (Path(target.scratch) if target.scratch else RUNS)
    check_out(out)
    plan = _plan(request, out)
    _check_runs(plan, request)
    limits.check(request.target, target, request.shape, request.limit_s)
    folder = SweepFolder(out.resolve(), plan)
    with folder.taken():
        _check_free(folder.folder)
        return _submit(request, target, folder)


def find_array(folder: Path) -> Array | None:
    """The job array of sweep folder ``folder``; None where there is none."""
    found = read_json(launch_file(folder, ARRAY_FILE))
    if not found:
        return None
    tasks, done = ({name: Path(path) for name, path in found[key].items()} for key in ("tasks", "done"))
    return Array(Path(found["file"]), tuple(found["overrides"]), tasks, done)


def all_said(array: Array) -> bool:
    """Whether every task has ended, by its own word; the scheduler is not asked."""
    return all(said_in(folder).state.final for folder in array.folders)


def gather(folder: Path, array: Array) -> Results:
    """Write table and report of the sweep from what has ended so far."""
    folder = folder.resolve()
    plan = make_plan(load(array.file), folder / EXPERIMENT_FOLDER / _name(folder, array), array.overrides)
    results = Results(plan)
    for run in plan.runs:
        if run.name in array.done:
            _add(results, run.name, array.done[run.name])
        elif run.name in array.tasks:
            _add(results, run.name, array.tasks[run.name])
    with (folder / ".table.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep_folder = SweepFolder(folder.parent, plan)
        results.write(sweep_folder.table)
        write_page(sweep_folder, results)
    return results


def _plan(request: Request, out: Path) -> Plan:
    file = load(request.file)
    asked = here.Request(request.file, request.experiment, request.overrides, out, request.video)
    return make_plan(file, here.experiment_of(file, asked), request.overrides, request.video)


def _check_runs(plan: Plan, request: Request) -> None:
    for run in plan.runs:
        try:
            limits.check_split(open_experiment(plan.source, run.overrides), request.shape)
        except NeverError as error:
            raise NeverError(f"run {run.name}: {error}") from None


def _check_free(folder: Path) -> None:
    array = find_array(folder)
    going = (
        [path for path, state in states_of(array.folders).items() if not state.state.final] if array else []
    )
    if going:
        raise NotNowError(
            f"{len(going)} runs of the sweep in {folder} are not over; wait for them: sherrington attach {folder}, or "
            f"sherrington cancel {folder}"
        )


def _submit(request: Request, target: Target, folder: SweepFolder) -> Submitted:
    done = folder.prepare(request.again)
    todo = [run for run in folder.plan.runs if run.name not in done]
    if not todo:
        raise NeverError(f"nothing to submit: all runs of the sweep in {folder.folder} are done")
    file = folder.folder / LAUNCH_FOLDER / request.file.name
    file.parent.mkdir(exist_ok=True)
    shutil.copy(request.file, file)
    made = {run.name: new_run_folder(folder.runs, run.name).resolve() for run in todo}
    jobs = {run.name: _job(request, target, folder, run.overrides) for run in todo}
    for name, path in made.items():
        put_down(path, jobs[name])
    facts = {"file": file, "overrides": request.overrides, "tasks": made}
    write_json(
        file.with_name(ARRAY_FILE), {**facts, "done": {name: one.folder for name, one in done.items()}}
    )
    native_id = _hand_over(folder, jobs[todo[0].name], len(todo))
    for number, (name, path) in enumerate(made.items()):
        write_job(path, jobs[name].submitted_as(f"{native_id}_{number}"))
    return Submitted(folder.folder, native_id)


def _hand_over(folder: SweepFolder, job: Job, count: int) -> str:
    path = launch_file(folder.folder, SCRIPT_FILE)
    write_whole(path, script(job, folder.folder))
    at_once = folder.plan.file.sweep.at_once
    return batch.submit(job, folder.folder, path, f"0-{count - 1}" + (f"%{at_once}" if at_once else ""))


def _job(request: Request, target: Target, folder: SweepFolder, overrides: Sequence[str]) -> Job:
    return Job(
        experiment=folder.experiment / folder.plan.source.name,
        overrides=tuple(overrides),
        target_name=request.target,
        target=target,
        shape=request.shape,
        limit_s=request.limit_s,
        video=request.video,
        host=socket.gethostname(),
        submitted=datetime.now(UTC).isoformat(timespec="milliseconds"),
        array=str(folder.folder),
        command_line=tuple(sys.argv),
    )


def _name(folder: Path, array: Array) -> str:
    return folder.name.removesuffix(f"-sweep-{array.file.stem}")


def _add(results: Results, name: str, folder: Path) -> None:
    run = results.rows[name].run
    said = said_in(folder) if (folder / STATE_FILE).exists() else None
    done = finished(folder)
    if done is not None:
        results.done(run, done)
    elif said is None or not said.state.final:
        results.missed(run, NOT_RUN)
    else:
        status = INTERRUPTED if said.state is State.CANCELLED else FAILED
        results.missed(run, status, said.cause, folder)
