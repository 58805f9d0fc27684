"""A described network: populations, projections, delays, seeds, scale. No engine is imported here.

The description holds rules and distributions. ``draw`` turns one projection into explicit connections with a
random stream of its own, seeded by the projection's name, so that adding a population changes no other one and
every engine, on any number of threads, builds the very same network.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError, known

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


# --- values -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Normal:
    """Normal distribution, redrawn outside ``low`` to ``high``; same unit as the parameter it is given for."""

    mean: float
    std: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Lognormal:
    """Lognormal by its own mean and standard deviation (not those of the logarithm); ``sign`` is +1 or -1."""

    mean: float
    std: float
    sign: int = 1


@dataclass(frozen=True)
class Uniform:
    """Uniform between ``low`` and ``high``."""

    low: float
    high: float


@dataclass(frozen=True)
class Values:
    """One value for each, listed: a size gradient within a pool, measured weights."""

    values: tuple[float, ...]


Distribution = Normal | Lognormal | Uniform | Values
Quantity = float | Distribution


# --- rules ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AllToAll:
    """Every source to every target; a neuron connects to itself only with ``autapses``."""

    autapses: bool = False


@dataclass(frozen=True)
class OneToOne:
    """Source i to target i; both sides must have the same number of neurons."""


@dataclass(frozen=True)
class FixedIndegree:
    """Each target draws ``indegree`` sources with replacement (multapses allowed, as in NEST's rule)."""

    indegree: int
    autapses: bool = False


@dataclass(frozen=True)
class FixedTotal:
    """``total`` connections drawn uniformly over all pairs, with replacement."""

    total: int


@dataclass(frozen=True)
class Bernoulli:
    """Each pair connects independently with ``probability``."""

    probability: float
    autapses: bool = False


@dataclass(frozen=True)
class Explicit:
    """Connections listed by index within source and target; shape (n,) each."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]


Rule = AllToAll | OneToOne | FixedIndegree | FixedTotal | Bernoulli | Explicit


# --- the description --------------------------------------------------------------------------------------


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
        sources, targets = _pairs(projection, len(source_range), len(target_range), rng)
        sources, targets = sources + source_range.start, targets + target_range.start
        # Also between a channel and the whole of its population, where _pairs cannot tell a neuron from itself.
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


# --- drawing ----------------------------------------------------------------------------------------------


def stream(seed: int, name: str) -> np.random.Generator:
    """A counter-based random stream for the thing of that name: independent of every other name."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def sample(quantity: Quantity, size: int, rng: np.random.Generator) -> Floats:
    """``size`` values of a number or distribution, shape (size,)."""
    match quantity:
        case Normal(mean, std, low, high):
            return _clipped_normal(quantity, size, rng)
        case Lognormal(mean, std, sign):
            variance = np.log1p((std / mean) ** 2)
            return np.asarray(sign * rng.lognormal(np.log(mean) - variance / 2, np.sqrt(variance), size))
        case Uniform(low, high):
            return rng.uniform(low, high, size)
        case Values(values):
            if len(values) != size:
                raise NetworkError(f"{len(values)} values are listed for {size} neurons or connections")
            return np.asarray(values, np.float64)
        case _:
            return np.full(size, float(quantity))


def _clipped_normal(quantity: Normal, size: int, rng: np.random.Generator) -> Floats:
    values = rng.normal(quantity.mean, quantity.std, size)
    while (outside := (values < quantity.low) | (values > quantity.high)).any():
        if _share_inside(quantity) < 1e-3:
            raise NetworkError(f"{quantity} keeps falling outside its own bounds; widen low and high")
        values[outside] = rng.normal(quantity.mean, quantity.std, int(outside.sum()))
    return values


def _share_inside(quantity: Normal) -> float:
    """Probability that a draw falls within the bounds; what makes redrawing certain to end."""
    if quantity.std == 0:
        return float(quantity.low <= quantity.mean <= quantity.high)
    low, high = ((b - quantity.mean) / (quantity.std * math.sqrt(2)) for b in (quantity.low, quantity.high))
    return (math.erf(high) - math.erf(low)) / 2


def _pairs(projection: Projection, n: int, m: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    match projection.rule:
        case OneToOne():
            return np.arange(n), np.arange(m)
        case FixedIndegree(indegree=k):
            return _indegree(projection, n, m, k, rng)
        case FixedTotal(total=total):
            return rng.integers(0, n, total), rng.integers(0, m, total)
        case Bernoulli(probability=p):
            return _bernoulli(n, m, p, rng)
        case Explicit(sources=s, targets=t):
            return np.asarray(s, np.int64), np.asarray(t, np.int64)
        case _:
            return np.tile(np.arange(n), m), np.repeat(np.arange(m), n)


def _indegree(p: Projection, n: int, m: int, k: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    targets = np.repeat(np.arange(m), k)
    sources = rng.integers(0, n, m * k)
    if p.source != p.target or getattr(p.rule, "autapses", True):
        return sources, targets
    if n == 1:
        raise NetworkError(f"projection '{p.name}' forbids autapses but its population has one neuron")
    # Redrawing from the n - 1 others keeps the indegree exact and every other source equally likely.
    own = sources == targets
    sources[own] = (targets[own] + rng.integers(1, n, int(own.sum()))) % n
    return sources, targets


def _bernoulli(n: int, m: int, p: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Each target's in-degree is binomial and its sources are a subset: exact, and O(connections) in memory."""
    degrees = rng.binomial(n, p, m)
    chosen = [rng.choice(n, int(k), replace=False, shuffle=False) for k in degrees]
    sources = np.concatenate(chosen).astype(np.int64) if chosen else np.empty(0, np.int64)
    return sources, np.repeat(np.arange(m), degrees)


def _twice(
    things: tuple[Population, ...] | list[Population] | tuple[Projection, ...] | list[Projection],
) -> str:
    names = [thing.name for thing in things]
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))
