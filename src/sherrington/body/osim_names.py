"""Names in an OpenSim document, read from its XML: OpenSim itself is not needed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from .osim_document import OsimModel, names_of

MUSCLE = re.compile(r"\w+Muscle(_Deprecated)?")
"""Every class of muscle that OpenSim has is called so."""
ACTUATOR = re.compile(r"\w+Actuator|ClutchedPathSpring")
"""Every other class that takes a control."""

COORDINATES = {
    "PinJoint": 1,
    "SliderJoint": 1,
    "UniversalJoint": 2,
    "BallJoint": 3,
    "GimbalJoint": 3,
    "PlanarJoint": 3,
    "EllipsoidJoint": 3,
    "ScapulothoracicJoint": 4,
    "FreeJoint": 6,
}
"""How many coordinates a joint has that lists none. A CustomJoint has those it lists, a WeldJoint none."""


def osim_names(osim: str, name: str) -> dict[str, tuple[str, ...]]:
    """Names by kind, in document order, which is the order of ``Model.getCoordinateSet`` and of the sets.

    joint: coordinates; muscle; motor: other actuators; body: without ground; site: markers; camera: none.
    Raises BodyError for text that is not a document of OpenSim 4.
    """
    document = OsimModel(osim, name)
    forces = document.objects("ForceSet")
    labels = names_of(forces)
    return {
        "joint": tuple(_coordinates(document)),
        "muscle": tuple(n for n, f in zip(labels, forces, strict=True) if MUSCLE.fullmatch(f.tag)),
        "motor": tuple(n for n, f in zip(labels, forces, strict=True) if ACTUATOR.fullmatch(f.tag)),
        "body": tuple(names_of(document.objects("BodySet"))),
        "site": tuple(names_of(document.objects("MarkerSet"))),
        "camera": (),
    }


def coordinate_names(joint: ET.Element) -> list[str]:
    """Names of a joint's coordinates, in order."""
    listed = joint.find("coordinates")
    if listed is not None:
        return names_of(listed)
    return [f"_coord_{i}" for i in range(COORDINATES.get(joint.tag, 0))]


def free_coordinate_names(body: str) -> list[str]:
    """Coordinates of the FreeJoint that OpenSim adds to a body without a joint."""
    return [f"free_{body}_coord_{i}" for i in range(COORDINATES["FreeJoint"])]


def _coordinates(document: OsimModel) -> list[str]:
    names = [name for joint in document.objects("JointSet") for name in coordinate_names(joint)]
    return names + [name for body in document.free_bodies() for name in free_coordinate_names(body)]
