"""Where on its sheet a population fires: mean rates of the neurons in square bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S, ms_to_ns, ns_to_s
from ..errors import NeverError
from ..ports import Signal
from ..record.layout import Places
from ..record.read import Run


@dataclass(frozen=True)
class RateMap:
    """Mean rates on a sheet.

    rates_hz: shape (n_y, n_x), the mean over the neurons in each bin, NaN where there is none; the first row is that
    of the smallest y. neurons: same shape, how many there are. x_mm, y_mm: edges of the bins from the centre of the
    sheet, shapes (n_x + 1,) and (n_y + 1,).
    """

    rates_hz: Signal
    neurons: NDArray[np.int64]
    x_mm: Signal
    y_mm: Signal


def rate_map(run: Run, population: str, *, bin_mm: float = 0.1, start_ms: float = 0.0) -> RateMap:
    """Map of a recorded population that lies on a sheet, from ``start_ms`` to the end of the run.

    bin_mm: side of a bin; as many whole bins as come nearest to it fill each side of the sheet. Raises PortError for a
    population that was not recorded or lies nowhere, NeverError for an empty window.
    """
    start_ns, end_ns = ms_to_ns(start_ms, "start_ms"), run.duration_ns
    places, spikes = run.places(population), run.spikes(population)
    if not 0 <= start_ns < end_ns:
        raise NeverError(
            f"no map from {ns_to_s(start_ns):g} to {ns_to_s(end_ns):g} s; the window must begin at 0 or later and end "
            "after that"
        )
    inside = (spikes.times_ns > start_ns) & (spikes.times_ns <= end_ns)
    counts = np.bincount(spikes.channels[inside], minlength=run.populations[population].size)
    return of_rates(counts * NS_PER_S / (end_ns - start_ns), places, bin_mm=bin_mm)


def of_rates(rates_hz: Signal, places: Places, *, bin_mm: float) -> RateMap:
    """Map of neurons with these rates, shape (n_neurons,), at these places. Raises NeverError."""
    if not bin_mm > 0:
        raise NeverError(f"no map with bins of {bin_mm} mm; a bin must be wider than 0")
    edges = [np.linspace(-s / 2, s / 2, max(1, round(s / bin_mm)) + 1) for s in places.sheet_mm]
    across, along = (edge.size - 1 for edge in edges)
    # float32 may put the outermost neurons just outside; clipped, each is in a bin.
    x, y = (
        np.clip(np.searchsorted(edge, places.positions_mm[:, axis], "right") - 1, 0, edge.size - 2)
        for axis, edge in enumerate(edges)
    )
    where = y * across + x
    neurons = np.bincount(where, minlength=along * across)
    sums = np.bincount(where, rates_hz, minlength=along * across)
    means = np.divide(sums, neurons, out=np.full(sums.shape, np.nan), where=neurons > 0)
    shape = (along, across)
    return RateMap(means.reshape(shape), neurons.reshape(shape), edges[0], edges[1])
