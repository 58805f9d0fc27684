"""Draw mouse_pull.png beside this file: the mouse brain pulls the joystick, from the cue to the stick.

Run from the root of the repository, after a run of the example with the populations below recorded:
sherrington run examples/mouse_pull --out runs/figure; python docs/figures/mouse_pull.py runs/figure/mouse_pull-...
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from sherrington.record.read import Run, open_run

FOLDER = Path(__file__).parent
LINES = (
    ("command M2", "M2", "pull", "C4"),
    ("M1 L5B PT, strip pull", "M1_L5B_PT", "pull", "C0"),
    ("M1 L5B PT, elsewhere", "M1_L5B_PT", "elsewhere", "0.6"),
    ("premotor, pull", "premotor", "pull", "C3"),
    ("premotor, rest", "premotor", "rest", "C1"),
    ("cuneate nucleus", "CN", None, "C2"),
    ("thalamus VPL", "TH_S1_VPL_TC", None, "C5"),
    ("S1 L5B Pyr", "S1_L5B_Pyr", None, "C6"),
    ("motoneurons", "MN", None, "k"),
)
BIN_MS = 20.0


def main(run: Run) -> None:
    """Stick and cue; then rates, row by row from the command to the muscles and back."""
    time_ns, stick = run.signal("body.joint_angle", "stick_pull")
    go_ns, go = run.signal("task.go")
    figure, axes = plt.subplots(
        len(LINES) + 1, 1, figsize=(9.5, 8.5), sharex=True, layout="constrained",
        height_ratios=[2.0, *[1.0] * len(LINES)],
    )  # fmt: skip
    axes[0].plot(time_ns / 1e9, stick, color="k", linewidth=1.2)
    axes[0].axhline(0.325, color="0.6", linestyle=":", linewidth=1)
    axes[0].set_ylabel("stick, rad")
    for panel in axes:
        for start, end in _spans(go_ns / 1e9, go.ravel() > 0):
            panel.axvspan(start, end, color="C4", alpha=0.12, linewidth=0)
        panel.spines[["top", "right"]].set_visible(False)
    for panel, (label, population, channel, color) in zip(axes[1:], LINES, strict=True):
        centres_s, rate_hz = _rate(run, population, channel)
        panel.fill_between(centres_s, rate_hz, step="mid", color=color, alpha=0.75, linewidth=0)
        panel.set_ylim(0, max(10.0, 1.1 * float(rate_hz.max())))
        panel.text(1.005, 0.5, label, transform=panel.transAxes, va="center", fontsize=9, color=color)
        panel.tick_params(labelsize=7)
    axes[len(LINES) // 2 + 1].set_ylabel("rate, spikes/s")
    axes[-1].set_xlabel("time, s; shaded: go")
    figure.savefig(FOLDER / "mouse_pull.png", dpi=100)


def _spans(time_s: np.ndarray, on: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
    times = np.append(time_s, time_s[-1])
    return [(float(times[a]), float(times[b])) for a, b in edges.reshape(-1, 2)]


def _rate(run: Run, population: str, channel: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Bin centres in s, and spikes per neuron and second."""
    info = run.populations[population]
    sizes = dict(info.channels) if channel else {population: info.size}
    first = sum(n for name, n in _until(sizes, channel))
    size = sizes[channel or population]
    batch = run.spikes(population)
    chosen = (batch.channels >= first) & (batch.channels < first + size)
    edges_ms = np.arange(0, run.duration_ns / 1e6 + BIN_MS, BIN_MS)
    counts = np.histogram(batch.times_ns[chosen] / 1e6, edges_ms)[0]
    return (edges_ms[:-1] + BIN_MS / 2) / 1000, counts / size / BIN_MS * 1000


def _until(sizes: dict[str, int], channel: str | None) -> list[tuple[str, int]]:
    names = list(sizes)
    return [(name, sizes[name]) for name in names[: names.index(channel)]] if channel else []


if __name__ == "__main__":
    main(open_run(Path(sys.argv[1])))
