"""Power spectra of the rates of regions and their populations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..analysis.spectrum import Spectrum, of_counts
from ..clock import ns_to_s
from ..ports import Signal
from .report_brain_portrait import BIN_MS, COUNTED_S, Portrait, Window
from .report_style import FAINT, INK, LEFT_IN, RIGHT_IN, SERIES, STYLE, WIDTH_IN, Panel, to_svg

COLUMNS, HIGH_IN, GAP_IN = 3, 1.75, 0.62
POINTS = 70
"""Frequencies that a line runs through: the mean of each of as many even steps of the logarithm."""


def spectra_panel(portraits: Sequence[Portrait], window: Window) -> Panel | None:
    """One picture a region; None where the run is too short or no neuron fires."""
    if not window.segment_ms:
        return None
    everyone = [(region, list(members)) for region, members in groupby(portraits, key=lambda p: p.region)]
    regions = [
        (name, members, SERIES[i % len(SERIES)])
        for i, (name, members) in enumerate(everyone)
        if any(member.counts.any() for member in members)
    ]
    if not regions:
        return None
    with mpl.rc_context(STYLE):
        figure, panels = _grid(len(regions))
        for place, (axes, (name, members, color)) in enumerate(zip(panels, regions, strict=True)):
            _draw(axes, members, color, window)
            axes.set_title(name or "(no region)", fontsize=8.5, loc="left", pad=4)
            if place % COLUMNS == 0:
                axes.set_ylabel("Hz²/Hz")
            if place + COLUMNS >= len(regions):
                axes.set_xlabel("frequency (Hz)")
        return Panel("Spectra of the rates", to_svg(figure, "spectra of the rates"), _caption(window))


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    left = 0.85
    wide = (WIDTH_IN - left - 0.15 - GAP_IN * (columns - 1)) / columns
    if count == 1:
        left, wide = LEFT_IN, WIDTH_IN - LEFT_IN - RIGHT_IN
    height = rows * (HIGH_IN + GAP_IN) + 0.12
    figure = Figure(figsize=(WIDTH_IN, height))
    places = (divmod(i, columns) for i in range(count))
    return figure, [
        figure.add_axes(
            (
                (left + column * (wide + GAP_IN)) / WIDTH_IN,
                1 - ((row + 1) * (HIGH_IN + GAP_IN) - 0.36) / height,
                wide / WIDTH_IN,
                HIGH_IN / height,
            )
        )
        for row, column in places
    ]


def _draw(axes: Axes, members: Sequence[Portrait], color: str, window: Window) -> None:
    if len(members) > 1:
        for member in filter(lambda member: member.counts.any(), members):
            own = of_counts(member.counts, member.size, bin_ms=BIN_MS, segment_ms=window.segment_ms)
            axes.plot(*_stepped(own), color=color, linewidth=0.7, alpha=0.38)
    counts = np.sum([member.counts for member in members], axis=0)
    size = sum(member.size for member in members)
    whole = of_counts(counts, size, bin_ms=BIN_MS, segment_ms=window.segment_ms)
    axes.plot(*_stepped(whole), color=color, linewidth=1.8)
    axes.axhline(whole.poisson_hz2_per_hz, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(1000 / window.segment_ms, 500 / BIN_MS)
    axes.grid(color=FAINT, linewidth=0.3, which="major")
    axes.tick_params(which="minor", length=0)
    axes.set_axisbelow(True)


def _stepped(spectrum: Spectrum) -> tuple[Signal, Signal]:
    """Frequency and density, without 0 Hz, averaged in even steps of the logarithm of frequency."""
    frequency, density = spectrum.frequencies_hz[1:], spectrum.density_hz2_per_hz[1:]
    step = np.floor(POINTS * np.log(frequency / frequency[0]) / np.log(frequency[-1] / frequency[0]))
    # The last one, at half the sampling rate, belongs to the step before.
    _, place = np.unique(np.minimum(step, POINTS - 1), return_inverse=True)
    count = np.bincount(place)
    return np.bincount(place, frequency) / count, np.bincount(place, density) / count


def _caption(window: Window) -> str:
    measured_s = ns_to_s(window.end_ns - window.counted_ns)
    cut = f" of the last {COUNTED_S} s" if window.counted_ns > window.start_ns else f" {window.words}"
    return (
        "Thick: all recorded neurons of a region together; thin: its populations; dashed: as many independent Poisson "
        f"processes of the same rate as the region has neurons. Two-sided density{cut}, by Welch's method with "
        f"segments of {window.segment_ms:g} ms, about {2 * measured_s * 1000 / window.segment_ms - 1:.0f} of them."
    )
