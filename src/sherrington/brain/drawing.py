"""From the rule of one projection to explicit connections, block by block."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import NetworkError
from .distributions import DelayFromDistance, Floats, Ints, Values, sample, stream
from .population import Population, Projection
from .rules import DistanceBernoulli, DistanceIndegree, Rule, pairs, parts
from .spatial import Space, pieces


@dataclass(frozen=True)
class Connections:
    """Drawn connections, sorted as drawn. sources, targets: indices within their whole populations, shape (n,);
    weights: synapse's unit; delays_ms: unrounded."""

    sources: Ints
    targets: Ints
    weights: Floats
    delays_ms: Floats

    def __len__(self) -> int:
        return int(self.sources.size)

    def part(self, chosen: Ints) -> Connections:
        """Those at the positions ``chosen``, in their order."""
        return Connections(
            self.sources[chosen], self.targets[chosen], self.weights[chosen], self.delays_ms[chosen]
        )


@dataclass(frozen=True)
class Ends:
    """The two ends of a projection, and which neurons of them are meant."""

    source: Population
    sources: range
    target: Population
    targets: range


def uses_distance(projection: Projection) -> bool:
    """Whether the positions of the neurons play a part."""
    by_rule = isinstance(projection.rule, DistanceBernoulli | DistanceIndegree)
    return by_rule or isinstance(projection.delay_ms, DelayFromDistance)


def blocks(
    projection: Projection, ends: Ends, space: Space | None, seed: int, size: int
) -> Iterator[Connections]:
    """The connections of one projection, about ``size`` at a time, fewer where the rule depends on distance. Raises
    NetworkError naming the projection.

    Block 0 is drawn from the projection's stream, every other one from a stream of its own. A rule of distance draws
    the pairs of all blocks from the one stream and their weights and delays from another.
    """
    name = f"projection/{projection.stream}"
    listed = isinstance(projection.weight, Values) or isinstance(projection.delay_ms, Values)
    try:
        if isinstance(projection.rule, DistanceBernoulli | DistanceIndegree):
            assert space is not None
            values = stream(seed, f"{name}/values")
            for sources, targets in pieces(projection.rule, space, stream(seed, name)):
                yield _weighted(projection, ends, sources, targets, space, values)
            return
        cut = parts(projection.rule, len(ends.sources), len(ends.targets), sys.maxsize if listed else size)
        for index, (rule, some) in enumerate(cut):
            rng = stream(seed, f"{name}/block {index}" if index else name)
            yield _block(projection, ends, rule, some, space, rng)
    except NetworkError as error:
        raise NetworkError(f"projection '{projection.name}': {error}") from None


def _block(
    p: Projection, ends: Ends, rule: Rule, some: range, space: Space | None, rng: np.random.Generator
) -> Connections:
    """Connections to ``some`` of the targets, as indices within the range of the projection's target."""
    same = p.source == p.target
    sources, targets = pairs(rule, len(ends.sources), len(some), rng, same=same, first=some.start)
    targets = targets + some.start
    # Also between a channel and the whole of its population, where ``pairs`` cannot tell a neuron from itself.
    if ends.source is ends.target and not getattr(rule, "autapses", True):
        keep = sources + ends.sources.start != targets + ends.targets.start
        sources, targets = sources[keep], targets[keep]
    return _weighted(p, ends, sources, targets, space, rng)


def _weighted(
    p: Projection, ends: Ends, sources: Ints, targets: Ints, space: Space | None, rng: np.random.Generator
) -> Connections:
    """Weights and delays for pairs numbered within the ranges of the two ends."""
    weights = sample(p.weight, sources.size, rng)
    if isinstance(p.delay_ms, DelayFromDistance):
        assert space is not None
        delays_ms = p.delay_ms.sample(space.distances(sources, targets), rng)
    else:
        delays_ms = sample(p.delay_ms, sources.size, rng)
    return Connections(sources + ends.sources.start, targets + ends.targets.start, weights, delays_ms)
