"""What is read of a NEST network: spikes through one recorder, samples through multimeters, put together for the ports.

Over several ranks each reads its own neurons. In every interval the ranks add up one buffer of fixed size, whatever the
number of ports: spike counts of groups of neurons, then samples. Only where a pathway wants the spikes themselves are
these gathered too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import ratio
from ..errors import PortError
from ..parallel import Ranks
from ..ports import Kind, Value
from .engine import OUTPUTS, BrainPort
from .nest_build import Share, record_spikes
from .nest_files import AsciiTail, parse_integers, parse_steps
from .nest_kernel import nest, translated
from .nest_samples import Samples, check_recordable
from .network import Network
from .readout import Readout, find

Ints = NDArray[np.int64]


class Outputs:
    """The output ports of one brain. Made while the network is built, before NEST's ``Prepare``."""

    def __init__(
        self,
        network: Network,
        ports: Sequence[BrainPort],
        nodes: Mapping[str, Any],
        share: Share,
        ranks: Ranks,
        resolution_ns: int,
    ) -> None:
        self._ports = {p.port.name: p for p in ports}
        self._nodes, self._share, self._ranks = nodes, share, ranks
        self._resolution_ns = resolution_ns
        self._spikes: AsciiTail | None = None
        self._samples: dict[str, Samples] = {}
        alone = ranks.size == 1
        # One for all that is whole on rank 0, one for the spikes that each rank has for itself.
        self._readout = Readout(network, [p for p in ports if p.whole or alone])
        self._own = self._readout if alone else Readout(network, [p for p in ports if not p.whole])
        read = {*self._readout.populations, *self._own.populations}
        self._populations = tuple(n for n in network.populations if n in read)
        self._precise = any(network.population(n).model.endswith(("_ps", "_lossless")) for n in read)

    # --- building ---

    def record_spikes(self, network: Network, recorder: Any) -> None:
        """One recorder for every population that a port reads."""
        if not self._populations:
            return
        recorder.set(
            record_to="ascii",
            time_in_steps=True,
            label="spikes",
            precision=6 if self._precise else 0,  # offsets in ms: 6 digits are whole nanoseconds
        )
        # As long as the shortest there is: with a shorter one NEST would draw its random numbers in another order, and
        # a network that is read would spike differently from one that is not.
        delay_ms = float(nest.min_delay)
        for name in self._populations:
            with translated(PortError, f"population '{name}' ({network.population(name).model}): no spikes"):
                record_spikes(recorder, self._nodes[name], delay_ms)

    def record_samples(self, network: Network, sample_ns: int, delay_ns: int) -> None:
        """One multimeter for every population of which a port reads recordables. Raises PortError."""
        ratio(sample_ns, self._resolution_ns, "sample interval", "resolution")
        sampled = [p for p in self._ports.values() if p.quantity not in OUTPUTS]
        for p in sampled:
            check_recordable(p, self._nodes[p.population], self._share)
        for index, name in enumerate(sorted({p.population for p in sampled})):
            ports = [p for p in sampled if p.population == name]
            label = f"samples{index}"
            self._samples[name] = Samples(self._nodes[name], ports, label, sample_ns, delay_ns, self._share)
        self._buffer = np.zeros(self._readout.n_groups + sum(s.size for s in self._samples.values()))
        self._readers = {name: self._reader(p) for name, p in self._ports.items()}

    def _reader(self, described: BrainPort) -> Callable[[], Value]:
        """What reads a port, looked up once: a thousand ports are read in every step."""
        name = described.port.name
        if described.quantity not in OUTPUTS:
            return partial(self._samples[described.population].read, name)
        if described.port.kind is Kind.SPIKES:
            return partial((self._readout if described.whole else self._own).spikes, name)
        return partial(self._readout.signal, name)

    def open(self, folder: Path) -> None:
        """Open NEST's files in ``folder``, after ``Prepare``."""
        if self._populations:
            self._spikes = AsciiTail(folder, "spikes")
        for samples in self._samples.values():
            samples.open(folder)
        if self._samples and self._ranks.size > 1:
            self._add_up(np.empty(0, np.int64), 1)  # initial values of all neurons

    # --- running ---

    def take(self, from_ns: int, until_ns: int) -> None:
        """Read what NEST wrote about (from_ns, until_ns]."""
        times_ns, neurons = self._new_spikes(from_ns, until_ns)
        for samples in self._samples.values():
            samples.update()
        self._add_up(neurons, until_ns - from_ns)
        self._own.take_spikes(times_ns, neurons, from_ns)
        if self._own is not self._readout and self._readout.gives_spikes:
            wanted = self._readout.in_batches(neurons)
            every = self._ranks.gather(np.column_stack([times_ns[wanted], neurons[wanted]]))
            self._readout.take_spikes(every[:, 0], every[:, 1], from_ns)

    def _new_spikes(self, from_ns: int, until_ns: int) -> tuple[Ints, Ints]:
        """Times in ns and neurons (numbered in the order of the description) of this rank, unsorted."""
        text = self._spikes.read() if self._spikes else b""
        first_neuron = self._share.virtual_processes + 1
        if self._spikes and self._precise:
            fields = parse_integers(text, 4)
            before_step_ns = fields[:, 2] * 1_000_000 + fields[:, 3]
            return fields[:, 1] * self._resolution_ns - before_step_ns, fields[:, 0] - first_neuron
        first, last = from_ns // self._resolution_ns + 1, until_ns // self._resolution_ns
        fields = parse_steps(text, first, last)
        return fields[:, 1] * self._resolution_ns, fields[:, 0] - first_neuron

    def _add_up(self, neurons: Ints, interval_ns: int) -> None:
        counts = self._readout.count(neurons)
        if self._ranks.size > 1:
            parts = [counts, *(samples.own() for samples in self._samples.values())]
            np.concatenate(parts, out=self._buffer)
            self._ranks.total(self._buffer)
            counts = self._buffer[: counts.size]
            self._share_samples(counts.size)
        self._readout.take_counts(counts, interval_ns)

    def _share_samples(self, start: int) -> None:
        for samples in self._samples.values() if self._ranks.rank == 0 else ():
            samples.take(self._buffer[start : start + samples.size])
            start += samples.size

    def read(self, port: str) -> Value:
        """The value of a port over the last interval. Raises PortError with the ports that exist."""
        if port not in self._readers:
            find(self._ports, port, "output")
        return self._readers[port]()

    def close(self) -> None:
        """Close NEST's files."""
        for tail in (self._spikes, *self._samples.values()):
            if tail is not None:
                tail.close()
