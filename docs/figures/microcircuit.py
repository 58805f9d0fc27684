"""Draw microcircuit.png beside this file: rates and correlations of the newest benchmark result, by size.

Run from the root of the repository: python docs/figures/microcircuit.py
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from sherrington.brain.models.microcircuit import MEAN_RATE_HZ

FOLDER = Path(__file__).parent
RESULTS = FOLDER.parents[1] / "benchmarks" / "microcircuit" / "results.jsonl"
NAMES = list(MEAN_RATE_HZ)
RATE, CORRELATION = 0, 2
"""Places in the list that the benchmark keeps for each population."""


def main() -> None:
    """Dots are seeds; the bars on the left are the published rates at full size."""
    sizes = json.loads(RESULTS.read_text(encoding="utf-8").splitlines()[-1])["details"]
    figure, (rates, correlations) = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
    places = np.arange(len(NAMES))
    rates.bar(places, list(MEAN_RATE_HZ.values()), 0.9, color="0.88", label="published, full size")
    for i, (size, of_size) in enumerate(sizes.items()):
        runs = of_size["seeds"]
        x = places + 0.15 * (i - (len(sizes) - 1) / 2)
        label = "neurons 0.05, indegree 0.2" if "x" in size else f"scale {size}"
        for axes, which in ((rates, RATE), (correlations, CORRELATION)):
            values = np.array([[run[name][which] for name in NAMES] for run in runs])
            axes.plot(x, values[0], ".", color=f"C{i}", markersize=5, label=label)
            axes.plot(x, values[1:].T, ".", color=f"C{i}", markersize=5)
    rates.set_ylabel("rate, spikes/s")
    correlations.set_ylabel("mean correlation of counts, 2 ms")
    for axes in (rates, correlations):
        axes.set_xticks(places, NAMES)
        axes.spines[["top", "right"]].set_visible(False)
    rates.legend(frameon=False, fontsize=8)
    figure.savefig(FOLDER / "microcircuit.png", dpi=100)


if __name__ == "__main__":
    main()
