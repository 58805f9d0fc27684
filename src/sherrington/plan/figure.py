"""The plan as a picture: time to result, real-time factor and node-hours over processes, as such figures are
published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from .choose import Plan, fastest
from .predict import Prediction, Range

Value = Callable[[Prediction], Range]
PANELS: tuple[tuple[str, Value], ...] = (
    ("time to result (s)", lambda p: p.total_s),
    ("real-time factor", lambda p: p.rtf),
    ("node-hours", lambda p: p.node_hours),
)
INK, FAINT, LINE = "#222222", "#b9c2c9", "#1f7fa8"
MARKS = {
    "cheapest": ("s", "#2a9d5c", 11.0),
    "knee": ("D", "#d4671c", 8.5),
    "fastest": ("^", "#b3305f", 7.0),
    "asked": ("o", INK, 4.0),
}
"""Name to marker, colour and size; one shape may have several, so each is smaller than the one before."""
MOST_TICKS = 8


def draw(plan: Plan, title: str, path: Path) -> None:
    """Write a picture; its kind follows the ending of the file's name (png, svg, pdf)."""
    figure = Figure(figsize=(11.0, 3.9), layout="constrained")
    best = _best(plan.compared)
    for axes, (label, value) in zip(figure.subplots(1, 3), PANELS, strict=True):
        _panel(axes, plan, best, value)
        axes.set_ylabel(label)
    figure.suptitle(title, fontsize=11, color=INK)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=7,
        frameon=False,
        fontsize=8,
        columnspacing=1.4,
        handletextpad=0.4,
    )
    figure.savefig(path, dpi=150)


def _best(predictions: Sequence[Prediction]) -> list[Prediction]:
    """The fastest of each number of processes."""
    counts = sorted({p.shape.processes for p in predictions})
    return [fastest([p for p in predictions if p.shape.processes == count]) for count in counts]


def _panel(axes: Axes, plan: Plan, best: Sequence[Prediction], value: Value) -> None:
    x = [p.shape.processes for p in best]
    middle = [value(p) for p in best]
    others = [p for p in plan.compared if p not in best]
    axes.plot(
        [p.shape.processes for p in others],
        [value(p).value for p in others],
        ".",
        color=FAINT,
        markersize=4,
        label="other splits",
    )
    axes.fill_between(
        x,
        [r.low for r in middle],
        [r.high for r in middle],
        color=LINE,
        alpha=0.15,
        linewidth=0,
        label="nine of ten runs",
    )
    axes.plot(x, [r.value for r in middle], "-", color=LINE, linewidth=1.6, label="fastest split", zorder=3)
    _mark(axes, plan, value)
    _dress(axes, x)


def _mark(axes: Axes, plan: Plan, value: Value) -> None:
    named = {"cheapest": plan.cheapest, "knee": plan.knee, "fastest": plan.fastest, "asked": plan.asked}
    for name, (marker, colour, size) in MARKS.items():
        p = named[name]
        if p is not None:
            axes.plot(
                p.shape.processes,
                value(p).value,
                marker,
                color=colour,
                markersize=size,
                markeredgecolor="white",
                markeredgewidth=0.8,
                label=f"{name}: {p.shape}",
                linestyle="none",
                zorder=5,
            )


def _dress(axes: Axes, processes: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("processes: ranks x threads")
    every = max(1, -(-len(processes) // MOST_TICKS))
    axes.set_xticks(processes[::every], [f"{n:,}" for n in processes[::every]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.3g}" if y < 1000 else f"{y:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color="#e6eaed", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
