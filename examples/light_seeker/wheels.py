"""What turns the wheels: the motor neurons, once the trial has begun, and before that whoever sets the robot up."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, radians

import numpy as np
from numpy.typing import NDArray

from sherrington import transfer
from sherrington.body.models.wheeled_robot import TRACK_M, WHEEL_RADIUS_M

Floats = NDArray[np.float64]


@transfer(inputs={"forward": "1", "backward": "1", "cue": "1"}, outputs={"speed": "any"})
class Wheels:
    """Spikes of the motor neurons to the speed of the wheels: forward less backward, low-passed.

    forward, backward: spikes of the interval, shape (2,): left, right. cue: of the task, shape (n_beacons,); while
    it is zero the brake is on. forward_neurons, backward_neurons: of each wheel. gain: rad/s for each Hz of a
    neuron. Returns shape (2,), rad/s: left, right.
    """

    def __init__(
        self, *, forward_neurons: int, backward_neurons: int, gain: float = 0.2, tau_ms: float = 50.0
    ) -> None:
        self._sizes = (forward_neurons, backward_neurons)
        self._gain, self._tau_s = gain, tau_ms / 1000
        self._rate_hz = np.zeros(2)

    def __call__(self, forward: Floats, backward: Floats, cue: Floats, *, dt_s: float) -> Floats:
        rate_hz = (forward / self._sizes[0] - backward / self._sizes[1]) / dt_s
        self._rate_hz = rate_hz + exp(-dt_s / self._tau_s) * (self._rate_hz - rate_hz)
        return self._gain * self._rate_hz * float(cue.any())


@transfer(inputs={"cue": "1"}, outputs={"speed": "any"})
class Turntable:
    """Turns the robot in place to the next heading while the task's cue is off: somebody sets it up for the trial.

    headings_deg: one per trial, counter-clockwise from where the body is put, begun anew after the last. wait_ms:
    from the end of a trial, while the body is put back; turn_ms: how long the turn takes. Returns shape (2,),
    rad/s: left, right.
    """

    def __init__(
        self, *, headings_deg: Sequence[float], wait_ms: float = 100.0, turn_ms: float = 700.0
    ) -> None:
        self._speeds = [TRACK_M * radians(h) / (2 * WHEEL_RADIUS_M * turn_ms / 1000) for h in headings_deg]
        self._from_s, self._until_s = wait_ms / 1000, (wait_ms + turn_ms) / 1000
        self._trial, self._off_s, self._was_on = 0, 0.0, False

    def __call__(self, cue: Floats, *, dt_s: float) -> Floats:
        on = bool(cue.any())
        if self._was_on and not on:
            self._trial, self._off_s = self._trial + 1, 0.0
        self._was_on = on
        turning = not on and self._from_s <= self._off_s < self._until_s - 1e-9
        self._off_s += dt_s
        speed = self._speeds[self._trial % len(self._speeds)] if turning else 0.0
        return np.array([-speed, speed])
