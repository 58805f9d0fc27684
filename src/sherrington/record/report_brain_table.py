"""The populations in numbers: rate against its range at rest, irregularity, correlation, synchrony."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .report_brain_portrait import Portrait, Window
from .report_page import number
from .report_style import SERIES

OPEN_ROWS = 40
"""A longer table is folded; a click opens it."""
LEAST_HZ, MOST_HZ = 0.01, 1000.0


@dataclass(frozen=True)
class Gauge:
    """A rate on a logarithmic scale, in percent of its length: the rate, or None where it is 0, and its range."""

    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Row:
    """Texts of one population; ``inside`` is ``yes``, ``below`` or ``above``, or empty without a range."""

    name: str
    neurons: str
    spikes: str
    rate: str
    range: str
    inside: str
    gauge: Gauge
    cv: str
    correlation: str
    synchrony: str


@dataclass(frozen=True)
class Populations:
    """The table. regions: (name, CSS variable of its colour, rows). decades: (percent of the gauge, Hz)."""

    summary: str
    open: bool
    regions: tuple[tuple[str, str, tuple[Row, ...]], ...]
    decades: tuple[tuple[float, str], ...]
    caption: str


def table(portraits: Sequence[Portrait], window: Window, network: Mapping[str, Any]) -> Populations:
    """Every recorded population, by region."""
    scale = _Scale.of(portraits)
    groups = groupby(portraits, key=lambda portrait: portrait.region)
    regions = tuple(
        (region or "(no region)", f"--series-{i % len(SERIES)}", tuple(_row(p, scale) for p in members))
        for i, (region, members) in enumerate(groups)
    )
    return Populations(
        _summary(portraits),
        len(portraits) <= OPEN_ROWS,
        regions,
        scale.decades,
        _caption(portraits, window, network),
    )


@dataclass(frozen=True)
class _Scale:
    """Whole decades that hold all rates and ranges."""

    first: int
    last: int

    @staticmethod
    def of(portraits: Sequence[Portrait]) -> _Scale:
        values = [hz for p in portraits for hz in (p.measures.rate_hz, *(p.rest_hz or ())) if hz > 0]
        low, high = (
            min(max(hz, LEAST_HZ), MOST_HZ) for hz in (min(values, default=1), max(values, default=1))
        )
        first = math.floor(math.log10(low))
        return _Scale(first, max(first + 1, math.ceil(math.log10(high))))

    def percent(self, hz: float) -> float:
        place = (math.log10(hz) - self.first) / (self.last - self.first) if hz > 0 else 0.0
        return 100 * min(max(place, 0.0), 1.0)

    @property
    def decades(self) -> tuple[tuple[float, str], ...]:
        return tuple((self.percent(10.0**i), f"{10.0**i:g}") for i in range(self.first, self.last + 1))


def _row(portrait: Portrait, scale: _Scale) -> Row:
    measures, rest_hz = portrait.measures, portrait.rest_hz
    rate_hz = measures.rate_hz
    low, high = (scale.percent(hz) for hz in rest_hz) if rest_hz else (None, None)
    return Row(
        portrait.name,
        number(portrait.size),
        number(portrait.n_spikes),
        _hz(rate_hz),
        f"{_hz(rest_hz[0])} to {_hz(rest_hz[1])}" if rest_hz else "–",
        _inside(portrait),
        Gauge(scale.percent(rate_hz) if rate_hz else None, low, high),
        _decimals(measures.interval_cv, 2),
        _decimals(measures.correlation, 4),
        _decimals(measures.synchrony, 2),
    )


def _inside(portrait: Portrait) -> str:
    if portrait.rest_hz is None:
        return ""
    low, high = portrait.rest_hz
    return (
        "below" if portrait.measures.rate_hz < low else "above" if portrait.measures.rate_hz > high else "yes"
    )


def _hz(value: float) -> str:
    return f"{value:.3g}"


def _decimals(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def _summary(portraits: Sequence[Portrait]) -> str:
    ranged = [portrait for portrait in portraits if portrait.rest_hz]
    inside = sum(_inside(portrait) == "yes" for portrait in ranged)
    silent = sum(not portrait.n_spikes for portrait in portraits)
    said = [f"{len(portraits)} populations" if len(portraits) > 1 else "1 population"]
    if ranged:
        said.append(f"{inside} of {len(ranged)} with a range at rest are inside it")
    if silent:
        said.append(f"{silent} silent")
    return ", ".join(said)


def _caption(portraits: Sequence[Portrait], window: Window, network: Mapping[str, Any]) -> str:
    recorded = {portrait.name for portrait in portraits}
    missing = sum(p["name"] not in recorded for p in network.get("populations", ()))
    ranges = (
        " Ranges are of mean rates at rest, published or of validation (docs/science says which); "
        "a task may leave them."
    )
    return (
        f"Measured {window.words}; spikes are those of the whole run. CV: of the intervals of neurons with at least "
        "five spikes. Correlation: Pearson's, of counts in bins of 2 ms, mean over pairs of up to 200 neurons. "
        "Synchrony: variance over mean of the spikes of up to 1,000 neurons together in bins of 3 ms, 1 for "
        "independent Poisson processes."
        + (ranges if any(portrait.rest_hz for portrait in portraits) else "")
        + (f" {missing} more populations were not recorded." if missing else "")
    )
