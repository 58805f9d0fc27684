"""An OpenSim 4 document as MJCF, from its XML alone; what could not be kept is told in warnings.

``docs/importing-opensim.md`` says what is kept, what is approximated and what is left out.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BodyError
from .osim_document import OsimModel
from .osim_names import ACTUATOR, MUSCLE
from .osim_to_mjcf_bodies import Names, Skeleton, text, write_bodies, write_couplers
from .osim_to_mjcf_coordinates import Coordinate, read_coordinates, read_couplers, with_coupled_defaults
from .osim_to_mjcf_frames import Floats, at, offset, quaternion
from .osim_to_mjcf_joints import Joint, places, read_joints
from .osim_to_mjcf_muscles import RANGE, read_muscle
from .osim_to_mjcf_paths import Path as MusclePath
from .osim_to_mjcf_paths import PathReader, Wrap

GRAVITY_M_PER_S2 = (0.0, -9.80665, 0.0)
"""Of a document that says nothing; OpenSim's y points up."""
SHAPES = ("Mesh", "Brick", "Sphere", "Cylinder", "Ellipsoid", "Cone", "Torus", "LineGeometry")
SECTIONS = ("tendon", "actuator", "equality")
LEFT_OUT = ("ControllerSet", "ContactGeometrySet", "ProbeSet", "ComponentSet")


@dataclass(frozen=True)
class Converted:
    """mjcf: the document for MuJoCo; warnings: one line for everything approximated or left out, naming it."""

    mjcf: str
    warnings: tuple[str, ...]


def convert(osim: str, name: str) -> Converted:
    """An OpenSim document as MJCF. name: what errors and the MJCF call it.

    Angles, lengths, names and the axes of the world stay as they are, so y points up; MuJoCo's ``qpos0`` is the
    default pose. Raises BodyError, naming the element, for what makes the rest wrong: a loop, a class of joint or
    function that is not known, a name that does not exist.
    """
    document = OsimModel(osim, name)
    warnings: list[str] = []
    joints = read_joints(document, warnings)
    coordinates = read_coordinates(document, joints, warnings)
    couplers = read_couplers(document, coordinates, warnings)
    coordinates = with_coupled_defaults(coordinates, couplers)
    skeleton, root = _skeleton(document, joints, coordinates, warnings)
    write_bodies(skeleton)
    write_couplers(skeleton, couplers)
    _markers(skeleton)
    _Forces(skeleton, PathReader(document, joints, coordinates, couplers, warnings), root).write()
    _tell_left_out(document, warnings)
    for section in [e for e in root if not len(e) and e.tag in SECTIONS]:
        root.remove(section)
    ET.indent(root)
    return Converted(ET.tostring(root, encoding="unicode"), tuple(warnings))


