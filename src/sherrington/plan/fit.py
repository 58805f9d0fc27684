"""Constants from measurements: non-negative least squares of relative errors, robust, drawn towards what was known
before.

Minimised, over constants c >= 0, is

    sum_i h_i (sum_k a_ik c_k / y_i - 1)^2 + w sum_k (c_k / b_k - 1)^2

for amounts a, measurements y and the constants b known before (Lawson & Hanson 1995, Solving Least Squares Problems,
doi 10.1137/1.9781611971217, with the second sum as further rows). A constant that no measurement says anything of
thus stays what it was. h are weights after Huber (1964, Ann Math Stat 35:73-101, doi 10.1214/aoms/1177703732): a
measurement that is off by more than k = 1.345 robust standard deviations counts less, so that one on a busy machine
does not spoil the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]
PRIOR_WEIGHT = 0.02
"""w: measurements are good to about a tenth, and what was known before to a factor of about two."""
HUBER = 1.345
ROUNDS = 12
SMALLEST_SPREAD = 0.02
GAUSSIAN = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""


@dataclass(frozen=True)
class Fitted:
    """constants by term; spread: robust standard deviation of the logarithm of measured over predicted."""

    constants: dict[str, float]
    spread: float


def fit(
    rows: Sequence[tuple[Mapping[str, float], float]],
    before: Mapping[str, float],
    prior_weight: float = PRIOR_WEIGHT,
) -> Fitted:
    """rows: amounts by term and what was measured, above zero. before: constants to start from; a term that is zero
    there stays zero. Terms are those of ``before``."""
    terms = [term for term, value in before.items() if value > 0]
    scale = np.array([before[term] for term in terms])
    table = np.array([[amounts.get(term, 0.0) for term in terms] for amounts, _ in rows]).reshape(
        -1, len(terms)
    )
    measured = np.array([value for _, value in rows])
    relative = table * scale / measured[:, None]
    weights = np.ones(len(rows))
    found = np.ones(len(terms))
    for _ in range(ROUNDS):
        found = _solve(relative, weights, prior_weight)
        residuals = relative @ found - 1.0
        spread = max(SMALLEST_SPREAD, GAUSSIAN * float(np.median(np.abs(residuals)))) if len(rows) else 0.0
        weights = np.minimum(1.0, HUBER * spread / np.maximum(np.abs(residuals), 1e-12))
    values = dict(zip(terms, (found * scale).tolist(), strict=True))
    constants = {term: values.get(term, 0.0) for term in before}
    return Fitted(constants, _spread(relative @ found) if len(rows) else 0.0)


def _solve(relative: Floats, weights: Floats, prior_weight: float) -> Floats:
    roots = np.sqrt(weights)[:, None]
    prior = np.sqrt(prior_weight) * np.eye(relative.shape[1])
    left = np.vstack([relative * roots, prior])
    right = np.concatenate([roots[:, 0], np.full(relative.shape[1], np.sqrt(prior_weight))])
    return np.asarray(nnls(left, right)[0])


def _spread(predicted_over_measured: Floats) -> float:
    logs = np.log(np.maximum(predicted_over_measured, 1e-6))
    return max(SMALLEST_SPREAD, GAUSSIAN * float(np.median(np.abs(logs))))
