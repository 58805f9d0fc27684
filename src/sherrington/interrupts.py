"""Ctrl-C and SIGTERM end a run in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .loop.closed_loop import ClosedLoop


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Outside of the loop, which ends in order, SIGTERM does what Ctrl-C does: the run says that it was cancelled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def stop_on_interrupt(loop: ClosedLoop) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends the run after the cycle at hand; a second one ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _frame: object) -> None:
        loop.stop(f"stopped by {signal.Signals(number).name}")
        signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
