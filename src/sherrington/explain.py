"""What a validation error means, in words for the person who wrote the file: key, message, remedy."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from .errors import known
from .locate import homes, locate, one_per_place, present


@dataclass(frozen=True)
class Wrong:
    """One validation error, located.

    key: dotted path; last: its last part; found: the value there; about: what the key means; siblings: the keys that
    exist beside it and what they mean; present: those that the file has; elsewhere: where else a key of that name
    exists; details: pydantic's own.
    """

    key: str
    found: Any
    about: str
    siblings: Mapping[str, str]
    present: frozenset[str]
    elsewhere: Sequence[str]
    details: ErrorDetails

    @property
    def last(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def limits(self) -> dict[str, Any]:
        return self.details.get("ctx", {})


def explain(
    errors: Sequence[ErrorDetails], root: type[BaseModel], values: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """(key, message, remedy) of every error of validating ``values`` against ``root``, one per place."""
    for key, error in one_per_place(errors, root).items():
        place = locate(error["loc"], root)
        elsewhere = homes(root, place.key.rpartition(".")[2], "")
        there = frozenset(present(values, error["loc"][:-1]))
        wrong = Wrong(key, error["input"], place.about, place.siblings, there, tuple(elsewhere), error)
        yield key, *_words(wrong, place.forms)


def shown(value: object) -> str:
    """A value as the person who wrote it would name it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"text '{value}'"
        case dict():
            return f"the keys {', '.join(map(str, value))}" if value else "an empty section"
        case list():
            return f"a list of {len(value)}"
        case float() if not math.isfinite(value):
            return str(value)
        case int() if abs(value) > 10**20:
            return f"a whole number of {len(str(abs(value)))} digits"
    return str(value)


def near(name: str, names: Sequence[str], cutoff: float = 0.6) -> str:
    """``"did you mean 'x'? "`` for the nearest of ``names``, or nothing."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return f"did you mean '{close[0]}'? " if close else ""


_NUMBER = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\S*\s*")


def bare(found: object, kind: str = "a number") -> str:
    """How to write a number, where something else was found; text may be one in quotes or with a unit."""
    number = _NUMBER.fullmatch(found) if isinstance(found, str) else None
    return f"write {number[1]} without quotes or unit" if number else f"write {kind}, without quotes or unit"


# --- words ------------------------------------------------------------------------------------------------

Words = tuple[str, str]


def _words(wrong: Wrong, forms: str) -> Words:
    if forms and wrong.details["type"] in _WRONG_FORM:
        return f"expected {forms}, found {shown(wrong.found)}", f"write {forms}{_meaning(wrong)}"
    say = _SAY.get(wrong.details["type"])
    if say is None:
        message = f"{wrong.details['msg']}, found {shown(wrong.found)}"
        return message, f"see 'sherrington schema'{_meaning(wrong)}"
    return say(wrong)


def _meaning(wrong: Wrong) -> str:
    return f": {wrong.about}" if wrong.about else ""


def _unknown(w: Wrong) -> Words:
    # A key that is there already is hardly the one that was meant, unless the names are all but equal.
    absent = [name for name in w.siblings if name not in w.present]
    close = difflib.get_close_matches(w.last, absent, n=1)
    close = close or difflib.get_close_matches(w.last, w.siblings, n=1, cutoff=0.8)
    remedy = "remove it or use another;"
    if close:
        remedy = f"did you mean '{close[0]}' ({w.siblings[close[0]]})?"
    elif w.elsewhere:
        remedy = f"'{w.last}' belongs to {' or '.join(w.elsewhere)};"
    return f"unknown key '{w.last}'", f"{remedy} {known(tuple(w.siblings))}"


def _missing(w: Wrong) -> Words:
    return f"required key '{w.last}' is missing", f"add '{w.last}'{_meaning(w)}"


def _choice(w: Wrong) -> Words:
    return f"{shown(w.found)} is not allowed", f"choose one of {w.limits['expected']} ({w.about})"


def _range(sign: str) -> Callable[[Wrong], Words]:
    def say(w: Wrong) -> Words:
        limit = next(iter(w.limits.values()))
        return f"{shown(w.found)} is out of range", f"give a value {sign} {limit:.10g}{_meaning(w)}"

    return say


def _number(kind: str) -> Callable[[Wrong], Words]:
    return lambda w: (f"expected {kind}, found {shown(w.found)}", f"{bare(w.found, kind)}{_meaning(w)}")


def _expected(kind: str, remedy: str) -> Callable[[Wrong], Words]:
    return lambda w: (f"expected {kind}, found {shown(w.found)}", f"{remedy}{_meaning(w)}")


def _length(w: Wrong) -> Words:
    need, count = w.limits.get("min_length", w.limits.get("max_length")), w.limits["actual_length"]
    if need == 1:
        return "is empty", f"give at least one{_meaning(w)}"
    return f"has {count} entries, needs {need}", f"give {need}{_meaning(w)}"


_SAY: dict[str, Callable[[Wrong], Words]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _choice,
    "greater_than": _range("above"),
    "greater_than_equal": _range("of at least"),
    "less_than": _range("below"),
    "less_than_equal": _range("of at most"),
    "float_type": _number("a number"),
    "int_type": _number("a whole number"),
    "int_from_float": _number("a whole number"),
    "finite_number": lambda w: (
        f"{shown(w.found)} is not a finite number",
        f"give a finite number{_meaning(w)}",
    ),
    "string_pattern_mismatch": lambda w: (
        f"{shown(w.found)} is not a name",
        "use letters, digits, '_' and '-', starting with a letter",
    ),
    "too_short": _length,
    "too_long": _length,
    "string_type": _expected("text", "write text, in quotes if it looks like a number"),
    "bool_type": _expected("true or false", "write true or false"),
    "model_type": _expected("keys below this one", "indent its keys below it"),
    "dict_type": _expected("keys below this one", "indent its keys below it, or write {} for none"),
    "list_type": _expected("a list", "write one entry per line, each after '- '"),
}
_WRONG_FORM = {"string_type", "model_type", "list_type", "literal_error"}
