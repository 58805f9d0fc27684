"""Skin: contact force to slowly and rapidly adapting afferents. The forms and the numbers are ours.

What they must do is published: slowly adapting (SA) afferents answer the onset most and go on firing in a
hold; rapidly adapting (RA) ones answer onset and release and are silent in between (Johansson & Vallbo 1979,
J Physiol 286:283-300, doi 10.1113/jphysiol.1979.sp012619; Abraira & Ginty 2013, Neuron 79:618-639, doi
10.1016/j.neuron.2013.07.051; mouse: Walcher et al. 2018, J Physiol 596:4995-5016, doi 10.1113/JP276608).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .filters import RealPoles
from .function import transfer
from .proprioception import held

Floats = NDArray[np.float64]


@transfer(inputs={"force": "N"}, outputs={"sa": "Hz", "ra": "Hz"}, low=0.0)
class Skin:
    """Slowly and rapidly adapting afferents of the skin of each body part.

    ``p = F / (F + half_force)``, a saturating hyperbola as in ``contact_receptor``, is what both see::

        sa = sa_hz * (sustained + sa_tau s) / (1 + sa_tau s) / (1 + skin_tau s) p, held to 0..maximum
        ra = ra_hz * |ra_tau s / ((1 + ra_tau s)(1 + skin_tau s)) p|, held to 0..maximum

    SA: a step gives nearly ``sa_hz p`` and adapts to its ``sustained`` share. RA: the rate of change of p in
    either direction, band-passed; most sensitive at ``1 / (2 pi sqrt(ra_tau skin_tau))``, 20 Hz by default.
    Exact at any interval for a p that runs in a straight line between calls.

    force: shape (n_bodies,), N, ``body.contact_force``. half_force_N: 0.06, a quarter of the weight of a mouse.
    sa_hz: 100, at the onset of a large force. sustained: 0.4. sa_tau_ms: 200. ra_hz: 200; a sudden large force
    makes a channel fire ``ra_hz * ra_tau`` = 3.2 spikes an afferent, in all. ra_tau_ms: 16. skin_tau_ms: 4.
    maximum_hz: 200. Returns (sa, ra), shape (n_bodies,) each, Hz. Raises NeverError when a time constant is
    not positive or equals that of the skin.
    """

    def __init__(
        self,
        *,
        half_force_N: float = 0.06,
        sa_hz: float = 100.0,
        sustained: float = 0.4,
        sa_tau_ms: float = 200.0,
        ra_hz: float = 200.0,
        ra_tau_ms: float = 16.0,
        skin_tau_ms: float = 4.0,
        maximum_hz: float = 200.0,
    ) -> None:
        sa, ra, skin = (1000.0 / tau if tau > 0.0 else 0.0 for tau in (sa_tau_ms, ra_tau_ms, skin_tau_ms))
        self._slow = RealPoles(zeros_per_s=[sustained * sa], poles_per_s=[sa, skin], gain=sa_hz * skin)
        self._rapid = RealPoles(zeros_per_s=[0.0], poles_per_s=[ra, skin], gain=ra_hz * skin)
        self._half_force_N, self._maximum_hz = half_force_N, maximum_hz

    def __call__(self, force: Floats, *, dt_s: float) -> tuple[Floats, Floats]:
        pressed = np.maximum(force, 0.0)
        seen = pressed / (pressed + self._half_force_N)
        slow, rapid = self._slow(seen, dt_s), np.abs(self._rapid(seen, dt_s))
        return held(slow, self._maximum_hz), held(rapid, self._maximum_hz)
