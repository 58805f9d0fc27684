"""Cancel a run, in order where it can still be: it ends after the cycle at hand, and what it recorded is kept."""

from __future__ import annotations

import getpass
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from ..errors import NeverError
from ..record.folder import write_json
from ..record.state import RunState, State
from . import attempt, batch
from .array import Array
from .job import CANCEL_FILE, Job, launch_file, read_job
from .states import ask, known_job, state_of, states_of
from .watch import GRACE_S
from .word import Kind

LOOK_S = 0.2
FORCED_S = 15.0
"""Beyond the grace of the watch: how long the target itself may take to end a job."""


def cancel(folder: Path) -> RunState:
    """End the run in ``folder``, wait for it, and give the state that it came to.

    One that waits in a queue is taken out of it. One that runs is told by its watch; if that does not help within the
    grace, the target ends the job. Raises NeverError where there is nothing to cancel.
    """
    job = known_job(folder) or read_job(folder)
    before = state_of(folder)
    if before.state.final:
        raise NeverError(f"nothing to cancel: the run in {folder} is {before.state}")
    _put_down(folder)
    waiting = before.state is State.QUEUED and job.target.executor != "local"
    if waiting and ask(job, folder).kind is Kind.QUEUED:
        batch.cancel(job, folder)
    elif _ended_within(folder, GRACE_S + FORCED_S):
        return state_of(folder)
    else:
        _force(folder, job)
    _ended_within(folder, GRACE_S + FORCED_S)
    return state_of(folder)


def cancel_array(array: Array) -> list[RunState]:
    """End every task of a job array that goes on or waits, and give the states that all of them came to."""
    going = [path for path, state in states_of(array.folders).items() if not state.state.final]
    if not going:
        raise NeverError("nothing to cancel: every run of the sweep has ended")
    for folder in going:
        _put_down(folder)
    job = read_job(going[0])
    batch.cancel(job.submitted_as(job.native_id.partition("_")[0]), going[0])
    until_s = time.monotonic() + GRACE_S + FORCED_S
    while True:
        states = list(states_of(array.folders).values())
        if all(state.state.final for state in states) or time.monotonic() > until_s:
            return states
        time.sleep(LOOK_S)


def _put_down(folder: Path) -> None:
    """Who asks for the end; the watch looks for that."""
    by = f"{getpass.getuser()} on {socket.gethostname()}"
    write_json(launch_file(folder, CANCEL_FILE), {"by": by, "at": datetime.now(UTC).isoformat()})


def _force(folder: Path, job: Job) -> None:
    """The watch did not answer: it is gone, or its node is."""
    if job.target.executor != "local":
        batch.cancel(job, folder)
        return
    for process in attempt.processes(folder):
        process.tell(signal.SIGKILL)
    attempt.end_processes(folder)


def _ended_within(folder: Path, limit_s: float) -> bool:
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        if state_of(folder).state.final:
            return True
        time.sleep(LOOK_S)
    return False
