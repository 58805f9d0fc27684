"""Where every muscle of the forelimb runs, and how long it is, in plain numpy. Imports no engine.

The model is compiled from these paths. ``lengths_m`` is also the independent check of MuJoCo's tendons: it comes to
a wrapped path through tangent angles and the unrolled cylinder. Lengths are those of the published bones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from .mouse_forelimb_skeleton import JOINTS, Floats, euler_xyz, facts, forward, local


@dataclass(frozen=True)
class Cylinder:
    """A wrapping cylinder in the frame of its body. rotation: columns are its axes, z along it. side: where
    muscles pass, as seen from the axis, in the same frame; shape (3,), m."""

    name: str
    body: str
    position: Floats
    rotation: Floats
    radius_m: float
    half_length_m: float
    side: Floats


@dataclass(frozen=True)
class Path:
    """A muscle from end to end: bodies, points in their frames (m), and the wrap between points i and i + 1."""

    name: str
    bodies: tuple[str, ...]
    points: Floats
    wraps: Mapping[int, str]


OLECRANON = (0.0038, -0.0006, 0.0083)
"""Where the published short head of anconeus inserts on the ulna."""


@cache
def cylinders() -> dict[str, Cylinder]:
    """The elbow cylinder as published. The shoulder's is left out: an end of the published line of each muscle that it
    is meant for lies inside it (radius 0.6 mm), always for infraspinatus and biceps short, in 42 % of the poses for
    biceps long. No wrap exists there, so lengths would jump each time an end point crosses its surface."""
    entry = next(w for w in facts()["wrap_objects"] if w["name"] == "elbow")
    rotation = euler_xyz(entry["euler_xyz"])
    # The flexors pass at 85 to 130 degrees round the axis over the whole range of the elbow; 110 is their middle.
    angle = np.radians(110.0)
    side = rotation @ np.array([np.cos(angle), np.sin(angle), 0.0]) * 3.0 * entry["radius_m"]
    return {
        "elbow": Cylinder(
            "elbow",
            entry["body"],
            local(entry["body"], entry["pos_m"]),
            rotation,
            entry["radius_m"],
            entry["length_m"] / 2,
            side,
        )
    }


@cache
def paths() -> dict[str, Path]:
    """Every muscle that mice have, by its published name, with our four repairs.

    Brachioradialis: left out; mice have none (Mathewson et al. 2012, doi 10.1111/j.1469-7580.2012.01559.x).
    Biceps_Short_Head: P3 and origin move from humerus to scapula, same CT coordinates, for the muscle arises from
    the coracoid process; as published all but the insertion is on one bone and it cannot move the shoulder.
    Triceps_Medial_Head: insertion moves from radius to ulna, which carries the olecranon.
    Anconeus: insertion moves to the olecranon. The published point lies among the flexor insertions and makes it
    bend the elbow; from the olecranon its fibres are 0.93 of their published optimum rather than 1.14.
    """
    kept = [m for m in facts()["muscles"] if m["name"] != "Brachioradialis"]
    return {muscle["name"]: _path(muscle) for muscle in kept}


def _path(muscle: Mapping[str, Any]) -> Path:
    name = muscle["name"]
    points = [(p["body"], p["pos_m"]) for p in muscle["path"]]
    if name == "Biceps_Short_Head":
        points = points[:2] + [("scapula", position) for _, position in points[2:]]
    if name == "Triceps_Medial_Head":
        points[-1] = ("ulna", points[-1][1])
    if name == "Anconeus":
        points[-1] = ("ulna", OLECRANON)
    wraps = {0: "elbow"} if "elbow" in muscle["wraps"] and name != "Anconeus" else {}
    return Path(
        name,
        tuple(body for body, _ in points),
        np.array([local(body, position) for body, position in points]),
        wraps,
    )


def lengths_m(poses: Floats) -> Floats:
    """Musculotendon lengths at scale 1: shape (n_poses, n_muscles), m, ordered as ``paths()``."""
    world = forward(poses)
    columns = [_length(path, world) for path in paths().values()]
    return np.stack(columns, axis=1)


def _length(path: Path, world: Mapping[str, tuple[Floats, Floats]]) -> Floats:
    points = [_place(world[b], p) for b, p in zip(path.bodies, path.points, strict=True)]
    total = np.zeros(len(points[0]))
    for index, (start, end) in enumerate(pairwise(points)):
        if index in path.wraps:
            total += _wrapped(start, end, cylinders()[path.wraps[index]], world)
        else:
            total += np.linalg.norm(end - start, axis=1)
    return total


def _place(frame: tuple[Floats, Floats], point: Floats) -> Floats:
    placed: Floats = frame[1] + frame[0] @ point
    return placed


def _wrapped(
    start: Floats, end: Floats, cylinder: Cylinder, world: Mapping[str, tuple[Floats, Floats]]
) -> Floats:
    """Shortest line that leaves the cylinder on its inner side: straight, or two tangents and a helix.

    On the unrolled cylinder the whole line is straight, so its length is the hypotenuse of its length seen along
    the axis and its rise.
    """
    turned, origin = world[cylinder.body]
    inward = np.swapaxes(turned @ cylinder.rotation, 1, 2)
    centre = origin + turned @ cylinder.position
    a, b = ((inward @ (p - centre)[:, :, None])[:, :, 0] for p in (start, end))
    side = (cylinder.rotation.T @ cylinder.side)[:2]
    flat = _flat_length(a[:, :2], b[:, :2], side / np.linalg.norm(side), cylinder.radius_m)
    return np.hypot(flat, b[:, 2] - a[:, 2])


def _flat_length(a: Floats, b: Floats, side: Floats, radius: float) -> Floats:
    """The same, seen along the axis: a, b shape (n, 2), circle at 0, ``side`` a unit vector."""
    chord = b - a
    along = np.clip(-np.sum(a * chord, 1) / np.sum(chord * chord, 1), 0.0, 1.0)
    nearest = a + along[:, None] * chord
    free = (np.linalg.norm(nearest, axis=1) >= radius) & (nearest @ side >= 0.0)
    straight = np.linalg.norm(chord, axis=1)
    return np.where(free, straight, _round(a, b, side, radius))


def _round(a: Floats, b: Floats, side: Floats, radius: float) -> Floats:
    """Tangent from a, arc, tangent to b, in the turning sense whose arc has its middle on ``side``."""
    distances = [np.maximum(np.linalg.norm(p, axis=1), radius) for p in (a, b)]
    tangents = sum(np.sqrt(d**2 - radius**2) for d in distances)
    opening = [np.arccos(radius / d) for d in distances]
    start, end = (np.arctan2(p[:, 1], p[:, 0]) for p in (a, b))
    best_length, best_side = np.zeros(len(a)), np.full(len(a), -np.inf)
    for sense in (1.0, -1.0):
        leave, arrive = start + sense * opening[0], end - sense * opening[1]
        arc = np.mod(sense * (arrive - leave), 2 * np.pi)
        middle = leave + sense * arc / 2
        facing = np.cos(middle) * side[0] + np.sin(middle) * side[1]
        best_length = np.where(facing > best_side, tangents + radius * arc, best_length)
        best_side = np.maximum(facing, best_side)
    return best_length


def moment_arms_m(poses: Floats, step_rad: float = 1e-6) -> Floats:
    """-dL/dq at scale 1, by central differences: shape (n_poses, n_muscles, 4), m; positive turns the joint up."""
    columns = []
    for joint in range(len(JOINTS)):
        nudge = step_rad * np.eye(len(JOINTS))[joint]
        columns.append((lengths_m(poses - nudge) - lengths_m(poses + nudge)) / (2 * step_rad))
    return np.stack(columns, axis=2)
