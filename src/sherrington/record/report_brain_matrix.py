"""How the network is joined: the expected in-degree from every population to every other."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..ports import Signal
from .report_style import FAINT, HUE, OPPOSITE, SERIES, STYLE, WIDTH_IN, Panel, to_svg

NAMED, NUMBERED = 110, 24
"""With more populations than this no names, and no numbers, are written."""
LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN = 1.35, 1.6, 0.28, 1.15
LEAST = -1
"""Exponent of ten of the in-degree that has the faintest colour at least; rarer connections have it too."""
EXCITES = LinearSegmentedColormap.from_list("excites", [f"{HUE}1a", f"{HUE}ff"])
INHIBITS = LinearSegmentedColormap.from_list("inhibits", [f"{OPPOSITE}1a", f"{OPPOSITE}ff"])


def matrix_panel(network: Mapping[str, Any]) -> Panel | None:
    """Rows receive, columns send; None where the run folder does not say how the network is joined."""
    if not network.get("connections"):
        return None
    populations = _by_region(network["populations"])
    index = {population["name"]: i for i, population in enumerate(populations)}
    indegree = np.zeros((2, len(index), len(index)))
    for connection in network["connections"]:
        target, source = index[connection["target"]], index[connection["source"]]
        indegree[0 if connection["excitatory"] else 1, target, source] += connection["indegree"]
    with mpl.rc_context(STYLE):
        svg = to_svg(_figure(indegree, populations), "connectivity matrix")
    return Panel("Connections", svg, _caption(indegree))


def _by_region(populations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    regions = list(dict.fromkeys(population["region"] for population in populations))
    return sorted(populations, key=lambda population: regions.index(population["region"]))


def _figure(indegree: Signal, populations: Sequence[dict[str, Any]]) -> Figure:
    count = len(populations)
    side = min(WIDTH_IN - LEFT_IN - RIGHT_IN, max(2.4, 0.42 * count))
    height = side + TOP_IN + BOTTOM_IN
    figure = Figure(figsize=(WIDTH_IN, height))
    axes = figure.add_axes((LEFT_IN / WIDTH_IN, BOTTOM_IN / height, side / WIDTH_IN, side / height))
    axes.set_xlim(0, count)
    axes.set_ylim(count, 0)
    present = indegree[indegree > 0]
    lowest = 10.0 ** max(LEAST, math.floor(math.log10(present.min())))
    norm = LogNorm(lowest, max(present.max(), 10 * lowest))
    _cells(axes, indegree, norm)
    _regions(axes, populations, side)
    _names(axes, populations, side)
    if count <= NUMBERED:
        _numbers(axes, indegree, side / count)
    for i, (colors, word) in enumerate(((EXCITES, "excites"), (INHIBITS, "inhibits"))):
        if indegree[i].any():
            _scale(figure, ScalarMappable(norm, colors), word, LEFT_IN + side + 0.68 + 0.46 * i)
    return figure


def _cells(axes: Axes, indegree: Signal, norm: LogNorm) -> None:
    """A square each; where a population both excites and inhibits another, a triangle each."""
    both = np.asarray((indegree > 0).all(axis=0))
    for values, colors, corner in ((indegree[0], EXCITES, (0, 0)), (indegree[1], INHIBITS, (1, 1))):
        shown = np.ma.masked_where((values == 0) | both, values)
        axes.imshow(
            shown, cmap=colors, norm=norm, extent=(0, len(both), len(both), 0), interpolation="nearest"
        )
        rows, columns = np.nonzero(both)
        corners = np.array([corner, (1, 0), (0, 1)])[None] + np.stack([columns, rows], axis=1)[:, None]
        axes.add_collection(
            PolyCollection(list(corners), facecolors=colors(norm(values[both])), linewidths=0)
        )


def _numbers(axes: Axes, indegree: Signal, cell_in: float) -> None:
    total = indegree.sum(axis=0)
    size = min(7.5, 19 * cell_in)
    for row, column in zip(*np.nonzero(total), strict=True):
        axes.text(
            column + 0.5, row + 0.52, _brief(total[row, column]), fontsize=size, ha="center", va="center"
        )


def _brief(value: float) -> str:
    if value >= 9950:
        return f"{value / 1000:.0f}k"
    if value >= 995:
        return f"{value / 1000:.1f}k"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.095 else "<0.1"


def _names(axes: Axes, populations: Sequence[dict[str, Any]], side: float) -> None:
    axes.tick_params(length=0, pad=9)
    axes.set_xlabel("from")
    axes.set_ylabel("to")
    if len(populations) > NAMED:
        axes.set_xticks([])
        axes.set_yticks([])
        return
    labels = [_short(p["name"].removeprefix(f"{p['region']}_")) for p in populations]
    middles, size = np.arange(len(labels)) + 0.5, min(7.5, 58 * side / len(labels))
    axes.set_xticks(middles, labels, rotation=90, fontsize=size)
    axes.set_yticks(middles, labels, fontsize=size)


def _regions(axes: Axes, populations: Sequence[dict[str, Any]], side: float) -> None:
    """A bar in the colour of each region along both edges, its name to the right, and lines between regions."""
    for spine in axes.spines.values():
        spine.set_visible(True)
    count = len(populations)
    wide, gap = 0.06 / side, 0.03 / side
    first = 0
    for i, (region, members) in enumerate(groupby(populations, key=lambda p: p["region"])):
        last = first + len(list(members))
        color = SERIES[i % len(SERIES)]
        # Along the left edge, in fractions of the height from the bottom, and along the lower edge.
        left = Rectangle((-gap - wide, 1 - last / count), wide, (last - first) / count)
        below = Rectangle((first / count, -gap - wide), (last - first) / count, wide)
        for bar in (left, below):
            bar.set(facecolor=color, linewidth=0, transform=axes.transAxes, clip_on=False)
            axes.add_patch(bar)
        if last < count:
            axes.axhline(last, color=FAINT, linewidth=0.8)
            axes.axvline(last, color=FAINT, linewidth=0.8)
        if region:
            axes.annotate(
                textwrap.fill(region, 11), (1, 1 - (first + last) / 2 / count), (5, 0), xycoords="axes fraction",
                textcoords="offset points", fontsize=7.5, va="center", annotation_clip=False,
            )  # fmt: skip
        first = last


def _scale(figure: Figure, drawn: ScalarMappable, word: str, left_in: float) -> None:
    height = float(figure.get_size_inches()[1])
    long = min(1.6, height - TOP_IN - BOTTOM_IN)
    place = (left_in / WIDTH_IN, (height - TOP_IN - long) / height, 0.1 / WIDTH_IN, long / height)
    bar = figure.colorbar(drawn, cax=figure.add_axes(place))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, width=0.7, labelsize=7)
    bar.ax.minorticks_off()
    bar.ax.set_title(word, fontsize=7, loc="left")


def _caption(indegree: Signal) -> str:
    both = " Two triangles: both." if (indegree > 0).all(axis=0).any() else ""
    rare = (indegree > 0) & (indegree < 10.0**LEAST)
    faint = f" Fewer than {10.0**LEAST:g} are as faint as {10.0**LEAST:g}." if rare.any() else ""
    return (
        "Expected inputs to one neuron of a row from all neurons of a column, on a logarithmic scale: blue excites, "
        f"orange inhibits.{both}{faint} From the description of the network, recorded or not, without input from "
        "outside."
    )


def _short(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:15]}…"
