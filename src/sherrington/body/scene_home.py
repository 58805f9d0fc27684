"""The keyframe ``home``, from which a body starts, made as long as the scene has coordinates."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

Numbers = Sequence[float]


def take_home(root: ET.Element) -> str:
    """Coordinates of the keyframe ``home``, empty without one. All keyframes leave the document: they would be too
    short for the scene, and a body starts from no other."""
    sections = root.findall("keyframe")
    found = (key.get("qpos", "") for section in sections for key in section.findall("key[@name='home']"))
    home = next(found, "")
    for section in sections:
        root.remove(section)
    return home


def has_home(root: ET.Element) -> bool:
    """Whether the body starts from a keyframe."""
    return root.find("keyframe/key[@name='home'][@qpos]") is not None


def put_home(root: ET.Element, home: str, added: Sequence[float]) -> None:
    """The keyframe again, with the coordinates of the parts behind those of the body."""
    keyframe = ET.SubElement(root, "keyframe")
    ET.SubElement(keyframe, "key", name="home", qpos=" ".join([home, *(f"{x:.10g}" for x in added)]))


def coordinates(world: ET.Element, at_m: Numbers, turned: Numbers) -> Iterator[float]:
    """Where a part in a frame at ``at_m``, turned by the unit quaternion ``turned``, starts: its share of ``qpos``."""
    for child in world:
        if child.tag == "frame":
            yield from coordinates(child, *_pose(child, at_m, turned))
        elif child.tag == "body":
            yield from _of_body(child, *_pose(child, at_m, turned))


def _of_body(body: ET.Element, at_m: Numbers, turned: Numbers) -> Iterator[float]:
    for joint in body:
        kind = "free" if joint.tag == "freejoint" else joint.get("type", "hinge")
        if joint.tag in {"joint", "freejoint"}:
            start = {"free": [*at_m, *turned], "ball": [1.0, 0.0, 0.0, 0.0]}
            yield from start.get(kind, [float(joint.get("ref", "0"))])
    yield from coordinates(body, at_m, turned)


def _pose(element: ET.Element, at_m: Numbers, turned: Numbers) -> tuple[list[float], list[float]]:
    """Place and turn in the world of an element that stands in a frame."""
    place = _floats(element.get("pos", "0 0 0"))
    turn = _floats(element.get("quat", "1 0 0 0"))
    inside = product(product(turned, [0.0, *place]), [turned[0], *(-x for x in turned[1:])])
    return [a + b for a, b in zip(at_m, inside[1:], strict=True)], product(turned, turn)


def product(a: Numbers, b: Numbers) -> list[float]:
    """Product of two quaternions, w first."""
    return [
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    ]


def _floats(text: str) -> list[float]:
    return [float(word) for word in text.split()]
