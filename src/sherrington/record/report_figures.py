"""Pictures of a run: spikes, rates, and any signal as lines or as a map, over one shared time axis."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

from ..clock import NS_PER_MS
from ..ports import Signal
from .layout import PopulationInfo
from .read import Run, Times
from .report_style import (
    BOTTOM_IN,
    FAINT,
    MAX_LINES,
    ONE_SIDED,
    RIGHT_IN,
    SERIES,
    STYLE,
    TOP_IN,
    TWO_SIDED,
    WIDTH_IN,
    Panel,
    TimeAxis,
    new_panel,
    to_svg,
)

MAX_SPIKES = 20_000
"""A raster with more draws this many of them, chosen at random, and says so."""
MAX_ROWS = 400
"""More channels than this are thinned to every second, third, ... one, and the panel says so."""
MAX_COLUMNS = 900
"""More samples than this are averaged in a map, and reduced to their extremes in a line."""


def raster(run: Run, axis: TimeAxis) -> Panel | None:
    """Spikes of all populations over time, grouped by region; None when no spikes were recorded."""
    if not run.populations:
        return None
    names = sorted(run.populations, key=lambda name: _region(run, name))
    batches = [run.spikes(name) for name in names]
    total = sum(map(len, batches))
    keep = min(1.0, MAX_SPIKES / total) if total else 1.0
    heights = np.sqrt([run.populations[name].size for name in names])
    edges = np.concatenate([[0.0], np.cumsum(heights)])
    regions = list(dict.fromkeys(_region(run, name) for name in names))
    by_region = len(names) > MAX_LINES and len(regions) > 1
    groups = [_region(run, name) for name in names] if by_region else names
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(min(max(2.2, 0.2 * len(names)), 7.5))
        random, drawn = np.random.default_rng(0), 0
        width = 1.2 if total * keep < 6000 else 0.8
        for name, group, batch, top, height in zip(names, groups, batches, edges, heights, strict=False):
            shown = random.random(len(batch)) < keep if keep < 1 else np.ones(len(batch), bool)
            drawn += int(shown.sum())
            size = run.populations[name].size
            y = top + height * (batch.channels[shown] + 0.5) / size
            # A tick is as high as its neuron's row, but never too low to be seen.
            half = max(height / size, edges[-1] / 120) * 0.45
            color = SERIES[list(dict.fromkeys(groups)).index(group) % len(SERIES)]
            _ticks(axes, axis.of_ns(batch.times_ns[shown]), y, half, color, width)
        _name_bands(axes, names, edges, regions, run)
        axis.dress(axes)
        svg = to_svg(figure, "spike raster")
    return Panel("Spikes", svg, _raster_caption(total, drawn))


def rates(run: Run, axis: TimeAxis) -> Panel | None:
    """Mean rate of each population over time; None when no spikes were recorded."""
    bin_ms = max(10.0, float(np.ceil(axis.end_ns / NS_PER_MS / 400)))
    if not run.populations or axis.end_ns < bin_ms * NS_PER_MS:
        return None
    names = sorted(run.populations, key=lambda name: _region(run, name))
    histories = [run.rate_hz(name, bin_ms) for name in names]
    values = np.stack([rate for _, rate in histories], axis=1)
    panel = draw("Population rates", histories[0][0], values, names, "spikes/s", axis)
    return replace(
        panel, caption=f"Spikes per neuron and second, in bins of {bin_ms:g} ms. {panel.caption}".strip()
    )


def signal(run: Run, port: str, title: str, axis: TimeAxis, relative: bool = False) -> Panel | None:
    """A recorded signal over time; with ``relative`` a map shows the change from the start in percent."""
    time_ns, values = run.signal(port)
    if not len(time_ns):
        return None
    names = list(run.order(port))
    if values.ndim == 3:
        names = [f"{name} {axis_name}" for name in names for axis_name in "xyz"[: values.shape[2]]]
        values = values.reshape(len(time_ns), -1)
    if relative and values.shape[1] > MAX_LINES and (values[0] != 0).all():
        change = 100 * (values / values[0] - 1)
        return draw(f"{title}, change from the start", time_ns, change, names, "%", axis)
    factor, unit = _readable(run.unit(port), values)
    return draw(title, time_ns, values * factor, names, unit, axis)


def draw(
    title: str, time_ns: Times, values: Signal, names: Sequence[str], unit: str, axis: TimeAxis
) -> Panel:
    """Lines for few channels, a map for many. time_ns: (n_times,); values: (n_times, n_channels)."""
    label = "no unit" if unit == "1" else unit
    with mpl.rc_context(STYLE):
        if len(names) <= MAX_LINES:
            figure = _lines(time_ns, values, label, axis)
            caption = ""
            legend = tuple((f"--series-{i}", name) for i, name in enumerate(names))
        else:
            every = -(-len(names) // MAX_ROWS)
            figure = _map(time_ns, values[:, ::every], names[::every], label, axis)
            legend = ()
            caption = f"One in {every} of {len(names):,} channels." if every > 1 else ""
        return Panel(title, to_svg(figure, title), caption, legend)


def _lines(time_ns: Times, values: Signal, label: str, axis: TimeAxis) -> Figure:
    figure, axes = new_panel(1.65)
    many = len(time_ns) > 2 * MAX_COLUMNS
    for channel in range(values.shape[1]):
        x, y = _extremes(time_ns, values[:, channel]) if many else (time_ns, values[:, channel])
        axes.plot(axis.of_ns(x), y, color=SERIES[channel])
    axes.set_ylabel(label)
    axes.margins(y=0.08)
    axis.dress(axes)
    return figure


def _map(time_ns: Times, values: Signal, names: Sequence[str], label: str, axis: TimeAxis) -> Figure:
    columns = min(len(time_ns), MAX_COLUMNS)
    image = _averaged(time_ns, values, columns, axis.end_ns).T
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    figure, axes = new_panel(min(max(1.2, 0.16 * len(names)), 8.0))
    norm, colors = _scale(low, high)
    drawn = axes.imshow(
        image, cmap=colors, norm=norm, aspect="auto", interpolation="nearest",
        extent=(0, axis.end, len(names) - 0.5, -0.5),
    )  # fmt: skip
    step = max(1, -(-len(names) // 50))
    axes.set_yticks(range(0, len(names), step), [_short(name) for name in names[::step]], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axis.dress(axes, covered=True)
    _color_scale(figure, drawn, label)
    return figure


def _scale(low: float, high: float) -> tuple[Normalize, Colormap]:
    if low < 0:
        reach = max(-low, high)
        return TwoSlopeNorm(0, -reach, reach), TWO_SIDED
    return Normalize(0, high if high > 0 else 1), ONE_SIDED


def _color_scale(figure: Figure, drawn: object, label: str) -> None:
    height = float(figure.get_size_inches()[1])
    long = min(1.2, height - TOP_IN - BOTTOM_IN)
    left, bottom = WIDTH_IN - RIGHT_IN + 0.12, height - TOP_IN - long
    place = (left / WIDTH_IN, bottom / height, 0.1 / WIDTH_IN, long / height)
    bar = figure.colorbar(drawn, cax=figure.add_axes(place))  # type: ignore[arg-type]
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2, width=0.7, labelsize=7.5)
    bar.ax.set_title(label, fontsize=7.5, loc="left")


def _ticks(axes: Axes, x: Signal, y: Signal, half: float, color: str, width: float) -> None:
    """All spikes of a population as one path: a tenth of the bytes of one element a spike."""
    if not len(x):
        return
    vertices = np.empty((2 * len(x), 2))
    vertices[0::2, 0] = vertices[1::2, 0] = x
    vertices[0::2, 1], vertices[1::2, 1] = y - half, y + half
    codes = np.tile(np.array([Outline.MOVETO, Outline.LINETO], np.uint8), len(x))
    axes.add_patch(PathPatch(Outline(vertices, codes), fill=False, edgecolor=color, linewidth=width))


def _name_bands(axes: Axes, names: list[str], edges: Signal, regions: list[str], run: Run) -> None:
    axes.set_ylim(edges[-1], 0)
    axes.tick_params(axis="y", length=0)
    of_region = [_region(run, name) for name in names]
    if len(names) <= 40:
        places, labels = (edges[:-1] + edges[1:]) / 2, [_short(name) for name in names]
    else:
        spans = [[i for i, region in enumerate(of_region) if region == wanted] for wanted in regions]
        places, labels = np.array([(edges[s[0]] + edges[s[-1] + 1]) / 2 for s in spans]), regions
    axes.set_yticks(places, [label or "(no region)" for label in labels], fontsize=7.5)
    for region in filter(None, regions):
        first = of_region.index(region)
        last = len(of_region) - of_region[::-1].index(region)
        middle = (edges[first] + edges[last]) / 2
        axes.annotate(
            textwrap.fill(region, 14), (1, middle), (5, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=7.5, va="center", annotation_clip=False,
        )  # fmt: skip
    for edge, before, after in zip(edges[1:-1], of_region, of_region[1:], strict=False):
        axes.axhline(edge, color=FAINT, linewidth=0.8 if before != after else 0.3, zorder=0)


def _raster_caption(total: int, drawn: int) -> str:
    rows = "One row a neuron; the height of a population grows with the square root of its size."
    if drawn < total:
        return (
            f"Thinned: {drawn:,} of {total:,} spikes are drawn, about one in {total / max(drawn, 1):.3g}, "
            f"chosen at random alike in all populations. {rows}"
        )
    return f"All {total:,} spikes. {rows}"


def _region(run: Run, name: str) -> str:
    info: PopulationInfo = run.populations[name]
    return info.region


def _readable(unit: str, values: Signal) -> tuple[float, str]:
    """A factor and a unit that spare the reader leading zeros."""
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    thousandth = {"m": "mm", "N": "mN", "m/s": "mm/s", "N*m": "mN*m"}
    return (1000.0, thousandth[unit]) if unit in thousandth and 0 < largest < 0.2 else (1.0, unit)


def _extremes(time_ns: Times, values: Signal) -> tuple[Times, Signal]:
    """The least and the largest value of each of MAX_COLUMNS stretches of samples."""
    starts = np.linspace(0, len(values), MAX_COLUMNS, endpoint=False).astype(int)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.repeat(time_ns[starts], 2), np.stack([low, high], axis=1).ravel()


def _averaged(time_ns: Times, values: Signal, columns: int, end_ns: int) -> NDArray[np.float64]:
    """Mean of the samples in each of ``columns`` equal stretches of the axis; NaN where there is none."""
    place = np.clip((time_ns - 1) * columns // max(end_ns, 1), 0, columns - 1)
    sums = np.zeros((columns, values.shape[1]))
    np.add.at(sums, place, values)
    counts = np.bincount(place, minlength=columns)[:, None]
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"
