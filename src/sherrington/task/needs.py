"""What tasks ask of their parameters and of the body; each raises TaskError with what exists."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import TaskError, known


def positive(**values: float) -> None:
    """Every value must be a finite number above 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise TaskError(f"{name} = {value:g} must be above 0")


def not_negative(**values: float) -> None:
    """Every value must be a finite number, 0 or above."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise TaskError(f"{name} = {value:g} must not be below 0")


def exists(what: str, name: str, there: Sequence[str], body: str) -> None:
    """``name`` must be one of those ``there``; what: ``"site"``, ``"joint"``, ``"body"``."""
    if name not in there:
        raise TaskError(f"body '{body}' has no {what} '{name}'; {known(tuple(there))}")


def share(part: float, whole: float) -> float:
    """part / whole, held to 0..1."""
    return min(1.0, max(0.0, part / whole))
