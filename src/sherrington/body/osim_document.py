"""Reads an OpenSim 4 document: properties with their defaults, names and paths of components, frames.

Only the XML is read; OpenSim itself is not needed. What a document leaves out has the value that OpenSim 4 gives
it, so each reader below names that value where it asks.
"""

from __future__ import annotations

import math
import posixpath
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence

from ..errors import BodyError, known

OLDEST_VERSION = 40000
"""``OpenSimDocument Version``: 4.0 took the joints out of the bodies."""

SETS = ("BodySet", "JointSet", "ForceSet", "ConstraintSet", "MarkerSet", "ComponentSet", "ControllerSet")


_SCOPED, _DOTTED = re.compile(r"(</?\w+)::(\w)"), re.compile(r"(</?\w+)\.\.(\w)")
"""``<HuntCrossleyForce::ContactParameters>`` and its like: OpenSim writes them, but they are no names in XML."""


def parse_osim(osim: str) -> ET.Element:
    """The root element; two colons in a tag become two points. Raises ET.ParseError."""
    return ET.fromstring(_SCOPED.sub(r"\1..\2", osim))


def written(root: ET.Element) -> str:
    """The document that ``parse_osim`` read, as OpenSim wants it."""
    return _DOTTED.sub(r"\1::\2", ET.tostring(root, encoding="unicode"))


class OsimModel:
    """The ``<Model>`` of a document. name: what errors call it. Raises BodyError for other text."""

    def __init__(self, osim: str, name: str) -> None:
        self.name = name
        self.model = _model(osim, name)
        self._defaults = {e.tag: e for found in self.model.findall("defaults") for e in found}
        components = list(self._components())
        self.paths: dict[str, ET.Element] = dict(components)
        self._path_of = {id(element): path for path, element in components}

    # --- elements and names -----------------------------------------------------------------------------

    def objects(self, name: str) -> list[ET.Element]:
        """The members of a set such as ``BodySet``, in document order."""
        return [e for found in self.model.findall(f"{name}/objects") for e in found]

    def path_of(self, element: ET.Element) -> str:
        return self._path_of[id(element)]

    def name_of(self, element: ET.Element) -> str:
        """Its name, or the one that OpenSim gives a nameless component."""
        return posixpath.basename(self.path_of(element))

    def _components(self) -> Iterator[tuple[str, ET.Element]]:
        yield "/ground", _child(self.model, "Ground")
        for kind in SETS:
            for name, element in zip(names_of(self.objects(kind)), self.objects(kind), strict=True):
                path = f"/{kind.lower()}/{name}"
                yield path, element
                yield from _owned(path, element)
        yield from _owned("/ground", _child(self.model, "Ground"))
        yield from _owned("", self.model)

    # --- properties -------------------------------------------------------------------------------------

    def text(self, element: ET.Element, tag: str, otherwise: str = "") -> str:
        """The text of a property: the element's own, the document's default of its class, or else ``otherwise``."""
        for owner in (element, self._defaults.get(element.tag)):
            found = None if owner is None else owner.find(tag)
            if found is not None:
                return (found.text or "").strip()
        return otherwise

    def number(self, element: ET.Element, tag: str, otherwise: float) -> float:
        """A property that is one number. Raises BodyError naming the element."""
        return self.numbers(element, tag, (otherwise,))[0]

    def numbers(self, element: ET.Element, tag: str, otherwise: Sequence[float]) -> tuple[float, ...]:
        """A property that is as many numbers as ``otherwise`` has, or any number of them where that is empty."""
        text = self.text(element, tag)
        if not text:
            return tuple(otherwise)
        try:
            values = tuple(float(word) for word in text.strip("()").replace(",", " ").split())
        except ValueError:
            values = ()
        if not values or (otherwise and len(values) != len(otherwise)) or any(map(math.isnan, values)):
            raise BodyError(f"{self.where(element)}: <{tag}> is '{text}', which is not {_amount(otherwise)}")
        return values

    def flag(self, element: ET.Element, tag: str, otherwise: bool) -> bool:
        return self.text(element, tag, str(otherwise)).lower() == "true"

    def where(self, element: ET.Element) -> str:
        """Words for errors: the model and the element."""
        name = self._path_of.get(id(element)) or element.get("name") or ""
        return f"body model '{self.name}': {element.tag} '{name}'"

    # --- sockets ----------------------------------------------------------------------------------------

    def connectee(self, element: ET.Element, socket: str, owner: str) -> str:
        """Path of the component that a socket names; owner: path of the component that has the socket.

        Raises BodyError naming the element and what exists.
        """
        asked = self.text(element, f"socket_{socket}")
        path = posixpath.normpath(posixpath.join(owner, asked))
        if asked and path in self.paths:
            return path
        frames = tuple(p for p in self.paths if p == "/ground" or p.startswith("/bodyset/"))
        raise BodyError(
            f"{self.where(element)}: <socket_{socket}> names '{asked}', which does not exist; {known(frames)}"
        )

    def base(self, path: str) -> str:
        """Path of the body, or of ground, that a frame is fixed to, through any chain of offset frames."""
        seen = [path]
        while self.paths[path].tag == "PhysicalOffsetFrame":
            path = self.connectee(self.paths[path], "parent", path)
            if path in seen:
                raise BodyError(f"{self.where(self.paths[path])}: the frame is an offset from itself")
            seen.append(path)
        return path

    def child_body(self, joint: ET.Element) -> str:
        """Path of the body that a joint moves."""
        return self.base(self.connectee(joint, "child_frame", self.path_of(joint)))

    def free_bodies(self) -> list[str]:
        """Names of bodies that no joint moves: OpenSim hangs each on ground with a FreeJoint of its own."""
        moved = {self.child_body(joint) for joint in self.objects("JointSet")}
        return [self.name_of(b) for b in self.objects("BodySet") if self.path_of(b) not in moved]


