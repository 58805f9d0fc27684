"""Writes OpenSim documents: the few elements that the shipped bodies need. OpenSim is not imported."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VERSION = "40600"


@dataclass(frozen=True)
class Place:
    """A frame fixed to a body. position: m; rotation: its axes in the body's frame, as columns."""

    body: str
    position: Floats
    rotation: Floats


@dataclass(frozen=True)
class Coordinate:
    """One degree of freedom. axis: of its rotation, in the joint's frame; low, high, start: rad."""

    name: str
    axis: Floats
    low: float
    high: float
    start: float = 0.0


@dataclass(frozen=True)
class Wrap:
    """A wrapping cylinder at ``place``, z along its axis; muscles pass on the side of +x."""

    name: str
    place: Place
    radius_m: float
    length_m: float


@dataclass(frozen=True)
class PathPoint:
    """A point of a muscle's path, in the frame of its body, m."""

    body: str
    position: Floats


class OsimDocument:
    """An OpenSim model while it is written; sets appear in the document in the order that OpenSim expects."""

    def __init__(self, name: str, gravity_m_per_s2: Sequence[float]) -> None:
        self._root = ET.Element("OpenSimDocument", Version=VERSION)
        model = ET.SubElement(self._root, "Model", name=name)
        self._ground = ET.SubElement(model, "Ground", name="ground")
        _leaf(model, "gravity", gravity_m_per_s2)
        self._bodies = _set(model, "BodySet", "bodyset")
        self._joints = _set(model, "JointSet", "jointset")
        self._forces = _set(model, "ForceSet", "forceset")
        self._markers = _set(model, "MarkerSet", "markerset")
        self._contacts = _set(model, "ContactGeometrySet", "contactgeometryset")
        self._wraps: dict[str, ET.Element] = {}

    def text(self) -> str:
        """The document."""
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode")

    # --- bodies and joints ------------------------------------------------------------------------------

    def body(self, name: str, mass_kg: float, centre_m: Sequence[float] | Floats, inertia: Floats) -> None:
        """inertia: matrix about the centre of mass in the body's axes, shape (3, 3), kg m^2."""
        body = ET.SubElement(self._bodies, "Body", name=name)
        _leaf(body, "mass", mass_kg)
        _leaf(body, "mass_center", centre_m)
        _leaf(body, "inertia", inertia[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]])

    def weld(self, name: str, parent: Place, child: str) -> None:
        """The child's own frame fixed at ``parent``."""
        self._joint("WeldJoint", name, parent, Place(child, np.zeros(3), np.eye(3)), ())

    def hinge(self, name: str, parent: Place, child: str, coordinate: Coordinate) -> None:
        """A hinge at the child's origin; at zero the child's frame lies at ``parent``."""
        turned = _z_along(coordinate.axis)
        outer = Place(parent.body, parent.position, parent.rotation @ turned)
        self._joint("PinJoint", name, outer, Place(child, np.zeros(3), turned), (coordinate,))

    def ball(self, name: str, parent: Place, child: str, coordinates: Sequence[Coordinate]) -> None:
        """Three hinges in one point, the first outermost, each about its axis in the child's frame."""
        inner = Place(child, np.zeros(3), np.eye(3))
        joint = self._joint("CustomJoint", name, parent, inner, coordinates)
        transform = ET.SubElement(joint, "SpatialTransform")
        for number, coordinate in enumerate(coordinates, 1):
            axis = _axis(transform, f"rotation{number}", coordinate.axis, coordinate.name)
            _leaf(ET.SubElement(axis, "LinearFunction", name="function"), "coefficients", (1.0, 0.0))
        for number, direction in enumerate(np.eye(3), 1):
            axis = _axis(transform, f"translation{number}", direction, "")
            _leaf(ET.SubElement(axis, "Constant", name="function"), "value", 0.0)

    def _joint(
        self, kind: str, name: str, parent: Place, child: Place, coordinates: Iterable[Coordinate]
    ) -> ET.Element:
        joint = ET.SubElement(self._joints, kind, name=name)
        _leaf(joint, "socket_parent_frame", "outer")
        _leaf(joint, "socket_child_frame", "inner")
        listed = ET.SubElement(joint, "coordinates")
        for coordinate in coordinates:
            element = ET.SubElement(listed, "Coordinate", name=coordinate.name)
            _leaf(element, "default_value", coordinate.start)
            _leaf(element, "range", (coordinate.low, coordinate.high))
        frames = ET.SubElement(joint, "frames")
        for label, place in (("outer", parent), ("inner", child)):
            frame = ET.SubElement(frames, "PhysicalOffsetFrame", name=label)
            _leaf(frame, "socket_parent", _path(place.body))
            _leaf(frame, "translation", place.position)
            _leaf(frame, "orientation", xyz_angles(place.rotation))
        return joint

    # --- muscles ----------------------------------------------------------------------------------------

    def wrap(self, wrap: Wrap) -> None:
        """A wrapping cylinder, before any muscle that passes it."""
        body = wrap.place.body
        if body not in self._wraps:
            owner = self._ground if body == "ground" else self._bodies.find(f"Body[@name='{body}']")
            assert owner is not None, f"the body {body} of wrap {wrap.name} comes before it"
            self._wraps[body] = _set(owner, "WrapObjectSet", "wrapobjectset")
        cylinder = ET.SubElement(self._wraps[body], "WrapCylinder", name=wrap.name)
        _leaf(cylinder, "xyz_body_rotation", xyz_angles(wrap.place.rotation))
        _leaf(cylinder, "translation", wrap.place.position)
        _leaf(cylinder, "quadrant", "+x")
        _leaf(cylinder, "radius", wrap.radius_m)
        _leaf(cylinder, "length", wrap.length_m)

    def muscle(
        self,
        name: str,
        points: Sequence[PathPoint],
        wraps: Mapping[str, tuple[int, int]],
        numbers: Mapping[str, float],
        curves: Mapping[str, Mapping[str, float]],
    ) -> None:
        """A Millard muscle on a rigid tendon. wraps: by cylinder, the points (from 1) between which it may wrap;
        numbers, curves: OpenSim's properties of the muscle and of its curves."""
        muscle = ET.SubElement(self._forces, "Millard2012EquilibriumMuscle", name=name)
        path = ET.SubElement(ET.SubElement(muscle, "path"), "GeometryPath", name="path")
        listed = _set(path, "PathPointSet", "pathpointset")
        for index, point in enumerate(points):
            element = ET.SubElement(listed, "PathPoint", name=f"{name}_{index}")
            _leaf(element, "socket_parent_frame", _path(point.body))
            _leaf(element, "location", point.position)
        wrapping = _set(path, "PathWrapSet", "pathwrapset")
        for cylinder, between in wraps.items():
            element = ET.SubElement(wrapping, "PathWrap", name=f"{name}_{cylinder}")
            _leaf(element, "wrap_object", cylinder)
            _leaf(element, "range", " ".join(map(str, between)))
        _leaf(muscle, "ignore_tendon_compliance", "true")
        for key, value in numbers.items():
            _leaf(muscle, key, value)
        for curve, values in curves.items():
            element = ET.SubElement(muscle, curve, name=f"{name}_{curve}")
            for key, value in values.items():
                _leaf(element, key, value)

    # --- passive forces, markers, contact ---------------------------------------------------------------

    def spring(self, coordinate: str, stiffness: float, viscosity: float, rest_rad: float = 0.0) -> None:
        """N m/rad about ``rest_rad`` and N m s/rad."""
        force = ET.SubElement(self._forces, "SpringGeneralizedForce", name=f"{coordinate}_spring")
        _leaf(force, "coordinate", coordinate)
        _leaf(force, "stiffness", stiffness)
        _leaf(force, "rest_length", rest_rad)
        _leaf(force, "viscosity", viscosity)

    def limit(self, coordinate: Coordinate, stiffness: float, damping: float, transition_rad: float) -> None:
        """A soft stop at both ends of the range: N m/rad, N m s/rad. OpenSim counts it in degrees."""
        force = ET.SubElement(self._forces, "CoordinateLimitForce", name=f"{coordinate.name}_limit")
        _leaf(force, "coordinate", coordinate.name)
        for key, value in (
            ("upper_stiffness", math.radians(stiffness)),
            ("upper_limit", math.degrees(coordinate.high)),
            ("lower_stiffness", math.radians(stiffness)),
            ("lower_limit", math.degrees(coordinate.low)),
            ("damping", math.radians(damping)),
            ("transition", math.degrees(transition_rad)),
        ):
            _leaf(force, key, value)

    def marker(self, name: str, body: str, position: Sequence[float] | Floats) -> None:
        """A point that is told as a site; ``position`` in the frame of its body, m."""
        marker = ET.SubElement(self._markers, "Marker", name=name)
        _leaf(marker, "socket_parent_frame", _path(body))
        _leaf(marker, "location", position)

    def floor(self, name: str) -> None:
        """The half space below z = 0 of the world."""
        half = ET.SubElement(self._contacts, "ContactHalfSpace", name=name)
        _leaf(half, "socket_frame", "/ground")
        # OpenSim's half space is where its own x is positive.
        _leaf(half, "orientation", (0.0, math.pi / 2, 0.0))

    def sphere(self, name: str, body: str, position: Floats, radius_m: float) -> None:
        """A sphere for ``contact``; ``position`` in the frame of its body, m."""
        sphere = ET.SubElement(self._contacts, "ContactSphere", name=name)
        _leaf(sphere, "socket_frame", _path(body))
        _leaf(sphere, "location", position)
        _leaf(sphere, "radius", radius_m)

    def contact(self, name: str, geometry: Iterable[str], numbers: Mapping[str, float]) -> None:
        """Hunt and Crossley's contact between these. numbers: OpenSim's contact parameters and transition_velocity."""
        force = ET.SubElement(self._forces, "HuntCrossleyForce", name=name)
        kind = "HuntCrossleyForce::ContactParameters"
        parameters = ET.SubElement(_set(force, f"{kind}Set", "contact_parameters"), kind)
        _leaf(parameters, "geometry", " ".join(geometry))
        for key, value in numbers.items():
            _leaf(force if key == "transition_velocity" else parameters, key, value)


