"""The cerebellar module alone at rest: rates as published, the search for ``STRENGTHS``, and rates at several scales.

    python benchmarks/mouse_cerebellum/calibrate.py [--scale S] [--turns N]     find the strengths
    python benchmarks/mouse_cerebellum/calibrate.py --table 0.01 0.02 0.05      rates with those in the package

Every free factor is moved by the rate that it acts on most: times (wanted / found)^gain, all at once, turn after turn.
One module is enough, since both are the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from time import perf_counter

from sherrington.analysis.statistics import Statistics, of_spikes
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.mouse.cerebellum import STRENGTHS, cerebellum
from sherrington.brain.models.mouse.cerebellum_facts import RATE_HZ, TARGET_HZ
from sherrington.brain.models.mouse.region import network
from sherrington.brain.nest import NestBrain
from sherrington.clock import ms_to_ns
from sherrington.ports import SpikeBatch

FREE = {
    "PONS->GR": ("GR", 0.15),
    "GR->GO": ("GO", 0.7),
    "GR->BS": ("BS", 0.7),
    "GR->PKJ": ("PKJ", 0.7),
    "noise->IO": ("IO", 0.25),
}
"""Factor to the population whose rate moves it, and the gain."""
FIXED = {"BS->PKJ": 0.25}
"""Chosen, not found: a Purkinje cell is then excited more than inhibited when the granule cells fire more."""
START_MS = 500.0
LOWEST_HZ = 0.02
"""A silent population counts as this, so that a ratio exists."""
LARGEST_STEP = 2.5


def measure(
    strengths: Mapping[str, float], scale: float, seconds: float, *, seed: int = 1, resolution_ms: float = 0.1
) -> dict[str, Statistics]:
    """Statistics of every kind of cell of one module alone, from 500 ms on."""
    name = "CB_M1"
    alone = network("cerebellum", [cerebellum(name, scale=scale, strengths=strengths)], scale=scale)
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in alone.populations.values()]
    brain = NestBrain()
    try:
        brain.prepare(alone, [], ports, seed, BrainOptions(resolution_ms=resolution_ms))
        end_ns = ms_to_ns(START_MS + 1000 * seconds)
        brain.advance(end_ns)
        found = {}
        for population in alone.populations.values():
            spikes = brain.read(f"{population.name}.spikes:neuron")
            assert isinstance(spikes, SpikeBatch)
            kind = population.name.removeprefix(f"{name}_")
            found[kind] = of_spikes(spikes, population.size, ms_to_ns(START_MS), end_ns)
    finally:
        brain.close()
    return found


def calibrate(scale: float, turns: int, seconds: float) -> dict[str, float]:
    """The factors after so many turns, from 1 on; each turn is printed. A search needs no fine resolution."""
    factors = {**dict.fromkeys(FREE, 1.0), **FIXED}
    for turn in range(turns):
        found = measure(factors, scale, seconds, seed=turn + 1, resolution_ms=0.5)
        report(f"turn {turn}", found)
        print("   ", json.dumps({name: round(factor, 4) for name, factor in factors.items()}), flush=True)
        for name, (kind, gain) in FREE.items():
            step = (TARGET_HZ[kind] / max(found[kind].rate_hz, LOWEST_HZ)) ** gain
            factors[name] *= min(max(step, 1 / LARGEST_STEP), LARGEST_STEP)
    return factors


def report(title: str, found: Mapping[str, Statistics]) -> None:
    """One line: mean rate, its spread over neurons, and the CV of intervals."""
    cells = [
        f"{kind} {s.rate_hz:.2f}±{s.rates_hz.std():.2f} (CV {s.interval_cv:.2f}, wanted {low:g}-{high:g})"
        for kind, s in found.items()
        for low, high in [RATE_HZ[kind]]
    ]
    print(f"{title}: " + "; ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.004)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--resolution", type=float, default=0.1, help="ms, of a table")
    parser.add_argument("--table", type=float, nargs="+", help="scales to measure at, instead of calibrating")
    options = parser.parse_args()
    if not options.table:
        print(json.dumps(calibrate(options.scale, options.turns, options.seconds)))
        return
    how = {"seconds": options.seconds, "resolution_ms": options.resolution}
    report("as published", measure({}, options.table[0], **how))
    for scale in options.table:
        started = perf_counter()
        report(f"scale {scale:g}", measure(STRENGTHS, scale, **how))
        print(f"    {perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
