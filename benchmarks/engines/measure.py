"""One network in one engine, in a fresh process; prints one line of JSON.

``python measure.py ENGINE NEURONS INDEGREE THREADS MS``
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from networks import balanced

from sherrington.brain.engine import BrainEngine, BrainOptions, brain_port

MS = 1_000_000
SEED = 1
WARM_UP_MS = 100
INTERVAL_MS = 20


@dataclass(frozen=True)
class Measured:
    """build_s, run_s: on the clock; rtf: seconds of wall time per second of model time, after the warm-up. bytes: of
    the whole process for each synapse, at most, less what it had before building. rates_hz: of each population;
    spread: of the rates over neurons, std / mean; fluctuation: variance / mean of the spikes of all neurons
    in intervals of 20 ms, 1 where they are independent."""

    engine: str
    neurons: int
    synapses: int
    threads: int
    build_s: float
    run_s: float
    rtf: float
    bytes: float
    rates_hz: dict[str, float]
    spread: float
    fluctuation: float


def measure(engine: str, neurons: int, indegree: int, threads: int, ms: int) -> Measured:
    network, brain = balanced(neurons, indegree), _brain(engine)
    outputs = [brain_port(p, "count", writes=False, per="neuron") for p in network.populations.values()]
    before = _peak_bytes()
    started = time.perf_counter()
    brain.prepare(network, [], outputs, SEED, BrainOptions(virtual_processes=threads))
    build_s = time.perf_counter() - started
    brain.advance(WARM_UP_MS * MS)
    counts = {p.population: np.zeros(p.port.size) for p in outputs}
    totals, kernel_s = [], brain.kernel_s
    for _ in range(ms // INTERVAL_MS):
        brain.advance(brain.now_ns + INTERVAL_MS * MS)
        now = {p.population: np.asarray(brain.read(p.port.name)) for p in outputs}
        for name, one in now.items():
            counts[name] += one
        totals.append(sum(one.sum() for one in now.values()))
    run_s = brain.kernel_s - kernel_s
    synapses = int(brain.statistics()["synapses"])
    peak = _peak_bytes()
    brain.close()
    e = counts["e"]
    return Measured(
        engine,
        neurons,
        synapses,
        threads,
        build_s,
        run_s,
        run_s / (ms / 1000),
        (peak - before) / synapses,
        {name: float(c.mean() / (ms / 1000)) for name, c in counts.items()},
        float(e.std() / e.mean()),
        float(np.var(totals) / np.mean(totals)),
    )


def _brain(engine: str) -> BrainEngine:
    if engine == "nest":
        from sherrington.brain.nest import NestBrain

        return NestBrain()
    from sherrington.brain.native import NativeBrain

    return NativeBrain()


def _peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("/proc/self/status has no VmHWM")


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1], *map(int, sys.argv[2:])))))
