"""What a person sees while a sweep goes on: a line for each run that ended, and on a terminal those that go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..errors import known
from ..explain import near
from .conduct import Working
from .table import COMPLETED, Results, Row, number_text, spread_text

LIVE_INTERVAL_S = 0.5
SHOWN = 8
"""Runs that go on, named on the terminal."""
MESSAGE = 240
"""Letters of an error in the line of its run; all of it is in the table."""


class Watch:
    """Prints to ``console``; the live lines only where that is a terminal."""

    def __init__(self, console: Console, results: Results) -> None:
        self._console, self._results = console, results
        self._live = (
            Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        )
        self._last_s = 0.0
        self._warned: set[str] = set()
        if self._live:
            self._live.start()

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def ended(self, row: Row, number: int, count: int) -> None:
        """The ``number``th of ``count`` runs to do has ended."""
        values = [f"{m} {number_text(v)}" for m, v in row.values.items() if v is not None and m != COMPLETED]
        said = (
            "  ".join(values) if row.status == COMPLETED else shorten(row.message, MESSAGE, placeholder=" …")
        )
        self.say(f"{number} of {count}  {row.run.name}  {row.status}  {said}".rstrip())
        self.warn()

    def warn(self) -> None:
        """Say once of each measure that no run has it."""
        for measure in self._results.unknown.keys() - self._warned:
            self._warned.add(measure)
            self.say(unknown_measure(measure, self._results.unknown[measure]))

    def look(self, working: Sequence[Working], ended: int, count: int) -> None:
        """Show those that go on."""
        now_s = time.monotonic()
        if self._live and now_s - self._last_s >= LIVE_INTERVAL_S:
            self._last_s = now_s
            lines = [f"{ended} of {count} runs done, {len(working)} running"]
            lines += [f"  {one.run.name}  {now_s - one.began_s:.0f} s" for one in working[:SHOWN]]
            self._live.update(Text("\n".join(lines)), refresh=True)

    def close(self) -> None:
        """Take the live lines away; safe to call twice."""
        if self._live:
            self._live.stop()


def unknown_measure(measure: str, there: Sequence[str]) -> str:
    """A warning: nothing has to be run again to mend it."""
    return (
        f"warning: measure '{measure}' is no value of summary.json; {near(measure, there)}{known(there)}; "
        "correct it and start the sweep again: runs that are done stay done"
    )


def group_table(results: Results) -> Table:
    """Mean, standard deviation and number of runs of each measure, a line a case."""
    table = Table(title="mean ± standard deviation over runs (number of runs)")
    table.add_column("case")
    for measure in results.measures:
        table.add_column(measure, justify="right", overflow="fold")
    for group in results.groups():
        table.add_row(Text(group.label), *(spread_text(group.spread(m)) for m in results.measures))
    return table
