"""One network in both engines: spikes of every population, as sets of (time in steps, neuron)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sherrington.brain.engine import BrainEngine, BrainOptions, BrainPort, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network
from sherrington.ports import SpikeBatch

MS = 1_000_000
H = MS // 10
SEED = 7

Spikes = dict[str, NDArray[np.int64]]
Feed = Callable[[BrainEngine], None]


def nothing(_: BrainEngine) -> None:
    """No input."""


def exact() -> NativeBrain:
    return NativeBrain(exact=True)


def run(
    brain: BrainEngine,
    network: Network,
    inputs: Sequence[BrainPort] = (),
    feed: Feed = nothing,
    *,
    ms: float = 200.0,
    interval_ms: float = 10.0,
    threads: int = 1,
    resolution_ms: float = 0.1,
) -> Spikes:
    """Of each population an array of (step, neuron), sorted. feed: called before every interval."""
    outputs = [brain_port(p, "spikes", writes=False, per="neuron") for p in network.populations.values()]
    options = BrainOptions(resolution_ms=resolution_ms, virtual_processes=threads)
    found: dict[str, list[NDArray[np.int64]]] = {name: [] for name in network.populations}
    try:
        brain.prepare(network, inputs, outputs, SEED, options)
        until = 0
        while until < round(ms * MS):
            feed(brain)
            until = min(until + round(interval_ms * MS), round(ms * MS))
            brain.advance(until)
            for port in outputs:
                batch = brain.read(port.port.name)
                assert isinstance(batch, SpikeBatch)
                steps = batch.times_ns // round(resolution_ms * MS)
                found[port.population].append(np.column_stack([steps, batch.channels]))
    finally:
        brain.close()
    return {name: np.concatenate(parts) for name, parts in found.items()}


def same(one: Spikes, other: Spikes) -> None:
    """Every population spiked, and the same in both."""
    assert one.keys() == other.keys()
    for name, spikes in one.items():
        assert len(spikes), f"{name} is silent"
        np.testing.assert_array_equal(other[name], spikes, err_msg=name)


def compare(network: Network, inputs: Sequence[BrainPort] = (), feed: Feed = nothing, **how: float) -> Spikes:
    """NEST and the native engine give the same spikes; these."""
    nest = run(NestBrain(), network, inputs, feed, **how)  # type: ignore[arg-type]
    same(nest, run(exact(), network, inputs, feed, **how))  # type: ignore[arg-type]
    return nest
