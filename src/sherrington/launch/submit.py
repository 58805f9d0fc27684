"""Submit a run: check it, make its folder, put down what was asked, hand it to the target, return at once."""

from __future__ import annotations

import shutil
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..beforehand import check_out, check_video, make_run_folder
from ..errors import NeverError, SherringtonError
from ..plan.shape import Shape
from ..record.folder import copy_files, write_whole
from ..record.layout import EXPERIMENT_FOLDER
from ..record.state import State, read_state, write_state
from ..request import Dial
from ..resolve import open_experiment
from ..resolved import Resolved
from . import attempt, batch, limits, local
from .command import script
from .job import LAUNCH_FOLDER, SCRIPT_FILE, Job, launch_file, write_job
from .target import Target, find_target

RUNS = Path("runs")


@dataclass(frozen=True)
class Request:
    """What to launch, and where. out: parent of the new run folder, None for the target's scratch or ``runs``; into:
    exactly this new folder instead; limit_s: wall time."""

    experiment: Path
    target: str
    shape: Shape
    limit_s: int
    overrides: tuple[str, ...] = ()
    out: Path | None = None
    into: Path | None = None
    video: bool = False
    dial: Dial | None = None


@dataclass(frozen=True)
class Submitted:
    """native_id: what the target calls the job."""

    folder: Path
    native_id: str


def submit(request: Request) -> Submitted:
    """Launch a run and return.

    Raises ExperimentError, and NeverError for what the target or the experiment cannot do, before anything is written;
    NeverError where the folder of ``into`` is taken; NotNowError where the scheduler refuses, with the folder left to
    say so.
    """
    target = find_target(request.target)
    resolved = open_experiment(request.experiment, request.overrides)
    limits.check_split(resolved, request.shape)
    limits.check(request.target, target, request.shape, request.limit_s, request.dial)
    if request.video:
        check_video(resolved)
    folder = _folder(request, target, resolved)
    experiment = _copy(resolved, folder)
    job = _job(request, target, experiment)
    put_down(folder, job)
    return Submitted(folder, hand_over(folder, job))


def put_down(folder: Path, job: Job) -> None:
    """Write job and state into the new run folder."""
    (folder / LAUNCH_FOLDER).mkdir(exist_ok=True)
    write_job(folder, job)
    write_state(folder, State.QUEUED, attempt=1)


def hand_over(folder: Path, job: Job) -> str:
    """Give the job to its target. What it calls the job is written down."""
    path = launch_file(folder, SCRIPT_FILE)
    write_whole(path, script(job, folder))
    try:
        local_job = job.target.executor == "local"
        native_id = local.submit(folder, path) if local_job else batch.submit(job, folder, path)
    except SherringtonError as error:
        attempt.write_end(folder, attempt.Ended(1, State.FAILED, str(error), None, None, ()))
        raise
    write_job(folder, job.submitted_as(native_id))
    return native_id


def _folder(request: Request, target: Target, resolved: Resolved) -> Path:
    if request.into is None:
        out = request.out or (Path(target.scratch) if target.scratch else RUNS)
        check_out(out)
        return make_run_folder(out, resolved.source.name).resolve()
    check_out(request.into.parent)
    request.into.parent.mkdir(parents=True, exist_ok=True)
    try:
        request.into.mkdir()
    except FileExistsError:
        raise NeverError(_taken(request.into)) from None
    return request.into.resolve()


def _taken(folder: Path) -> str:
    there = read_state(folder) if folder.is_dir() else None
    what = f"holds a run that is {there.state}" if there else "is there already"
    return f"{folder} {what}; nothing was submitted, and it was left as it is: choose another --into, or leave it out"


def _copy(resolved: Resolved, folder: Path) -> Path:
    """The experiment as it is now, so that an edit while the job waits changes nothing; gives its yaml file."""
    source = resolved.source
    target = folder / LAUNCH_FOLDER / EXPERIMENT_FOLDER / source.name
    target.parent.mkdir(parents=True)
    copy_files(source.file.parent, target, folder)
    shutil.copy(source.file, target / source.file.name)
    return target / source.file.name


def _job(request: Request, target: Target, experiment: Path) -> Job:
    return Job(
        experiment=experiment,
        overrides=request.overrides,
        target_name=request.target,
        target=target,
        shape=request.shape,
        limit_s=request.limit_s,
        video=request.video,
        dial=request.dial,
        host=socket.gethostname(),
        submitted=_now(),
        command_line=tuple(sys.argv),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
