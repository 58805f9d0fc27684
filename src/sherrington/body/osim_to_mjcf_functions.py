"""The functions of an OpenSim document: their values, and polynomials that stand for them in MuJoCo."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, make_interp_spline

from ..errors import BodyError, known
from .osim_document import OsimModel

Floats = NDArray[np.float64]

DEGREE = 4
"""Highest power of ``polycoef`` in MuJoCo's joint equality."""
TYPES = (
    "Constant",
    "LinearFunction",
    "PolynomialFunction",
    "PiecewiseLinearFunction",
    "SimmSpline",
    "NaturalCubicSpline",
    "GCVSpline",
    "MultiplierFunction",
)


@dataclass(frozen=True)
class Function:
    """A function of one variable. kind: OpenSim's class; slope: that of a straight line, None for a curve; knots:
    first and last argument of its table, infinite where it has none."""

    kind: str
    value: Callable[[Floats], Floats]
    slope: float | None = None
    knots: tuple[float, float] = (-np.inf, np.inf)

    def __call__(self, x: float) -> float:
        return float(self.value(np.asarray(x, float)))

    def scaled(self, factor: float) -> Function:
        slope = None if self.slope is None else self.slope * factor
        return Function(self.kind, lambda x: factor * self.value(x), slope, self.knots)


def line(slope: float, intercept: float = 0.0) -> Function:
    return Function("LinearFunction", lambda x: slope * x + intercept, slope)


def read_function(document: OsimModel, element: ET.Element) -> Function:
    """The function that an element describes. Raises BodyError for a class that is not known."""
    if element.tag == "Constant":
        return line(0.0, document.number(element, "value", 0.0))
    if element.tag == "LinearFunction":
        return line(*document.numbers(element, "coefficients", (1.0, 0.0)))
    if element.tag == "PolynomialFunction":
        return _polynomial(document.numbers(element, "coefficients", ()) or (1.0,))
    if element.tag == "MultiplierFunction":
        inner = [e for e in element.iter() if e is not element and e.tag in TYPES]
        if inner:
            return read_function(document, inner[0]).scaled(document.number(element, "scale", 1.0))
    if element.tag in TYPES[3:7]:
        return _table(document, element)
    raise BodyError(
        f"{document.where(element)}: a function of this class cannot be converted; {known(TYPES)}"
    )


def _polynomial(coefficients: tuple[float, ...]) -> Function:
    """Highest power first."""
    slope = coefficients[-2] if len(coefficients) > 1 else 0.0
    straight = not any(coefficients[:-2])
    return Function("PolynomialFunction", lambda x: _polyval(coefficients, x), slope if straight else None)


def _polyval(coefficients: Sequence[float] | Floats, x: Floats) -> Floats:
    return np.asarray(np.polyval(np.asarray(coefficients, float), x), float)


def _table(document: OsimModel, element: ET.Element) -> Function:
    x, y = (np.array(document.numbers(element, tag, ())) for tag in ("x", "y"))
    if x.size != y.size or x.size < 2 or (np.diff(x) <= 0).any():
        raise BodyError(f"{document.where(element)}: needs two or more growing x and as many y")
    ends = (float(x[0]), float(x[-1]))
    if element.tag == "GCVSpline":
        return Function(element.tag, _natural_spline(document, element, x, y), None, ends)
    if element.tag == "PiecewiseLinearFunction" or x.size == 2:
        return Function(
            element.tag, lambda q: _straight_ends(q, ends, lambda s: np.interp(s, x, y)), None, ends
        )
    spline = _spline(x, y)
    return Function(element.tag, lambda q: _straight_ends(q, ends, spline), None, ends)


def _spline(x: Floats, y: Floats) -> Callable[[Floats], Floats]:
    """The cubic spline whose third derivative at each end is that of the cubic through the four points there:
    Forsythe, Malcolm & Moler 1977, Computer Methods for Mathematical Computations, section 4.4. SIMM and OpenSim
    use it; with three points it is the parabola through them."""
    if x.size == 3:
        coefficients = np.polyfit(x, y, 2)
        return lambda q: _polyval(coefficients, q)
    ends = [np.polyfit(x[part] - x[part][0], y[part], 3)[0] for part in (slice(0, 4), slice(-4, None))]
    # The spline is linear in its second derivatives at the ends: one spline for the points, one for each end.
    zero, left, right = (_cubic(x, y * (i == 0), float(i == 1), float(i == 2)) for i in range(3))
    matrix = np.array([[s(x[0], 3), s(x[-1], 3)] for s in (left, right)]).T
    wanted = np.array([6 * ends[0] - zero(x[0], 3), 6 * ends[1] - zero(x[-1], 3)])
    a, b = np.linalg.solve(matrix, wanted)
    return lambda q: np.asarray(zero(q) + a * left(q) + b * right(q), float)


def _cubic(x: Floats, y: Floats, first: float, last: float) -> CubicSpline[np.float64]:
    """first, last: second derivatives at the ends."""
    return CubicSpline(x, y, bc_type=((2, np.array(first)), (2, np.array(last))))


def _natural_spline(
    document: OsimModel, element: ET.Element, x: Floats, y: Floats
) -> Callable[[Floats], Floats]:
    """The natural spline through every point: Woltring 1986, Adv Eng Softw 8:104-113, without smoothing."""
    half = int(document.number(element, "half_order", 3))
    if not 1 <= half <= 4 or x.size < 2 * half:
        raise BodyError(f"{document.where(element)}: half_order {half} needs at least {2 * half} points")
    flat = [(order, 0.0) for order in range(half, 2 * half - 1)]
    spline = make_interp_spline(x, y, k=2 * half - 1, bc_type=(flat, flat))  # type: ignore[arg-type]
    return lambda q: np.asarray(spline(q))


def _straight_ends(q: Floats, ends: tuple[float, float], inside: Callable[[Floats], Floats]) -> Floats:
    """Beyond its table a function of OpenSim goes on as a straight line."""
    low, high = ends
    step = 1e-6 * (high - low)
    first = (inside(np.asarray(low + step)) - inside(np.asarray(low))) / step
    last = (inside(np.asarray(high)) - inside(np.asarray(high - step))) / step
    value = inside(np.clip(q, low, high)) + np.minimum(q - low, 0) * first + np.maximum(q - high, 0) * last
    return np.asarray(value)


def polynomial(curve: Callable[[Floats], Floats], low: float, high: float) -> tuple[Floats, float]:
    """``polycoef`` (constant first, 5 numbers) for a curve over an interval, and the largest difference there.

    Least squares at Chebyshev's points, which spreads the difference evenly.
    """
    middle, half = (low + high) / 2, (high - low) / 2 or 1.0
    x = middle + half * np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    fitted = np.polynomial.Polynomial.fit(x, curve(x), DEGREE, domain=[middle - half, middle + half])
    coefficients = np.zeros(DEGREE + 1)
    found = fitted.convert().coef
    coefficients[: found.size] = found
    return coefficients, float(np.max(np.abs(fitted(x) - curve(x))))
