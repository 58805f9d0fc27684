"""Connections that the core draws itself: each rule's counts and chances, seen from outside.

Weights tell what a neuron receives: a source that spikes once raises ``I_syn_ex`` of each target by the weight times
the number of connections. Bounds are 4.5 standard deviations.
"""

from __future__ import annotations

import numpy as np
import pytest
from side_by_side import MS, SEED

from sherrington.brain.distributions import Floats, Lognormal, Normal, Quantity, Uniform, Values
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import AllToAll, Bernoulli, Explicit, FixedIndegree, FixedTotal, OneToOne, Rule
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

LONG = 1e9
"""A time constant so long that a current stays what it is."""


def received(
    rule: Rule,
    sources: int,
    targets: int,
    weight: Quantity = 1.0,
    *,
    spiking: range | None = None,
    threads: int = 1,
    seed: int = SEED,
    exact: bool = False,
    ends: tuple[str, str] = ("s", "t"),
    autaptic: bool = False,
    delay_ms: Quantity = 0.1,
) -> Floats:
    """Sum of the weights from the ``spiking`` sources (default: all) to each target."""
    s = Population("s", sources, "parrot_neuron", channels={"a": sources // 2, "b": sources - sources // 2})
    t = Population("t", targets, "iaf_psc_exp", params={"tau_syn_ex": LONG, "V_th": 1e9, "V_reset": -70.0})
    brain = NativeBrain(exact=exact)
    net = Network("n", [s, t], [Projection(*ends, rule, weight, delay_ms)])
    driver = brain_port(s, "spikes", writes=True, per="neuron")
    reader = brain_port(t, "I_syn_ex", writes=False, per="neuron")
    brain.prepare(net, [driver], [reader], seed, BrainOptions(virtual_processes=threads))
    chosen = np.asarray(spiking if spiking is not None else range(sources))
    brain.write(driver.port.name, SpikeBatch(np.full(chosen.size, MS), chosen))
    brain.advance(60 * MS)
    found = np.array(brain.read(reader.port.name))
    brain.close()
    return found


def matrix(rule: Rule, n: int, m: int, **how: object) -> Floats:
    """Connections from each source to each target, shape (n, m)."""
    return np.stack([received(rule, n, m, spiking=range(i, i + 1), **how) for i in range(n)])  # type: ignore[arg-type]


def test_fixed_indegree_is_exact_and_its_sources_uniform() -> None:
    counts = matrix(FixedIndegree(50), 40, 3000)
    np.testing.assert_array_equal(counts.sum(axis=0), 50)
    per_source = counts.sum(axis=1)
    expected = 50 * 3000 / 40
    assert np.abs(per_source - expected).max() < 4.5 * np.sqrt(expected * (1 - 1 / 40))
    # Multapses: the count of one pair is binomial, B(50, 1/40).
    assert abs(counts.var() - 50 / 40 * (1 - 1 / 40)) < 0.03
    assert counts.max() > 3


def test_bernoulli_counts_are_binomial_and_no_pair_is_joined_twice() -> None:
    p, n, m = 0.15, 60, 4000
    counts = matrix(Bernoulli(p), n, m)
    assert set(np.unique(counts)) == {0.0, 1.0}
    indegrees = counts.sum(axis=0)
    assert abs(indegrees.mean() - n * p) < 4.5 * np.sqrt(n * p * (1 - p) / m)
    variance = n * p * (1 - p)
    assert abs(indegrees.var(ddof=1) - variance) < 4.5 * variance * np.sqrt(2 / m)
    assert np.abs(counts.sum(axis=1) - m * p).max() < 4.5 * np.sqrt(m * p * (1 - p))
    # Neighbouring sources are independent.
    assert abs(np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]) < 4.5 / np.sqrt((n - 1) * m)


@pytest.mark.parametrize("p", [0.0, 1.0, 1e-4])
def test_bernoulli_at_its_ends(p: float) -> None:
    total = received(Bernoulli(p), 300, 2000).sum()
    assert abs(total - 600_000 * p) <= 4.5 * np.sqrt(600_000 * p * (1 - p))


def test_all_to_all_and_one_to_one() -> None:
    np.testing.assert_array_equal(received(AllToAll(), 70, 1300), 70)
    np.testing.assert_array_equal(matrix(OneToOne(), 9, 9), np.eye(9))
    np.testing.assert_array_equal(received(AllToAll(), 70, 1300, ends=("s/b", "t")), 35)


def test_fixed_total() -> None:
    counts = received(FixedTotal(30_000), 50, 2000)
    assert counts.sum() == 30_000
    assert abs(counts.var(ddof=1) / 15 - 1) < 4.5 * np.sqrt(2 / 2000)
    per_source = matrix(FixedTotal(30_000), 50, 200).sum(axis=1)
    assert per_source.sum() == 30_000
    assert np.abs(per_source - 600).max() < 4.5 * np.sqrt(600)
    many = 5_000_000  # in more than one part
    np.testing.assert_array_equal(
        received(FixedTotal(many), 2, 50, threads=3), received(FixedTotal(many), 2, 50)
    )
    assert received(FixedTotal(many), 2, 50).sum() == many


@pytest.mark.parametrize(
    "rule",
    [AllToAll, lambda autapses: FixedIndegree(30, autapses), lambda autapses: Bernoulli(0.5, autapses)],
)
@pytest.mark.parametrize("ends", [("p", "p"), ("p/a", "p"), ("p", "p/b")])
def test_autapses_are_as_the_rule_says(rule: object, ends: tuple[str, str]) -> None:
    """Neurons that spike once, one at a time, without hearing themselves unless the rule has autapses."""
    for autapses in (False, True):
        heard = sum(
            _hears_itself(rule(autapses=autapses) if rule is AllToAll else rule(autapses), ends, i)
            for i in (3, 25)
        )  # type: ignore[operator]
        if not autapses:
            assert heard == 0
        elif rule is AllToAll and ends == ("p", "p"):
            assert heard == 2


def _hears_itself(rule: Rule, ends: tuple[str, str], neuron: int) -> float:
    p = Population("p", 30, params={"tau_syn_ex": LONG, "t_ref": 1000.0}, channels={"a": 15, "b": 15})
    brain = NativeBrain()
    driver = brain_port(p, "spikes", writes=True, per="neuron", weight=-1.0)
    reader = brain_port(p, "I_syn_ex", writes=False, per="neuron")
    stimulus = brain_port(p, "current", writes=True, per="neuron")
    brain.prepare(
        Network("n", [p], [Projection(*ends, rule, 1.0, 0.1)]),
        [driver, stimulus],
        [reader],
        SEED,
        BrainOptions(),
    )
    current = np.zeros(30)
    current[neuron] = 1e5
    brain.write(stimulus.port.name, current)
    brain.advance(2 * MS)
    heard = np.asarray(brain.read(reader.port.name))[neuron]
    brain.close()
    return float(heard)


@pytest.mark.parametrize("rule", [FixedIndegree(20), Bernoulli(0.1), FixedTotal(100_000)])
def test_the_same_for_any_number_of_threads_and_another_for_another_seed(rule: Rule) -> None:
    first = received(rule, 200, 5000, Lognormal(2.0, 1.0), spiking=range(0, 200, 3))
    for threads in (2, 3):
        np.testing.assert_array_equal(
            received(rule, 200, 5000, Lognormal(2.0, 1.0), spiking=range(0, 200, 3), threads=threads), first
        )
    assert not np.array_equal(
        received(rule, 200, 5000, Lognormal(2.0, 1.0), spiking=range(0, 200, 3), seed=SEED + 1), first
    )


@pytest.mark.parametrize(
    ("weight", "mean", "std"),
    [
        (Uniform(2.0, 6.0), 4.0, 4 / np.sqrt(12)),
        (Normal(5.0, 1.0, low=0.0), 5.0, 1.0),
        (Lognormal(3.0, 2.0), 3.0, 2.0),
        (Normal(4.0, 3.0, low=4.0), 4.0 + 3.0 * np.sqrt(2 / np.pi), 3.0 * np.sqrt(1 - 2 / np.pi)),
    ],
)
def test_weights_have_their_distribution(weight: Quantity, mean: float, std: float) -> None:
    drawn = received(OneToOne(), 20_000, 20_000, weight)
    assert abs(drawn.mean() - mean) < 4.5 * std / np.sqrt(drawn.size)
    kurtosis = np.mean(((drawn - mean) / std) ** 4)
    assert abs(drawn.var() - std**2) < 4.5 * std**2 * np.sqrt((kurtosis - 1) / drawn.size)


def test_rounded_weights_stay_within_the_stated_error() -> None:
    """Half a unit: 2^-16 of the projection's largest weight."""
    n, rng = 5000, np.random.default_rng(SEED)
    weights = rng.lognormal(1.0, 1.0, n)
    one_each = Explicit(tuple(range(n)), tuple(range(n)))
    listed = Values(tuple(weights.tolist()))
    exact = received(one_each, n, n, listed, exact=True)
    np.testing.assert_allclose(exact, weights, rtol=1e-6)
    rounded = received(one_each, n, n, listed)
    assert np.abs(rounded - exact).max() < 2**-16 * weights.max() * 1.01
    assert abs(rounded.sum() / exact.sum() - 1) < 1e-5


def test_an_indegree_without_autapses_needs_two_neurons() -> None:
    p = Population("p", 1)
    net = Network("n", [p], [Projection("p", "p", FixedIndegree(3), 1.0, 1.0)])
    with pytest.raises(NetworkError, match="needs more than one neuron"):
        NativeBrain().prepare(net, [], [], SEED, BrainOptions())
