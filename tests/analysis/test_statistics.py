"""Statistics of spike trains whose statistics are known: clocks, Poisson processes, common input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sherrington.analysis.statistics import (
    correlations,
    interval_cvs,
    ks_distance,
    of_spikes,
    statistics,
    synchrony,
)
from sherrington.errors import NeverError, PortError
from sherrington.ports import SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore, open_run

STEP_NS = 100_000
DURATION_NS = 20_000_000_000
STEPS = DURATION_NS // STEP_NS


def train(*times_ms: float) -> np.ndarray:
    return np.round(np.array(times_ms) * 1e6).astype(np.int64)


def batch(trains: Sequence[np.ndarray]) -> SpikeBatch:
    """Trains of one neuron each, ns, to a batch in order of time."""
    times = np.concatenate(trains)
    neurons = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    order = np.lexsort((neurons, times))
    return SpikeBatch(times[order], neurons[order])


def poisson(n: int, rate_hz: float, rng: np.random.Generator) -> list[np.ndarray]:
    """At most one spike a step: intervals are geometric, which at 10 Hz differs from exponential by 0.05 % in CV."""
    return [
        (1 + np.flatnonzero(rng.random(STEPS) < rate_hz * STEP_NS / 1e9)) * np.int64(STEP_NS)
        for _ in range(n)
    ]


def test_a_clock_is_regular_and_its_rate_is_exact() -> None:
    found = of_spikes(batch([train(*np.arange(10, 1001, 10.0))] * 2), 3, 0, 1_000_000_000)
    assert found.rates_hz.tolist() == [100.0, 100.0, 0.0]
    assert found.interval_cvs == pytest.approx([0.0, 0.0])
    assert found.correlations == pytest.approx([1.0])  # of the two that fire
    assert found.rate_hz == pytest.approx(200 / 3)


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    spikes = batch([train(100.0, 100.1, 200.0, 200.1)])
    assert of_spikes(spikes, 1, 100_000_000, 200_000_000).rate_hz == pytest.approx(20.0)
    with pytest.raises(NeverError, match=r"0\.2 to 0\.1 s"):
        of_spikes(spikes, 1, 200_000_000, 100_000_000)


def test_cv_of_two_lengths_of_interval() -> None:
    """Intervals of 10 and 30 ms in turn: mean 20, standard deviation 10."""
    times = np.cumsum([10.0, 30.0] * 6)
    assert interval_cvs(batch([train(*times, times[-1] + 10.0)])) == pytest.approx([0.5])


def test_neurons_with_few_spikes_have_no_cv() -> None:
    spikes = batch([train(1, 3, 7, 20), train(1, 3, 7, 20, 21)])
    assert interval_cvs(spikes).shape == (1,)
    assert interval_cvs(spikes, fewest_spikes=4).shape == (2,)
    assert interval_cvs(batch([train(), train(1.0)])).shape == (0,)


def test_independent_poisson_trains() -> None:
    trains = poisson(60, 10.0, np.random.default_rng(1))
    found = of_spikes(batch(trains), 60, 0, DURATION_NS)
    assert found.rate_hz == pytest.approx(10.0, rel=4 / np.sqrt(60 * 200))
    assert found.interval_cv == pytest.approx(1.0, abs=0.03)
    assert len(found.correlations) == 60 * 59 / 2
    # Each has a standard deviation of 1 / sqrt(bins); so has a mean of as many, over sqrt(pairs).
    assert found.correlations.std() == pytest.approx(1 / np.sqrt(10_000), rel=0.1)
    assert abs(found.correlation) < 4 / np.sqrt(10_000 * 60 * 59 / 2)
    assert found.synchrony == pytest.approx(1.0, abs=0.07)


def test_common_input_gives_the_correlation_that_it_should() -> None:
    """Each train is 5 Hz of its own and 5 Hz common to all: half of the variance of the counts is shared."""
    rng = np.random.default_rng(2)
    (common,) = poisson(1, 5.0, rng)
    trains = [np.union1d(own, common) for own in poisson(20, 5.0, rng)]
    found = of_spikes(batch(trains), 20, 0, DURATION_NS)
    assert found.correlation == pytest.approx(0.5, abs=0.03)
    # Variance of the sum: n own + n^2 common, over a mean of n (own + common).
    assert found.synchrony == pytest.approx((1 + 20) / 2, rel=0.15)


def test_alternating_counts_are_anticorrelated() -> None:
    odd, even = np.arange(1.0, 400.0, 4.0), np.arange(3.0, 400.0, 4.0)
    assert correlations(batch([train(*odd), train(*even)]), 2, 400_000_000) == pytest.approx([-1.0])


def test_correlation_takes_neurons_from_all_over_the_population() -> None:
    trains = [train()] * 50 + poisson(50, 20.0, np.random.default_rng(3))
    assert correlations(batch(trains), 100, DURATION_NS, n_neurons=10).size == 5 * 4 / 2


def test_of_silence_there_is_no_measure() -> None:
    silence = of_spikes(SpikeBatch.empty(), 10, 0, DURATION_NS)
    assert silence.rate_hz == 0.0
    assert np.isnan([silence.interval_cv, silence.correlation, silence.synchrony]).all()


def test_synchrony_grows_with_the_neurons_summed() -> None:
    volley = [train(*np.arange(3.0, 3000.0, 30.0))] * 40
    few, many = (synchrony(batch(volley), 40, 3_000_000_000, n_neurons=n) for n in (10, 40))
    assert many == pytest.approx(4 * few)


@pytest.mark.parametrize("shift", [0.0, 0.5, 10.0])
def test_ks_distance_agrees_with_scipy(shift: float) -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=200), np.round(shift + rng.normal(size=150), 1)
    assert ks_distance(one, other) == pytest.approx(stats.ks_2samp(one, other).statistic)
    assert ks_distance(one, one) == 0.0
    assert np.isnan(ks_distance(one, np.empty(0)))


def test_of_a_recorded_run(tmp_path: Path) -> None:
    """One neuron of ``a`` fires all the time, one in the second half only; ``b`` is silent."""
    sizes = {"a": PopulationInfo(2, {"a": 2}, ""), "b": PopulationInfo(1, {"b": 1}, "")}
    store = RunStore(tmp_path, spikes=sizes, signals={})
    store.append_spikes("a", batch([train(*np.arange(10, 401, 10.0)), train(*np.arange(205, 401, 5.0))]))
    store.close()
    run = open_run(tmp_path)
    found = statistics(run, start_ms=200)
    assert found["a"].rates_hz == pytest.approx([100.0, 200.0])
    assert found["b"].rates_hz == pytest.approx([0.0])
    assert set(statistics(run, ["a"])) == {"a"}
    with pytest.raises(PortError, match="there are: a, b"):
        statistics(run, ["c"])
    with pytest.raises(NeverError, match=r"from 0\.5 to 0\.4 s"):
        statistics(run, start_ms=500)


def test_correlations_are_those_of_numpy() -> None:
    """Whole bins of 2 ms, a train that fires twice in a bin, and one in every bin: without variance, left out."""
    trains = [
        *poisson(8, 60.0, np.random.default_rng(5)),
        train(*np.arange(2.0, 20_001.0, 2.0)),
        train(1.0, 1.5, 7.0),
    ]
    found = correlations(batch(trains), len(trains), DURATION_NS)
    counts = np.array([np.histogram(t - 1, DURATION_NS // 2_000_000, (0, DURATION_NS))[0] for t in trains])
    varied = counts[counts.var(axis=1) > 0]
    assert len(varied) == len(trains) - 1
    assert found == pytest.approx(np.corrcoef(varied)[np.triu_indices(len(varied), 1)])
