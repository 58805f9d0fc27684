"""One network in one engine, in a fresh process; prints one line of JSON.

``python measure.py ENGINE CASE NEURONS INDEGREE SCALE THREADS MS``
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from networks import network

from sherrington.brain.engine import BrainEngine, BrainOptions, total_count

MS = 1_000_000
SEED = 1
WARM_UP_MS = 100
INTERVAL_MS = 20


@dataclass(frozen=True)
class Measured:
    """build, run: on the clock, and cpu of all threads, seconds; run after the warm-up. bytes: of the whole process for
    each synapse, at most, less what it had before building. rates_hz: of each population. errors_hz: of these rates, by
    their spread over intervals of 20 ms."""

    engine: str
    case: str
    neurons: int
    synapses: int
    threads: int
    ms: int
    build_s: float
    build_cpu_s: float
    run_s: float
    run_cpu_s: float
    bytes: float
    rates_hz: dict[str, float]
    errors_hz: dict[str, float]


def measure(
    engine: str, case: str, neurons: int, indegree: int, scale: float, threads: int, ms: int
) -> Measured:
    described, brain = network(case, neurons, indegree, scale), _brain(engine)
    outputs = [total_count(p) for p in described.populations.values()]
    before = _peak_bytes()
    wall, cpu = time.perf_counter(), time.process_time()
    brain.prepare(described, [], outputs, SEED, BrainOptions(virtual_processes=threads))
    build_s, build_cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    brain.advance(WARM_UP_MS * MS)
    wall, cpu = time.perf_counter(), time.process_time()
    counts = []
    for _ in range(ms // INTERVAL_MS):
        brain.advance(brain.now_ns + INTERVAL_MS * MS)
        counts.append([float(np.asarray(brain.read(p.port.name)).sum()) for p in outputs])
    run_s, run_cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    synapses, peak = int(brain.statistics()["synapses"]), _peak_bytes()
    brain.close()
    sizes = np.array([p.size for p in described.populations.values()])
    rates = np.array(counts) / sizes / (INTERVAL_MS / 1000)
    errors = rates.std(axis=0, ddof=1) / np.sqrt(len(rates))
    return Measured(
        engine,
        case,
        described.n_neurons,
        synapses,
        threads,
        ms,
        build_s,
        build_cpu_s,
        run_s,
        run_cpu_s,
        (peak - before) / synapses,
        dict(zip(described.populations, rates.mean(axis=0).tolist(), strict=True)),
        dict(zip(described.populations, errors.tolist(), strict=True)),
    )


def _brain(engine: str) -> BrainEngine:
    if engine == "nest":
        from sherrington.brain.nest import NestBrain

        return NestBrain()
    from sherrington.brain.native.brain import NativeBrain

    return NativeBrain()


def _peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("/proc/self/status has no VmHWM")


if __name__ == "__main__":
    engine, case, neurons, indegree, scale, threads, ms = sys.argv[1:]
    found = measure(engine, case, int(neurons), int(indegree), float(scale), int(threads), int(ms))
    print(json.dumps(asdict(found)))
