"""Build one projection in a fresh process: ``python measure.py RULE THREADS CONNECTIONS``; prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sherrington.brain.distributions import DelayFromDistance, Lognormal
from sherrington.brain.kernels import Box, Disc, Exponential, Flat, Gaussian
from sherrington.brain.nest_build import Share, connect, create_population
from sherrington.brain.nest_kernel import nest
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import Bernoulli, DistanceBernoulli, DistanceIndegree, FixedIndegree, Rule
from sherrington.brain.sheet import Sheet

NEURONS = 20_000
SHEET = Sheet((1.0, 1.0))
CORTEX = Lognormal.of_log(-0.72, 1.0)
SEED = 1


@dataclass(frozen=True)
class Case:
    """rule: made from the number of connections for each neuron; the rest as in ``Projection``."""

    rule: Callable[[int], Rule]
    weight: Any = 0.3
    delay_ms: Any = 1.5


def _gaussian(sigma_mm: float) -> Callable[[int], Rule]:
    """A Gaussian whose probability at the centre gives that many connections, if it can."""
    net = Network("n", [Population("p", NEURONS, sheet=SHEET)])

    def rule(per_neuron: int) -> Rule:
        kernel = Gaussian(sigma_mm)
        full = Projection("p", "p", DistanceBernoulli(1.0, kernel), 1.0, 1.0)
        return DistanceBernoulli(min(1.0, per_neuron * NEURONS / net.expected_connections(full)), kernel)

    return rule


CASES = {
    "FixedIndegree": Case(FixedIndegree),
    "FixedIndegree, lognormal": Case(FixedIndegree, CORTEX),
    "Bernoulli": Case(lambda k: Bernoulli(k / NEURONS)),
    "Gaussian 0.47 mm": Case(_gaussian(0.47)),
    "Gaussian 0.47 mm, lognormal, delays from distance": Case(
        _gaussian(0.47), CORTEX, DelayFromDistance(0.5, 0.3, std_ms=0.1, low_ms=0.1)
    ),
    "Gaussian 0.1 mm": Case(_gaussian(0.1)),
    "Exponential 0.15 mm": Case(lambda k: DistanceBernoulli(min(1.0, k / 2300), Exponential(0.15))),
    "Box 0.5 x 0.1 mm": Case(lambda k: DistanceBernoulli(min(1.0, k / 3000), Flat(Box(0.5, 0.1)))),
    "in-degree, Disc 0.15 mm": Case(lambda k: DistanceIndegree(k, Flat(Disc(0.15)))),
    "in-degree, Gaussian 0.1 mm": Case(lambda k: DistanceIndegree(k, Gaussian(0.1))),
}


@dataclass(frozen=True)
class Measured:
    """Times in us, memory in bytes, all of them per connection; wall and cpu: drawing and connecting together; drawing:
    cpu time of drawing alone; prepare: NEST's own ``Prepare``, afterwards; peak: the most beyond what stays."""

    case: str
    threads: int
    connections: int
    wall: float
    cpu: float
    drawing: float
    prepare: float
    stays: float
    prepared: float
    peak: float


def measure(case: str, threads: int, connections: int) -> Measured:
    described = CASES[case]
    p = Projection("p", "p", described.rule(connections // NEURONS), described.weight, described.delay_ms)
    network = Network("n", [Population("p", NEURONS, "iaf_cond_alpha", sheet=SHEET)], [p])
    nest.set(resolution=0.1, local_num_threads=threads)
    nodes = {"p": create_population(network, network.population("p"), SEED)}
    drawing, drawn = _drawing(network, p)
    before, _ = _memory()
    wall, cpu = time.perf_counter(), time.process_time()
    connect(network, p, nodes, SEED, 100_000, Share(0, 1, nest.total_num_virtual_procs), lambda: None)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after, peak = _memory()
    prepare = time.perf_counter()
    nest.Prepare()
    prepare = time.perf_counter() - prepare
    n = int(nest.num_connections)
    if n != drawn:
        raise AssertionError(f"{drawn} connections were drawn and NEST has {n}")
    wall, cpu, drawing, prepare = (1e6 * seconds / n for seconds in (wall, cpu, drawing, prepare))
    stays, prepared, most = ((now - before) / n for now in (after, _memory()[0], peak))
    return Measured(case, threads, n, wall, cpu, drawing, prepare, stays, prepared, most - stays)


def _drawing(network: Network, p: Projection) -> tuple[float, int]:
    """CPU time of drawing all blocks, and how many connections they have."""
    started = time.process_time()
    drawn = sum(len(block) for block in network.blocks(p, SEED))
    return time.process_time() - started, drawn


def _memory() -> tuple[int, int]:
    """Resident now and at most, bytes; the peak of drawing alone lies below that of connecting."""
    fields = dict(_status())
    return 1024 * fields["VmRSS"], 1024 * fields["VmHWM"]


def _status() -> Iterator[tuple[str, int]]:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            yield name, int(rest.split()[0])


if __name__ == "__main__":
    found = asdict(measure(sys.argv[1], int(sys.argv[2]), int(float(sys.argv[3]))))
    print(json.dumps({k: float(np.round(v, 4)) if isinstance(v, float) else v for k, v in found.items()}))
