"""How many connections each projection is expected to have: worked out once for a network, for it takes a while."""

from __future__ import annotations

from functools import lru_cache

from ..brain.network import Network
from ..brain.population import Projection
from ..brain.rules import DistanceBernoulli
from ..brain.spatial import mean_kernel

_mean_kernel = lru_cache(maxsize=4096)(mean_kernel)
"""Many projections fall off with distance alike, between sheets of the same size."""


@lru_cache(maxsize=8)
def connections(network: Network) -> tuple[float, ...]:
    """By projection, in order."""
    return tuple(_expected(network, projection) for projection in network.projections)


def _expected(network: Network, projection: Projection) -> float:
    """As ``Network.expected_connections``."""
    rule = projection.rule
    if not isinstance(rule, DistanceBernoulli):
        return network.expected_connections(projection)
    (source, sources), (target, targets) = (
        network.resolve(e) for e in (projection.source, projection.target)
    )
    assert source.sheet is not None and target.sheet is not None
    return (
        rule.probability * _mean_kernel(rule.kernel, source.sheet, target.sheet) * len(sources) * len(targets)
    )
