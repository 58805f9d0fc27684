"""Attempts: a run that is started again after its node failed finds its folder empty and loses nothing."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..record.folder import read_json, write_json
from ..record.state import STATE_FILE, State, read_state, write_state
from .job import ATTEMPTS_FOLDER, CANCEL_FILE, ENDED_FILE, JOB_FILE, LAUNCH_FOLDER, PROCESS_FILE, launch_file
from .process import Process, command_line

STAYS = (JOB_FILE, LAUNCH_FOLDER, ATTEMPTS_FOLDER, STATE_FILE)


@dataclass(frozen=True)
class Ended:
    """How an attempt ended. exit_status: of the run or its launcher, None where nobody saw it; wall_s: from the start
    of the watch, with what the launcher takes; nodes: where it ran."""

    attempt: int
    state: State
    cause: str
    exit_status: int | None
    wall_s: float | None
    nodes: tuple[str, ...]


def begin(folder: Path, nodes: Sequence[str], native_id: str) -> int:
    """Make ``folder`` ready for an attempt of this process, and give its number; state ``starting``.

    What an earlier attempt left is moved to ``attempts/<number>/``. If its processes still go on on this machine, as
    after a failure of the network, they are killed first.
    """
    number = _set_aside(folder)
    facts = {
        "attempt": number,
        "watch": str(Process.of(os.getpid())),
        "nodes": list(nodes),
        "native_id": native_id,
        "began": _now(),
    }
    write_json(launch_file(folder, PROCESS_FILE), facts)
    write_state(folder, State.STARTING, f"on {', '.join(nodes)}", attempt=number)
    return number


def started(folder: Path, child: Process) -> None:
    """Remember the process that was started: the run, or its launcher."""
    file = launch_file(folder, PROCESS_FILE)
    write_json(file, {**read_json(file), "run": str(child)})


def current(folder: Path) -> int:
    """The number of the attempt that has the folder now; 0 before the first."""
    return int(read_json(launch_file(folder, PROCESS_FILE)).get("attempt", 0))


def native_id(folder: Path) -> str:
    """What the scheduler calls the job, by the word of the watch; empty before it has started."""
    return str(read_json(launch_file(folder, PROCESS_FILE)).get("native_id", ""))


def processes(folder: Path) -> list[Process]:
    """The watch and the run of the attempt that has the folder, as far as they were started."""
    facts = read_json(launch_file(folder, PROCESS_FILE))
    return [Process.read(facts[name]) for name in ("watch", "run") if name in facts]


def end_processes(folder: Path) -> None:
    """SIGKILL for all that is left of the attempt on this machine. Under ``srun`` the run is no child of the watch: it
    is known by the number that it wrote, and by the run folder in its command line."""
    for process in processes(folder):
        process.kill_session()
    state = read_state(folder)
    if state is None or state.host != socket.gethostname():
        return
    if str(folder.resolve()) in command_line(state.pid):
        Process.of(state.pid).tell(signal.SIGKILL)


def write_end(folder: Path, ended: Ended) -> None:
    """The last word on an attempt, and the state with it, unless the run has said the same itself."""
    write_json(launch_file(folder, ENDED_FILE), {**vars(ended), "ended": _now()})
    said = read_state(folder)
    if said is None or (said.state, said.cause, said.attempt) != (ended.state, ended.cause, ended.attempt):
        write_state(folder, ended.state, ended.cause, attempt=ended.attempt)


def read_end(folder: Path) -> Ended | None:
    """The last word on the attempt that has the folder; None while it goes on."""
    found: dict[str, Any] = read_json(launch_file(folder, ENDED_FILE))
    if not found:
        return None
    del found["ended"]
    return Ended(**{**found, "state": State(found["state"]), "nodes": tuple(found["nodes"])})


def _set_aside(folder: Path) -> int:
    number = current(folder)
    if number == 0:
        return 1
    end_processes(folder)
    target = folder / ATTEMPTS_FOLDER / str(number)
    target.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in STAYS:
            path.rename(target / path.name)
    for name in (ENDED_FILE, PROCESS_FILE):
        file = launch_file(folder, name)
        if file.exists():
            file.rename(target / name)
    launch_file(folder, CANCEL_FILE).unlink(missing_ok=True)
    state = read_state(folder)
    write_json(target / STATE_FILE, vars(state) if state else {})
    return number + 1


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
