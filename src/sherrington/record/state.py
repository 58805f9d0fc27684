"""What a run is doing: ``state.json`` in its folder, written by the run and by whoever launched it.

::

    queued -> starting -> building -> running -> done | failed | cancelled | lost

The run itself writes building, running and how it ended. What launched it writes queued and starting, and how it ended
where the run could not say so any more: killed, out of time, or gone without a trace, which is lost. A run that is
started again after its node failed is queued once more, with ``attempt`` one higher.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from .folder import read_json, write_json

STATE_FILE = "state.json"


class State(StrEnum):
    """In the order in which a run goes through them."""

    QUEUED = "queued"
    STARTING = "starting"
    BUILDING = "building"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """Whether nothing follows, unless the run is started again."""
        return self in (State.DONE, State.FAILED, State.CANCELLED, State.LOST)


@dataclass(frozen=True)
class RunState:
    """cause: why, in words, where that is not plain. since: when it began, UTC. host and pid: the process that wrote
    it, which is the run itself from building on. attempt: 1, and one more each time the run is started again."""

    state: State
    cause: str = ""
    since: str = ""
    host: str = ""
    pid: int = 0
    attempt: int = 1


def write_state(folder: Path, state: State, cause: str = "", *, attempt: int | None = None) -> None:
    """Write the state whole or not at all. attempt: the one there is, unless given."""
    before = read_state(folder)
    number = attempt if attempt is not None else (before.attempt if before else 1)
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    now = RunState(state, cause, since, socket.gethostname(), os.getpid(), number)
    write_json(folder / STATE_FILE, asdict(now))


def read_state(folder: Path) -> RunState | None:
    """The state that was written last; None where none was, as in runs of an earlier version."""
    found = read_json(folder / STATE_FILE)
    return RunState(**{**found, "state": State(found["state"])}) if found else None
