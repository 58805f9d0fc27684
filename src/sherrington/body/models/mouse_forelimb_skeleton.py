"""Where every bone of the forelimb is, in plain numpy. Imports no engine.

Every bone keeps the orientation of the common CT frame in which it was segmented; its origin is moved to its
proximal joint centre. The world has x forward, y to the animal's left, z up; it is a right limb. All lengths in
this file are those of the published bones; ``scale`` is applied where the model is compiled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

JOINTS = ("shoulder_adduction", "shoulder_flexion", "shoulder_rotation", "elbow_flexion")
"""The degrees of freedom, in the order of every pose here and of ``BodyModel.joints``; rad.

adduction: 0 with the arm out sideways, pi/2 hanging, more towards the midline (published ``elv_angle``).
flexion: positive swings the arm forward (published ``extension_angle``, whose name says the opposite).
rotation: positive turns the forearm inward. elbow_flexion: 0 near a right angle, positive bends; the published
``elbow_flex`` has the opposite sign (included angle 35 deg at -1.0, 161 deg at +1.25)."""

PUBLISHED_SIGN = np.array([1.0, 1.0, 1.0, -1.0])
PUBLISHED_POSE = np.array([1.56906, 0.0, 0.0, -0.944802])
"""The published default pose in our signs, rad."""

OPENSIM_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""OpenSim's ground is x forward, y up, z right."""


@dataclass(frozen=True)
class Frame:
    """A body at pose zero, relative to its parent. origin: its joint centre in the CT frame. axes: of its joints,
    in its own frame, first one outermost; shape (n_dofs, 3)."""

    body: str
    parent: str
    position: Floats
    rotation: Floats
    origin: Floats
    axes: Floats


@cache
def facts() -> dict[str, Any]:
    """The published numbers, as in ``mouse_forelimb_facts.json``."""
    text = files(__package__).joinpath("mouse_forelimb_facts.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def turn(axis: Floats, angle: Floats | float) -> Floats:
    """Rodrigues' formula; angles of shape (...) give matrices of shape (..., 3, 3)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    theta = np.asarray(angle, float)[..., None, None]
    rotation: Floats = np.eye(3) + np.sin(theta) * cross + (1.0 - np.cos(theta)) * (cross @ cross)
    return rotation


def euler_xyz(angles: object) -> Floats:
    """Rotation matrix of body-fixed x, y, z angles in rad (OpenSim's convention)."""
    x, y, z = np.asarray(angles, float)
    unit = np.eye(3)
    matrix: Floats = turn(unit[0], x) @ turn(unit[1], y) @ turn(unit[2], z)
    return matrix


def quaternion(rotation: Floats) -> Floats:
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


# --- bodies -----------------------------------------------------------------------------------------------


@cache
def frames() -> dict[str, Frame]:
    """Bodies in order of the chain. Radius and hand are welded at the angles at which the source locks them."""
    joints = {joint["name"]: joint for joint in facts()["joints"]}
    placed = {"scapula": _scapula(joints)}
    chain = {
        "clavicle": ("scapula", "ground_clavicle", False),
        "humerus": ("scapula", "shoulder", True),
        "ulna": ("humerus", "elbow", True),
        "radius": ("ulna", "ulna_radius", False),
        "hand": ("radius", "wrist", False),
    }
    for body, (parent, joint, moves) in chain.items():
        placed[body] = _frame(body, placed[parent], joints[joint], moves)
    return placed


def _scapula(joints: Mapping[str, Any]) -> Frame:
    rotation = OPENSIM_TO_WORLD @ euler_xyz(joints["ground_scapula"]["parent_offset"]["euler_xyz"])
    centre = np.array(joints["shoulder"]["parent_offset"]["pos"])
    return Frame("scapula", "world", np.zeros(3), rotation, centre, np.empty((0, 3)))


def _frame(body: str, parent: Frame, joint: Mapping[str, Any], moves: bool) -> Frame:
    """OpenSim's child pose is T(parent offset) R(q) T(child offset)^-1; at its joint centre only rotations stay."""
    outer, inner = joint["parent_offset"], joint["child_offset"]
    to_child = euler_xyz(inner["euler_xyz"])
    axes, angles = _coordinates(joint)
    locked = np.eye(3)
    for axis, angle in zip(axes, angles, strict=True):
        locked = locked if moves else locked @ turn(axis, angle)
    return Frame(
        body,
        parent.body,
        np.array(outer["pos"]) - parent.origin,
        euler_xyz(outer["euler_xyz"]) @ locked @ to_child.T,
        np.array(inner["pos"]),
        axes @ to_child.T * _signs(len(axes)) if moves else np.empty((0, 3)),
    )


def _signs(count: int) -> Floats:
    signs: Floats = (PUBLISHED_SIGN[:3] if count == 3 else PUBLISHED_SIGN[3:])[:, None]
    return signs


def _coordinates(joint: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Axes and default angles of a joint's published coordinates; a plain hinge turns about z."""
    entries = joint.get("coordinates", [])
    axes = np.array([entry.get("axis", (0.0, 0.0, 1.0)) for entry in entries]).reshape(-1, 3)
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    return axes / np.where(lengths > 0, lengths, 1.0), np.array([e["default_rad"] for e in entries])


def forward(poses: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Rotation (n, 3, 3) and origin (n, 3) of every body in the world, shoulder centre at 0.

    poses: shape (n, 4), rad, ordered as ``JOINTS``.
    """
    count = len(poses)
    columns = iter(np.moveaxis(poses, 1, 0))
    world = {"world": (np.broadcast_to(np.eye(3), (count, 3, 3)), np.zeros((count, 3)))}
    for frame in frames().values():
        outer, origin = world[frame.parent]
        rotation = outer @ frame.rotation
        for axis in frame.axes:
            rotation = rotation @ turn(axis, next(columns))
        world[frame.body] = (rotation, origin + outer @ frame.position)
    del world["world"]
    return world


def local(body: str, point: object) -> Floats:
    """A CT-frame point in the body's own frame, m."""
    position: Floats = np.asarray(point, float) - frames()[body].origin
    return position


def marker(name: str) -> tuple[str, Floats]:
    """Body and local position of a published marker."""
    entry = next(m for m in facts()["markers"] if m["name"] == name)
    return entry["body"], local(entry["body"], entry["pos_m"])
