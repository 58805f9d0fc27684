"""Brain and body at the same time: one worker thread for the body.

``nest.Run`` keeps the GIL, so the body's thread must already be inside its own GIL-free step before the brain
starts. The hand-over below makes sure of it: the worker lets the caller go immediately before it enters the step, and
the caller, once woken, needs the GIL, which the worker gives up only by entering the step.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else frozenset[int]()
"""Those the process was given; read before an engine binds any thread."""


class Overlap:
    """Runs ``work(until_ns)`` on a thread of its own while the caller does something else."""

    def __init__(self, work: Callable[[int], None]) -> None:
        self._work = work
        self._go = threading.Semaphore(0)
        self._entered = threading.Semaphore(0)
        self._done = threading.Semaphore(0)
        self.busy_s = 0.0
        """Processor time of the work so far. Its wall time would count waiting for the GIL afterwards too."""
        self._until_ns: int | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="body", daemon=True)
        self._thread.start()

    def start(self, until_ns: int) -> None:
        """Begin the work and return when its thread is about to leave the GIL."""
        self._until_ns = until_ns
        self._go.release()
        self._entered.acquire()

    def wait(self) -> None:
        """Wait until the work is done; raises what it raised."""
        self._done.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def close(self) -> None:
        """End the thread; safe to call twice."""
        if self._thread.is_alive():
            self._until_ns = None
            self._go.release()
            self._thread.join()

    def _serve(self) -> None:
        roam()
        while True:
            self._go.acquire()
            if self._until_ns is None:
                return
            self._entered.release()
            began = time.thread_time()
            try:
                self._work(self._until_ns)
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
                self._error = error
            self.busy_s += time.thread_time() - began
            self._done.release()


def roam() -> None:
    """Let this thread run wherever the process may. It would else be bound to the processor of the brain's thread that
    made it, and both would take turns there."""
    if PROCESSORS:
        os.sched_setaffinity(0, PROCESSORS)
