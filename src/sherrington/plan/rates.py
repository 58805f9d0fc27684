"""At which rate each population is expected to fire: seen before, published, worked out, or assumed; and which it
was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..brain.network import Network, Population
from ..resolved import Resolved
from .meanfield import self_consistent_hz

ASSUMED_HZ = 10.0
"""Ours: of neurons of which nothing is known."""
DRIVEN_HZ = 50.0
"""Ours: of relays that a port drives, such as afferents."""


@dataclass(frozen=True)
class Rates:
    """hz: by population. source: by population, ``seen``, ``published``, ``theory`` or ``assumed``."""

    hz: Mapping[str, float]
    source: Mapping[str, str]

    def described(self) -> str:
        """In words: how many populations have their rate from where."""
        words = {
            "seen": "seen in earlier runs",
            "published": "published for rest",
            "theory": "from mean-field theory",
            "assumed": "assumed",
        }
        counts = {kind: sum(s == kind for s in self.source.values()) for kind in words}
        parts = [f"{count} {words[kind]}" for kind, count in counts.items() if count]
        return f"rates of {len(self.source)} populations: {', '.join(parts)}"


def expected_rates(resolved: Resolved, seen: Mapping[str, float]) -> Rates:
    """seen: rates in Hz of earlier runs of the same network, by population."""
    network = resolved.network
    driven = {p.population for p in resolved.brain_ports(writes=True)}
    known = {p.name: _known(p, seen) for p in network.populations.values()}
    hz = {name: rate for name, (rate, _) in known.items() if rate is not None}
    source = {name: kind for name, (rate, kind) in known.items() if rate is not None}
    for name, rate in _relays(network, driven).items():
        if name not in hz:
            hz[name], source[name] = rate, "assumed"
    for name, rate in self_consistent_hz(network, hz).items():
        hz[name], source[name] = rate, "theory"
    for name in network.populations:
        if name not in hz:
            hz[name], source[name] = ASSUMED_HZ, "assumed"
    return Rates(hz, source)


def _known(population: Population, seen: Mapping[str, float]) -> tuple[float | None, str]:
    if population.name in seen:
        return seen[population.name], "seen"
    if population.rest_hz is not None:
        return sum(population.rest_hz) / 2, "published"
    return None, ""


def _relays(network: Network, driven: set[str]) -> dict[str, float]:
    """Of parrots: what their backgrounds send them, or what a port is assumed to."""
    found: dict[str, float] = {}
    for population in network.populations.values():
        if "parrot" not in population.model:
            continue
        name = population.name
        own_hz = sum(b.rate_hz for b in network.backgrounds if network.resolve(b.population)[0] is population)
        found[name] = own_hz + (DRIVEN_HZ if name in driven or not own_hz else 0.0)
    return found
