"""Spikes and rates of populations to signals: torques, excitations, directions.

Inputs called ``counts`` (unit "1") are spikes of the last interval: a ``POPULATION.count`` port, summed over
a channel or, with ``per: neuron``, of each neuron. Inputs called ``rate`` (Hz) are ``POPULATION.rate`` ports,
already filtered. When within the interval a spike fell is not known; these decoders spread it evenly, which
costs at most one interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1, inf

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S, ms_to_ns, ratio
from ..errors import NeverError
from .fatigue import Fatigue
from .function import ANY, transfer

Floats = NDArray[np.float64]

FUSION_KNEE = 0.4
"""Contraction time times rate below which twitches add up linearly (Fuglevand et al. 1993)."""


@transfer(inputs={"counts": "1"}, outputs={"value": ANY})
class LeakyIntegrator:
    """A low-pass filter of the firing rate, exact at any interval.

    ``tau dy/dt = -y + gain * counts / dt``, solved for every dt: ``y <- a y + (1 - a) gain counts / dt`` with
    ``a = exp(-dt / tau)``: for the same rate, halving the interval does not change the result.

    counts: shape (n,), spikes of the interval summed over a channel. tau_ms: time constant. gain: output
    units per Hz of the channel (not of a neuron). maximum: the output is held to -maximum..maximum. Returns
    shape (n,).
    """

    def __init__(self, *, tau_ms: float = 20.0, gain: float = 1.0, maximum: float = inf) -> None:
        self._filter = _LowPass(tau_ms)
        self._gain, self._maximum = gain, maximum

    def __call__(self, counts: Floats, *, dt_s: float) -> Floats:
        return _held(self._gain * self._filter.rate_hz(counts, dt_s), self._maximum)


@transfer(inputs={"counts": "1"}, outputs={"value": ANY})
class WindowedRate:
    """Spikes of the last ``window_ms`` divided by it, times gain.

    The window slides by one interval a call and must hold a whole number of them, else ClockError. Before the
    first window is full, the missing part counts as silent.

    counts: shape (n,). gain: output units per Hz of the channel. maximum: the output is held to
    -maximum..maximum. Returns shape (n,).
    """

    def __init__(self, *, window_ms: float = 50.0, gain: float = 1.0, maximum: float = inf) -> None:
        self._window_ns = ms_to_ns(window_ms, "window_ms")
        self._gain, self._maximum = gain, maximum
        self._kept: Floats | None = None
        self._next = 0

    def __call__(self, counts: Floats, *, dt_s: float) -> Floats:
        if self._kept is None:
            interval_ns = round(dt_s * NS_PER_S)
            n = ratio(self._window_ns, interval_ns, "window_ms", "the interval of the pathway")
            self._kept = np.zeros((n, *np.shape(counts)))
        self._kept[self._next] = counts
        self._next = (self._next + 1) % len(self._kept)
        return _held(self._gain * (NS_PER_S / self._window_ns) * self._kept.sum(axis=0), self._maximum)


@transfer(inputs={"rate": "Hz"}, outputs={"vector": ANY})
class PopulationVector:
    """The direction a population votes for.

    ``gain * (d / n) * sum_i (rate_i - baseline) * direction_i``; Georgopoulos, Schwartz & Kettner 1986,
    Science 233:1416-1419, doi 10.1126/science.3749885. With cosine tuning, rate = baseline + m cos(angle to
    direction_i), and directions spread evenly in d dimensions, the factor d / n makes the result m times the
    encoded unit vector. Where directions are spread unevenly it is biased.

    rate: shape (n,), Hz. directions: n lists of d numbers; only their direction counts. baseline_hz: rate
    without preference. gain: output units per Hz. Returns shape (d,). Raises NeverError for a direction
    without length.
    """

    def __init__(
        self, *, directions: Sequence[Sequence[float]], baseline_hz: float = 0.0, gain: float = 1.0
    ) -> None:
        given = np.array(directions, np.float64)
        if given.ndim != 2 or not given.any(axis=1).all():
            raise NeverError(
                "directions must be one list per channel, all of the same length and none of them all zero"
            )
        n, dimensions = given.shape
        unit = given / np.linalg.norm(given, axis=1, keepdims=True)
        self._matrix = (gain * dimensions / n) * unit.T
        self._baseline_hz = baseline_hz

    def __call__(self, rate: Floats) -> Floats:
        if rate.shape != self._matrix.shape[1:]:
            raise ValueError(
                f"got {rate.size} rates but {self._matrix.shape[1]} directions; give one per channel"
            )
        return np.asarray(self._matrix @ (rate - self._baseline_hz))


@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"}, low=0.0, high=1.0)
class MotoneuronPool:
    """Spikes of motoneurons to muscle excitation, unit by unit (after Fuglevand, Winter & Patla 1993).

    J Neurophysiol 70:2470-2488, doi 10.1152/jn.1993.70.6.2470. Of unit i = 1..n in a pool:
    twitch force ``P_i = exp(i ln(force_range) / n)`` and contraction time ``T_i = T_slowest P_i^(-1/c)``,
    ``c = ln(force_range) / ln(contraction_range)`` (their equations); mean force at rate r is ``P_i phi(x)``,
    ``x = T_i r``, with ``phi(x) = x`` up to 0.4 and ``0.4 (1 - exp(-2 x^3)) / (1 - exp(-2 * 0.4^3))`` above
    (from their gain, by integrating their twitch). Ours: r is a low-passed rate instead of the last interval,
    and the pool is normalised, ``excitation = sum_i P_i min(1, phi(T_i r_i) / phi(T_i maximum)) / sum_i
    P_i``: 1 when all units fire at the maximum.

    Size: the first neuron of a pool is its smallest unit. The decoder weighs units by size; that small ones
    are recruited first (Henneman, Somjen & Carpenter 1965, J Neurophysiol 28:560-580, doi
    10.1152/jn.1965.28.3.560) must come from the network, whose first neurons must be the most excitable.

    counts: shape (n_muscles * units_per_pool,), spikes per neuron and interval (``per: neuron``), muscle by
    muscle. units_per_pool: motoneurons of each muscle. maximum_hz: rate of full drive, 100 (ours, mouse).
    tau_ms: of the rate filter, 20 (ours: shorter, and single spikes at low rates count for too much; longer,
    and the muscle, which has activation dynamics of its own, lags).
    force_range: 100, largest to smallest twitch (Fuglevand). slowest_ms, contraction_range: 25 and 2.5 (ours
    for mice; Fuglevand, human: 90 and 3). fatigue_per_s, recovery_per_s: rates at which the active part of a
    muscle tires and the tired part recovers, 1/s (Xia & Frey Law 2008, see ``Fatigue``); 0, the default, for
    a muscle that does not tire. Returns shape (n_muscles,), 0 to 1. Raises ValueError when the
    counts are not units_per_pool for each muscle.
    """

    def __init__(
        self,
        *,
        n_channels: int,
        units_per_pool: int,
        maximum_hz: float = 100.0,
        tau_ms: float = 20.0,
        force_range: float = 100.0,
        slowest_ms: float = 25.0,
        contraction_range: float = 2.5,
        fatigue_per_s: float = 0.0,
        recovery_per_s: float = 0.0,
    ) -> None:
        if units_per_pool < 1:
            raise NeverError(f"units_per_pool must be at least 1, got {units_per_pool}")
        self._shape = (n_channels, units_per_pool)
        self._filter = _LowPass(tau_ms)
        forces = twitch_forces(units_per_pool, force_range)
        self._times_s = contraction_times_ms(forces, force_range, slowest_ms, contraction_range) / 1000.0
        # phi at full drive is part of the weights, so that a call costs one pass over the units.
        self._full = force_frequency(self._times_s * maximum_hz)
        self._shares = forces / forces.sum()
        self._fatigue = Fatigue(fatigue_per_s, recovery_per_s)
        self._tires = fatigue_per_s > 0.0

    def __call__(self, counts: Floats, *, dt_s: float) -> Floats:
        if counts.size != self._shape[0] * self._shape[1]:
            raise ValueError(
                f"got counts of {counts.size} neurons for {self._shape[0]} muscles with units_per_pool = "
                f"{self._shape[1]}; read the motoneurons' count with 'per: neuron'"
            )
        rates_hz = self._filter.rate_hz(np.reshape(counts, self._shape), dt_s)
        used = np.minimum(force_frequency(self._times_s * rates_hz) / self._full, 1.0)
        # The shares add up to one only within rounding, and the port refuses 1.0000000000000002.
        excitation = np.asarray(np.minimum(used @ self._shares, 1.0), np.float64)
        return self._fatigue.active(excitation, dt_s) if self._tires else excitation


def twitch_forces(units: int, force_range: float) -> Floats:
    """Peak twitch force of each unit, smallest first, relative; shape (units,). Fuglevand et al. 1993."""
    return np.asarray(force_range ** (np.arange(1, units + 1) / units), np.float64)


def contraction_times_ms(
    forces: Floats, force_range: float, slowest_ms: float, contraction_range: float
) -> Floats:
    """Time to peak of each unit's twitch, ms, longest for the weakest; Fuglevand et al. 1993."""
    return np.asarray(slowest_ms * forces ** (-np.log(contraction_range) / np.log(force_range)))


def force_frequency(fusion: Floats) -> Floats:
    """Mean force of a regular train, in units of e times the peak twitch; Fuglevand et al. 1993, integrated.

    fusion: contraction time times rate, >= 0. Linear up to the knee, then a sigmoid to full fusion at 3.33.
    """
    fused = -np.expm1(-2.0 * fusion**3) * (FUSION_KNEE / -np.expm1(-2.0 * FUSION_KNEE**3))
    return np.where(fusion <= FUSION_KNEE, fusion, fused)


class _LowPass:
    """First-order filter of counts to a rate in Hz; starts silent."""

    def __init__(self, tau_ms: float) -> None:
        if not tau_ms > 0.0:
            raise NeverError(f"tau_ms must be positive, got {tau_ms}")
        self._tau_s = tau_ms / 1000.0
        self._rate_hz: Floats | float = 0.0

    def rate_hz(self, counts: Floats, dt_s: float) -> Floats:
        lost = -expm1(-dt_s / self._tau_s)
        rate = np.asarray(self._rate_hz + lost * (counts / dt_s - self._rate_hz), np.float64)
        self._rate_hz = rate
        return rate


def _held(values: Floats, maximum: float) -> Floats:
    return np.asarray(np.clip(values, -maximum, maximum), np.float64)
