"""What all pages share: how a template becomes a page, and how a number is written on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def render(template: str, content: Mapping[str, Any]) -> str:
    """A page of a template beside this file; text in ``content`` is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template(template).render(content)


def number(value: Any) -> str:
    """A number as people read it: thousands apart, four digits that count; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:,.1f}".replace(",", "\u202f") if abs(value) >= 1000 else f"{value:.4g}"
