"""Where a validation error lies: pydantic's location of it, followed through the annotations of the classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails


@dataclass
class Place:
    """Where an error lies. key: its path without pydantic's names of alternatives; forms: the alternatives there,
    in words, if the error is about which of them is meant; inside: whether it lies inside one of them."""

    key: str = ""
    about: str = ""
    forms: str = ""
    inside: bool = False
    siblings: Mapping[str, str] = field(default_factory=dict)


def locate(loc: Sequence[int | str], root: type[BaseModel]) -> Place:
    """Follow ``loc`` through the annotations of ``root``."""
    place, at, keys = Place(siblings=_meanings(root)), root, []
    for part in loc:
        if part == "[key]":
            continue
        alternatives = _alternatives(at)
        if len(alternatives) > 1:
            place.forms, at = _form_names(alternatives), _chosen(alternatives, str(part))
            place.inside = False
            continue
        place.inside, place.forms = bool(place.forms) or place.inside, ""
        keys.append(str(part))
        at = _step(alternatives[0], part, place)
    place.key = ".".join(keys)
    return place


def _step(at: Any, part: int | str, place: Place) -> Any:
    """The annotation one part further; notes what the part means and what lies beside it."""
    if isinstance(at, type) and issubclass(at, BaseModel):
        place.siblings = _meanings(at)
        place.about = place.siblings.get(str(part), "")
        named = {info.alias or name: info for name, info in at.model_fields.items()}
        return named[str(part)].annotation if str(part) in named else Any
    place.siblings = {}
    return (get_args(at) or (Any,))[-1] if get_origin(at) in (dict, list) else Any


def _alternatives(annotation: Any) -> list[Any]:
    """The members of a union other than None; the annotation itself if it is none. Metadata is peeled off."""
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) in (dict, list, Literal) or not get_args(annotation):
        return [annotation]
    members = [m for m in get_args(annotation) if m is not NoneType]
    return [a for m in members for a in _alternatives(m)]


def _chosen(alternatives: list[Any], label: str) -> Any:
    """The alternative that pydantic calls ``label``: its class, ``list[...]``, ``literal[...]``."""
    for alternative in alternatives:
        name = getattr(get_origin(alternative) or alternative, "__name__", "")
        if label.lower().startswith(name.lower()):
            return alternative
    return Any


def _form_names(alternatives: list[Any]) -> str:
    *first, last = [name for a in alternatives for name in _forms(a)]
    return f"{', '.join(first)} or {last}"


def _forms(alternative: Any) -> list[str]:
    if get_origin(alternative) is Literal:
        return [f"'{value}'" for value in get_args(alternative)]
    if get_origin(alternative) is list:
        return ["a list"]
    if alternative is str:
        return ["text"]
    return [f"the keys {{{', '.join(_meanings(alternative))}}}"]


def present(values: Any, loc: Sequence[int | str]) -> Iterator[str]:
    """The keys that are there at ``loc``; parts of it that are pydantic's names of alternatives lead nowhere."""
    for part in loc:
        if isinstance(values, dict) and part in values:
            values = values[str(part)]
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part]
    yield from values if isinstance(values, dict) else ()


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    return {info.alias or name: info.description or "" for name, info in model.model_fields.items()}


def homes(model: type[BaseModel], name: str, path: str) -> Iterator[str]:
    """Every section that has a key of that name."""
    if name in model.model_fields:
        yield f"'{path}'" if path else "the top level"
    for key, info in model.model_fields.items():
        for inner, step in _sections(info.annotation):
            yield from homes(inner, name, f"{path}.{key}{step}".lstrip("."))


def _sections(annotation: Any, step: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    for alternative in _alternatives(annotation):
        if isinstance(alternative, type) and issubclass(alternative, BaseModel):
            yield alternative, step
        elif get_origin(alternative) is dict:
            yield from _sections(get_args(alternative)[1], f"{step}.NAME")
        elif get_origin(alternative) is list:
            yield from _sections(get_args(alternative)[0], f"{step}.NUMBER")


def one_per_place(errors: Sequence[ErrorDetails], root: type[BaseModel]) -> dict[str, ErrorDetails]:
    """Of several errors at one place keep one; those inside an alternative say that this one was meant."""
    kept: dict[str, ErrorDetails] = {}
    places = [(locate(error["loc"], root), error) for error in errors]
    meant = {p.key.rpartition(".")[0] for p, _ in places if p.inside}
    for place, error in places:
        if not (place.forms and any(f"{m}.".startswith(f"{place.key}.") for m in meant)):
            kept.setdefault(place.key, error)
    return kept
