"""What can be seen to be wrong in an OpenSim document before OpenSim is asked, each fault in one line.

OpenSim takes some of these without a word and then cannot assemble or integrate the model; others it reports
without the element's name.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator

from ..errors import BodyError, known
from .osim_document import OsimModel
from .osim_names import COORDINATES, MUSCLE, osim_names

MUSCLES = (
    "Millard2012EquilibriumMuscle",
    "DeGrooteFregly2016Muscle",
    "Thelen2003Muscle",
    "RigidTendonMuscle",
    "Millard2012AccelerationMuscle",
    "Schutte1993Muscle_Deprecated",
    "Delp1990Muscle_Deprecated",
)
"""The classes of muscle in OpenSim 4."""
JOINTS = (*COORDINATES, "CustomJoint", "WeldJoint", "StationDefinedFrameJoint")
GEOMETRY = {"max_isometric_force": "N", "optimal_fiber_length": "m", "tendon_slack_length": "m"}
"""Properties of a muscle that must be positive where they are given."""


def osim_faults(osim: str, name: str) -> Iterator[str]:
    """Every fault, in words. Raises BodyError for text that is not a document of OpenSim 4."""
    document = OsimModel(osim, name)
    yield from _joints(document)
    yield from _chains(document)
    yield from _masses(document)
    yield from _muscles(document)
    yield from _repeated(document, name, osim)


def _called(document: OsimModel, element: ET.Element) -> str:
    return f"<{element.tag}> '{document.name_of(element)}'"


def _joints(document: OsimModel) -> Iterator[str]:
    for joint in document.objects("JointSet"):
        if joint.tag not in JOINTS:
            yield f"{_called(document, joint)} is of an unknown type; {known(JOINTS)}"


def _chains(document: OsimModel) -> Iterator[str]:
    """A body that two joints move, ground that is moved, and bodies that hang on each other in a ring."""
    parents: dict[str, str] = {}
    moved: dict[str, list[str]] = {}
    for joint in document.objects("JointSet"):
        try:
            child = document.child_body(joint)
            parent = document.base(document.connectee(joint, "parent_frame", document.path_of(joint)))
        except BodyError as error:
            yield str(error).partition(": ")[2]
            continue
        moved.setdefault(child, []).append(document.name_of(joint))
        parents[child] = parent
    for body, joints in moved.items():
        last = body.rpartition("/")[2]
        if body == "/ground":
            yield f"joint '{joints[0]}' moves ground, which cannot move; exchange its parent_frame and child_frame"
        elif len(joints) > 1:
            yield (
                f"body '{last}' is moved by {len(joints)} joints ({', '.join(joints)}): a closed chain; keep one and "
                "close the loop with a WeldConstraint or a PointConstraint"
            )
        elif _in_a_ring(body, parents):
            yield f"joint '{joints[0]}': body '{last}' hangs on itself; one body of the ring must hang on ground"


def _in_a_ring(body: str, parents: dict[str, str]) -> bool:
    at = parents.get(body, "/ground")
    for _ in parents:
        if at in (body, "/ground"):
            break
        at = parents.get(at, "/ground")
    return at == body


def _masses(document: OsimModel) -> Iterator[str]:
    for body in document.objects("BodySet"):
        try:
            mass = document.number(body, "mass", 0.0)
            inertia = document.numbers(body, "inertia", (0.0,) * 6)
        except BodyError as error:
            yield str(error).partition(": ")[2]
            continue
        if mass < 0 or any(moment < 0 for moment in inertia[:3]):
            yield f"{_called(document, body)} has {_amounts(mass, inertia)}; none may be negative"
        elif _ends_a_chain(document, body) and (mass == 0 or not all(inertia[:3])):
            yield f"{_called(document, body)} moves but has {_amounts(mass, inertia)}; give it both, each above zero"


def _ends_a_chain(document: OsimModel, body: ET.Element) -> bool:
    """Whether a joint that is not a weld moves the body and nothing hangs on it that could bring a mass."""
    path, moves = document.path_of(body), False
    for joint in document.objects("JointSet"):
        try:
            if document.base(document.connectee(joint, "parent_frame", document.path_of(joint))) == path:
                return False
            moves = moves or (joint.tag != "WeldJoint" and document.child_body(joint) == path)
        except BodyError:  # _chains has said so
            return False
    return moves


def _muscles(document: OsimModel) -> Iterator[str]:
    for muscle in document.objects("ForceSet"):
        if not MUSCLE.fullmatch(muscle.tag):
            continue
        called = _called(document, muscle)
        if muscle.tag not in MUSCLES:
            yield f"{called} is of an unknown type of muscle; {known(MUSCLES)}"
        points = muscle.findall(".//PathPointSet/objects/*")
        if len(points) < 2:
            yield f"{called} needs at least two points to run through, and has {len(points)}"
        for tag, unit in GEOMETRY.items():
            if document.text(muscle, tag) and document.number(muscle, tag, 0.0) <= 0:
                yield f"{called} has {tag} {document.text(muscle, tag)} {unit}; it must be positive"


def _repeated(document: OsimModel, name: str, osim: str) -> Iterator[str]:
    for kind, names in osim_names(osim, name).items():
        for repeated, count in Counter(names).items():
            if count > 1:
                what = "coordinate" if kind == "joint" else kind
                yield f"{count} elements of kind {what} have the same name '{repeated}'; rename all but one"


def _amounts(mass: float, inertia: tuple[float, ...]) -> str:
    moments = " ".join(f"{x:g}" for x in inertia[:3])
    return f"mass {mass:g} kg and moments of inertia {moments} kg m^2"
