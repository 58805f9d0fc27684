"""How a run ended, from what is known of it: what the run said itself, its exit status, and who asked for the end."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from enum import StrEnum

from ..record.state import RunState, State
from .times import time_text

FULL_BYTES = 2**17
"""A disk with less than this is full."""
KEPT = "what was recorded until then is kept"
_OUT_OF_MEMORY = re.compile(r"oom.kill|out of memory|exceeded memory limit", re.IGNORECASE)
_NODE_FAILURE = re.compile(r"Node failure on (\S+)")


class Asked(StrEnum):
    """Who asked for the end. signalled: the scheduler or a person, by SIGTERM; taken: the next attempt, which has the
    folder now."""

    NOBODY = "nobody"
    LIMIT = "limit"
    CANCEL = "cancel"
    SIGNALLED = "signalled"
    TAKEN = "taken"


@dataclass(frozen=True)
class End:
    """What the watch saw. status: exit status of the run or its launcher, negative for a signal; by: who cancelled;
    printed: the last lines of the output; memory_kills: processes that the machine killed meanwhile for want of memory;
    free_bytes: what the disk of the run folder has left."""

    status: int
    asked: Asked
    limit_s: int
    by: str
    printed: str
    memory_kills: int
    free_bytes: int


def verdict(end: End, said: RunState) -> tuple[State, str]:
    """(state, cause) of a run that has ended; ``said`` is what it wrote last."""
    if said.state is State.DONE:
        return State.DONE, said.cause
    if end.asked is Asked.CANCEL:
        return State.CANCELLED, f"cancelled by {end.by}; {KEPT}"
    if end.asked is Asked.LIMIT:
        return State.FAILED, f"time limit of {time_text(end.limit_s)} reached; {KEPT}"
    if said.state is State.FAILED:
        return State.FAILED, said.cause
    fault = _of_machine(end)
    if fault:
        return State.FAILED, fault
    if said.state is State.CANCELLED:
        return State.CANCELLED, said.cause
    if end.asked is Asked.SIGNALLED:
        return State.CANCELLED, f"its job was ended by SIGTERM from outside; {KEPT}"
    return State.FAILED, _of_process(end)


def signal_of(status: int) -> str:
    """The name of the signal that ended a process, also where a shell or a launcher passed it on; or nothing."""
    number = -status if status < 0 else status - 128
    return signal.Signals(number).name if number in set(signal.Signals) else ""


def _of_machine(end: End) -> str:
    if end.free_bytes < FULL_BYTES:
        return f"the disk of the run folder is full; {KEPT}, as far as it reached the disk"
    node = _NODE_FAILURE.search(end.printed)
    if node:
        return f"node failure on {node[1]}"
    if _OUT_OF_MEMORY.search(end.printed) or (signal_of(end.status) == "SIGKILL" and end.memory_kills):
        return "out of memory: the run took more than it may; give it more nodes or a smaller brain.scale"
    return ""


def _of_process(end: End) -> str:
    name = signal_of(end.status)
    if name:
        return f"killed by {name}"
    _, found, error = end.printed.rpartition("error: ")
    lines = end.printed.strip().splitlines()
    last = " ".join(error.split()) if found else (lines[-1].strip() if lines else "")
    return f"ended with exit status {end.status}" + (f": {last}" if last else " and without a word")
