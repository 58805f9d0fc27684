"""The shortest delay of a network, which is how often NEST's threads and ranks talk, and the longest one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from ..brain.distributions import DelayFromDistance, Lognormal, Normal, Quantity, Uniform, Values
from ..brain.network import Network

LONGEST_DEVICE_MS = 1.0
"""Of the connections of ports, as the engine makes them."""


def extremes_ms(
    network: Network, counts: Sequence[float], resolution_ms: float, has_ports: bool
) -> tuple[float, float]:
    """Shortest and longest delay in ms, rounded to the resolution and never below it: those of the expected extremes
    of so many draws. counts: connections of each projection. has_ports: anything is written to the network, whose
    connections take at most 1 ms."""
    found = [
        _extremes(projection.delay_ms, count)
        for projection, count in zip(network.projections, counts, strict=True)
        if count >= 0.5
    ]
    found += [(b.delay_ms, b.delay_ms) for b in network.backgrounds]
    if not found:
        found = [(LONGEST_DEVICE_MS, LONGEST_DEVICE_MS)]
    shortest = min(low for low, _ in found)
    longest = max(high for _, high in found)
    if has_ports:
        shortest = min(shortest, LONGEST_DEVICE_MS)
    steps = [max(1, round(value / resolution_ms)) for value in (shortest, longest)]
    return steps[0] * resolution_ms, steps[1] * resolution_ms


def _extremes(delay: Quantity | DelayFromDistance, count: float) -> tuple[float, float]:
    """Expected least and largest of ``count`` draws: the quantiles 1 / count and 1 - 1 / count."""
    tail = min(0.5, 1.0 / max(count, 2.0))
    z = NormalDist().inv_cdf(1.0 - tail)
    match delay:
        case Normal(mean, std, low, high):
            return max(low, mean - z * std), min(high, mean + z * std)
        case Lognormal(mean, std):
            variance = math.log1p((std / mean) ** 2)
            middle, spread = math.log(mean) - variance / 2, math.sqrt(variance)
            return math.exp(middle - z * spread), math.exp(middle + z * spread)
        case Uniform(low, high):
            return low, high
        case Values(values):
            return min(values), max(values)
        case DelayFromDistance():
            farthest_ms = 1.0 / delay.velocity_m_per_s  # of a sheet of about 1 mm
            noise = z * delay.std_ms
            return (
                max(delay.low_ms, delay.base_ms - noise),
                min(delay.high_ms, delay.base_ms + farthest_ms + noise),
            )
        case _:
            return float(delay), float(delay)
