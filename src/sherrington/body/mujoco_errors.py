"""MuJoCo's messages about a document that it cannot compile, with what to do about each."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

import mujoco

from ..errors import known

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"mass and inertia of moving bodies",
        "give that body a <geom> with a volume or an <inertial>, each above zero",
    ),
    (r"inertia must satisfy A \+ B >= C", 'correct its inertia, or set <compiler balanceinertia="true"/>'),
    (
        r"[Ll]engthrange",
        'give the muscle lengthrange="shortest longest" in m, of its tendon over the joints\' ranges',
    ),
    (r"unknown default class name", "write the <default> of that name, or correct the class"),
    (r"repeated name", "rename one of the two"),
    (
        r"invalid (qpos|qvel|act|ctrl) size",
        "give as many numbers as the model has, free joints counting seven",
    ),
    (r"opening file", "copy the file there, or correct its name"),
    (r"plugin .* not found", "the plugin is not part of MuJoCo 4; remove it"),
)
"""A pattern in MuJoCo's message, and how to mend it."""

_ATTRIBUTE = re.compile(r"unrecognized attribute: '([^']*)' Element '([^']*)'")
_ELEMENT = re.compile(r"unrecognized element Element '([^']*)'")
_ACTUATOR = re.compile(r"\bactuator (\d+)(?! \()")
_PLACE = re.compile(r" Element name '([^']*)', id \d+(?:, line (\d+))?| Element '([^']*)', line (\d+)")


def explained(message: str, actuators: list[str]) -> str:
    """MuJoCo's message in one line: what, where, how to mend. actuators: their names, which some only count."""
    text = " ".join(message.split()).removeprefix("XML ").removeprefix("Error: ").removeprefix("Error: ")
    remedy = _remedy(text)
    text = _ACTUATOR.sub(lambda found: _with_name(found, actuators), text)
    text = _PLACE.sub(_place, text)
    return f"{text}; {remedy}" if remedy else text


def _remedy(text: str) -> str:
    attribute, element = _ATTRIBUTE.search(text), _ELEMENT.search(text)
    if attribute:
        return _near(attribute[1], _attributes().get(attribute[2], ()))
    if element:
        return _near(element[1], tuple(_attributes()))
    return next((remedy for pattern, remedy in REMEDIES if re.search(pattern, text)), "")


def _place(found: re.Match[str]) -> str:
    """``" (element 'arm', line 5)"``."""
    name, line = found[1] or found[3], found[2] or found[4]
    words = [f"element '{name}'" if found[1] else f"<{name}>" if name else "", f"line {line}" if line else ""]
    inside = ", ".join(word for word in words if word)
    return f" ({inside})" if inside else ""


def _with_name(found: re.Match[str], names: list[str]) -> str:
    index = int(found[1])
    return f"{found[0]} ('{names[index]}')" if index < len(names) and names[index] else found[0]


def _near(name: str, there: tuple[str, ...]) -> str:
    close = get_close_matches(name, there, n=1)
    return f"did you mean '{close[0]}'?" if close else known(there) if len(there) <= 60 else ""


@cache
def _attributes() -> dict[str, tuple[str, ...]]:
    """Attributes by element, from the schema that MuJoCo prints: ``geom (*)  pos size`` and lines of further ones."""
    table: dict[str, set[str]] = {}
    element = ""
    for line in mujoco.mj_printSchema(False, False).splitlines():
        heading = re.match(r" *(\w+) \(.\)(.*)", line)
        if heading:
            element = heading[1]
        table.setdefault(element, set()).update((heading[2] if heading else line).split())
    return {name: tuple(sorted(attributes)) for name, attributes in table.items()}
