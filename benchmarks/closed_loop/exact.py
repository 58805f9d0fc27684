"""The loop of two closed-form engines worked out again, without the engines and without the loop."""

from __future__ import annotations

from typing import Any

import experiments as e
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from sherrington.body.models.one_joint import one_joint

Floats = NDArray[np.float64]


def expected(steps: int) -> tuple[Floats, Floats]:
    """Counts of the afferent groups, shape (steps, 8), and angle after every step, rad, shape (steps,).

    Neuron i of n has fired ``floor((i + 1/2) / n + integral of its rate)`` times; the joint is linear, so one
    matrix exponential over the whole interval is exact, however finely the engine steps.
    """
    dt_s, groups = e.CLOSED_FORM_INTERVAL_MS / 1e3, len(e.PREFERRED_RAD)
    onward = _joint(dt_s)
    neurons = groups * e.AFFERENTS_PER_GROUP
    fired, phase = np.zeros(neurons), (np.arange(neurons) + 0.5) / neurons
    joint, drive = np.array([e.START_RAD, 0.0, 0.0, 0.0]), np.zeros(2)
    counts, angles = np.empty((steps, groups)), np.empty(steps)
    for step in range(steps):
        away = (joint[0] - np.array(e.PREFERRED_RAD)) / e.WIDTH_RAD
        phase += np.repeat(e.STIMULATED_HZ * np.exp(-0.5 * away**2), e.AFFERENTS_PER_GROUP) * dt_s
        counts[step] = (np.floor(phase) - fired).reshape(groups, -1).sum(axis=1)
        fired = np.floor(phase)
        rate_hz = counts[step].reshape(2, -1).sum(axis=1) / (neurons // 2) / dt_s
        drive += (1.0 - np.exp(-dt_s / 0.04)) * (rate_hz / 150.0 - drive)
        joint = onward @ np.concatenate([joint, drive])
        angles[step] = joint[0]
    return counts, angles


def _joint(dt_s: float) -> Floats:
    """(angle, velocity, two activations) after dt from themselves and the two excitations; shape (4, 6)."""
    f: dict[str, Any] = dict(one_joint(gravity=False).facts)
    inertia = f["inertia_kg_m2"]
    pull = f["moment_arm_m"] * f["max_force_n"] / inertia
    stiff, damped = f["stiffness_n_m_per_rad"] / inertia, f["damping_n_m_s_per_rad"] / inertia
    slow = 1.0 / f["activation_s"]
    rate = np.zeros((6, 6))
    rate[0, 1] = 1.0
    rate[1, :4] = [-stiff, -damped, pull, -pull]
    rate[2, [2, 4]] = rate[3, [3, 5]] = [-slow, slow]
    return np.asarray(expm(rate * dt_s)[:4])
