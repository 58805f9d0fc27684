"""The MJCF elements of the forelimb: bodies, joints, rods, sites, wrapping, tendons."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from . import mouse_forelimb_geometry as geometry
from . import mouse_forelimb_look as look
from . import mouse_forelimb_skeleton as skeleton
from .mouse_forelimb_look import text
from .mouse_forelimb_muscles import NAMES, RANGE_RAD, Muscle
from .mouse_forelimb_skeleton import JOINTS, Floats

DENSITY_KG_PER_M3 = 1060.0
"""Muscle: Mendez & Keys 1960, Metabolism 9:184."""
UPPER_ARM_RADIUS = 3.028 / 10.368
FOREARM_RADIUS = 1.102 / 10.368
PAW_LENGTH = (2.526 + 1.935 + 1.272) / 10.368
PAW_RADIUS = 0.07
"""In humerus lengths. The first two are the soft-tissue capsules and the third the second metacarpal and its two
phalanges of the Janelia mouse model (vnl-playground, mouse_forelimb_right_janelia_v24); the paw's radius is ours."""

HIDDEN = "0 0 0 0"


@dataclass(frozen=True)
class Segment:
    """A solid rod between two points of a body's frame (m, scaled): what carries the mass."""

    body: str
    start: Floats
    end: Floats
    radius_m: float

    @property
    def length_m(self) -> float:
        return float(np.linalg.norm(self.end - self.start))

    @property
    def mass_kg(self) -> float:
        return DENSITY_KG_PER_M3 * math.pi * self.radius_m**2 * self.length_m

    @property
    def inertia_kg_m2(self) -> tuple[float, float]:
        """About the centre of a solid cylinder: across it and along it."""
        across = self.mass_kg * (self.length_m**2 / 12 + self.radius_m**2 / 4)
        return across, self.mass_kg * self.radius_m**2 / 2


def segments(scale: float) -> tuple[Segment, ...]:
    """Upper arm, forearm and paw. The forearm's mass moves with the ulna, to which the radius is welded."""
    frames = skeleton.frames()
    elbow = frames["ulna"].position * scale
    wrist = (frames["radius"].position + frames["radius"].rotation @ frames["hand"].position) * scale
    humerus = float(np.linalg.norm(elbow))
    _, palm = skeleton.marker("hand")
    tip = palm / np.linalg.norm(palm) * PAW_LENGTH * humerus
    return (
        Segment("humerus", np.zeros(3), elbow, UPPER_ARM_RADIUS * humerus),
        Segment("ulna", np.zeros(3), wrist, FOREARM_RADIUS * humerus),
        Segment("hand", np.zeros(3), tip, PAW_RADIUS * humerus),
    )


@dataclass(frozen=True)
class Mechanics:
    """What the joints get, at this scale. rest_rad: where the passive stiffness pulls to, ordered as ``JOINTS``."""

    scale: float
    shoulder_height_m: float
    damping_n_m_s_per_rad: float
    armature_kg_m2: float
    stiffness_n_m_per_rad: float
    rest_rad: tuple[float, ...]


def document(mechanics: Mechanics, rods: tuple[Segment, ...]) -> ET.Element:
    """Everything but tendons and actuators."""
    root = ET.Element("mujoco", model="mouse_forelimb")
    ET.SubElement(root, "compiler", angle="radian", inertiafromgeom="false", autolimits="true")
    ET.SubElement(root, "option", integrator="implicitfast", timestep="0.0005")
    look.scenery(root, mechanics.shoulder_height_m, mechanics.scale)
    world = ET.SubElement(root, "worldbody")
    look.stage(world, mechanics.shoulder_height_m)
    parents = {"world": world}
    dofs = iter(range(len(JOINTS)))
    for frame in skeleton.frames().values():
        element = _body(parents[frame.parent], frame, mechanics, dofs)
        parents[frame.body] = element
    for rod in rods:
        _rod(parents[rod.body], rod)
    _sites(parents, mechanics.scale)
    look.bones(parents, mechanics.scale, rods[2].end, rods[2].radius_m)
    return root


