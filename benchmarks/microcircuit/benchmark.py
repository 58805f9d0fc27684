"""The cortical microcircuit at several sizes and seeds: rates beside the published ones, and distances between sizes.

See README.md. ``python benchmark.py SEEDS SECONDS`` prints the table for other numbers of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import combinations, product
from multiprocessing import get_context
from typing import Any

import numpy as np
from simulate import Simulated, simulate

from sherrington.analysis.statistics import Statistics, ks_distance
from sherrington.bench import Bound, Result
from sherrington.brain.models.microcircuit import MEAN_RATE_HZ, NEURONS

SEEDS = 2
SECONDS = 2.0
AT_ONCE = 2
SIZES: dict[str, dict[str, Any]] = {
    "0.05": {"scale": 0.05},
    "0.1": {"scale": 0.1},
    "0.2": {"scale": 0.2},
    "0.05x0.2": {"neurons": 0.05, "indegree": 0.2},
}
"""Name to parameters of ``microcircuit``; 0.05x0.2: a twentieth of the neurons, a fifth of the inputs of each."""
REFERENCE = "0.2"
"""The size that the others are compared with: the largest."""
MEASURES = ("rates_hz", "interval_cvs", "correlations")

BOUNDS = {
    "0.05x0.2_largest_rate_error": Bound(high=0.3),
    "0.2_largest_rate_error": Bound(high=0.4),
    **{f"{size}_cv": Bound(low=0.65, high=1.0) for size in SIZES},
    **{f"{size}_correlation": Bound(low=0.0, high=0.02) for size in SIZES},
}


def run(seeds: int = SEEDS, seconds: float = SECONDS) -> Result:
    """Every size with every seed; checked: no population of any is silent."""
    todo = [(size, seed) for size in SIZES for seed in range(1, seeds + 1)]
    found: dict[str, list[Simulated]] = {size: [] for size in SIZES}
    # NEST has one kernel per process, and a process of its own gives each run its own peak of memory.
    with ProcessPoolExecutor(AT_ONCE, get_context("spawn"), max_tasks_per_child=1) as pool:
        made = [(size, pool.submit(simulate, seed, seconds, **SIZES[size])) for size, seed in todo]
        for size, one in made:
            found[size].append(one.result())
    metrics: dict[str, float] = {}
    for size, runs in found.items():
        metrics |= {f"{size}_{name}": value for name, value in _of_size(runs).items()}
        metrics |= {
            f"{size}_ks_{measure}": _distance(measure, _pairs(size, runs, found[REFERENCE]))
            for measure in MEASURES
        }
    fires = all(s.rate_hz > 0 for runs in found.values() for r in runs for s in r.statistics.values())
    return Result(fires, metrics, BOUNDS, {size: _details(runs) for size, runs in found.items()})


def _of_size(runs: list[Simulated]) -> dict[str, float]:
    every = [s for r in runs for s in r.statistics.values()]
    return {
        "neurons": runs[0].neurons,
        "synapses": runs[0].synapses,
        "build_us_per_synapse": float(np.median([r.build_s / r.synapses for r in runs])) * 1e6,
        "rtf": float(np.median([r.run_s / r.simulated_s for r in runs])),
        "peak_gb": max(r.peak_gb for r in runs),
        "largest_rate_error": max(abs(rate / MEAN_RATE_HZ[n] - 1) for n, rate in _rates_hz(runs).items()),
        "cv": float(np.nanmean([s.interval_cv for s in every])),
        "correlation": float(np.nanmean([s.correlation for s in every])),
    }


def _rates_hz(runs: list[Simulated]) -> dict[str, float]:
    """Mean over the seeds, by population."""
    return {name: float(np.mean([r.statistics[name].rate_hz for r in runs])) for name in NEURONS}


def _pairs(
    size: str, runs: list[Simulated], reference: list[Simulated]
) -> Iterable[tuple[Simulated, Simulated]]:
    """Every run with every run of the reference; of the reference itself, every two seeds: its own spread."""
    return combinations(runs, 2) if size == REFERENCE else product(runs, reference)


def _distance(measure: str, pairs: Iterable[tuple[Simulated, Simulated]]) -> float:
    """Kolmogorov-Smirnov distance of a measure's distribution, mean over pairs of runs and populations."""
    return float(
        np.nanmean(
            [
                ks_distance(_values(one.statistics[name], measure), _values(other.statistics[name], measure))
                for one, other in pairs
                for name in NEURONS
            ]
        )
    )


def _values(statistics: Statistics, measure: str) -> Any:
    return getattr(statistics, measure)


def _details(runs: list[Simulated]) -> list[dict[str, Any]]:
    """Per seed, numbers only: the means by population, and what the run took."""
    return [
        {key: value for key, value in asdict(r).items() if key != "statistics"}
        | {
            name: [round(v, 4) for v in (s.rate_hz, s.interval_cv, s.correlation, s.synchrony)]
            for name, s in r.statistics.items()
        }
        for r in runs
    ]


if __name__ == "__main__":
    result = run(int(sys.argv[1]), float(sys.argv[2]))
    for name, value in result.metrics.items():
        print(f"{name:40} {value:10.4g}  {BOUNDS.get(name, '')}")
