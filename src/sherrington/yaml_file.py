"""YAML: plain values and the line of every key read from a file, and plain values written as text.

Stricter than YAML where YAML would guess or hide something: a key given twice, a date, a tag and a value that
contains itself are problems.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from .errors import ExperimentError, Problem

_TAG = "tag:yaml.org,2002:"
_PLAIN = {_TAG + name for name in ("null", "bool", "int", "float", "str")}
_MERGE = _TAG + "merge"
_TEXT = _TAG + "timestamp"
FROM_COMMAND_LINE = " (from --set)"
"""Behind the key of a problem with something that was set there."""
_EXPERIMENT_KEYS = "'title:', 'loop:', 'brain:', 'body:', 'pathways:'"


@dataclass
class Document:
    """A mapping read from ``file``.

    values: plain dicts, lists, texts and numbers. lines: 1-based line of every dotted key path. overridden: the
    paths that were set from the command line. problems: what was wrong without making the rest unreadable.
    """

    file: Path
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    overridden: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, key: str, message: str, remedy: str) -> Problem:
        """A Problem at ``key``, with the line of the key or of the nearest one above it."""
        if self.from_command_line(key):
            return Problem(self.file, 0, f"{key}{FROM_COMMAND_LINE}", message, remedy)
        return Problem(self.file, self.line(key), key, message, remedy)

    def from_command_line(self, key: str) -> bool:
        """Whether ``key``, something above it, or all there is below it was set there."""
        above = any(f"{key}.".startswith(f"{set_key}.") for set_key in self.overridden)
        below = any(set_key.startswith(f"{key}.") for set_key in self.overridden)
        return above or (below and key not in self.lines)

    def line(self, key: str) -> int:
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key.rpartition(".")[0]
        return 0


def read(file: Path, keys: str = _EXPERIMENT_KEYS) -> Document:
    """Read ``file``. Raises ExperimentError when it cannot be read as a mapping at all. keys: some that it may have,
    for the message."""
    document = Document(file)
    root = _compose(document, _text(file))
    if not isinstance(root, MappingNode):
        found = (
            "nothing" if root is None else "a list" if isinstance(root, SequenceNode) else "a single value"
        )
        remedy = f"write keys such as {keys}"
        raise ExperimentError([Problem(file, 1, "", f"expected keys at the top, found {found}", remedy)])
    document.values = _Reader(document).mapping(root, "", ())
    return document


def value_of(text: str, file: Path) -> tuple[Any, list[Problem]]:
    """(the value that ``text`` stands for, what is wrong with it): one value, written as in a file."""
    document = Document(file)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        message, remedy = _syntax(error)
        return None, [Problem(file, 0, "", f"'{text}' is not valid YAML: {message}", remedy)]
    value = None if node is None else _Reader(document).value(node, "", ())
    return value, document.problems


def text_of(values: dict[str, Any]) -> str:
    """YAML that reads as ``values``."""
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style, yaml.width = False, 4096
    yaml.dump(_quoted(values), text)
    return text.getvalue()


def line_of(value: Any) -> str:
    """YAML on one line that ``value_of`` reads as ``value``: what stands behind the ``=`` of ``--set``."""
    match value:
        case dict():
            return f"{{{', '.join(f'{line_of(key)}: {line_of(entry)}' for key, entry in value.items())}}}"
        case list():
            return f"[{', '.join(map(line_of, value))}]"
        case float() if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        case str():
            # JSON would write letters beyond the first 65,536 as two, which YAML does not put together.
            plain = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
            return f'"{"".join(plain)}"'
    return json.dumps(value)


def _quoted(value: Any) -> Any:
    """Text that holds more than one printable line in double quotes: unquoted, YAML would fold what breaks lines."""
    if isinstance(value, dict):
        return {_quoted(key): _quoted(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_quoted(entry) for entry in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not value.isprintable() else value


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}"
        raise ExperimentError([Problem(file, 0, "", message, "save the file as UTF-8")]) from None
    except OSError as error:
        problem = Problem(file, 0, "", f"cannot be read: {error.strerror}", "check that you may read it")
        raise ExperimentError([problem]) from None


def _compose(document: Document, text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        message, remedy = _syntax(error)
        raise ExperimentError(
            [Problem(document.file, mark.line + 1 if mark else 0, "", message, remedy)]
        ) from None
    return node


_SYNTAX = {
    "'\\t'": ("a tab stands where only spaces may", "indent with spaces"),
    "another document": ("a second document begins here", "keep one document a file: remove the line '---'"),
    "mapping values are not allowed": (
        "a ':' stands where none can be",
        "put one 'key: value' on a line, a space after the colon, and text that contains ': ' in quotes",
    ),
    "end of stream": ("a quote is opened and never closed", "close it with the same quote"),
    "undefined alias": ("a value begins with '*', which stands for an anchor", "put the text in quotes"),
}


def _syntax(error: YAMLError) -> tuple[str, str]:
    found = str(getattr(error, "problem", None) or getattr(error, "reason", error))
    begun = getattr(error, "context_mark", None)
    if found.startswith("expected ',' or") and begun is not None:
        message = f"the bracket opened in line {begun.line + 1} is not closed, or a comma is missing"
        return message, "close it with '}' or ']', and put ',' between its entries"
    for sign, words in _SYNTAX.items():
        if sign in found:
            return words
    return f"not valid YAML: {found}", "check indentation, colons, brackets and quotes at that line"


class _Reader:
    """Nodes to plain values, collecting lines and problems in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scalars = YAML(typ="safe", pure=True).constructor

    def value(self, node: Node, key: str, above: tuple[Node, ...]) -> Any:
        if any(node is outer for outer in above):
            self._add(node, key, "contains itself", "write the values out instead of the alias '*...'")
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, key, above)
        if isinstance(node, SequenceNode):
            return self._list(node, key, above)
        return self._scalar(cast(ScalarNode, node), key)

    def mapping(self, node: MappingNode, key: str, above: tuple[Node, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        first: dict[str, int] = {}
        for name_node, value_node in node.value:
            if name_node.tag == _MERGE:
                merged.update(self._merge(value_node, key, (*above, node)))
                continue
            name = str(name_node.value)
            path = f"{key}.{name}" if key else name
            if not isinstance(name_node, ScalarNode):
                self._add(
                    name_node,
                    key,
                    "has a key that is itself a list or has keys",
                    "write a name before the ':'",
                )
            elif name in own:
                self._add(
                    name_node, path, f"given twice: here and in line {first[name]}", "remove one of the two"
                )
            else:
                first[name] = self._document.lines[path] = name_node.start_mark.line + 1
                own[name] = self.value(value_node, path, (*above, node))
        return {**merged, **own}

    def _merge(self, node: Node, key: str, above: tuple[Node, ...]) -> dict[str, Any]:
        parts = node.value if isinstance(node, SequenceNode) else [node]
        result: dict[str, Any] = {}
        for part in reversed(parts):
            value = self.value(part, key, above)
            if isinstance(value, dict):
                result.update(value)
            else:
                self._add(
                    part, key, "'<<' merges something without keys", "merge an anchored section: '<<: *name'"
                )
        return result

    def _list(self, node: SequenceNode, key: str, above: tuple[Node, ...]) -> list[Any]:
        items = []
        for i, item in enumerate(node.value):
            self._document.lines[f"{key}.{i}"] = item.start_mark.line + 1
            items.append(self.value(item, f"{key}.{i}", (*above, node)))
        return items

    def _scalar(self, node: ScalarNode, key: str) -> Any:
        if node.tag in _PLAIN:
            return self._scalars.construct_object(node)
        if node.tag != _TEXT:
            self._add(node, key, f"has the tag '{node.tag}'", "remove the tag: '!...' has no meaning here")
        return str(node.value)

    def _add(self, node: Node, key: str, message: str, remedy: str) -> None:
        line = node.start_mark.line + 1
        self._document.problems.append(Problem(self._document.file, line, key, message, remedy))
