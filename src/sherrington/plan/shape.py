"""How a run is cut: nodes, ranks on each, threads of each rank; and the machine it is cut for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Shape:
    """nodes x ranks_per_node ranks with ``threads`` each; all at least 1."""

    nodes: int = 1
    ranks_per_node: int = 1
    threads: int = 1

    @property
    def ranks(self) -> int:
        return self.nodes * self.ranks_per_node

    @property
    def processes(self) -> int:
        """NEST's virtual processes: threads of all ranks together."""
        return self.ranks * self.threads

    def __str__(self) -> str:
        return f"{self.nodes} x {self.ranks_per_node} x {self.threads}"


@dataclass(frozen=True)
class Machine:
    """What a target has. cores and memory_mib: of one node; price: of one node for one hour in ``currency``, None
    where none is stated. local: whether it is the machine that asks, whose constants may have been measured."""

    name: str
    nodes: int
    cores: int
    memory_mib: float
    price: float | None = None
    currency: str = ""
    local: bool = False


def this_machine() -> Machine:
    """The machine that asks: the processors that this process may use, and all of the memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    return Machine("local", 1, cores, memory_mib, local=True)


def shapes(machine: Machine, most_processes: int = 4096) -> Iterator[Shape]:
    """Shapes worth comparing. On one node 1, 2, 4, ... and all cores, in every even split into ranks and threads; on
    2, 4, ... and all nodes every core of each, because whole nodes are paid for."""
    for nodes in _steps(machine.nodes):
        for used in _steps(machine.cores) if nodes == 1 else [machine.cores]:
            if nodes * used <= most_processes:
                yield from (
                    Shape(nodes, ranks, used // ranks) for ranks in range(1, used + 1) if used % ranks == 0
                )


def _steps(most: int) -> list[int]:
    """1, 2, 4, ... and ``most`` itself."""
    return sorted({2**i for i in range(most.bit_length())} | {most})
