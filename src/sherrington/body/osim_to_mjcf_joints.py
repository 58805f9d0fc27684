"""The joints of an OpenSim document as axes that are functions of coordinates, and where the bodies then are.

Every class of joint here is a case of OpenSim's CustomJoint (Seth et al. 2010, doi 10.1007/s11071-010-9717-3): between
the joint's frame on the parent and that on the child lie a translation, the sum of its axes in the parent's frame,
and then up to three rotations, each about an axis of the frame that the one before has turned.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import BodyError
from .osim_document import OsimModel
from .osim_names import coordinate_names, free_coordinate_names
from .osim_to_mjcf_frames import Floats, offset, transform, turn
from .osim_to_mjcf_functions import Function, line, read_function

ROTATION, TRANSLATION = "rotation", "translation"

# Axes by coordinate: (kind, index of x, y or z).
_STANDARD: dict[str, tuple[tuple[str, int], ...]] = {
    "WeldJoint": (),
    "PinJoint": ((ROTATION, 2),),
    "SliderJoint": ((TRANSLATION, 0),),
    "UniversalJoint": ((ROTATION, 0), (ROTATION, 1)),
    "GimbalJoint": ((ROTATION, 0), (ROTATION, 1), (ROTATION, 2)),
    "BallJoint": ((ROTATION, 0), (ROTATION, 1), (ROTATION, 2)),
    "PlanarJoint": ((ROTATION, 2), (TRANSLATION, 0), (TRANSLATION, 1)),
    "FreeJoint": (
        *((ROTATION, i) for i in range(3)),
        *((TRANSLATION, i) for i in range(3)),
    ),
}


@dataclass(frozen=True)
class Axis:
    """One axis of a joint. direction: unit vector in the frame that the axes before have made; coordinate: the one
    that moves it, or empty where ``function`` is constant."""

    name: str
    kind: str
    direction: Floats
    function: Function
    coordinate: str = ""


@dataclass(frozen=True)
class Joint:
    """outer, inner: the joint's frames in the parent and in the child; axes: translations, then rotations."""

    name: str
    parent: str
    child: str
    outer: Floats
    inner: Floats
    axes: tuple[Axis, ...]
    coordinates: tuple[str, ...]

    def between(self, values: Mapping[str, float]) -> Floats:
        """The child in its parent. values: by coordinate, rad or m."""
        found = np.eye(4)
        for axis in self.axes:
            amount = axis.function(values.get(axis.coordinate, 0.0))
            if axis.kind == TRANSLATION:
                found = found @ transform(position=amount * axis.direction)
            else:
                found = found @ transform(turn(axis.direction, amount))
        return np.asarray(self.outer @ found @ np.linalg.inv(self.inner))


def read_joints(document: OsimModel, warnings: list[str]) -> dict[str, Joint]:
    """By the path of the body that each moves, parents first.

    Raises BodyError naming the joint for a class that cannot be converted, a loop, a body that is moved twice.
    """
    joints: dict[str, Joint] = {}
    for element in document.objects("JointSet"):
        joint = _joint(document, element, warnings)
        if joint.child == "/ground" or joint.child in joints:
            raise BodyError(
                f"{document.where(element)}: it moves '{joint.child}', {_already(joints.get(joint.child))}; this is a "
                "loop or a joint from child to parent, and a tree is needed: give every body one joint, from the "
                "body nearer to ground"
            )
        joints[joint.child] = joint
    for body in document.free_bodies():
        warnings.append(f"Body '{body}': no joint moves it; it gets the FreeJoint that OpenSim gives it")
        joints[f"/bodyset/{body}"] = _free(document, body)
    return _parents_first(document, joints)


def places(joints: Mapping[str, Joint], values: Mapping[str, float]) -> dict[str, Floats]:
    """Where every body is in ground, by path. joints: parents first; values: by coordinate."""
    found = {"/ground": np.eye(4)}
    for body, joint in joints.items():
        found[body] = found[joint.parent] @ joint.between(values)
    return found


def _already(joint: Joint | None) -> str:
    return "which cannot move" if joint is None else f"which joint '{joint.name}' moves already"


