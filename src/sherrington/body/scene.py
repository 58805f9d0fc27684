"""A scene: a body and the parts of its environment in one document. Imports no engine.

A part is a small MJCF document with names of its own, such as ``handle``. In the scene every element of a part called
``stick`` is named ``stick_handle``, and the part itself stands behind the body's own elements, which keep their order.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from ..errors import BodyError, known
from .model import BodyModel
from .scene_document import (
    add_gravity,
    add_option,
    counts_in_degrees,
    forbids_contact,
    merged,
    set_osim_gravity,
    to_degrees,
)
from .scene_home import coordinates, has_home, put_home, take_home
from .scene_names import (
    Names,
    all_names,
    free_joints,
    has_joints,
    own_names,
    rename,
    unknown_references,
    wrong_in,
)

MANY = 24
"""More names than this are not all listed in a message."""


@dataclass(frozen=True)
class Part:
    """What a part adds to a scene.

    mjcf: an MJCF document with any of ``<worldbody>``, ``<asset>``, ``<tendon>``, ``<actuator>``, ``<sensor>``,
    ``<equality>`` and ``<contact>``; angles in rad, no ``<default>``. Names are the part's own, and the empty name is
    the part itself. A reference to a name that is none of its own means the body's, or that of another part, as it is
    called in the scene. ``<exclude site1= site2=>`` means the bodies that carry the sites. Raises BodyError.
    """

    mjcf: str

    def __post_init__(self) -> None:
        try:
            wrong = wrong_in(ET.fromstring(self.mjcf))
        except ET.ParseError as error:
            raise BodyError(f"the part is not XML: {error}") from error
        if wrong:
            raise BodyError(f"the part {wrong}")


@dataclass(frozen=True)
class Placed:
    """A part in a scene. at_m, turned_deg: where its frame stands in the world, or in the body ``attached_to``; turned
    about the x, then y, then z axis of that: roll, pitch, yaw."""

    name: str
    part: Part
    at_m: Sequence[float] = (0.0, 0.0, 0.0)
    turned_deg: Sequence[float] = (0.0, 0.0, 0.0)
    attached_to: str = ""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a scene. part: its name, empty for gravity; key: what of it, such as ``attached_to``."""

    part: str
    key: str
    message: str
    remedy: str


def compose(
    model: BodyModel, parts: Sequence[Placed] = (), gravity_m_per_s2: Sequence[float] | None = None
) -> BodyModel:
    """The body in its environment; ``model`` itself where there is nothing to add.

    gravity_m_per_s2: (x, y, z) in the world of the body's document; None leaves the body's own. With parts the scene
    has an MJCF document only. Raises BodyError with every fault of the scene.
    """
    wrong = "; ".join(f"{f.part or 'gravity'} {f.message}" for f in faults(model, parts, gravity_m_per_s2))
    if wrong:
        raise BodyError(f"no scene around body '{model.name}': {wrong}")
    mjcf, osim = model.mjcf, model.osim
    if parts:
        mjcf, osim = _with_parts(model, parts), ""
    if gravity_m_per_s2 is not None:
        mjcf = add_gravity(mjcf, gravity_m_per_s2) if mjcf else ""
        osim = set_osim_gravity(osim, gravity_m_per_s2) if osim else ""
    if (mjcf, osim) == (model.mjcf, model.osim):
        return model
    return replace(model, mjcf=mjcf, osim=osim, file="")


def faults(
    model: BodyModel, parts: Sequence[Placed], gravity_m_per_s2: Sequence[float] | None = None
) -> list[Fault]:
    """Everything that keeps ``parts`` and ``model`` from being one scene."""
    found = list(_gravity_faults(model)) if gravity_m_per_s2 is not None else []
    if parts and not model.mjcf:
        message = f"cannot stand beside body '{model.name}', which has an OpenSim document only"
        return [*found, *(Fault(p.name, "part", message, "use a body with an MJCF document") for p in parts)]
    if parts:
        found += _part_faults(model, parts)
    return found


def numbers(*values: float) -> str:
    """Numbers as MJCF wants them, ten digits."""
    return " ".join(f"{value:.10g}" for value in values)


