"""Writes the tables of messages in connection.md from the classes that validate them. Run it after changing them.

A test compares the page with what this gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sherrington.service import messages
from sherrington.service.messages import Asked, Command, Said, Up

PAGE = Path(__file__).with_name("connection.md")
BEGIN, END = "<!-- messages: begin -->\n", "<!-- messages: end -->"
PARTS = (
    messages.PopulationFacts,
    messages.FunctionFacts,
    messages.PortFacts,
    messages.SpikeTrain,
    messages.SignalPart,
    messages.Array,
    messages.SignalWish,
)


def tables() -> str:
    """One table per message, up first, then what messages consist of."""
    up, down = (get_args(get_args(union)[0]) for union in (Said, Asked))
    chapters = {"Up": up, "Down": down, "Parts of messages": PARTS}
    return "\n".join(f"### {title}\n\n{_chapter(models)}" for title, models in chapters.items())


def _chapter(models: tuple[type[BaseModel], ...]) -> str:
    return "\n".join(_table(model) for model in models)


def _table(model: type[BaseModel]) -> str:
    doc = " ".join((model.__doc__ or "").split())
    rows = [f"| {' | '.join(row)} |" for row in _rows(model)]
    table = ["| field | type | meaning |", "|---|---|---|", *rows, ""] if rows else []
    return "\n".join([f"**{_name(model)}** {_how(model)}{doc}", "", *table])


def _name(model: type[BaseModel]) -> str:
    kind = model.model_fields.get("kind")
    return f"`{kind.default}`" if kind else model.__name__


def _how(model: type[BaseModel]) -> str:
    if issubclass(model, Command):
        return "(`id`, `who`) "
    return "(`seq`) " if issubclass(model, Up) and model.ring else ""


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    common = {"kind", "seq", "who"} | ({"id"} if issubclass(model, Command) else set())
    for name, info in model.model_fields.items():
        if name not in common:
            yield f"`{name}`", f"`{_type(info.annotation)}`".replace("|", "\\|"), _meaning(info)


def _meaning(info: FieldInfo) -> str:
    default = info.default
    given = default if default is not PydanticUndefined and default not in ("", None) else None
    text = (info.description or "").replace("|", "\\|")
    return text if given is None else f"{text}; `{given}` if left out"


def _type(annotation: Any) -> str:
    """As in Python, without the names of modules and the bounds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is UnionType:
        return " | ".join("None" if a is NoneType else _type(a) for a in arguments)
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(_type, arguments))}]"
    return str(getattr(annotation, "__name__", annotation))


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + "\n" + tables() + "\n" + END + after, encoding="utf-8")
