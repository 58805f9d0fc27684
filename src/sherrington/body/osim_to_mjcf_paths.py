"""Muscle paths of an OpenSim document, and which part of a path meets which wrapping surface."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import BodyError, known
from .osim_document import OsimModel, names_of
from .osim_to_mjcf_coordinates import Coordinate, Coupler
from .osim_to_mjcf_frames import Floats, at, offset, placed
from .osim_to_mjcf_functions import read_function
from .osim_to_mjcf_joints import Joint, places

POSES = 200
"""Poses, spread evenly over the ranges of the coordinates, in which a path is held against its wrapping surfaces."""
SURFACES = {"WrapCylinder": "cylinder", "WrapSphere": "sphere"}


@dataclass(frozen=True)
class Point:
    """body: path of the body it is fixed to; position: in that body, m."""

    body: str
    position: Floats


@dataclass(frozen=True)
class Wrap:
    """A wrapping surface. frame: in its body, a cylinder's axis along z; side: unit vector in ``frame`` towards the
    half that a path must use, None where both are free; length: of a cylinder, m."""

    name: str
    shape: str
    body: str
    frame: Floats
    radius: float
    length: float
    side: Floats | None


@dataclass(frozen=True)
class Path:
    """wraps: by the number of the segment, from 0, the surface that lies between its two points."""

    points: tuple[Point, ...]
    wraps: Mapping[int, Wrap]


class PathReader:
    """Reads paths; makes the poses when the first wrap asks for them."""

    def __init__(
        self,
        document: OsimModel,
        joints: Mapping[str, Joint],
        coordinates: Mapping[str, Coordinate],
        couplers: Iterable[Coupler],
        warnings: list[str],
    ) -> None:
        self._document, self._joints, self._coordinates = document, joints, coordinates
        self._couplers, self._warnings = tuple(couplers), warnings
        self._surfaces = {n: (e, owner) for n, e, owner in _surfaces(document)}
        self._poses: dict[str, Floats] = {}

    def read(self, actuator: ET.Element, label: str) -> Path | None:
        """The path of a muscle or path actuator; None, with a warning, where it has no two points."""
        geometry = next(actuator.iter("GeometryPath"), None)
        listed = [] if geometry is None else [e for s in geometry.findall("PathPointSet/objects") for e in s]
        points = [self._point(e, name, label) for e, name in zip(listed, names_of(listed), strict=True)]
        kept = tuple(point for point in points if point is not None)
        if geometry is None or len(kept) < 2:
            self._warnings.append(f"{label}: left out; it has no path of two or more points")
            return None
        return Path(kept, self._wraps(geometry, kept, label))

    # --- points -----------------------------------------------------------------------------------------

    def _point(self, element: ET.Element, name: str, label: str) -> Point | None:
        # The socket is resolved from the point itself; a path from the top, as OpenSim 4 writes it, needs no owner.
        frame = self._document.connectee(
            element, "parent_frame", "/forceset/actuator/path/pathpointset/point"
        )
        position = np.array(self._document.numbers(element, "location", (0.0, 0.0, 0.0)))
        if element.tag == "MovingPathPoint":
            position = np.array([self._moving(element, axis) for axis in "xyz"])
            self._warnings.append(
                f"{label}: MovingPathPoint '{name}' is fixed where it is at the default pose"
            )
        elif element.tag == "ConditionalPathPoint":
            inside = self._condition(element)
            self._warnings.append(
                f"{label}: ConditionalPathPoint '{name}' is {'always used' if inside else 'left out'}, as at the "
                "default pose"
            )
            if not inside:
                return None
        body = self._document.base(frame)
        return Point(body, at(offset(self._document, frame), position))

    def _moving(self, element: ET.Element, axis: str) -> float:
        holder = element.find(f"{axis}_location")
        inside = [] if holder is None else list(holder)
        if not inside:
            return 0.0
        return read_function(self._document, inside[0])(self._value(element, f"socket_{axis}_coordinate"))

    def _condition(self, element: ET.Element) -> bool:
        low, high = self._document.numbers(element, "range", (0.0, 0.0))
        return low <= self._value(element, "socket_coordinate") <= high

    def _value(self, element: ET.Element, socket: str) -> float:
        name = self._document.text(element, socket).rsplit("/", 1)[-1]
        if name and name not in self._coordinates:
            raise BodyError(
                f"{self._document.where(element)}: there is no coordinate '{name}'; {known(list(self._coordinates))}"
            )
        return self._coordinates[name].default if name else 0.0

    # --- wrapping ---------------------------------------------------------------------------------------

    def _wraps(self, geometry: ET.Element, points: tuple[Point, ...], label: str) -> dict[int, Wrap]:
        """The surface of every segment; where several meet one segment, the one that does most often."""
        claims: dict[int, list[tuple[int, Wrap]]] = {}
        for element in (e for found in geometry.findall("PathWrapSet/objects") for e in found):
            wrap = self._wrap(self._document.text(element, "wrap_object"), label)
            if wrap is None:
                continue
            first, last = (int(n) for n in self._document.numbers(element, "range", (-1.0, -1.0)))
            segments = range(max(first, 1) - 1, (last if last >= 1 else len(points)) - 1)
            for segment, count in self._touched(points, segments, wrap, label).items():
                claims.setdefault(segment, []).append((count, wrap))
        for segment, claimed in claims.items():
            claimed.sort(key=lambda claim: -claim[0])
            for _, wrap in claimed[1:]:
                self._warnings.append(
                    f"{label}: '{wrap.name}' is left out between points {segment + 1} and {segment + 2}, where it "
                    f"meets '{claimed[0][1].name}'; MuJoCo wraps one surface between two points"
                )
        return {segment: claimed[0][1] for segment, claimed in sorted(claims.items())}

    def _wrap(self, name: str, label: str) -> Wrap | None:
        if name not in self._surfaces:
            names = known(list(self._surfaces))
            raise BodyError(f"body model '{self._document.name}': {label}: no wrap object '{name}'; {names}")
        element, owner = self._surfaces[name]
        if element.tag not in SURFACES:
            self._warnings.append(
                f"{label}: {element.tag} '{name}' is left out; MuJoCo wraps cylinders and spheres"
            )
            return None
        if not self._document.flag(element, "active", True):
            self._warnings.append(f"{label}: {element.tag} '{name}' is left out; it is not active")
            return None
        return Wrap(
            name,
            SURFACES[element.tag],
            self._document.base(owner),
            placed(self._document, element, owner),
            self._document.number(element, "radius", 1.0 if element.tag == "WrapCylinder" else 0.05),
            self._document.number(element, "length", 1.0),
            self._side(element, label),
        )

    def _side(self, element: ET.Element, label: str) -> Floats | None:
        quadrant = self._document.text(element, "quadrant", "all").lower()
        axis = "xyz".find(quadrant[-1:])
        if quadrant in ("", "all", "unassigned") or axis < 0:
            return None
        if element.tag == "WrapCylinder" and axis == 2:
            self._warnings.append(f"{label}: {element.tag} of quadrant '{quadrant}' wraps on either side")
            return None
        return np.asarray((-1.0 if quadrant.startswith("-") else 1.0) * np.eye(3)[axis])

    def _touched(
        self, points: tuple[Point, ...], segments: Iterable[int], wrap: Wrap, label: str
    ) -> dict[int, int]:
        """Number of poses in which each segment meets the surface, for segments that ever do."""
        self._poses = self._poses or poses(self._joints, self._coordinates, self._couplers)
        back = np.asarray(np.linalg.inv(self._poses[wrap.body] @ wrap.frame), float)
        found, beyond = {}, np.zeros(POSES, bool)
        count = np.zeros(POSES, int)
        for segment in segments:
            a, b = (self._seen(back, points[segment + i]) for i in (0, 1))
            meets, passes = meeting(wrap, a, b)
            if meets.any():
                found[segment] = int(meets.sum())
                beyond |= passes
                count += meets
        kind = f"{label}: '{wrap.name}'"
        if not found:
            self._warnings.append(f"{kind} is left out; the path meets it in none of {POSES} poses")
        if beyond.any():
            self._warnings.append(
                f"{kind} has no ends in MuJoCo; the path passes beyond them in {beyond.mean():.0%} of {POSES} poses"
            )
        if (count > 1).any():
            self._warnings.append(
                f"{kind} is met by two segments at once in {(count > 1).mean():.0%} of {POSES} poses; OpenSim wraps one"
            )
        return found

    def _seen(self, back: Floats, point: Point) -> Floats:
        """A point in the frame of a surface, in every pose; shape (POSES, 3)."""
        position = np.append(point.position, 1.0)
        return np.asarray((back @ (self._poses[point.body] @ position)[:, :, None])[:, :3, 0])


def meeting(wrap: Wrap, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Whether a straight segment from a to b must bend round the surface, and whether it would if a cylinder had no
    ends but does not. a, b: in the surface's frame, shape (n, 3). An end inside the surface: no."""
    flat = np.array([1.0, 1.0, 0.0 if wrap.shape == "cylinder" else 1.0])
    way = (b - a) * flat
    share = -np.einsum("ij,ij->i", a * flat, way) / np.maximum(np.einsum("ij,ij->i", way, way), 1e-300)
    nearest = a + np.clip(share, 0.0, 1.0)[:, None] * (b - a)
    outside = [np.linalg.norm(point * flat, axis=1) >= wrap.radius for point in (a, b)]
    meets = np.linalg.norm(nearest * flat, axis=1) < wrap.radius
    if wrap.side is not None:
        meets |= nearest @ wrap.side < 0
    meets &= outside[0] & outside[1]
    within = np.full(meets.shape, True)
    if wrap.shape == "cylinder":
        within = np.abs(nearest[:, 2]) <= wrap.length / 2
    return meets & within, meets & ~within


def poses(
    joints: Mapping[str, Joint], coordinates: Mapping[str, Coordinate], couplers: Iterable[Coupler]
) -> dict[str, Floats]:
    """Where every body is in ``POSES`` poses; shape (POSES, 4, 4). The first pose is the default."""
    random = np.random.default_rng(0)
    listed = tuple(couplers)
    found: dict[str, list[Floats]] = {}
    for index in range(POSES):
        values = {name: _value(c, random.uniform, index == 0) for name, c in coordinates.items()}
        for _ in listed:
            values |= {c.dependent: c.function(values[c.independent]) for c in listed}
        for body, place in places(joints, values).items():
            found.setdefault(body, []).append(place)
    return {body: np.array(matrices) for body, matrices in found.items()}


def _value(coordinate: Coordinate, draw: Callable[[float, float], float], default: bool) -> float:
    if default or coordinate.locked:
        return coordinate.default
    return draw(*coordinate.reach())


def _surfaces(document: OsimModel) -> Iterable[tuple[str, ET.Element, str]]:
    for path, owner in document.paths.items():
        listed = [e for found in owner.findall("WrapObjectSet/objects") for e in found]
        for name, element in zip(names_of(listed), listed, strict=True):
            yield name, element, path
