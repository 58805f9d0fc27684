"""The right forelimb of a mouse: scapula fixed, shoulder 3 + elbow 1 degrees of freedom, 20 muscles.

Compiled here from published facts; ``docs/science/mouse_forelimb.md`` tells source and decision for each number.
Angles are explained at ``mouse_forelimb_skeleton.JOINTS``: elbow flexion positive.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from ...errors import BodyError, known
from ..model import BodyModel
from .mouse_forelimb_look import text
from .mouse_forelimb_mjcf import Mechanics, document, segments, tendon
from .mouse_forelimb_muscles import (
    FORCE_LENGTH_HIGH,
    FORCE_LENGTH_LOW,
    Muscle,
    muscles,
)
from .mouse_forelimb_osim import Drive, mouse_forelimb_osim
from .mouse_forelimb_skeleton import JOINTS

INITIAL_RAD = (1.4, 0.0, -0.5, -0.4)
"""Start pose, ordered as ``JOINTS``: the paw in front of and below the shoulder. In the published default pose
two directions of shoulder torque are almost out of reach of the 20 muscles; here all eight are available."""


def mouse_forelimb(
    *,
    scale: float = 1.6,
    specific_tension_n_per_cm2: float = 22.5,
    activation_s: float = 0.015,
    deactivation_s: float = 0.06,
    passive_force: float = 0.2,
    eccentric_force: float = 1.4,
    damping_n_m_s_per_rad: float = 1e-6,
    armature_kg_m2: float = 1e-9,
    stiffness_n_m_per_rad: float = 0.0,
    rest_rad: Mapping[str, float] | None = None,
    shoulder_height_m: float = 0.03,
) -> BodyModel:
    """Right forelimb of an adult mouse: shoulder 3 and elbow 1 degrees of freedom, 20 muscles.

    scale: all lengths, relative to the published bones (humerus 6.53 mm between joint centres). 1.6 gives 10.45 mm
    and a forearm of 11.8 mm; the Janelia model of an adult has 10.37 and 11.70. Muscle forces grow with its square
    and masses with its cube; stiffness_n_m_per_rad, damping_n_m_s_per_rad and armature_kg_m2 are taken at 1.6 and
    grow with its third, fourth and fifth power, so that damping ratios stay. stiffness_n_m_per_rad: of the soft tissue
    about every joint, which pulls it to its angle in rest_rad (by joint; the start pose where none is given).
    passive_force, eccentric_force: MuJoCo's fpmax and fvmax, in peak forces. activation_s, deactivation_s: as
    published by Gilmer et al. 2025.
    Raises BodyError for a number that is not positive (the stiffness may be 0) and for a joint that does not exist.
    """
    _check_positive({n: v for n, v in locals().items() if n not in ("stiffness_n_m_per_rad", "rest_rad")})
    grown = scale / 1.6
    rods = segments(scale)
    mechanics = Mechanics(
        scale,
        shoulder_height_m,
        damping_n_m_s_per_rad * grown**4,
        armature_kg_m2 * grown**5,
        _not_negative(stiffness_n_m_per_rad) * grown**3,
        _rest(rest_rad or {}),
    )
    drive = Drive(activation_s, deactivation_s, passive_force, eccentric_force)
    forces = {
        m.name: m.pcsa_cm2 * specific_tension_n_per_cm2 * math.cos(m.pennation_rad) * scale**2
        for m in muscles()
    }
    root = document(mechanics, rods)
    _muscles(root, forces, drive, scale)
    ET.indent(root)
    return BodyModel(
        name="mouse_forelimb",
        mjcf=ET.tostring(root, encoding="unicode"),
        osim=mouse_forelimb_osim(mechanics, rods, forces, drive, INITIAL_RAD),
        initial=dict(zip(JOINTS, INITIAL_RAD, strict=True)),
        facts={
            "scale": scale,
            "humerus_length_m": rods[0].length_m,
            "forearm_length_m": rods[1].length_m,
            "limb_mass_kg": sum(segment.mass_kg for segment in rods),
            "specific_tension_n_per_cm2": specific_tension_n_per_cm2,
            "max_force_n": forces,
        },
    )


def _muscles(root: ET.Element, forces: Mapping[str, float], drive: Drive, scale: float) -> None:
    """A tendon and an actuator for every muscle. forces: peak isometric force by muscle, N."""
    tendons, actuators = ET.SubElement(root, "tendon"), ET.SubElement(root, "actuator")
    for muscle in muscles():
        force = forces[muscle.name]
        tendon(tendons, muscle, force, scale)
        ET.SubElement(
            actuators,
            "muscle",
            {
                "name": muscle.name,
                "tendon": muscle.name,
                "force": text(force),
                **_length_map(muscle, scale),
                "timeconst": text((drive.activation_s, drive.deactivation_s)),
                "vmax": text(muscle.max_velocity_l0_per_s),
                "lmin": text(FORCE_LENGTH_LOW),
                "lmax": text(FORCE_LENGTH_HIGH),
                "fpmax": text(drive.passive_force),
                "fvmax": text(drive.eccentric_force),
            },
        )


def _not_negative(stiffness_n_m_per_rad: float) -> float:
    if not (math.isfinite(stiffness_n_m_per_rad) and stiffness_n_m_per_rad >= 0):
        raise BodyError(
            f"mouse_forelimb: stiffness_n_m_per_rad = {stiffness_n_m_per_rad:g} must be 0 or positive"
        )
    return stiffness_n_m_per_rad


def _rest(given: Mapping[str, float]) -> tuple[float, ...]:
    for name in given:
        if name not in JOINTS:
            raise BodyError(f"mouse_forelimb: rest_rad names no joint '{name}'; {known(JOINTS)}")
    return tuple(float(given.get(name, start)) for name, start in zip(JOINTS, INITIAL_RAD, strict=True))


def _check_positive(arguments: dict[str, float]) -> None:
    for name, value in arguments.items():
        if not (math.isfinite(value) and value > 0):
            raise BodyError(f"mouse_forelimb: {name} = {value:g} must be a positive number")


def _length_map(muscle: Muscle, scale: float) -> dict[str, str]:
    """MuJoCo derives L0 = (Lmax - Lmin) / (range1 - range0) and LT = Lmin - range0 L0; solved for the ranges."""
    low, high = muscle.shortest_m, muscle.longest_m
    return {
        "lengthrange": text((low * scale, high * scale)),
        "range": text(tuple((x - muscle.slack_length_m) / muscle.optimal_length_m for x in (low, high))),
    }
