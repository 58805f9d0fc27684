"""NEST as a brain engine: nest-simulator 3.10, one process, ``virtual_processes`` threads.

What was measured about reading, and what determines the spikes, is in ``docs/science/nest-engine.md``. Random
numbers: initial values and connections come from streams of their own names (``Network``); all noise while
running (Poisson trains of ``rate`` inputs and backgrounds, stochastic neuron models) comes from one NEST stream per
virtual process.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..clock import format_ms, ms_to_ns, ns_to_ms, ratio
from ..errors import NetworkError, PortError, RunError, UnsupportedError
from ..ports import Value
from .engine import OUTPUTS, BrainOptions, BrainPort, Excitability
from .nest_build import (
    connect,
    connect_background,
    create_population,
    create_recorder,
    kernel_seed,
    record_spikes,
)
from .nest_excitability import Excitabilities
from .nest_files import AsciiTail, parse_integers, parse_steps
from .nest_inputs import InputPort, device_delay_ns
from .nest_kernel import NestError, claim, holds, nest, release, translated
from .nest_samples import Samples, check_recordable
from .nest_threads import Binding, threads_now
from .network import Network
from .readout import Readout, check_ports, check_spikes_due, find

TIC_NS = 1000
"""NEST counts time in tics of 1 us; its resolution must be a whole number of them."""


class NestBrain:
    """A ``BrainEngine``. One at a time per process: NEST has one kernel."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.resolution_ns = 0
        self.kernel_s = 0.0
        self._running = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._binding: Binding | None = None
        self._samples: dict[str, Samples] = {}
        self._spikes: AsciiTail | None = None
        self._readers: dict[str, Callable[[], Value]] = {}

    # --- building -----------------------------------------------------------------------------------------

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """See ``BrainEngine.prepare``. NEST's kernel is reset, which deletes whatever else it held."""
        check_ports(network, inputs, writes=True)
        check_ports(network, outputs, writes=False)
        claim(self)
        try:
            self._reset_kernel(network, options)
            self._build(network, inputs, outputs, seed, options)
            nest.rng_seed = kernel_seed(seed, "runtime")
            with translated(NetworkError, f"network '{network.name}': cannot prepare"):
                nest.Prepare()
            self._running = True
            self._open_files()
        except BaseException:
            self.close()
            raise

    def _reset_kernel(self, network: Network, options: BrainOptions) -> None:
        self.resolution_ns = ms_to_ns(options.resolution_ms, "resolution")
        ratio(self.resolution_ns, TIC_NS, "resolution", "NEST's tic")
        if options.virtual_processes < 1:
            raise NetworkError(f"virtual_processes = {options.virtual_processes}; it must be at least 1")
        shared_memory = Path("/dev/shm")
        folder = shared_memory if os.access(shared_memory, os.W_OK) else None
        self._folder = tempfile.TemporaryDirectory(prefix="sherrington-nest-", dir=folder)
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.ERROR
        for module in network.modules:
            with translated(
                NetworkError, f"network '{network.name}': cannot load extension module '{module}'"
            ):
                nest.Install(module)
        before = threads_now()
        nest.set(
            resolution=ns_to_ms(self.resolution_ns),
            local_num_threads=options.virtual_processes,
            overwrite_files=True,
            data_path=self._folder.name,
        )
        self._binding = Binding(before, options.virtual_processes)

    def _build(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """Recorder and populations first: node numbers, and so the split over virtual processes, do not depend on the
        ports."""
        self._recorder = create_recorder(options.virtual_processes)
        self._first_neuron = options.virtual_processes + 1
        self._nodes = {n: create_population(network, p, seed) for n, p in network.populations.items()}
        for projection in network.projections:
            connect(network, projection, self._nodes, seed, self.resolution_ns)
        self._facts = self._count(network, options)
        for background in network.backgrounds:
            connect_background(network, background, self._nodes, self.resolution_ns)
        self._delay_ns = device_delay_ns(self.resolution_ns)
        self._inputs = {
            p.port.name: InputPort(p, self._nodes[p.population], self.resolution_ns, self._delay_ns)
            for p in inputs
        }
        self._excitability = Excitabilities(network, self._nodes, list(self._inputs.values()), seed)
        self._outputs = {p.port.name: p for p in outputs}
        self._readout = Readout(network, outputs)
        self._record_spikes(network)
        self._record_samples(network, outputs, options)
        self._readers = {p.port.name: self._reader(p) for p in outputs}

    def _count(self, network: Network, options: BrainOptions) -> dict[str, Any]:
        return {
            "engine": "nest",
            "version": nest.__version__,
            "neurons": network.n_neurons,
            "synapses": int(nest.num_connections),
            "threads": options.virtual_processes,
            "resolution_ms": ns_to_ms(self.resolution_ns),
        }

    def _record_spikes(self, network: Network) -> None:
        """One recorder for every population that a port reads."""
        populations = self._readout.populations
        if not populations:
            return
        self._precise = any(network.population(n).model.endswith(("_ps", "_lossless")) for n in populations)
        self._recorder.set(
            record_to="ascii",
            time_in_steps=True,
            label="spikes",
            precision=6 if self._precise else 0,  # offsets in ms: 6 digits are whole nanoseconds
        )
        # As long as the shortest there is: with a shorter one NEST would draw its random numbers in another order, and
        # a network that is read would spike differently from one that is not.
        delay_ms = float(nest.min_delay)
        for name in populations:
            with translated(PortError, f"population '{name}' ({network.population(name).model}): no spikes"):
                record_spikes(self._recorder, self._nodes[name], delay_ms)

    def _record_samples(self, network: Network, outputs: Sequence[BrainPort], options: BrainOptions) -> None:
        sample_ns = ms_to_ns(options.sample_ms, "sample interval")
        ratio(sample_ns, self.resolution_ns, "sample interval", "resolution")
        sampled = [p for p in outputs if p.quantity not in OUTPUTS]
        for p in sampled:
            check_recordable(p, self._nodes[p.population][0])
        for index, name in enumerate(sorted({p.population for p in sampled})):
            ports = [p for p in sampled if p.population == name]
            self._samples[name] = Samples(
                self._nodes[name], ports, f"samples{index}", sample_ns, self._delay_ns
            )

    def _open_files(self) -> None:
        assert self._folder is not None
        folder = Path(self._folder.name)
        if self._readout.populations:
            self._spikes = AsciiTail(folder, "spikes")
        for samples in self._samples.values():
            samples.open(folder)
        self._remove_folder()  # every file in it is open on both sides, and unlinked

    # --- running ------------------------------------------------------------------------------------------

    def write(self, port: str, value: Value) -> None:
        """See ``BrainEngine.write``; when exactly a value acts is in ``nest_inputs``."""
        self._check_open()
        find(self._inputs, port, "input").write(value, self.now_ns)

    def advance(self, until_ns: int) -> None:
        """See ``BrainEngine.advance``. Raises ClockError, PortError, RunError."""
        self._check_open()
        ratio(until_ns - self.now_ns, self.resolution_ns, "interval of the brain", "its resolution")
        for name, sender in self._inputs.items():
            check_spikes_due(name, sender.last_spike_ns, until_ns)
        self._run(until_ns)
        times_ns, neurons = self._new_spikes(until_ns)
        self._readout.update(times_ns, neurons, self.now_ns, until_ns)
        for samples in self._samples.values():
            samples.update()
        self.now_ns = until_ns

    def _run(self, until_ns: int) -> None:
        started = perf_counter()
        try:
            nest.Run(ns_to_ms(until_ns - self.now_ns))
        except NestError as error:
            self._running = False
            raise RunError(
                f"NEST stopped between {format_ms(self.now_ns)} and {format_ms(until_ns)}: {str(error).strip()}"
            ) from error
        finally:
            self.kernel_s += perf_counter() - started

    def _new_spikes(self, until_ns: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Times in ns and neurons (numbered in the order of the description) of the last Run, unsorted."""
        text = self._spikes.read() if self._spikes else b""
        if self._spikes and self._precise:
            fields = parse_integers(text, 4)
            before_step_ns = fields[:, 2] * 1_000_000 + fields[:, 3]
            return fields[:, 1] * self.resolution_ns - before_step_ns, fields[:, 0] - self._first_neuron
        first, last = self.now_ns // self.resolution_ns + 1, until_ns // self.resolution_ns
        fields = parse_steps(text, first, last)
        return fields[:, 1] * self.resolution_ns, fields[:, 0] - self._first_neuron

    def read(self, port: str) -> Value:
        """See ``BrainEngine.read``. Before the first ``advance``: no spikes, zero rates, initial values."""
        if port not in self._readers:
            self._check_open()
            find(self._outputs, port, "output")
        return self._readers[port]()

    def _reader(self, described: BrainPort) -> Callable[[], Value]:
        """What reads a port, looked up once: a thousand ports are read in every step."""
        name = described.port.name
        if described.quantity not in OUTPUTS:
            return partial(self._samples[described.population].read, name)
        return partial(self._readout.spikes if described.quantity == "spikes" else self._readout.signal, name)

    def set_excitability(self, population: str, change: Excitability) -> None:
        """See ``nest_excitability``. Raises UnsupportedError where the model has no means for it."""
        self._check_open()
        self._excitability.set(population, change, self.now_ns)

    def _check_open(self) -> None:
        if not self._running:
            raise RunError("this NEST brain is not running: prepare() it first; after close() make a new one")

    # --- the rest -----------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            "NEST cannot save its state: spikes in flight and random streams are not accessible; "
            "run again from the start with the same seed, which gives the same spikes"
        )

    def restore(self, state: bytes) -> None:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            f"NEST cannot restore a saved state ({len(state)} bytes given): spikes in flight and random streams "
            "are not accessible; run again from the start with the same seed, which gives the same spikes"
        )

    def statistics(self) -> Mapping[str, Any]:
        """Engine, version, neurons, synapses (without those of ports and backgrounds), threads, resolution,
        delay of the ports."""
        self._check_open()
        return {**self._facts, "port_delay_ms": ns_to_ms(self._delay_ns)}

    def close(self) -> None:
        """Give the kernel back and remove the recording files."""
        for tail in (self._spikes, *self._samples.values()):
            if tail is not None:
                tail.close()
        self._spikes, self._samples, self._readers = None, {}, {}
        if holds(self):
            if self._running:
                nest.Cleanup()
            nest.ResetKernel()
            release(self)
        self._running = False
        if self._binding is not None:
            self._binding.release()
        self._remove_folder()

    def _remove_folder(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


__all__ = ["NestBrain"]
