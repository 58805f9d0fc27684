"""NEST's threads on processors of their own, where a run has exactly as many processors as threads.

NEST's threads meet several times per minimal delay, and OpenMP waits there by spinning. When the system puts two of
them on one processor, each spins away the time that the other needs: steps of 0.6 ms took 20 to 50 ms, for seconds on
end, on two otherwise idle cores. Letting them sleep instead (GOMP_SPINCOUNT=0) costs twice the time in the good case.
Binding costs nothing there. With more processors than threads nothing is bound: two runs on one machine would choose
the same.
"""

from __future__ import annotations

import os
from pathlib import Path

_TASKS = Path("/proc/self/task")
_workers: list[int] = []
"""The threads that OpenMP made for NEST in this process; it keeps them for every later network."""


def threads_now() -> frozenset[int]:
    """The threads of this process; empty where the system does not say."""
    return frozenset(int(task.name) for task in _TASKS.iterdir()) if _TASKS.is_dir() else frozenset()


class Binding:
    """Binds this thread and NEST's own until ``release``."""

    def __init__(self, before: frozenset[int], n_threads: int) -> None:
        """before: ``threads_now()`` from before NEST was told to use ``n_threads`` threads."""
        _workers.extend(sorted(threads_now() - before - set(_workers)))
        self._free: dict[int, set[int]] = {}
        team = [os.getpid(), *_workers[: n_threads - 1]]
        if not threads_now() or n_threads < 2 or len(team) != n_threads:
            return
        processors = sorted(os.sched_getaffinity(0))
        if len(processors) == n_threads:
            for thread, processor in zip(team, processors, strict=True):
                self._free[thread] = os.sched_getaffinity(thread)
                os.sched_setaffinity(thread, {processor})

    def release(self) -> None:
        """Everything may run everywhere again; safe to call twice."""
        for thread, processors in self._free.items():
            os.sched_setaffinity(thread, processors)
        self._free = {}
