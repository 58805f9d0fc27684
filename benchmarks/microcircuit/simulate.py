"""The microcircuit alone, in NEST, without a body: its spikes and what they took."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from sherrington.analysis.statistics import Statistics, of_spikes
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.microcircuit import NEURONS, microcircuit
from sherrington.brain.nest import NestBrain
from sherrington.clock import NS_PER_S, ms_to_ns
from sherrington.ports import SpikeBatch

START_MS = 500.0
"""What the benchmark's recipe discards, until the network has forgotten how it began."""
STEP_NS = ms_to_ns(100.0)


@dataclass(frozen=True)
class Simulated:
    """One simulation. statistics: by population, from 500 ms on. build_s, run_s: wall time; run_s of all of it.

    peak_gb: memory of the process, GiB."""

    statistics: dict[str, Statistics]
    neurons: int
    synapses: int
    build_s: float
    run_s: float
    simulated_s: float
    peak_gb: float


def simulate(seed: int, seconds: float, *, threads: int = 1, **params: Any) -> Simulated:
    """``microcircuit(**params)`` for ``seconds`` after the first 500 ms, reduced to its statistics."""
    network = microcircuit(**params)
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in network.populations.values()]
    brain = NestBrain()
    begun = perf_counter()
    brain.prepare(network, [], ports, seed, BrainOptions(virtual_processes=threads))
    built = perf_counter()
    try:
        end_ns = ms_to_ns(START_MS) + round(seconds * NS_PER_S)
        spikes = _run(brain, end_ns)
        run_s, synapses = perf_counter() - built, int(brain.statistics()["synapses"])
    finally:
        brain.close()
    return Simulated(
        {
            name: of_spikes(batch, network.populations[name].size, ms_to_ns(START_MS), end_ns)
            for name, batch in spikes.items()
        },
        network.n_neurons,
        synapses,
        built - begun,
        run_s,
        end_ns / NS_PER_S,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    )


def _run(brain: NestBrain, end_ns: int) -> dict[str, SpikeBatch]:
    batches: dict[str, list[SpikeBatch]] = {name: [] for name in NEURONS}
    for until_ns in range(STEP_NS, end_ns + 1, STEP_NS):
        brain.advance(until_ns)
        for name, kept in batches.items():
            batch = brain.read(f"{name}.spikes:neuron")
            assert isinstance(batch, SpikeBatch)
            kept.append(SpikeBatch(batch.times_ns.copy(), batch.channels.copy()))
    return {
        name: SpikeBatch(
            np.concatenate([b.times_ns for b in kept]), np.concatenate([b.channels for b in kept])
        )
        for name, kept in batches.items()
    }
