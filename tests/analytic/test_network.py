"""The rules and distributions of a described network against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sherrington.brain.distributions import Lognormal, Normal, Quantity, Uniform, Values, sample, stream
from sherrington.brain.models.relay import relay
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import AllToAll, Bernoulli, Explicit, FixedIndegree, FixedTotal, OneToOne, Rule
from sherrington.errors import NetworkError

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
sizes = st.integers(1, 40)
seeds = st.integers(0, 2**63 - 1)


def network(n: int, m: int, rule: Rule, weight: Quantity = 1.0) -> Network:
    return Network("n", [Population("a", n), Population("b", m)], [Projection("a", "b", rule, weight, 1.0)])


def loop(n: int, rule: Rule) -> Network:
    return Network("n", [Population("a", n)], [Projection("a", "a", rule, 1.0, 1.0)])


# --- rules ------------------------------------------------------------------------------------------------


@given(sizes, sizes, st.integers(0, 30), seeds)
def test_indegrees_are_exact(n: int, m: int, k: int, seed: int) -> None:
    net = network(n, m, FixedIndegree(k))
    drawn = net.draw(net.projections[0], seed)
    assert np.bincount(drawn.targets, minlength=m).tolist() == [k] * m
    assert ((drawn.sources >= 0) & (drawn.sources < n)).all()


@given(st.integers(2, 40), st.integers(1, 30), seeds)
def test_indegrees_stay_exact_without_autapses(n: int, k: int, seed: int) -> None:
    net = loop(n, FixedIndegree(k))
    drawn = net.draw(net.projections[0], seed)
    assert np.bincount(drawn.targets, minlength=n).tolist() == [k] * n
    assert (drawn.sources != drawn.targets).all()


@given(st.integers(2, 40), seeds, st.sampled_from([AllToAll(), Bernoulli(0.5)]))
def test_no_autapses_unless_asked_for(n: int, seed: int, rule: Rule) -> None:
    net = loop(n, rule)
    drawn = net.draw(net.projections[0], seed)
    assert (drawn.sources != drawn.targets).all()


@given(st.integers(1, 40), seeds)
def test_autapses_when_asked_for(n: int, seed: int) -> None:
    net = loop(n, AllToAll(autapses=True))
    assert len(net.draw(net.projections[0], seed)) == n * n


def test_sources_without_autapses_are_uniform_over_the_others() -> None:
    net = loop(5, FixedIndegree(20_000))
    drawn = net.draw(net.projections[0], 1)
    for target in range(5):
        counts = np.bincount(drawn.sources[drawn.targets == target], minlength=5)
        assert counts[target] == 0
        assert stats.chisquare(np.delete(counts, target)).pvalue > 1e-4


@given(sizes, sizes, st.integers(0, 100), seeds)
def test_totals_are_exact(n: int, m: int, total: int, seed: int) -> None:
    net = network(n, m, FixedTotal(total))
    drawn = net.draw(net.projections[0], seed)
    assert len(drawn) == total == net.expected_synapses()


@given(sizes, seeds)
def test_one_to_one_pairs_and_all_to_all_covers(n: int, seed: int) -> None:
    pairs, full = network(n, n, OneToOne()), network(n, n + 1, AllToAll())
    one = pairs.draw(pairs.projections[0], seed)
    assert one.sources.tolist() == one.targets.tolist() == list(range(n))
    every = full.draw(full.projections[0], seed)
    assert len(set(zip(every.sources.tolist(), every.targets.tolist(), strict=True))) == n * (n + 1)


@given(sizes, sizes, st.floats(0, 1), seeds)
def test_bernoulli_makes_no_pair_twice(n: int, m: int, p: float, seed: int) -> None:
    net = network(n, m, Bernoulli(p))
    drawn = net.draw(net.projections[0], seed)
    pairs = set(zip(drawn.sources.tolist(), drawn.targets.tolist(), strict=True))
    assert len(pairs) == len(drawn)


@pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
def test_bernoulli_is_binomial(p: float) -> None:
    """In- and out-degrees of 1,500 neurons with 200 possible partners each follow the binomial distribution."""
    net = network(200, 1500, Bernoulli(p))
    drawn = net.draw(net.projections[0], 3)
    n_pairs = 200 * 1500
    assert abs(len(drawn) - n_pairs * p) < 4.5 * np.sqrt(n_pairs * p * (1 - p))
    degrees = np.bincount(drawn.targets, minlength=1500)
    low, high = stats.binom.ppf([0.01, 0.99], 200, p).astype(int)
    edges = np.arange(low, high + 1)
    observed = np.array(
        [(degrees < low).sum(), *[(degrees == e).sum() for e in edges], (degrees > high).sum()]
    )
    model = stats.binom(200, p)
    expected = 1500 * np.array([model.cdf(low - 1), *model.pmf(edges), model.sf(high)])
    possible = expected > 0
    assert not observed[~possible].any()
    assert stats.chisquare(observed[possible], expected[possible]).pvalue > 1e-4
    outgoing = np.bincount(drawn.sources, minlength=200)
    assert abs(outgoing.var() / (1500 * p * (1 - p)) - 1) < 4.5 * np.sqrt(2 / 199)


@given(st.integers(1, 5), st.integers(1, 5), seeds)
def test_a_channel_draws_only_its_own_neurons(first: int, second: int, seed: int) -> None:
    a = Population("a", first + second, channels={"x": first, "y": second})
    net = Network("n", [a, Population("b", 3)], [Projection("a/y", "b", FixedIndegree(7), 1.0, 1.0)])
    drawn = net.draw(net.projections[0], seed)
    assert drawn.sources.min() >= first
    assert drawn.sources.max() < first + second


def test_explicit_lists_are_taken_as_they_are() -> None:
    net = network(3, 3, Explicit((0, 0, 2), (1, 1, 0)))
    drawn = net.draw(net.projections[0], 1)
    assert (drawn.sources.tolist(), drawn.targets.tolist()) == ([0, 0, 2], [1, 1, 0])


# --- blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [AllToAll(), Bernoulli(0.4), FixedIndegree(7), FixedTotal(3000)])
def test_blocks_keep_the_rule_whatever_their_size(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sherrington.brain.network.BLOCK", 90)
    net = loop(60, rule)
    blocks = list(net.blocks(net.projections[0], 1))
    drawn = net.draw(net.projections[0], 1)
    assert len(blocks) > 4 and sum(len(block) for block in blocks) == len(drawn)
    assert max(len(block) for block in blocks) <= 120
    if not isinstance(rule, FixedTotal):
        assert (drawn.sources != drawn.targets).all()
    degrees = np.bincount(drawn.targets, minlength=60)
    match rule:
        case AllToAll():
            assert len({*zip(drawn.sources.tolist(), drawn.targets.tolist(), strict=True)}) == 60 * 59
        case FixedIndegree():
            assert (degrees == 7).all()
        case FixedTotal():
            assert len(drawn) == 3000 and degrees.min() > 0
        case Bernoulli():
            assert abs(len(drawn) - 60 * 59 * 0.4) < 4.5 * np.sqrt(60 * 59 * 0.4 * 0.6)
    assert abs(np.corrcoef(blocks[0].sources[:50], blocks[1].sources[:50])[0, 1]) < 0.6 or rule == AllToAll()


def test_a_projection_that_fits_in_one_block_does_not_depend_on_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = loop(60, FixedIndegree(7))
    plain = net.draw(net.projections[0], 1)
    monkeypatch.setattr("sherrington.brain.network.BLOCK", 420)
    np.testing.assert_array_equal(net.draw(net.projections[0], 1).sources, plain.sources)


def test_listed_weights_stay_with_their_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sherrington.brain.network.BLOCK", 4)
    net = network(3, 3, AllToAll(), Values(tuple(range(9))))
    assert net.draw(net.projections[0], 1).weights.tolist() == list(range(9))


# --- distributions ----------------------------------------------------------------------------------------


@given(st.floats(-10, 10), st.floats(0.1, 5), st.floats(0.1, 3), seeds)
def test_bounds_of_a_normal_hold(mean: float, std: float, width: float, seed: int) -> None:
    low, high = mean - width * std, mean + width * std
    values = sample(Normal(mean, std, low, high), 100, np.random.default_rng(seed))
    assert ((values >= low) & (values <= high)).all()


def test_a_bounded_normal_is_a_truncated_normal() -> None:
    values = sample(Normal(1.0, 2.0, 0.0, 4.0), 20_000, stream(1, "test"))
    assert stats.kstest(values, stats.truncnorm(-0.5, 1.5, 1.0, 2.0).cdf).pvalue > 1e-4


@given(st.floats(-10, 10), st.floats(0, 5), seeds)
def test_bounds_of_a_uniform_hold(low: float, width: float, seed: int) -> None:
    values = sample(Uniform(low, low + width), 100, np.random.default_rng(seed))
    assert ((values >= low) & (values <= low + width)).all()


@settings(max_examples=20)
@given(st.floats(0.1, 100), st.floats(0.05, 1.0), st.sampled_from([-1, 1]))
def test_a_lognormal_has_its_own_mean_and_standard_deviation(mean: float, cv: float, sign: int) -> None:
    values = sample(Lognormal(mean, cv * mean, sign), 100_000, stream(7, f"{mean} {cv}"))
    assert (np.sign(values) == sign).all()
    sigma = np.sqrt(np.log1p(cv**2))
    np.testing.assert_allclose(np.abs(values).mean(), mean, rtol=5 * cv / np.sqrt(100_000))
    logs = np.log(np.abs(values))
    np.testing.assert_allclose(logs.std(), sigma, rtol=5 * np.sqrt(0.5 / 100_000))


def test_impossible_bounds_are_refused() -> None:
    for impossible in (
        Normal(0.0, 1.0, 100.0, 101.0),
        Normal(0.0, 0.0, 1.0, 2.0),
        Normal(0.0, 1.0, 1.0, -1.0),
    ):
        with pytest.raises(NetworkError, match=r"keeps falling outside its own bounds; widen low and high"):
            sample(impossible, 10, stream(1, "test"))


# --- streams by name --------------------------------------------------------------------------------------


@given(seeds)
def test_other_names_change_nothing(seed: int) -> None:
    a, b = Population("a", 9, initial={"V_m": Uniform(-70, -55)}), Population("b", 9)
    kept = Projection("a", "b", FixedIndegree(3), Normal(1.0, 0.1), Uniform(1.0, 2.0))
    small = Network("n", [a, b], [kept])
    more = [Population("new", 5), a, b]
    large = Network("n", more, [Projection("b", "b", FixedIndegree(3), 1.0, 1.0), kept])
    one, two = small.draw(kept, seed), large.draw(kept, seed)
    for field in ("sources", "targets", "weights", "delays_ms"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two, field))
    before, after = dict(small.initial_values(a, seed)), dict(large.initial_values(a, seed))
    np.testing.assert_array_equal(before["V_m"], after["V_m"])


def test_seeds_and_names_give_different_streams() -> None:
    draws = {tuple(stream(s, n).random(4)) for s in (1, 2) for n in ("a", "b", "projection/a")}
    assert len(draws) == 6
    assert tuple(stream(1, "a").random(4)) in draws


# --- what is refused --------------------------------------------------------------------------------------


def project(**change: object) -> Projection:
    return Projection(
        **{"source": "a", "target": "b", "rule": OneToOne(), "weight": 1.0, "delay_ms": 1.0, **change}
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("projection", "message"),
    [
        (project(), "one-to-one but has 2 sources and 3 targets"),
        (project(source="c"), "no population 'c'; there are: a, b"),
        (project(target="b/x"), "population 'b' has no channel 'x'; there are: b"),
        (project(rule=Bernoulli(1.5)), r"probability 1\.5, which is not in 0 to 1"),
        (project(rule=Explicit((0,), (0, 1))), "lists 1 sources and 2 targets"),
    ],
)
def test_projections_that_contradict_the_populations(projection: Projection, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Network("n", [Population("a", 2), Population("b", 3)], [projection])


def test_populations_that_contradict_themselves() -> None:
    with pytest.raises(NetworkError, match="'a' has size 0; it needs at least one neuron"):
        Population("a", 0)
    with pytest.raises(NetworkError, match=r"'a/b' must not contain '/' or '\.'"):
        Population("a/b", 1)
    with pytest.raises(NetworkError, match="have 3 neurons but its size is 4"):
        Population("a", 4, channels={"x": 1, "y": 2})
    with pytest.raises(NetworkError, match="a channel without neurons"):
        Population("a", 1, channels={"x": 1, "y": 0})


def test_names_used_twice() -> None:
    a = Population("a", 2)
    with pytest.raises(NetworkError, match="names a population twice: a"):
        Network("n", [a, a])
    twice = Projection("a", "a", AllToAll(), 1.0, 1.0)
    with pytest.raises(NetworkError, match="names a projection twice: a->a; give each a name of its own"):
        Network("n", [a], [twice, twice])


def test_one_neuron_cannot_project_to_itself_without_autapses() -> None:
    net = loop(1, FixedIndegree(1))
    with pytest.raises(
        NetworkError, match="projection 'a->a': a fixed in-degree without autapses needs more than one neuron"
    ):
        net.draw(net.projections[0], 1)


def test_the_relay_network() -> None:
    net = relay(scale=0.5, n_channels=3, neurons_per_channel=10)
    assert {n: p.size for n, p in net.populations.items()} == {"input": 15, "output": 15}
    assert net.expected_synapses() == 15
    assert net.resolve("output/c1")[1] == range(5, 10)
