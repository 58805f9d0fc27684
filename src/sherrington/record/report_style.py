"""What all pictures of a report share: one time axis, one size, and colours that the page decides.

Matplotlib draws with marker colours; each is then replaced by a CSS variable, so that one picture suits a light
and a dark page. Maps use one hue that fades to transparent, for the same reason.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ..clock import NS_PER_MS
from ..ports import Signal
from .read import Times

MAX_LINES = 10
"""More channels than this become a map, one row a channel."""
INK, FAINT, SHADE = "#fe0101", "#fe0102", "#fe0103"
SERIES = tuple(f"#fd01{i:02x}" for i in range(MAX_LINES))
VARIABLES = {INK: "--ink", FAINT: "--faint", SHADE: "--shade"} | {
    color: f"--series-{i}" for i, color in enumerate(SERIES)
}
HUE, OPPOSITE = "#1f7fa8", "#d4671c"
TWO_SIDED_STOPS = [(0, f"{OPPOSITE}ff"), (0.4999, f"{OPPOSITE}00"), (0.5001, f"{HUE}00"), (1, f"{HUE}ff")]
ONE_SIDED = LinearSegmentedColormap.from_list("one_sided", [f"{HUE}00", f"{HUE}ff"])
TWO_SIDED = LinearSegmentedColormap.from_list("two_sided", TWO_SIDED_STOPS)

WIDTH_IN, LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN = 10.4, 1.75, 0.8, 0.26, 0.46
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "sherrington",
    "font.size": 8.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 1.2,
    "path.simplify": False,
}


@dataclass(frozen=True)
class Perturbation:
    """Something done to the simulation from ``start_ms`` to ``end_ms``; shaded in every panel."""

    name: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True)
class TimeAxis:
    """The axis that all panels of a report share: from 0 to the end of the run."""

    end_ns: int
    perturbations: tuple[Perturbation, ...] = ()

    @property
    def unit(self) -> str:
        return "s" if self.end_ns >= 2000 * NS_PER_MS else "ms"

    def of_ns(self, time_ns: Times) -> Signal:
        """Positions on the axis."""
        return time_ns / (NS_PER_MS * (1000 if self.unit == "s" else 1))

    @property
    def end(self) -> float:
        return float(self.of_ns(np.array(max(self.end_ns, 1))))

    def dress(self, axes: Axes, covered: bool = False) -> None:
        """Set limits and label, and mark what was done: shaded, or by its edges where a map covers the panel."""
        axes.set_xlim(0, self.end)
        axes.set_xlabel(f"time ({self.unit})")
        scale = 1000 if self.unit == "s" else 1
        crowded = len(self.perturbations) > 4
        for number, marked in enumerate(self.perturbations, start=1):
            start, end = marked.start_ms / scale, min(marked.end_ms / scale, self.end)
            if start > self.end:
                continue
            if covered or end <= start:
                edges = sorted({start, end})
                across = axes.get_xaxis_transform()
                axes.vlines(edges, 0, 1, INK, linewidth=0.8, linestyle=(0, (4, 3)), transform=across)
            else:
                axes.axvspan(start, end, facecolor=SHADE, linewidth=0, zorder=0)
            axes.annotate(
                str(number) if crowded else marked.name, (start, 1), (0, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", fontsize=7.5, annotation_clip=True,
            )  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """One picture with its words. legend: (CSS variable, name) of each line; empty for a map."""

    title: str
    svg: str
    caption: str = ""
    legend: Sequence[tuple[str, str]] = field(default_factory=tuple)


def new_panel(inner_height_in: float) -> tuple[Figure, Axes]:
    """A figure with one panel of this height, placed like all others so that their time axes line up."""
    height = inner_height_in + TOP_IN + BOTTOM_IN
    figure = Figure(figsize=(WIDTH_IN, height))
    place = (
        LEFT_IN / WIDTH_IN,
        BOTTOM_IN / height,
        1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN,
        inner_height_in / height,
    )
    return figure, figure.add_axes(place)


def to_svg(figure: Figure, title: str) -> str:
    """The figure as an ``<svg>`` element for a page: colours by variable, no ids but those it refers to."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
    for color, variable in VARIABLES.items():
        text = text.replace(color, f"var({variable})")
    unique = re.sub(r"\W+", "_", title)
    text = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{unique}_", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
