"""Writes the bodies, joints and equalities of a converted OpenSim document."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BodyError
from .osim_document import OsimModel
from .osim_to_mjcf_coordinates import Coordinate, Coupler
from .osim_to_mjcf_frames import Floats, quaternion, turn
from .osim_to_mjcf_functions import DEGREE, Function, polynomial
from .osim_to_mjcf_joints import ROTATION, Axis, Joint

SOLVER = {"solref": "0.002 1", "solimp": "0.99 0.999 0.0001"}
"""Stiff equalities: they stand for joints that OpenSim has without any give."""
TINY = 1e-6
"""Mass of a body that has none and must have one to move in MuJoCo, as a part of the whole model's."""
ARMATURE = 1e-3
"""Armature of a second joint about the axis of another, as a part of what the body weighs on it."""
EXACT = 1e-9
"""A polynomial that is nearer to its curve, in rad or m, is no approximation."""


Mass = tuple[float, Floats, Floats]
"""kg; centre in m; inertia about it in the body's axes, shape (3, 3), kg m^2."""


def text(values: float | Iterable[float] | Floats) -> str:
    """Numbers as MJCF writes them."""
    return " ".join(f"{float(x):.12g}" for x in np.ravel(np.asarray(values, float)))


class Names:
    """Names that MuJoCo can tell apart: one that is taken already gets a number."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def take(self, kind: str, wanted: str) -> str:
        name, count = wanted, 2
        while (kind, name) in self._taken:
            name, count = f"{wanted}_{count}", count + 1
        self._taken.add((kind, name))
        return name


@dataclass
class Skeleton:
    """What the writers share. bodies: MJCF element by the path of the OpenSim body; joints: those of MuJoCo that
    carry a coordinate; size_m: a typical length of the model, for what is only drawn."""

    document: OsimModel
    joints: Mapping[str, Joint]
    coordinates: Mapping[str, Coordinate]
    names: Names
    warnings: list[str]
    equality: ET.Element
    bodies: dict[str, ET.Element]
    size_m: float

    @property
    def defaults(self) -> dict[str, float]:
        return {name: coordinate.default for name, coordinate in self.coordinates.items()}

    def moves(self, axis: Axis) -> bool:
        return bool(axis.coordinate) and not self.coordinates[axis.coordinate].locked


def write_bodies(skeleton: Skeleton) -> None:
    """Every body with its mass, its joints and a rod to each child, children inside their parents."""
    masses = {path: _mass(skeleton.document, path) for path in skeleton.joints}
    total = sum(mass for mass, _, _ in masses.values())
    for name in skeleton.joints:
        skeleton.names.take("body", _short(name))
    for path, joint in skeleton.joints.items():
        parent = skeleton.bodies[joint.parent]
        place = joint.between(skeleton.defaults)
        body = ET.SubElement(
            parent,
            "body",
            name=_short(path),
            pos=text(place[:3, 3]),
            quat=text(quaternion(place[:3, :3])),
        )
        skeleton.bodies[path] = body
        moving = _write_joints(skeleton, body, joint, masses[path])
        _inertial(skeleton, body, masses[path], TINY * (total or 1.0) if moving else 0.0)
        _rods(skeleton, body, path, masses[path][1])


def write_couplers(skeleton: Skeleton, couplers: Iterable[Coupler]) -> None:
    """``CoordinateCouplerConstraint`` as an equality between joints."""
    for coupler in couplers:
        driver = skeleton.coordinates[coupler.independent]
        start = skeleton.coordinates[coupler.dependent].default
        _equality(
            skeleton,
            f"CoordinateCouplerConstraint '{coupler.name}'",
            coupler.dependent,
            driver,
            coupler.function,
            lambda d, c=coupler, q=driver, s=start: c.function.value(q.default + d) - s,  # type: ignore[misc]
        )


# --- joints -----------------------------------------------------------------------------------------------------


def _write_joints(skeleton: Skeleton, body: ET.Element, joint: Joint, mass: Mass) -> bool:
    """MuJoCo's joints of one body, translations first as OpenSim composes them. True if there are any."""
    directions = _directions(joint, skeleton.defaults)
    carriers = {name: _carrier(joint, name) for name in joint.coordinates}
    moving = [axis for axis in joint.axes if skeleton.moves(axis)]
    for axis in moving:
        direction = directions[axis.name]
        if carriers[axis.coordinate] is axis:
            _write_carrier(skeleton, body, joint, axis, direction)
            if not _one_to_one(axis):
                _write_second(skeleton, body, joint, axis, direction, mass)
        else:
            _write_follower(skeleton, body, joint, axis, direction)
    return bool(moving)


