"""Writes the tables of keys in experiment-file.md from the classes that validate the file. Run it after changing them.

A test compares the page with what this gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sherrington.sections import (
    Body,
    Brain,
    Conduction,
    Environment,
    Experiment,
    Intervention,
    Loop,
    Noise,
    Pathway,
    Perturbation,
    Record,
    Reference,
    ScenePart,
    TaskSection,
)

PAGE = Path(__file__).with_name("experiment-file.md")
BEGIN, END = "<!-- keys: begin -->\n", "<!-- keys: end -->"
SECTIONS: dict[str, type[BaseModel]] = {
    "At the top": Experiment,
    "`loop`": Loop,
    "`brain`": Brain,
    "`body`": Body,
    "`environment`": Environment,
    "`environment.parts.NAME`": ScenePart,
    "`task`": TaskSection,
    "`pathways.NAME`": Pathway,
    "A port with options": Reference,
    "`pathways.NAME.noise`": Noise,
    "`pathways.NAME.conduction`": Conduction,
    "`perturbations`, each entry": Perturbation,
    "`interventions`, each entry": Intervention,
    "`record`": Record,
}
BOUNDS = ((Gt, "gt", "above"), (Ge, "ge", "from"), (Lt, "lt", "below"), (Le, "le", "to"))


def tables() -> str:
    """One table per section: key, type with its range, default, meaning with its unit."""
    return "\n".join(f"### {title}\n\n{_table(model)}" for title, model in SECTIONS.items())


def write() -> None:
    """Put the tables into the page, between the two marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{after}", encoding="utf-8")


def _table(model: type[BaseModel]) -> str:
    head = "| key | type | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(_row(name, info) for name, info in model.model_fields.items())


def _row(name: str, info: FieldInfo) -> str:
    limits = "".join(_limits(info.metadata))
    return f"| `{name}` | {_kind(info.annotation)}{limits} | {_default(info)} | {info.description} |\n"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = (
        info.default if info.default is not PydanticUndefined else info.get_default(call_default_factory=True)
    )
    if isinstance(value, BaseModel):
        return "its defaults"
    if value is None or value in ("", [], {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _limits(metadata: list[Any]) -> Iterator[str]:
    for item in metadata:
        yield from (
            f" {word} {getattr(item, name):.10g}" for kind, name, word in BOUNDS if isinstance(item, kind)
        )
        if isinstance(item, FieldInfo):
            yield from _limits(item.metadata)


def _kind(annotation: Any) -> str:
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__) + "".join(_limits(list(annotation.__metadata__)))
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in inner)
    if origin is dict:
        return f"keys, each {_kind(inner[1])}"
    if origin is list:
        return f"list, each {_kind(inner[0])}"
    if inner:
        return " or ".join(_kind(member) for member in inner if member is not NoneType)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "[keys](#" + _anchor(annotation) + ")"
    return {float: "number", int: "whole number", str: "text", bool: "`true`, `false`"}.get(annotation, "any")


def _anchor(model: type[BaseModel]) -> str:
    title = next(title for title, section in SECTIONS.items() if section is model)
    return title.lower().replace("`", "").replace(".", "").replace(",", "").replace(" ", "-")


if __name__ == "__main__":
    write()
