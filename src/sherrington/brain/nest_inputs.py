"""The devices behind input ports: one per channel, connected to the channel's neurons.

Every device acts through a connection of delay D (``device_delay_ns``), the network's own shortest delay but
at most 1 ms. A connection shorter than the network's shortest makes NEST communicate more often: for 20,000
neurons with delays of 1.5 ms, one at 0.1 ms made the whole simulation 3.5 times slower. With h the
resolution, a value written at time t acts like this:

* rate: the first spikes arrive in the step that ends at t + D + h.
* current: flows from t + D + h on (NEST buffers it for one step), so V_m first differs at t + D + 2h.
* spikes: a spike of time s arrives at s + D, exactly; s is rounded up to the grid of h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import ns_to_ms
from ..errors import PortError
from ..ports import Signal, SpikeBatch, Value
from .engine import BrainPort
from .nest_kernel import NestError, nest, write
from .readout import check_value

LONGEST_DEVICE_DELAY_NS = 1_000_000
DEVICE = {"rate": "inhomogeneous_poisson_generator", "current": "dc_generator", "spikes": "spike_generator"}
# poisson_generator would be the obvious choice, but its rate cannot be changed between Prepare and Cleanup.


def device_delay_ns(resolution_ns: int) -> int:
    """Delay of the ports' own connections, known once the projections are made."""
    shortest_ns = round(float(nest.min_delay) * 1e6)
    return max(resolution_ns, min(shortest_ns, LONGEST_DEVICE_DELAY_NS))


class InputPort:
    """The devices of one port. Only channels whose value changed are written to NEST, or all in one call when most did:
    a call costs more than a channel, and writing the same value again changes nothing."""

    def __init__(self, described: BrainPort, nodes: Any, resolution_ns: int, delay_ns: int) -> None:
        """Create and connect the devices. Raises PortError when the neuron model does not take this input."""
        self.described = described
        self.muted = False
        self._resolution_ns = resolution_ns
        self._wanted: Signal = np.zeros(described.port.shape)
        self._actual = np.zeros(described.port.shape)
        self._devices = nest.Create(DEVICE[described.quantity], described.port.size)
        self._channels = [self._devices[i] for i in range(described.port.size)]
        self.last_spike_ns = -1
        try:
            self._connect(nodes, ns_to_ms(delay_ns))
        except NestError as error:
            raise PortError(
                f"port '{described.port.name}': neurons of model '{nodes[0].model}' do not take it at receptor "
                f"{described.receptor} ({error}); a model with several receptors needs the option 'receptor', 1 or more"
            ) from error

    def _connect(self, nodes: Any, delay_ms: float) -> None:
        weight = 1.0 if self.described.quantity == "current" else self.described.weight
        synapse = {"weight": weight, "delay": delay_ms, "receptor_type": self.described.receptor}
        for device, group in zip(self._channels, self.described.groups, strict=True):
            nest.Connect(device, nodes[group.start : group.stop], "all_to_all", synapse)

    def write(self, value: Value, now_ns: int) -> None:
        """Set the port from now on. Raises PortError for a value that does not fit."""
        check_value(self.described.port, value, now_ns)
        if isinstance(value, SpikeBatch):
            self._send_spikes(value)
        else:
            self._wanted[:] = value
            self._update(now_ns)

    def mute(self, muted: bool, now_ns: int) -> None:
        """Send nothing while muted; values written meanwhile are remembered and take effect afterwards."""
        self.muted = muted
        if self.described.quantity != "spikes":
            self._update(now_ns)

    def _update(self, now_ns: int) -> None:
        wanted = np.zeros_like(self._wanted) if self.muted else self._wanted
        changed = np.flatnonzero(wanted != self._actual)
        if not changed.size:
            return
        if 2 * changed.size >= wanted.size:
            write(self._devices, self._settings(wanted.tolist(), now_ns))
        else:
            settings = self._settings(wanted[changed].tolist(), now_ns)
            for channel, setting in zip(changed.tolist(), settings, strict=True):
                write(self._channels[channel], setting)
        self._actual[:] = wanted

    def _settings(self, values: list[float], now_ns: int) -> list[dict[str, Any]]:
        if self.described.quantity == "current":
            return [{"amplitude": value} for value in values]
        at_ms = [ns_to_ms(now_ns + self._resolution_ns)]
        return [{"rate_times": at_ms, "rate_values": [value]} for value in values]

    def _send_spikes(self, batch: SpikeBatch) -> None:
        if not len(batch) or self.muted:
            return
        times = -(-batch.times_ns // self._resolution_ns) * self._resolution_ns
        order = np.lexsort((times, batch.channels))
        times_ms, channels = times[order] / 1e6, batch.channels[order]
        for channel, mine in _runs(channels):
            write(self._channels[channel], {"spike_times": times_ms[mine].tolist()})
        self.last_spike_ns = int(times.max())


def _runs(channels: NDArray[np.int64]) -> list[tuple[int, slice]]:
    """Each distinct value of a sorted array and where it lies."""
    starts = np.flatnonzero(np.diff(channels, prepend=-1))
    stops = np.append(starts[1:], channels.size)
    return [(int(channels[a]), slice(int(a), int(b))) for a, b in zip(starts, stops, strict=True)]
