"""Processes of this machine that are found again: by number and time of start, as numbers are used again."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """ticks: when it started, in clock ticks since the machine did, field 22 of ``/proc/PID/stat`` (proc(5)); host: the
    machine that it runs on."""

    host: str
    pid: int
    ticks: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now. Raises ProcessLookupError where there is none."""
        ticks = _ticks(pid)
        if ticks is None:
            raise ProcessLookupError(f"no process {pid}")
        return cls(socket.gethostname(), pid, ticks)

    @classmethod
    def read(cls, text: str) -> Process:
        """From what ``str`` gives: ``"host:pid:ticks"``."""
        host, pid, ticks = text.rsplit(":", 2)
        return cls(host, int(pid), int(ticks))

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.ticks}"

    @property
    def here(self) -> bool:
        """Whether it is a process of this machine, so that the other methods can tell."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether it goes on, on this machine."""
        return self.here and _ticks(self.pid) == self.ticks

    def tell(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return  # it ended in between

    def kill_session(self) -> None:
        """SIGKILL for it and everything in the session that it leads, or led, until nothing is left."""
        self.tell(signal.SIGKILL)
        if not self.here or _ticks(self.pid) not in (None, self.ticks):
            return  # the number was given away: nothing was left
        while members := list(_session(self.pid)):
            for member in members:
                member.tell(signal.SIGKILL)
            time.sleep(0.01)


def command_line(pid: int) -> list[str]:
    """The words that a process of this machine was started with; none where there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []


def _session(leader: int) -> Iterator[Process]:
    """A session outlives its leader, and the leader's number is not given away while it does."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and int(fields[3]) == leader:
                yield Process(socket.gethostname(), int(entry.name), int(fields[19]))


def _ticks(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the third on; none for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    # The second field is the program's name in brackets, which may hold anything.
    fields = text.rpartition(")")[2].split()
    return [] if fields[0] in "ZX" else fields
