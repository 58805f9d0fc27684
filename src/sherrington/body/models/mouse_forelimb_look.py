"""What is only there to be seen, and the floor: shapes of bones, light, cameras. None of it carries mass. All ours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping

import numpy as np

from . import mouse_forelimb_geometry as geometry
from . import mouse_forelimb_skeleton as skeleton
from .mouse_forelimb_skeleton import Floats

BONE_RADIUS_M = 0.00028
"""Shaft of the humerus at scale 1."""

DIGITS = ((-0.42, 0.80), (-0.14, 0.98), (0.14, 1.0), (0.42, 0.84))
"""Second to fifth: spread from the axis of the paw, rad, and length, in paw lengths."""


def scenery(root: ET.Element, reach_m: float, scale: float) -> None:
    """Light sky, soft horizon, materials. ``reach_m``: height of the shoulder, which sets all distances."""
    ET.SubElement(root, "statistic", center=text((0.005, 0.0, 0.7 * reach_m)), extent=text(reach_m))
    visual = ET.SubElement(root, "visual")
    ET.SubElement(visual, "global", offwidth="1920", offheight="1080", azimuth="70", elevation="-12")
    ET.SubElement(visual, "quality", shadowsize="8192", offsamples="8")
    ET.SubElement(visual, "map", znear="0.05", zfar="60", shadowclip="5", haze="0.55")
    ET.SubElement(visual, "rgba", haze="0.86 0.87 0.89 1")
    ET.SubElement(
        visual, "headlight", ambient="0.44 0.44 0.45", diffuse="0.14 0.14 0.14", specular="0.1 0.1 0.1"
    )
    assets = ET.SubElement(root, "asset")
    sky = {"rgb1": "0.86 0.87 0.89", "rgb2": "0.70 0.76 0.82", "width": "64", "height": "384"}
    ET.SubElement(assets, "texture", {"name": "sky", "type": "skybox", "builtin": "gradient", **sky})
    materials = {
        "bone": {"rgba": "0.96 0.93 0.86 1", "specular": "0.25", "shininess": "0.35"},
        "floor": {"rgba": "0.95 0.95 0.96 1", "specular": "0", "shininess": "0"},
    }
    for name, look in materials.items():
        ET.SubElement(assets, "material", {"name": name, **look})
    blade = np.array([_scapula(point) for point in ((0.0, 0.0, 0.0), *_BLADE)])
    thick = np.array([0.0, 0.0, 0.0001])
    plate = np.concatenate([blade - thick, blade + thick]) * scale
    ET.SubElement(assets, "mesh", name="blade", vertex=text(plate))


_BLADE = (
    (0.0013, 0.0026, 0.0009),
    (-0.0006, 0.0062, 0.0010),
    (-0.0052, 0.0062, 0.0008),
    (-0.0018, 0.0024, 0.0008),
)
"""Outline of the scapula's blade in the world, shoulder at 0, m at scale 1: through the published origins of
infraspinatus, subscapularis and the via point of latissimus on the scapula."""


def _scapula(point: object) -> Floats:
    local: Floats = skeleton.frames()["scapula"].rotation.T @ np.asarray(point, float)
    return local


def stage(world: ET.Element, reach_m: float) -> None:
    """Floor, lights and the cameras ``side`` (the default picture) and ``front``."""
    for position, direction, level, shadow in (
        ((0.8, -0.8, 5.0), "-0.1 0.5 -1", "0.20 0.20 0.20", "true"),
        ((2.0, -4.0, 3.0), "-0.3 0.7 -0.6", "0.34 0.33 0.31", "false"),
    ):
        place = text(np.array(position) * reach_m)
        ET.SubElement(
            world, "light", pos=place, dir=direction, diffuse=level, castshadow=shadow, directional="true"
        )
    # Where each camera stands and looks, in shoulder heights; the limb fills the middle of a 16:9 picture.
    for name, eye, target in (
        ("side", (0.84, -2.0, 1.02), (0.17, -0.05, 0.72)),
        ("front", (2.0, -1.2, 1.12), (0.07, 0.03, 0.72)),
    ):
        _camera(world, name, np.array(eye) * reach_m, np.array(target) * reach_m)
    ET.SubElement(
        world,
        "geom",
        name="floor",
        type="plane",
        size="0 0 0.01",
        material="floor",
        contype="1",
        conaffinity="0",
    )


def _camera(world: ET.Element, name: str, eye: Floats, target: Floats) -> None:
    backward = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0.0, 0.0, 1.0], backward)
    right /= np.linalg.norm(right)
    axes = text(np.concatenate([right, np.cross(backward, right)]))
    ET.SubElement(world, "camera", name=name, pos=text(eye), xyaxes=axes, fovy="35")


def bones(bodies: Mapping[str, ET.Element], scale: float, paw_tip: Floats, paw_radius_m: float) -> None:
    """Shapes for every body. Only the paw's touch the floor."""
    frames = skeleton.frames()
    thick = BONE_RADIUS_M * scale
    elbow = frames["ulna"].position * scale
    wrist = frames["hand"].position * scale
    to_ulna = frames["radius"].rotation
    wrist_on_ulna = frames["radius"].position * scale + to_ulna @ wrist
    _capsule(bodies["humerus"], np.zeros(3), elbow, thick)
    _ball(bodies["humerus"], np.zeros(3), 2.1 * thick)
    _ball(bodies["humerus"], elbow, 1.6 * thick)
    _capsule(bodies["ulna"], skeleton.local("ulna", geometry.OLECRANON) * scale, 0.0 * elbow, 1.1 * thick)
    _capsule(bodies["ulna"], np.zeros(3), wrist_on_ulna, 0.6 * thick)
    _capsule(bodies["radius"], np.zeros(3), wrist, 0.7 * thick)
    _capsule(bodies["clavicle"], np.zeros(3), _clavicle_end() * scale, 0.6 * thick)
    _shape(bodies["scapula"], type="mesh", mesh="blade")
    _paw(bodies["hand"], paw_tip, paw_radius_m)