def _directions(joint: Joint, defaults: Mapping[str, float]) -> dict[str, Floats]:
    """Each axis in the child's frame at the default pose, where MuJoCo wants it.

    R(a1, d1 + e1) R(a2, d2 + e2) = R(a1, e1) R(K a2, e2) K R(a2, d2) with K = R(a1, d1): moved to the front, what
    is left of every rotation is an axis at the default pose.
    """
    turned, found = np.eye(3), {}
    for axis in joint.axes:
        found[axis.name] = turned @ axis.direction
        if axis.kind == ROTATION:
            turned = turned @ turn(axis.direction, axis.function(defaults.get(axis.coordinate, 0.0)))
    back = joint.inner[:3, :3] @ turned.T
    return {name: back @ direction for name, direction in found.items()}


def _carrier(joint: Joint, coordinate: str) -> Axis | None:
    """The axis whose joint is the coordinate itself: one that follows it one to one, if there is any."""
    used = sorted(
        (axis for axis in joint.axes if axis.coordinate == coordinate), key=lambda axis: axis.kind != ROTATION
    )
    return next((axis for axis in used if _one_to_one(axis)), used[0] if used else None)


def _one_to_one(axis: Axis) -> bool:
    return axis.function.slope is not None and abs(abs(axis.function.slope) - 1.0) < EXACT


def _write_carrier(skeleton: Skeleton, body: ET.Element, joint: Joint, axis: Axis, direction: Floats) -> None:
    coordinate = skeleton.coordinates[axis.coordinate]
    sign = -1.0 if _one_to_one(axis) and (axis.function.slope or 0.0) < 0 else 1.0
    element = _joint(body, joint, axis, coordinate.name, sign * direction)
    skeleton.names.take("joint", coordinate.name)
    if coordinate.default:
        element.set("ref", text(coordinate.default))
    if coordinate.limited:
        element.set("range", text((coordinate.low, coordinate.high)))
    if coordinate.stiffness:
        element.set("stiffness", text(coordinate.stiffness))
        element.set("springref", text(coordinate.rest))
    if coordinate.damping:
        element.set("damping", text(coordinate.damping))


def _write_second(
    skeleton: Skeleton, body: ET.Element, joint: Joint, axis: Axis, direction: Floats, mass: Mass
) -> None:
    """Beside the carrier of a coordinate that no axis follows one to one: the rest of the way about the same axis.
    Only with an armature can MuJoCo tell the two apart."""
    kg, centre, inertia = mass
    arm = centre - joint.inner[:3, 3]
    load = kg if axis.kind != ROTATION else float(np.trace(inertia) / 3 + kg * (arm @ arm))
    armature = ARMATURE * load or ARMATURE
    _write_follower(skeleton, body, joint, axis, direction, 1.0).set("armature", text(armature))
    skeleton.warnings.append(
        f"Coordinate '{axis.coordinate}': no axis of joint '{joint.name}' follows it one to one; two joints about "
        f"{axis.name} stand for it, the second with an armature of {armature:.2g}"
    )


def _write_follower(
    skeleton: Skeleton, body: ET.Element, joint: Joint, axis: Axis, direction: Floats, carried: float = 0.0
) -> ET.Element:
    """A joint of its own that an equality drives. carried: how much of the coordinate the axis has already."""
    coordinate = skeleton.coordinates[axis.coordinate]
    name = skeleton.names.take("joint", f"{coordinate.name}_{axis.name}")
    element = _joint(body, joint, axis, name, direction)
    start = axis.function(coordinate.default)
    _equality(
        skeleton,
        f"joint '{joint.name}', {axis.name}",
        name,
        coordinate,
        axis.function,
        lambda d: axis.function.value(coordinate.default + d) - start - carried * d,
    )
    return element


