"""The MJCF elements of the forelimb: bodies, joints, rods, sites, wrapping, tendons, and what makes it visible."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from . import mouse_forelimb_geometry as geometry
from .mouse_forelimb_geometry import JOINTS, Floats
from .mouse_forelimb_muscles import NAMES, RANGE_RAD, Muscle

DENSITY_KG_PER_M3 = 1060.0
"""Muscle: Mendez & Keys 1960, Metabolism 9:184."""
UPPER_ARM_RADIUS = 3.028 / 10.368
FOREARM_RADIUS = 1.102 / 10.368
PAW_LENGTH = (2.526 + 1.935 + 1.272) / 10.368
PAW_RADIUS = 0.07
"""In humerus lengths. The first two are the soft-tissue capsules and the third the second metacarpal and its two
phalanges of the Janelia mouse model (vnl-playground, mouse_forelimb_right_janelia_v24); the paw's radius is ours."""

BONE = "0.93 0.90 0.82 1"
FLESH = "0.85 0.66 0.62 1"
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
    frames = geometry.frames()
    elbow = frames["ulna"].position * scale
    wrist = (frames["radius"].position + frames["radius"].rotation @ frames["hand"].position) * scale
    humerus = float(np.linalg.norm(elbow))
    _, palm = geometry.marker("hand")
    tip = palm / np.linalg.norm(palm) * PAW_LENGTH * humerus
    return (
        Segment("humerus", np.zeros(3), elbow, UPPER_ARM_RADIUS * humerus),
        Segment("ulna", np.zeros(3), wrist, FOREARM_RADIUS * humerus),
        Segment("hand", np.zeros(3), tip, PAW_RADIUS * humerus),
    )


@dataclass(frozen=True)
class Mechanics:
    """What the joints get, at this scale."""

    scale: float
    shoulder_height_m: float
    damping_n_m_s_per_rad: float
    armature_kg_m2: float


def document(mechanics: Mechanics, rods: tuple[Segment, ...]) -> ET.Element:
    """Everything but tendons and actuators."""
    root = ET.Element("mujoco", model="mouse_forelimb")
    ET.SubElement(root, "compiler", angle="radian", inertiafromgeom="false", autolimits="true")
    ET.SubElement(root, "option", integrator="implicitfast", timestep="0.0005")
    _scenery(root, mechanics)
    world = ET.SubElement(root, "worldbody")
    _stage(world, mechanics)
    parents = {"world": world}
    dofs = iter(range(len(JOINTS)))
    for frame in geometry.frames().values():
        element = _body(parents[frame.parent], frame, mechanics, dofs)
        parents[frame.body] = element
    for rod in rods:
        _rod(parents[rod.body], rod)
    _sites(parents, mechanics.scale)
    _bones(parents, rods)
    return root


