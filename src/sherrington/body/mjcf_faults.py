"""What can be seen to be wrong in an MJCF document before MuJoCo is asked, each fault in one line.

MuJoCo itself refuses most of these when it compiles. Here they are found when an experiment is checked, with the
element, its line and a way to mend it. Some MuJoCo lets pass and means something else than the writer did.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from ..errors import known
from .mjcf_names import ACTUATORS
from .xml_text import Document

JOINT_TYPES = ("hinge", "slide", "ball", "free")
DYNAMICS = ("none", "integrator", "filter", "filterexact", "pid", "dcmotor", "muscle", "user")
TARGETS = {
    "joint": "joint",
    "jointinparent": "joint",
    "tendon": "tendon",
    "slidersite": "site",
    "site": "site",
    "body": "body",
}
"""Attributes that say what an actuator acts on, and the kind of thing each names."""
PATHS = {"site": {"site": "site"}, "geom": {"geom": "geom", "sidesite": "site"}, "joint": {"joint": "joint"}}
"""The same of the parts of a tendon."""
NAMED = {tag: tag for tag in ("body", "joint", "geom", "site", "camera")}
NAMED |= {"freejoint": "joint", "spatial": "tendon", "fixed": "tendon"}
"""Elements with names, and the kind within which a name may stand once."""
FILES = ("file", "fileback", "filedown", "filefront", "fileleft", "fileright", "fileup")
ASSET_FOLDERS = {
    "mesh": ("meshdir", "assetdir"),
    "skin": ("meshdir", "assetdir"),
    "texture": ("texturedir", "assetdir"),
    "hfield": ("assetdir", "meshdir"),
    "model": (),
}
"""Attributes of ``<compiler>`` that say where the files of an asset lie, the first one that is given."""


def mjcf_faults(document: Document, folder: Path, *, complete: bool) -> Iterator[str]:
    """Every fault, in words. complete: the document lists all its elements; without it names are not compared."""
    look = _Look(document)
    yield from _files(look, folder)
    yield from _joints(look)
    yield from _masses(look)
    yield from _tendons(look)
    yield from _actuators(look)
    if complete:
        yield from _repeated(look)
        yield from _references(look)
        yield from _nothing(look)


class _Look:
    """A document with its elements by section."""

    def __init__(self, document: Document) -> None:
        self.root, self.called = document.root, document.called
        self.names: dict[str, tuple[str, ...]] = {
            "site": self._named("worldbody", "site"),
            "geom": self._named("worldbody", "geom"),
            "body": ("world", *self._named("worldbody", "body")),
            "joint": (*self._named("worldbody", "joint"), *self._named("worldbody", "freejoint")),
            "tendon": (*self._named("tendon", "spatial"), *self._named("tendon", "fixed")),
        }

    def section(self, name: str) -> Iterator[ET.Element]:
        """Elements directly inside every section of that name."""
        for section in self.root.findall(name):
            yield from section

    def within(self, name: str) -> Iterator[ET.Element]:
        """Elements anywhere inside every section of that name."""
        for section in self.root.findall(name):
            yield from section.iter()

    def _named(self, section: str, tag: str) -> tuple[str, ...]:
        return tuple(e.get("name", "") for e in self.within(section) if e.tag == tag and e.get("name"))


# --- files ------------------------------------------------------------------------------------------------


def _files(look: _Look, folder: Path) -> Iterator[str]:
    """Missing files, all in one line, with the folder that was looked in."""
    compiler: dict[str, str] = {}
    for element in look.root.findall("compiler"):
        compiler.update(element.attrib)
    missing: dict[Path, list[str]] = {}
    for element in look.section("asset"):
        place = folder / next((compiler[a] for a in ASSET_FOLDERS.get(element.tag, ()) if a in compiler), "")
        for file in (element.get(a) for a in FILES if element.get(a)):
            name = PurePosixPath(str(file)).name if compiler.get("strippath") == "true" else str(file)
            if ":" not in name and not (place / name).is_file():
                missing.setdefault(place, []).append(f"{look.called(element)} needs '{name}'")
    for place, needs in missing.items():
        # A folder is asked for by hand, so the whole path helps; it is that of the person who wrote the file.
        yield (
            f"{'; '.join(needs)}: no such file in {place}; copy it there, or name its folder in "
            '<compiler meshdir="..."> and texturedir'
        )


# --- bodies and joints ------------------------------------------------------------------------------------


def _joints(look: _Look) -> Iterator[str]:
    for world in look.root.findall("worldbody"):
        yield from _in_the_world(look, world)
    for joint in look.within("worldbody"):
        if joint.tag == "composite":
            yield (
                f"{look.called(joint)}: MuJoCo 4 has no <composite> any more; make the parts with <replicate> or "
                "<flexcomp>"
            )
        if joint.tag != "joint":
            continue
        kind = joint.get("type", "hinge")
        if kind == "loop":
            yield (
                f"{look.called(joint)} is a loop joint, which MJCF has not; close the chain with "
                '<equality><connect body1="..." body2="..." anchor="..."/></equality>'
            )
        elif kind not in JOINT_TYPES:
            yield f"{look.called(joint)} has the unknown type '{kind}'; {_guess(kind, JOINT_TYPES)}"
        limits = _numbers(joint.get("range", ""))
        if len(limits) == 2 and limits[0] > limits[1]:
            yield (
                f"{look.called(joint)} has range {limits[0]:g} {limits[1]:g}, lowest last, which MuJoCo takes for "
                "no limit; write the lower one first"
            )


def _in_the_world(look: _Look, element: ET.Element) -> Iterator[str]:
    for child in element:
        if child.tag in {"joint", "freejoint"}:
            yield f"{look.called(child)} stands in the world, which cannot move; put it into the <body> it moves"
        elif child.tag == "frame":
            yield from _in_the_world(look, child)


def _masses(look: _Look) -> Iterator[str]:
    if any(c.get("inertiafromgeom") == "true" or c.get("boundmass") for c in look.root.findall("compiler")):
        return
    for body in look.within("worldbody"):
        if body.tag != "body":
            continue
        inertial = body.find("inertial")
        if inertial is None:
            if _moves(body) and not _has_substance(body):
                yield (
                    f"{look.called(body)} moves but has no mass: no <geom> and no <inertial>; give it one of them"
                )
            continue
        for name in ("mass", "diaginertia"):
            if any(x <= 0 for x in _numbers(inertial.get(name, ""))):
                yield (
                    f"<inertial> of {look.called(body)} has {name} {inertial.get(name)}; each number of it must be "
                    "positive"
                )


def _moves(body: ET.Element) -> bool:
    return any(child.tag in {"joint", "freejoint"} for child in body)


def _has_substance(body: ET.Element) -> bool:
    """Whether the body, or one fixed to it, has something with a mass, or is made by a macro that may bring some."""
    for child in body:
        if child.tag in {"geom", "inertial", "replicate", "attach", "flexcomp", "frame", "plugin"}:
            return True
        if child.tag == "body" and not _moves(child) and _has_substance(child):
            return True
    return False


# --- tendons and actuators --------------------------------------------------------------------------------


def _tendons(look: _Look) -> Iterator[str]:
    for tendon in look.section("tendon"):
        parts = [part.tag for part in tendon]
        if tendon.tag == "spatial" and parts.count("site") < 2:
            yield f"{look.called(tendon)} needs at least two sites to run through, and has {parts.count('site')}"
        elif tendon.tag == "spatial" and (parts[0] != "site" or parts[-1] != "site"):
            yield f"{look.called(tendon)} must begin and end at a <site>, not at a <geom> or <pulley>"
        elif tendon.tag == "fixed" and "joint" not in parts:
            yield f"{look.called(tendon)} has no joint; name at least one <joint joint=... coef=.../>"


def _actuators(look: _Look) -> Iterator[str]:
    for actuator in look.section("actuator"):
        if actuator.tag not in ACTUATORS:
            kinds = tuple(sorted(ACTUATORS))
            yield f"{look.called(actuator)} is an unknown kind of actuator; {_guess(actuator.tag, kinds)}"
            continue
        targets = [a for a in TARGETS if actuator.get(a)]
        if not targets and actuator.tag != "plugin" and not actuator.get("cranksite"):
            yield f"{look.called(actuator)} acts on nothing; name its joint=, tendon=, site= or body="
        elif len(targets) > 1:
            yield f"{look.called(actuator)} acts on {' and on '.join(targets)}; one actuator acts on one thing"
        dynamics = actuator.get("dyntype", "none")
        if dynamics not in DYNAMICS:
            yield f"{look.called(actuator)} has the unknown dyntype '{dynamics}'; {_guess(dynamics, DYNAMICS)}"
        lengths = _numbers(actuator.get("lengthrange", ""))
        if len(lengths) == 2 and lengths[0] >= lengths[1]:
            yield (
                f"{look.called(actuator)} has lengthrange {lengths[0]:g} {lengths[1]:g}; give the shortest and the "
                "longest length of the muscle, in m, shortest first"
            )


# --- names ------------------------------------------------------------------------------------------------


def _repeated(look: _Look) -> Iterator[str]:
    families: dict[str, list[ET.Element]] = {
        "actuator": [e for e in look.section("actuator") if e.get("name")]
    }
    for section in ("worldbody", "tendon"):
        for element in look.within(section):
            if element.get("name") and element.tag in NAMED:
                families.setdefault(NAMED[element.tag], []).append(element)
    for family, elements in families.items():
        for name, count in Counter(e.get("name") for e in elements).items():
            if count > 1:
                where = ", ".join(look.called(e) for e in elements if e.get("name") == name)
                yield f"{count} elements of kind {family} have the same name: {where}; rename all but one"


def _references(look: _Look) -> Iterator[str]:
    for tendon in look.section("tendon"):
        for part in tendon:
            yield from _unknown(look, part, PATHS.get(part.tag, {}), f" in {look.called(tendon)}")
    for actuator in look.section("actuator"):
        yield from _unknown(look, actuator, TARGETS, "")


def _unknown(look: _Look, element: ET.Element, kinds: Mapping[str, str], where: str) -> Iterator[str]:
    for attribute, kind in kinds.items():
        name = element.get(attribute)
        if name and name not in look.names[kind]:
            yield f"{look.called(element)}{where} names the {kind} '{name}', which does not exist; " + _guess(
                name, look.names[kind]
            )


def _nothing(look: _Look) -> Iterator[str]:
    parts = {element.tag for element in look.within("worldbody")}
    others = [*look.section("actuator"), *look.section("sensor")]
    if "worldbody" in parts and not others and not parts & {"joint", "freejoint", "site", "camera"}:
        yield (
            "nothing in it can be driven or read: it has no joint, actuator, sensor, site or camera; give a <body> a "
            "<joint>"
        )


def _guess(name: str, there: tuple[str, ...]) -> str:
    close = get_close_matches(name, there, n=1)
    few = there if len(there) <= 12 else (*there[:12], "...")
    return f"did you mean '{close[0]}'? {known(few)}" if close else known(few)


def _numbers(text: str) -> list[float]:
    """The numbers in ``text``; none where it is not numbers, which MuJoCo says better."""
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return []