def _joint(body: ET.Element, joint: Joint, axis: Axis, name: str, direction: Floats) -> ET.Element:
    kind = "hinge" if axis.kind == ROTATION else "slide"
    return ET.SubElement(
        body, "joint", name=name, type=kind, pos=text(joint.inner[:3, 3]), axis=text(direction)
    )


def _equality(
    skeleton: Skeleton,
    label: str,
    follower: str,
    driver: Coordinate,
    function: Function,
    curve: Callable[[Floats], Floats],
) -> None:
    """``follower - its default = polynomial(driver - its default)``. curve: of the driver's way from its default."""
    low, high = driver.reach()
    low, high = max(low, function.knots[0]), min(high, function.knots[1])
    if low >= high:
        low, high = driver.reach()
    coefficients, error = polynomial(curve, low - driver.default, high - driver.default)
    if error > EXACT:
        skeleton.warnings.append(
            f"{label}: its {function.kind} of '{driver.name}' is approximated by a polynomial of degree {DEGREE} "
            f"between {low:g} and {high:g}; largest difference {error:.2g}"
        )
    attributes = {"joint1": follower, "joint2": driver.name, "polycoef": text(coefficients), **SOLVER}
    ET.SubElement(skeleton.equality, "joint", attributes)


# --- mass and pictures ------------------------------------------------------------------------------------------


def _mass(document: OsimModel, path: str) -> Mass:
    body = document.paths[path]
    xx, yy, zz, xy, xz, yz = document.numbers(body, "inertia", (0.0,) * 6)
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    mass = document.number(body, "mass", 0.0)
    if mass < 0 or np.linalg.eigvalsh(inertia)[0] < -1e-9 * max(xx, yy, zz, 1e-300):
        raise BodyError(f"{document.where(body)}: its mass or a principal inertia is negative")
    return mass, np.array(document.numbers(body, "mass_center", (0.0, 0.0, 0.0))), inertia


def _inertial(skeleton: Skeleton, body: ET.Element, found: Mass, least_kg: float) -> None:
    """MuJoCo moves nothing without mass and inertia, and takes no inertia that no mass can have."""
    mass, centre, inertia = found
    label, name = "Body", body.get("name")
    if mass < least_kg:
        skeleton.warnings.append(
            f"{label} '{name}': mass {mass:g} kg is too small to move; {least_kg:.2g} kg is used"
        )
        mass = least_kg
    if mass == 0.0:
        return
    principal = np.linalg.eigvalsh(inertia)
    if least_kg and principal[0] <= 0.0:
        small = mass * (0.1 * skeleton.size_m) ** 2
        skeleton.warnings.append(
            f"{label} '{name}': a principal inertia is zero; {small:.2g} kg m^2 is added"
        )
        inertia = inertia + small * np.eye(3)
    elif principal[2] > (principal[0] + principal[1]) * (1 + 1e-9):
        skeleton.warnings.append(
            f"{label} '{name}': no mass can have its inertia; its mean is used for every axis"
        )
        inertia = principal.mean() * np.eye(3)
    order = inertia[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    ET.SubElement(body, "inertial", pos=text(centre), mass=text(mass), fullinertia=text(order))


def _rods(skeleton: Skeleton, body: ET.Element, path: str, centre: Floats) -> None:
    """Something to see: from the body's origin to each joint on it, or through its centre of mass."""
    ends: Sequence[Floats] = [j.outer[:3, 3] for j in skeleton.joints.values() if j.parent == path]
    for end in ends or [2 * centre]:
        length = float(np.linalg.norm(end))
        if length > 1e-3 * skeleton.size_m:
            ET.SubElement(
                body,
                "geom",
                {
                    "type": "capsule",
                    "fromto": f"0 0 0 {text(end)}",
                    "size": text(0.06 * length),
                    "class": "drawn",
                },
            )


def _short(path: str) -> str:
    return path.rsplit("/", 1)[1]
