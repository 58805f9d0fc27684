"""The paths between regions as projections at some scale, or as trains where the region that they come from is absent.

At any scale a target has the mean conductance of full size from each path, since that is what one region tells another:
with a share of the inputs each is that much stronger. In-degrees stay whole as far as a pair probability of ``DENSEST``
allows, and kernels widen where fewer cells are under them. All targets of a path have the same in-degree, the mean of
the published rule, so those at the open edges of a sheet miss nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ...kernels import Gaussian
from ...network import Background, Population, Projection
from ...rules import DistanceIndegree
from ...spatial import mean_kernel
from .paths import REST_HZ, Path

DENSEST = 0.3
"""Ours: share of a whole source population that one cell may have as inputs before weights take over from numbers."""
DENSEST_NEAR = 0.5
"""Ours: share of the cells right under the middle of a kernel that one cell may have as inputs, or the published
probability where that is higher."""

Populations = Mapping[str, Population]


def join(
    paths: Iterable[Path], here: Populations, full: Populations
) -> tuple[list[Projection], list[Background]]:
    """Projections of the paths whose two ends are ``here``, and trains for those whose source is not.

    here, full: populations by name at the scale asked for and at full size, where ``full`` holds absent ones too.
    """
    reaching = [path for path in paths if path.target in here]
    projections = [projection(path, here, full) for path in reaching if path.source in here]
    trains = [train(path, full) for path in reaching if path.source not in here]
    return projections, trains


def projection(path: Path, here: Populations, full: Populations) -> Projection:
    """The path at the scale of ``here``."""
    source, whole = here[path.source], full_indegree(path, full)
    indegree = _indegree(whole, source.size, full[path.source].size)
    kernel = Gaussian(_sigma_mm(path, indegree, source))
    weight_nS = path.weight_nS * path.factor * whole / indegree
    return Projection(path.source, path.target, DistanceIndegree(indegree, kernel), weight_nS, path.delay_ms)


def train(path: Path, full: Populations) -> Background:
    """A Poisson train for each target: what the absent source sends at rest."""
    rate_hz = full_indegree(path, full) * REST_HZ[path.source]
    return Background(path.target, rate_hz, path.weight_nS * path.factor, path.delay_ms)


def full_indegree(path: Path, full: Populations) -> float:
    """Mean number of inputs at full size, open edges included."""
    source, target = full[path.source], full[path.target]
    assert source.sheet is not None and target.sheet is not None
    mean = mean_kernel(Gaussian(path.sigma_mm), source.sheet, target.sheet)
    return path.probability * mean * source.size


def _indegree(whole: float, size: int, full_size: int) -> int:
    allowed = max(DENSEST * size, whole * size / full_size)
    return max(1, round(min(whole, allowed)))


def _sigma_mm(path: Path, indegree: int, source: Population) -> float:
    """Wide enough for the inputs to be different cells, most of them."""
    assert source.sheet is not None
    per_mm2 = source.size / math.prod(source.sheet.size_mm)
    nearest = max(path.probability, DENSEST_NEAR)
    return max(path.sigma_mm, math.sqrt(indegree / (nearest * 2 * math.pi * per_mm2)))
