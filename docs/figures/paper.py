"""Draw paper.png beside this file: the results of benchmarks/paper beside the published curves.

Run from the root of the repository: python docs/figures/paper.py [RESULTS.jsonl]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

FOLDER = Path(__file__).parent
BENCHMARK = FOLDER.parents[1] / "benchmarks" / "paper"
sys.path.insert(0, str(BENCHMARK))
from published import PROCESSES, PUBLISHED  # noqa: E402

PANELS = {
    "total_s": "total run time, s",
    "construction_s": "network construction, s",
    "first_step_s": "first step, s",
    "loop_rtf": "loop RTF",
    "process_hours": "process-hours",
    "peak_rss_gb": "memory per process, GB",
}
PHASES = {"brain_ms": "brain", "readout_ms": "readout", "transfer_ms": "transfer", "body_ms": "body"}
COLOURS = {"balanced": "C0", "mouse": "C1"}
BESIDE = {"balanced": 0.87, "mouse": 1.15}
"""Where ours stand, which all have one process: beside each other."""
MARKERS = "*DsPX^v"
"""Ours, one for each scale, largest first."""


@dataclass(frozen=True)
class Ours:
    """The newest checked result of an experiment at a scale and a number of threads, whole seconds only."""

    experiment: str
    scale: float
    threads: int
    metrics: Mapping[str, float]

    @property
    def label(self) -> str:
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        synapses = f"{self.metrics['synapses'] / 1e6:,.1f}e6 synapses"
        return f"{self.experiment}, ours, scale {self.scale:g}: {threads}, {synapses}"


def newest(results: Path) -> list[Ours]:
    """By experiment, largest scale first."""
    found: dict[tuple[str, float, int], Ours] = {}
    for text in results.read_text(encoding="utf-8").splitlines():
        line: dict[str, Any] = json.loads(text)
        options = line["options"]
        if line["checked"] and options["steps"] == 50:
            key = (options["experiment"], options["scale"], options["threads"])
            found[key] = Ours(*key, line["metrics"])
    return [found[key] for key in sorted(found, key=lambda key: (key[0], -key[1], -key[2]))]


def main() -> None:
    """One panel for each published figure, and two for what a step of the mouse brain is spent on."""
    ours = newest(Path(sys.argv[1]) if len(sys.argv) > 1 else BENCHMARK / "results.jsonl")
    figure, axes = plt.subplots(2, 4, figsize=(13, 6.2), layout="constrained")
    panels = axes.ravel()
    for panel, (metric, title) in zip(panels, PANELS.items(), strict=False):
        for experiment, published in PUBLISHED.items():
            panel.plot(PROCESSES, published.metrics[metric], ".-", color=COLOURS[experiment])
            _dots(panel, (o for o in ours if o.experiment == experiment), metric, COLOURS[experiment])
        _finish(panel, title)
    _phases(panels[6], panels[7], [o for o in ours if o.experiment == "mouse"])
    _legend(figure, ours)
    figure.savefig(FOLDER / "paper.png", dpi=100)


def _dots(panel: Axes, ours: Iterable[Ours], metric: str, colour: str) -> None:
    for i, one in enumerate(ours):
        x = BESIDE[one.experiment]
        panel.plot(x, one.metrics[metric], _marker(i), color=colour, markersize=8, markeredgecolor="k")


def _phases(left: Axes, right: Axes, ours: list[Ours]) -> None:
    """Left over processes as published, right ours over scale, the same phases in the same colours."""
    for i, (metric, name) in enumerate(PHASES.items()):
        left.plot(PROCESSES, PUBLISHED["mouse"].metrics[metric], ".-", color=f"C{i + 2}", label=name)
        right.plot([one.metrics[metric] for one in ours], "*", color=f"C{i + 2}", markersize=9)
    _finish(left, "mouse, published, ms per step")
    left.legend(frameon=False, fontsize=8)
    if not ours:
        right.set_axis_off()
        return
    right.plot([one.metrics["overhead_ms"] for one in ours], "*k", markersize=9, label="rest of the loop")
    _finish(right, "mouse, ours, ms per step", "scale", [f"{one.scale:g}" for one in ours])
    right.legend(frameon=False, fontsize=8)
    right.sharey(left)
    right.autoscale(axis="y")


def _finish(panel: Axes, title: str, x: str = "processes", ticks: Sequence[str] = ()) -> None:
    panel.set_yscale("log")
    panel.yaxis.set_minor_formatter(NullFormatter())
    if ticks:
        panel.set_xticks(range(len(ticks)), ticks)
        panel.set_xlim(-0.5, len(ticks) - 0.5)
    else:
        panel.set_xscale("log", base=2)
        panel.set_xticks(PROCESSES, [str(n) for n in PROCESSES])
    panel.set_xlabel(x)
    panel.set_title(title, fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure, ours: list[Ours]) -> None:
    lines: list[Line2D] = []
    for experiment, published in PUBLISHED.items():
        colour = COLOURS[experiment]
        title = f"{experiment}, published: 36 threads a process, {published.synapses / 1e9:.2f}e9 synapses"
        lines.append(Line2D([], [], color=colour, marker=".", label=title))
        for i, one in enumerate(o for o in ours if o.experiment == experiment):
            marks = Line2D(
                [], [], color=colour, linestyle="", marker=_marker(i), markersize=8, label=one.label
            )
            marks.set_markeredgecolor("k")
            lines.append(marks)
    figure.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False, fontsize=9)


def _marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


if __name__ == "__main__":
    main()
