"""What a person sees while a run goes on: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .clock import ns_to_s
from .loop.closed_loop import ClosedLoop

if TYPE_CHECKING:
    from .loop.recorder import Recorder

LIVE_INTERVAL_S = 0.2
LINE_INTERVAL_S = 2.0


class Progress:
    """An observer of the loop: biological time, real-time factor, rates, time left."""

    def __init__(self, console: Console, loop: ClosedLoop, recorder: Recorder) -> None:
        self._console = console
        self._recorder = recorder
        self._live = (
            Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        )
        self._interval_s = LIVE_INTERVAL_S if self._live else LINE_INTERVAL_S
        self._last = time.monotonic()
        self._duration_ns = loop.schedule.duration_ns
        if self._live:
            self._live.start()

    def __call__(self, loop: ClosedLoop) -> None:
        now = time.monotonic()
        if now - self._last < self._interval_s:
            return
        self._last = now
        if self._live:
            self._live.update(self._bar(loop), refresh=True)
        else:
            self._console.print(self._text(loop), highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._live:
            self._live.stop()

    def _text(self, loop: ClosedLoop) -> str:
        done_s, all_s = ns_to_s(loop.now_ns), ns_to_s(self._duration_ns)
        wall_s = max(loop.spent.total, 1e-9)
        working_s = wall_s - loop.spent.waiting
        left_s = wall_s / max(done_s, 1e-9) * (all_s - done_s)
        rates = self._recorder.tap.rates_hz()
        shown = "  ".join(f"{name} {rate:.1f} Hz" for name, rate in list(rates.items())[:4])
        more = f"  (+{len(rates) - 4} populations)" if len(rates) > 4 else ""
        rtf = f"real-time factor {working_s / max(done_s, 1e-9):.2f}"
        return (
            f"t {done_s:.2f} of {all_s:g} s  {rtf}  {_trials(loop) or f'{left_s:.0f} s left'}  {shown}{more}"
        )

    def _bar(self, loop: ClosedLoop) -> Table:
        table = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self._duration_ns, completed=loop.now_ns, width=30)
        table.add_row(bar, Text(self._text(loop)))
        return table


def _trials(loop: ClosedLoop) -> str:
    """How far a task has come that ends the run with its last trial, often long before its time is over."""
    trials = loop.wiring.trials
    return f"{len(trials.rows)} of {trials.asked} trials" if trials and trials.asked else ""
