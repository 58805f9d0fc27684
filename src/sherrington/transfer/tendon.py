"""Tendon organs with their dynamics: the ensemble of a muscle as a linear filter of its force.

HS67: Houk & Simon 1967, J Neurophysiol 30:1466-1481, doi 10.1152/jn.1967.30.6.1466.
LC02: Lin & Crago 2002, Ann Biomed Eng 30:54-67.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .filters import RealPoles
from .function import transfer
from .proprioception import IB_HZ_AT_MAX_FORCE, held, positive

Floats = NDArray[np.float64]

DIRECT = 1.7
ZEROS_PER_S = tuple(float(-r) for r in np.roots([1.7, 2.58, 0.4]))
POLES_PER_S = (0.2, 2.0)
"""``(1.7 s^2 + 2.58 s + 0.4) / (s^2 + 2.2 s + 0.4)``, HS67 as used by LC02."""


@transfer(inputs={"force": "N", "max_force": "N"}, outputs={"rate": "Hz"}, low=0.0)
class TendonOrganIbDynamic:
    """Golgi tendon organ afferents, Ib, that overshoot a rise of force and adapt (Houk & Simon 1967).

    ``rate = gain * 333 H(F / Fmax)``, held to 0..maximum, with ``H(s) = (1.7 s^2 + 2.58 s + 0.4) / (s^2 +
    2.2 s + 0.4)``: 1.7 times the steady rate at a step, then down to it with time constants of 0.5 and 5 s.
    The steady rate is that of ``tendon_organ_ib``. Exact at any interval for a force that runs in a straight
    line between calls.

    Ours: H is applied to the force of the whole muscle, as the ensemble is nearly linear in it; LC02 put a
    logarithm of force before it.

    force, max_force: shape (n_muscles,), N. gain: 1. maximum_hz: 600, ours, above 1.7 times 333. Returns
    shape (n_muscles,), Hz. Raises ValueError where ``max_force`` is not positive.
    """

    def __init__(self, *, gain: float = 1.0, maximum_hz: float = 600.0) -> None:
        self._filter = RealPoles(zeros_per_s=ZEROS_PER_S, poles_per_s=POLES_PER_S, gain=DIRECT)
        self._hz, self._maximum_hz = gain * IB_HZ_AT_MAX_FORCE, maximum_hz

    def __call__(self, force: Floats, max_force: Floats, *, dt_s: float) -> Floats:
        share = force / positive(max_force, "max_force")
        return held(self._hz * self._filter(share, dt_s), self._maximum_hz)
