"""Muscle spindles with fusimotor drive: three intrafusal fibres, two afferents (Mileusnic et al. 2006).

MBLL06: Mileusnic, Brown, Lan & Loeb 2006, J Neurophysiol 96:1772-1788, doi 10.1152/jn.00868.2005.

Each fibre, bag1, bag2 and chain, is a sensory region in series with a polar region. The sensory region is a
spring, the polar region a spring beside a damper of the power 0.3 and a force generator::

    T = K_SR u,                          u: stretch of the sensory region, L0
    T = beta C sgn(v) |v|^0.3 (x - R) + K_PR (x - 0.76) + Gamma,    x = L - 0.04 - u, v = dx/dt

L is the fascicle's length in units of L0; C is 1 in lengthening and 0.42 in shortening; fusimotor drive f
sets ``beta = beta0 + beta1 f`` and ``Gamma = Gamma1 f``, f being the drive's rate through a saturation and, in
the bags, a first-order lag. Stretch of the regions gives the rates; see docs/science/afferents.md.

Ours: the fibre's mass is left out, which makes the model's onset ring; C follows the polar region's own
velocity; x - R is not let below 0.02, far shorter than muscles work; each fibre's share of a rate is not let
below 0.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from .function import transfer
from .proprioception import STRETCH, positive

Floats = NDArray[np.float64]

# MBLL06, table 1, in the order bag1, bag2, chain.
BETA0 = np.array([0.0605, 0.0822, 0.0822])[:, None]
BETA1 = np.array([0.2592, -0.0460, -0.0690])[:, None]
GAMMA1 = np.array([0.0289, 0.0636, 0.0954])[:, None]
SENSORY_HZ = np.array([20000.0, 10000.0, 10000.0])[:, None]
"""Hz of the primary ending per L0 of its stretch."""
HALF_DRIVE_HZ = np.array([60.0, 60.0, 90.0])[:, None]
LAG_S = np.array([0.149, 0.205, 0.0])[:, None]
K_SR, K_PR = 10.4649, 0.1500
"""Stiffness of the sensory and of the polar region, in the model's unit of force per L0."""
SENSORY_L0, POLAR_L0, ZERO_FORCE_L0 = 0.04, 0.76, 0.46
SENSORY_THRESHOLD_L0, POLAR_THRESHOLD_L0 = 0.0423, 0.89
SHORTENING = 0.42
POWER = 0.3
OCCLUSION = 0.156
SECONDARY_HZ = 7250.0
SECONDARY_SHARE, SECONDARY_L0 = 0.7, 0.04
"""Share of the secondary ending on the sensory region, and its rest length."""

STEP_MS = 0.5
"""Longest sub-step; see docs/science/afferents.md for how it converges."""
NARROWEST_L0 = 0.02
"""Ours: the least ``x - R``."""
TINY = 1e-12


class Intrafusal:
    """The three fibres of one spindle in every muscle.

    Steps ``du/dt = dL/dt - v`` with an exponential Rosenbrock-Euler rule, length and drive taken at the
    middle of each sub-step: of second order, and stable however stiff the damper gets in fast stretch. L runs
    in a straight line from the last call to this one, so that the output does not lag.
    """

    def __init__(self) -> None:
        self._length: Floats | None = None
        self._stretch: Floats = np.empty(0)
        self._drive: Floats = np.empty(0)
        self._dt_s = self._step_s = 0.0
        self._middles: Floats = np.empty(0)
        self._lags: Floats = np.empty(0)

    def advance(self, length_l0: Floats, dynamic_hz: Floats, static_hz: Floats, dt_s: float) -> None:
        """To the present length, shape (n_muscles,), under the present drive, Hz, the same shape."""
        squared = np.stack([dynamic_hz, static_hz, static_hz]) ** 2
        target = squared / (squared + HALF_DRIVE_HZ**2)
        if self._length is None:
            self._length, self._drive = length_l0, target
            self._stretch = (K_PR * (length_l0 - SENSORY_L0 - POLAR_L0) + GAMMA1 * target) / (K_SR + K_PR)
        if dt_s != self._dt_s:
            self._set_interval(dt_s)
        lengths = self._length + self._middles * (length_l0 - self._length)
        drives = target + self._lags[:-1] * (self._drive - target)
        self._step((length_l0 - self._length) / dt_s, lengths, drives)
        self._drive = target + self._lags[-1] * (self._drive - target)
        self._length = length_l0

    def rates_hz(self) -> tuple[Floats, Floats]:
        """Ia and II, Hz, shape (n_muscles,) each; may exceed any maximum."""
        past = self._stretch - (SENSORY_THRESHOLD_L0 - SENSORY_L0)
        primary = np.maximum(SENSORY_HZ * past, 0.0)
        bag1, others = primary[0], primary[1] + primary[2]
        ia = np.maximum(bag1, others) + OCCLUSION * np.minimum(bag1, others)
        assert self._length is not None
        polar = self._length - self._stretch[1:] - (SENSORY_L0 + POLAR_THRESHOLD_L0)
        sensory_part = SECONDARY_SHARE * SECONDARY_L0 / SENSORY_L0 * past[1:]
        polar_part = (1.0 - SECONDARY_SHARE) * SECONDARY_L0 / POLAR_L0 * polar
        return ia, np.maximum(SECONDARY_HZ * (sensory_part + polar_part), 0.0).sum(axis=0)

    def _set_interval(self, dt_s: float) -> None:
        steps = max(1, ceil(dt_s * 1000.0 / STEP_MS - 1e-9))
        self._dt_s, self._step_s = dt_s, dt_s / steps
        middles = (np.arange(steps) + 0.5) / steps
        self._middles = middles.reshape(-1, 1, 1)
        times_s = dt_s * np.append(middles, 1.0).reshape(-1, 1, 1)
        # The chain has no lag: its drive is the target at once.
        self._lags = np.where(LAG_S > 0.0, np.exp(-times_s / np.maximum(LAG_S, TINY)), 0.0)

    def _step(self, speed: Floats, lengths: Floats, drives: Floats) -> None:
        """Through all sub-steps. speed: L0/s; lengths, drives: at the middle of each, (steps, 3, muscles)."""
        stiffness, h, u = K_SR + K_PR, self._step_s, self._stretch
        resting = K_PR * (lengths - SENSORY_L0 - POLAR_L0) + GAMMA1 * drives
        damping = BETA0 + BETA1 * drives
        widest = lengths - SENSORY_L0 - ZERO_FORCE_L0
        for rest, beta, wide in zip(resting, damping, widest, strict=True):
            force = stiffness * u - rest
            size = np.abs(force) + TINY
            velocity = (size / (beta * np.maximum(wide - u, NARROWEST_L0))) ** (1.0 / POWER)
            velocity *= np.where(force < 0.0, SHORTENING ** (-1.0 / POWER), 1.0)
            decay = velocity * (h * stiffness / POWER) / size + TINY
            u = u - h * np.expm1(-decay) / decay * (speed - np.copysign(velocity, force))
        self._stretch = u


