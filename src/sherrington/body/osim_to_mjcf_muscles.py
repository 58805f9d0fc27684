"""The numbers of MuJoCo's muscle for each class of OpenSim's.

MuJoCo's muscle has a rigid tendon, no pennation and curves of its own; ``docs/importing-opensim.md`` has every
formula of this file in words.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import least_squares

from .osim_document import OsimModel
from .osim_to_mjcf_frames import Floats

RANGE = (0.5, 1.6)
"""Fibre lengths, in optimal lengths, at the two ends of ``lengthrange``; any other pair would mean the same muscle."""
FITTED = (0.4, 1.6)
"""Fibre lengths over which MuJoCo's active curve is fitted."""

# Constants of De Groote et al. 2016, doi 10.1007/s10439-016-1591-9, as OpenSim's DeGrooteFregly2016Muscle has them:
# height, middle and the two terms of the width of each of three bells.
_BELLS = (
    (0.8150671134243542, 1.055033428970575, 0.162384573599574, 0.063303448465465),
    (0.433004984392647, 0.716775413397760, -0.029947116970696, 0.200356847296188),
    (0.1, 1.0, 0.353553390593274, 0.0),
)

_TIMES = {
    "Millard2012EquilibriumMuscle": (0.010, 0.040),
    "Millard2012AccelerationMuscle": (0.010, 0.040),
    "DeGrooteFregly2016Muscle": (0.015, 0.060),
    "Thelen2003Muscle": (0.015, 0.050),
}
"""Time constants of activation and deactivation, s, where a document gives none (OpenSim 4.6)."""


@dataclass(frozen=True)
class MuscleNumbers:
    """optimal_m, slack_m: MuJoCo's L0 and LT; shortest, longest: ends of the active curve, in L0; passive, eccentric:
    fpmax and fvmax, in peak forces; max_velocity: L0/s."""

    force_n: float
    optimal_m: float
    slack_m: float
    activation_s: float
    deactivation_s: float
    max_velocity: float
    shortest: float
    longest: float
    passive: float
    eccentric: float

    @property
    def length_range_m(self) -> tuple[float, float]:
        """L0 = (Lmax - Lmin) / (range1 - range0) and LT = Lmin - range0 L0, solved for Lmin and Lmax."""
        low, high = (self.slack_m + r * self.optimal_m for r in RANGE)
        return low, high


def read_muscle(document: OsimModel, muscle: ET.Element, label: str, warnings: list[str]) -> MuscleNumbers:
    """The numbers of one muscle; warns where its class has no counterpart."""
    known = muscle.tag in _TIMES
    if not known:
        warnings.append(
            f"{label}: curves and activation of {muscle.tag} are replaced by those of Millard's muscle"
        )
    shortest, longest = force_length_ends(_active(document, muscle))
    activation_s, deactivation_s = _times(document, muscle)
    optimal_m, slack_m = rigid_tendon(
        document.number(muscle, "optimal_fiber_length", 0.1),
        document.number(muscle, "tendon_slack_length", 0.2),
        document.number(muscle, "pennation_angle_at_optimal", 0.0),
    )
    return MuscleNumbers(
        document.number(muscle, "max_isometric_force", 1000.0)
        * math.cos(document.number(muscle, "pennation_angle_at_optimal", 0.0)),
        optimal_m,
        slack_m,
        activation_s,
        deactivation_s,
        document.number(muscle, "max_contraction_velocity", 10.0),
        shortest,
        longest,
        _passive(document, muscle, longest),
        _eccentric(document, muscle),
    )


def rigid_tendon(optimal_m: float, slack_m: float, pennation_rad: float) -> tuple[float, float]:
    """L0 and LT of a muscle without pennation whose fibre has the same length, and lengthens as fast with the whole
    muscle, where the pennate one is at its optimum: L = slack + sqrt(l^2 - (l0 sin a)^2), so dl/dL = cos a there."""
    cosine = math.cos(pennation_rad)
    longer_m = optimal_m / cosine
    return longer_m, slack_m + optimal_m * cosine - longer_m


def mujoco_active(length: Floats, shortest: float, longest: float) -> Floats:
    """MuJoCo's active force-length curve (its documentation, "Muscle actuators"): four pieces of parabola."""
    side = np.where(length < 1.0, shortest, longest)
    from_end = np.clip((length - side) / (1.0 - side), 0.0, 1.0)
    return np.where(from_end < 0.5, 2.0 * from_end**2, 1.0 - 2.0 * (1.0 - from_end) ** 2)


