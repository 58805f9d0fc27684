"""How connection depends on horizontal distance: kernels, 1 at distance 0, that never grow with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from .distributions import Floats


@dataclass(frozen=True)
class Disc:
    """Nothing beyond ``radius_mm``, which itself is within."""

    radius_mm: float

    def __post_init__(self) -> None:
        _check_positive(self.radius_mm, "the radius of a disc")

    def contains(self, x_mm: Floats, y_mm: Floats) -> NDArray[np.bool_]:
        return x_mm * x_mm + y_mm * y_mm <= self.radius_mm**2

    @property
    def area_mm2(self) -> float:
        return math.pi * self.radius_mm**2


@dataclass(frozen=True)
class Box:
    """Nothing beyond ``x_mm`` to either side along x and ``y_mm`` along y, which themselves are within."""

    x_mm: float
    y_mm: float

    def __post_init__(self) -> None:
        _check_positive(self.x_mm, "the half width of a box along x")
        _check_positive(self.y_mm, "the half width of a box along y")

    def contains(self, x_mm: Floats, y_mm: Floats) -> NDArray[np.bool_]:
        return (np.abs(x_mm) <= self.x_mm) & (np.abs(y_mm) <= self.y_mm)

    @property
    def area_mm2(self) -> float:
        return 4 * self.x_mm * self.y_mm


Mask = Disc | Box


@dataclass(frozen=True)
class Gaussian:
    """exp(-d^2 / (2 sigma^2)) at the distance d, and 0 outside ``mask``."""

    sigma_mm: float
    mask: Mask | None = None

    def __post_init__(self) -> None:
        _check_positive(self.sigma_mm, "sigma of a Gaussian kernel")

    def decay(self, x_mm: Floats, y_mm: Floats) -> Floats:
        squared = x_mm * x_mm + y_mm * y_mm
        squared *= -0.5 / self.sigma_mm**2
        return np.exp(squared, out=squared)

    @property
    def area_mm2(self) -> float:
        return _within(self.mask, 2 * math.pi * self.sigma_mm**2)

    @property
    def scale_mm(self) -> float:
        return min(self.sigma_mm, _scale(self.mask))


@dataclass(frozen=True)
class Exponential:
    """exp(-d / length) at the distance d, and 0 outside ``mask``."""

    length_mm: float
    mask: Mask | None = None

    def __post_init__(self) -> None:
        _check_positive(self.length_mm, "the length of an exponential kernel")

    def decay(self, x_mm: Floats, y_mm: Floats) -> Floats:
        return np.exp(-np.sqrt(x_mm * x_mm + y_mm * y_mm) / self.length_mm)

    @property
    def area_mm2(self) -> float:
        return _within(self.mask, 2 * math.pi * self.length_mm**2)

    @property
    def scale_mm(self) -> float:
        return min(self.length_mm, _scale(self.mask))


@dataclass(frozen=True)
class Flat:
    """1 inside ``mask`` and 0 outside."""

    mask: Mask | None = None

    def decay(self, x_mm: Floats, y_mm: Floats) -> Floats:
        return np.ones(np.broadcast(x_mm, y_mm).shape)

    @property
    def area_mm2(self) -> float:
        return _within(self.mask, math.inf)

    @property
    def scale_mm(self) -> float:
        return _scale(self.mask)


Kernel = Gaussian | Exponential | Flat
"""Each has ``area_mm2``, its integral over an endless sheet (at most that of its mask), and ``scale_mm``, the
distance over which it changes: both only guide how finely a sheet is divided."""


def value(kernel: Kernel, x_mm: Floats, y_mm: Floats) -> Floats:
    """The kernel at horizontal displacements x, y; shape of the two, broadcast."""
    decay = kernel.decay(x_mm, y_mm)
    if kernel.mask is not None:
        decay *= kernel.mask.contains(x_mm, y_mm)
    return decay


def _check_positive(value_mm: float, what: str) -> None:
    if not 0 < value_mm < math.inf:
        raise NetworkError(f"{what} is {value_mm} mm; it must be above 0")


def _within(mask: Mask | None, area_mm2: float) -> float:
    return area_mm2 if mask is None else min(area_mm2, mask.area_mm2)


def _scale(mask: Mask | None) -> float:
    match mask:
        case Disc(radius_mm):
            return radius_mm
        case Box(x_mm, y_mm):
            return min(x_mm, y_mm)
    return math.inf
