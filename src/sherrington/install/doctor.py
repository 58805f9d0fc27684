"""``sherrington doctor``: what this machine and its cluster can do, found out by doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from . import doctor_cluster, doctor_machine, doctor_mpi, doctor_packages
from .finding import Finding

EXAMINATIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    doctor_machine.findings,
    doctor_packages.findings,
    doctor_mpi.findings,
    doctor_cluster.findings,
)


def examine() -> Iterator[Finding]:
    """Everything there is to say, one after the other as it is found out; some seconds in all."""
    for examination in EXAMINATIONS:
        yield from examination()


def works(findings: Iterable[Finding]) -> bool:
    """Whether an ordinary run, on this machine and in one process, has all it needs."""
    return not any(finding.needed and finding.state == "missing" for finding in findings)