def _joint(document: OsimModel, element: ET.Element, warnings: list[str]) -> Joint:
    names = tuple(coordinate_names(element))
    if element.tag == "CustomJoint":
        axes = _custom(document, element, names, warnings)
    elif element.tag in _STANDARD:
        axes = _standard(document, element, names)
    else:
        kinds = ", ".join(("CustomJoint", *_STANDARD))
        raise BodyError(
            f"{document.where(element)}: joints of this class cannot be converted; there are: {kinds}"
        )
    path = document.path_of(element)
    outer = document.connectee(element, "parent_frame", path)
    inner = document.connectee(element, "child_frame", path)
    return Joint(
        document.name_of(element),
        document.base(outer),
        document.base(inner),
        offset(document, outer),
        offset(document, inner),
        tuple(sorted(axes, key=lambda axis: axis.kind == ROTATION)),
        names,
    )


def _standard(document: OsimModel, element: ET.Element, names: tuple[str, ...]) -> list[Axis]:
    kinds = _STANDARD[element.tag]
    if len(names) != len(kinds):
        raise BodyError(f"{document.where(element)}: has {len(names)} coordinates and needs {len(kinds)}")
    return [
        Axis(f"{kind}{index + 1}", kind, np.eye(3)[index], line(1.0), name)
        for (kind, index), name in zip(kinds, names, strict=True)
    ]


def _free(document: OsimModel, body: str) -> Joint:
    names = tuple(free_coordinate_names(body))
    axes = _standard(document, ET.Element("FreeJoint", name=f"free_{body}"), names)
    ordered = tuple(sorted(axes, key=lambda axis: axis.kind == ROTATION))
    return Joint(f"free_{body}", "/ground", f"/bodyset/{body}", np.eye(4), np.eye(4), ordered, names)


def _custom(
    document: OsimModel, joint: ET.Element, names: tuple[str, ...], warnings: list[str]
) -> list[Axis]:
    listed = joint.findall("SpatialTransform/TransformAxis")
    # OpenSim knows the axes by their place: three rotations, then three translations.
    kinds = [f"{kind}{i}" for kind in (ROTATION, TRANSLATION) for i in (1, 2, 3)]
    return [_axis(document, joint, e, name, names, warnings) for e, name in zip(listed, kinds, strict=False)]


def _axis(
    document: OsimModel,
    joint: ET.Element,
    element: ET.Element,
    name: str,
    names: tuple[str, ...],
    warnings: list[str],
) -> Axis:
    kind = name[:-1]
    where = f"joint '{document.name_of(joint)}', {name}"
    direction = np.array(document.numbers(element, "axis", (1.0, 0.0, 0.0)))
    length = float(np.linalg.norm(direction))
    if length == 0.0:
        raise BodyError(f"body model '{document.name}': {where}: its axis is zero")
    used = document.text(element, "coordinates").split()
    if len(used) > 1:
        warnings.append(f"{where}: depends on {len(used)} coordinates ({', '.join(used)}); left at zero")
        return Axis(name, kind, direction / length, line(0.0))
    if used and used[0] not in names:
        raise BodyError(f"body model '{document.name}': {where}: the joint has no coordinate '{used[0]}'")
    function = _function(document, element)
    if not used or function.slope == 0.0:
        return Axis(name, kind, direction / length, line(0.0, function(0.0)))
    return Axis(name, kind, direction / length, function, used[0])


def _function(document: OsimModel, axis: ET.Element) -> Function:
    """The function of an axis: a child of its own, or inside ``<function>``; zero where there is none."""
    inside = axis.find("function")
    holder = axis if inside is None else inside
    for element in holder:
        if element.tag == "Constant" or element.tag.endswith(("Function", "Spline")):
            return read_function(document, element)
    return line(0.0)


def _parents_first(document: OsimModel, joints: Mapping[str, Joint]) -> dict[str, Joint]:
    found: dict[str, Joint] = {}
    waiting = dict(joints)
    while waiting:
        ready = [
            body for body, joint in waiting.items() if joint.parent == "/ground" or joint.parent in found
        ]
        if not ready:
            names = ", ".join(f"'{joint.name}'" for joint in waiting.values())
            raise BodyError(
                f"body model '{document.name}': the joints {names} form a loop that never reaches ground"
            )
        for body in ready:
            found[body] = waiting.pop(body)
    return found
