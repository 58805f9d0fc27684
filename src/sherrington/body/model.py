"""A described body: an MJCF or an OpenSim document, or both, and the names in it. No engine is imported here.

Names are read from the XML, includes followed, so that an experiment is checked before an engine is loaded, for
shipped bodies and for any other file alike.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BodyError
from .osim_names import osim_names

KINDS = ("joint", "muscle", "motor", "body", "site", "camera")
"""What has names in a model."""


@dataclass(frozen=True)
class BodyModel:
    """A body ready to be compiled by an engine.

    mjcf: the document for MuJoCo; osim: the document for OpenSim; at least one of them. Where both are given they
    describe one body with the same names of joints, muscles and bodies in the same order. folder: where meshes and
    includes lie. initial: joint angles in rad at the start, by joint name; those left out start at the model's own
    default. facts: static numbers for reports. Raises BodyError for a document that cannot be read.
    """

    name: str
    mjcf: str = ""
    folder: Path = Path()
    initial: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    osim: str = ""

    def __post_init__(self) -> None:
        if not self.mjcf and not self.osim:
            raise BodyError(f"body model '{self.name}' has no document; give it mjcf or osim")
        included: dict[str, str] = {}
        if self.mjcf:
            names = _names(self.mjcf, self.folder, self.name, included)
        else:
            names = osim_names(self.osim, self.name)
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_included", included)

    @property
    def joints(self) -> tuple[str, ...]:
        """Hinge and slide joints of MuJoCo, coordinates of OpenSim; in document order."""
        return self._names["joint"]  # type: ignore[attr-defined, no-any-return]

    @property
    def muscles(self) -> tuple[str, ...]:
        return self._names["muscle"]  # type: ignore[attr-defined, no-any-return]

    @property
    def motors(self) -> tuple[str, ...]:
        """Actuators that are not muscles."""
        return self._names["motor"]  # type: ignore[attr-defined, no-any-return]

    @property
    def bodies(self) -> tuple[str, ...]:
        return self._names["body"]  # type: ignore[attr-defined, no-any-return]

    @property
    def sites(self) -> tuple[str, ...]:
        return self._names["site"]  # type: ignore[attr-defined, no-any-return]

    @property
    def cameras(self) -> tuple[str, ...]:
        return self._names["camera"]  # type: ignore[attr-defined, no-any-return]

    @property
    def included(self) -> Mapping[str, str]:
        """The documents that ``<include file=...>`` names, by that name; their own includes too."""
        return self._included  # type: ignore[attr-defined, no-any-return]

    @staticmethod
    def from_file(path: Path) -> BodyModel:
        """Any ``.osim`` file, or else MJCF. Raises BodyError when it cannot be read as that."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise BodyError(f"cannot read body model {path}: {error.strerror}") from error
        if path.suffix == ".osim":
            return BodyModel(path.stem, osim=text, folder=path.parent)
        return BodyModel(path.stem, mjcf=text, folder=path.parent)


def _names(mjcf: str, folder: Path, name: str, included: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found = _Names(folder, included)
    root = _parse(mjcf, name)
    found.defaults(root, {})
    for section in found.expand(root):
        if section.tag == "worldbody":
            found.body(section, "main")
        elif section.tag == "actuator":
            found.actuators(section)
    return {kind: tuple(names) for kind, names in found.names.items()}


def _parse(text: str, name: str) -> ET.Element:
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise BodyError(f"body model '{name}' is not XML: {error}") from error
    if root.tag not in {"mujoco", "mujocoinclude"}:
        raise BodyError(
            f"body model '{name}' starts with <{root.tag}>; an MJCF document starts with <mujoco>"
        )
    return root


class _Names:
    """Walks a document in the order in which MuJoCo numbers things: a body's own elements, then its children."""

    def __init__(self, folder: Path, included: dict[str, str]) -> None:
        self.names: dict[str, list[str]] = {k: [] for k in KINDS}
        self._folder, self._included = folder, included
        self._classes: dict[str, dict[str, str]] = {}

    def expand(self, element: ET.Element) -> Iterator[ET.Element]:
        """Children with every ``<include>`` replaced by what it includes."""
        for child in element:
            if child.tag == "include":
                yield from self.expand(self._include(child.get("file", "")))
            else:
                yield child

    def _include(self, file: str) -> ET.Element:
        path = self._folder / file
        if file not in self._included:
            try:
                self._included[file] = path.read_text(encoding="utf-8")
            except OSError as error:
                raise BodyError(f"cannot read included file {path}: {error.strerror}") from error
        return _parse(self._included[file], str(path))

    def defaults(self, root: ET.Element, inherited: dict[str, str]) -> None:
        """Joint types and actuator dynamics that a default class gives, by class."""
        for section in self.expand(root):
            if section.tag == "default":
                own = dict(inherited)
                for child in self.expand(section):
                    if child.tag == "joint" and "type" in child.attrib:
                        own["joint"] = child.attrib["type"]
                    if child.tag == "general" and "dyntype" in child.attrib:
                        own["general"] = child.attrib["dyntype"]
                self._classes[section.get("class", "main")] = own
                self.defaults(section, own)

    def body(self, element: ET.Element, childclass: str) -> None:
        """Names inside a body, a frame or the world; child bodies last."""
        children: list[tuple[ET.Element, str]] = []
        self._own(element, childclass, children)
        for child, inherited in children:
            self._add("body", child)
            self.body(child, inherited)

    def _own(self, element: ET.Element, childclass: str, children: list[tuple[ET.Element, str]]) -> None:
        childclass = element.get("childclass", childclass)
        for child in self.expand(element):
            if child.tag == "body":
                children.append((child, childclass))
            elif child.tag == "frame":
                self._own(child, childclass, children)
            elif child.tag in {"site", "camera"}:
                self._add(child.tag, child)
            elif child.tag == "joint" and self._given(child, "type", childclass, "hinge") in {
                "hinge",
                "slide",
            }:
                self._add("joint", child)

    def actuators(self, section: ET.Element) -> None:
        for child in self.expand(section):
            dynamics = self._given(child, "dyntype", "main", "none") if child.tag == "general" else child.tag
            self._add("muscle" if dynamics == "muscle" else "motor", child)

    def _given(self, element: ET.Element, attribute: str, childclass: str, otherwise: str) -> str:
        """An attribute as written, else from the element's default class, else MuJoCo's own default."""
        inherited = self._classes.get(element.get("class", childclass), {})
        return element.get(attribute) or inherited.get(element.tag, otherwise)

    def _add(self, kind: str, element: ET.Element) -> None:
        names = self.names[kind]
        names.append(element.get("name") or f"{kind}{len(names)}")
