"""The vestibular organs of a free head: rotation and specific force to firing rates, in push-pull pairs.

FG71: Fernandez & Goldberg 1971, J Neurophysiol 34:661-675, doi 10.1152/jn.1971.34.4.661.
FG76: Fernandez & Goldberg 1976, J Neurophysiol 39:996-1008, doi 10.1152/jn.1976.39.5.996.
YH07: Yang & Hullar 2007, J Neurophysiol 98:3197-3205, doi 10.1152/jn.00798.2007 (mouse).
S15: Schneider et al. 2015, J Neurosci 35:5522-5536, doi 10.1523/JNEUROSCI.3841-14.2015 (macaque).
See docs/science/vestibular.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np
from numpy.typing import NDArray

from ..errors import NeverError
from .filters import RealPoles
from .function import ANY, transfer
from .proprioception import held

Floats = NDArray[np.float64]

CUPULA_S = 5.7
"""Long time constant of cupula and endolymph: squirrel monkey, FG71; used by S15."""
LEAD_S = {False: 0.0175, True: 0.03}
LAG_S = {False: 0.0027, True: 0.0006}
"""S15, by ``irregular``."""
CANAL_HZ_PER_DEG_PER_S = {False: 0.10, True: 0.25}
"""Mouse, horizontal canal, at 0.5 Hz, regular and high-gain irregular (YH07)."""
MEASURED_AT_HZ = 0.5

OTOLITH_HZ_PER_G = 59.0
"""Macaque, regular afferents, at 1 rad/s (S15)."""
OTOLITH_STEADY = 0.790
OTOLITH_ZEROS_PER_S = (0.1058, 1.5494, 79.79)
OTOLITH_POLES_PER_S = (0.1273, 1.8299, 600.0)
"""Ours: fitted to S15, ``s^0.0643 (1 + 0.0138 s)^2.208 / (1 + 0.0255 s)``, from 0.01 to 8 Hz: gain within 9 %,
phase within 3 degrees."""
G_M_PER_S2 = 9.80665


@transfer(inputs={"angular_velocity": ANY}, outputs={"rate": "Hz"}, low=0.0)
class SemicircularCanals:
    """Canal afferents: angular velocity of the head to pairs of rates (Fernandez & Goldberg 1971).

    ``rate = baseline +- sensitivity * H(w)``, held to 0..maximum, for each axis, with ::

        H(s) = k * tau s / (1 + tau s) * (1 + lead s) / (1 + lag s),   |H| = 1 at 0.5 Hz

    tau s / (1 + tau s): cupula and endolymph as an overdamped torsion pendulum, which forgets a constant
    rotation; lead and lag: afferents' phase lead at high frequencies, as S15 fitted it to macaques. Exact at
    any interval for a velocity that runs in a straight line between calls.

    angular_velocity: shape (3,), rad/s, in the frame of the head, e.g. a MuJoCo ``gyro`` in ``body.sensor``.
    axes: one vector per pair, in that frame, along which the pair is most sensitive; only its direction
    counts; by default the frame's own x, y and z. irregular: which of the two published kinds of afferent.
    sensitivity_hz_per_deg_per_s: at 0.5 Hz; by default that of the kind in mice, 0.10 or 0.25 (YH07).
    cupula_s: 5.7. baseline_hz: 60, maximum_hz: 300, ours. Returns shape (2 * n_axes,), Hz: axis 0 positive,
    axis 0 negative, axis 1 positive, and so on. Raises NeverError for axes that are not vectors of three,
    ValueError for another input.
    """

    def __init__(
        self,
        *,
        axes: Sequence[Sequence[float]] | None = None,
        irregular: bool = False,
        sensitivity_hz_per_deg_per_s: float | None = None,
        cupula_s: float = CUPULA_S,
        baseline_hz: float = 60.0,
        maximum_hz: float = 300.0,
    ) -> None:
        at_hz = CANAL_HZ_PER_DEG_PER_S[irregular]
        if sensitivity_hz_per_deg_per_s is not None:
            at_hz = sensitivity_hz_per_deg_per_s
        if not cupula_s > 0.0:
            raise NeverError(f"cupula_s must be positive, got {cupula_s}")
        zeros, poles = (0.0, 1.0 / LEAD_S[irregular]), (1.0 / cupula_s, 1.0 / LAG_S[irregular])
        s = 2j * pi * MEASURED_AT_HZ
        shape = abs((s + zeros[0]) * (s + zeros[1]) / ((s + poles[0]) * (s + poles[1])))
        self._filter = RealPoles(zeros_per_s=zeros, poles_per_s=poles, gain=float(np.degrees(at_hz / shape)))
        self._axes = unit_axes(axes)
        self._baseline_hz, self._maximum_hz = baseline_hz, maximum_hz

    def __call__(self, angular_velocity: Floats, *, dt_s: float) -> Floats:
        change = self._filter(self._axes @ of_three(angular_velocity, "angular_velocity"), dt_s)
        return pairs(self._baseline_hz, change, self._maximum_hz)


@transfer(inputs={"specific_force": ANY}, outputs={"rate": "Hz"}, low=0.0)
class Otoliths:
    """Otolith afferents: specific force on the head to pairs of rates (Fernandez & Goldberg 1976).

    ``rate = baseline +- sensitivity * H(a / g)``, held to 0..maximum, for each axis. H is nearly flat, as
    regular afferents are: a steady force, gravity, gives 0.79, and the response leads by a few degrees. It is
    our fit of three real poles to the fractional transfer function of S15 (macaque), exact at any interval for
    a force that runs in a straight line between calls. Numbers for mice we did not find.

    specific_force: shape (3,), m/s2, in the frame of the head, gravity included, e.g. a MuJoCo
    ``accelerometer`` in ``body.sensor``; at rest it is 9.81 upwards. axes: as in ``semicircular_canals``.
    sensitivity_hz_per_g: 59, at 1 rad/s (S15). baseline_hz: 60, maximum_hz: 300, ours. Returns shape (2 *
    n_axes,), Hz: axis 0 positive, axis 0 negative, and so on. Raises NeverError for axes that are not vectors
    of three, ValueError for another input.
    """

    def __init__(
        self,
        *,
        axes: Sequence[Sequence[float]] | None = None,
        sensitivity_hz_per_g: float = OTOLITH_HZ_PER_G,
        baseline_hz: float = 60.0,
        maximum_hz: float = 300.0,
    ) -> None:
        to_poles = np.prod(OTOLITH_POLES_PER_S) / np.prod(OTOLITH_ZEROS_PER_S)
        self._filter = RealPoles(
            zeros_per_s=OTOLITH_ZEROS_PER_S,
            poles_per_s=OTOLITH_POLES_PER_S,
            gain=float(sensitivity_hz_per_g / G_M_PER_S2 * OTOLITH_STEADY * to_poles),
        )
        self._axes = unit_axes(axes)
        self._baseline_hz, self._maximum_hz = baseline_hz, maximum_hz

    def __call__(self, specific_force: Floats, *, dt_s: float) -> Floats:
        change = self._filter(self._axes @ of_three(specific_force, "specific_force"), dt_s)
        return pairs(self._baseline_hz, change, self._maximum_hz)


def unit_axes(axes: Sequence[Sequence[float]] | None) -> Floats:
    """Shape (n_axes, 3), each of length 1. Raises NeverError."""
    given = np.eye(3) if axes is None else np.array(axes, np.float64)
    if given.ndim != 2 or given.shape[1] != 3 or not given.any(axis=1).all():
        raise NeverError(f"axes must be vectors of three numbers, none of them all zero; got {axes}")
    return np.asarray(given / np.linalg.norm(given, axis=1, keepdims=True))


def of_three(vector: Floats, name: str) -> Floats:
    """The vector as it is. Raises ValueError when it has not three components."""
    if vector.shape != (3,):
        raise ValueError(
            f"{name} has shape {vector.shape}, not (3,); select the three channels of one sensor"
        )
    return vector


def pairs(baseline_hz: float, change_hz: Floats, maximum_hz: float) -> Floats:
    """``baseline +- change`` within 0..maximum, side by side: 0 positive, 0 negative, 1 positive, ..."""
    return held(baseline_hz + np.stack([change_hz, -change_hz], axis=-1), maximum_hz).ravel()
