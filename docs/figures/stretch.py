"""Draw stretch.png beside this file: the mean response to a push, station by station, from the newest benchmark result.

Run from the root of the repository: python docs/figures/stretch.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / "benchmarks" / "mouse_stretch" / "results.jsonl"
UP = {
    "length": "muscle length",
    "Ia": "Ia afferents",
    "CN": "cuneate nucleus",
    "TH_S1_VPL_TC": "thalamus, VPL",
    "S1_L4_Pyr": "S1, L4",
}
DOWN = {
    "MN": "motoneurons",
    "premotor": "premotor neurons",
    "M1_L5B_PT": "M1, L5B pyramidal tract",
    "M1_L23_CC": "M1, L2/3",
    "S1_L5B_Pyr": "S1, L5B",
}
"""Both from the muscles at the top to cortex at the bottom."""
MARKED = {"MN": {"reflex_ms": "spinal\n{:g} ms", "MN_late_ms": "through cortex\n{:g} ms"}}
"""Metrics that say where a response begins, and how they are written, where it is not one of the population's name."""
INTACT, CUT = "#c8553d", "0.45"
FROM_MS, TO_MS = -20.0, 100.0


def main() -> None:
    """Left what goes up, right what comes down; numbers are latencies from the beginning of the stretch."""
    result = json.loads(RESULTS.read_text(encoding="utf-8").splitlines()[-1])
    figure, axes = plt.subplots(len(UP), 2, figsize=(9.0, 8.0), sharex=True, layout="constrained")
    for column, names in zip(axes.T, (UP, DOWN), strict=True):
        for panel, (name, title) in zip(column, names.items(), strict=True):
            _course(panel, name, result["details"])
            panel.set_title(title, loc="left", fontsize=10, pad=3)
            _latencies(panel, name, result["metrics"])
        column[-1].set_xlabel("time from the start of the push, ms")
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper right")
    figure.savefig(FOLDER / "stretch.png", dpi=110)


def _course(panel: Axes, name: str, details: Mapping[str, Any]) -> None:
    starts_ms = np.array(details["starts_ms"])
    width_ms = starts_ms[1] - starts_ms[0]
    shown = (starts_ms >= FROM_MS) & (starts_ms < TO_MS)
    before = starts_ms < 0
    edges_ms = np.append(starts_ms[shown], TO_MS)
    intact, cut = (np.array(details[condition][name]) for condition in ("intact", "cut"))
    if name == "length":
        for values, colour, label in ((intact, INTACT, "intact"), (cut, CUT, "ascending path cut")):
            panel.plot(
                starts_ms[shown] + width_ms / 2,
                (values - values[before].mean())[shown],
                color=colour,
                label=label,
            )
        panel.set_ylabel("change, mm", fontsize=8)
    else:
        panel.stairs(intact[shown], edges_ms, color=INTACT, fill=True, alpha=0.3)
        panel.stairs(intact[shown], edges_ms, color=INTACT)
        panel.stairs(cut[shown], edges_ms, color=CUT)
        panel.set_ylim(bottom=0.0)
        panel.set_ylabel("spikes/s", fontsize=8)
    panel.axvspan(0.0, details["push_ms"], color="0.9", zorder=0)
    panel.tick_params(labelsize=8)
    panel.set_xlim(FROM_MS, TO_MS)
    panel.spines[["top", "right"]].set_visible(False)


def _latencies(panel: Axes, name: str, metrics: Mapping[str, float]) -> None:
    """A dotted line where a response begins, with its latency above the course."""
    panel.set_ylim(top=1.22 * panel.get_ylim()[1])
    for key, text in MARKED.get(name, {f"{name}_ms": "{:g} ms"}).items():
        latency_ms = metrics.get(key, float("nan"))
        if np.isfinite(latency_ms):
            at_ms = metrics["stretch_ms"] + latency_ms
            panel.axvline(at_ms, color="k", linewidth=0.8, linestyle=":")
            panel.annotate(
                text.format(latency_ms),
                (at_ms, 1.0),
                (3, -1),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                fontsize=8,
                va="top",
            )


if __name__ == "__main__":
    main()
