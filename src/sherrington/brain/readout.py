"""From the spikes of one interval to the values of all output ports, in one pass. Engine independent.

Cost: two sorts and one binary search, O(S log S + G log S) for S spikes and G distinct groups of neurons,
plus two vector operations over all channels. Ports that name the same neurons share one group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..clock import format_ms, ns_to_s
from ..errors import PortError, known
from ..ports import Kind, Port, Signal, SpikeBatch
from .engine import INPUTS, OUTPUTS, BrainPort
from .groups import Singles, bounds, members
from .network import Network

Ints = NDArray[np.int64]
_SILENCE = SpikeBatch.empty()


def check_ports(network: Network, ports: Sequence[BrainPort], *, writes: bool) -> None:
    """Raises NetworkError for an unknown population, PortError for a port that no engine could serve."""
    names = [p.port.name for p in ports]
    twice = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise PortError(f"ports asked for twice: {', '.join(twice)}")
    for p in ports:
        population = network.population(p.population)
        if writes and p.quantity not in INPUTS:
            raise PortError(f"cannot write '{p.quantity}' (port '{p.port.name}'); {known(tuple(INPUTS))}")
        if len(p.groups) != p.port.size:
            raise PortError(f"port '{p.port.name}' has {p.port.size} channels but {len(p.groups)} groups")
        if p.groups == Singles(population.size):
            continue
        for channel, group in zip(p.port.order, p.groups, strict=True):
            if group.step != 1 or len(group) == 0 or group.start < 0 or group.stop > population.size:
                raise PortError(
                    f"channel '{channel}' of port '{p.port.name}' stands for neurons {group.start} to {group.stop} "
                    f"in steps of {group.step}; population '{population.name}' has neurons 0 to {population.size}"
                )


T = TypeVar("T")


def find(table: Mapping[str, T], name: str, what: str) -> T:
    """What belongs to the port of that name; raises PortError with the ports that exist."""
    try:
        return table[name]
    except KeyError:
        raise PortError(f"no {what} port '{name}'; {known(tuple(table))}") from None


def check_value(port: Port, value: object, now_ns: int) -> None:
    """Raises PortError when a value does not fit an input: shape, range, channels, spikes not later than now."""
    fault = port.fault(value)
    if fault:
        raise PortError(f"port '{port.name}': {fault}")
    if not isinstance(value, SpikeBatch) or not len(value):
        return
    low, high = int(value.channels.min()), int(value.channels.max())
    if low < 0 or high >= port.size:
        raise PortError(
            f"port '{port.name}': spikes for channels {low} to {high}; it has channels 0 to {port.size - 1}"
        )
    first_ns = int(value.times_ns.min())
    if first_ns <= now_ns:
        raise PortError(
            f"port '{port.name}': a spike at {format_ms(first_ns)} is not later than now, {format_ms(now_ns)}"
        )


def check_spikes_due(port: str, last_spike_ns: int, until_ns: int) -> None:
    """Raises PortError when an input was given a spike that lies after the coming interval."""
    if last_spike_ns > until_ns:
        raise PortError(
            f"port '{port}' was given a spike at {format_ms(last_spike_ns)}, after the end of the coming "
            f"interval, {format_ms(until_ns)}"
        )


def first_neurons(network: Network) -> dict[str, int]:
    """Index of each population's first neuron when all neurons are numbered in the order of the description."""
    starts, total = {}, 0
    for name, population in network.populations.items():
        starts[name] = total
        total += population.size
    return starts


