"""Draw force_field.png beside this file: the error of the pull over trials, from the newest benchmark result.

Run from the root of the repository: python docs/figures/force_field.py
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / "benchmarks" / "force_field" / "results.jsonl"
FIELD = (6, 30)
"""First trial with the field, and first without it again."""
LABELS = {"plastic": "plastic", "fixed": "not plastic"}


def main() -> None:
    """Lines are means over seeds, thin ones the seeds; the field acts in the grey block."""
    errors = json.loads(RESULTS.read_text(encoding="utf-8").splitlines()[-1])["details"]["error_mrad"]
    figure, axes = plt.subplots(figsize=(7.0, 3.4), layout="constrained")
    axes.axvspan(FIELD[0] - 0.5, FIELD[1] - 0.5, color="0.93", label="force to the right")
    axes.axhline(0.0, color="0.6", linewidth=0.8)
    for i, (condition, label) in enumerate(LABELS.items()):
        runs = np.array(
            [values for name, values in errors.items() if name.startswith(f"{condition}/")], dtype=float
        )
        axes.plot(runs.T, color=f"C{i}", linewidth=0.5, alpha=0.35)
        axes.plot(
            np.nanmean(runs, axis=0), "o-", color=f"C{i}", markersize=3, label=f"{label}, mean of {len(runs)}"
        )
    axes.set_xlabel("trial")
    axes.set_ylabel("error of the pull, mrad (left is up)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    figure.savefig(FOLDER / "force_field.png", dpi=100)


if __name__ == "__main__":
    main()
