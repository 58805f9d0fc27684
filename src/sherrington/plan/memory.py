"""Bytes that a rank holds: of the largest one, which has body, loop and report too."""

from __future__ import annotations

import numpy as np

from .cells import Floats
from .families import synapse_bytes
from .shape import Shape
from .work import Work

Amounts = dict[str, float]


def memory(work: Work, shape: Shape) -> Amounts:
    """Bytes of the largest rank, which has body and loop too, at its highest until the loop has ended."""
    found = {
        f"base_{work.body.engine}": 1.0,
        "body": float(work.body.parts),
        "camera": float(work.body.cameras),
    }
    if work.engine != "nest":
        return found | {"recorded_value": float(work.kept.values)}
    ranks = shape.ranks
    return found | {
        "base_nest": 1.0,
        "neuron": work.neurons / ranks,
        "ring_byte": ring_bytes(work) / ranks,
        "synapse_byte": synapse_bytes_of_rank(work, shape),
        "synapse": work.synapses / ranks,
        "source": sources(work, shape),
        "node_elsewhere": work.neurons * (1.0 - 1.0 / ranks),
        "drawn": work.joints.largest_block,
        "projection": float(work.joints.count.size),
        "recorded_neuron": work.recorded_neurons / ranks,
        "device_thread": (work.backgrounds + work.ports.channels_written) * float(shape.threads),
        "train": work.ports.trains / ranks,
        "thread": float(shape.threads - 1),
        "recorded_value": float(work.kept.values),
        "ranks": float(ranks > 1),
    }


def memory_report(work: Work, shape: Shape) -> Amounts:
    """Bytes of rank 0 while it draws the report, when the brain has been given back."""
    return {
        f"base_{work.body.engine}": 1.0,
        "body": float(work.body.parts),
        "camera": float(work.body.cameras),
        "given_back": _brain_bytes(work, shape),
        "recorded_spike": work.recorded_hz * work.biological_s,
        "recorded_sample": work.kept.values * work.kept.samples,
    }


def _brain_bytes(work: Work, shape: Shape) -> float:
    """About what the brain of rank 0 held; some of what it gives back stays with the process."""
    recorded = work.recorded_neurons
    cells = (3500.0 * work.neurons + 1.5 * ring_bytes(work) + 9000.0 * recorded) / shape.ranks
    return (synapse_bytes_of_rank(work, shape) + cells) if work.engine == "nest" else 0.0


def synapse_bytes_of_rank(work: Work, shape: Shape) -> float:
    """Bytes of the synapses of one rank, NEST's table of sources included."""
    sizes = _sizes(work, shape.processes)
    return float(np.sum(sizes * work.joints.count)) / shape.ranks


def _sizes(work: Work, processes: int) -> Floats:
    pairs = zip(work.joints.projections, work.joints.last.tolist(), strict=True)
    return np.array([synapse_bytes(p, last, processes) for p, last in pairs], np.float64)


def ring_bytes(work: Work) -> float:
    """Of the buffers in which input waits for its delay, all neurons together."""
    steps = (work.shortest_ms + work.longest_ms) / work.resolution_ms
    return 8.0 * steps * float(np.sum(work.cells.size * work.cells.buffers))


def sources(work: Work, shape: Shape) -> float:
    """Neurons that have targets on a rank, anywhere in the network."""
    return float(np.sum(work.cells.size * -np.expm1(-work.cells.out / shape.ranks)))
