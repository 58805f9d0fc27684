"""Reads XML and keeps on which line each element stands, so that a fault can be pointed at."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ..errors import BodyError


@dataclass
class Document:
    """A document whose ``<include>`` elements are replaced by what they include.

    root: its first element; included: text of every included file by the name it is included by; places:
    ``"line 5"`` or ``"line 5 of bones.xml"`` by element.
    """

    root: ET.Element = field(default_factory=lambda: ET.Element(""))
    included: dict[str, str] = field(default_factory=dict)
    places: dict[ET.Element, str] = field(default_factory=dict)

    def called(self, element: ET.Element) -> str:
        """``"<geom> 'bone' (line 5)"``: an element in words."""
        name = f" '{element.get('name')}'" if element.get("name") else ""
        return f"<{element.tag}>{name} ({self.places[element]})"


def read_xml(text: str, name: str, folder: Path = Path()) -> Document:
    """Parse ``text``, includes followed from ``folder``. name: for messages. Raises BodyError."""
    document = Document()
    document.root = _parse(text, name, "", document)
    _expand(document.root, folder, folder, document)
    return document


def _parse(text: str, name: str, file: str, document: Document) -> ET.Element:
    builder, parser = ET.TreeBuilder(), expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        line = f"line {parser.CurrentLineNumber}"
        document.places[builder.start(tag, attributes)] = f"{line} of {file}" if file else line

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise BodyError(f"body model '{name}' is not XML: {error}") from error
    return builder.close()


def _expand(element: ET.Element, base: Path, beside: Path, document: Document) -> None:
    """base: folder of the document; beside: folder of the file that ``element`` stands in."""
    children = list(element)
    for child in children:
        element.remove(child)
    for child in children:
        if child.tag == "include":
            element.extend(_include(child, base, beside, document))
        else:
            _expand(child, base, beside, document)
            element.append(child)


def _include(element: ET.Element, base: Path, beside: Path, document: Document) -> ET.Element:
    """As MuJoCo finds it: relative to the document, else to the file that includes it."""
    file = element.get("file", "")
    path = next((f for f in (base / file, beside / file) if f.is_file()), base / file)
    name = os.path.relpath(path, base)
    if name in document.included:
        raise BodyError(f"{path} is included twice; MuJoCo takes each file once: remove one <include>")
    try:
        document.included[name] = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BodyError(f"cannot read included file {path}: {error.strerror}") from error
    found = _parse(document.included[name], str(path), name, document)
    if found.tag not in {"mujoco", "mujocoinclude"}:
        raise BodyError(
            f"included file {path} starts with <{found.tag}>; it must start with <mujoco> or <mujocoinclude>"
        )
    _expand(found, base, path.parent, document)
    return found