class _Spindle:
    def __init__(self, rest_l0: float, maximum_hz: float) -> None:
        self._fibres = Intrafusal()
        self._rest_l0, self._maximum_hz = rest_l0, maximum_hz

    def rates(
        self, length: Floats, rest: Floats, optimal: Floats, dynamic: Floats, static: Floats, dt_s: float
    ) -> tuple[Floats, Floats]:
        normalised = self._rest_l0 + (length - rest) / positive(optimal, "optimal")
        self._fibres.advance(normalised, dynamic, static, dt_s)
        ia, ii = self._fibres.rates_hz()
        return np.minimum(ia, self._maximum_hz), np.minimum(ii, self._maximum_hz)


@transfer(
    inputs={**STRETCH, "gamma_dynamic": "Hz", "gamma_static": "Hz"},
    outputs={"ia": "Hz", "ii": "Hz"},
    low=0.0,
)
class MuscleSpindleGamma(_Spindle):
    """Spindle afferents Ia and II, with the rates of gamma motoneurons as inputs (Mileusnic et al. 2006).

    length, rest, optimal: shape (n_muscles,), m, as the body's ``muscle_`` outputs of those names.
    gamma_dynamic, gamma_static: shape (n_muscles,), Hz, mean rate of a gamma motoneuron of each muscle, e.g.
    ``brain.gamma_d.rate``; 70 Hz in the published experiments. rest_l0: fascicle length at the body's rest
    length, in L0, 1 (ours); without static drive the endings fall silent below 0.96. maximum_hz: of either
    output, 500 (ours). Returns (ia, ii), shape (n_muscles,) each, Hz. Raises ValueError where ``optimal`` is
    not positive.
    """

    def __init__(self, *, rest_l0: float = 1.0, maximum_hz: float = 500.0) -> None:
        super().__init__(rest_l0, maximum_hz)

    def __call__(
        self,
        length: Floats,
        rest: Floats,
        optimal: Floats,
        gamma_dynamic: Floats,
        gamma_static: Floats,
        *,
        dt_s: float,
    ) -> tuple[Floats, Floats]:
        return self.rates(length, rest, optimal, gamma_dynamic, gamma_static, dt_s)


@transfer(inputs=STRETCH, outputs={"ia": "Hz", "ii": "Hz"}, low=0.0)
class MuscleSpindle(_Spindle):
    """Spindle afferents Ia and II under constant fusimotor drive, for networks without gamma motoneurons.

    gamma_dynamic_hz, gamma_static_hz: rates of the two drives, Hz, 0 for a spindle whose motor nerve is cut.
    length, rest, optimal, rest_l0, maximum_hz and what is returned: as in ``muscle_spindle_gamma``.
    """

    def __init__(
        self,
        *,
        gamma_dynamic_hz: float = 0.0,
        gamma_static_hz: float = 0.0,
        rest_l0: float = 1.0,
        maximum_hz: float = 500.0,
    ) -> None:
        super().__init__(rest_l0, maximum_hz)
        self._drive_hz = (gamma_dynamic_hz, gamma_static_hz)

    def __call__(
        self, length: Floats, rest: Floats, optimal: Floats, *, dt_s: float
    ) -> tuple[Floats, Floats]:
        dynamic, static = (np.full(length.shape, hz) for hz in self._drive_hz)
        return self.rates(length, rest, optimal, dynamic, static, dt_s)
