"""Names in an OpenSim document, read from its XML: OpenSim itself is not needed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ..errors import BodyError

MUSCLES = frozenset(
    {"Millard2012EquilibriumMuscle", "DeGrooteFregly2016Muscle", "Thelen2003Muscle", "RigidTendonMuscle"}
)


def osim_names(osim: str, name: str) -> dict[str, tuple[str, ...]]:
    """Names by kind, in document order: joint (coordinates), muscle, motor (other actuators), body, site (markers)
    and camera (none). Raises BodyError for text that is not an OpenSim document."""
    try:
        root = ET.fromstring(osim)
    except ET.ParseError as error:
        raise BodyError(f"body model '{name}' is not XML: {error}") from error
    model = root.find("Model")
    if root.tag != "OpenSimDocument" or model is None:
        raise BodyError(
            f"body model '{name}' starts with <{root.tag}>; an .osim file holds <OpenSimDocument> with a <Model>"
        )
    coordinates = [c for joints in model.iter("JointSet") for c in joints.iter("Coordinate")]
    forces = [f for found in model.findall("ForceSet/objects") for f in found]
    return {
        "joint": _named(coordinates, "joint"),
        "muscle": _named([f for f in forces if f.tag in MUSCLES], "muscle"),
        "motor": _named([f for f in forces if f.tag.endswith("Actuator")], "motor"),
        "body": _named(list(model.findall("BodySet/objects/Body")), "body"),
        "site": _named(list(model.findall("MarkerSet/objects/Marker")), "site"),
        "camera": (),
    }


def _named(elements: list[ET.Element], kind: str) -> tuple[str, ...]:
    return tuple(e.get("name") or f"{kind}{i}" for i, e in enumerate(elements))
