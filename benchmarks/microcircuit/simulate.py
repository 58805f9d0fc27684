"""The microcircuit alone, in NEST, without a body: its spikes and what they took."""

from __future__ import annotations

import resource
from dataclasses import dataclass, fields
from pathlib import Path
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


FACTS = tuple(f.name for f in fields(Simulated) if f.name != "statistics")
MEASURED = tuple(f.name for f in fields(Statistics))


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


def kept(folder: str, seed: int, seconds: float, params: dict[str, Any]) -> Simulated:
    """The run that ``folder`` holds, or a new one, which it holds afterwards; without a folder a new one."""
    if not folder:
        return simulate(seed, seconds, **params)
    name = "_".join(f"{key}-{value:g}" for key, value in {**params, "seed": seed, "seconds": seconds}.items())
    path = Path(folder) / f"{name}.npz"
    if path.exists():
        return _load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = simulate(seed, seconds, **params)
    _save(path, made)
    return made


def _save(path: Path, made: Simulated) -> None:
    arrays: dict[str, Any] = {name: getattr(made, name) for name in FACTS}
    for population, statistics in made.statistics.items():
        arrays |= {f"{population}/{name}": getattr(statistics, name) for name in MEASURED}
    np.savez_compressed(path, **arrays)


def _load(path: Path) -> Simulated:
    with np.load(path) as arrays:
        facts = {name: arrays[name].item() for name in FACTS}
        statistics = {
            population: Statistics(**{name: arrays[f"{population}/{name}"][()] for name in MEASURED})
            for population in NEURONS
        }
    return Simulated(statistics, **facts)


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
