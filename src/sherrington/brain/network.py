"""A described network: populations, projections, delays, seeds, scale. No engine is imported here.

The description holds rules and distributions. ``draw`` turns one projection into explicit connections with a
random stream of its own, seeded by the projection's name, so that adding a population changes no other one and
every engine, on any number of threads, builds the very same network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..errors import NetworkError, known
from .distributions import Distribution, Floats, Ints, Quantity, sample, stream
from .rules import Bernoulli, Explicit, FixedIndegree, FixedTotal, OneToOne, Rule, pairs


@dataclass(frozen=True)
class Population:
    """Neurons of one kind.

    model: a model of the engine, e.g. ``iaf_psc_exp``; params: its parameters in the model's own units (NEST:
    mV, pF, ms, pA), a number or a distribution over neurons; initial: same for state variables such as ``V_m``.
    channels: name to number of neurons, in order, adding up to ``size``; ports and projections can address one
    channel as ``population/channel``. Without channels the population is one channel of its own name.
    region: where the population lies, for pictures and tables.
    """

    name: str
    size: int
    model: str = "iaf_psc_exp"
    params: Mapping[str, Quantity] = field(default_factory=dict)
    initial: Mapping[str, Quantity] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)
    region: str = ""

    def __post_init__(self) -> None:
        if self.size < 1:
            raise NetworkError(f"population '{self.name}' has size {self.size}; it needs at least one neuron")
        if "/" in self.name or "." in self.name:
            raise NetworkError(f"population name '{self.name}' must not contain '/' or '.'")
        if not self.channels:
            object.__setattr__(self, "channels", {self.name: self.size})
        if min(self.channels.values()) < 1:
            raise NetworkError(
                f"population '{self.name}' has a channel without neurons: {dict(self.channels)}"
            )
        if sum(self.channels.values()) != self.size:
            raise NetworkError(
                f"the channels of population '{self.name}' have {sum(self.channels.values())} neurons "
                f"but its size is {self.size}"
            )

    def neurons(self, channel: str | None = None) -> range:
        """Indices within the population of one channel, or of all neurons."""
        if channel is None:
            return range(self.size)
        start = 0
        for name, size in self.channels.items():
            if name == channel:
                return range(start, start + size)
            start += size
        raise NetworkError(
            f"population '{self.name}' has no channel '{channel}'; {known(tuple(self.channels))}"
        )


@dataclass(frozen=True)
class Projection:
    """Connections from one population, or one channel ``population/channel``, to another.

    weight: in the unit of the synapse (pA for current-based, nS for conductance-based NEST models).
    delay_ms: conduction delay; rounded to the engine's resolution, never below it.
    synapse: synapse model with its ``synapse_params``; receptor: for multi-receptor models, else 0.
    name: names the random stream; unique in the network; by default ``source->target``.
    """

    source: str
    target: str
    rule: Rule
    weight: Quantity
    delay_ms: Quantity
    synapse: str = "static_synapse"
    synapse_params: Mapping[str, float] = field(default_factory=dict)
    receptor: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}->{self.target}")


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


class Network:
    """Populations by name, and projections.

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
        scale: float = 1.0,
        modules: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.scale = scale
        self.modules = modules
        self.populations = {p.name: p for p in populations}
        self.projections = tuple(projections)
        if len(self.populations) != len(populations):
            raise NetworkError(f"network '{name}' names a population twice: {_twice(populations)}")
        if len({p.name for p in projections}) != len(projections):
            raise NetworkError(
                f"network '{name}' names a projection twice: {_twice(projections)}; give each a name of its own"
            )
        for projection in self.projections:
            self._check(projection)

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
            case FixedIndegree(indegree=k):
                return k * targets
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
            case Bernoulli(probability=p) if not 0 <= p <= 1:
                raise NetworkError(
                    f"projection '{projection.name}' has probability {p}, which is not in 0 to 1"
                )

    def draw(self, projection: Projection, seed: int) -> Connections:
        """The explicit connections of one projection: a pure function of network, name and seed."""
        source_population, source_range = self.resolve(projection.source)
        target_population, target_range = self.resolve(projection.target)
        rng = stream(seed, f"projection/{projection.name}")
        same = projection.source == projection.target
        try:
            sources, targets = pairs(projection.rule, len(source_range), len(target_range), rng, same=same)
        except NetworkError as error:
            raise NetworkError(f"projection '{projection.name}': {error}") from None
        sources, targets = sources + source_range.start, targets + target_range.start
        # Also between a channel and the whole of its population, where ``pairs`` cannot tell a neuron from itself.
        if source_population is target_population and not getattr(projection.rule, "autapses", True):
            keep = sources != targets
            sources, targets = sources[keep], targets[keep]
        return Connections(
            sources,
            targets,
            sample(projection.weight, sources.size, rng),
            sample(projection.delay_ms, sources.size, rng),
        )

    def initial_values(self, population: Population, seed: int) -> Iterator[tuple[str, Floats]]:
        """Parameters and state variables that differ between neurons: (name, one value per neuron)."""
        for name, quantity in {**population.params, **population.initial}.items():
            if isinstance(quantity, Distribution):
                rng = stream(seed, f"population/{population.name}/{name}")
                yield name, sample(quantity, population.size, rng)


def _twice(
    things: tuple[Population, ...] | list[Population] | tuple[Projection, ...] | list[Projection],
) -> str:
    names = [thing.name for thing in things]
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))
