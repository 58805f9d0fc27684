"""What the report measures in each recorded population, before anything is drawn.

The spikes of a population are read once, measured and let go, so that memory goes with the largest population and not
with the run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis import rate_map, spectrum, statistics
from ..clock import NS_PER_MS, NS_PER_S, ns_to_ms, ns_to_s
from ..ports import SpikeBatch
from .read import Run

LEFT_OUT_MS, LEFT_OUT_SHARE = 500.0, 0.2
"""What is measured begins after this, or after this share of a shorter run: a network settles first."""
COUNTED_S = 100
"""Spectra are those of the end of the window, at most so long."""
BIN_MS = 1.0
FEWEST_SEGMENT_MS, LONGEST_SEGMENT_MS, SEGMENTS = 100.0, 1000.0, 4
NEURONS_IN_BIN, MOST_BINS = 4, 24
"""Bins of a map hold about so many neurons on average, and no more than so many lie along its longer side."""
MAX_SPIKES = 20_000
"""A raster with more is thinned, and says so."""
FEWEST_ROWS = 10
"""Neurons of a population that a raster keeps; after that it is thinned by spikes."""


@dataclass(frozen=True)
class Window:
    """What is measured: (start_ns, end_ns]. segment_ms: of spectra; 0 where the window is too short for one."""

    start_ns: int
    end_ns: int
    segment_ms: float

    @property
    def counted_ns(self) -> int:
        """Start of what spectra are measured in."""
        return max(self.start_ns, self.end_ns - COUNTED_S * NS_PER_S)

    @property
    def words(self) -> str:
        return f"from {ns_to_s(self.start_ns):.4g} to {ns_to_s(self.end_ns):.4g} s"


@dataclass(frozen=True)
class Portrait:
    """What there is to say of one population.

    excitatory: by its connections; None where none are known. n_spikes: in the whole run. drawn: those that the raster
    shows. counts: spikes in each ms from ``Window.counted_ns`` on. map: None without a sheet.
    """

    name: str
    region: str
    size: int
    n_spikes: int
    rest_hz: tuple[float, float] | None
    excitatory: bool | None
    measures: statistics.Statistics
    drawn: SpikeBatch
    counts: NDArray[np.int32]
    map: rate_map.RateMap | None

    @property
    def label(self) -> str:
        """The name without that of the region, which stands beside it in pictures."""
        return self.name.removeprefix(f"{self.region}_")


def window_of(end_ns: int) -> Window:
    """What is measured of a run of this length."""
    start_ns = min(round(LEFT_OUT_MS * NS_PER_MS), round(LEFT_OUT_SHARE * end_ns))
    segment_ms = min(LONGEST_SEGMENT_MS, float(math.floor(ns_to_ms(end_ns - start_ns) / SEGMENTS)))
    return Window(start_ns, end_ns, segment_ms if segment_ms >= FEWEST_SEGMENT_MS else 0.0)


def by_region(run: Run) -> list[str]:
    """Recorded populations, those of one region together, regions in the order of their first one."""
    regions = list(dict.fromkeys(info.region for info in run.populations.values()))
    return sorted(run.populations, key=lambda name: regions.index(run.populations[name].region))


def portraits(run: Run, window: Window) -> Iterator[Portrait]:
    """Of every recorded population, in the order of ``by_region``."""
    names = by_region(run)
    room = budgets({name: run.spike_count(name) for name in names})
    facts = {population["name"]: population for population in run.network.get("populations", ())}
    signs = excitatory(run.network)
    for name in names:
        rest_hz = facts.get(name, {}).get("rest_hz")
        yield _portrait(run, name, window, room[name], tuple(rest_hz) if rest_hz else None, signs.get(name))


def _portrait(
    run: Run,
    name: str,
    window: Window,
    room: int,
    rest_hz: tuple[float, float] | None,
    excites: bool | None,
) -> Portrait:
    info, spikes = run.populations[name], run.spikes(name)
    measures = statistics.of_spikes(spikes, info.size, window.start_ns, window.end_ns)
    counts = spectrum.bin_counts(spikes, window.counted_ns, window.end_ns, bin_ms=BIN_MS)
    return Portrait(
        name,
        info.region,
        info.size,
        len(spikes),
        rest_hz,
        excites,
        measures,
        thinned(spikes, info.size, room),
        counts.astype(np.int32),
        _map(run, name, measures),
    )


def _map(run: Run, name: str, measures: statistics.Statistics) -> rate_map.RateMap | None:
    if name not in run.placed:
        return None
    places = run.places(name)
    longer, shorter = max(places.sheet_mm), min(places.sheet_mm)
    x, y = places.positions_mm[:, 0], places.positions_mm[:, 1]
    # No more bins than sites: of a grid that stacks its neurons most would be empty.
    bins = min(x.size / NEURONS_IN_BIN, np.unique(x + 1j * y).size)
    side_mm = math.sqrt(longer * shorter / bins)
    return rate_map.of_rates(measures.rates_hz, places, bin_mm=min(shorter, max(side_mm, longer / MOST_BINS)))


def excitatory(network: Mapping[str, Any]) -> dict[str, bool]:
    """By population of ``network.json``: whether its connections excite more than they inhibit, by in-degree."""
    balance: dict[str, float] = {}
    for connection in network.get("connections", ()):
        sign = 1 if connection["excitatory"] else -1
        source = connection["source"]
        balance[source] = balance.get(source, 0.0) + sign * connection["indegree"]
    return {name: value >= 0 for name, value in balance.items()}


def budgets(counts: Mapping[str, int], most: int = MAX_SPIKES) -> dict[str, int]:
    """How many spikes of each population a raster of ``most`` has room for: those with few are drawn whole, the others
    share what is left evenly."""
    left, room = most, {}
    for i, name in enumerate(sorted(counts, key=counts.__getitem__)):
        room[name] = min(counts[name], left // (len(counts) - i))
        left -= room[name]
    return room


def thinned(spikes: SpikeBatch, size: int, room: int) -> SpikeBatch:
    """About ``room`` spikes: all those of fewer neurons, spread evenly, and if ten have too many, some of theirs."""
    if len(spikes) <= room:
        return spikes
    kept = min(size, max(FEWEST_ROWS, size * room // len(spikes)))
    row = np.zeros(size, bool)
    row[np.linspace(0, size - 1, kept).astype(np.int64)] = True
    shown = np.flatnonzero(row[spikes.channels])
    if shown.size > 1.5 * room:
        shown = np.sort(np.random.default_rng(0).choice(shown, room, replace=False))
    return SpikeBatch(spikes.times_ns[shown], spikes.channels[shown])
