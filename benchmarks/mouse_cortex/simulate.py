"""One area alone, in NEST, without a body: the statistics of its populations."""

from __future__ import annotations

import numpy as np

from sherrington.analysis.statistics import Statistics, of_spikes
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.mouse.cortex import Area, Calibration
from sherrington.brain.models.mouse.region import network
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network
from sherrington.clock import ms_to_ns
from sherrington.ports import SpikeBatch

STEP_NS = ms_to_ns(100.0)


def simulate(
    area: str,
    calibrated: Calibration,
    *,
    scale: float,
    seed: int,
    start_ms: float,
    end_ms: float,
    threads: int = 1,
) -> dict[str, Statistics]:
    """Statistics from start_ms to end_ms (a multiple of 100), by population without the area's name."""
    described = network(area, [Area(area, calibrated, scale, (1.0, 1.0)).region()], scale=scale)
    found = statistics_of(described, seed=seed, start_ms=start_ms, end_ms=end_ms, threads=threads)
    return {name.removeprefix(f"{area}_"): one for name, one in found.items()}


def statistics_of(
    described: Network,
    *,
    seed: int,
    start_ms: float,
    end_ms: float,
    threads: int = 1,
    resolution_ms: float = 0.1,
) -> dict[str, Statistics]:
    """Statistics of all populations of a network without a body, from start_ms to end_ms (a multiple of 100)."""
    populations = described.populations
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in populations.values()]
    brain = NestBrain()
    options = BrainOptions(resolution_ms, threads)
    brain.prepare(described, [], ports, seed, options)
    kept: dict[str, list[SpikeBatch]] = {name: [] for name in populations}
    try:
        for until_ns in range(STEP_NS, ms_to_ns(end_ms) + 1, STEP_NS):
            brain.advance(until_ns)
            for name, batches in kept.items():
                batch = brain.read(f"{name}.spikes:neuron")
                assert isinstance(batch, SpikeBatch)
                batches.append(SpikeBatch(batch.times_ns.copy(), batch.channels.copy()))
    finally:
        brain.close()
    return {
        name: of_spikes(_joined(batches), populations[name].size, ms_to_ns(start_ms), ms_to_ns(end_ms))
        for name, batches in kept.items()
    }


def _joined(batches: list[SpikeBatch]) -> SpikeBatch:
    times = np.concatenate([batch.times_ns for batch in batches])
    return SpikeBatch(times, np.concatenate([batch.channels for batch in batches]))
