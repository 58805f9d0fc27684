"""A brain without a simulator: every neuron's spikes follow from a formula, so a loop around it can be
checked exactly.

Each neuron is a perfect integrator. Its phase grows at ``rate + HZ_PER_PA * current`` (never below zero), and
it spikes at exactly the times, to the nanosecond, at which the phase crosses a whole number. The neurons of a
population of n start at phases (i + 1/2) / n. After t seconds at a constant rate r, neuron i has therefore
spiked ``floor((i + 1/2) / n + r t)`` times. Spikes written to a population are repeated at their own times.
Models and parameters of the populations and weights of the ports play no part; the recordable is ``phase``, 0
to 1.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import ms_to_ns, ns_to_s, ratio
from ..errors import PortError, RunError, UnsupportedError
from ..ports import Signal, SpikeBatch, Value
from .engine import OUTPUTS, BrainOptions, BrainPort, Excitability
from .network import Network
from .readout import Readout, check_ports, check_spikes_due, check_value, find, first_neurons

Ints = NDArray[np.int64]
HZ_PER_PA = 0.1
"""What a current does to a perfect integrator: ours, chosen so that 100 pA drive it at 10 Hz."""


class ClosedFormBrain:
    """A ``BrainEngine`` for populations without projections."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.resolution_ns = 0
        self.kernel_s = 0.0
        self._open = False

    # --- building -----------------------------------------------------------------------------------------

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """See ``BrainEngine.prepare``. The seed plays no part: nothing here is random."""
        check_ports(network, inputs, writes=True)
        check_ports(network, outputs, writes=False)
        self._refuse_what_has_no_formula(network, outputs)
        self.resolution_ns = ms_to_ns(options.resolution_ms, "resolution")
        self._network = network
        self._starts = first_neurons(network)
        self._phases = np.concatenate(
            [(np.arange(p.size) + 0.5) / p.size for p in network.populations.values()]
        )
        self._stimulation = np.zeros(network.n_neurons)
        self._silenced = np.zeros(network.n_neurons, bool)
        self._lesioned = np.zeros(network.n_neurons, bool)
        self._outputs = {p.port.name: p for p in outputs}
        self._readout = Readout(network, outputs)
        self._connect(inputs)
        self._open = True

    def _refuse_what_has_no_formula(self, network: Network, outputs: Sequence[BrainPort]) -> None:
        if network.projections:
            raise UnsupportedError(
                f"network '{network.name}' has projections ({network.projections[0].name}, ...): spikes that depend "
                f"on other neurons' spikes have no closed form; leave them out or use the NEST engine"
            )
        if network.backgrounds:
            raise UnsupportedError(
                f"network '{network.name}' has a background ({network.backgrounds[0].population}): Poisson trains "
                f"have no closed form; leave it out or use the NEST engine"
            )
        for p in outputs:
            if p.quantity not in (*OUTPUTS, "phase"):
                raise PortError(
                    f"port '{p.port.name}': a closed-form neuron has no recordable '{p.quantity}'; there are: phase"
                )

    def _connect(self, inputs: Sequence[BrainPort]) -> None:
        """One flat buffer for the channels of all signal inputs, and which neurons each entry drives."""
        self._inputs = {p.port.name: p for p in inputs}
        self._slices: dict[str, slice] = {}
        neurons, channels, gains, size = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)], 0
        for p in (p for p in inputs if p.quantity != "spikes"):
            self._slices[p.port.name] = slice(size, size + p.port.size)
            for group in p.groups:
                neurons.append(np.arange(group.start, group.stop) + self._starts[p.population])
                channels.append(np.full(len(group), size))
                gains.append(np.full(len(group), HZ_PER_PA if p.quantity == "current" else 1.0))
                size += 1
        self._driven, self._from = np.concatenate(neurons), np.concatenate(channels)
        self._gains, self._written = np.concatenate(gains), np.zeros(size)
        self._pending: dict[str, SpikeBatch] = {}
        self._rates = np.zeros(self._phases.size)
        self._stale = True

    # --- running ------------------------------------------------------------------------------------------

    def write(self, port: str, value: Value) -> None:
        """See ``BrainEngine.write``. A value acts from now on, without any delay."""
        self._check_open()
        described = find(self._inputs, port, "input")
        check_value(described.port, value, self.now_ns)
        if isinstance(value, SpikeBatch):
            self._pending[port] = value
        else:
            self._written[self._slices[port]] = value
            self._stale = True

    def advance(self, until_ns: int) -> None:
        """See ``BrainEngine.advance``."""
        self._check_open()
        ratio(until_ns - self.now_ns, self.resolution_ns, "interval of the brain", "its resolution")
        for port, batch in self._pending.items():
            check_spikes_due(port, int(batch.times_ns.max(initial=0)), until_ns)
        started = perf_counter()
        times_ns, neurons = self._spikes(until_ns)
        self.kernel_s += perf_counter() - started
        self._readout.update(times_ns, neurons, self.now_ns, until_ns)
        self._pending.clear()
        self.now_ns = until_ns

    def _spikes(self, until_ns: int) -> tuple[Ints, Ints]:
        times_ns, neurons = self._integrate(until_ns)
        if self._pending:
            repeated = [self._repeated(port, batch) for port, batch in self._pending.items()]
            times_ns = np.concatenate([times_ns, *(t for t, _ in repeated)])
            neurons = np.concatenate([neurons, *(n for _, n in repeated)])
        if self._silenced.any() or self._lesioned.any():
            audible = ~(self._silenced | self._lesioned)[neurons]
            times_ns, neurons = times_ns[audible], neurons[audible]
        return times_ns, neurons

    def _integrate(self, until_ns: int) -> tuple[Ints, Ints]:
        """Crossing k of a neuron at phase p and rate r lies (k - p) / r seconds after now."""
        self._update_rates()
        grown = self._phases + self._rates * ns_to_s(until_ns - self.now_ns)
        counts = grown.astype(np.int64)
        spiking = np.flatnonzero(counts)
        n = counts[spiking]
        neurons = np.repeat(spiking, n)
        crossing = np.arange(1, neurons.size + 1) - np.repeat(np.cumsum(n) - n, n)
        since_ns = np.ceil((crossing - self._phases[neurons]) / self._rates[neurons] * 1e9).astype(np.int64)
        self._phases = grown - counts
        return np.clip(since_ns + self.now_ns, self.now_ns + 1, until_ns), neurons

    def _update_rates(self) -> None:
        if self._stale:
            driven = np.bincount(self._driven, self._written[self._from] * self._gains, self._phases.size)
            self._rates = np.maximum(driven + self._stimulation, 0.0)
            self._rates[self._lesioned] = 0.0
            self._stale = False

    def _repeated(self, port: str, batch: SpikeBatch) -> tuple[Ints, Ints]:
        """Every neuron of a channel repeats each of its spikes."""
        described = self._inputs[port]
        sizes = np.array([len(g) for g in described.groups])[batch.channels]
        starts = np.array([g.start for g in described.groups])[batch.channels]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        neurons = np.repeat(starts, sizes) + within + self._starts[described.population]
        return np.repeat(batch.times_ns, sizes), neurons

    def read(self, port: str) -> Value:
        """See ``BrainEngine.read``."""
        self._check_open()
        described = find(self._outputs, port, "output")
        match described.quantity:
            case "phase":
                return self._mean_phase(described)
            case "spikes":
                return self._readout.spikes(port)
        return self._readout.signal(port)

    def _mean_phase(self, described: BrainPort) -> Signal:
        start = self._starts[described.population]
        return np.array([self._phases[start + g.start : start + g.stop].mean() for g in described.groups])

    def set_excitability(self, population: str, change: Excitability) -> None:
        """See ``BrainEngine.set_excitability``. A silenced neuron's phase goes on, a lesioned one's stands
        still."""
        self._check_open()
        size = self._network.population(population).size
        mine = slice(self._starts[population], self._starts[population] + size)
        if self._lesioned[mine].all() and not change.lesioned:
            raise UnsupportedError(
                f"population '{population}' was lesioned, which lasts for the rest of the run; silence a "
                f"population that is to come back"
            )
        self._stimulation[mine] = HZ_PER_PA * change.current_pA
        self._silenced[mine] = change.silenced
        self._lesioned[mine] = change.lesioned
        self._stale = True

    def _check_open(self) -> None:
        if not self._open:
            raise RunError("this brain is not running: prepare() it first; after close() make a new one")

    # --- the rest -----------------------------------------------------------------------------------------

    def _state(self) -> dict[str, NDArray[Any]]:
        """Arrays that are the state, apart from the clock, the filters and spikes not yet repeated."""
        return {
            "phases": self._phases,
            "written": self._written,
            "stimulation": self._stimulation,
            "silenced": self._silenced,
            "lesioned": self._lesioned,
        }

    def save(self) -> bytes:
        """See ``BrainEngine.save``; spikes written but not yet repeated are included."""
        self._check_open()
        pending = {
            f"{part} {port}": array
            for port, batch in self._pending.items()
            for part, array in (("times", batch.times_ns), ("channels", batch.channels))
        }
        buffer = io.BytesIO()
        now, filters = np.array(self.now_ns), self._readout.state
        np.savez(buffer, now_ns=now, filters=filters, **self._state(), **pending)  # type: ignore[arg-type]
        return buffer.getvalue()

    def restore(self, state: bytes) -> None:
        """Continue exactly from ``save`` of the same network and ports; counts and spikes read empty until
        then."""
        self._check_open()
        with np.load(io.BytesIO(state)) as saved:
            for name, array in self._state().items():
                array[:] = saved[name]
            self.now_ns = int(saved["now_ns"])
            self._readout.state = saved["filters"]
            self._pending = {
                port: SpikeBatch(saved[f"times {port}"], saved[f"channels {port}"])
                for port in self._inputs
                if f"times {port}" in saved
            }
        self._stale = True

    def statistics(self) -> Mapping[str, Any]:
        """Engine, neurons, synapses (none), threads, resolution."""
        self._check_open()
        return {
            "engine": "closed_form",
            "version": "1",
            "neurons": self._network.n_neurons,
            "synapses": 0,
            "threads": 1,
            "resolution_ms": self.resolution_ns / 1e6,
        }

    def close(self) -> None:
        """Nothing to give back but memory."""
        self._open = False


__all__ = ["HZ_PER_PA", "ClosedFormBrain"]