def convert_file(osim: Path, mjcf: Path, overwrite: bool = False) -> tuple[str, ...]:
    """Write ``osim`` as ``mjcf`` and return the warnings. Raises BodyError for a file that cannot be read or written,
    or that exists and must not be overwritten."""
    if mjcf.exists() and not overwrite:
        raise BodyError(f"{mjcf} exists already; name another file, or overwrite it with --force")
    try:
        converted = convert(osim.read_text(encoding="utf-8"), osim.stem)
        mjcf.write_text(converted.mjcf + "\n", encoding="utf-8")
    except OSError as error:
        raise BodyError(f"cannot convert {osim} to {mjcf}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BodyError(f"cannot read {osim}: not UTF-8 ({error})") from error
    return converted.warnings


def _skeleton(
    document: OsimModel,
    joints: Mapping[str, Joint],
    coordinates: Mapping[str, Coordinate],
    warnings: list[str],
) -> tuple[Skeleton, ET.Element]:
    """What the writers share, and the document with its empty sections."""
    defaults = {name: coordinate.default for name, coordinate in coordinates.items()}
    size_m = _size(places(joints, defaults).values())
    root = _root(document, document.name, size_m)
    world = ET.SubElement(root, "worldbody")
    sections = {tag: ET.SubElement(root, tag) for tag in SECTIONS}
    bodies = {"/ground": world}
    skeleton = Skeleton(
        document, joints, coordinates, Names(), warnings, sections["equality"], bodies, size_m
    )
    return skeleton, root


def _size(found: Iterable[Floats]) -> float:
    """Half the extent of the bodies' origins, m; 0.1 where they all lie in one place."""
    origins = np.array([place[:3, 3] for place in found])
    return float(np.ptp(origins, axis=0).max()) / 2 or 0.1


def _root(document: OsimModel, name: str, size_m: float) -> ET.Element:
    root = ET.Element("mujoco", model=name)
    ET.SubElement(root, "compiler", angle="radian", inertiafromgeom="false", autolimits="true")
    gravity = document.numbers(document.model, "gravity", GRAVITY_M_PER_S2)
    ET.SubElement(root, "option", integrator="implicitfast", timestep="0.0005", gravity=text(gravity))
    defaults = ET.SubElement(root, "default")
    ET.SubElement(defaults, "site", size=text(0.01 * size_m), group="4")
    ET.SubElement(defaults, "tendon", width=text(0.01 * size_m), rgba="0.80 0.45 0.40 1")
    for label, group, colour in (("drawn", "1", "0.85 0.82 0.75 1"), ("wrap", "3", "0.4 0.6 0.8 0.3")):
        inside = ET.SubElement(defaults, "default", {"class": label})
        ET.SubElement(inside, "geom", contype="0", conaffinity="0", mass="0", group=group, rgba=colour)
    return root


def _markers(skeleton: Skeleton) -> None:
    document = skeleton.document
    for marker in document.objects("MarkerSet"):
        path = document.path_of(marker)
        frame = document.connectee(marker, "parent_frame", path)
        position = at(offset(document, frame), document.numbers(marker, "location", (0.0, 0.0, 0.0)))
        name = skeleton.names.take("site", document.name_of(marker))
        ET.SubElement(skeleton.bodies[document.base(frame)], "site", name=name, pos=text(position), group="0")


class _Forces:
    """Muscles and other actuators, in document order."""

    def __init__(self, skeleton: Skeleton, reader: PathReader, root: ET.Element) -> None:
        self._skeleton, self._reader = skeleton, reader
        self._document, self._warnings = skeleton.document, skeleton.warnings
        self._tendons, self._actuators = (e for tag in ("tendon", "actuator") for e in root.findall(tag))
        self._wraps: dict[str, str] = {}

    def write(self) -> None:
        for force in self._document.objects("ForceSet"):
            name = self._document.name_of(force)
            label = f"{force.tag} '{name}'"
            if not self._document.flag(force, "appliesForce", True):
                self._warnings.append(f"{label}: left out; it applies no force")
            elif MUSCLE.fullmatch(force.tag):
                self._muscle(force, name, label)
            elif force.tag == "PathActuator":
                self._path_actuator(force, name, label)
            elif force.tag == "CoordinateActuator":
                self._motor(force, name, label)
            elif force.tag not in ("SpringGeneralizedForce", "CoordinateLimitForce"):
                kind = "actuator" if ACTUATOR.fullmatch(force.tag) else "force"
                self._warnings.append(f"{label}: left out; this class of {kind} is not converted")

    def _muscle(self, force: ET.Element, name: str, label: str) -> None:
        path = self._reader.read(force, label)
        if path is None:
            return
        numbers = read_muscle(self._document, force, label, self._warnings)
        self._tendon(name, path)
        attributes: dict[str, float | tuple[float, float]] = {
            "force": numbers.force_n,
            "lengthrange": numbers.length_range_m,
            "range": RANGE,
            "timeconst": (numbers.activation_s, numbers.deactivation_s),
            "vmax": numbers.max_velocity,
            "lmin": numbers.shortest,
            "lmax": numbers.longest,
            "fpmax": numbers.passive,
            "fvmax": numbers.eccentric,
            "ctrlrange": (0.0, self._document.number(force, "max_control", 1.0)),
        }
        written = {key: text(value) for key, value in attributes.items()}
        ET.SubElement(self._actuators, "muscle", {"name": name, "tendon": name, **written})

    def _path_actuator(self, force: ET.Element, name: str, label: str) -> None:
        path = self._reader.read(force, label)
        if path is not None:
            self._tendon(name, path)
            # Tension shortens a path, while MuJoCo's force along a tendon lengthens it.
            gear = -self._document.number(force, "optimal_force", 1.0)
            self._write_motor(force, {"name": name, "tendon": name, "gear": text(gear)})

    def _motor(self, force: ET.Element, name: str, label: str) -> None:
        coordinate = self._document.text(force, "coordinate")
        if coordinate not in self._skeleton.coordinates:
            raise BodyError(f"{self._document.where(force)}: there is no coordinate '{coordinate}'")
        if self._skeleton.coordinates[coordinate].locked:
            self._warnings.append(f"{label}: left out; coordinate '{coordinate}' is locked")
            return
        gear = self._document.number(force, "optimal_force", 1.0)
        self._write_motor(force, {"name": name, "joint": coordinate, "gear": text(gear)})

    def _write_motor(self, force: ET.Element, attributes: dict[str, str]) -> None:
        limits = [
            self._document.number(force, f"{end}_control", sign * math.inf)
            for end, sign in (("min", -1.0), ("max", 1.0))
        ]
        if all(map(math.isfinite, limits)):
            attributes["ctrlrange"] = text(limits)
        ET.SubElement(self._actuators, "motor", attributes)

    def _tendon(self, name: str, path: MusclePath) -> None:
        spatial = ET.SubElement(self._tendons, "spatial", name=name)
        for index, point in enumerate(path.points):
            site = self._skeleton.names.take("site", f"{name}_{index}")
            body = self._skeleton.bodies[point.body]
            ET.SubElement(body, "site", name=site, pos=text(point.position))
            ET.SubElement(spatial, "site", site=site)
            if index in path.wraps:
                wrap = path.wraps[index]
                attributes = {"geom": self._wrap(wrap)}
                if wrap.side is not None:
                    attributes["sidesite"] = f"{attributes['geom']}_side"
                ET.SubElement(spatial, "geom", attributes)

    def _wrap(self, wrap: Wrap) -> str:
        """The name of the geom for a surface, written when the first muscle needs it."""
        key = f"{wrap.body}/{wrap.name}"
        if key not in self._wraps:
            self._wraps[key] = name = self._skeleton.names.take("geom", f"wrap_{wrap.name}")
            size = (wrap.radius, wrap.length / 2) if wrap.shape == "cylinder" else (wrap.radius,)
            body = self._skeleton.bodies[wrap.body]
            ET.SubElement(
                body,
                "geom",
                {
                    "name": name,
                    "class": "wrap",
                    "type": wrap.shape,
                    "size": text(size),
                    "pos": text(wrap.frame[:3, 3]),
                    "quat": text(quaternion(wrap.frame[:3, :3])),
                },
            )
            if wrap.side is not None:
                # Outside the surface: a side site inside it would mean a path along the inner wall.
                side = at(wrap.frame, 2.0 * wrap.radius * wrap.side)
                ET.SubElement(body, "site", name=f"{name}_side", pos=text(side))
        return self._wraps[key]


def _tell_left_out(document: OsimModel, warnings: list[str]) -> None:
    shapes = sum(1 for kind in SHAPES for _ in document.model.iter(kind))
    if shapes:
        warnings.append(f"display geometry: {shapes} shapes left out; bodies are drawn as rods")
    for kind in LEFT_OUT:
        for element in document.objects(kind):
            if element.tag != "PhysicalOffsetFrame":
                warnings.append(
                    f"{element.tag} '{element.get('name', '')}': left out; {kind} is not converted"
                )
