"""A described network: populations, projections, delays, seeds, scale. No engine is imported here.

The description holds rules and distributions. ``draw`` turns one projection into explicit connections with a
random stream of its own, seeded by the projection's name, so that adding a population changes no other one and
every engine, on any number of threads, builds the very same network.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import NetworkError, known
from .distributions import Distribution, Floats, sample, stream
from .drawing import Connections, Ends, blocks, uses_distance
from .population import Background, Population, Projection
from .rules import (
    Bernoulli,
    DistanceBernoulli,
    DistanceIndegree,
    Explicit,
    FixedIndegree,
    FixedTotal,
    OneToOne,
)
from .sheet import Sheet
from .spatial import Space, mean_kernel

BLOCK = 2_000_000
"""Connections drawn at a time. It is part of what is drawn: another number draws other, equally likely networks
where a projection has more connections than this."""


_COLUMNS = ("sources", "targets", "weights", "delays_ms")


class Network:
    """Populations by name, projections and background input.

    scale: the fraction of the full-size model that this description stands for, 1 for full size; kept as a fact.
    modules: extension modules of the engine to load first (NESTML).
    Raises NetworkError for a name that is used twice or does not exist.
    """

    def __init__(
        self,
        name: str,
        populations: tuple[Population, ...] | list[Population],
        projections: tuple[Projection, ...] | list[Projection] = (),
        *,
        backgrounds: tuple[Background, ...] | list[Background] = (),
        scale: float = 1.0,
        modules: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.scale = scale
        self.modules = modules
        self.populations = {p.name: p for p in populations}
        self.projections = tuple(projections)
        self.backgrounds = tuple(backgrounds)
        if len(self.populations) != len(populations):
            raise NetworkError(f"network '{name}' names a population twice: {_twice(populations)}")
        if len({p.name for p in projections}) != len(projections):
            raise NetworkError(
                f"network '{name}' names a projection twice: {_twice(projections)}; give each a name of its own"
            )
        for projection in self.projections:
            self._check(projection)
        for background in self.backgrounds:
            self.resolve(background.population)

    def population(self, name: str) -> Population:
        """The population of that name; raises NetworkError with the ones that exist."""
        try:
            return self.populations[name]
        except KeyError:
            raise NetworkError(
                f"network '{self.name}' has no population '{name}'; {known(tuple(self.populations))}"
            ) from None

    def resolve(self, reference: str) -> tuple[Population, range]:
        """``population`` or ``population/channel`` to the population and the indices meant."""
        name, _, channel = reference.partition("/")
        population = self.population(name)
        return population, population.neurons(channel or None)

    @property
    def n_neurons(self) -> int:
        return sum(p.size for p in self.populations.values())

    def expected_synapses(self) -> int:
        """Number of connections; the expectation where the rule leaves it to chance."""
        return round(sum(self.expected_connections(p) for p in self.projections))

    def expected_connections(self, projection: Projection) -> float:
        """Number of connections of one projection; the expectation where its rule leaves it to chance."""
        sources = len(self.resolve(projection.source)[1])
        targets = len(self.resolve(projection.target)[1])
        match projection.rule:
            case FixedIndegree(indegree=k) | DistanceIndegree(indegree=k):
                return k * targets
            case DistanceBernoulli(probability=p, kernel=kernel):
                return p * mean_kernel(kernel, *self._sheets(projection)) * sources * targets
            case FixedTotal(total=n):
                return n
            case Bernoulli(probability=p):
                return p * sources * targets
            case OneToOne():
                return targets
            case Explicit(sources=listed):
                return len(listed)
            case _:
                return sources * targets

    def _check(self, projection: Projection) -> None:
        sources = self.resolve(projection.source)[1]
        targets = self.resolve(projection.target)[1]
        if projection.modulator:
            self.resolve(projection.modulator)
        match projection.rule:
            case OneToOne() if len(sources) != len(targets):
                raise NetworkError(
                    f"projection '{projection.name}' is one-to-one but has {len(sources)} sources "
                    f"and {len(targets)} targets"
                )
            case Explicit(sources=s, targets=t) if len(s) != len(t):
                raise NetworkError(
                    f"projection '{projection.name}' lists {len(s)} sources and {len(t)} targets"
                )
            case Bernoulli(probability=p) | DistanceBernoulli(probability=p) if not 0 <= p <= 1:
                raise NetworkError(
                    f"projection '{projection.name}' has probability {p}, which is not in 0 to 1"
                )

        if uses_distance(projection):
            self._sheets(projection)

    def _sheets(self, projection: Projection) -> tuple[Sheet, Sheet]:
        """Those of source and target. Raises NetworkError where one is missing or they do not fit together."""
        ends = [self.resolve(reference)[0] for reference in (projection.source, projection.target)]
        source, target = (population.sheet for population in ends)
        if source is None or target is None:
            without = ends[0].name if source is None else ends[1].name
            raise NetworkError(
                f"projection '{projection.name}' depends on distance but population '{without}' lies nowhere; "
                f"give it a sheet: Population(..., sheet=Sheet(size_mm=(1.0, 1.0)))"
            )
        if source.period_mm != target.period_mm:
            raise NetworkError(
                f"projection '{projection.name}' joins a sheet of {_edges(source)} to one of {_edges(target)}; on a "
                f"torus both must have the same size and periodic=True"
            )
        return source, target

    def positions(self, population: str, seed: int) -> Floats:
        """x, y, z of the neurons of a population in mm, shape (size, 3): a pure function of network, name and seed.
        Raises NetworkError for a population without a sheet."""
        described = self.population(population)
        if described.sheet is None:
            placed = tuple(p.name for p in self.populations.values() if p.sheet is not None)
            raise NetworkError(
                f"population '{population}' has no sheet; of those that have one, {known(placed)}"
            )
        try:
            return described.sheet.positions(
                described.size, stream(seed, f"population/{population}/position")
            )
        except NetworkError as error:
            raise NetworkError(f"population '{population}': {error}") from None

    def _space(self, projection: Projection, ends: Ends, seed: int) -> Space:
        """Where both ends of a projection lie."""
        sources = self.positions(ends.source.name, seed)[ends.sources.start : ends.sources.stop, :2]
        targets = self.positions(ends.target.name, seed)[ends.targets.start : ends.targets.stop, :2]
        apart = ends.source is ends.target and not getattr(projection.rule, "autapses", True)
        first = ends.targets.start - ends.sources.start if apart else None
        return Space(sources, targets, self._sheets(projection)[0].period_mm, first)

    def draw(self, projection: Projection, seed: int) -> Connections:
        """The explicit connections of one projection: a pure function of network, name and seed."""
        drawn = list(self.blocks(projection, seed))
        columns = ([getattr(block, name) for block in drawn] for name in _COLUMNS)
        return Connections(*(np.concatenate(column) for column in columns))

    def blocks(self, projection: Projection, seed: int) -> Iterator[Connections]:
        """What ``draw`` gives, about ``BLOCK`` connections at a time or fewer, so that no projection is too large."""
        ends = Ends(*self.resolve(projection.source), *self.resolve(projection.target))
        space = self._space(projection, ends, seed) if uses_distance(projection) else None
        yield from blocks(projection, ends, space, seed, BLOCK)

    def initial_values(self, population: Population, seed: int) -> Iterator[tuple[str, Floats]]:
        """Parameters and state variables that differ between neurons: (name, one value per neuron)."""
        for name, quantity in {**population.params, **population.initial}.items():
            if isinstance(quantity, Distribution):
                rng = stream(seed, f"population/{population.name}/{name}")
                yield name, sample(quantity, population.size, rng)


def _edges(sheet: Sheet) -> str:
    return f"{sheet.size_mm[0]:g} x {sheet.size_mm[1]:g} mm, {'periodic' if sheet.periodic else 'open'}"


def _twice(
    things: tuple[Population, ...] | list[Population] | tuple[Projection, ...] | list[Projection],
) -> str:
    names = [thing.name for thing in things]
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))


__all__ = ["BLOCK", "Background", "Connections", "Network", "Population", "Projection"]
