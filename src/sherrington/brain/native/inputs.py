"""Input ports of the native engine. They act when NEST's do (see ``nest_inputs``): with the delay D of ``port_delay``.

A value written at time t, with h the resolution: rate: first spikes in the step that ends at t + D + h; current: flows
from t + D + h on; spikes: one of time s arrives at s + D, s rounded up to the grid of h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...clock import ns_to_s
from ...errors import PortError
from ...ports import Signal, SpikeBatch, Value
from ..engine import BrainPort
from ..groups import Groups, Singles, bounds
from ..network import Population
from ..readout import check_value
from .connecting import key
from .core import core
from .support import model_of, why_no_receptor

LONGEST_PORT_DELAY_NS = 1_000_000

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


def port_delay_ns(shortest_ns: int, resolution_ns: int) -> int:
    """The network's own shortest delay (0: it has none), but at most 1 ms: NEST's, so that both engines act alike."""
    return max(resolution_ns, min(shortest_ns or resolution_ns, LONGEST_PORT_DELAY_NS))


def layers(groups: Groups, size: int) -> list[tuple[Ints, list[int]]]:
    """Groups dealt out to layers in which none overlap: per layer the group of each neuron within the layer, -1 for
    none, and the channels of its groups."""
    if isinstance(groups, Singles):
        return [(np.arange(size, dtype=np.int32), list(range(size)))]
    made: list[tuple[Ints, list[int]]] = []
    for channel, (begin, end) in enumerate(bounds(groups).tolist()):
        free = (layer for layer in made if (layer[0][begin:end] < 0).all())
        layer = next(free, None)
        if layer is None:
            layer = (np.full(size, -1, np.int32), [])
            made.append(layer)
        layer[0][begin:end] = len(layer[1])
        layer[1].append(channel)
    return made


class SignalPort:
    """A ``rate`` or a ``current`` port."""

    last_spike_ns = -1

    def __init__(
        self,
        described: BrainPort,
        population: Population,
        engine: core.Engine,
        number: int,
        place: tuple[int, int, int],
    ) -> None:
        """number: of the population in the core; place: seed, resolution and port delay in ns. Raises PortError."""
        self.described = described
        self._engine = engine
        seed, self._resolution_ns, delay_ns = place
        self._delay = delay_ns // self._resolution_ns
        self._written: list[tuple[int, Signal]] = []
        self._is_rate = described.quantity == "rate"
        check_taken(described, population)
        model = model_of(population)
        weight = 1.0 if model.is_relay else described.weight
        self._inputs = []
        for i, (of_neuron, channels) in enumerate(layers(described.groups, population.size)):
            name = key(seed, f"port/{described.port.name}/{i}")
            made = (
                engine.add_poisson(
                    number,
                    name,
                    model.channel(described.weight, described.receptor),
                    weight,
                    of_neuron,
                    len(channels),
                )
                if self._is_rate
                else engine.add_current(number, of_neuron, len(channels))
            )
            self._inputs.append((made, np.array(channels)))

    def write(self, value: Value, now_ns: int) -> None:
        """Set the port from now on. Raises PortError for a value that does not fit."""
        check_value(self.described.port, value, now_ns)
        assert not isinstance(value, SpikeBatch)
        step = now_ns // self._resolution_ns + self._delay + (0 if self._is_rate else 1)
        self._set(step, np.array(value, np.float64))

    def _set(self, step: int, value: Signal) -> None:
        self._written.append((step, value))
        for number, channels in self._inputs:
            if self._is_rate:
                self._engine.set_poisson(number, step, value[channels] * ns_to_s(self._resolution_ns))
            else:
                self._engine.set_current(number, step, value[channels])

    def passed(self, step: int) -> None:
        """Forget values that others have replaced before that step."""
        while len(self._written) > 1 and self._written[1][0] <= step:
            self._written.pop(0)

    def state(self) -> dict[str, Any]:
        """Values that hold or will hold, and from which step on."""
        zero = np.zeros(self.described.port.size)
        steps, values = zip(*self._written, strict=True) if self._written else ((0,), (zero,))
        return {"steps": np.array(steps), "values": np.stack(values)}

    def restore(self, state: dict[str, Any]) -> None:
        self._written = []
        for step, value in zip(state["steps"].tolist(), state["values"], strict=True):
            self._set(step, value)


class SpikePort:
    """A ``spikes`` port. Spikes that have not arrived yet are kept for ``save``."""

    def __init__(
        self,
        described: BrainPort,
        population: Population,
        engine: core.Engine,
        number: int,
        order: int,
        place: tuple[int, int],
    ) -> None:
        """order: of the port among all; place: resolution and port delay in ns. Raises PortError."""
        self.described = described
        self.last_spike_ns = -1
        self._engine, self._number, self._order = engine, number, order
        self._resolution_ns, delay_ns = place
        self._delay = delay_ns // self._resolution_ns
        check_taken(described, population)
        model = model_of(population)
        self._weight = 1.0 if model.is_relay else described.weight
        self._channel = model.channel(described.weight, described.receptor)
        self._bounds = bounds(described.groups)
        self._steps, self._channels = np.empty(0, np.int64), np.empty(0, np.int64)

    def write(self, value: Value, now_ns: int) -> None:
        """Spikes of the coming interval. Raises PortError for a value that does not fit."""
        check_value(self.described.port, value, now_ns)
        assert isinstance(value, SpikeBatch)
        if not len(value):
            return
        on_grid = -(-value.times_ns // self._resolution_ns)
        self.last_spike_ns = int(on_grid.max()) * self._resolution_ns
        self._set(on_grid + self._delay - 1, value.channels)

    def _set(self, steps: Longs, channels: Longs) -> None:
        """steps: of arrival."""
        self._steps = np.concatenate([self._steps, steps])
        self._channels = np.concatenate([self._channels, channels])
        first, stop = self._bounds[channels].T
        self._engine.add_events(
            self._number,
            self._order,
            self._channel,
            np.ascontiguousarray(steps),
            np.ascontiguousarray(first),
            np.ascontiguousarray(stop),
            self._weight,
        )

    def passed(self, step: int) -> None:
        """Forget spikes that have arrived before that step."""
        coming = self._steps >= step
        self._steps, self._channels = self._steps[coming], self._channels[coming]

    def state(self) -> dict[str, Any]:
        return {"steps": self._steps, "channels": self._channels, "last_spike_ns": self.last_spike_ns}

    def restore(self, state: dict[str, Any]) -> None:
        self._steps = self._channels = np.empty(0, np.int64)
        self.last_spike_ns = int(state["last_spike_ns"])
        self._set(state["steps"], state["channels"])


def check_taken(described: BrainPort, population: Population) -> None:
    """Raises PortError for a population that does not take this input."""
    what = f"port '{described.port.name}'"
    if described.quantity == "current" and "I_e" not in model_of(population).defaults:
        raise PortError(f"{what}: neurons of model '{population.model}' take no current")
    fault = why_no_receptor(population, described.receptor, what)
    if fault and described.quantity != "current":
        raise PortError(fault)
