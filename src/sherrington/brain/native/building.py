"""From a described network to the core."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...clock import ns_to_ms, ns_to_s
from ...errors import PortError, known
from ..distributions import Lognormal, Normal, Uniform
from ..engine import OUTPUTS, BrainPort
from ..network import Background, Network, Population, Projection
from .connecting import Connector, key
from .core import core
from .inputs import port_delay_ns
from .model import Model, Parameters
from .support import model_of, parameters

CACHE_BYTES = 512 * 1024
"""What the accumulators that are written at one time may take: half of a core's second cache on present machines."""

LARGEST_BLOCK, SMALLEST_BLOCK = 65_536, 1024


@dataclass(frozen=True)
class Built:
    """A population in the core. constants: of one step, in the order of the core."""

    number: int
    model: Model
    parameters: Parameters
    constants: dict[str, np.ndarray]
    states: tuple[str, ...]

    def constant(self, name: str) -> int:
        return list(self.constants).index(name)


def build(
    engine: core.Engine, network: Network, seed: int, resolution_ns: int, read: set[str], threads: int
) -> dict[str, Built]:
    """All populations. read: those whose spikes someone reads."""
    return {
        name: _population(engine, network, population, seed, resolution_ns, name in read, threads)
        for name, population in network.populations.items()
    }


def _population(
    engine: core.Engine,
    network: Network,
    population: Population,
    seed: int,
    resolution_ns: int,
    is_read: bool,
    threads: int,
) -> Built:
    model, p = model_of(population), parameters(network, population, seed)
    constants, states = model.constants(p, ns_to_ms(resolution_ns)), model.states(p)
    number = engine.add_population(
        model.kind,
        population.size,
        block_size(network, population, resolution_ns, threads),
        model.channels,
        [np.ascontiguousarray(values, np.float64) for values in constants.values()],
        [np.ascontiguousarray(values, np.float64) for values in states.values()],
        is_read,
    )
    return Built(number, model, p, constants, tuple(states))


def block_size(network: Network, population: Population, resolution_ns: int, threads: int) -> int:
    """Neurons of a block: so many that the slots that spikes of one step reach stay in the cache, and that each thread
    has work. No result depends on it."""
    delays = [p for p in network.projections if network.resolve(p.target)[0] is population]
    spread = max((_spread(p, resolution_ns) for p in delays), default=1)
    fits = CACHE_BYTES // (4 * spread)
    shared = math.ceil(population.size / (2 * threads)) if threads > 1 else population.size
    return max(SMALLEST_BLOCK, min(fits, shared, LARGEST_BLOCK)) // 64 * 64


def _spread(projection: Projection, resolution_ns: int) -> int:
    """About how many different delays there are, in steps."""
    step_ms = ns_to_ms(resolution_ns)
    match projection.delay_ms:
        case Uniform(low, high):
            return round((high - low) / step_ms) + 1
        case Normal(_, std) | Lognormal(_, std):
            return round(4 * std / step_ms) + 1
        case float() | int():
            return 1
    return 16


def connect(
    engine: core.Engine, network: Network, built: dict[str, Built], seed: int, resolution_ns: int, exact: bool
) -> int:
    """All projections, then backgrounds. Returns the delay of ports in ns."""
    numbers = {name: one.number for name, one in built.items()}
    connector = Connector(engine, network, numbers, seed, resolution_ns)
    for projection in network.projections:
        connector.connect(projection, exact=exact)
    delays = [
        _background(engine, network, b, i, built, seed, resolution_ns)
        for i, b in enumerate(network.backgrounds)
    ]
    engine.finish()
    if engine.shortest_delay:
        delays.append(engine.shortest_delay * resolution_ns)
    return port_delay_ns(min(delays, default=0), resolution_ns)


def _background(
    engine: core.Engine,
    network: Network,
    background: Background,
    index: int,
    built: dict[str, Built],
    seed: int,
    resolution_ns: int,
) -> int:
    """Returns its delay in ns. As in NEST, the first spikes arrive after the delay."""
    population, chosen = network.resolve(background.population)
    model = model_of(population)
    of_neuron = np.full(population.size, -1, np.int32)
    of_neuron[chosen.start : chosen.stop] = 0
    steps = max(1, round(background.delay_ms / ns_to_ms(resolution_ns)))
    number = engine.add_poisson(
        built[population.name].number,
        key(seed, f"background/{index}/{background.population}"),
        model.channel(background.weight, background.receptor),
        1.0 if model.is_relay else background.weight,
        of_neuron,
        1,
    )
    engine.set_poisson(number, steps, np.array([background.rate_hz * ns_to_s(resolution_ns)]))
    return steps * resolution_ns


def check_recordables(network: Network, outputs: list[BrainPort]) -> None:
    """Raises PortError for a quantity that the model does not have."""
    for p in outputs:
        population = network.population(p.population)
        model, names = population.model, tuple(model_of(population).recordables)
        if p.quantity not in (*OUTPUTS, *names):
            raise PortError(
                f"port '{p.port.name}': {model} has no recordable '{p.quantity}'; {known(names)}; "
                f"of every population one can read spikes, count, rate"
            )
