"""What a network is described by: populations, projections between them, background from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import NetworkError, known
from .distributions import DelayFromDistance, Quantity
from .rules import Rule
from .sheet import Sheet


@dataclass(frozen=True)
class Population:
    """Neurons of one kind.

    model: a model of the engine, e.g. ``iaf_psc_exp``; params: its parameters in the model's own units (NEST:
    mV, pF, ms, pA), a number, a distribution over neurons, or a tuple where the model takes a list (NEST: ``tau_syn``
    of models with several receptors); initial: same for state variables such as ``V_m``.
    channels: name to number of neurons, in order, adding up to ``size``; ports and projections can address one
    channel as ``population/channel``. Without channels the population is one channel of its own name.
    region: where the population lies, for pictures and tables. sheet: where each neuron lies, for rules and delays
    that depend on distance and for maps. rest_hz: lowest and highest mean rate that is published for rest, or to which
    the model was validated; None where there is none. It changes nothing: reports set it beside what comes out.
    """

    name: str
    size: int
    model: str = "iaf_psc_exp"
    params: Mapping[str, Quantity | tuple[float, ...]] = field(default_factory=dict)
    initial: Mapping[str, Quantity] = field(default_factory=dict)
    channels: Mapping[str, int] = field(default_factory=dict)
    region: str = ""
    sheet: Sheet | None = None
    rest_hz: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.size < 1:
            raise NetworkError(f"population '{self.name}' has size {self.size}; it needs at least one neuron")
        if "/" in self.name or "." in self.name:
            raise NetworkError(f"population name '{self.name}' must not contain '/' or '.'")
        if self.rest_hz and not 0 <= self.rest_hz[0] <= self.rest_hz[1]:
            raise NetworkError(
                f"population '{self.name}' has rest_hz {self.rest_hz}; it must be (lowest, highest), from 0"
            )
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
    delay_ms: conduction delay, also from distance; rounded to the engine's resolution, never below it.
    synapse: synapse model with its ``synapse_params``; receptor: for multi-receptor models, else 0.
    modulator: population, or one channel of it, whose spikes gate the plasticity of a synapse model with a third
    factor (NEST: ``stdp_dopamine_synapse``); all of its neurons' spikes add up.
    name: unique in the network; by default ``source->target``. stream: names the random stream; by default the name.
    Projections with the same ends, rule and stream join the same pairs, as the receptors of one synapse do.
    """

    source: str
    target: str
    rule: Rule
    weight: Quantity
    delay_ms: Quantity | DelayFromDistance
    synapse: str = "static_synapse"
    synapse_params: Mapping[str, float] = field(default_factory=dict)
    receptor: int = 0
    modulator: str = ""
    name: str = ""
    stream: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}->{self.target}")
        if not self.stream:
            object.__setattr__(self, "stream", self.name)


@dataclass(frozen=True)
class Background:
    """Input from outside the network that is part of it: one Poisson train of its own for every neuron.

    population: ``population`` or ``population/channel``; rate_hz: of each neuron's train (K sources of rate r
    together: K r); weight: unit of the synapse, as in ``Projection``; delay_ms: rounded to the engine's
    resolution, never below it; receptor: for multi-receptor models, else 0. A constant current is no background:
    it is the parameter ``I_e`` of the population. Raises NetworkError.
    """

    population: str
    rate_hz: float
    weight: float
    delay_ms: float
    receptor: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.rate_hz < float("inf"):
            raise NetworkError(
                f"background of '{self.population}' has a rate of {self.rate_hz} Hz; it must be a number from 0"
            )
