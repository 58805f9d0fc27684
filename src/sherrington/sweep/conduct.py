"""Keeps processes running, as many at once as there are places, each on processors of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .plan import Planned
from .store import SweepFolder

LOOK_S = 0.05
"""How often the processes are looked at."""
_SOURCE = Path(__file__).resolve().parents[2]
Processors = frozenset[int]


@dataclass
class Working:
    """A run that goes on. output: the file that its process prints to; earlier: its run folders from before; told: how
    often to stop."""

    run: Planned
    process: subprocess.Popen[bytes]
    processors: Processors
    began_s: float
    output: Path
    earlier: frozenset[Path]
    told: int = 0


@dataclass(frozen=True)
class Ended:
    """A process that has ended. status: its exit status, negative for a signal; message: its error, or nothing; folder:
    its run folder, None if it came to none."""

    run: Planned
    status: int
    message: str
    folder: Path | None


def places(count: int | None, each: int) -> list[Processors]:
    """The processors of each of the runs at once.

    count: how many runs, None for as many as fit; each: processors that a run can keep busy. Where they do not fit,
    every run may use all of them.
    """
    there = sorted(os.sched_getaffinity(0))
    fit = max(1, len(there) // each)
    count = fit if count is None else count
    if count > fit or each > len(there):
        return [frozenset(there)] * count
    return [frozenset(there[i * each : (i + 1) * each]) for i in range(count)]


class Conductor:
    """Runs of one sweep, side by side. video: draw one of each."""

    def __init__(self, folder: SweepFolder, places: Sequence[Processors], video: bool) -> None:
        self._folder, self._video = folder, video
        self._free = list(places)
        self._overbooked = len(places) > 1 and len(set(places)) == 1
        self._working: list[Working] = []
        self._asked = 0

    @property
    def interrupted(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked > 0

    def conduct(
        self,
        runs: Sequence[Planned],
        ended: Callable[[Ended], None],
        look: Callable[[Sequence[Working]], None],
    ) -> None:
        """Run them all, or until Ctrl-C or SIGTERM: every process is told, keeps what it recorded, and is waited for.
        A second one ends them at once.

        ended: called when a process has ended; look: called again and again with those that go on.
        """
        waiting = list(reversed(runs))
        with self._listening(), ExitStack() as leaving:
            leaving.callback(self._end_all)
            while self._working or (waiting and not self.interrupted):
                while waiting and self._free and not self.interrupted:
                    self._start(waiting.pop())
                for one in [one for one in self._working if one.process.poll() is not None]:
                    self._working.remove(one)
                    self._free.append(one.processors)
                    ended(self._outcome(one))
                self._tell()
                look(self._working)
                time.sleep(LOOK_S)

    def _start(self, run: Planned) -> None:
        processors = self._free.pop(0)
        earlier = frozenset(self._folder.attempts(run))
        output = self._folder.output / f"{run.name}.txt"
        with _on(processors), output.open("wb") as file:
            process = subprocess.Popen(
                # -P: a file of the person's own that is called like a library does not take that library's place.
                [sys.executable, "-P", "-m", "sherrington.sweep.worker"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                # Ctrl-C reaches the whole group of a terminal's processes; the run is to get it once, from here.
                start_new_session=True,
            )
        self._working.append(Working(run, process, processors, time.monotonic(), output, earlier))
        assert process.stdin is not None
        try:
            process.stdin.write(self._request(run))
            process.stdin.flush()
        except BrokenPipeError:
            return  # it has ended already, and its output says why

    def _outcome(self, one: Working) -> Ended:
        assert one.process.stdin is not None
        one.process.stdin.close()
        made = next((p for p in self._folder.attempts(one.run) if p not in one.earlier), None)
        return Ended(one.run, one.process.returncode, _error(one), made)

    def _request(self, run: Planned) -> bytes:
        request = {
            "folder": str(self._folder.experiment / self._folder.plan.source.name),
            "overrides": run.overrides,
            "out": str(self._folder.runs),
            "video": self._video,
            "name": run.name,
        }
        return json.dumps(request).encode() + b"\n"

    def _environment(self) -> dict[str, str]:
        paths = [str(_SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
        # More threads than processors: those that wait must sleep, or they take the time of those that work.
        patient = {"OMP_WAIT_POLICY": "passive"} if self._overbooked else {}
        return {**os.environ, **patient, "PYTHONPATH": os.pathsep.join(paths)}

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def stop(_number: int, _frame: object) -> None:
            self._asked += 1

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _tell(self) -> None:
        for one in self._working:
            if one.told < self._asked:
                one.process.send_signal(signal.SIGINT)
                one.told += 1

    def _end_all(self) -> None:
        """Leave no process behind, also after an error here: they end when their input does."""
        for one in self._working:
            assert one.process.stdin is not None
            one.process.stdin.close()
            one.process.wait()


@contextmanager
def _on(processors: Processors) -> Iterator[None]:
    """What is started meanwhile may run on these only, from its first moment: libraries count them when loaded."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _error(one: Working) -> str:
    """What the process said last: its error, or its last line. Nothing after an orderly end."""
    if one.process.returncode == 0:
        return ""
    text = one.output.read_text(encoding="utf-8", errors="replace").strip()
    _, found, error = text.rpartition("error: ")
    said = " ".join(error.split()) if found else " ".join(text.splitlines()[-1:])
    killed = one.process.returncode < 0
    return f"ended by {signal.Signals(-one.process.returncode).name}" if killed else said or "no message"
