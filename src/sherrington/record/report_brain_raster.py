"""Spikes over time: a raster of all populations, a band for each region."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from ..ports import Signal
from .report_brain_portrait import FEWEST_ROWS, Portrait
from .report_style import FAINT, MAX_LINES, SERIES, STYLE, Panel, TimeAxis, new_panel, to_svg

ROW_IN = 0.155
"""A population is at least so high, that its name can be read."""
NAMED = 110
"""With more populations than this, regions alone are named."""
LABEL = 22
BAND_IN = 0.07
EXCITES, INHIBITS = SERIES[0], SERIES[1]

Legend = tuple[tuple[str, str], ...]


def raster_panel(portraits: Sequence[Portrait], axis: TimeAxis) -> Panel:
    """Spikes of all populations over time."""
    heights = _heights(portraits)
    edges = np.concatenate([[0.0], np.cumsum(heights)])
    colors, legend = _colors(portraits)
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(float(edges[-1]))
        axes.set_ylim(edges[-1], 0)
        axes.tick_params(axis="y", length=0)
        for portrait, color, top, height in zip(portraits, colors, edges, heights, strict=False):
            _ticks(axes, axis, portrait, color, top, height)
        _name(axes, portraits, edges)
        _bands(axes, portraits, edges, colors)
        axis.dress(axes)
        return Panel("Spikes", to_svg(figure, "spike raster"), _caption(portraits), legend)


def _heights(portraits: Sequence[Portrait]) -> Signal:
    """In inches: with the square root of the number of neurons, as far as names can be read."""
    if len(portraits) > NAMED:
        return np.full(len(portraits), 0.1)
    roots = np.sqrt([portrait.size for portrait in portraits])
    wanted = min(max(2.2, 0.26 * len(portraits)), 9.0)
    return np.asarray(np.maximum(ROW_IN, wanted * roots / roots.sum()))


def _colors(portraits: Sequence[Portrait]) -> tuple[list[str], Legend]:
    """Few populations have a colour each, that of their line below; many have that of their region, or, where there
    is but one region, of what they do."""
    regions = list(dict.fromkeys(portrait.region for portrait in portraits))
    if len(portraits) <= MAX_LINES:
        return list(SERIES[: len(portraits)]), ()
    if len(regions) > 1:
        return [SERIES[regions.index(portrait.region) % len(SERIES)] for portrait in portraits], ()
    if all(portrait.excitatory is None for portrait in portraits):
        return [SERIES[0]] * len(portraits), ()
    legend = (("--series-0", "excitatory"), ("--series-1", "inhibitory"))
    return [INHIBITS if portrait.excitatory is False else EXCITES for portrait in portraits], legend


def _ticks(axes: Axes, axis: TimeAxis, portrait: Portrait, color: str, top: float, height: float) -> None:
    """All spikes of a population as one path: a tenth of the bytes of one element a spike."""
    x = axis.of_ns(portrait.drawn.times_ns)
    if not len(x):
        return
    rows = np.unique(portrait.drawn.channels).size
    y = top + height * (0.06 + 0.88 * (portrait.drawn.channels + 0.5) / portrait.size)
    half = min(max(height / rows, 0.03), 0.12) * 0.42
    vertices = np.empty((2 * len(x), 2))
    vertices[0::2, 0] = vertices[1::2, 0] = x
    vertices[0::2, 1], vertices[1::2, 1] = y - half, y + half
    codes = np.tile(np.array([Outline.MOVETO, Outline.LINETO], np.uint8), len(x))
    width = 1.1 if len(x) < 400 else 0.75
    axes.add_patch(PathPatch(Outline(vertices, codes), fill=False, edgecolor=color, linewidth=width))


def _name(axes: Axes, portraits: Sequence[Portrait], edges: Signal) -> None:
    if len(portraits) > NAMED:
        axes.set_yticks([])
        return
    labels = [f"{_short(p.label)}{_share(p)}" for p in portraits]
    axes.set_yticks((edges[:-1] + edges[1:]) / 2, labels, fontsize=7.5)


def _share(portrait: Portrait) -> str:
    if len(portrait.drawn) == portrait.n_spikes:
        return ""
    fold = portrait.n_spikes / max(len(portrait.drawn), 1)
    return f"  1/{fold:.0f}" if fold >= 10 else f"  1/{fold:.2g}"


def _bands(axes: Axes, portraits: Sequence[Portrait], edges: Signal, colors: Sequence[str]) -> None:
    """Each region's name beside a bar, in its colour where the spikes have it too."""
    own = len({(p.region, color) for p, color in zip(portraits, colors, strict=True)}) == len(
        {p.region for p in portraits}
    )
    first = 0
    across = axes.get_yaxis_transform()
    width = BAND_IN / axes.get_position().width / axes.figure.get_figwidth()  # type: ignore[union-attr]
    for region, members in groupby(portraits, key=lambda portrait: portrait.region):
        last = first + len(list(members))
        top, bottom = edges[first], edges[last]
        if region:
            place, size = (1.008, top + 0.02), (width, bottom - top - 0.04)
            color = colors[first] if own else FAINT
            bar = Rectangle(place, *size, color=color, linewidth=0, transform=across, clip_on=False)
            axes.add_patch(bar)
            axes.annotate(
                textwrap.fill(region, 12), (1.008 + width, (top + bottom) / 2), (4, 0),
                xycoords=("axes fraction", "data"), textcoords="offset points", fontsize=7.5, va="center",
                annotation_clip=False,
            )  # fmt: skip
        for edge in edges[first + 1 : last]:
            axes.axhline(edge, color=FAINT, linewidth=0.3, zorder=0)
        if last < len(portraits):
            axes.axhline(edges[last], color=FAINT, linewidth=1.0, zorder=0)
        first = last


def _caption(portraits: Sequence[Portrait]) -> str:
    total = sum(portrait.n_spikes for portrait in portraits)
    drawn = sum(len(portrait.drawn) for portrait in portraits)
    if drawn == total:
        return f"All {total:,} spikes, a row a neuron."
    return (
        f"Thinned: {drawn:,} of {total:,} spikes are drawn. Behind a name stands the share of its spikes that is: all "
        f"those of fewer neurons, evenly spread; of {FEWEST_ROWS} neurons, if that is still too many, some at random."
    )


def _short(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
