"""Values of a run for the table: dotted keys of ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .file import CHECKS

Scalar = bool | int | float | str | None


class UnknownMeasureError(Exception):
    """A key that a summary does not have. there: the keys that exist beside it, or below it."""

    def __init__(self, there: list[str]) -> None:
        super().__init__(", ".join(there))
        self.there = there


def measured(summary: Mapping[str, Any], measure: str) -> Scalar:
    """The value at a dotted key: ``score``, ``rates_hz.MN``, ``checks.NAME.value``; ``checks`` is the share of the
    checks that hold, None without checks. Below null there is null.

    Raises UnknownMeasureError.
    """
    if measure == CHECKS:
        holds = [check["holds"] for check in summary[CHECKS]]
        return sum(holds) / len(holds) if holds else None
    return _at(summary, measure, "")


def _at(node: Any, key: str, path: str) -> Scalar:
    if isinstance(node, list):
        node = {entry["name"]: entry for entry in node if isinstance(entry, dict) and "name" in entry}
    if isinstance(node, dict) and key:
        return _below(node, key, path)
    if node is None or (not key and not isinstance(node, dict)):
        value: Scalar = node
        return value
    raise UnknownMeasureError(_named(node, path) if isinstance(node, dict) else [path])


def _below(node: Mapping[str, Any], key: str, path: str) -> Scalar:
    # Names of populations and checks may hold dots themselves: the longest that exists is meant.
    parts = key.split(".")
    for count in range(len(parts), 0, -1):
        name, rest = ".".join(parts[:count]), ".".join(parts[count:])
        if name in node:
            return _at(node[name], rest, f"{path}.{name}".lstrip("."))
    raise UnknownMeasureError(_named(node, path))


def _named(node: Mapping[str, Any], path: str) -> list[str]:
    return [f"{path}.{name}".lstrip(".") for name in node]
