"""What the tests of this folder share: a lasting experiment, waiting for a state, commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sherrington.errors import NeverError
from sherrington.launch.states import state_of
from sherrington.record.read import open_run
from sherrington.record.state import RunState, State

ENDS_WITHIN_S = 90.0


def lasting(seconds: float) -> tuple[str, ...]:
    """Changes that make the experiment last that long."""
    return (f"loop.duration_ms={1000 * seconds:g}", "loop.realtime=true")


def until(folder: Path, *states: State, within_s: float = ENDS_WITHIN_S) -> RunState:
    """Waits for one of the states, and gives it; a run that runs has recorded something then."""
    until_s = time.monotonic() + within_s
    while (found := state_of(folder)).state not in states:
        assert time.monotonic() < until_s, f"{found} is not {states}; {printed(folder)}"
        assert not found.state.final, f"{found} is not {states}; {printed(folder)}"
        time.sleep(0.1)
    while found.state is State.RUNNING and not _recorded(folder):
        assert time.monotonic() < until_s, f"nothing is recorded; {printed(folder)}"
        time.sleep(0.05)
    return found


def _recorded(folder: Path) -> bool:
    """Whether something has reached the disk; the loop goes on then, and SIGTERM would end it in order."""
    if not (folder / "data.h5").exists():
        return False
    try:
        run = open_run(folder)
        return len(run.signal(next(iter(run.signals)))[0]) > 0
    except NeverError:
        return False  # the file has just been made


def printed(folder: Path) -> str:
    """All that was printed on the way, for the message of a test that fails."""
    files = [folder / "output.txt", *(folder / "launch").rglob("*.out"), folder / "launch" / "watch.txt"]
    return "\n".join(f"{file.name}: {file.read_text(errors='replace')}" for file in files if file.exists())


def sherrington(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command, in a process of its own."""
    command = [sys.executable, "-m", "sherrington.cli", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, check=False
    )
