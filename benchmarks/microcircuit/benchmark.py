"""The cortical microcircuit at several sizes and seeds: rates beside the published ones, and distances between sizes.

See README.md. ``python benchmark.py --seeds 1`` prints the table for other options.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import combinations, product
from multiprocessing import get_context
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from simulate import Simulated, kept

from sherrington import bench
from sherrington.analysis.statistics import Statistics, ks_distance
from sherrington.bench import Bound, Result
from sherrington.brain.models.microcircuit import MEAN_RATE_HZ, NEURONS, REST_SPREAD


class Options(bench.Options):
    seeds: Annotated[int, Field(ge=1, description="runs of each of the smaller sizes")] = 2
    seconds: Annotated[float, Field(gt=0, description="of each, after the first half")] = 2.0
    full: Annotated[int, Field(ge=0, description="runs of the full size, 9 GB and an hour each")] = 0
    keep: Annotated[str, Field(description="folder of finished runs: those in it are not run again")] = ""


AT_ONCE = 2
SIZES: dict[str, dict[str, Any]] = {
    "0.05": {"scale": 0.05},
    "0.1": {"scale": 0.1},
    "0.2": {"scale": 0.2},
    "0.05x0.2": {"neurons": 0.05, "indegree": 0.2},
}
"""Name to parameters of ``microcircuit``; 0.05x0.2: a twentieth of the neurons, a fifth of the inputs of each."""
LARGEST = "0.2"
FULL = "1"
MEASURES = ("rates_hz", "interval_cvs", "correlations")

BOUNDS = {
    "0.05x0.2_largest_rate_error": Bound(high=0.3),
    "0.2_largest_rate_error": Bound(high=0.4),
    **{f"{size}_cv": Bound(low=0.65, high=1.0) for size in SIZES},
    **{f"{size}_correlation": Bound(low=0.0, high=0.02) for size in SIZES},
}
BOUNDS_OF_FULL = {
    f"{FULL}_largest_rate_error": Bound(high=REST_SPREAD),
    f"{FULL}_cv": Bound(low=0.65, high=1.0),
    f"{FULL}_correlation": Bound(low=0.0, high=0.005),
}

Runs = dict[str, list[Simulated]]


def run(options: Options) -> Result:
    """Every size with every seed; checked: no population of any is silent. The largest size is what the others are
    compared with."""
    found = _simulate(SIZES, options.seeds, options, AT_ONCE)
    if options.full:
        found |= _simulate({FULL: {"scale": 1.0}}, options.full, options, 1)
    reference = FULL if options.full else LARGEST
    metrics: dict[str, float] = {}
    for size, runs in found.items():
        metrics |= {f"{size}_{name}": value for name, value in _of_size(runs).items()}
        for measure in MEASURES:
            apart = _distances(measure, combinations(runs, 2))
            metrics |= {f"{size}_ks_{measure}_seeds": _mean(apart)} if apart else {}
            if size != reference:
                apart = _distances(measure, product(runs, found[reference]))
                metrics[f"{size}_ks_{measure}"] = _mean(apart)
    fires = all(s.rate_hz > 0 for runs in found.values() for r in runs for s in r.statistics.values())
    bounds = BOUNDS | (BOUNDS_OF_FULL if options.full else {})
    return Result(fires, metrics, bounds, _details(found, reference))


def _simulate(sizes: dict[str, dict[str, Any]], seeds: int, options: Options, at_once: int) -> Runs:
    """NEST has one kernel per process, and a process of its own gives each run its own peak of memory."""
    with ProcessPoolExecutor(at_once, get_context("spawn"), max_tasks_per_child=1) as pool:
        made = {
            size: [
                pool.submit(kept, options.keep, seed, options.seconds, params) for seed in range(1, seeds + 1)
            ]
            for size, params in sizes.items()
        }
        return {size: [one.result() for one in runs] for size, runs in made.items()}


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


def _distances(measure: str, pairs: Iterable[tuple[Simulated, Simulated]]) -> dict[str, float]:
    """Kolmogorov-Smirnov distance of a measure's distribution by population, mean over pairs of runs; nothing without
    a pair."""
    every = list(pairs)
    return {
        name: _mean_of(
            ks_distance(_values(one.statistics[name], measure), _values(other.statistics[name], measure))
            for one, other in every
        )
        for name in NEURONS
        if every
    }


def _mean(by_population: dict[str, float]) -> float:
    return _mean_of(by_population.values())


def _mean_of(values: Iterable[float]) -> float:
    return float(np.nanmean(list(values)))


def _values(statistics: Statistics, measure: str) -> Any:
    return getattr(statistics, measure)


def _details(found: Runs, reference: str) -> dict[str, Any]:
    """By size: of each seed the means by population and what the run took; distances to the reference by population."""
    return {
        size: {
            "seeds": [_run_details(r) for r in runs],
            "ks": {
                m: _rounded(_distances(m, product(runs, found[reference] if size != reference else [])))
                for m in MEASURES
            },
            "ks_seeds": {m: _rounded(_distances(m, combinations(runs, 2))) for m in MEASURES},
        }
        for size, runs in found.items()
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _run_details(r: Simulated) -> dict[str, Any]:
    """Means by population: rate, CV of intervals, correlation, synchrony; null where there is none."""
    means = {
        name: [
            None if np.isnan(v) else round(v, 5)
            for v in (s.rate_hz, s.interval_cv, s.correlation, s.synchrony)
        ]
        for name, s in r.statistics.items()
    }
    return {key: value for key, value in asdict(r).items() if key != "statistics"} | means


def main() -> None:
    options = bench.parse("microcircuit", Options, sys.argv[1:])
    assert isinstance(options, Options)
    result = run(options)
    for name, value in result.metrics.items():
        print(f"{name:40} {value:10.4g}  {result.bounds.get(name, '')}")


if __name__ == "__main__":
    main()