class Readout:
    """Counts, filtered rates and spike batches of every port that reads spikes.

    A filtered rate passes the interval's mean rate ``x = count / (n_neurons * T)`` through a first-order
    low-pass, exactly for an input that is constant over the interval T: ``r <- a r + (1 - a) x`` with ``a =
    exp(-T / tau)``.
    """

    def __init__(self, network: Network, outputs: Sequence[BrainPort]) -> None:
        self._n_neurons = network.n_neurons
        starts = first_neurons(network)
        reading = [p for p in outputs if p.quantity in OUTPUTS]
        self.populations = tuple(n for n in network.populations if any(p.population == n for p in reading))
        self._in_batches = _neurons_of(network, [p for p in reading if p.port.kind is Kind.SPIKES])
        self._place(network, starts)
        self._index_groups(reading, starts)
        self._maps = {
            p.port.name: self._channel_map(p, network.population(p.population).size)
            for p in reading
            if p.port.kind is Kind.SPIKES
        }
        self._per_neuron = {n for n, c in self._maps.items() if np.array_equal(c, np.arange(c.size))}
        self._has_unread = {name: bool((channels < 0).any()) for name, channels in self._maps.items()}
        self._population_of_port = {p.port.name: self.populations.index(p.population) for p in reading}
        self._decay_for_ns = 0
        self._clear()

    def _place(self, network: Network, starts: dict[str, int]) -> None:
        """Segment of each neuron: index into ``populations``, or one past the end where nobody reads it."""
        self._segment = np.full(self._n_neurons, len(self.populations), np.int16)
        self._starts = np.array([*(starts[n] for n in self.populations), 0], np.int64)
        self._is_alone = len(self.populations) == len(network.populations) == 1
        self._segment_numbers = np.arange(len(self.populations) + 1, dtype=np.int16)
        for index, name in enumerate(self.populations):
            self._segment[starts[name] : starts[name] + network.population(name).size] = index

    def _index_groups(self, reading: Sequence[BrainPort], starts: dict[str, int]) -> None:
        """Distinct groups of neurons, which one each flat channel stands for, and each port's slice of the
        flat buffers."""
        signals = [p for p in reading if p.port.kind is Kind.SIGNAL]
        ends = np.cumsum([0, *(len(p.groups) for p in signals)]).tolist()
        slices = {
            p.port.name: (slice(begin, end), p.quantity == "rate")
            for p, begin, end in zip(signals, ends[:-1], ends[1:], strict=True)
        }
        listed = (bounds(p.groups) + starts[p.population] for p in signals)
        every = np.concatenate([np.empty((0, 2), np.int64), *listed])
        keys, self._of_channel = np.unique(
            every[:, 0] * (self._n_neurons + 1) + every[:, 1], return_inverse=True
        )
        self._bounds = np.concatenate(np.divmod(keys, self._n_neurons + 1))
        self.n_groups = keys.size
        """Distinct groups of neurons that ports count, over all ports."""
        self._sizes = (every[:, 1] - every[:, 0]).astype(np.float64)
        self._taus_ms = np.repeat([p.tau_ms for p in signals], np.diff(ends))
        self._counts, self._rates = np.zeros(ends[-1]), np.zeros(ends[-1])
        self._has_rates = any(is_rate for _, is_rate in slices.values())
        counts, rates = self._counts.view(), self._rates.view()
        counts.flags.writeable = rates.flags.writeable = False
        self._views = {name: (rates if is_rate else counts)[part] for name, (part, is_rate) in slices.items()}

    @staticmethod
    def _channel_map(p: BrainPort, size: int) -> Ints:
        """Channel of each neuron of the population, -1 for neurons that no channel stands for."""
        neurons, group = members(bounds(p.groups))
        channels = np.full(size, -1, np.int64)
        channels[neurons] = group
        if np.count_nonzero(channels >= 0) < neurons.size:
            raise PortError(f"spikes port '{p.port.name}' names a neuron in two channels; make two ports")
        return channels

    def _clear(self) -> None:
        self._times, self._within = np.empty(0, np.int64), np.empty(0, np.int64)
        self._cuts = [0] * (len(self.populations) + 1)

    def update(self, times_ns: Ints, neurons: Ints, from_ns: int, until_ns: int) -> None:
        """Take the spikes of (from_ns, until_ns] in any order. times_ns, neurons: shape (n_spikes,)."""
        self.take_counts(self.count(neurons), until_ns - from_ns)
        self.take_spikes(times_ns, neurons, from_ns)

    def count(self, neurons: Ints) -> Signal:
        """Spikes of each distinct group of neurons, shape (n_groups,). What ranks count adds up."""
        if not self._counts.size:
            return np.zeros(self.n_groups)
        found = np.searchsorted(np.sort(neurons), self._bounds)
        return (found[found.size // 2 :] - found[: found.size // 2]).astype(np.float64)

    def take_counts(self, per_group: Signal, interval_ns: int) -> None:
        """Counts and filtered rates of all ports from what ``count`` gave, summed over the ranks."""
        if self._counts.size:
            self._counts[:] = per_group[self._of_channel]
            if self._has_rates:
                self._filter(interval_ns)

    def in_batches(self, neurons: Ints) -> NDArray[np.bool_]:
        """Whether each of these neurons belongs to a population of which a port gives the spikes."""
        return self._in_batches[neurons]

    @property
    def gives_spikes(self) -> bool:
        """Whether any port gives spikes."""
        return bool(self._maps)

    def take_spikes(self, times_ns: Ints, neurons: Ints, from_ns: int) -> None:
        """The spikes that ports of spikes give, all later than from_ns."""
        self._clear()
        if times_ns.size:
            self._sort(times_ns - from_ns, neurons, from_ns)

    def _sort(self, since_ns: Ints, neurons: Ints, from_ns: int) -> None:
        """By population, then time, then neuron; sorting one integer key is several times faster than
        lexsort."""
        time, neuron = np.divmod(np.sort(since_ns * self._n_neurons + neurons), self._n_neurons)
        if self._is_alone:
            self._times, self._within, self._cuts = time + from_ns, neuron, [0, neuron.size]
            return
        segment = self._segment[neuron]
        order = np.argsort(segment, kind="stable")
        segment = segment[order]
        self._times, self._within = time[order] + from_ns, neuron[order] - self._starts[segment]
        self._cuts = np.searchsorted(segment, self._segment_numbers).tolist()

    def _filter(self, interval_ns: int) -> None:
        if interval_ns != self._decay_for_ns:
            self._decay = np.exp(-interval_ns / (self._taus_ms * 1e6))
            self._gain = (1.0 - self._decay) / (self._sizes * ns_to_s(interval_ns))
            self._decay_for_ns = interval_ns
        self._rates *= self._decay
        self._rates += self._gain * self._counts

    def signal(self, port: str) -> Signal:
        """Counts or filtered rates of a port: a read-only view, shape (n_channels,)."""
        return self._views[port]

    def spikes(self, port: str) -> SpikeBatch:
        """The interval's spikes of a port, sorted by time, then channel."""
        segment = self._population_of_port[port]
        begin, end = self._cuts[segment], self._cuts[segment + 1]
        if begin == end:
            return _SILENCE
        times = self._times[begin:end]
        channels = self._within[begin:end]
        if port in self._per_neuron:
            return SpikeBatch(times, channels)
        channels = self._maps[port][channels]
        if self._has_unread[port]:
            times, channels = times[channels >= 0], channels[channels >= 0]
        return SpikeBatch(times, channels)

    @property
    def state(self) -> Signal:
        """The filters' memory, for ``save`` and ``restore``."""
        return self._rates.copy()

    @state.setter
    def state(self, rates: Signal) -> None:
        self._rates[:] = rates
        self._counts[:] = 0.0
        self._clear()

    @property
    def buffer_bytes(self) -> int:
        """Size of the buffers that live as long as the run; constant."""
        return self._counts.nbytes + self._rates.nbytes + self._bounds.nbytes + self._segment.nbytes


def _neurons_of(network: Network, ports: Sequence[BrainPort]) -> NDArray[np.bool_]:
    """Whether each neuron of the network is in a population that one of the ports reads, shape (n_neurons,)."""
    wanted = {p.population for p in ports}
    return np.repeat(
        [n in wanted for n in network.populations], [p.size for p in network.populations.values()]
    )