def rod_inertia(axis: Floats, across: float, along: float) -> Floats:
    """Matrix of a body of revolution about the unit vector ``axis``, kg m^2."""
    outer = np.outer(axis, axis)
    inertia: Floats = across * (np.eye(3) - outer) + along * outer
    return inertia


def xyz_angles(rotation: Floats) -> Floats:
    """Body-fixed x, y, z angles of a rotation matrix, rad: R = Rx Ry Rz, so R[0, 2] = sin y."""
    r = rotation
    return np.array(
        [
            math.atan2(-r[1, 2], r[2, 2]),
            math.asin(min(max(r[0, 2], -1.0), 1.0)),
            math.atan2(-r[0, 1], r[0, 0]),
        ]
    )


def _z_along(axis: Floats) -> Floats:
    """A rotation matrix whose third column is ``axis``."""
    third = axis / np.linalg.norm(axis)
    first = np.cross(np.eye(3)[int(np.argmin(np.abs(third)))], third)
    first /= np.linalg.norm(first)
    return np.column_stack([first, np.cross(third, first), third])


def _axis(transform: ET.Element, name: str, direction: Floats, coordinate: str) -> ET.Element:
    axis = ET.SubElement(transform, "TransformAxis", name=name)
    _leaf(axis, "coordinates", coordinate)
    _leaf(axis, "axis", direction)
    return axis


def _set(parent: ET.Element, tag: str, name: str) -> ET.Element:
    return ET.SubElement(ET.SubElement(parent, tag, name=name), "objects")


def _path(body: str) -> str:
    return "/ground" if body == "ground" else f"/bodyset/{body}"


def _leaf(parent: ET.Element, tag: str, value: object) -> None:
    """Numbers with 12 digits; text as it is."""
    written = (
        value if isinstance(value, str) else " ".join(f"{x:.12g}" for x in np.ravel(np.asarray(value, float)))
    )
    ET.SubElement(parent, tag).text = written