def _body(parent: ET.Element, frame: geometry.Frame, mechanics: Mechanics, dofs: object) -> ET.Element:
    position = frame.position * mechanics.scale
    if frame.parent == "world":
        position = np.array([0.0, 0.0, mechanics.shoulder_height_m])
    element = ET.SubElement(
        parent, "body", name=frame.body, pos=text(position), quat=text(_quaternion(frame.rotation))
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
    """The published markers, the wrapping cylinders and the points of every muscle."""
    for name in ("shoulder", "elbow", "wrist"):
        body, position = geometry.marker(name)
        _site(bodies[body], name, position * scale, scale)
    body, position = geometry.marker("hand")
    _site(bodies[body], "paw", position * scale, scale)
    for cylinder in geometry.cylinders().values():
        half = cylinder.half_length_m * scale
        ET.SubElement(
            bodies[cylinder.body],
            "geom",
            name=f"wrap_{cylinder.name}",
            type="cylinder",
            size=text((cylinder.radius_m * scale, half)),
            pos=text(cylinder.position * scale),
            quat=text(_quaternion(cylinder.rotation)),
            rgba=HIDDEN,
            contype="0",
            conaffinity="0",
        )
        side = (cylinder.position + cylinder.side) * scale
        _site(bodies[cylinder.body], f"side_{cylinder.name}", side, scale)
    for path in geometry.paths().values():
        for index, (owner, point) in enumerate(zip(path.bodies, path.points, strict=True)):
            _site(bodies[owner], f"{NAMES[path.name]}_{index}", point * scale, scale)


def _site(body: ET.Element, name: str, position: Floats, scale: float) -> None:
    ET.SubElement(body, "site", name=name, pos=text(position), size=text(0.0001 * scale), rgba=HIDDEN)


def tendon(parent: ET.Element, muscle: Muscle, force_n: float, scale: float) -> None:
    """The muscle's path; drawn as wide as a round muscle of a tenth of its cross-section would be."""
    path = geometry.paths()[muscle.published_name]
    width = math.sqrt(muscle.pcsa_cm2 * 1e-4 / math.pi) * 0.5 * scale
    spatial = ET.SubElement(parent, "spatial", name=muscle.name, width=text(width), rgba="0.72 0.26 0.24 1")
    for index in range(len(path.bodies)):
        ET.SubElement(spatial, "site", site=f"{muscle.name}_{index}")
        if index in path.wraps:
            wrap = path.wraps[index]
            ET.SubElement(spatial, "geom", geom=f"wrap_{wrap}", sidesite=f"side_{wrap}")


# --- what is only seen, and the floor ---------------------------------------------------------------------


def _scenery(root: ET.Element, mechanics: Mechanics) -> None:
    reach = mechanics.shoulder_height_m
    ET.SubElement(root, "statistic", center=text((0.004, 0.0, 0.6 * reach)), extent=text(1.2 * reach))
    visual = ET.SubElement(root, "visual")
    ET.SubElement(visual, "global", offwidth="1920", offheight="1080")
    ET.SubElement(visual, "quality", shadowsize="4096", offsamples="8")
    ET.SubElement(visual, "map", znear="0.05", zfar="40")
    ET.SubElement(visual, "headlight", ambient="0.38 0.38 0.4", diffuse="0.35 0.35 0.35", specular="0 0 0")
    assets = ET.SubElement(root, "asset")
    ET.SubElement(
        assets,
        "texture",
        name="sky",
        type="skybox",
        builtin="gradient",
        rgb1="0.96 0.97 0.98",
        rgb2="0.78 0.83 0.88",
        width="64",
        height="384",
    )
    ET.SubElement(assets, "material", name="bone", rgba=BONE, specular="0.3", shininess="0.4")
    ET.SubElement(assets, "material", name="floor", rgba="0.90 0.90 0.89 1", reflectance="0.08")


def _stage(world: ET.Element, mechanics: Mechanics) -> None:
    reach = mechanics.shoulder_height_m
    ET.SubElement(
        world,
        "light",
        pos=text((2 * reach, -3 * reach, 5 * reach)),
        dir="-0.35 0.5 -0.8",
        diffuse="0.55 0.53 0.5",
        castshadow="true",
    )
    ET.SubElement(
        world,
        "camera",
        name="side",
        pos=text((0.5 * reach, -2.3 * reach, 0.85 * reach)),
        xyaxes="0.98 0.2 0 -0.03 0.13 0.99",
        fovy="30",
    )
    ET.SubElement(
        world,
        "geom",
        name="floor",
        type="plane",
        size="0.3 0.3 0.01",
        material="floor",
        contype="1",
        conaffinity="1",
    )


def _bones(bodies: Mapping[str, ET.Element], rods: tuple[Segment, ...]) -> None:
    upper, fore, paw = rods
    thick = 0.045 * upper.length_m
    _capsule(bodies["humerus"], upper.start, upper.end, thick)
    _ball(bodies["humerus"], upper.start, 1.7 * thick)
    _ball(bodies["humerus"], upper.end, 1.5 * thick)
    _capsule(bodies["ulna"], -0.08 * fore.end, fore.end, 0.6 * thick)
    _capsule(bodies["hand"], paw.start, paw.end, PAW_RADIUS * upper.length_m, touches=True)


def _capsule(body: ET.Element, start: Floats, end: Floats, radius: float, touches: bool = False) -> None:
    bits = "1" if touches else "0"
    ET.SubElement(
        body,
        "geom",
        type="capsule",
        fromto=text(np.concatenate([start, end])),
        size=text(radius),
        material="bone",
        contype="0",
        conaffinity=bits,
    )


def _ball(body: ET.Element, centre: Floats, radius: float) -> None:
    ET.SubElement(
        body,
        "geom",
        type="sphere",
        pos=text(centre),
        size=text(radius),
        material="bone",
        contype="0",
        conaffinity="0",
    )


def text(values: object) -> str:
    """Numbers as MJCF wants them, ten digits."""
    return " ".join(f"{value:.10g}" for value in np.atleast_1d(np.asarray(values, float)))


def _quaternion(rotation: Floats) -> Floats:
    """Unit quaternion, w first, of a rotation matrix: the eigenvector of Bar-Itzhack 2000 (J Guid Control Dyn
    23:1085), which has no special cases."""
    m = rotation
    k = np.array(
        [
            [m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [0, m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2]],
            [0, 0, m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2]],
            [0, 0, 0, m[2, 2] - m[0, 0] - m[1, 1]],
        ]
    )
    _, vectors = np.linalg.eigh(k + np.triu(k, 1).T)
    quaternion: Floats = vectors[:, -1] * np.sign(vectors[0, -1] or 1.0)
    return quaternion
