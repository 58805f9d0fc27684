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
    """Lognormal by its own mean and standard deviation (not those of the logarithm); ``sign`` is +1 or -1."""

    mean: float
    std: float
    sign: int = 1


@dataclass(frozen=True)
class Uniform:
    """Uniform between ``low`` and ``high``."""

    low: float
    high: float


@dataclass(frozen=True)
class Values:
    """One value for each, listed: a size gradient within a pool, measured weights."""

    values: tuple[float, ...]


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
