"""The native engine: a ``BrainEngine`` on the compiled core, for the models and synapses of ``support``.

Spikes do not depend on threads, processor, or how the way is cut into calls of ``advance``: all sums are of whole
numbers and all random numbers belong to a neuron and a step. See ``docs/science/native-engine.md``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from ...clock import format_ms, ms_to_ns, ns_to_ms, ratio
from ...errors import NetworkError, RunError, UnsupportedError
from ...ports import Signal, Value
from ..engine import OUTPUTS, BrainOptions, BrainPort, Excitability
from ..groups import bounds, members
from ..network import Network
from ..readout import Readout, check_ports, check_spikes_due, find
from .building import Built, build, check_recordables, connect
from .core import core
from .excitability import Excitabilities
from .inputs import SignalPort, SpikePort
from .saving import pack, unpack
from .support import check_parameters, why_no_receptor, why_not

VERSION = "1"
PROCESSOR_VARIABLE = "SHERRINGTON_PROCESSOR"
"""``portable``, ``avx2`` or ``avx512`` instead of the best that the machine has."""


class NativeBrain:
    """A ``BrainEngine``. Any number of them can live in one process.

    exact: 64-bit arithmetic, weights with all their digits, and the very connections of ``Network.draw``: for
    comparisons with NEST spike by spike. It takes about twice the time and four times the memory.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self.now_ns = 0
        self.resolution_ns = 0
        self.kernel_s = 0.0
        self._exact = exact
        self._core: core.Engine | None = None

    # --- building -----------------------------------------------------------------------------------------

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """See ``BrainEngine.prepare``. ``virtual_processes`` is the number of threads."""
        check_ports(network, inputs, writes=True)
        check_ports(network, outputs, writes=False)
        self._check(network, outputs, options)
        self.resolution_ns = ms_to_ns(options.resolution_ms, "resolution")
        self._network, self._threads = network, options.virtual_processes
        self._outputs = {p.port.name: p for p in outputs}
        self._readout = Readout(network, outputs)
        engine = self._make_core()
        read = set(self._readout.populations)
        self._built = build(engine, network, seed, self.resolution_ns, read, self._threads)
        self._delay_ns = connect(engine, network, self._built, seed, self.resolution_ns, self._exact)
        self._inputs = self._ports(engine, inputs, seed)
        self._excitability = Excitabilities(network, self._built, engine)
        self._core = engine

    def _make_core(self) -> core.Engine:
        try:
            return core.Engine.make(self._exact, self._threads, os.environ.get(PROCESSOR_VARIABLE, ""))
        except ValueError as error:
            raise UnsupportedError(f"{PROCESSOR_VARIABLE}: {error}") from error

    def _check(self, network: Network, outputs: Sequence[BrainPort], options: BrainOptions) -> None:
        for population in network.populations.values():
            check_parameters(population)
        reason = why_not(network)
        if reason:
            raise UnsupportedError(f"{reason}; use engine: nest")
        for b in network.backgrounds:
            fault = why_no_receptor(
                network.resolve(b.population)[0], b.receptor, f"background of '{b.population}'"
            )
            if fault:
                raise NetworkError(fault)
        check_recordables(network, list(outputs))
        if options.virtual_processes < 1:
            raise NetworkError(f"virtual_processes = {options.virtual_processes}; it must be at least 1")

    def _ports(
        self, engine: core.Engine, inputs: Sequence[BrainPort], seed: int
    ) -> dict[str, SignalPort | SpikePort]:
        made: dict[str, SignalPort | SpikePort] = {}
        for order, p in enumerate(inputs):
            population = self._network.population(p.population)
            number = self._built[p.population].number
            if p.quantity == "spikes":
                place = (self.resolution_ns, self._delay_ns)
                made[p.port.name] = SpikePort(p, population, engine, number, order, place)
            else:
                seeded = (seed, self.resolution_ns, self._delay_ns)
                made[p.port.name] = SignalPort(p, population, engine, number, seeded)
        return made

    # --- running ------------------------------------------------------------------------------------------

    def write(self, port: str, value: Value) -> None:
        """See ``BrainEngine.write``; when exactly a value acts is in ``inputs``."""
        self._running()
        find(self._inputs, port, "input").write(value, self.now_ns)

    def advance(self, until_ns: int) -> None:
        """See ``BrainEngine.advance``. Raises ClockError, PortError, RunError."""
        engine = self._running()
        ratio(until_ns - self.now_ns, self.resolution_ns, "interval of the brain", "its resolution")
        for name, port in self._inputs.items():
            check_spikes_due(name, port.last_spike_ns, until_ns)
        started = perf_counter()
        try:
            steps, neurons = engine.advance(until_ns // self.resolution_ns)
        except (OverflowError, RuntimeError, MemoryError) as error:
            self.close()
            raise RunError(
                f"the native engine stopped between {format_ms(self.now_ns)} and {format_ms(until_ns)}: {error}"
            ) from error
        finally:
            self.kernel_s += perf_counter() - started
        self._readout.update(steps * self.resolution_ns, neurons, self.now_ns, until_ns)
        self.now_ns = until_ns
        for port in self._inputs.values():
            port.passed(until_ns // self.resolution_ns)

    def read(self, port: str) -> Value:
        """See ``BrainEngine.read``. A recordable is that of now. Before the first ``advance``: initial values."""
        engine = self._running()
        described = find(self._outputs, port, "output")
        if described.quantity == "spikes":
            return self._readout.spikes(port)
        if described.quantity in OUTPUTS:
            return self._readout.signal(port)
        return _averaged(described, _recorded(engine, self._built[described.population], described.quantity))

    def set_excitability(self, population: str, change: Excitability) -> None:
        """See ``excitability``. Raises UnsupportedError where the model has no means for it."""
        self._running()
        self._excitability.set(population, change)

    def _running(self) -> core.Engine:
        if self._core is None:
            raise RunError(
                "this native brain is not running: prepare() it first; after close() make a new one"
            )
        return self._core

    # --- the rest -----------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """See ``BrainEngine.save``: everything that decides the future, spikes on the way included."""
        engine = self._running()
        arrays: dict[str, Any] = {"now_ns": self.now_ns, "filters": self._readout.state}
        for name, built in self._built.items():
            arrays[f"states {name}"], arrays[f"arrivals {name}"] = engine.save(built.number)
        for name, port in self._inputs.items():
            arrays |= {f"{part} {name}": array for part, array in port.state().items()}
        return pack(self._identity(), arrays | self._excitability.state())

    def restore(self, state: bytes) -> None:
        """Continue exactly from ``save`` of the same network, ports and seed, with any number of threads."""
        engine = self._running()
        saved = unpack(self._identity(), state)
        self.now_ns = int(saved["now_ns"])
        engine.rewind(self.now_ns // self.resolution_ns)
        for name, built in self._built.items():
            engine.restore(built.number, saved[f"states {name}"], saved[f"arrivals {name}"])
        for name, port in self._inputs.items():
            port.restore({part: saved[f"{part} {name}"] for part in port.state()})
        self._excitability.restore(saved)
        self._readout.state = saved["filters"]

    def _identity(self) -> dict[str, Any]:
        """What two brains must share for a state of one to fit the other."""
        engine = self._running()
        quanta = [engine.quantum(b.number, c) for b in self._built.values() for c in range(b.model.channels)]
        return {
            "version": VERSION,
            "network": self._network.name,
            "sizes": {name: p.size for name, p in self._network.populations.items()},
            "inputs": list(self._inputs),
            "resolution_ns": self.resolution_ns,
            "exact": self._exact,
            "synapses": engine.synapses,
            "quanta": quanta,
        }

    def statistics(self) -> Mapping[str, Any]:
        """Engine, version, neurons, synapses, threads, resolution, delay of the ports, processor, bytes of the core."""
        engine = self._running()
        return {
            "engine": "native",
            "version": VERSION,
            "neurons": self._network.n_neurons,
            "synapses": engine.synapses,
            "threads": self._threads,
            "resolution_ms": ns_to_ms(self.resolution_ns),
            "port_delay_ms": ns_to_ms(self._delay_ns),
            "processor": engine.processor,
            "exact": self._exact,
            "bytes": engine.bytes,
        }

    def close(self) -> None:
        """Give back threads and memory."""
        self._core = None


def _recorded(engine: core.Engine, built: Built, quantity: str) -> Signal:
    states, added = built.model.recordables[quantity]
    values = np.sum([engine.state(built.number, built.states.index(state)) for state in states], axis=0)
    return np.asarray(values + built.parameters[added] if added else values)


def _averaged(described: BrainPort, values: Signal) -> Signal:
    """Over each channel, shape (n_channels,)."""
    ends = bounds(described.groups)
    sizes = ends[:, 1] - ends[:, 0]
    return np.asarray(np.add.reduceat(values[members(ends)[0]], np.cumsum(sizes) - sizes) / sizes)


__all__ = ["NativeBrain"]
