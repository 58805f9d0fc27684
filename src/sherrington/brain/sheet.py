"""Where the neurons of a population lie: a rectangular sheet, centred on the origin, and depth below it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import NetworkError
from .distributions import Floats


@dataclass(frozen=True)
class Points:
    """Positions listed neuron by neuron: measured ones, or ordered so that a channel is a patch of the sheet.

    x_mm, y_mm: shape (n,), from the centre of the sheet. z_mm: depth, same length, or empty to draw it from
    ``Sheet.depth_mm``.
    """

    x_mm: tuple[float, ...]
    y_mm: tuple[float, ...]
    z_mm: tuple[float, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A rectangle on which the neurons of a population lie.

    size_mm: its sides along x and y; it spans -size/2 to +size/2.
    layout: ``random`` (independent and uniform), ``grid`` (rows along x), ``hexagonal`` (the same, every other
    row shifted by half a spacing), or ``Points``. A grid takes any number of neurons: rows differ by one neuron
    at most. Its outermost points lie half a spacing inside the sheet, so that it stays regular on a torus.
    depth_mm: z is drawn uniformly between these two, 0 at the surface.
    periodic: the edges are joined, a torus: distances go the shorter way round.
    per_site: neurons that share one place of a regular layout, as in the column under a point. They follow each
    other in the order of the population; rows follow each other, and sites within a row.
    """

    size_mm: tuple[float, float] = (1.0, 1.0)
    layout: Literal["random", "grid", "hexagonal"] | Points = "random"
    depth_mm: tuple[float, float] = (0.0, 0.0)
    periodic: bool = False
    per_site: int = 1

    def __post_init__(self) -> None:
        if not all(0 < side < math.inf for side in self.size_mm):
            raise NetworkError(f"a sheet of {self.size_mm} mm has no area; both sides must be above 0")
        if self.layout not in ("random", "grid", "hexagonal") and not isinstance(self.layout, Points):
            raise NetworkError(
                f"a sheet has no layout {self.layout!r}; there are: random, grid, hexagonal, Points(...)"
            )
        if self.per_site < 1 or (self.per_site > 1 and self.layout not in ("grid", "hexagonal")):
            raise NetworkError(
                f"per_site = {self.per_site} with layout {self.layout!r}; only a grid or hexagonal layout has "
                f"sites, and each holds at least one neuron"
            )

    @property
    def period_mm(self) -> tuple[float, float] | None:
        """After how much x and y repeat; None with open edges."""
        return self.size_mm if self.periodic else None

    def positions(self, size: int, rng: np.random.Generator) -> Floats:
        """x, y, z in mm of ``size`` neurons, shape (size, 3). Raises NetworkError where ``Points`` do not fit."""
        positions = np.empty((size, 3))
        if isinstance(self.layout, Points):
            positions[:, :2] = self._listed(self.layout, size)
        elif self.layout == "random":
            positions[:, :2] = (rng.random((size, 2)) - 0.5) * self.size_mm
        else:
            sites = self._regular(-(-size // self.per_site), hexagonal=self.layout == "hexagonal")
            positions[:, :2] = np.repeat(sites, self.per_site, axis=0)[:size]
        if isinstance(self.layout, Points) and self.layout.z_mm:
            positions[:, 2] = self.layout.z_mm
        else:
            positions[:, 2] = rng.uniform(*self.depth_mm, size)
        return positions

    def _listed(self, points: Points, size: int) -> Floats:
        lengths = {len(points.x_mm), len(points.y_mm), len(points.z_mm) or size}
        if lengths != {size}:
            raise NetworkError(
                f"the sheet lists {len(points.x_mm)} x, {len(points.y_mm)} y and {len(points.z_mm)} z "
                f"for {size} neurons"
            )
        listed = np.column_stack([points.x_mm, points.y_mm])
        outside = np.flatnonzero((np.abs(listed) > np.array(self.size_mm) / 2 * (1 + 1e-9)).any(1))
        if outside.size:
            raise NetworkError(
                f"{outside.size} of the listed points lie outside the sheet of {self.size_mm} mm, which is centred "
                f"on 0; the first is number {outside[0]} at {tuple(listed[outside[0]].tolist())}"
            )
        return listed

    def _regular(self, sites: int, *, hexagonal: bool) -> Floats:
        """Rows along x, shape (sites, 2). In a hexagonal one rows are closer than sites by sqrt(3)/2."""
        width, height = self.size_mm
        ratio = height / width * (2 / math.sqrt(3) if hexagonal else 1.0)
        rows = min(sites, max(1, round(math.sqrt(sites * ratio))))
        in_row = np.diff(np.arange(rows + 1) * sites // rows)
        row = np.repeat(np.arange(rows), in_row)
        column = np.arange(sites) - np.repeat(np.cumsum(in_row) - in_row, in_row)
        shift = np.where(row % 2, 0.25, -0.25) if hexagonal else 0.0
        x = (column + 0.5 + shift) / in_row[row] - 0.5
        return np.column_stack([x * width, ((row + 0.5) / rows - 0.5) * height])