def force_length_ends(curve: Callable[[Floats], Floats]) -> tuple[float, float]:
    """MuJoCo's ``lmin`` and ``lmax`` for a curve: least squares over ``FITTED``."""
    length = np.linspace(*FITTED, 121)
    wanted = curve(length)

    def error(ends: Floats) -> Floats:
        return mujoco_active(length, float(ends[0]), float(ends[1])) - wanted

    found = least_squares(error, (0.5, 1.6))
    return float(found.x[0]), float(found.x[1])


# --- curves -----------------------------------------------------------------------------------------------------


def _active(document: OsimModel, muscle: ET.Element) -> Callable[[Floats], Floats]:
    if muscle.tag == "DeGrooteFregly2016Muscle":
        scale = document.number(muscle, "active_force_width_scale", 1.0)
        return lambda length: bells((length - 1.0) / scale + 1.0)
    if muscle.tag == "Thelen2003Muscle":
        width = document.number(muscle, "KshapeActive", 0.45)
        return lambda length: np.exp(-((length - 1.0) ** 2) / width)
    return millard_active(document, _curve(muscle, "ActiveForceLengthCurve"))


def bells(length: Floats) -> Floats:
    """De Groote's active force-length curve."""
    return np.asarray(sum(h * np.exp(-0.5 * ((length - m) / (w + v * length)) ** 2) for h, m, w, v in _BELLS))


def millard_active(document: OsimModel, curve: ET.Element) -> Callable[[Floats], Floats]:
    """Millard's active force-length curve (2013, doi 10.1115/1.4023390) through the points where its pieces meet,
    which its five properties decide, and their middles; between them cubic here, quintic there."""
    shortest = document.number(curve, "min_norm_active_fiber_length", 0.4441)
    bend = document.number(curve, "transition_norm_fiber_length", 0.73)
    longest = document.number(curve, "max_norm_active_fiber_length", 1.8123)
    shallow = document.number(curve, "shallow_ascending_slope", 0.8616)
    shoulder = 0.05
    at_bend = 1.0 - shallow * (1.0 - shoulder - bend)
    fall = -1.0 / (longest - 1.0 - 2 * shoulder)
    points = (
        (shortest, 0.0, 0.0),
        ((shortest + bend) / 2, at_bend / 2, 1.25 * at_bend / (bend - shortest)),
        ((bend + 1.0 - shoulder) / 2, (at_bend + 1.0) / 2, shallow),
        (1.0, 1.0, 0.0),
        ((1.0 + shoulder + longest) / 2, 0.5, fall),
        (longest, 0.0, 0.0),
    )
    x, height, slope = np.array(points).T
    spline = CubicHermiteSpline(x, height, slope)
    return lambda length: np.asarray(spline(np.clip(length, shortest, longest)))


def _passive(document: OsimModel, muscle: ET.Element, longest: float) -> float:
    """fpmax, with which MuJoCo's passive curve reaches the peak force at the same strain as OpenSim's. MuJoCo's is a
    parabola up to the middle between 1 and lmax, where it is fpmax / 2, and straight from there on."""
    if document.flag(muscle, "ignore_passive_fiber_force", False):
        return 0.0
    if muscle.tag == "DeGrooteFregly2016Muscle":
        strain = document.number(muscle, "passive_fiber_strain_at_one_norm_force", 0.6)
    elif muscle.tag == "Thelen2003Muscle":
        strain = document.number(muscle, "FmaxMuscleStrain", 0.6)
    else:
        strain = document.number(_curve(muscle, "FiberForceLengthCurve"), "strain_at_one_norm_force", 0.7)
    share = strain / ((longest - 1.0) / 2.0)
    return 1.0 / (0.5 * share**2 if share <= 1.0 else share - 0.5) if strain > 0 else 0.0


def _eccentric(document: OsimModel, muscle: ET.Element) -> float:
    """fvmax. De Groote's curve has no plateau: 1.59 is its value at half of the greatest velocity."""
    if muscle.tag == "DeGrooteFregly2016Muscle":
        return 1.59
    if muscle.tag == "Thelen2003Muscle":
        return document.number(muscle, "Flen", 1.4)
    return document.number(
        _curve(muscle, "ForceVelocityCurve"), "max_eccentric_velocity_force_multiplier", 1.4
    )


def _times(document: OsimModel, muscle: ET.Element) -> tuple[float, float]:
    activation_s, deactivation_s = _TIMES.get(muscle.tag, (0.010, 0.040))
    model = _curve(muscle, "MuscleFirstOrderActivationDynamicModel")
    owner = muscle if model.find("activation_time_constant") is None else model
    return (
        document.number(owner, "activation_time_constant", activation_s),
        document.number(owner, "deactivation_time_constant", deactivation_s),
    )


def _curve(muscle: ET.Element, tag: str) -> ET.Element:
    return next(muscle.iter(tag), ET.Element(tag))
