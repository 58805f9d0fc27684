"""The body's document made ready to take parts, without a change to the body itself."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

from .model import BodyModel
from .osim_document import parse_osim, written
from .xml_text import read_xml

BODY_CLASS = "body_defaults"
_CLASSED = {
    "asset": {"mesh", "material"},
    "tendon": {"spatial", "fixed"},
    "contact": {"pair"},
}
"""Elements of a section that take a default class; in ``actuator`` and ``equality`` all do."""


def merged(model: BodyModel) -> ET.Element:
    """The whole document in one: includes in their place, one ``<worldbody>``, its defaults for itself alone."""
    root = read_xml(model.mjcf, model.name, model.folder).root
    worlds = root.findall("worldbody")
    for other in worlds[1:]:
        worlds[0].extend(other)
        root.remove(other)
    _set_defaults_aside(root)
    return root


def add_gravity(mjcf: str, gravity: Sequence[float]) -> str:
    """The document with that gravity: of two ``<option>`` MuJoCo takes what the later one says."""
    root = ET.fromstring(mjcf)
    ET.SubElement(root, "option", gravity=" ".join(f"{g:.10g}" for g in gravity))
    return ET.tostring(root, encoding="unicode")


def set_osim_gravity(osim: str, gravity: Sequence[float]) -> str:
    """An OpenSim document with that gravity, in its own ground frame."""
    root = parse_osim(osim)
    model = root.find("Model")
    if model is not None:
        found = model.find("gravity")
        found = ET.SubElement(model, "gravity") if found is None else found
        found.text = " ".join(f"{g:.10g}" for g in gravity)
    return written(root)


def add_option(root: ET.Element, **values: str) -> None:
    """Options that the document does not set itself."""
    set_already = {name for option in root.findall("option") for name in option.attrib}
    missing = {name: value for name, value in values.items() if name not in set_already}
    if missing:
        ET.SubElement(root, "option", missing)


def forbids_contact(root: ET.Element, part: str) -> bool:
    """Whether the document switches contact off and the part has a shape that could touch."""
    off = root.find("option/flag[@contact='disable']") is not None
    return off and any(_touches(geom) for geom in ET.fromstring(part).iter("geom"))


def _touches(geom: ET.Element) -> bool:
    return not (geom.get("contype") == "0" == geom.get("conaffinity")) and "geom" not in geom.attrib


def to_degrees(fragment: ET.Element) -> None:
    """Angles of a part's joints for a document that counts in degrees."""
    for joint in fragment.iter("joint"):
        if joint.get("type", "hinge") in {"hinge", "ball"} and "joint" not in joint.attrib:
            for name in {"range", "ref", "springref"} & joint.attrib.keys():
                values = (math.degrees(float(v)) for v in joint.attrib[name].split())
                joint.set(name, " ".join(f"{v:.10g}" for v in values))


def counts_in_degrees(root: ET.Element) -> bool:
    """MuJoCo's own default is degrees."""
    return [c.get("angle", "") for c in root.findall("compiler") if "angle" in c.attrib][-1:] != ["radian"]


def _set_defaults_aside(root: ET.Element) -> None:
    """What the body sets for all its elements must not reach a part: it becomes a class of its own, which the
    body's elements then name."""
    sections = root.findall("default")
    if all(child.tag == "default" for section in sections for child in section):
        return
    name = next((s.attrib["class"] for s in sections if s.get("class", "main") != "main"), BODY_CLASS)
    own = ET.Element("default", {"class": name})
    for section in sections:
        own.extend(section)
        root.remove(section)
    outer = ET.Element("default")
    outer.append(own)
    root.insert(0, outer)
    for element in root.iter():
        for attribute in ("class", "childclass"):
            if element.get(attribute) == "main":
                element.set(attribute, name)
    for element, attribute in _without_class(root):
        element.set(attribute, name)


def _without_class(root: ET.Element) -> Iterator[tuple[ET.Element, str]]:
    for section in root:
        for element in section:
            inner = section.tag == "worldbody" and element.tag in {"body", "frame"}
            attribute = "childclass" if inner else "class"
            if attribute not in element.attrib and _takes_class(section.tag, element.tag):
                yield element, attribute


def _takes_class(section: str, tag: str) -> bool:
    if section == "worldbody":
        return tag in {"body", "frame", "geom", "site", "camera", "light"}
    return section in {"actuator", "equality"} or tag in _CLASSED.get(section, ())
