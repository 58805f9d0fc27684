"""Numbers that are not one number: distributions, and the random streams that they are drawn from."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Normal:
    """Normal distribution, redrawn outside ``low`` to ``high``; same unit as the parameter it is given for."""

    mean: float
    std: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Lognormal:
    """Lognormal by its own mean and standard deviation (not those of the logarithm); ``sign`` is +1 or -1.

    A table that gives mean ``mu`` and standard deviation ``sigma`` of the logarithm: ``Lognormal.of_log``.
    """

    mean: float
    std: float
    sign: int = 1

    @staticmethod
    def of_log(mu: float, sigma: float, sign: int = 1) -> Lognormal:
        """From mean and standard deviation of the natural logarithm: mean exp(mu + sigma^2 / 2), median exp(mu)."""
        mean = math.exp(mu + sigma**2 / 2)
        return Lognormal(mean, mean * math.sqrt(math.expm1(sigma**2)), sign)


@dataclass(frozen=True)
class Uniform:
    """Uniform between ``low`` and ``high``."""

    low: float
    high: float


@dataclass(frozen=True)
class Values:
    """One value for each, listed: a size gradient within a pool, measured weights."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class DelayFromDistance:
    """Delay of a connection: base + distance / velocity + normal noise of ``std_ms``, limited to low and high.

    Distance is horizontal, on the sheets of the two populations; mm / (m/s) is ms.
    """

    base_ms: float
    velocity_m_per_s: float
    std_ms: float = 0.0
    low_ms: float = 0.0
    high_ms: float = np.inf

    def __post_init__(self) -> None:
        if not self.velocity_m_per_s > 0 or self.std_ms < 0 or self.low_ms > self.high_ms:
            raise NetworkError(
                f"{self} makes no delay; it needs a velocity above 0, a std from 0, and low not above high"
            )

    def sample(self, distances_mm: Floats, rng: np.random.Generator) -> Floats:
        """One delay in ms for each distance, shape (n,)."""
        delays = self.base_ms + distances_mm / self.velocity_m_per_s
        if self.std_ms:
            delays += rng.normal(0.0, self.std_ms, delays.size)
        return np.clip(delays, self.low_ms, self.high_ms)


Distribution = Normal | Lognormal | Uniform | Values
Quantity = float | Distribution


def stream(seed: int, name: str) -> np.random.Generator:
    """A counter-based random stream for the thing of that name: independent of every other name."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def sample(quantity: Quantity, size: int, rng: np.random.Generator) -> Floats:
    """``size`` values of a number or distribution, shape (size,)."""
    match quantity:
        case Normal(mean, std, low, high):
            return _clipped_normal(quantity, size, rng)
        case Lognormal(mean, std, sign):
            variance = np.log1p((std / mean) ** 2)
            return np.asarray(sign * rng.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), size))
        case Uniform(low, high):
            return rng.uniform(low, high, size)
        case Values(values):
            if len(values) != size:
                raise NetworkError(f"{len(values)} values are listed for {size} neurons or connections")
            return np.asarray(values, np.float64)
        case _:
            return np.full(size, float(quantity))


def _clipped_normal(quantity: Normal, size: int, rng: np.random.Generator) -> Floats:
    values = rng.normal(quantity.mean, quantity.std, size)
    while (outside := (values < quantity.low) | (values > quantity.high)).any():
        if _share_inside(quantity) < 1e-3:
            raise NetworkError(f"{quantity} keeps falling outside its own bounds; widen low and high")
        values[outside] = rng.normal(quantity.mean, quantity.std, int(outside.sum()))
    return values


def _share_inside(quantity: Normal) -> float:
    """Probability that a draw falls within the bounds; what makes redrawing certain to end."""
    if quantity.std == 0:
        return float(quantity.low <= quantity.mean <= quantity.high)
    low, high = ((b - quantity.mean) / (quantity.std * math.sqrt(2)) for b in (quantity.low, quantity.high))
    return (math.erf(high) - math.erf(low)) / 2
