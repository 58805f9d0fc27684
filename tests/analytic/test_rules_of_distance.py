"""Connections that depend on distance against testing every pair, and against what the kernel promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sherrington.brain import spatial
from sherrington.brain.distributions import DelayFromDistance, Floats, Lognormal, Normal, sample, stream
from sherrington.brain.kernels import Box, Disc, Exponential, Flat, Gaussian, Kernel, value
from sherrington.brain.network import Connections, Network, Population, Projection
from sherrington.brain.rules import DistanceBernoulli, DistanceIndegree, FixedIndegree, Rule
from sherrington.brain.sheet import Points, Sheet
from sherrington.errors import NetworkError

settings.register_profile("untimed", deadline=None, max_examples=50)
settings.load_profile("untimed")
seeds = st.integers(0, 2**32)
lengths = st.floats(0.02, 2.0)
masks = st.one_of(st.none(), lengths.map(Disc), st.tuples(lengths, lengths).map(lambda b: Box(*b)))
kernels = st.one_of(
    st.builds(Gaussian, lengths, masks), st.builds(Exponential, lengths, masks), st.builds(Flat, masks)
)
SEED = 5
OPEN, TORUS = Sheet(), Sheet(periodic=True)
KERNELS = (
    Gaussian(0.1),
    Gaussian(0.47, Box(0.5, 0.5)),
    Exponential(0.15),
    Exponential(0.15, Disc(0.3)),
    Flat(Box(0.3, 0.1)),
    Flat(),
)


def two(n: int, m: int, rule: Rule, source: Sheet = OPEN, target: Sheet = OPEN, **how: object) -> Network:
    """Populations a and b and one projection between them."""
    p = Projection("a", "b", rule, **{"weight": 1.0, "delay_ms": 1.0, **how})  # type: ignore[arg-type]
    return Network("n", [Population("a", n, sheet=source), Population("b", m, sheet=target)], [p])


def loop(n: int, rule: Rule, sheet: Sheet = OPEN) -> Network:
    return Network("n", [Population("a", n, sheet=sheet)], [Projection("a", "a", rule, 1.0, 1.0)])


def drawn(net: Network, seed: int = SEED) -> Connections:
    return net.draw(net.projections[0], seed)


def displacements(net: Network, seed: int = SEED) -> tuple[Floats, Floats]:
    """Along x and y between every source and every target, shape (n_sources, n_targets), the plain way."""
    p = net.projections[0]
    source, target = net.positions(p.source, seed), net.positions(p.target, seed)
    apart = np.abs(source[:, None, :2] - target[None, :, :2])
    sheet = net.population(p.source).sheet
    assert sheet is not None
    if sheet.periodic:
        apart = np.minimum(apart, np.array(sheet.size_mm) - apart)
    return apart[..., 0], apart[..., 1]


def matrix(found: Connections, n: int, m: int) -> Floats:
    counts = np.zeros((n, m))
    np.add.at(counts, (found.sources, found.targets), 1)
    return counts


# --- Bernoulli --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sheet", [OPEN, TORUS, Sheet((2.0, 0.7), "hexagonal")], ids=["open", "torus", "hexagonal"]
)
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("p", [0.05, 0.5, 1.0])
def test_every_pair_connects_with_its_own_probability(kernel: Kernel, sheet: Sheet, p: float) -> None:
    """200 networks over the same positions: the number of connections of each pair is binomial."""
    n, m, trials = 60, 40, 200
    net = two(n, m, DistanceBernoulli(p, kernel), sheet, sheet)
    ends, space = _space(net)
    rng, counts = stream(1, f"{kernel}{sheet}{p}"), np.zeros((n, m))
    for _ in range(trials):
        for sources, targets in spatial.bernoulli(space, kernel, p, rng):
            np.add.at(counts, (sources, targets), 1)
    chance = p * value(kernel, *displacements(net))
    assert counts[chance == 0].max(initial=0) == 0
    assert (counts[chance == 1] == trials).all()
    possible = (chance > 0) & (chance < 1)
    assert possible.any() or isinstance(kernel, Flat)
    tails = np.asarray(stats.binom.cdf(counts[possible], trials, chance[possible]))
    assert tails.min(initial=1) > 1e-8 and (1 - tails).max(initial=0) <= 1
    expected, variance = trials * chance.sum(), trials * (chance * (1 - chance)).sum()
    assert abs(counts.sum() - expected) <= 4.5 * np.sqrt(variance) + 1e-9
    frequent = possible & (trials * chance * (1 - chance) > 1)
    if frequent.sum() > 50:
        z = (counts - trials * chance)[frequent] / np.sqrt(trials * chance * (1 - chance))[frequent]
        assert abs(z.var() - 1) < 6 * np.sqrt(2 / frequent.sum())
    assert ends == ("a", "b")


def _space(net: Network) -> tuple[tuple[str, str], spatial.Space]:
    p, sheet = net.projections[0], net.population("a").sheet
    assert sheet is not None
    at = [net.positions(name, SEED)[:, :2] for name in (p.source, p.target)]
    return (p.source, p.target), spatial.Space(at[0], at[1], sheet.period_mm)


@pytest.mark.parametrize("sheet", [OPEN, TORUS], ids=["open", "torus"])
@pytest.mark.parametrize(
    ("kernel", "p"), [(Gaussian(0.1), 0.3), (Exponential(0.1), 0.9), (Flat(Disc(0.2)), 0.1)], ids=str
)
def test_distances_and_degrees_are_those_of_testing_every_pair(
    kernel: Kernel, p: float, sheet: Sheet
) -> None:
    """2,000 x 1,500 neurons: the distance of connected pairs by KS, degrees by their variance, counts by 4.5 sd."""
    n, m = 2000, 1500
    net = two(n, m, DistanceBernoulli(p, kernel), sheet, sheet)
    x, y = displacements(net)
    chance = p * value(kernel, x, y)
    plain = stream(2, "every pair").random((n, m)) < chance
    found = drawn(net)
    pairs = matrix(found, n, m)
    assert pairs.max() == 1 and len(found) > 10_000
    assert abs(len(found) - chance.sum()) < 4.5 * np.sqrt((chance * (1 - chance)).sum())
    distances = np.hypot(x, y)
    assert stats.ks_2samp(distances[pairs > 0], distances[plain]).pvalue > 1e-3
    for axis in (0, 1):
        expected, spread = chance.sum(axis), np.sqrt((chance * (1 - chance)).sum(axis))
        z = (pairs.sum(axis) - expected) / np.maximum(spread, 1e-9)
        assert abs(z.mean()) < 4.5 / np.sqrt(z.size) * 1.2 and 0.85 < z.std() < 1.15


@given(kernels, st.floats(0, 1), st.integers(1, 50), st.integers(1, 50), st.booleans(), seeds)
def test_no_pair_twice_none_beyond_the_mask_all_where_certain(
    kernel: Kernel, p: float, n: int, m: int, periodic: bool, seed: int
) -> None:
    net = two(n, m, DistanceBernoulli(p, kernel), Sheet(periodic=periodic), Sheet(periodic=periodic))
    pairs = matrix(drawn(net, seed), n, m)
    chance = p * value(kernel, *displacements(net, seed))
    assert pairs.max(initial=0) <= 1
    assert not pairs[chance == 0].any()
    assert pairs[chance == 1].all()


@given(kernels, st.sampled_from(["bernoulli", "indegree"]), st.integers(2, 30), seeds)
def test_no_autapses_unless_asked_for(kernel: Kernel, kind: str, n: int, seed: int) -> None:
    wide = Flat() if isinstance(kernel, Flat) else type(kernel)(0.5)
    for autapses in (False, True):
        rule = (
            DistanceBernoulli(1.0, kernel, autapses)
            if kind == "bernoulli"
            else DistanceIndegree(9, wide, autapses)
        )
        found = drawn(loop(n, rule), seed)
        own = int((found.sources == found.targets).sum())
        assert own == 0 if not autapses else own == n or kind == "indegree"


def test_pieces_do_not_change_the_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spatial, "PIECE", 500)
    net = two(400, 300, DistanceBernoulli(0.8, Gaussian(0.2)))
    chance = 0.8 * value(Gaussian(0.2), *displacements(net))
    blocks = list(net.blocks(net.projections[0], SEED))
    pairs = matrix(drawn(net), 400, 300)
    assert len(blocks) > 20 and max(map(len, blocks)) < 1000 and pairs.max() == 1
    assert abs(pairs.sum() - chance.sum()) < 4.5 * np.sqrt((chance * (1 - chance)).sum())


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("sheets", [(OPEN, OPEN), (TORUS, TORUS), (Sheet((1.5, 1.0)), Sheet((0.5, 0.8)))])
def test_the_expected_number_is_that_of_many_positions(kernel: Kernel, sheets: tuple[Sheet, Sheet]) -> None:
    net = two(300, 300, DistanceBernoulli(0.5, kernel), *sheets)
    means = [0.5 * value(kernel, *displacements(net, seed)).sum() for seed in range(40)]
    error = 4.5 * np.std(means) / np.sqrt(40) + 0.01 * np.mean(means)
    assert abs(net.expected_connections(net.projections[0]) - np.mean(means)) < error


# --- fixed in-degree --------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 30), seeds)
def test_indegrees_are_exact(n: int, m: int, k: int, seed: int) -> None:
    found = drawn(two(n, m, DistanceIndegree(k, Gaussian(0.3))), seed)
    assert np.bincount(found.targets, minlength=m).tolist() == [k] * m


@pytest.mark.parametrize("sheet", [OPEN, TORUS], ids=["open", "torus"])
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_sources_are_chosen_in_proportion_to_the_kernel(kernel: Kernel, sheet: Sheet) -> None:
    n, m, k = 80, 12, 20_000
    net = two(n, m, DistanceIndegree(k, kernel), sheet, sheet)
    weights = value(kernel, *displacements(net))
    counts = matrix(drawn(net), n, m)
    for target in range(m):
        expected = k * weights[:, target] / weights[:, target].sum()
        assert not counts[expected == 0, target].any()
        often = expected > 5
        observed = np.append(counts[often, target], counts[~often, target].sum())
        model = np.append(expected[often], expected[~often].sum())
        assert stats.chisquare(observed[model > 0], model[model > 0]).pvalue > 1e-5


def test_what_redrawing_leaves_is_drawn_from_the_kernel_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spatial, "ROUNDS", 1)
    net = two(60, 5, DistanceIndegree(20_000, Gaussian(0.05)))
    weights = value(Gaussian(0.05), *displacements(net))
    counts = matrix(drawn(net), 60, 5)
    for target in range(5):
        expected = 20_000 * weights[:, target] / weights[:, target].sum()
        often = expected > 5
        if often.sum() > 1:
            observed = np.append(counts[often, target], counts[~often, target].sum())
            model = np.append(expected[often], expected[~often].sum())
            assert stats.chisquare(observed, model).pvalue > 1e-5


# --- positions, delays, weights ---------------------------------------------------------------------------


@given(
    st.integers(1, 400),
    st.sampled_from(["random", "grid", "hexagonal"]),
    st.tuples(st.floats(0.1, 5), st.floats(0.1, 5)),
    st.integers(1, 5),
    seeds,
)
def test_neurons_lie_on_their_sheet(
    n: int, layout: str, size: tuple[float, float], stack: int, seed: int
) -> None:
    per_site = stack if layout != "random" else 1
    sheet = Sheet(size, layout, (0.2, 0.9), per_site=per_site)  # type: ignore[arg-type]
    at = sheet.positions(n, np.random.default_rng(seed))
    assert at.shape == (n, 3)
    assert (np.abs(at[:, :2]) <= np.array(size) / 2).all()
    assert ((at[:, 2] >= 0.2) & (at[:, 2] <= 0.9)).all()
    if layout != "random":
        assert len(np.unique(at[:, :2], axis=0)) == -(-n // per_site)


def test_a_square_grid_is_one_and_a_hexagonal_one_has_six_neighbours() -> None:
    rng = np.random.default_rng(1)
    at = Sheet((1.0, 1.0), "grid").positions(1024, rng)
    ticks = (np.arange(32) + 0.5) / 32 - 0.5
    np.testing.assert_allclose(at[:, 0], np.tile(ticks, 32))
    np.testing.assert_allclose(at[:, 1], np.repeat(ticks, 32))
    hexagonal = Sheet((1.0, 1.0), "hexagonal").positions(34 * 30, rng)
    distances = np.hypot(*(hexagonal[:, None, :2] - hexagonal[None, :, :2]).transpose(2, 0, 1))
    inner = (np.abs(hexagonal[:, :2]) < 0.4).all(1)
    near = np.sort(distances[inner], axis=1)[:, 1:8]
    assert (near[:, 5] / near[:, 0]).max() < 1.1 < 1.5 < (near[:, 6] / near[:, 5]).min()


def test_listed_points_are_taken_as_they_are() -> None:
    sheet = Sheet((1.0, 1.0), Points((0.1, -0.5), (0.2, 0.5), (0.3, 0.4)))
    assert sheet.positions(2, np.random.default_rng(1)).tolist() == [[0.1, 0.2, 0.3], [-0.5, 0.5, 0.4]]


def test_other_populations_change_nothing() -> None:
    rule = DistanceBernoulli(0.3, Gaussian(0.2))
    small = two(50, 60, rule, delay_ms=DelayFromDistance(1.0, 0.3, 0.1), weight=Lognormal(1.0, 0.5))
    kept = small.projections[0]
    more = [Population("new", 9, sheet=OPEN), *small.populations.values()]
    large = Network("n", more, [Projection("new", "a", rule, 1.0, 1.0), kept])
    np.testing.assert_array_equal(small.positions("a", SEED), large.positions("a", SEED))
    one, two_ = small.draw(kept, SEED), large.draw(kept, SEED)
    for field in ("sources", "targets", "weights", "delays_ms"):
        np.testing.assert_array_equal(getattr(one, field), getattr(two_, field))
    assert (
        small.positions("a", SEED)[0, 0] != small.positions("b", SEED)[0, 0] != small.positions("b", 6)[0, 0]
    )


def test_one_stream_joins_the_same_pairs_whatever_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receptors of one synapse: two projections that differ in weight and delay."""
    monkeypatch.setattr(spatial, "PIECE", 500)
    net = two(200, 200, DistanceBernoulli(0.5, Gaussian(0.2)))
    how = {"name": "n", "stream": "a->b"}
    other = Projection("a", "b", net.projections[0].rule, Lognormal(1.0, 0.5), Normal(2.0, 0.1), **how)  # type: ignore[arg-type]
    one, second = drawn(net), Network("n", [*net.populations.values()], [other]).draw(other, SEED)
    np.testing.assert_array_equal(one.sources, second.sources)
    np.testing.assert_array_equal(one.targets, second.targets)


