"""The mouse forelimb for OpenSim, from the same facts as its MJCF: same names, same places, same numbers.

What differs is listed in ``docs/science/opensim-engine.md``: OpenSim's joints have no armature, their stops are
springs, and the paw touches the floor with spheres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from . import mouse_forelimb_geometry as geometry
from . import mouse_forelimb_skeleton as skeleton
from . import osim_muscle
from .mouse_forelimb_look import paw_bones
from .mouse_forelimb_mjcf import Mechanics, Segment, site_places
from .mouse_forelimb_muscles import FORCE_LENGTH_HIGH, RANGE_RAD, Muscle, muscles
from .mouse_forelimb_skeleton import JOINTS
from .osim_xml import Coordinate, OsimDocument, PathPoint, Place, Wrap, rod_inertia

GRAVITY_M_PER_S2 = 9.81
LIMIT_N_M_PER_RAD = 0.03
"""Stiffness of the stops at scale 1.6; grows with the cube of the scale, as torques do. All muscles at random between
nothing and full drive press 0.06 rad into it."""
LIMIT_DAMPING_S = 3e-4
"""Damping of the stops over their stiffness: about 0.4 of critical for the 5e-9 kg m^2 of the forearm about the elbow.
More of it takes shorter steps: OpenSim's are explicit."""
LIMIT_TRANSITION_RAD = 0.01
CONTACT = {
    "stiffness": 5e6,
    "dissipation": 1.0,
    "static_friction": 1.0,
    "dynamic_friction": 1.0,
    "viscous_friction": 0.0,
    "transition_velocity": 0.1,
}
"""Of the paw and the floor: 0.1 N press a digit about 0.1 mm in; friction 1 as in MuJoCo, fully there at 0.1 m/s."""


@dataclass(frozen=True)
class Drive:
    """What all muscles share. passive_force, eccentric_force: in peak forces."""

    activation_s: float
    deactivation_s: float
    passive_force: float
    eccentric_force: float


def mouse_forelimb_osim(
    mechanics: Mechanics,
    rods: Iterable[Segment],
    forces_n: Mapping[str, float],
    drive: Drive,
    initial_rad: Iterable[float],
) -> str:
    """The document. forces_n: peak force by muscle."""
    document = OsimDocument("mouse_forelimb", (0.0, 0.0, -GRAVITY_M_PER_S2))
    by_body = {rod.body: rod for rod in rods}
    _bodies(document, by_body)
    coordinates = _coordinates(initial_rad)
    _joints(document, mechanics, coordinates)
    for cylinder in geometry.cylinders().values():
        document.wrap(_wrap(cylinder, mechanics.scale))
    for muscle in muscles():
        _muscle(document, muscle, forces_n[muscle.name], drive, mechanics.scale)
    stiffness = LIMIT_N_M_PER_RAD * (mechanics.scale / 1.6) ** 3
    for coordinate, rest_rad in zip(coordinates, mechanics.rest_rad, strict=True):
        document.spring(
            coordinate.name, mechanics.stiffness_n_m_per_rad, mechanics.damping_n_m_s_per_rad, rest_rad
        )
        damping = stiffness * LIMIT_DAMPING_S * mechanics.scale / 1.6
        document.limit(coordinate, stiffness, damping, LIMIT_TRANSITION_RAD)
    for name, body, position in site_places(mechanics.scale):
        document.marker(name, body, position)
    _paw(document, by_body["hand"])
    return document.text()


def _bodies(document: OsimDocument, rods: Mapping[str, Segment]) -> None:
    for body in skeleton.frames():
        rod = rods.get(body)
        if rod is None:
            document.body(body, 0.0, np.zeros(3), np.zeros((3, 3)))
        else:
            axis = (rod.end - rod.start) / rod.length_m
            document.body(body, rod.mass_kg, (rod.start + rod.end) / 2, rod_inertia(axis, *rod.inertia_kg_m2))


def _coordinates(initial_rad: Iterable[float]) -> list[Coordinate]:
    axes = [axis for frame in skeleton.frames().values() for axis in frame.axes]
    return [
        Coordinate(name, axis, float(low), float(high), start)
        for name, axis, (low, high), start in zip(JOINTS, axes, RANGE_RAD, initial_rad, strict=True)
    ]


def _joints(document: OsimDocument, mechanics: Mechanics, coordinates: list[Coordinate]) -> None:
    remaining = iter(coordinates)
    for frame in skeleton.frames().values():
        own = [next(remaining) for _ in frame.axes]
        outer, position = frame.parent, frame.position * mechanics.scale
        if frame.parent == "world":
            outer, position = "ground", np.array([0.0, 0.0, mechanics.shoulder_height_m])
        place, name = Place(outer, position, frame.rotation), f"to_{frame.body}"
        if len(own) == 3:
            document.ball(name, place, frame.body, own)
        elif own:
            document.hinge(name, place, frame.body, own[0])
        else:
            document.weld(name, place, frame.body)


def _wrap(cylinder: geometry.Cylinder, scale: float) -> Wrap:
    """OpenSim's cylinder lets muscles pass on the side of its +x, so x is turned to where MuJoCo's side site lies."""
    side = cylinder.rotation.T @ cylinder.side
    turn = skeleton.turn(np.array([0.0, 0.0, 1.0]), math.atan2(side[1], side[0]))
    place = Place(cylinder.body, cylinder.position * scale, cylinder.rotation @ turn)
    return Wrap(cylinder.name, place, cylinder.radius_m * scale, 2 * cylinder.half_length_m * scale)


def _muscle(document: OsimDocument, muscle: Muscle, force_n: float, drive: Drive, scale: float) -> None:
    path = geometry.paths()[muscle.published_name]
    points = [PathPoint(body, point * scale) for body, point in zip(path.bodies, path.points, strict=True)]
    numbers = osim_muscle.numbers(
        force_n,
        muscle.optimal_length_m * scale,
        muscle.slack_length_m * scale,
        muscle.max_velocity_l0_per_s,
        drive.activation_s,
        drive.deactivation_s,
    )
    curves = osim_muscle.curves(
        osim_muscle.ACTIVE_033_171,
        drive.eccentric_force,
        osim_muscle.passive_force(drive.passive_force, FORCE_LENGTH_HIGH),
    )
    wraps = {wrap: (index + 1, index + 2) for index, wrap in path.wraps.items()}
    document.muscle(muscle.name, points, wraps, numbers, curves)


def _paw(document: OsimDocument, hand: Segment) -> None:
    """Spheres at the knuckle and at the end of each digit, where MuJoCo's model has capsules."""
    knuckle, bones = paw_bones(hand.end, hand.radius_m)
    document.floor("floor")
    document.sphere("palm", "hand", knuckle, 0.8 * hand.radius_m)
    names = ["floor", "palm"]
    for number, (_, _, end) in enumerate(bones, 2):
        names.append(f"digit_{number}")
        document.sphere(names[-1], "hand", end, 0.3 * hand.radius_m)
    document.contact("paw_contact", names, CONTACT)
