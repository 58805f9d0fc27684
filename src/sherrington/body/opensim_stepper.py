"""Steps an OpenSim model through one time step after another, each with its error held in bounds.

OpenSim's own ``Manager`` keeps the size of its next step to itself, so a run could neither be saved and continued bit
for bit nor cut into intervals without a change. Here a time step is covered by steps of the method of Bogacki and
Shampine (1989, doi 10.1016/0893-9659(89)90079-7), third order with an error estimate of second order; all that is
carried from one to the next is the state and the step size, and both are part of what is saved. The last of its four
evaluations is the first of the next step and also leaves every output up to date.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ports import Signal
from .opensim_library import opensim, plain

TOLERANCE = 1e-2
"""Error of one step in units of a scale. Larger errors than this hardly come up: long before, a step that is too long
for the stiffness of active muscle makes the estimate grow."""
POSITION_SCALE, SPEED_SCALE, STATE_SCALE = 0.01, 1.0, 0.01
"""rad or m; rad/s or m/s; activations and fibre lengths (m). Speeds and states that are larger are their own scale."""
SHORTEST_STEP = 1e-6
"""Of the time step: where steps would have to be shorter than this, the body has run away."""
CONSTRAINT_TOLERANCE = 1e-8
_PROJECTIONS = 5
_THIRD_ORDER = np.array([2 / 9, 1 / 3, 4 / 9])
_ERROR = np.array([-5 / 72, 1 / 12, 1 / 9, -1 / 8])
_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 4.0


class StuckError(Exception):
    """The state cannot be stepped on. index: of the worst entry of y; reason: in words."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index, self.reason = index, reason


class Stepper:
    """Holds the state of one model. y: positions, speeds and other states, shape (n_states,); substep_s: the size
    that the next step will try; evaluations: of the equations of motion, so far."""

    def __init__(self, model: Any, state: Any, timestep_s: float) -> None:
        self._model, self._state, self._timestep_s = model, state, timestep_s
        n_q, n_u = state.getNQ(), state.getNU()
        self._n_q, self._n_u = n_q, n_u
        self._constrained = state.getNQErr() + state.getNUErr() > 0
        self._scale = np.repeat([POSITION_SCALE, SPEED_SCALE, STATE_SCALE], [n_q, n_u, state.getNZ()])
        self._slopes = np.empty((4, self._scale.size))
        self.evaluations, self.complaint = 0, ""
        self.set(0.0, state.getY().to_numpy(), timestep_s)

    def set(self, time_s: float, y: Signal, substep_s: float) -> None:
        """Start again from here; outputs are then up to date."""
        self.time_s, self.y, self.substep_s = time_s, y, substep_s
        self.slope = self._slope(time_s, y)

    def inputs_changed(self) -> None:
        """Evaluate again where the state is: the model's controls are others now."""
        self._model.markControlsAsInvalid(self._state)
        self.slope = self._slope(self.time_s, self.y)

    def advance(self, until_s: float) -> None:
        """Cover one time step. Raises StuckError."""
        while self.time_s < until_s:
            left_s = until_s - self.time_s
            parts = max(math.ceil(left_s / self.substep_s - 1e-6), 1)
            self._step(until_s if parts == 1 else self.time_s + left_s / parts)

    def _step(self, end: float) -> None:
        """Try one step; one that is refused leaves a smaller ``substep_s``."""
        h = end - self.time_s
        start, y, slopes = self.time_s, self.y, self._slopes
        slopes[0] = self.slope
        slopes[1] = self._slope(start + h / 2, y + (h / 2) * slopes[0])
        slopes[2] = self._slope(start + 3 * h / 4, y + (3 * h / 4) * slopes[1])
        after = y + (h * _THIRD_ORDER) @ slopes[:3]
        slopes[3] = slope = self._slope(end, after)
        ratios = np.abs((h / TOLERANCE * _ERROR) @ slopes)
        ratios /= self._scales(y)
        worst = float(ratios.max(initial=0.0))
        if not worst <= 1.0:
            self._shrink(h, ratios)
            return
        self.complaint = ""
        factor = min(_GROW, _SAFETY / max(worst, 1e-12) ** (1 / 3))
        self.substep_s = min(max(self.substep_s if factor > 1 else 0.0, h * factor), self._timestep_s)
        self.time_s, self.y, self.slope = end, after, slope
        if self._constrained:
            self._project()

    def _scales(self, y: Signal) -> Signal:
        scales: Signal = np.abs(y)
        scales[: self._n_q] = 0.0
        np.maximum(scales, self._scale, out=scales)
        return scales

    def _shrink(self, h: float, ratios: Signal) -> None:
        worst = float(ratios.max())
        factor = max(_SHRINK, _SAFETY / worst ** (1 / 3)) if np.isfinite(worst) else _SHRINK
        self.substep_s = h * factor
        if self.substep_s < SHORTEST_STEP * self._timestep_s:
            blame = ratios if np.isfinite(self.y).all() else self.y
            index = int(np.argmax(np.where(np.isfinite(blame), np.abs(blame), np.inf)))
            raise StuckError(index, self.complaint or f"no step is short enough: {h:.1g} s is too long")

    def _slope(self, time_s: float, y: Signal) -> Signal:
        """dy/dt; the OpenSim state is then at ``y`` with everything computed. NaN where OpenSim refuses: a shorter step
        may mend it, and if not, ``complaint`` says why."""
        self.evaluations += 1
        state = self._state
        state.setTime(time_s)
        state.setY(opensim.Vector.createFromMat(y))
        try:
            self._model.realizeAcceleration(state)
        except RuntimeError as error:
            self.complaint = plain(error)
            return np.full(y.size, np.nan)
        return state.getYDot().to_numpy()  # type: ignore[no-any-return]

    # --- constraints ------------------------------------------------------------------------------------

    def _project(self) -> None:
        """Bring positions and then speeds back onto the constraints, by the shortest way: Newton's method."""
        moved = False
        for _ in range(_PROJECTIONS):
            errors = self._state.getQErr().to_numpy()
            if not np.abs(errors).max(initial=0.0) > CONSTRAINT_TOLERANCE:
                break
            self.y[: self._n_q] -= self._shortest("calcPq", errors)
            self._slope(self.time_s, self.y)
            moved = True
        errors = self._state.getUErr().to_numpy()
        if np.abs(errors).max(initial=0.0) > CONSTRAINT_TOLERANCE:
            self.y[self._n_q : self._n_q + self._n_u] -= self._shortest("calcG", errors)
            moved = True
        if moved:
            self.slope = self._slope(self.time_s, self.y)

    def _shortest(self, jacobian: str, errors: Signal) -> Signal:
        """The smallest change that takes the errors away, to first order."""
        matrix = opensim.Matrix()
        getattr(self._model.getMatterSubsystem(), jacobian)(self._state, matrix)
        rows: Signal = matrix.to_numpy()[: errors.size]
        return np.asarray(np.linalg.lstsq(rows, errors, rcond=1e-12)[0], np.float64)
