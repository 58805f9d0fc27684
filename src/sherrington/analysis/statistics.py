"""Statistics of spike trains, population by population.

The measures and their defaults are those by which simulations of the cortical microcircuit are compared: rate, CV of
the intervals and correlation of counts in bins of 2 ms (van Albada et al. 2018, Front Neurosci 12:291, doi
10.3389/fnins.2018.00291), and synchrony (Potjans & Diesmann 2014, doi 10.1093/cercor/bhs358). A spike is stamped with
the end of the step it fell into, so windows and bins are open at the start and closed at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..clock import NS_PER_S, ms_to_ns, ns_to_s
from ..errors import NeverError
from ..ports import Signal, SpikeBatch
from ..record.read import Run

FEWEST_SPIKES = 5
"""Neurons with fewer have no CV: of few intervals it comes out too low."""
PAIRED_NEURONS = 200
SUMMED_NEURONS = 1000


@dataclass(frozen=True)
class Statistics:
    """Of one population, in a window.

    rates_hz: shape (n_neurons,), ordered as the neurons. interval_cvs: (n,), of the neurons with at least five
    spikes. correlations: (n_pairs,), of the pairs among up to 200 neurons that fired. synchrony: see the function.
    """

    rates_hz: Signal
    interval_cvs: Signal
    correlations: Signal
    synchrony: float

    @property
    def rate_hz(self) -> float:
        """Mean over neurons."""
        return float(self.rates_hz.mean())

    @property
    def interval_cv(self) -> float:
        """Mean over neurons; NaN where none has one."""
        return _mean(self.interval_cvs)

    @property
    def correlation(self) -> float:
        """Mean over pairs; NaN where there is none."""
        return _mean(self.correlations)


def statistics(
    run: Run, populations: Sequence[str] | None = None, *, start_ms: float = 0.0
) -> dict[str, Statistics]:
    """Statistics of recorded populations, all by default, from ``start_ms`` to the end of the run.

    Raises PortError for a population that was not recorded, NeverError for an empty window.
    """
    names = tuple(run.populations) if populations is None else tuple(populations)
    start_ns = ms_to_ns(start_ms, "start_ms")
    return {
        name: of_spikes(run.spikes(name), run.populations[name].size, start_ns, run.duration_ns)
        for name in names
    }


def of_spikes(spikes: SpikeBatch, size: int, start_ns: int, end_ns: int) -> Statistics:
    """Statistics of a population of ``size`` neurons from its spikes, in (start_ns, end_ns]. Raises NeverError."""
    if not 0 <= start_ns < end_ns:
        raise NeverError(
            f"no statistics from {ns_to_s(start_ns):g} to {ns_to_s(end_ns):g} s; "
            "the window must begin at 0 or later and end after that"
        )
    inside = (spikes.times_ns > start_ns) & (spikes.times_ns <= end_ns)
    window = SpikeBatch(spikes.times_ns[inside] - start_ns, spikes.channels[inside])
    return Statistics(
        rates_hz=np.bincount(window.channels, minlength=size) * NS_PER_S / (end_ns - start_ns),
        interval_cvs=interval_cvs(window),
        correlations=correlations(window, size, end_ns - start_ns),
        synchrony=synchrony(window, size, end_ns - start_ns),
    )


def interval_cvs(spikes: SpikeBatch, *, fewest_spikes: int = FEWEST_SPIKES) -> Signal:
    """Standard deviation over mean of the interspike intervals of each neuron with enough spikes: shape (n,).

    1 for a Poisson process, 0 for a clock.
    """
    order = np.lexsort((spikes.times_ns, spikes.channels))
    times, neurons = spikes.times_ns[order], spikes.channels[order]
    same = np.diff(neurons) == 0
    intervals, owners = np.diff(times)[same].astype(np.float64), neurons[1:][same]
    count = np.bincount(owners)
    enough = count >= max(fewest_spikes, 3) - 1
    counted = np.maximum(count, 1)
    mean = np.bincount(owners, intervals) / counted
    square = np.bincount(owners, (intervals - mean[owners]) ** 2) / counted
    return np.asarray(np.sqrt(square[enough]) / mean[enough], np.float64)


def correlations(
    spikes: SpikeBatch, size: int, duration_ns: int, *, bin_ms: float = 2.0, n_neurons: int = PAIRED_NEURONS
) -> Signal:
    """Pearson's correlation of the spike counts of every pair among up to ``n_neurons``: shape (n_pairs,).

    The neurons are spread evenly over the population's indices; those without spikes have no correlation and are
    left out. Counts are of whole bins from 0 on. Memory goes with the spikes of these neurons, not with the bins.
    """
    rows, bins, n_rows, n_bins = _binned(spikes, size, duration_ns, bin_ms, n_neurons)
    counts = csr_array((np.ones(rows.size, np.int64), (rows, bins)), shape=(n_rows, n_bins))
    sums: NDArray[np.int64] = np.asarray(counts.sum(axis=1))
    # n^2 times the covariances: whole numbers, so that a train without variance is found exactly.
    products = n_bins * (counts @ counts.T).toarray() - np.outer(sums, sums)
    varied = np.flatnonzero(np.diagonal(products))
    deviations = np.sqrt(np.diagonal(products)[varied])
    pearson = products[np.ix_(varied, varied)] / np.outer(deviations, deviations)
    return np.asarray(pearson[np.triu_indices(varied.size, 1)], np.float64)


def synchrony(
    spikes: SpikeBatch, size: int, duration_ns: int, *, bin_ms: float = 3.0, n_neurons: int = SUMMED_NEURONS
) -> float:
    """Variance over mean of the spike counts of up to ``n_neurons`` together, in bins; NaN without spikes.

    1 for independent Poisson processes. It grows with the number of neurons summed where they are correlated.
    """
    _, bins, _, n_bins = _binned(spikes, size, duration_ns, bin_ms, n_neurons)
    total = np.bincount(bins, minlength=n_bins)
    return float(total.var() / total.mean()) if total.any() else float("nan")


def ks_distance(one: Signal, other: Signal) -> float:
    """Largest difference between the cumulative distributions of two samples, 0 to 1; NaN where one is empty."""
    if not one.size or not other.size:
        return float("nan")
    places = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(sample), places, "right") / sample.size for sample in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def _binned(
    spikes: SpikeBatch, size: int, duration_ns: int, bin_ms: float, n_neurons: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """(row, bin) of each spike of up to ``n_neurons`` chosen neurons that falls into a whole bin, and how many rows
    and bins there are."""
    width_ns = ms_to_ns(bin_ms, "bin_ms")
    n_bins = duration_ns // width_ns
    chosen = np.unique(np.linspace(0, size - 1, min(n_neurons, size)).astype(np.int64))
    row = np.full(size, -1)
    row[chosen] = np.arange(chosen.size)
    rows, bins = row[spikes.channels], (spikes.times_ns - 1) // width_ns
    kept = (rows >= 0) & (bins < n_bins)
    return rows[kept], bins[kept], chosen.size, n_bins


def _mean(values: Signal) -> float:
    return float(values.mean()) if values.size else float("nan")
