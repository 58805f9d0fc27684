"""Connections that depend on distance, as NEST has them: those that were described, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from sherrington.brain.distributions import DelayFromDistance, Lognormal
from sherrington.brain.engine import BrainOptions
from sherrington.brain.kernels import Flat, Gaussian
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_kernel import nest
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import DistanceBernoulli, DistanceIndegree, Rule
from sherrington.brain.sheet import Sheet

SEED = 3


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "rule", [DistanceBernoulli(0.5, Gaussian(0.1)), DistanceIndegree(9, Flat())], ids=str
)
def test_nest_has_the_connections_that_were_drawn(rule: Rule, threads: int) -> None:
    populations = [
        Population("before", 7),
        Population("p", 300, "iaf_cond_alpha", sheet=Sheet(periodic=True)),
    ]
    p = Projection(
        "p", "p", rule, Lognormal.of_log(-0.72, 1.0), DelayFromDistance(0.5, 0.3, std_ms=0.1, low_ms=0.1)
    )
    network = Network("n", populations, [p])
    brain = NestBrain()
    try:
        brain.prepare(network, [], [], SEED, BrainOptions(virtual_processes=threads))
        made = nest.GetConnections().get(["source", "target", "weight", "delay"], output="pandas").to_numpy()
    finally:
        brain.close()
    drawn = network.draw(p, SEED)
    expected = np.column_stack(
        [
            drawn.sources + 8 + threads,  # a recorder for each thread comes first
            drawn.targets + 8 + threads,
            drawn.weights,
            np.maximum(np.rint(drawn.delays_ms / 0.1), 1) * 0.1,
        ]
    )
    assert len(made) > 2000
    np.testing.assert_allclose(_sorted(made), _sorted(expected), rtol=1e-12)
    assert (made[:, 0] != made[:, 1]).all()


def _sorted(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.T[::-1])]
