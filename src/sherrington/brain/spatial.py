"""Connections that depend on horizontal distance, drawn without testing every pair, exactly in distribution.

Sheets are divided into cells. The kernel at the least distance that two cells allow bounds it for all pairs of
their neurons. Candidates are drawn with that bound and kept with the ratio of the kernel to the bound (thinning),
so every pair ends up with exactly its own probability, whatever the size of the cells.

Bernoulli candidates. Among N pairs with the bound p each shall be a candidate independently. Every pair gets an
interval of length -ln(1 - p) on a line, on which the points of a Poisson process of rate one are thrown: an interval
is hit with probability p. The points come out sorted, so pairs hit twice are neighbours, and the pairs of
all cells lie on one line: a handful of array operations for any number of cells. Where p is large the pairs are
listed one by one instead. The method is ours; it is the skipping of Batagelj and Brandes (2005,
doi 10.1103/PhysRevE.71.036113) in continuous form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import NetworkError
from .distributions import Floats, Ints
from .kernels import Kernel, value
from .rules import DistanceBernoulli, DistanceIndegree
from .sheet import Sheet

PIECE = 1 << 17
"""Candidates that are drawn at a time: bounds memory, and keeps the arrays in the processor's cache."""
DENSE = 0.6
"""From this bound on, listing all pairs is cheaper than throwing points."""
CONNECTIONS_PER_CELL_PAIR = 3
CELLS_PER_SCALE = 8
ROUNDS = 24
"""After so many redraws the sources of what is left are drawn from the kernel of each target itself."""


@dataclass(frozen=True)
class Space:
    """Where both ends of a projection lie. sources_mm, targets_mm: x and y, shapes (n, 2) and (m, 2); period_mm: after
    how much x and y repeat, None with open edges; first_target: the number that target 0 has among the sources
    where both are of one population and must not connect to themselves, else None."""

    sources_mm: Floats
    targets_mm: Floats
    period_mm: tuple[float, float] | None = None
    first_target: int | None = None

    def displacements(self, sources: Ints, targets: Ints) -> tuple[Floats, Floats]:
        """Absolute distance along x and along y between the members of pairs, shape (n_pairs,) each."""
        return self._axis(0, sources, targets), self._axis(1, sources, targets)

    def distances(self, sources: Ints, targets: Ints) -> Floats:
        """Horizontal distance of pairs in mm."""
        return np.asarray(np.hypot(*self.displacements(sources, targets)))

    def _axis(self, axis: int, sources: Ints, targets: Ints) -> Floats:
        apart = np.abs(self.sources_mm[sources, axis] - self.targets_mm[targets, axis])
        if self.period_mm is not None:
            np.minimum(apart, self.period_mm[axis] - apart, out=apart)
        return np.asarray(apart)

    def own(self, sources: Ints, targets: Ints) -> Ints:
        """Which pairs join a neuron to itself."""
        if self.first_target is None:
            return np.empty(0, np.int64)
        return np.flatnonzero(sources == targets + self.first_target)


