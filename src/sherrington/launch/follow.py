"""Follow a run from any process: its state and what it prints, until it ends. Letting go leaves the run alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..errors import NeverError
from ..record.layout import LOG_FILE
from ..record.state import RunState, State
from ..sweep.table import Results
from . import attempt
from .array import Array, gather
from .attempt import Ended
from .job import OUTPUT_FILE, find_job
from .states import SAID_WITHIN_S, said_in, state_of, states_of

LOOK_S, ASK_S = 0.2, 5.0
"""How often the folder is looked at, and how often the scheduler is asked."""
STOPPED = 130


class Output:
    """What a run prints, as far as it has not been read; also of an attempt that begins anew."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / OUTPUT_FILE
        self._file: tuple[int, int] | None = None
        self._read = 0

    def new(self) -> str:
        """The text that came since, whole lines only where more is to follow."""
        try:
            with self._path.open("rb") as file:
                status = self._path.stat()
                if self._file != (status.st_dev, status.st_ino):
                    self._file, self._read = (status.st_dev, status.st_ino), 0
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return ""
        self._read += len(data)
        return data.decode(errors="replace")


def follow(folder: Path, write: Callable[[str], None], say: Callable[[str], None]) -> RunState:
    """Follow the run until it has ended, and give the state that it came to.

    write: called with text that the run printed, as it came; say: with one line for each new state.
    """
    output = Output(folder)
    asked_s, told = float("-inf"), ("", "", 0)
    while True:
        now_s = time.monotonic()
        state = state_of(folder) if now_s - asked_s >= ASK_S else said_in(folder)
        asked_s = now_s if now_s - asked_s >= ASK_S else asked_s
        if state.state.final:
            state = state_of(folder)
        if (state.state, state.cause, state.attempt) != told:
            write(output.new())
            told = (state.state, state.cause, state.attempt)
            say(line_of_state(state))
        write(output.new())
        if state.state.final:
            return state
        time.sleep(LOOK_S)


def follow_array(folder: Path, array: Array, say: Callable[[str], None]) -> Results:
    """Follow the job array of a sweep until every task has ended; gives its results, table and report written.

    say: called with one line when the number of tasks in a state has changed.
    """
    told = ""
    while True:
        states = [state.state for state in states_of(array.folders).values()]
        line = ", ".join(f"{states.count(one)} {one}" for one in State if one in states)
        if line != told:
            say(told := line)
        if all(state.final for state in states):
            return gather(folder, array)
        time.sleep(ASK_S)


def line_of_state(state: RunState) -> str:
    """``"attempt 2, running: on n1"``."""
    again = f"attempt {state.attempt}, " if state.attempt > 1 else ""
    return f"{again}{state.state}" + (f": {state.cause}" if state.cause else "")


def exit_status(folder: Path, state: RunState) -> int:
    """Of the run, as if it had been run here: 0; 1 when a check does not hold or it had to stop; 130 when cancelled."""
    if state.state is State.CANCELLED:
        return STOPPED
    end = _end(folder)
    if end is None or not end.exit_status:
        return 0 if state.state is State.DONE else 1
    return end.exit_status if end.exit_status > 0 else 128 - end.exit_status


def _end(folder: Path) -> Ended | None:
    """The last word of the watch, which comes a moment after that of the run; None for a run that has no watch."""
    until_s = time.monotonic() + (SAID_WITHIN_S if find_job(folder) else 0.0)
    while (end := attempt.read_end(folder)) is None and time.monotonic() < until_s:
        time.sleep(LOOK_S)
    return end


def log_of(folder: Path) -> str:
    """What the run printed, and the traceback of an error. Raises NeverError where there is no run."""
    if find_job(folder) is None and not (folder / LOG_FILE).exists():
        said_in(folder)
        raise NeverError(
            f"{folder} was not launched by 'sherrington submit': what it printed went to its terminal"
        )
    found = (folder / name for name in (OUTPUT_FILE, LOG_FILE))
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in found if path.exists())
