"""The basal ganglia alone: rates at rest as published and calibrated, the one free current, selection.

    python benchmarks/mouse_basal_ganglia/calibrate.py search [--seed N]      the constant current of GPi
    python benchmarks/mouse_basal_ganglia/calibrate.py rest 1 0.1 0.01        rates with what is in the package
    python benchmarks/mouse_basal_ganglia/calibrate.py select 1 0.01          a channel is driven: all channels

As published only GPi is at the edge of its range. Nothing inside the region listens to GPi, so its current moves no
other rate, and one run with a copy of GPi at each of several currents, all with the same wiring, is the whole search.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.mouse.basal_ganglia import mouse_basal_ganglia
from sherrington.brain.models.mouse.basal_ganglia_table import MOST_HZ, NUCLEI, REST_HZ
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network
from sherrington.ports import SpikeBatch

SETTLE_MS, MEASURE_MS = 500, 1000
DRIVEN = "c1"
CURRENTS_PA = (9.0, 9.5, 10.0, 10.5, 11.0)

Rates = dict[str, dict[str, float]]
"""Population to channel to Hz; ``all`` is the whole population."""


class Alone:
    """The network in NEST, with the spikes of every neuron read."""

    def __init__(self, network: Network, seed: int) -> None:
        self.network = network
        read = [p for p in network.populations.values() if p.model != "parrot_neuron"]
        self.outputs = [brain_port(p, "spikes", writes=False, per="neuron") for p in read]
        inputs = [
            brain_port(network.population(f"BG_{name}"), "rate", writes=True) for name in ("CSN", "PTN")
        ]
        self.brain = NestBrain()
        self.brain.prepare(network, inputs, self.outputs, seed, BrainOptions(virtual_processes=2))

    def drive(self, channel: str, share: float) -> None:
        """Cortical cells of one channel fire at this share of the way from rest to their most."""
        for name in ("CSN", "PTN"):
            population = self.network.population(f"BG_{name}")
            added_hz = share * (MOST_HZ[name] - REST_HZ[name])
            added = [added_hz * (c == channel) for c in population.channels]
            self.brain.write(f"BG_{name}.rate", np.array(added))

    def rates(self, settle_ms: int = SETTLE_MS) -> Rates:
        """Mean rates over one second after some time to settle."""
        self.brain.advance(self.brain.now_ns + settle_ms * 1_000_000)
        self.brain.advance(self.brain.now_ns + MEASURE_MS * 1_000_000)
        found: Rates = {}
        for port in self.outputs:
            population = self.network.population(port.population)
            spikes = self.brain.read(port.port.name)
            assert isinstance(spikes, SpikeBatch)
            each = np.bincount(spikes.channels, minlength=population.size) * 1000 / MEASURE_MS
            parts = {c: float(each[list(population.neurons(c))].mean()) for c in population.channels}
            found[population.name] = {**parts, "all": float(each.mean())}
        return found


def at_rest(scale: float, currents_pA: Mapping[str, float] | None, seed: int) -> dict[str, float]:
    """Mean rate of every nucleus, Hz."""
    alone = Alone(mouse_basal_ganglia(scale=scale, currents_pA=currents_pA), seed)
    rates = {name.removeprefix("BG_"): parts["all"] for name, parts in alone.rates().items()}
    alone.brain.close()
    return rates


def search(seed: int) -> None:
    """Rates as published and those of the copies, and the current at which GPi is in the middle of its range."""
    published = mouse_basal_ganglia(currents_pA={})
    copies = {current: f"BG_GPi at {current:g} pA".replace(".", "_") for current in CURRENTS_PA}
    alone = Alone(_with_copies(published, copies), seed)
    rates = {name: parts["all"] for name, parts in alone.rates().items()}
    alone.brain.close()
    print("as published: " + row({name: rates[f"BG_{name}"] for name in NUCLEI}))
    curve = np.array([rates[name] for name in copies.values()])
    print("GPi: " + "  ".join(f"{pA:g} pA {hz:.2f}" for pA, hz in zip(CURRENTS_PA, curve, strict=True)))
    wanted = sum(NUCLEI["GPi"].rest_hz) / 2
    print(f"{wanted:.1f} Hz at {np.interp(wanted, curve, CURRENTS_PA):.2f} pA", flush=True)


def _with_copies(network: Network, copies: Mapping[float, str]) -> Network:
    original = network.population("BG_GPi")
    populations = [
        replace(original, name=name, params={**original.params, "I_e": current})
        for current, name in copies.items()
    ]
    projections = [
        replace(p, target=name, name=f"{p.name} of {name}")
        for p in network.projections
        if p.target == "BG_GPi"
        for name in copies.values()
    ]
    return Network(
        network.name,
        [*network.populations.values(), *populations],
        [*network.projections, *projections],
        backgrounds=network.backgrounds,
    )


def row(found: Mapping[str, float]) -> str:
    marks = {
        n: "" if NUCLEI[n].rest_hz[0] <= r <= NUCLEI[n].rest_hz[1] else " (outside)" for n, r in found.items()
    }
    return "  ".join(f"{name} {rate:.2f}{marks[name]}" for name, rate in found.items())


def select(scale: float, seed: int, share: float) -> None:
    alone = Alone(mouse_basal_ganglia(scale=scale, with_thalamus=True), seed)
    rest = alone.rates()
    alone.drive(DRIVEN, share)
    driven = alone.rates(200)
    alone.brain.close()
    print(f"scale {scale}, {DRIVEN} driven at {share}: Hz at rest > driven")
    for name, parts in rest.items():
        print(
            f"  {name:12s} " + "  ".join(f"{c} {hz:.1f} > {driven[name][c]:.1f}" for c, hz in parts.items())
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("search", "rest", "select"))
    parser.add_argument("scales", nargs="*", type=float, default=[1.0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drive", type=float, default=1.0, help="from 0, at rest, to 1, at most")
    chosen = parser.parse_args()
    if chosen.what == "search":
        search(chosen.seed)
    for scale in chosen.scales if chosen.what != "search" else ():
        if chosen.what == "select":
            select(scale, chosen.seed, chosen.drive)
        else:
            print(f"scale {scale}, seed {chosen.seed}: " + row(at_rest(scale, None, chosen.seed)), flush=True)


if __name__ == "__main__":
    main()
