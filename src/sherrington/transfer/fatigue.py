"""Fatigue of a muscle as three compartments: resting, active and fatigued (Xia & Frey Law 2008).

XF08: Xia & Frey Law 2008, J Biomech 41:3046-3052, doi 10.1016/j.jbiomech.2008.07.013.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import NeverError

Floats = NDArray[np.float64]


class Fatigue:
    """How much of each muscle is active, fatigued and resting; the three add up to 1.

    XF08: active muscle fatigues at the rate F, fatigued muscle recovers at the rate R, and resting muscle is
    recruited as far as the drive asks and there is any::

        dM_F/dt = F M_A - R M_F,   M_A = min(drive, 1 - M_F),   M_R = 1 - M_A - M_F

    Ours: recruitment is immediate; XF08 let it follow within 0.1 s, which a muscle with activation dynamics
    does by itself. Each interval is solved exactly for the drive and the regime at its start.

    fatigue_per_s, recovery_per_s: F and R, 1/s. Human ankle: 0.00589 and 0.00058, shoulder: 0.0182 and 0.00168
    (Frey-Law, Looft & Heitsman 2012, J Biomech 45:1803-1808, doi 10.1016/j.jbiomech.2012.04.018).
    """

    def __init__(self, fatigue_per_s: float, recovery_per_s: float) -> None:
        if fatigue_per_s < 0.0 or recovery_per_s < 0.0:
            raise NeverError(
                f"fatigue_per_s and recovery_per_s must not be negative, got {fatigue_per_s}, {recovery_per_s}"
            )
        self._fatigue_per_s, self._recovery_per_s = fatigue_per_s, recovery_per_s
        self.fatigued: Floats | float = 0.0
        """Share of each muscle, 0 to 1."""

    def active(self, drive: Floats, dt_s: float) -> Floats:
        """The share that is active under a drive of 0 to 1 that has lasted for ``dt_s``."""
        f, r = self._fatigue_per_s, self._recovery_per_s
        limited = drive > 1.0 - self.fatigued
        entering = np.where(limited, f, f * drive)
        leaving = np.where(limited, f + r, r)
        change = (entering - leaving * self.fatigued) * _mean_decay(leaving, dt_s)
        self.fatigued = np.clip(self.fatigued + change, 0.0, 1.0)
        return np.minimum(drive, 1.0 - self.fatigued)


def _mean_decay(rate_per_s: Floats, dt_s: float) -> Floats:
    """``(1 - exp(-rate dt)) / rate``, dt where the rate is 0."""
    safe = np.where(rate_per_s > 0.0, rate_per_s, 1.0)
    return np.where(rate_per_s > 0.0, -np.expm1(-safe * dt_s) / safe, dt_s)
