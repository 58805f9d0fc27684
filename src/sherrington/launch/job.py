"""What was submitted: ``job.json`` in the run folder, and what else a launch puts there.

::

    RUN/
        job.json          what to run, on what; written when it is submitted
        state.json        see ``record/state.py``
        output.txt        what the run printed
        launch/
            experiment/   the experiment as it was submitted; a later edit of the original changes nothing
            job.sh        what the scheduler starts
            process.json  the process that watches over the run, and the attempt
            ended.json    how the run ended and why; once it is there, nothing follows in this attempt
            cancel.json   who asked for the end of the run
        attempts/1/       all that an earlier attempt left, if the run was started again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import NeverError
from ..plan.shape import Shape
from ..record.folder import read_json, write_json
from ..request import Dial
from .target import Target

JOB_FILE, OUTPUT_FILE = "job.json", "output.txt"
LAUNCH_FOLDER, ATTEMPTS_FOLDER = "launch", "attempts"
ARRAY_FILE = "array.json"
"""In the launch folder of a sweep: the run folder of each task of its job array."""
SCRIPT_FILE, PROCESS_FILE, ENDED_FILE, CANCEL_FILE = "job.sh", "process.json", "ended.json", "cancel.json"


@dataclass(frozen=True)
class Job:
    """experiment: its yaml file, the copy; overrides: as for ``--set``; limit_s: wall time that it may take; dial: whom
    it calls, with a token that is in the environment only; native_id: what the scheduler calls it, empty before it is
    submitted; host: where it was submitted; submitted: when, UTC; array: folder of the sweep that it is a task of,
    empty for a job of its own."""

    experiment: Path
    overrides: tuple[str, ...]
    target_name: str
    target: Target
    shape: Shape
    limit_s: int
    video: bool = False
    dial: Dial | None = None
    native_id: str = ""
    host: str = ""
    submitted: str = ""
    array: str = ""
    command_line: tuple[str, ...] = field(default=())

    def submitted_as(self, native_id: str) -> Job:
        return replace(self, native_id=native_id)


def write_job(folder: Path, job: Job) -> None:
    """Write ``job.json``, whole or not at all."""
    write_json(folder / JOB_FILE, {**asdict(job), "target": job.target.model_dump(exclude_defaults=True)})


def find_job(folder: Path) -> Job | None:
    """The job in ``folder``; None for a run that was not submitted."""
    found = read_json(folder / JOB_FILE)
    return _job(found) if found else None


def read_job(folder: Path) -> Job:
    """The job in ``folder``. Raises NeverError where there is none."""
    job = find_job(folder)
    if job is None:
        raise NeverError(
            f"{folder} holds no {JOB_FILE}: nothing was submitted into it; 'sherrington jobs' lists what was"
        )
    return job


def launch_file(folder: Path, name: str) -> Path:
    """A file of the launch in run folder ``folder``."""
    return folder / LAUNCH_FOLDER / name


def _job(found: Mapping[str, Any]) -> Job:
    return Job(
        **{
            **found,
            "experiment": Path(found["experiment"]),
            "overrides": tuple(found["overrides"]),
            "command_line": tuple(found["command_line"]),
            "target": Target.model_validate(found["target"]),
            "shape": Shape(**found["shape"]),
            "dial": Dial(**found["dial"]) if found["dial"] else None,
        }
    )