def names_of(elements: Iterable[ET.Element]) -> list[str]:
    """Names of siblings. OpenSim calls a nameless one after its class, in lower case, and numbers further ones."""
    names: list[str] = []
    for element in elements:
        name, stem, count = element.get("name", ""), element.tag.lower(), 0
        if not name:
            name = stem
            while name in names:
                name, count = f"{stem}_{count}", count + 1
        names.append(name)
    return names


def _model(osim: str, name: str) -> ET.Element:
    try:
        root = parse_osim(osim)
    except ET.ParseError as error:
        raise BodyError(f"body model '{name}' is not XML: {error}") from error
    model = root.find("Model")
    if root.tag != "OpenSimDocument" or model is None:
        raise BodyError(
            f"body model '{name}' starts with <{root.tag}>; an .osim file holds <OpenSimDocument> with a <Model>"
        )
    version = root.get("Version", "")
    inside = model.find("BodySet/objects/Body/Joint")
    if inside is not None or not version.isdigit() or int(version) < OLDEST_VERSION:
        raise BodyError(
            f"body model '{name}' is written in an older format (Version \"{version}\"), with the joints inside the "
            "bodies; open it with OpenSim 4 and save it, then name the saved file"
        )
    return model


def _child(element: ET.Element, tag: str) -> ET.Element:
    found = element.find(tag)
    return ET.Element(tag) if found is None else found


def _owned(path: str, element: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """Offset frames that a component owns, each with its own."""
    frames = [e for tag in ("frames", "components") for e in _child(element, tag)]
    frames = [e for e in frames if e.tag == "PhysicalOffsetFrame"]
    for name, frame in zip(names_of(frames), frames, strict=True):
        yield f"{path}/{name}", frame
        yield from _owned(f"{path}/{name}", frame)


def _amount(like: Sequence[float]) -> str:
    return f"{len(like)} numbers" if len(like) > 1 else "a number" if like else "numbers"
