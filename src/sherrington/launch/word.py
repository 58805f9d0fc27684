"""What a scheduler says of a job, in words that are the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..record.state import State


class Kind(StrEnum):
    """unknown: the scheduler does not answer now; gone: it does not have the job, or the job has ended."""

    QUEUED = "queued"
    RUNNING = "running"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Word:
    """reason: in words, may be empty; end: how it ended, where a job that is gone is still remembered."""

    kind: Kind
    reason: str = ""
    end: State | None = None
