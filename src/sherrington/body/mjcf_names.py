"""Names in an MJCF document, read from its XML in the order in which MuJoCo numbers them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

KINDS = ("joint", "muscle", "motor", "body", "site", "camera")
"""What has names in a model."""
MACROS = frozenset({"replicate", "attach", "flexcomp", "composite"})
"""Elements that make others. What they make has names only after MuJoCo compiled it, so MuJoCo is asked."""
ACTUATORS = frozenset(
    {"general", "motor", "position", "velocity", "intvelocity", "damper", "cylinder", "muscle", "adhesion"}
    | {"dcmotor", "pid", "orientation", "plugin"}
)


class MjcfNames:
    """Walks a document as MuJoCo does: a body's own elements, then its children.

    root: ``<mujoco>``, its includes expanded. names: by kind, an empty one where an element has none.
    """

    def __init__(self, root: ET.Element) -> None:
        self.names: dict[str, list[str]] = {k: [] for k in KINDS}
        self.made: bool = False
        """Whether something in it makes, or removes, elements when MuJoCo compiles it."""
        self._classes: dict[str, dict[str, str]] = {}
        self._defaults(root, {})
        self._body(root.findall("worldbody"), "main")
        for section in root.findall("actuator"):
            self._actuators(section)

    def _defaults(self, root: ET.Element, inherited: dict[str, str]) -> None:
        """Joint types and actuator dynamics that a default class gives, by class."""
        for section in root:
            if section.tag == "compiler" and section.get("fusestatic") == "true":
                self.made = True
            if section.tag == "default":
                own = dict(inherited)
                for child in section:
                    if child.tag == "joint" and "type" in child.attrib:
                        own["joint"] = child.attrib["type"]
                    if child.tag in ACTUATORS:
                        own["general"] = _dynamics(child, own.get("general", "none"))
                self._classes[section.get("class", "main")] = own
                self._defaults(section, own)

    def _body(self, parts: list[ET.Element], childclass: str) -> None:
        """Names inside a body, or in all that is written of the world; child bodies last."""
        children: list[tuple[ET.Element, str]] = []
        for part in parts:
            self._own(part, childclass, children)
        for child, inherited in children:
            self._add("body", child)
            self._body([child], inherited)

    def _own(self, element: ET.Element, childclass: str, children: list[tuple[ET.Element, str]]) -> None:
        childclass = element.get("childclass", childclass)
        for child in element:
            if child.tag == "body":
                children.append((child, childclass))
            elif child.tag == "frame":
                self._own(child, childclass, children)
            elif child.tag in MACROS:
                self.made = True
            elif child.tag in {"site", "camera"}:
                self._add(child.tag, child)
            elif child.tag == "joint" and self._joint_type(child, childclass) in {"hinge", "slide"}:
                self._add("joint", child)

    def _actuators(self, section: ET.Element) -> None:
        for child in section:
            inherited = self._classes.get(child.get("class", "main"), {})
            is_muscle = _dynamics(child, inherited.get("general", "none")) == "muscle"
            self._add("muscle" if is_muscle else "motor", child)

    def _joint_type(self, element: ET.Element, childclass: str) -> str:
        """As written, else from the element's default class, else MuJoCo's own default."""
        inherited = self._classes.get(element.get("class", childclass), {})
        return element.get("type") or inherited.get("joint", "hinge")

    def _add(self, kind: str, element: ET.Element) -> None:
        self.names[kind].append(element.get("name", ""))


def _dynamics(actuator: ET.Element, inherited: str) -> str:
    """Only ``<general>`` inherits its dynamics; every other kind of actuator has its own."""
    if actuator.tag == "general":
        return actuator.get("dyntype", inherited)
    return "muscle" if actuator.tag == "muscle" else "none"
