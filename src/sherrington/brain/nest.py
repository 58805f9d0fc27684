"""NEST as a brain engine: nest-simulator 3.10, ``virtual_processes`` threads of one process or of several ranks.

What was measured about reading, and what determines the spikes, is in ``docs/science/nest-engine.md``. Random
numbers: initial values and connections come from streams of their own names (``Network``); all noise while
running (Poisson trains of ``rate`` inputs and backgrounds, stochastic neuron models) comes from one NEST stream per
virtual process.

Over several ranks every rank makes the same calls, and what comes out is whole on rank 0.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..clock import format_ms, ms_to_ns, ns_to_ms, ratio
from ..errors import NetworkError, PortError, RunError, UnsupportedError
from ..parallel import world
from ..ports import Value
from .engine import BrainOptions, BrainPort, Excitability
from .nest_build import (
    Share,
    connect,
    connect_background,
    create_population,
    create_recorder,
    kernel_seed,
)
from .nest_excitability import Excitabilities
from .nest_inputs import InputPort, device_delay_ns
from .nest_kernel import NestError, claim, holds, nest, release, translated
from .nest_outputs import Outputs
from .nest_threads import Binding, threads_now
from .network import Network
from .readout import check_ports, check_spikes_due, find

TIC_NS = 1000
"""NEST counts time in tics of 1 us; its resolution must be a whole number of them."""


class NestBrain:
    """A ``BrainEngine``. One at a time per process: NEST has one kernel."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.resolution_ns = 0
        self.kernel_s = 0.0
        self._ranks = world()
        self._running = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._binding: Binding | None = None
        self._outputs: Outputs | None = None

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
            # NEST's Prepare is one for all ranks: none may come to it while another has stopped.
            with self._ranks.together():
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
        threads = _threads(options.virtual_processes, self._ranks.size)
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
            local_num_threads=threads,
            overwrite_files=True,
            data_path=self._folder.name,
        )
        self._binding = Binding(before, threads)

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
        share = Share(self._ranks.rank, self._ranks.size, options.virtual_processes)
        self._recorder = create_recorder(options.virtual_processes)
        self._nodes = {n: create_population(network, p, seed) for n, p in network.populations.items()}
        for projection in network.projections:
            connect(
                network, projection, self._nodes, seed, self.resolution_ns, share, self._ranks.patience.wait
            )
        self._facts = self._count(network, options)
        for background in network.backgrounds:
            connect_background(network, background, self._nodes, self.resolution_ns)
        self._delay_ns = device_delay_ns(self.resolution_ns)
        self._inputs = {
            p.port.name: InputPort(p, self._nodes[p.population], self.resolution_ns, self._delay_ns)
            for p in inputs
        }
        self._excitability = Excitabilities(network, self._nodes, list(self._inputs.values()), seed)
        self._outputs = Outputs(network, outputs, self._nodes, share, self._ranks, self.resolution_ns)
        self._outputs.record_spikes(network, self._recorder)
        self._outputs.record_samples(network, ms_to_ns(options.sample_ms, "sample interval"), self._delay_ns)

    def _count(self, network: Network, options: BrainOptions) -> dict[str, Any]:
        synapses = np.array([float(nest.num_connections)])
        self._ranks.total(synapses)
        return {
            "engine": "nest",
            "version": nest.__version__,
            "neurons": network.n_neurons,
            "synapses": int(synapses[0]),
            "ranks": self._ranks.size,
            "threads": options.virtual_processes // self._ranks.size,
            "resolution_ms": ns_to_ms(self.resolution_ns),
        }

    def _open_files(self) -> None:
        assert self._folder is not None and self._outputs is not None
        self._outputs.open(Path(self._folder.name))
        self._remove_folder()  # every file in it is open on both sides, and unlinked

    # --- running ------------------------------------------------------------------------------------------

    def write(self, port: str, value: Value) -> None:
        """See ``BrainEngine.write``; when exactly a value acts is in ``nest_inputs``."""
        self._check_open()
        find(self._inputs, port, "input").write(value, self.now_ns)

    def advance(self, until_ns: int) -> None:
        """See ``BrainEngine.advance``. Raises ClockError, PortError, RunError."""
        self._check_open()
        assert self._outputs is not None
        ratio(until_ns - self.now_ns, self.resolution_ns, "interval of the brain", "its resolution")
        for name, sender in self._inputs.items():
            check_spikes_due(name, sender.last_spike_ns, until_ns)
        self._run(until_ns)
        self._outputs.take(self.now_ns, until_ns)
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

    def read(self, port: str) -> Value:
        """See ``BrainEngine.read``. Before the first ``advance``: no spikes, zero rates, initial values."""
        if self._outputs is None:
            self._check_open()
            raise PortError(f"no output port '{port}': the brain is closed")
        return self._outputs.read(port)

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
        if self._outputs is not None:
            self._outputs.close()
        self._outputs = None
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


def _threads(virtual_processes: int, ranks: int) -> int:
    """Threads of each rank. Raises NetworkError where they do not come out even."""
    if virtual_processes < 1:
        raise NetworkError(f"virtual_processes = {virtual_processes}; it must be at least 1")
    threads, rest = divmod(virtual_processes, ranks)
    if rest:
        raise NetworkError(
            f"virtual_processes = {virtual_processes} cannot be shared out evenly to {ranks} ranks; start as many "
            f"ranks as divide it, or say --set brain.virtual_processes={ranks}, which gives other random numbers"
        )
    return threads


__all__ = ["NestBrain"]
