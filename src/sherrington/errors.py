"""The error tree. Every message says what was asked, what was found, what exists, and how to mend it.

::

    SherringtonError
    ├── NeverError                 the description is wrong; the same call can never succeed   exit 2
    │   ├── ExperimentError        one or more Problems in an experiment folder, all at once
    │   ├── ClockError             two clocks that do not divide, a time that is no whole nanosecond
    │   ├── NetworkError           a described network that contradicts itself
    │   ├── BodyError              a body model that cannot be read, compiled or stepped
    │   ├── TaskError              a task that contradicts itself or does not fit the body
    │   ├── PortError              a port that does not exist, or a value that does not fit it
    │   └── UnsupportedError       the engine cannot do this; the message carries the reason
    ├── RunError                   a run had to stop; what it recorded so far is kept           exit 1
    │   ├── TransferError          a transfer function raised or returned something impossible
    │   └── DivergenceError        NaN or runaway state; names the culprit and the dump
    └── NotNowError                nothing is wrong with the request; try again later           exit 3
        └── EngineBusyError        one NEST kernel a process, and it is taken
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class SherringtonError(Exception):
    """Root of every error that Sherrington raises on purpose."""

    exit_status = 1


class NeverError(SherringtonError):
    """The description is wrong: trying again unchanged cannot help."""

    exit_status = 2


class ClockError(NeverError):
    """Two clocks that do not divide, or a time that is not a whole number of nanoseconds."""


class NetworkError(NeverError):
    """A described network that contradicts itself."""


class BodyError(NeverError):
    """A body model that cannot be read, compiled or stepped."""


class TaskError(NeverError):
    """A task that contradicts itself, or that does not fit the body it is given."""


class PortError(NeverError):
    """A port that does not exist, or a value whose shape, unit or range does not fit it."""


class UnsupportedError(NeverError):
    """The engine cannot do this, because of the reason in the message."""


class RunError(SherringtonError):
    """A run had to stop. Everything recorded up to that moment is kept."""


class TransferError(RunError):
    """A transfer function raised, or returned a wrong shape, NaN or a value out of range."""


class DivergenceError(RunError):
    """A state became NaN or ran away; the message names the culprit and where the last states lie."""


class NotNowError(SherringtonError):
    """Nothing is wrong with the request, but it cannot be served now."""

    exit_status = 3


class EngineBusyError(NotNowError):
    """The engine allows one simulation per process and that place is taken."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in an experiment folder.

    file: the file at fault; line: 1-based line in it, 0 if none; key: dotted key path such as
    ``pathways.ia.delay_ms``; message: what was asked and found; remedy: how to mend it.
    """

    file: Path
    line: int
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        where = f"{place}: {self.key}" if self.key else place
        return f"{where}: {self.message}\n    mend: {self.remedy}"


class ExperimentError(NeverError):
    """Everything that is wrong in an experiment folder, or in a sweep of one, reported at once."""

    def __init__(self, problems: Sequence[Problem], what: str = "experiment") -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        heading = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join([f"{heading} in this {what}", *map(str, self.problems)]))


MOST_NAMES = 200
"""More than these are not listed but counted: a port may have an entry for each of a million neurons."""


def known(names: Sequence[str]) -> str:
    """``"there are: a, b, c"``, or a plain word when there is nothing to choose from."""
    if len(names) > MOST_NAMES:
        return f"there are: {', '.join(names[:3])} and so on to {names[-1]}, {len(names):,} in all"
    return f"there are: {', '.join(names)}" if names else "there are none"
