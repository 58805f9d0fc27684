"""The processes of one run: their ranks and what they tell each other. A run alone is rank 0 of 1.

``mpiexec -n N sherrington run`` and ``srun`` start N processes that meet through MPI. All of them build the brain and
advance it; body, loop and recording are on rank 0. mpi4py is imported only where there is more than one.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import NeverError, RunError

Array = NDArray[Any]

SIZE_VARIABLES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")
RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""What launchers put into the environment of a process that can meet others through MPI."""


class Patience:
    """Ends this process when it waits too long for the other ranks, after writing where each of its threads stands.

    It holds between ``wait`` and ``done``. The signal handler is faulthandler's, in C: NEST keeps Python's lock while
    it simulates, so no thread of Python's could do it. The process then dies of SIGALRM, and the launcher ends the
    others.
    """

    def __init__(self, limit_s: float) -> None:
        """limit_s: how long a wait may last; 0 for as long as it takes."""
        self._limit_s = limit_s
        self._file: Any = None
        if limit_s:
            faulthandler.register(signal.SIGALRM, sys.stderr, all_threads=True, chain=True)

    def write_to(self, path: Path) -> None:
        """Have the stacks written to ``path`` from now on."""
        before, self._file = self._file, path.open("w", encoding="utf-8")
        self._path = path
        faulthandler.register(signal.SIGALRM, self._file, all_threads=True, chain=True)
        if before is not None:
            before.close()

    def wait(self) -> None:
        """From now on the limit counts; also to say that something has been done and it counts from the start."""
        signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def done(self) -> None:
        """Nobody is waited for."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def close(self) -> None:
        """Take everything back; the file stays only if something was written."""
        self.done()
        faulthandler.unregister(signal.SIGALRM)
        if self._file is not None:
            self._file.close()
            self._file = None
            if self._path.stat().st_size == 0:
                self._path.unlink()


class Ranks:
    """This process alone. ``MpiRanks`` has the same methods for several; all ranks call them in the same order."""

    rank = 0
    size = 1
    apart = False
    """Whether one of them stopped in the middle of what they do together, so that they can no longer meet."""
    exchange_s = 0.0
    """Wall time that this rank spent in ``broadcast``, ``total`` and ``gather``, waiting for the others included."""

    def __init__(self) -> None:
        self.patience = Patience(0.0)
        """How long this rank waits for the others; a run sets it."""

    def broadcast(self, buffer: Array) -> None:
        """Fill ``buffer`` on every rank with that of rank 0."""

    def broadcast_object(self, thing: Any) -> Any:
        """What rank 0 gave, on every rank."""
        return thing

    def total(self, buffer: Array) -> None:
        """Replace ``buffer`` on rank 0 by the sum over the ranks; elsewhere it stays."""

    def gather(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """On rank 0 the rows of all ranks, rank after rank, shape (n_rows, n_columns); elsewhere the own ones."""
        return rows

    def gather_object(self, thing: Any) -> list[Any]:
        """On rank 0 what each rank gave, in their order; elsewhere an empty list."""
        return [thing]

    def agree(self, error: BaseException | None) -> None:
        """Raise on every rank when one has an error: that one, or a RunError that says which rank has it."""
        if error is not None:
            raise error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Go on after the block only where it raised on no rank; see ``agree``."""
        try:
            yield
        except Exception as error:
            self.agree(error)
            raise
        self.agree(None)

    def abort(self, status: int) -> None:
        """End every rank at once, where they can no longer meet. A run alone just goes on to its end."""


class MpiRanks(Ranks):
    """The ranks that ``mpiexec`` or ``srun`` started."""

    def __init__(self) -> None:
        super().__init__()
        from .install import mpi as builds

        builds.require().activate()
        try:
            from mpi4py import MPI
        except ImportError as error:
            raise NeverError(
                f"several processes were started together, and Python has no MPI to join them ({error}); "
                "install it with: pip install 'sherrington[mpi]'"
            ) from error
        self._mpi, self._comm = MPI, MPI.COMM_WORLD
        self.rank, self.size = self._comm.rank, self._comm.size

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = perf_counter()
        yield
        self.exchange_s += perf_counter() - began

    def broadcast(self, buffer: Array) -> None:
        with self._timed():
            self._comm.Bcast(buffer, root=0)

    def broadcast_object(self, thing: Any) -> Any:
        return self._comm.bcast(thing, root=0)

    def total(self, buffer: Array) -> None:
        here = self._mpi.IN_PLACE if self.rank == 0 else buffer
        with self._timed():
            self._comm.Reduce(here, buffer if self.rank == 0 else None, op=self._mpi.SUM, root=0)

    def gather(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        with self._timed():
            counts: list[int] = self._comm.gather(rows.size, root=0) or []
            everything = np.empty(sum(counts), np.int64) if self.rank == 0 else None
            receive = None if everything is None else [everything, counts]
            self._comm.Gatherv(np.ascontiguousarray(rows).ravel(), receive, root=0)
        return rows if everything is None else everything.reshape(-1, rows.shape[1])

    def gather_object(self, thing: Any) -> list[Any]:
        return self._comm.gather(thing, root=0) or []

    def agree(self, error: BaseException | None) -> None:
        said = self._comm.allgather(None if error is None else f"{type(error).__name__}: {error}")
        if error is not None:
            raise error
        for rank, text in enumerate(said):
            if text is not None:
                raise RunError(f"rank {rank} of {self.size} had to stop: {text}")

    def abort(self, status: int) -> None:
        self._comm.Abort(status)


def started_rank() -> int:
    """The rank that the launcher gave this process, without asking MPI; 0 where there was none."""
    return next((int(os.environ[name]) for name in RANK_VARIABLES if name in os.environ), 0)


@cache
def world() -> Ranks:
    """The ranks that this process belongs to.

    Raises NeverError where processes were started together that cannot meet: without mpi4py, or by ``srun`` without
    MPI; NotNowError where NEST with MPI has not been built.
    """
    if not any(name in os.environ for name in RANK_VARIABLES):
        tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
        if tasks > 1:
            raise NeverError(
                f"srun started {tasks} processes that cannot meet: it set up no MPI between them; "
                "give it --mpi=pmi2 (MPICH and its kin) or --mpi=pmix (Open MPI); srun --mpi=list says what there is"
            )
        return Ranks()
    sizes = [int(os.environ[name]) for name in SIZE_VARIABLES if name in os.environ]
    if sizes and max(sizes) == 1:
        return Ranks()
    ranks = MpiRanks()
    return ranks if ranks.size > 1 else Ranks()


def peak_memory_mib() -> float:
    """The most memory that this process has held, MiB; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
