"""Mean rates of the populations over time: lines for few, for many a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np

from ..clock import NS_PER_MS
from ..ports import Signal
from . import report_figures as figures
from .read import Run
from .report_style import MAX_LINES, ONE_SIDED, STYLE, Panel, TimeAxis, new_panel, to_svg

LINE_BINS, ROW_BINS = 400, 120
"""At most so many bins make a line, or a row."""
LEAST_MS = 10.0
NAMED = 110
ROW_IN, HIGHEST_IN = 0.155, 14.0


def rates_panel(run: Run, names: Sequence[str], axis: TimeAxis) -> Panel | None:
    """Rates of these recorded populations; None for a run shorter than a bin."""
    bins = LINE_BINS if len(names) <= MAX_LINES else ROW_BINS
    bin_ms = max(LEAST_MS, float(np.ceil(axis.end_ns / NS_PER_MS / bins)))
    if axis.end_ns < bin_ms * NS_PER_MS:
        return None
    histories = [run.rate_hz(name, bin_ms) for name in names]
    values = np.stack([rate for _, rate in histories], axis=1)
    binned = f"Spikes per neuron and second, in bins of {bin_ms:g} ms."
    if len(names) <= MAX_LINES:
        panel = figures.draw("Population rates", histories[0][0], values, names, "spikes/s", axis)
        return replace(panel, caption=f"{binned} {panel.caption}".strip())
    named = ", which stands behind it" if len(names) <= NAMED else ""
    scaled = f"Each row from 0 (clear) to its own highest{named}."
    return Panel("Population rates", _rows(values.T, names, bin_ms, axis), f"{binned} {scaled}")


def _rows(values: Signal, names: Sequence[str], bin_ms: float, axis: TimeAxis) -> str:
    """values: shape (n_populations, n_bins)."""
    highest = values.max(axis=1)
    relative = values / np.where(highest > 0, highest, 1.0)[:, None]
    end = float(axis.of_ns(np.array(round(values.shape[1] * bin_ms * NS_PER_MS))))
    with mpl.rc_context(STYLE):
        figure, axes = new_panel(min(ROW_IN * len(names), HIGHEST_IN))
        axes.imshow(
            relative, cmap=ONE_SIDED, vmin=0, vmax=1, aspect="auto", interpolation="nearest",
            extent=(0, end, len(names) - 0.5, -0.5),
        )  # fmt: skip
        axes.tick_params(axis="y", length=0)
        axes.set_yticks([])
        if len(names) <= NAMED:
            axes.set_yticks(range(len(names)), [figures.short(name) for name in names], fontsize=7.5)
            for row, rate_hz in enumerate(highest):
                axes.annotate(
                    f"{rate_hz:.3g}", (1, row), (5, 0), xycoords=("axes fraction", "data"), va="center",
                    textcoords="offset points", fontsize=7.5, annotation_clip=False,
                )  # fmt: skip
            axes.annotate(
                "spikes/s", (1, 1), (5, 5), xycoords="axes fraction", textcoords="offset points", fontsize=7.5
            )
        axis.dress(axes, covered=True)
        return to_svg(figure, "population rates")