class Cells:
    """Both populations divided into the same cells, and for every two cells the bound of the kernel."""

    def __init__(
        self, space: Space, kernel: Kernel, connections: float, per_target: int | None = None
    ) -> None:
        """connections: about how many are to be drawn; per_target: candidates that each target needs at a time, by
        default one for every source of a cell. Groups are small enough that two cells never need more than
        ``PIECE``."""
        both = (space.sources_mm, space.targets_mm)
        low = np.min([p.min(0) for p in both], 0)
        period = space.period_mm
        span = np.array(period) if period else np.max([p.max(0) for p in both], 0) - low
        self._shape = _divisions(span, kernel.scale_mm, connections)
        self._step = np.maximum(span / self._shape, 1e-12)
        self._bound = self._bounds(kernel, periodic=period is not None)
        self.source_order, self.source_starts, self.source_counts, self._source_cells = self._sort(
            space.sources_mm, low, len(space.sources_mm)
        )
        largest = max(1, PIECE // (per_target or int(self.source_counts.max())))
        self.target_order, self.target_starts, self.target_counts, self._target_cells = self._sort(
            space.targets_mm, low, largest
        )

    def __len__(self) -> int:
        """Number of groups of targets."""
        return int(self.target_counts.size)

    @property
    def n_source_cells(self) -> int:
        return int(self.source_counts.size)

    def bounds(self, first: int, stop: int) -> Floats:
        """Bound of the kernel between groups of targets first to stop and all source cells, shape
        (stop - first, n_source_cells)."""
        group, cell = self._target_cells[first:stop, None], self._source_cells[None, :]
        apart = np.abs(group % self._shape[0] - cell % self._shape[0])
        across = np.abs(group // self._shape[0] - cell // self._shape[0])
        return np.asarray(self._bound[apart, across])

    def _bounds(self, kernel: Kernel, *, periodic: bool) -> Floats:
        axes = []
        for cells, step in zip(self._shape, self._step, strict=True):
            apart = np.arange(cells)
            if periodic:
                apart = np.minimum(apart, cells - apart)
            axes.append(np.maximum(apart - 1, 0) * step * (1 - 1e-9))  # a rounding error must not cost a pair
        return value(kernel, axes[0][:, None], axes[1][None, :])

    def _sort(self, points: Floats, low: Floats, largest: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Neurons sorted by cell; where each group starts among them, its size, and its cell. No group is empty."""
        place = np.clip(((points - low) / self._step).astype(np.int64), 0, self._shape - 1)
        cell = place[:, 0] + self._shape[0] * place[:, 1]
        order = np.argsort(cell, kind="stable")
        cells, sizes = np.unique(cell[order], return_counts=True)
        parts = -(-sizes // largest)
        part = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
        counts = np.minimum(np.repeat(sizes, parts) - part * largest, largest)
        return order, np.cumsum(counts) - counts, counts, np.repeat(cells, parts)


def _divisions(span: Floats, scale_mm: float, connections: float) -> Ints:
    """Cells along x and y: fine enough for the kernel, and few enough that pairs of cells are fewer than
    connections."""
    area = float(np.prod(np.maximum(span, 1e-6)))
    side = math.sqrt(area / max(1.0, math.sqrt(connections / CONNECTIONS_PER_CELL_PAIR)))
    side = max(side, scale_mm / CELLS_PER_SCALE)
    return np.maximum(1, np.floor(span / side + 1e-9)).astype(np.int64)


def pieces(
    rule: DistanceBernoulli | DistanceIndegree, space: Space, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """(sources, targets) of the connections that the rule draws, in pieces of at most about ``PIECE``. Raises
    NetworkError."""
    if isinstance(rule, DistanceBernoulli):
        return bernoulli(space, rule.kernel, rule.probability, rng)
    return indegree(space, rule.kernel, rule.indegree, rng)


def mean_kernel(kernel: Kernel, source: Sheet, target: Sheet, steps: int = 128) -> float:
    """The kernel averaged over pairs, as if neurons lay evenly on their sheets: a quadrature, about 1 % at the edge
    of a mask."""
    middle = (np.arange(steps) + 0.5) / steps
    axes = []
    for a, b in zip(source.size_mm, target.size_mm, strict=True):
        reach = a / 2 if source.periodic else (a + b) / 2
        apart = reach * middle**2  # finer where the kernel is largest
        overlap = np.minimum(a / 2, apart + b / 2) - np.maximum(-a / 2, apart - b / 2)
        density = np.full(steps, 1 / a) if source.periodic else np.maximum(overlap, 0.0) / (a * b)
        axes.append((apart, 2 * density * 2 * reach * middle / steps))
    (x, along_x), (y, along_y) = axes
    return float(along_x @ value(kernel, x[:, None], y[None, :]) @ along_y)


def bernoulli(
    space: Space, kernel: Kernel, probability: float, rng: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Each pair independently with ``probability`` times the kernel: (sources, targets) in pieces."""
    n_pairs = len(space.sources_mm) * len(space.targets_mm)
    extent = float(np.prod(np.maximum(np.ptp(np.concatenate([space.sources_mm, space.targets_mm]), 0), 1e-6)))
    expected = n_pairs * probability * min(1.0, kernel.area_mm2 / extent)
    cells = Cells(space, kernel, expected)
    block = max(1, PIECE // cells.n_source_cells)
    for first in range(0, len(cells), block):
        bounds = probability * cells.bounds(first, first + block)
        group, cell = np.nonzero(bounds)
        bound = bounds[group, cell]
        bound[bound > DENSE] = 1.0  # all pairs are candidates
        group += first
        pairs = cells.target_counts[group] * cells.source_counts[cell]
        load = np.cumsum(np.where(bound == 1.0, 1.0, -np.log1p(-np.minimum(bound, DENSE))) * pairs)
        cuts = np.flatnonzero(np.diff(load // PIECE)) + 1
        for piece in np.split(np.arange(group.size), cuts):
            index, which = _candidates(pairs[piece], bound[piece], rng)
            which = piece[which]
            into, source = np.divmod(index, cells.source_counts[cell[which]])
            sources = cells.source_order[cells.source_starts[cell[which]] + source]
            targets = cells.target_order[cells.target_starts[group[which]] + into]
            chance = probability * value(kernel, *space.displacements(sources, targets))
            chance[space.own(sources, targets)] = 0.0
            keep = rng.random(sources.size) * bound[which] < chance
            yield sources[keep], targets[keep]


def _candidates(pairs: Ints, bound: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Of each set of ``pairs`` pairs every one with probability ``bound``, 1 or at most ``DENSE``: (number within its
    set, which set)."""
    dense = np.flatnonzero(bound == 1.0)
    which_dense = np.repeat(dense, pairs[dense])
    stops = np.cumsum(pairs[dense])
    every = np.arange(which_dense.size) - np.repeat(stops - pairs[dense], pairs[dense])
    sparse = np.flatnonzero(bound < 1.0)
    if not sparse.size:
        return every, which_dense
    thrown, which = _thrown(pairs[sparse], -np.log1p(-bound[sparse]), rng)
    return np.concatenate([every, thrown]), np.concatenate([which_dense, sparse[which]])


def _thrown(pairs: Ints, length: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The intervals that a Poisson process hits: (number within its set, which set), each once, sorted."""
    ends = np.cumsum(pairs * length)
    hits = int(rng.poisson(ends[-1]))
    # n + 1 exponential gaps, scaled to the whole line, place n sorted uniform points: no sorting.
    points = np.cumsum(rng.standard_exponential(hits + 1))
    points = points[:-1] * (ends[-1] / points[-1])
    per_set = np.diff(np.searchsorted(points, ends), prepend=0)
    which = np.repeat(np.arange(pairs.size), per_set)
    starts = ends - pairs * length
    number = ((points[: which.size] - np.repeat(starts, per_set)) / np.repeat(length, per_set)).astype(
        np.int64
    )
    number = np.clip(number, 0, np.repeat(pairs - 1, per_set))
    new = np.ones(which.size, bool)
    new[1:] = (number[1:] != number[:-1]) | (which[1:] != which[:-1])
    return number[new], which[new]


def indegree(space: Space, kernel: Kernel, k: int, rng: np.random.Generator) -> Iterator[tuple[Ints, Ints]]:
    """Each target draws k sources with replacement, with chances in proportion to the kernel: (sources, targets) in
    pieces. Raises NetworkError where a target has no source within reach."""
    if k == 0:
        yield np.empty(0, np.int64), np.empty(0, np.int64)
        return
    cells = Cells(space, kernel, k * len(space.targets_mm), per_target=k)
    block = max(1, PIECE // max(cells.n_source_cells, k * int(cells.target_counts.max())))
    for first in range(0, len(cells), block):
        bounds = cells.bounds(first, first + block)
        weights = np.cumsum(bounds * cells.source_counts).reshape(bounds.shape)
        starts = np.concatenate([[0.0], weights[:-1, -1]])
        counts = cells.target_counts[first : first + block]
        begin = int(cells.target_starts[first])
        targets = np.repeat(cells.target_order[begin : begin + int(counts.sum())], k)
        row = np.repeat(np.arange(counts.size), counts * k)
        yield _choose(space, kernel, cells, bounds, weights, starts, targets, row, rng), targets


def _choose(
    space: Space,
    kernel: Kernel,
    cells: Cells,
    bounds: Floats,
    weights: Floats,
    starts: Floats,
    targets: Ints,
    row: Ints,
    rng: np.random.Generator,
) -> Ints:
    """A source for each of ``targets``: a cell by its bound, a neuron in it, kept with kernel / bound, or all again."""
    sources = np.empty(targets.size, np.int64)
    left = np.arange(targets.size)
    flat, width = weights.ravel(), weights[:, -1] - starts
    for _ in range(ROUNDS):
        at = starts[row[left]] + rng.random(left.size) * width[row[left]]
        found = np.minimum(np.searchsorted(flat, at, side="right"), flat.size - 1)
        cell = found % cells.n_source_cells
        drawn = (rng.random(left.size) * cells.source_counts[cell]).astype(np.int64)
        source = cells.source_order[cells.source_starts[cell] + drawn]
        chance = value(kernel, *space.displacements(source, targets[left]))
        chance[space.own(source, targets[left])] = 0.0
        keep = rng.random(left.size) * bounds.ravel()[found] < chance
        sources[left[keep]] = source[keep]
        left = left[~keep]
        if not left.size:
            return sources
    for target in np.unique(targets[left]):
        mine = left[targets[left] == target]
        sources[mine] = _one_by_one(space, kernel, int(target), mine.size, rng)
    return sources


def _one_by_one(space: Space, kernel: Kernel, target: int, k: int, rng: np.random.Generator) -> Ints:
    """k sources of one target, from the kernel at every source."""
    every = np.arange(len(space.sources_mm))
    to = np.full(every.size, target)
    weights = value(kernel, *space.displacements(every, to))
    weights[space.own(every, to)] = 0.0
    total = np.cumsum(weights)
    if not total[-1] > 0:
        x, y = space.targets_mm[target]
        raise NetworkError(
            f"the target at ({x:.4g}, {y:.4g}) mm has no source within reach of {kernel}; widen it, or give the "
            f"source a sheet that covers the target's"
        )
    return np.asarray(np.searchsorted(total, rng.random(k) * total[-1], side="right"))
