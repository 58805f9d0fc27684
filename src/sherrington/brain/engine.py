"""The contract of a brain engine, on one page. ``tests/contract/test_brain.py`` runs on every engine.

Order of calls: ``prepare`` once, then cycles of ``write``, ``advance``, ``read``; ``set_excitability`` between
cycles; ``close`` at the end, also after an error. On a distributed engine all ranks make the same calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..ports import SPIKES_UNIT, Kind, Numbered, Port, Signal, Value
from .groups import Groups, Singles
from .network import Network, Population

INPUTS = {"rate": "Hz", "current": "pA", "spikes": SPIKES_UNIT}
"""What can be written to a population, and its unit.

rate: every neuron of a channel receives its own Poisson train of this rate.
current: every neuron of a channel receives this current.
spikes: every neuron of a channel receives each spike, at its own time.
"""

OUTPUTS = {"spikes": SPIKES_UNIT, "count": "1", "rate": "Hz"}
"""What can be read of any population, and its unit; any other name is a recordable of its model, e.g. ``V_m``.

spikes: a SpikeBatch of the last interval; count: spikes of the last interval, summed over a channel.
rate: spikes per neuron and second of a channel, filtered with an exponential of ``tau_ms``.
a recordable: its latest sample, averaged over a channel.
"""

RECORDABLE_UNITS = {
    "V_m": "mV",
    "I_syn": "pA",
    "I_syn_ex": "pA",
    "I_syn_in": "pA",
    "g_ex": "nS",
    "g_in": "nS",
    **{f"g_{port}": "nS" for port in range(1, 10)},
    **{f"I_syn_{port}": "pA" for port in range(1, 10)},
}
"""Units of recordables by name; the numbered ones are those of a receptor of a multi-receptor model."""


@dataclass(frozen=True)
class BrainPort:
    """A port of the brain, resolved to neurons once, when the loop is built.

    groups: per channel the neurons it stands for, as indices within the population.
    tau_ms: time constant of the filter of a ``rate`` output. weight: synaptic weight of ``rate`` and ``spikes``
    inputs, in the unit of the neuron model. receptor: of these inputs, for multi-receptor models, else 0.
    whole: of spikes that a brain over several ranks gives: those of all, on rank 0, or on each rank its own, as
    recording wants them.
    """

    port: Port
    population: str
    quantity: str
    groups: Groups
    tau_ms: float = 20.0
    weight: float = 1.0
    receptor: int = 0
    whole: bool = True


@dataclass(frozen=True)
class BrainOptions:
    """resolution_ms: step of the neurons. virtual_processes: part of what determines the spikes, so part of the
    experiment; how they are split into ranks and threads is not. sample_ms: how often recordables are sampled."""

    resolution_ms: float = 0.1
    virtual_processes: int = 1
    sample_ms: float = 1.0


@dataclass(frozen=True)
class Excitability:
    """A change of a whole population. current_pA: added to every neuron until the next change.

    silenced: the population emits no spikes but keeps integrating, and can come back. lesioned: it is gone for
    the rest of the run. Stimulating again replaces the current; ``Excitability()`` restores a silenced population.
    """

    current_pA: float = 0.0
    silenced: bool = False
    lesioned: bool = False


class BrainEngine(Protocol):
    """What the loop asks of a brain. Times are ns since the start of the run."""

    now_ns: int
    resolution_ns: int
    kernel_s: float
    """Wall time spent inside the simulator's own ``advance``, so far: what is left of a step is our overhead."""

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """Build the network. Raises NetworkError, PortError, UnsupportedError, EngineBusyError."""
        ...

    def write(self, port: str, value: Value) -> None:
        """Set an input from now on (signals hold until written again; spikes lie in the coming interval)."""
        ...

    def advance(self, until_ns: int) -> None:
        """Simulate to ``until_ns``, a multiple of the resolution."""
        ...

    def read(self, port: str) -> Value:
        """The port's value over the last ``advance``; valid until the next one."""
        ...

    def set_excitability(self, population: str, change: Excitability) -> None:
        """Stimulate, silence or lesion a population from now on."""
        ...

    def save(self) -> bytes:
        """The whole state, spikes in flight included. Raises UnsupportedError with the reason."""
        ...

    def restore(self, state: bytes) -> None:
        """Continue exactly from ``save``. Raises UnsupportedError with the reason."""
        ...

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``: neurons, synapses, version, threads."""
        ...

    def close(self) -> None:
        """Give back everything; safe to call twice."""
        ...


def brain_port(
    population: Population,
    quantity: str,
    *,
    writes: bool,
    per: str = "channel",
    tau_ms: float = 20.0,
    weight: float = 1.0,
    receptor: int = 0,
) -> BrainPort:
    """Resolve ``population.quantity`` to neurons.

    per: ``channel`` (the population's own channels), ``population`` (one channel) or ``neuron`` (one each).
    """
    names: tuple[str, ...] | Numbered
    groups: Groups
    match per:
        case "population":
            names, groups = (population.name,), (range(population.size),)
        case "neuron":
            names, groups = Numbered(population.name, population.size), Singles(population.size)
        case _:
            names = tuple(population.channels)
            groups = tuple(population.neurons(name) for name in names)
    table = INPUTS if writes else OUTPUTS
    unit = table.get(quantity, RECORDABLE_UNITS.get(quantity, "1"))
    port = Port(
        name=f"{population.name}.{quantity}" + ("" if per == "channel" else f":{per}"),
        kind=Kind.SPIKES if quantity == "spikes" else Kind.SIGNAL,
        shape=(len(names),),
        unit=unit,
        order=names,
        low=0.0 if writes and quantity == "rate" else -float("inf"),
    )
    return BrainPort(port, population.name, quantity, groups, tau_ms, weight, receptor)


def own_spikes(population: Population) -> BrainPort:
    """The port that recording reads: spikes per neuron, on each rank its own."""
    described = brain_port(population, "spikes", writes=False, per="neuron")
    return replace(described, port=replace(described.port, name=f"{described.port.name}:own"), whole=False)


def total_count(population: Population) -> BrainPort:
    """How many spikes a whole population fired, over all ranks."""
    return brain_port(population, "count", writes=False, per="population")


__all__ = [
    "INPUTS",
    "OUTPUTS",
    "BrainEngine",
    "BrainOptions",
    "BrainPort",
    "Excitability",
    "Signal",
    "brain_port",
    "own_spikes",
    "total_count",
]
