"""What a person sees while NEST is built: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import re
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

STEP = re.compile(r"^\s*\[(\d+)/(\d+)\]\s*(.*)")
"""How ninja counts: ``[12/219] Building CXX object ...``."""
LINE_INTERVAL_S = 20.0


class BuildProgress:
    """Listens to a build: ``say`` for sentences, ``line`` for everything the build prints. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("compiling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        bar = Progress(*columns, TextColumn("{task.description}"), console=console, transient=True)
        self._bar = bar if console.is_terminal else None
        self._task: TaskID | None = None
        self._last = -LINE_INTERVAL_S

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def line(self, text: str) -> None:
        found = STEP.match(text)
        if found is None:
            return
        done, total, what = int(found[1]), int(found[2]), found[3].rpartition("/")[2].strip()
        if self._bar:
            self._draw(self._bar, done, total, what)
        elif time.monotonic() - self._last >= LINE_INTERVAL_S or done == total:
            self._last = time.monotonic()
            self.say(f"  compiled {done} of {total}")

    def _draw(self, bar: Progress, done: int, total: int, what: str) -> None:
        if self._task is None:
            self._task = bar.add_task("", total=total)
        bar.update(self._task, completed=done, total=total, description=what)

    def __enter__(self) -> BuildProgress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
