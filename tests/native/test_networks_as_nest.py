"""Networks whose connections are listed and whose drive is not random: the same spikes as NEST, all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from side_by_side import compare

from sherrington.brain.distributions import Normal, Uniform, Values
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import AllToAll, Bernoulli, Explicit, FixedIndegree, FixedTotal, OneToOne


def listed(rng: np.random.Generator, n: int, m: int, total: int) -> Explicit:
    return Explicit(tuple(rng.integers(0, n, total).tolist()), tuple(rng.integers(0, m, total).tolist()))


def values(rng: np.random.Generator, low: float, high: float, n: int) -> Values:
    return Values(tuple(rng.uniform(low, high, n).tolist()))


def driven(name: str, n: int, model: str = "iaf_psc_exp") -> Population:
    return Population(
        name, n, model, params={"I_e": Uniform(360.0, 480.0)}, initial={"V_m": Uniform(-70.0, -55.0)}
    )


def test_feed_forward() -> None:
    """Through four layers, a model each, with weights of both signs and delays of their own."""
    rng = np.random.default_rng(1)
    layers = [
        driven("a", 80),
        Population("b", 70, "iaf_psc_alpha", params={"I_e": 360.0}),
        Population("c", 60, "parrot_neuron"),
        Population("d", 90, "iaf_psc_delta", params={"I_e": 340.0}),
    ]
    projections = []
    for (one, other), strength in zip(pairwise(layers), (90.0, 5.0, 1.0), strict=True):
        n = 12 * other.size
        projections.append(
            Projection(
                one.name,
                other.name,
                listed(rng, one.size, other.size, n),
                values(rng, -0.4 * strength, strength, n),
                values(rng, 0.3, 4.0, n),
            )
        )
    compare(Network("n", layers, projections), ms=300.0)


def test_recurrent() -> None:
    """Excitation and inhibition in balance: one spike that differs would change all that follow."""
    rng = np.random.default_rng(2)
    e, i = driven("e", 200), driven("i", 50)
    projections = []
    for source in (e, i):
        for target in (e, i):
            n, sign = 20 * target.size, 1.0 if source is e else -4.0
            projections.append(
                Projection(
                    source.name,
                    target.name,
                    listed(rng, source.size, target.size, n),
                    values(rng, *sorted((5.0 * sign, 25.0 * sign)), n),
                    values(rng, 1.0, 3.0, n),
                )
            )
    spikes = compare(Network("n", [e, i], projections), ms=500.0)
    assert len(spikes["e"]) > 1000


def test_every_rule_gives_the_connections_that_nest_gets() -> None:
    """Exact mode takes them from ``Network.draw``; parts of populations are ends as well."""
    p = Population(
        "p",
        120,
        params={"I_e": Uniform(370.0, 450.0)},
        initial={"V_m": Uniform(-70.0, -55.0)},
        channels={"x": 40, "y": 40, "z": 40},
    )
    rules = [AllToAll(), OneToOne(), FixedIndegree(10), FixedTotal(500), Bernoulli(0.2)]
    ends = [("p/x", "p/y"), ("p/y", "p/z"), ("p", "p/x"), ("p/z", "p"), ("p", "p")]
    projections = [
        Projection(a, b, rule, Normal(3.0, 6.0), Uniform(0.1, 2.0), name=str(i))
        for i, ((a, b), rule) in enumerate(zip(ends, rules, strict=True))
    ]
    compare(Network("n", [p], projections), ms=300.0)
