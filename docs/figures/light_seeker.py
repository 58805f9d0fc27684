"""Draw light-seeker.png beside this file: where the robot of the example drove, with crossed and uncrossed wires.

Run from the root of the repository: python docs/figures/light_seeker.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from sherrington.clock import ms_to_ns
from sherrington.record.read import Run
from sherrington.run import Request, run

FOLDER = Path(__file__).parent
EXAMPLE = FOLDER.parents[1] / "examples" / "light_seeker"
COLUMN_R_M = 0.05
TRIALS = 6
"""One for each heading."""


def main(out: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, sharey=True, layout="constrained")
    for axis, title, crossed in zip(axes, ("crossed", "uncrossed"), ("true", "false"), strict=True):
        changes = (f"brain.params.crossed={crossed}", f"task.trials={TRIALS}", "interventions=[]")
        draw(axis, run(Request(EXAMPLE, (*changes, "loop.duration_ms=60000"), out)))
        axis.set_title(f"wires {title}", loc="left")
    axes[0].set_ylabel("y (m)")
    figure.savefig(FOLDER / "light-seeker.png", dpi=110)


def draw(axis: Axes, done: Run) -> None:
    """The way of the robot in every trial, seen from above; bumps as dots."""
    time_ns, base = done.signal("body.site_position", "base")
    force = sum(done.signal("body.contact_force", f"bumper_{side}")[1] for side in ("left", "right"))
    for number, trial in enumerate(done.trials):
        # The first sample of a trial is that of the cycle before the robot was put back.
        during = (time_ns > ms_to_ns(trial["start_ms"]) + ms_to_ns(20)) & (
            time_ns <= ms_to_ns(trial["end_ms"])
        )
        axis.plot(*base[during, :2].T, color=plt.get_cmap("viridis")(number / TRIALS), linewidth=1.3)
        axis.plot(*base[during & (force > 0), :2].T, ".", color="crimson", markersize=3)
    for site, colour in (("beacon_1", "gold"), ("pillar_1", "0.2")):
        place = done.signal("body.site_position", site)[1][0, :2]
        axis.add_patch(plt.Circle(place, COLUMN_R_M, color=colour))
    axis.set_aspect("equal")
    axis.set_xlabel("x (m)")
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(Path(folder)))
