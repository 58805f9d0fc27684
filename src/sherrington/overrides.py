"""Changes to an experiment file from the command line: ``key.path=value``."""

from __future__ import annotations

from typing import Any

from .errors import Problem
from .yaml_file import Document, value_of


def override(document: Document, text: str) -> None:
    """Apply one ``key.path=value``, the value written as in YAML; what is wrong with it becomes a problem."""
    key, equals, written = text.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        example = "--set loop.interval_ms=1"
        _refuse(document, f"--set {text}", "not of the form key.path=value", f"write for example {example}")
    elif key in document.overridden:
        _refuse(
            document,
            f"--set {text}",
            f"'{key}' is set twice",
            "give it once (--seed sets seed, --duration-ms sets loop.duration_ms)",
        )
    else:
        _apply(document, key, written, text)


def _apply(document: Document, key: str, written: str, text: str) -> None:
    value, problems = value_of(written, document.file)
    for problem in problems:
        _refuse(document, f"--set {text}", problem.message, problem.remedy)
    above, _, last = key.rpartition(".")
    place = _descend(document, above.split(".") if above else [], text)
    if not problems and place is not None and _fits(document, place, last, above, text):
        place[int(last) if isinstance(place, list) else last] = value
        document.overridden.append(key)


def _descend(document: Document, parts: list[str], text: str) -> Any:
    """The mapping or list at that path; missing mappings on the way are made. None after a problem."""
    node: Any = document.values
    for depth, part in enumerate(parts):
        if not _fits(document, node, part, ".".join(parts[:depth]), text):
            return None
        if isinstance(node, list):
            node = node[int(part)]
        else:
            if node.get(part) is None:
                node[part] = {}
            node = node[part]
    return node


def _fits(document: Document, node: Any, part: str, path: str, text: str) -> bool:
    if isinstance(node, dict):
        return True
    if isinstance(node, list):
        if part.isdigit() and int(part) < len(node):
            return True
        there = f"entries 0 to {len(node) - 1}" if node else "no entries"
        remedy = f"name one of them by its number, or set the whole list: --set '{path}=[...]'"
        _refuse(
            document, f"--set {text}", f"'{path}' is a list with {there}; '{part}' is none of them", remedy
        )
        return False
    remedy = f"set it as a whole: --set '{path}=...'"
    _refuse(document, f"--set {text}", f"'{path}' is {node!r} and has no keys below it", remedy)
    return False


def _refuse(document: Document, where: str, message: str, remedy: str) -> None:
    document.problems.append(Problem(document.file, 0, where, message, remedy))