@pytest.mark.parametrize("rule", [DistanceBernoulli(0.4, Gaussian(0.3)), FixedIndegree(20)], ids=str)
@pytest.mark.parametrize("sheet", [OPEN, TORUS], ids=["open", "torus"])
def test_delays_follow_distance(rule: Rule, sheet: Sheet) -> None:
    net = two(80, 70, rule, sheet, sheet, delay_ms=DelayFromDistance(0.5, 0.3, low_ms=0.8, high_ms=2.0))
    found = drawn(net)
    distance = np.hypot(*displacements(net))[found.sources, found.targets]
    np.testing.assert_allclose(found.delays_ms, np.clip(0.5 + distance / 0.3, 0.8, 2.0))
    assert (found.delays_ms == 0.8).any() and len(np.unique(found.delays_ms)) > 100


def test_noise_of_a_delay_has_its_standard_deviation() -> None:
    values = DelayFromDistance(5.0, 1.0, 0.5).sample(np.full(20_000, 2.0), stream(1, "delay"))
    assert abs(values.mean() - 7.0) < 4.5 * 0.5 / np.sqrt(20_000)
    assert abs(values.std() / 0.5 - 1) < 4.5 * np.sqrt(0.5 / 20_000)


def test_a_channel_connects_from_where_it_lies() -> None:
    left, right = (-0.25,) * 3, (0.25,) * 3
    a = Population(
        "a", 6, sheet=Sheet(layout=Points(left + right, (0.0,) * 6)), channels={"left": 3, "right": 3}
    )
    rule = DistanceBernoulli(1.0, Flat(Disc(0.1)))
    net = Network("n", [a], [Projection("a/right", "a", rule, 1.0, 1.0)])
    found = drawn(net)
    assert set(zip(found.sources.tolist(), found.targets.tolist(), strict=True)) == {
        (s, t) for s in (3, 4, 5) for t in (3, 4, 5) if s != t
    }


