"""Names inside an MJCF document of a part: what it defines, what it refers to, and what no part may hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence

Names = Mapping[str, Sequence[str]]
"""Names by kind, such as ``body``, ``joint``, ``tendon``."""

SECTIONS = ("worldbody", "asset", "tendon", "actuator", "sensor", "equality", "contact")
_FORBIDDEN = {
    "class": "there are no default classes in a part; write every attribute",
    "childclass": "there are no default classes in a part; write every attribute",
    "euler": "its meaning depends on the body's document; write quat, xyaxes or zaxis",
    "axisangle": "its meaning depends on the body's document; write quat, xyaxes or zaxis",
}
_MUST_HAVE_NAMES = {"body", "joint", "site", "camera", "actuator", "sensor"}
"""Their names are channels of a port."""

_REFERS_TO = {
    **dict.fromkeys(("site", "site1", "site2", "sidesite", "refsite", "cranksite", "slidersite"), "site"),
    **dict.fromkeys(("body", "body1", "body2", "subtree1", "subtree2", "target"), "body"),
    **dict.fromkeys(("joint", "joint1", "joint2", "jointinparent"), "joint"),
    **dict.fromkeys(("geom", "geom1", "geom2"), "geom"),
    **dict.fromkeys(("tendon", "tendon1", "tendon2"), "tendon"),
    **{kind: kind for kind in ("actuator", "material", "mesh", "texture", "hfield")},
}
"""Attributes of MJCF that hold a name, and the kind of thing it names."""


def wrong_in(root: ET.Element) -> str:
    """What no part may hold, in words; empty where all is well."""
    if root.tag != "mujoco":
        return f"starts with <{root.tag}>; it must be an MJCF document, <mujoco>"
    for section in root:
        if section.tag not in SECTIONS:
            return f"has a <{section.tag}>; a part holds only {', '.join(SECTIONS)}"
        for element in section.iter():
            for attribute, reason in _FORBIDDEN.items():
                if attribute in element.attrib:
                    return f"has <{element.tag} {attribute}=...>: {reason}"
    if any(body.attrib.keys() & {"zaxis", "xyaxes"} for body in root.iter("body")):
        return "has a <body> turned by xyaxes or zaxis; write quat"
    for kind, element in _defined(root):
        if kind in _MUST_HAVE_NAMES and "name" not in element.attrib:
            return f"has a <{element.tag}> without a name; its name is a channel of a port"
    return ""


def all_names(root: ET.Element) -> dict[str, list[str]]:
    """Names by kind of everything that a document defines, in document order."""
    names: dict[str, list[str]] = {}
    for kind, element in _defined(root):
        if "name" in element.attrib:
            names.setdefault(kind, []).append(element.attrib["name"])
    return names


def own_names(mjcf: str, part: str) -> dict[str, list[str]]:
    """Names by kind of what a part defines, as they are called in the scene."""
    return {k: [in_scene(part, n) for n in names] for k, names in all_names(ET.fromstring(mjcf)).items()}


def in_scene(part: str, name: str) -> str:
    """``stick`` and ``handle`` to ``stick_handle``; the empty name is the part itself."""
    return f"{part}_{name}" if name else part


def rename(root: ET.Element, part: str) -> ET.Element:
    """``root`` with every name of its own, and every reference to one, as it is called in the scene."""
    own = all_names(root)
    for element, attribute, kind in _references(root):
        if element.attrib[attribute] in own.get(kind, ()):
            element.set(attribute, in_scene(part, element.attrib[attribute]))
    for _, element in _defined(root):
        if "name" in element.attrib:
            element.set("name", in_scene(part, element.attrib["name"]))
    return root


def unknown_references(mjcf: str, part: str, there: Names) -> Iterator[tuple[str, str]]:
    """(kind, name) of what a part refers to and the scene does not have."""
    found = _references(rename(ET.fromstring(mjcf), part))
    for kind, name in sorted({(kind, element.attrib[attribute]) for element, attribute, kind in found}):
        if name not in there.get(kind, ()) and not (kind == "body" and name == "world"):
            yield kind, name


def free_joints(mjcf: str) -> bool:
    """Whether anything in the part moves freely in space."""
    root = ET.fromstring(mjcf)
    return root.find(".//freejoint") is not None or root.find(".//joint[@type='free']") is not None


def has_joints(mjcf: str) -> bool:
    """Whether anything in the part has a joint."""
    return ET.fromstring(mjcf).find("worldbody//joint") is not None


def _defined(root: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """(kind, element) of everything that has or could have a name."""
    for section in root:
        inside = section.iter() if section.tag == "worldbody" else iter(section)
        for element in inside:
            if element is not section:
                yield _kind(section.tag, element.tag), element


def _kind(section: str, tag: str) -> str:
    if section in {"worldbody", "asset"}:
        return "joint" if tag == "freejoint" else tag
    return section


def _references(root: ET.Element) -> Iterator[tuple[ET.Element, str, str]]:
    """(element, attribute, kind) of everything that names something."""
    for element in root.iter():
        for attribute in element.attrib:
            kind = _REFERS_TO.get(attribute, "")
            if attribute in {"objname", "refname"}:
                kind = element.get(attribute.replace("name", "type"), "").replace("xbody", "body")
            if kind:
                yield element, attribute, kind
