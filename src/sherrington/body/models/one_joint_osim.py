"""The one-joint body for OpenSim, from the facts of ``one_joint``: same names, same geometry, same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from . import osim_muscle
from .osim_xml import Coordinate, OsimDocument, PathPoint, Place, Wrap

LIMIT_OMEGA_PER_S, LIMIT_GIVE = 52.6, 0.05
"""MuJoCo's default limit: a spring of rate 1 / (0.95 * 0.02 s) that lets 5 % of the push through, critically damped."""

_PULLEY_LENGTHS = 8.0


def one_joint_osim(
    facts: Mapping[str, float], length_m: float, site_radii: float, site_turn_rad: float
) -> str:
    """The document. facts: those of the body; site_radii, site_turn_rad: where the muscles begin and end."""
    document = OsimDocument("one_joint", (0.0, 0.0, -facts["gravity_m_per_s2"]))
    mass, arm = facts["mass_kg"], facts["moment_arm_m"]
    swing, spin = mass * length_m**2 / 12, mass * (0.05 * length_m) ** 2
    document.body("rod", mass, (0.0, 0.0, -length_m / 2), np.diag([swing, swing, spin]))
    down = np.array([0.0, -1.0, 0.0])
    hinge = Coordinate("hinge", down, -facts["range_rad"], facts["range_rad"])
    document.hinge("hinge_joint", Place("ground", np.zeros(3), np.eye(3)), "rod", hinge)
    side, height = arm * site_radii * math.sin(site_turn_rad), arm * site_radii * math.cos(site_turn_rad)
    for name, sign in (("flexor", 1.0), ("extensor", -1.0)):
        _muscle(document, name, sign, (side, height), facts)
    document.spring("hinge", facts["stiffness_n_m_per_rad"], facts["damping_n_m_s_per_rad"])
    stiffness = facts["inertia_kg_m2"] * LIMIT_OMEGA_PER_S**2 * (1.0 - LIMIT_GIVE) / LIMIT_GIVE
    document.limit(hinge, stiffness, 2.0 * math.sqrt(stiffness * facts["inertia_kg_m2"]), 0.01)
    _markers(document, arm, (side, height), length_m)
    return document.text()


def _muscle(
    document: OsimDocument, name: str, sign: float, site: tuple[float, float], facts: Mapping[str, float]
) -> None:
    """Round the pulley on the side of ``sign`` x, between sites turned to the other side."""
    arm = facts["moment_arm_m"]
    # Columns: x on the muscle's side, z along the hinge, y what makes it right-handed.
    turned = np.array([[sign, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -sign, 0.0]])
    pulley = f"pulley_{name}"
    document.wrap(Wrap(pulley, Place("ground", np.zeros(3), turned), arm, _PULLEY_LENGTHS * arm))
    x, z = -sign * site[0], site[1]
    points = [PathPoint("ground", np.array([x, 0.0, z])), PathPoint("rod", np.array([x, 0.0, -z]))]
    numbers = osim_muscle.numbers(
        *(facts[key] for key in ("max_force_n", "optimal_length_m", "tendon_slack_length_m")),
        *(facts[key] for key in ("max_velocity_l0_per_s", "activation_s", "deactivation_s")),
    )
    # Passive force as good as none: all passive elasticity is the joint's spring.
    curves = osim_muscle.curves(osim_muscle.ACTIVE_05_16, 1.2, osim_muscle.passive_force(1e-9, 1.6))
    document.muscle(name, points, {pulley: (1, 2)}, numbers, curves)


def _markers(document: OsimDocument, arm: float, site: tuple[float, float], length_m: float) -> None:
    side, height = site
    for name, body, position in (
        ("flexor_origin", "ground", (-side, 0.0, height)),
        ("extensor_origin", "ground", (side, 0.0, height)),
        ("flexor_side", "ground", (2 * arm, 0.0, 0.0)),
        ("extensor_side", "ground", (-2 * arm, 0.0, 0.0)),
        ("flexor_insertion", "rod", (-side, 0.0, -height)),
        ("extensor_insertion", "rod", (side, 0.0, -height)),
        ("tip", "rod", (0.0, 0.0, -length_m)),
    ):
        document.marker(name, body, position)