def test_a_lognormal_from_its_logarithm() -> None:
    """The cortical tables: mu = -0.72, sigma = 1 of ln(nS), mean 0.80 nS."""
    made = Lognormal.of_log(-0.72, 1.0)
    assert made.mean == pytest.approx(np.exp(-0.22))
    logs = np.log(sample(made, 100_000, stream(1, "log")))
    assert abs(logs.mean() + 0.72) < 4.5 / np.sqrt(100_000)
    assert abs(logs.std() - 1) < 4.5 * np.sqrt(0.5 / 100_000)


# --- what is refused --------------------------------------------------------------------------------------


def test_what_is_refused() -> None:
    near = DistanceBernoulli(0.5, Gaussian(0.1))
    with pytest.raises(
        NetworkError, match="'a->b' depends on distance but population 'b' lies nowhere; give it"
    ):
        Network(
            "n", [Population("a", 2, sheet=OPEN), Population("b", 2)], [Projection("a", "b", near, 1.0, 1.0)]
        )
    with pytest.raises(NetworkError, match="depends on distance but population 'b'"):
        delay = DelayFromDistance(1.0, 1.0)
        Network(
            "n",
            [Population("a", 2, sheet=OPEN), Population("b", 2)],
            [Projection("a", "b", FixedIndegree(1), 1.0, delay)],
        )
    with pytest.raises(
        NetworkError, match="1 x 1 mm, periodic to one of 1 x 1 mm, open; on a torus both must have"
    ):
        two(2, 2, near, TORUS, OPEN)
    with pytest.raises(NetworkError, match=r"probability 1\.5, which is not in 0 to 1"):
        two(2, 2, DistanceBernoulli(1.5, Gaussian(0.1)))
    with pytest.raises(
        NetworkError, match=r"'a->b': the target at \(.*\) mm has no source within reach of Flat"
    ):
        drawn(two(2, 50, DistanceIndegree(3, Flat(Disc(0.01)))))
    with pytest.raises(NetworkError, match="population 'a': the sheet lists 1 x, 1 y and 0 z for 2 neurons"):
        two(2, 2, near, Sheet(layout=Points((0.0,), (0.0,)))).positions("a", 1)
    with pytest.raises(
        NetworkError, match=r"1 of the listed points lie outside the sheet of \(1\.0, 1\.0\) mm"
    ):
        two(2, 2, near, Sheet(layout=Points((0.0, 2.0), (0.0, 0.0)))).positions("a", 1)
    with pytest.raises(
        NetworkError, match="population 'b' has no sheet; of those that have one, there are: a"
    ):
        Network("n", [Population("a", 2, sheet=OPEN), Population("b", 2)]).positions("b", 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian(0.0), r"sigma of a Gaussian kernel is 0\.0 mm; it must be above 0"),
        (lambda: Flat(Disc(-1.0)), "the radius of a disc is -1"),
        (lambda: Sheet((0.0, 1.0)), "has no area"),
        (lambda: Sheet(layout="spiral"), "no layout 'spiral'; there are: random, grid, hexagonal"),  # type: ignore[arg-type]
        (lambda: Sheet(per_site=2), "only a grid or hexagonal layout has sites"),
        (lambda: DelayFromDistance(1.0, 0.0), "makes no delay; it needs a velocity above 0"),
        (
            lambda: Normal(0.0, 1.0) and DelayFromDistance(1.0, 1.0, low_ms=2.0, high_ms=1.0),
            "low not above high",
        ),
    ],
)
def test_descriptions_that_contradict_themselves(make: object, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()  # type: ignore[operator]
