"""Linear filters that are exact at any interval, for senses whose published form is a transfer function."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import NeverError

Floats = NDArray[np.float64]


class RealPoles:
    """``H(s) = gain prod_j (s + zeros_j) / prod_i (s + poles_i)``, stepped without error of integration.

    The input is taken to run in a straight line from the last value to the present one, so that the output is
    the exact one of that input, at the time of the present value, whatever the interval (partial fractions;
    each pole is then a first-order equation with a closed solution). Before the first call the input is taken
    to have been constant for ever.

    zeros_per_s, poles_per_s: 1/s; the poles positive and all different, at least as many as zeros; a zero at
    0 takes away the steady response.
    """

    def __init__(self, *, zeros_per_s: Sequence[float], poles_per_s: Sequence[float], gain: float) -> None:
        poles, zeros = np.array(poles_per_s, np.float64), np.array(zeros_per_s, np.float64)
        if not (poles > 0.0).all() or len(set(poles_per_s)) < poles.size or zeros.size > poles.size:
            raise NeverError(
                "a filter needs positive time constants that all differ, "
                f"got poles {list(poles_per_s)} and zeros {list(zeros_per_s)} (1/s)"
            )
        others = poles[None, :] - poles[:, None]
        np.fill_diagonal(others, 1.0)
        self._residues = gain * np.prod(zeros[None, :] - poles[:, None], axis=1) / np.prod(others, axis=1)
        self._direct = gain if zeros.size == poles.size else 0.0
        self._poles = poles
        self._dt_s = -1.0
        self._decay = self._held = self._ramp = poles
        self._last: Floats | None = None
        self._states = np.empty(0)

    def __call__(self, value: Floats, dt_s: float) -> Floats:
        """The output now, of the shape of ``value``; dt_s: since the last call."""
        if self._last is None:
            self._last = value
            self._set_interval(dt_s, value.ndim)
            self._states = value / self._column(self._poles, value.ndim)
        elif dt_s != self._dt_s:
            self._set_interval(dt_s, value.ndim)
        self._states = (
            self._decay * self._states + self._held * self._last + self._ramp * (value - self._last)
        )
        self._last = value
        return np.asarray(self._direct * value + np.tensordot(self._residues, self._states, 1), np.float64)

    def _set_interval(self, dt_s: float, dimensions: int) -> None:
        poles = self._column(self._poles, dimensions)
        held = -np.expm1(-poles * dt_s) / poles
        self._dt_s = dt_s
        self._decay, self._held = np.exp(-poles * dt_s), held
        self._ramp = (1.0 - held / dt_s) / poles

    @staticmethod
    def _column(poles: Floats, dimensions: int) -> Floats:
        return poles.reshape(-1, *(1,) * dimensions)
