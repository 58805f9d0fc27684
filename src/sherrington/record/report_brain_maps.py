"""Rates on the sheets: a small map for each population."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .report_brain_portrait import NEURONS_IN_BIN, Portrait, Window
from .report_style import ONE_SIDED, STYLE, WIDTH_IN, Panel, to_svg

MAX_MAPS, COLUMNS = 42, 7
FEWEST_NEURONS = 36
"""Populations with fewer have no map: it would have hardly any bins."""
GAP_IN, TITLE_IN, EDGE_IN = 0.2, 0.42, 0.12


def map_panel(portraits: Sequence[Portrait], window: Window) -> Panel | None:
    """Maps of the populations that lie on a sheet, excitatory ones first where there are many; None without."""
    placed = [p for p in portraits if p.map is not None and p.size >= FEWEST_NEURONS]
    if not placed:
        return None
    preferred = sorted(placed, key=lambda p: p.excitatory is False)[:MAX_MAPS]
    shown = [portrait for portrait in placed if portrait in preferred]
    with mpl.rc_context(STYLE):
        figure, places = _grid(len(shown))
        for axes, portrait in zip(places, shown, strict=True):
            _draw(axes, portrait)
        svg = to_svg(figure, "rates on the sheet")
    return Panel("Rates on the sheet", svg, _caption(shown, len(placed), window))


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(COLUMNS, count)
    side = (WIDTH_IN - 2 * EDGE_IN - GAP_IN * (COLUMNS - 1)) / COLUMNS
    rows = -(-count // columns)
    height = rows * (side + TITLE_IN) + EDGE_IN
    figure = Figure(figsize=(WIDTH_IN, height))
    return figure, [
        figure.add_axes(
            (
                (EDGE_IN + (i % columns) * (side + GAP_IN)) / WIDTH_IN,
                1 - (i // columns + 1) * (side + TITLE_IN) / height,
                side / WIDTH_IN,
                side / height,
            )
        )
        for i in range(count)
    ]


def _draw(axes: Axes, portrait: Portrait) -> None:
    found = portrait.map
    assert found is not None
    highest = float(np.nanmax(found.rates_hz))
    extent = (found.x_mm[0], found.x_mm[-1], found.y_mm[0], found.y_mm[-1])
    axes.imshow(
        found.rates_hz, cmap=ONE_SIDED, vmin=0, vmax=highest or 1, origin="lower", extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
    rates = f"0 to {highest:.3g} Hz" if highest else "silent"
    axes.set_title(f"{_short(portrait.name)}\n{rates}", fontsize=7, loc="left", pad=3)


def _caption(shown: Sequence[Portrait], placed: int, window: Window) -> str:
    sides = {f"{p.map.x_mm[-1] * 2:.3g} × {p.map.y_mm[-1] * 2:.3g} mm" for p in shown if p.map is not None}
    more = placed - len(shown)
    return (
        f"Mean rates {window.words} in bins of about {NEURONS_IN_BIN} neurons or more, each map from 0 (clear) to the "
        f"rate above it; x to the right, y up, {' or '.join(sorted(sides))}. With few spikes in a bin much of what "
        "differs is chance."
        + (f" {more} more populations lie on sheets: analysis.rate_map draws them." if more else "")
    )


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"
