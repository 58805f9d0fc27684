"""What an experiment's own check says of a finished run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One thing that must hold. value: as measured; bound: the condition in words with its unit, e.g. ``"< 5 deg"``."""

    name: str
    value: float
    bound: str
    holds: bool


@dataclass(frozen=True)
class Outcome:
    """The verdict on a run. score: one number, larger is better, its meaning stated by the experiment."""

    score: float
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    def as_summary(self) -> dict[str, Any]:
        """The keys that go into ``summary.json``."""
        return {"score": self.score, "checks": [vars(check) for check in self.checks]}
