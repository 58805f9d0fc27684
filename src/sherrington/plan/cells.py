"""The network's part of the work: its populations and projections as arrays of what costs something."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..brain.distributions import DelayFromDistance, Distribution
from ..brain.network import BLOCK, Network, Population, Projection
from ..brain.rules import Bernoulli, DistanceBernoulli, DistanceIndegree, FixedIndegree, FixedTotal
from . import families
from .connections import connections
from .rates import Rates

Floats = NDArray[np.float64]
BUFFERS = {
    "parrot": 1,
    "delta": 1,
    "exp": 2,
    "alpha": 2,
    "conductance": 2,
    "conductance_exp": 2,
    "adaptive": 2,
    "multisynapse": 3,
}
"""Ring buffers of a neuron, by family: one for each sign, and of multi-receptor models one for each receptor and one
for currents."""


@dataclass(frozen=True)
class Cells:
    """By population, in order. size: neurons; rate_hz; out: synapses of one neuron; input_hz: events that reach one;
    family; weight: receptors of multi-receptor models, else 1; varied: parameters drawn for each neuron; buffers:
    ring buffers; recorded: 1 where spikes are read or kept, else 0."""

    size: Floats
    rate_hz: Floats
    out: Floats
    input_hz: Floats
    family: tuple[str, ...]
    weight: Floats
    varied: Floats
    buffers: Floats
    recorded: Floats


@dataclass(frozen=True)
class Joints:
    """By projection, in order. count: connections; source: place of its source in ``Cells``; last: number of the
    target's last node in the order of creation; drawn: which way of drawing pairs, one of the terms ``draw_...``;
    plastic; values: how many of weight and delay are drawn for each connection."""

    projections: tuple[Projection, ...]
    count: Floats
    source: NDArray[np.intp]
    last: NDArray[np.intp]
    drawn: tuple[str, ...]
    plastic: NDArray[np.bool_]
    values: Floats

    @property
    def largest_block(self) -> float:
        """Connections that are drawn at a time at most; rules of distance draw them in small pieces."""
        whole = np.array([not kind.startswith("distance") for kind in self.drawn], np.bool_)
        return float(min(BLOCK, self.count[whole].max(initial=0.0)))


def cells(network: Network, rates: Rates, recorded: Collection[str]) -> Cells:
    """recorded: populations whose spikes are read or kept."""
    populations = list(network.populations.values())
    kinds = [families.family(p.model) for p in populations]
    receptors = [
        families.receptors(p) if k == "multisynapse" else 0 for p, k in zip(populations, kinds, strict=True)
    ]
    size = np.array([p.size for p in populations], np.float64)
    out, inputs = _flows(network, rates)
    return Cells(
        size=size,
        rate_hz=np.array([rates.hz[p.name] for p in populations], np.float64),
        out=out / size,
        input_hz=inputs / size,
        family=tuple(kinds),
        weight=np.maximum(1.0, receptors),
        varied=np.array([_varied(p) for p in populations], np.float64),
        buffers=np.array(
            [n + 1 if n else BUFFERS[k] for k, n in zip(kinds, receptors, strict=True)], np.float64
        ),
        recorded=np.array([p.name in recorded for p in populations], np.float64),
    )


def _flows(network: Network, rates: Rates) -> tuple[Floats, Floats]:
    """Connections that leave each population, and events per s that reach it."""
    place = {name: i for i, name in enumerate(network.populations)}
    out, inputs = np.zeros((2, len(place)))
    for projection, count in zip(network.projections, connections(network), strict=True):
        source, target = (network.resolve(end)[0].name for end in (projection.source, projection.target))
        out[place[source]] += count
        inputs[place[target]] += count * rates.hz[source]
    for background in network.backgrounds:
        population, some = network.resolve(background.population)
        inputs[place[population.name]] += background.rate_hz * len(some)
    return out, inputs


def _varied(population: Population) -> int:
    table = {**population.params, **population.initial}
    return sum(isinstance(value, Distribution) for value in table.values())


def joints(network: Network) -> Joints:
    """Every projection of a network."""
    ends = np.cumsum([p.size for p in network.populations.values()])
    place = {name: i for i, name in enumerate(network.populations)}
    projections = network.projections
    return Joints(
        projections=projections,
        count=np.array(connections(network), np.float64),
        source=np.array([place[network.resolve(p.source)[0].name] for p in projections], np.intp),
        last=np.array([ends[place[network.resolve(p.target)[0].name]] for p in projections], np.intp),
        drawn=tuple(_drawn(p) for p in projections),
        plastic=np.array([families.is_plastic(p) for p in projections], np.bool_),
        values=np.array([_values(p) for p in projections], np.float64),
    )


def _drawn(projection: Projection) -> str:
    match projection.rule:
        case DistanceBernoulli():
            return "distance"
        case DistanceIndegree():
            return "distance_indegree"
        case Bernoulli():
            return "bernoulli"
        case FixedIndegree() | FixedTotal():
            return "indegree"
        case _:
            return "listed"


def _values(projection: Projection) -> int:
    weight = isinstance(projection.weight, Distribution)
    return weight + isinstance(projection.delay_ms, Distribution | DelayFromDistance)