def _body(parent: ET.Element, frame: skeleton.Frame, mechanics: Mechanics, dofs: object) -> ET.Element:
    position = frame.position * mechanics.scale
    if frame.parent == "world":
        position = np.array([0.0, 0.0, mechanics.shoulder_height_m])
    element = ET.SubElement(
        parent, "body", name=frame.body, pos=text(position), quat=text(skeleton.quaternion(frame.rotation))
    )
    for axis in frame.axes:
        index = next(dofs)  # type: ignore[call-overload]
        ET.SubElement(
            element,
            "joint",
            name=JOINTS[index],
            type="hinge",
            axis=text(axis),
            range=text(RANGE_RAD[index]),
            damping=text(mechanics.damping_n_m_s_per_rad),
            armature=text(mechanics.armature_kg_m2),
            stiffness=text(mechanics.stiffness_n_m_per_rad),
            springref=text(mechanics.rest_rad[index]),
            # Ligaments are stiff: with MuJoCo's default of 20 ms the pectorals push 0.4 rad through the limit.
            solreflimit="0.002 1",
            solimplimit="0.95 0.99 0.01",
        )
    return element


def _rod(body: ET.Element, rod: Segment) -> None:
    across, along = rod.inertia_kg_m2
    ET.SubElement(
        body,
        "inertial",
        pos=text((rod.start + rod.end) / 2),
        zaxis=text((rod.end - rod.start) / rod.length_m),
        mass=text(rod.mass_kg),
        diaginertia=text((across, across, along)),
    )


def _sites(bodies: Mapping[str, ET.Element], scale: float) -> None:
    for cylinder in geometry.cylinders().values():
        half = cylinder.half_length_m * scale
        ET.SubElement(
            bodies[cylinder.body],
            "geom",
            name=f"wrap_{cylinder.name}",
            type="cylinder",
            size=text((cylinder.radius_m * scale, half)),
            pos=text(cylinder.position * scale),
            quat=text(skeleton.quaternion(cylinder.rotation)),
            rgba=HIDDEN,
            contype="0",
            conaffinity="0",
        )
    for name, body, position in site_places(scale):
        size = text(0.0001 * scale)
        ET.SubElement(bodies[body], "site", name=name, pos=text(position), size=size, rgba=HIDDEN)


def site_places(scale: float) -> list[tuple[str, str, Floats]]:
    """Name, body and place in it (m) of the published markers, of the sides of the wrapping cylinders and of the
    points of every muscle; in the order of ``BodyModel.sites``, body by body."""
    places = [(name, *skeleton.marker(name)) for name in ("shoulder", "elbow", "wrist")]
    places.append(("paw", *skeleton.marker("hand")))
    for cylinder in geometry.cylinders().values():
        places.append((f"side_{cylinder.name}", cylinder.body, cylinder.position + cylinder.side))
    for path in geometry.paths().values():
        for index, (owner, point) in enumerate(zip(path.bodies, path.points, strict=True)):
            places.append((f"{NAMES[path.name]}_{index}", owner, point))
    order = list(skeleton.frames())
    places.sort(key=lambda place: order.index(place[1]))
    return [(name, body, position * scale) for name, body, position in places]


def tendon(parent: ET.Element, muscle: Muscle, force_n: float, scale: float) -> None:
    """The muscle's path, drawn with a fifth of its cross-section so that the bones stay in sight."""
    path = geometry.paths()[muscle.published_name]
    width = math.sqrt(muscle.pcsa_cm2 * 1e-4 / math.pi) * 0.45 * scale
    spatial = ET.SubElement(parent, "spatial", name=muscle.name, width=text(width), rgba="0.80 0.45 0.40 1")
    for index in range(len(path.bodies)):
        ET.SubElement(spatial, "site", site=f"{muscle.name}_{index}")
        if index in path.wraps:
            wrap = path.wraps[index]
            ET.SubElement(spatial, "geom", geom=f"wrap_{wrap}", sidesite=f"side_{wrap}")
