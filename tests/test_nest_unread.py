"""A network that is read spikes as one that is not, also where the network's own delays are longer than a device's."""

from __future__ import annotations

from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.hpc_benchmark import hpc_benchmark
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_kernel import nest

NETWORK = hpc_benchmark(scale=0.05, indegree_fraction=0.005)
"""All delays are 1.5 ms, and every neuron has noise of its own."""


def spikes_when_read(populations: tuple[str, ...]) -> int:
    """Of all neurons in 100 ms, by NEST's own count."""
    brain = NestBrain()
    try:
        ports = [brain_port(NETWORK.population(name), "count", writes=False) for name in populations]
        brain.prepare(NETWORK, [], ports, 3, BrainOptions())
        brain.advance(100_000_000)
        return int(nest.local_spike_counter)
    finally:
        brain.close()


def test_reading_spikes_changes_none() -> None:
    unread = spikes_when_read(())
    assert unread > 200
    assert spikes_when_read(("E",)) == unread
    assert spikes_when_read(("E", "I")) == unread
