"""What is left of an experiment file without the parts that are wrong, so that the rest can be checked too."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

STAND_INS: dict[str, Any] = {
    "title": "",
    "loop": {},
    "loop.interval_ms": 1.0,
    "loop.duration_ms": 1.0,
    "brain": {},
    "brain.network": "",
    "body": {},
    "body.model": "",
    "pathways": {},
}
"""What takes the place of a required key that is missing or wrong. Nobody looks at it: the key counts as broken."""


def salvage(values: dict[str, Any], wrong: Sequence[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """(what is left of ``values``, the keys taken out of it).

    wrong: dotted paths. A pathway, perturbation or intervention goes as a whole, elsewhere the key of a section.
    """
    left = deepcopy(values)
    broken = {".".join(key.split(".")[:2]) for key in wrong}
    # From the end: taking an entry out of a list renumbers those behind it.
    for key in sorted(broken, key=_position, reverse=True):
        _take_out(left, key)
    for key, value in STAND_INS.items():
        above, _, last = key.rpartition(".")
        (left[above] if above else left).setdefault(last, deepcopy(value))
    return left, frozenset(broken)


def _position(key: str) -> tuple[int, str]:
    last = key.rpartition(".")[2]
    return (int(last) if last.isdigit() else -1, key)


def _take_out(values: dict[str, Any], key: str) -> None:
    first, _, second = key.partition(".")
    section = values.get(first)
    if not second:
        values.pop(first, None)
    elif isinstance(section, list):
        del section[int(second)]
    elif isinstance(section, dict):
        section.pop(second, None)