def check_positive(part: str, **values: float) -> None:
    """Raise BodyError unless every parameter is a positive number."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise BodyError(f"{part}: {name} = {value:g} must be a positive number")


# --- what can be wrong ------------------------------------------------------------------------------------


def _gravity_faults(model: BodyModel) -> Iterator[Fault]:
    if "gravity_m_per_s2" in model.facts:
        message = f"is among the facts of body '{model.name}', which would then contradict its document"
        yield Fault("", "", message, "remove it here, and set what body.params has for it")


def _part_faults(model: BodyModel, parts: Sequence[Placed]) -> Iterator[Fault]:
    document = merged(model)
    there = all_names(document)
    for placed in parts:
        own = own_names(placed.part.mjcf, placed.name)
        yield from _name_faults(placed, own, there)
        there = {kind: [*there.get(kind, []), *own.get(kind, [])] for kind in {*there, *own}}
    compiled = {"joint": model.joints, "body": model.bodies, "site": model.sites}
    there = {kind: list(dict.fromkeys([*names, *compiled.get(kind, ())])) for kind, names in there.items()}
    bodies = {
        *all_names(document).get("body", []),
        *(b for p in parts if not p.attached_to for b in _bodies(p)),
    }
    for placed in parts:
        yield from _attachment_faults(placed, bodies, starts_from_key=has_home(document))
        bodies |= set(_bodies(placed))
        for kind, name in unknown_references(placed.part.mjcf, placed.name, there):
            message = f"refers to the {kind} '{name}', which neither the body nor a part has"
            yield Fault(placed.name, "params", message, _choice(name, there.get(kind, [])))
        if forbids_contact(document, placed.part.mjcf):
            message = f"can touch things, and body '{model.name}' switches all contact off"
            yield Fault(placed.name, "part", message, "leave it out, or use another body")


def _name_faults(placed: Placed, own: Names, there: Names) -> Iterator[Fault]:
    twice = [(kind, name) for kind, names in own.items() for name in names if name in there.get(kind, [])]
    for kind, name in twice[:1]:
        yield Fault(placed.name, "", f"would add a second {kind} '{name}'", "give the part another name")


def _attachment_faults(placed: Placed, bodies: set[str], *, starts_from_key: bool) -> Iterator[Fault]:
    if not placed.attached_to:
        return
    if placed.attached_to not in bodies:
        message = f"is attached to '{placed.attached_to}', and there is no such body"
        yield Fault(placed.name, "attached_to", message, _choice(placed.attached_to, sorted(bodies)))
    elif free_joints(placed.part.mjcf):
        message = f"moves freely, so it cannot be attached to '{placed.attached_to}'"
        yield Fault(placed.name, "attached_to", message, "remove it here, or join them with a grip")
    elif starts_from_key and has_joints(placed.part.mjcf):
        message = "has joints, and the body's keyframe 'home' has no place for them among its own"
        yield Fault(placed.name, "attached_to", message, "remove it here, or join them with a grip")


def _bodies(placed: Placed) -> list[str]:
    return own_names(placed.part.mjcf, placed.name).get("body", [])


def _choice(name: str, there: Sequence[str]) -> str:
    close = get_close_matches(name, there, n=1, cutoff=0.7)
    guess = f"did you mean '{close[0]}'? " if close else ""
    if len(there) <= MANY:
        return f"{guess}{known(there)}"
    near = get_close_matches(name, there, n=8, cutoff=0.3)
    return f"{guess}there are {len(there)}, among them {', '.join(near or there[:8])}"


# --- putting them together --------------------------------------------------------------------------------


def _with_parts(model: BodyModel, parts: Sequence[Placed]) -> str:
    root = merged(model)
    world = root.find("worldbody")
    if world is None:
        world = ET.SubElement(root, "worldbody")
    touching, degrees, home = False, counts_in_degrees(root), take_home(root)
    start: list[float] = []
    for placed in sorted(parts, key=lambda p: bool(p.attached_to)):
        fragment = rename(ET.fromstring(placed.part.mjcf), placed.name)
        touching |= fragment.find(".//geom") is not None
        if degrees:
            to_degrees(fragment)
        for section in fragment:
            if section.tag == "worldbody":
                start += coordinates(section, placed.at_m, quaternion(placed.turned_deg))
                _place(section, placed, _named(world, placed.attached_to))
            else:
                root.append(section)
    _exclude_by_site(root, world)
    if home:
        put_home(root, home, start)
    if touching:
        # Friction as Coulomb has it is the same in all directions, which MuJoCo's default pyramid is not.
        add_option(root, cone="elliptic", impratio="10")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def _place(section: ET.Element, placed: Placed, owner: ET.Element) -> None:
    pos, quat = numbers(*placed.at_m), numbers(*quaternion(placed.turned_deg))
    ET.SubElement(owner, "frame", pos=pos, quat=quat).extend(section)


def _named(world: ET.Element, body: str) -> ET.Element:
    return next((e for e in world.iter("body") if e.get("name") == body), world) if body else world


def _exclude_by_site(root: ET.Element, world: ET.Element) -> None:
    """Bodies in place of the sites they carry; nothing to exclude where a site stands still in the world."""
    owner = {s.get("name"): b.get("name") for b in world.iter("body") for s in _sites(b)}
    for section in root.findall("contact"):
        for exclude in section.findall("exclude[@site1]"):
            bodies = [owner.get(exclude.attrib.pop(site)) for site in ("site1", "site2")]
            if None in bodies or len(set(bodies)) == 1:
                section.remove(exclude)
            for attribute, body in zip(("body1", "body2"), bodies, strict=True):
                exclude.set(attribute, body or "")


def _sites(element: ET.Element) -> Iterator[ET.Element]:
    """Sites of one body, those in its frames too, not those of its child bodies."""
    for child in element:
        if child.tag == "site":
            yield child
        elif child.tag == "frame":
            yield from _sites(child)


def quaternion(turned_deg: Sequence[float]) -> tuple[float, float, float, float]:
    """Unit quaternion, w first, of turns about the fixed x, then y, then z axis (deg): roll, pitch, yaw."""
    halves = [math.radians(turn) / 2 for turn in turned_deg]
    (a, b, c), (d, e, f) = map(math.cos, halves), map(math.sin, halves)
    return (
        a * b * c + d * e * f,
        d * b * c - a * e * f,
        a * e * c + d * b * f,
        a * b * f - d * e * c,
    )