def _clavicle_end() -> Floats:
    """The published origin of the clavicular pectoral: the most medial point known on the clavicle."""
    end: Floats = geometry.paths()["Pectoralis_Clavicle_Head"].points[-1]
    return end


def _paw(hand: ET.Element, tip: Floats, radius: float) -> None:
    """A palm and four digits, spread about the axis of the elbow and bent a little towards the palm."""
    knuckle, bones = paw_bones(tip, radius)
    _capsule(hand, np.zeros(3), knuckle, 0.8 * radius, touches=True)
    for root, middle, end in bones:
        _capsule(hand, root, middle, 0.36 * radius, touches=True)
        _capsule(hand, middle, end, 0.30 * radius, touches=True)


def paw_bones(tip: Floats, radius: float) -> tuple[Floats, list[tuple[Floats, Floats, Floats]]]:
    """The knuckle, and root, middle and end of each digit, in the frame of the hand."""
    length = float(np.linalg.norm(tip))
    along = tip / length
    across = _elbow_axis_on_hand()
    across = across - along * (along @ across)
    across /= np.linalg.norm(across)
    palmar = np.cross(along, across)
    knuckle = 0.45 * tip
    bones = []
    for spread, reach in DIGITS:
        outward = along * np.cos(spread) + across * np.sin(spread)
        root = knuckle + across * np.sin(spread) * 1.6 * radius
        middle = root + 0.3 * reach * length * outward
        bones.append((root, middle, middle + 0.25 * reach * length * (outward + 0.6 * palmar)))
    return knuckle, bones


def _elbow_axis_on_hand() -> Floats:
    frames = skeleton.frames()
    axis: Floats = (frames["radius"].rotation @ frames["hand"].rotation).T @ frames["ulna"].axes[0]
    return axis


def _capsule(body: ET.Element, start: Floats, end: Floats, radius: float, *, touches: bool = False) -> None:
    ends = text(np.concatenate([start, end]))
    _shape(body, touches=touches, type="capsule", fromto=ends, size=text(radius))


def _ball(body: ET.Element, centre: Floats, radius: float) -> None:
    _shape(body, type="sphere", pos=text(centre), size=text(radius))


def _shape(body: ET.Element, *, touches: bool = False, **attributes: str) -> None:
    bits = "1" if touches else "0"
    ET.SubElement(body, "geom", {"material": "bone", "contype": "0", "conaffinity": bits, **attributes})


def text(values: object) -> str:
    """Numbers as MJCF wants them, ten digits."""
    return " ".join(f"{value:.10g}" for value in np.ravel(np.asarray(values, float)))
