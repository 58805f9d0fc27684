"""Gives Millard's muscle (OpenSim's ``Millard2012EquilibriumMuscle``) the curves of MuJoCo's muscle.

Of OpenSim's muscles it is the one whose activation follows the same equation as MuJoCo's (Millard et al. 2013, doi
10.1115/1.4023390, with a minimum activation of 0) and whose curves can all be changed. On a rigid tendon, without
fibre damping and pennation, only the shapes of the curves are left to differ; the fits below are ours, and
``docs/science/opensim-engine.md`` says how far they are from MuJoCo's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActiveCurve:
    """Properties of OpenSim's ``ActiveForceLengthCurve``, fibre lengths in optimal lengths."""

    shortest: float
    transition: float
    longest: float
    shallow_slope: float

    def properties(self) -> dict[str, float]:
        return {
            "min_norm_active_fiber_length": self.shortest,
            "transition_norm_fiber_length": self.transition,
            "max_norm_active_fiber_length": self.longest,
            "shallow_ascending_slope": self.shallow_slope,
            "minimum_value": 0.0,
        }


ACTIVE_05_16 = ActiveCurve(0.5817, 0.8881, 1.5858, 1.7553)
"""MuJoCo's default curve, ends at 0.5 and 1.6: least squares between 0.7 and 1.3."""

ACTIVE_033_171 = ActiveCurve(0.3855, 0.9317, 1.8023, 0.8686)
"""MuJoCo's curve with ends at 0.33 and 1.71, that of the forelimb: least squares between 0.34 and 1.3."""


def force_velocity(eccentric_force: float) -> dict[str, float]:
    """MuJoCo's curve: (1 + v)^2 while it shortens, slope 2 at rest, ``eccentric_force`` when it lengthens fast."""
    return {
        "concentric_slope_at_vmax": 0.0,
        "concentric_slope_near_vmax": 0.28,
        "isometric_slope": 1.87,
        "eccentric_slope_at_vmax": 0.0,
        "eccentric_slope_near_vmax": 1e-4,
        "max_eccentric_velocity_force_multiplier": eccentric_force,
        "concentric_curviness": 0.63,
        "eccentric_curviness": 0.95,
    }


def passive_force(at_stretch: float, longest: float) -> dict[str, float]:
    """MuJoCo's curve: half of ``at_stretch`` (in peak forces) at the middle between 1 and ``longest``, then straight.

    Straight on, it reaches the peak force at a strain of (0.5 + 1 / at_stretch) (longest - 1) / 2.
    """
    half = (longest - 1.0) / 2.0
    slope = at_stretch / half
    return {
        "strain_at_zero_force": 0.0,
        "strain_at_one_norm_force": half * (0.5 + 1.0 / at_stretch),
        "stiffness_at_low_force": 0.5 * slope,
        "stiffness_at_one_norm_force": slope,
        "curviness": 1.0,
    }


def numbers(
    max_force_n: float,
    optimal_length_m: float,
    slack_length_m: float,
    max_velocity_l0_per_s: float,
    activation_s: float,
    deactivation_s: float,
) -> dict[str, float]:
    """Properties of the muscle itself; excitation from 0 to 1, activation from 0."""
    return {
        "max_isometric_force": max_force_n,
        "optimal_fiber_length": optimal_length_m,
        "tendon_slack_length": slack_length_m,
        "pennation_angle_at_optimal": 0.0,
        "max_contraction_velocity": max_velocity_l0_per_s,
        "fiber_damping": 0.0,
        "default_activation": 0.0,
        "activation_time_constant": activation_s,
        "deactivation_time_constant": deactivation_s,
        "minimum_activation": 0.0,
        "min_control": 0.0,
    }


def curves(
    active: ActiveCurve, eccentric_force: float, passive: dict[str, float]
) -> dict[str, dict[str, float]]:
    """By curve, as ``OsimDocument.muscle`` takes them."""
    return {
        "ActiveForceLengthCurve": active.properties(),
        "ForceVelocityCurve": force_velocity(eccentric_force),
        "FiberForceLengthCurve": passive,
    }
