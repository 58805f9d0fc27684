"""Where the cells of a nucleus lie, so that a channel of the population is a place on its sheet.

The sheets of cortex, thalamus and basal ganglia lie on top of each other: topography is distance between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ....errors import NetworkError
from ...distributions import Floats, Ints
from ...sheet import Points, Sheet

CHANNELS = 6
CHANNEL_RADIUS_MM = 0.12
HEXAGON_MM = 0.24
"""Six round patches whose centres are the corners of a hexagon; they touch and do not overlap. Figures of the
authors' later basal ganglia (Gutierrez et al. 2025, bioRxiv 2025.11.10.687760)."""
ELSEWHERE = "elsewhere"
"""The channel of all cells that belong to no other."""

_GOLDEN = (math.sqrt(5) - 1) / 2


def channel_names() -> tuple[str, ...]:
    """``c1`` to ``c6``, anticlockwise from the positive x axis."""
    return tuple(f"c{i + 1}" for i in range(CHANNELS))


def patches(size: int, sheet_mm: tuple[float, float]) -> tuple[Sheet, dict[str, int]]:
    """``size`` cells on a grid, in the order of the channels: the sheet that lists them, and how many
    cells each channel has. Raises NetworkError where a patch holds no cell."""
    grid = _grid(size, sheet_mm)
    angles = 2 * math.pi * np.arange(CHANNELS) / CHANNELS
    centres = HEXAGON_MM * np.column_stack([np.cos(angles), np.sin(angles)])
    apart = np.hypot(*(grid[:, None, :] - centres[None, :, :]).transpose(2, 0, 1))
    nearest = apart.argmin(1)
    group = np.where(apart.min(1) <= CHANNEL_RADIUS_MM, nearest, CHANNELS)
    return _sorted(grid, group, (*channel_names(), ELSEWHERE), sheet_mm)


def mixed(
    size: int, shares: Mapping[str, float], sheet_mm: tuple[float, float]
) -> tuple[Sheet, dict[str, int]]:
    """``size`` cells on a grid, of which a share belongs to each name and the rest is ``elsewhere``.

    The cells of each name cover the sheet evenly: cell i falls to a name by the fractional part of i times the
    golden ratio, the most even of sequences. Raises NetworkError where the shares exceed 1 or a name gets no cell.
    """
    if min(shares.values(), default=0.0) < 0 or sum(shares.values()) > 1 + 1e-9:
        raise NetworkError(f"shares of {dict(shares)}; they must be from 0 and add up to 1 at most")
    bounds = np.cumsum(list(shares.values()))
    group = np.searchsorted(bounds, np.arange(size) * _GOLDEN % 1.0, side="right")
    if len(bounds) and bounds[-1] > 1 - 1e-9:
        group = np.minimum(group, len(bounds) - 1)
    return _sorted(_grid(size, sheet_mm), group, (*shares, ELSEWHERE), sheet_mm)


def _grid(size: int, sheet_mm: tuple[float, float]) -> Floats:
    draws_nothing = np.random.default_rng(0)
    return Sheet(sheet_mm, "grid").positions(size, draws_nothing)[:, :2]


def _sorted(
    grid: Floats, group: Ints, names: tuple[str, ...], sheet_mm: tuple[float, float]
) -> tuple[Sheet, dict[str, int]]:
    """Cells in the order of their groups; the last group may be empty."""
    counts = np.bincount(group, minlength=len(names)).tolist()
    empty = [name for name, count in zip(names[:-1], counts, strict=False) if not count]
    if empty:
        raise NetworkError(
            f"{len(grid)} cells on a sheet of {sheet_mm} mm leave no cell for {', '.join(empty)}; "
            f"take more cells, or a sheet of at least 0.7 mm"
        )
    x, y = grid[np.argsort(group, kind="stable")].T.tolist()
    return Sheet(sheet_mm, Points(tuple(x), tuple(y))), {
        name: count for name, count in zip(names, counts, strict=True) if count
    }
