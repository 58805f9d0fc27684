"""Signals to rates of populations, and sources without inputs: constants and schedules.

Rates become spikes in the brain, where every neuron of a channel receives its own Poisson train. Where one
signal becomes k channels, the channels of signal 0 come first: channel ``k * signal + j``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..clock import NS_PER_S, ms_to_ns
from ..errors import NeverError
from .function import ANY, transfer

Floats = NDArray[np.float64]


@transfer(inputs={"signal": ANY}, outputs={"rate": "Hz"}, low=0.0)
def linear_rate(
    signal: Floats, *, slope_hz_per_unit: float = 1.0, baseline_hz: float = 0.0, maximum_hz: float = 200.0
) -> Floats:
    """A rate that grows in proportion to the signal, one channel each.

    ``rate = baseline + slope * signal``, held to 0..maximum.

    signal: shape (n,), any unit. slope_hz_per_unit: Hz per that unit. baseline_hz: rate at 0. maximum_hz:
    the rate saturates there. Returns shape (n,), Hz.
    """
    return np.clip(baseline_hz + slope_hz_per_unit * signal, 0.0, maximum_hz).ravel()


@transfer(inputs={"signal": ANY}, outputs={"rate": "Hz"}, low=0.0)
def push_pull(
    signal: Floats,
    *,
    center: float | Sequence[float] = 0.0,
    slope_hz_per_unit: float = 1.0,
    baseline_hz: float = 0.0,
    maximum_hz: float = 200.0,
) -> Floats:
    """An On and an Off channel per signal.

    ``rate = baseline +- slope * (signal - center)``, held to 0..maximum.

    signal: shape (n,), any unit. center: in that unit, one for all or one each. slope_hz_per_unit: Hz per
    that unit. baseline_hz: rate of both at the center. maximum_hz: the rates saturate there. Returns shape (2
    n,), Hz: signal 0 On, signal 0 Off, signal 1 On, and so on.
    """
    change = slope_hz_per_unit * (signal - np.asarray(center, np.float64)).ravel()
    return np.clip(baseline_hz + np.stack([change, -change], axis=-1), 0.0, maximum_hz).ravel()


@transfer(inputs={"cue": "1", "go": "1"}, outputs={"rate": "Hz"}, low=0.0)
def cued_goal(cue: Floats, go: Floats, *, cued_hz: float = 2000.0) -> Floats:
    """The input of one channel per goal: the goal that is cued, once told to go; else the first, which is to wait.

    cue: shape (n,), 1 for what is cued, else 0, as tasks give it. go: shape (1,), 1 to go, else 0. cued_hz: input of
    the channel that is on. Returns shape (1 + n,), Hz: waiting first.
    """
    chosen = cue.ravel() * go.ravel()
    return cued_hz * np.concatenate([[1.0 - chosen.max()], chosen])


@transfer(inputs={"signal": ANY}, outputs={"rate": "Hz"}, low=0.0)
def gaussian_tuning(
    signal: Floats,
    *,
    preferred: Sequence[float],
    width: float,
    maximum_hz: float = 100.0,
    baseline_hz: float = 0.0,
) -> Floats:
    """A population code: channels with Gaussian tuning curves around preferred values.

    ``rate = baseline + (maximum - baseline) exp(-(signal - preferred)^2 / (2 width^2))``.
    Pouget, Dayan & Zemel 2000, Nat Rev Neurosci 1:125-132, doi 10.1038/35039062.

    signal: shape (n,), any unit. preferred: the k values at which channels fire most, the same for every
    signal; width: standard deviation of the curve; both in that unit. width about the spacing of
    ``preferred`` gives a sum of rates that hardly depends on the signal. maximum_hz: rate at
    the preferred value. baseline_hz: rate far away. Returns shape (n k,), Hz: the k channels of signal 0
    first.
    """
    away = (np.reshape(signal, (-1, 1)) - np.asarray(preferred, np.float64)) / width
    return np.asarray(baseline_hz + (maximum_hz - baseline_hz) * np.exp(-0.5 * away**2)).ravel()


@transfer(inputs={"signal": ANY}, outputs={"scaled": ANY})
def scale(signal: Floats, *, gain: float = 1.0, offset: float = 0.0) -> Floats:
    """``gain * signal + offset``, one to one.

    signal: any shape, any unit. gain: output units per input unit. offset: in the unit of the output. Returns
    the same shape.
    """
    return np.asarray(gain * signal + offset)


@transfer(outputs={"value": ANY})
class Constant:
    """The same value at all times.

    value: in the unit of the output; one for all channels, or one each. Returns shape (n_channels,).
    """

    def __init__(self, *, value: float | Sequence[float], n_channels: int) -> None:
        self._value = _row(value, n_channels, "value")

    def __call__(self) -> Floats:
        return self._value


@transfer(outputs={"value": ANY})
class Schedule:
    """Values that hold from one given time to the next: descending drive, cues, targets.

    times_ms: from when each value holds; the first is 0, each later than the one before. values: one per
    time, in the unit of the output; each one number for all channels, or a list of one per channel. Returns
    shape (n_channels,). Raises NeverError when they do not fit together.
    """

    def __init__(
        self, *, times_ms: Sequence[float], values: Sequence[float | Sequence[float]], n_channels: int
    ) -> None:
        self._times_ns = np.array([ms_to_ns(t, "times_ms") for t in times_ms], np.int64)
        if not times_ms or self._times_ns[0] != 0 or (np.diff(self._times_ns) <= 0).any():
            raise NeverError(f"times_ms of a schedule must start at 0 and increase, got {list(times_ms)}")
        if len(values) != len(times_ms):
            raise NeverError(
                f"a schedule needs one value per time: {len(times_ms)} times, {len(values)} values"
            )
        self._values = [_row(value, n_channels, f"values[{i}]") for i, value in enumerate(values)]

    def __call__(self, *, time_s: float) -> Floats:
        # Back to whole nanoseconds: a time in seconds is a rounded float, and 0.3 s must find the value for
        # 300 ms.
        now_ns = round(time_s * NS_PER_S)
        return self._values[int(np.searchsorted(self._times_ns, now_ns, side="right")) - 1]


def _row(value: ArrayLike, n_channels: int, name: str) -> Floats:
    given = np.asarray(value, np.float64)
    if given.shape not in {(), (n_channels,)}:
        raise NeverError(
            f"{name} has shape {given.shape}; give one number, or {n_channels}: one per channel of the output"
        )
    return np.broadcast_to(given, (n_channels,)).copy()
