"""Proprioceptors and skin: the state of the body to firing rates of afferents, in Hz.

The spindle formulas were fitted to cats, in mm and mm/s. They are carried to muscles of another size by their
optimal fibre length L0: a stretch of x L0 counts as x times ``reference_length_mm``. See
docs/science/afferents.md.

P99: Prochazka 1999, Prog Brain Res 123:133-142, doi 10.1016/S0079-6123(08)62850-2
(as handed on by others; we have not read it).
PG98: Prochazka & Gorassini 1998, J Physiol 507:277-291, doi 10.1111/j.1469-7793.1998.277bu.x.
M16: Moraud et al. 2016, Neuron 89:814-828, doi 10.1016/j.neuron.2016.01.009 (code: ModelDB 189786).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .function import transfer

Floats = NDArray[np.float64]

IA_VELOCITY_HZ = 4.3
"""Hz at 1 mm/s of lengthening (PG98)."""
IA_VELOCITY_EXPONENT = 0.6
"""PG98."""
IA_LENGTH_HZ_PER_MM = 2.0
"""PG98."""
II_LENGTH_HZ_PER_MM = 13.5
"""P99, as used by M16."""
IB_HZ_AT_MAX_FORCE = 333.0
"""P99."""

STRETCH = {"length": "m", "rest": "m", "optimal": "m"}
STRETCH_AND_VELOCITY = {"length": "m", "velocity": "m/s", "rest": "m", "optimal": "m"}


@transfer(inputs=STRETCH_AND_VELOCITY, outputs={"rate": "Hz"}, low=0.0)
def spindle_ia(
    length: Floats,
    velocity: Floats,
    rest: Floats,
    optimal: Floats,
    *,
    gain: float = 1.0,
    dynamic_gain: float = 1.0,
    static_gain: float = 1.0,
    baseline_hz: float = 82.0,
    reference_length_mm: float = 100.0,
    maximum_hz: float = 300.0,
) -> Floats:
    """Primary spindle afferents, Ia: fast and slow stretch to rate (Prochazka & Gorassini 1998).

    PG98, their model with displacement::

        rate = gain * (baseline + dynamic_gain * 4.3 sign(v) |v|^0.6 + static_gain * 2 d), held to 0..maximum

    d: mm stretched beyond rest; v: mm/s, lengthening positive; both of a muscle of ``reference_length_mm``.

    length, velocity, rest, optimal: shape (n_muscles,), m and m/s, as the body's ``muscle_`` outputs of those
    names. gain: 1. dynamic_gain, static_gain: 1 for the published fit; fusimotor drive raises one or the
    other. baseline_hz: 82, the fit's constant for walking cats. reference_length_mm: 100, which gives 200 Hz
    per L0, the static gain of the normalised form in P99 (our reading, see the docs). maximum_hz: 300, ours:
    above the peaks of 150-200 Hz in cats. Returns shape (n_muscles,), Hz. Raises ValueError where ``optimal``
    is not positive.
    """
    per_metre = reference_length_mm / positive(optimal, "optimal")
    rate = (
        baseline_hz
        + dynamic_gain * _ia_velocity(velocity * per_metre)
        + static_gain * IA_LENGTH_HZ_PER_MM * (length - rest) * per_metre
    )
    return held(gain * rate, maximum_hz)


@transfer(inputs={**STRETCH_AND_VELOCITY, "excitation": "1"}, outputs={"rate": "Hz"}, low=0.0)
def spindle_ia_coactive(
    length: Floats,
    velocity: Floats,
    rest: Floats,
    optimal: Floats,
    excitation: Floats,
    *,
    gain: float = 1.0,
    coactivation_hz: float = 50.0,
    baseline_hz: float = 50.0,
    reference_length_mm: float = 100.0,
    maximum_hz: float = 300.0,
) -> Floats:
    """Ia afferents kept firing in shortening by alpha-gamma coactivation (Moraud et al. 2016).

    Gamma motoneurons are taken to fire along with the alpha ones (M16, after P99)::

        rate = gain * (baseline + 4.3 sign(v) |v|^0.6 + 2 d + coactivation * excitation), held to 0..maximum

    excitation: shape (n_muscles,), 0 to 1, in place of the normalised EMG, e.g. ``body.muscle_activation``.
    coactivation_hz: 50 at full excitation (M16). baseline_hz: 50 (M16). The other inputs, gain,
    reference_length_mm and maximum_hz are as in ``spindle_ia``.
    """
    per_metre = reference_length_mm / positive(optimal, "optimal")
    rate = (
        baseline_hz
        + _ia_velocity(velocity * per_metre)
        + IA_LENGTH_HZ_PER_MM * (length - rest) * per_metre
        + coactivation_hz * excitation
    )
    return held(gain * rate, maximum_hz)


@transfer(inputs=STRETCH, outputs={"rate": "Hz"}, low=0.0)
def spindle_ii(
    length: Floats,
    rest: Floats,
    optimal: Floats,
    *,
    gain: float = 1.0,
    static_gain: float = 1.0,
    baseline_hz: float = 80.0,
    reference_length_mm: float = 40.0,
    maximum_hz: float = 200.0,
) -> Floats:
    """Secondary spindle afferents, II: stretch to rate (Prochazka 1999).

    P99 as used by M16::

        rate = gain * (baseline + static_gain * 13.5 d), held to 0..maximum

    length, rest, optimal: shape (n_muscles,), m. gain, static_gain: 1. baseline_hz: 80 (M16).
    reference_length_mm: 40, about a fibre of the cat's soleus, ours: 540 Hz per L0. With the 100 mm of
    ``spindle_ia`` a limb's ordinary excursions would drive these afferents from silence to saturation.
    maximum_hz: 200, ours. Returns shape (n_muscles,), Hz. Raises ValueError where ``optimal`` is not
    positive.
    """
    stretch_mm = (length - rest) * (reference_length_mm / positive(optimal, "optimal"))
    rate = baseline_hz + static_gain * II_LENGTH_HZ_PER_MM * stretch_mm
    return held(gain * rate, maximum_hz)


@transfer(inputs={"force": "N", "max_force": "N"}, outputs={"rate": "Hz"}, low=0.0)
def tendon_organ_ib(
    force: Floats, max_force: Floats, *, gain: float = 1.0, maximum_hz: float = IB_HZ_AT_MAX_FORCE
) -> Floats:
    """Golgi tendon organ afferents, Ib: force to rate (Prochazka 1999).

    ``rate = gain * 333 F / Fmax``, held to 0..maximum (P99).

    Linear, because a channel stands for all tendon organs of a muscle: each one is curved (a logarithm of its
    force, Lin & Crago 2002, Ann Biomed Eng 30:54-67), but they sample many motor units and their ensemble is
    nearly linear in whole-muscle force (Crago, Houk & Rymer 1982, J Neurophysiol 47:1069-1083, doi
    10.1152/jn.1982.47.6.1069).

    force, max_force: shape (n_muscles,), N. maximum_hz: 333, the rate at full isometric force.
    Returns shape (n_muscles,), Hz. Raises ValueError where ``max_force`` is not positive.
    """
    return held(gain * IB_HZ_AT_MAX_FORCE * force / positive(max_force, "max_force"), maximum_hz)


@transfer(inputs={"angle": "rad", "velocity": "rad/s"}, outputs={"rate": "Hz"}, low=0.0)
def joint_receptor(
    angle: Floats,
    velocity: Floats,
    *,
    center_rad: float | Sequence[float] = 0.0,
    silent_rad: float | Sequence[float] = 0.0,
    baseline_hz: float = 0.0,
    slope_hz_per_rad: float = 40.0,
    velocity_hz_s_per_rad: float = 0.0,
    maximum_hz: float = 150.0,
) -> Floats:
    """A pair of receptors per joint: joint angle and velocity to rates.

    The first fires beyond ``center`` in the positive sense, the second in the negative::

        rate = baseline + slope * max(0, +-(angle - center) - silent) + velocity_gain * max(0, +-velocity)

    Slowly adapting joint afferents of the cat's knee are silent in mid-range and fire towards the limits
    (Grigg 1975, J Neurophysiol 38:1473-1484), most of those in human fingers too (Burke, Gandevia & Macefield
    1988, J Physiol 402:347-361, doi 10.1113/jphysiol.1988.sp017208). Set ``silent_rad`` for that. At its
    default 0 the pair covers the whole range: an encoder for control, not a receptor. The piecewise line and
    all default numbers are ours.

    angle, velocity: shape (n_joints,), rad and rad/s. center_rad, silent_rad: one for all joints, or one
    each. baseline_hz: 0. slope_hz_per_rad: 40. velocity_hz_s_per_rad: Hz per rad/s, 0. maximum_hz: 150.
    Returns shape (2 * n_joints,), Hz: joint 0 positive, joint 0 negative, joint 1 positive, and so on.
    """
    offset = angle - np.asarray(center_rad, np.float64)
    sides = np.stack([offset, -offset], axis=-1) - np.reshape(silent_rad, (-1, 1))
    moving = np.stack([velocity, -velocity], axis=-1)
    rate = (
        baseline_hz
        + slope_hz_per_rad * np.maximum(sides, 0.0)
        + velocity_hz_s_per_rad * np.maximum(moving, 0.0)
    )
    return held(rate, maximum_hz).ravel()


@transfer(inputs={"force": "N"}, outputs={"rate": "Hz"}, low=0.0)
def contact_receptor(force: Floats, *, half_force_N: float = 0.06, maximum_hz: float = 200.0) -> Floats:
    """Slowly adapting skin receptors under a body part: contact force to rate.

    ``rate = maximum * F / (F + half_force)``, a saturating hyperbola: steep at light touch, flat when loaded,
    as slowly adapting receptors are. The form and both numbers are ours: 0.06 N is a quarter of the weight of
    a mouse of 25 g, the load of one paw in quiet standing.

    force: shape (n_bodies,), N, >= 0. half_force_N: force at half the maximal rate. maximum_hz: 200, never
    quite reached. Returns shape (n_bodies,), Hz.
    """
    pressed = np.maximum(force, 0.0)
    return np.asarray(maximum_hz * pressed / (pressed + half_force_N))


def _ia_velocity(velocity_mm_per_s: Floats) -> Floats:
    return np.asarray(
        IA_VELOCITY_HZ * np.sign(velocity_mm_per_s) * np.abs(velocity_mm_per_s) ** IA_VELOCITY_EXPONENT
    )


def held(rate_hz: Floats, maximum_hz: float) -> Floats:
    """The rate within 0..maximum, Hz."""
    return np.asarray(np.clip(rate_hz, 0.0, maximum_hz), np.float64)


def positive(values: Floats, name: str) -> Floats:
    """The values as they are. Raises ValueError where one is not positive."""
    # Without this a wrong body would show as a saturated rate: an infinite one is clipped to the maximum.
    if not np.all(values > 0.0):
        raise ValueError(
            f"{name} must be positive, got {np.min(values):g} in channel {int(np.argmin(values))}"
        )
    return values
