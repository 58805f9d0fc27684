"""Parameters that an experiment gives to a function, compared with what the function takes."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from ..explain import bare, shown
from .findings import Findings

_WORDS = {float: "a number", int: "a whole number", str: "text", bool: "true or false", NoneType: "nothing"}


def check_parameters(
    findings: Findings,
    key: str,
    name: str,
    function: Callable[..., Any],
    takes: Mapping[str, inspect.Parameter],
    given: Mapping[str, Any],
) -> bool:
    """Whether ``given``, at ``key``, are parameters that ``function`` can be called with.

    Known are the names and, where a parameter is annotated, its type. name: of the function, for messages.
    """
    count = len(findings.problems)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    named = {n: p for n, p in takes.items() if p.kind not in _CATCH_ALL}
    for parameter in given:
        if parameter not in named and not takes_any:
            there = tuple(named)
            findings.unknown(
                f"{key}.{parameter}", f"'{name}' has no parameter '{parameter}'", parameter, there
            )
    for parameter, described in named.items():
        if described.default is described.empty and parameter not in given:
            findings.add(key, f"'{name}' needs the parameter '{parameter}'", f"add '{parameter}' here")
    for place, message, remedy in _wrong_types(
        function, name, {n: v for n, v in given.items() if n in named}
    ):
        findings.add(f"{key}.{place}", message, remedy)
    return len(findings.problems) == count


_CATCH_ALL = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


def _wrong_types(
    function: Callable[..., Any], name: str, given: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    annotations = _annotations(function)
    for parameter, value in given.items():
        wanted = annotations.get(parameter, Any)
        if _has_nan(value):
            found = "nan" if isinstance(value, float) else f"{shown(value)} with nan in it"
            yield parameter, f"expected numbers, found {found}", f"give {in_words(wanted)}"
        elif not _fits(wanted, value):
            takes_number = in_words(wanted) in {"a number", "a whole number"}
            remedy = bare(value, in_words(wanted)) if takes_number else f"give {in_words(wanted)}"
            yield parameter, f"'{name}' takes {in_words(wanted)} here, found {shown(value)}", remedy


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    """Types by parameter; empty where an annotation cannot be evaluated, so that nothing is known."""
    try:
        return get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except (NameError, TypeError, AttributeError):
        return {}


def _fits(wanted: Any, value: Any) -> bool:
    """Whether a value as YAML gives it can stand for ``wanted``; True where nobody can tell.

    As JSON, because there a list stands for a tuple, while text still does not stand for a number.
    """
    try:
        TypeAdapter(wanted).validate_json(json.dumps(value), strict=True)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation):
        return True
    except ValidationError:
        return False
    return True


def _has_nan(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_nan, value.values()))
    if isinstance(value, list):
        return any(map(_has_nan, value))
    return isinstance(value, float) and math.isnan(value)


def in_words(annotation: Any) -> str:
    """``float | Sequence[float]`` as "a number or a list of numbers"."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"keys, each with {in_words(inner[1])}"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list, each entry {in_words(inner[0])}"
    members = [in_words(a) for a in inner if a is not NoneType]
    return " or ".join(members) if members else getattr(annotation, "__name__", str(annotation))
