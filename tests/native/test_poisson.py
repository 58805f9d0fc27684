"""Poisson input: the distribution of single counts, to the last bit of the table, and independence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, poisson
from side_by_side import SEED, H

from sherrington.brain.distributions import Floats
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.native.core import core
from sherrington.brain.network import Background, Network, Population


@pytest.mark.parametrize("mean", [1e-9, 1e-4, 0.05, 0.8, 3.0, 17.5, 120.0, 900.0, 5000.0])
def test_tables_are_the_distribution_function(mean: float) -> None:
    """To 2^-32 and the rounding of 64-bit sums."""
    first, thresholds = core.poisson_thresholds(mean)
    counts = first + np.arange(thresholds.size)
    np.testing.assert_allclose(thresholds / 2**32, poisson.cdf(counts, mean), rtol=0, atol=2**-32 + 1e-11)
    assert poisson.cdf(first - 1, mean) < 2**-31
    assert poisson.sf(first + thresholds.size, mean) < 2**-31


def counts(rates_hz: Floats, steps: int, per: str = "neuron") -> Floats:
    """Spikes of each parrot in each step, shape (steps, neurons)."""
    p = Population("p", rates_hz.size, "parrot_neuron")
    port, reader = (
        brain_port(p, "rate", writes=True, per=per),
        brain_port(p, "count", writes=False, per="neuron"),
    )
    brain = NativeBrain()
    brain.prepare(Network("n", [p]), [port], [reader], SEED, BrainOptions())
    brain.write(port.port.name, rates_hz if per == "neuron" else rates_hz[:1])
    brain.advance(2 * H)
    found = []
    for _ in range(steps):
        brain.advance(brain.now_ns + H)
        found.append(np.array(brain.read(reader.port.name)))
    brain.close()
    return np.stack(found)


@pytest.mark.parametrize("mean", [0.02, 0.8, 4.0, 30.0])
@pytest.mark.parametrize("per", ["neuron", "population"])
def test_counts_of_one_step(mean: float, per: str) -> None:
    drawn = counts(np.full(1000, mean * 1e4), 300, per).ravel().astype(int)
    lowest, highest = poisson.ppf([1e-3, 1 - 1e-3], mean).astype(int)
    bins = np.clip(drawn, lowest, highest)
    observed = np.bincount(bins - lowest, minlength=highest - lowest + 1)
    inner = poisson.cdf(np.arange(lowest, highest), mean)
    expected = np.diff(np.concatenate([[0.0], inner, [1.0]])) * drawn.size
    assert chisquare(observed, expected).pvalue > 1e-4


def test_neurons_and_steps_are_independent() -> None:
    drawn = counts(np.full(640, 8000.0), 500)
    bound = 4.5 / np.sqrt(drawn.size)
    centred = (drawn - drawn.mean()) / drawn.std()
    for a, b in (
        (centred[1:], centred[:-1]),
        (centred[2:], centred[:-2]),
        (centred[:, 1:], centred[:, :-1]),
        (centred[:, 16:], centred[:, :-16]),
        (centred[:, 64:], centred[:, :-64]),
    ):
        assert abs((a * b).mean()) < bound
    fano = drawn.sum(axis=0).var(ddof=1) / drawn.sum(axis=0).mean()
    assert abs(fano - 1) < 4.5 * np.sqrt(2 / 639)


def test_each_neuron_its_own_rate() -> None:
    """One table a neuron gives the same numbers as one table for all, where the rates agree."""
    same = counts(np.full(200, 5000.0), 50, "population")
    rates = np.full(200, 5000.0)
    rates[::3] = 0.0
    each = counts(rates, 50)
    assert not each[:, ::3].any()
    assert abs(each[:, 1::3].mean() / same.mean() - 1) < 0.1


def test_a_background_begins_after_its_delay() -> None:
    p = Population("p", 500, "parrot_neuron")
    reader = brain_port(p, "spikes", writes=False)
    brain = NativeBrain()
    brain.prepare(
        Network("n", [p], backgrounds=[Background("p", 2000.0, 1.0, 1.5)]), [], [reader], SEED, BrainOptions()
    )
    brain.advance(100 * H)
    times = brain.read(reader.port.name).times_ns  # type: ignore[union-attr]
    brain.close()
    assert times.min() == 16 * H  # sent in the first step, which ends at 1, and 15 steps on the way
