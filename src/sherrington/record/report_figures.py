"""Pictures of a run: any signal as lines or as a map, over one shared time axis."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..ports import Signal
from .read import Run, Times
from .report_style import (
    BOTTOM_IN,
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

MAX_ROWS = 400
"""More channels than this are thinned to every second, third, ... one, and the panel says so."""
MAX_COLUMNS = 900
"""More samples than this are averaged in a map, and reduced to their extremes in a line."""


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
    axes.set_yticks(range(0, len(names), step), [short(name) for name in names[::step]], fontsize=7.5)
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


def short(name: str) -> str:
    """A name, cut where a panel has no more room for it."""
    return name if len(name) <= 26 else f"{name[:25]}…"
