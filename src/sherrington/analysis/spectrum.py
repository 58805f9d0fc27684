"""Power spectral density of the rate of a population: which rhythms it has, and how much of it is noise.

The rate of n neurons is their number of spikes in a bin, over n and the width of the bin. Its spectrum is estimated by
Welch's method (Welch 1967, IEEE Trans Audio Electroacoust 15:70-73, doi 10.1109/TAU.1967.1161901).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from ..clock import NS_PER_S, ms_to_ns, ns_to_s
from ..errors import NeverError
from ..ports import Signal, SpikeBatch
from ..record.read import Run


@dataclass(frozen=True)
class Spectrum:
    """Of the rate of ``n_neurons`` neurons together, which is ``rate_hz`` on average.

    frequencies_hz: shape (n,), from 0 to half the sampling rate. density_hz2_per_hz: (n,), two-sided: the variance of
    the rate is its integral over positive and negative frequencies, twice that over the positive ones given here.
    """

    frequencies_hz: Signal
    density_hz2_per_hz: Signal
    rate_hz: float
    n_neurons: int

    @property
    def poisson_hz2_per_hz(self) -> float:
        """The density of as many independent Poisson processes of this rate, the same at all frequencies: rate / n."""
        return self.rate_hz / self.n_neurons


def spectrum(
    run: Run,
    populations: str | Sequence[str],
    *,
    start_ms: float = 0.0,
    bin_ms: float = 1.0,
    segment_ms: float = 500.0,
) -> Spectrum:
    """Spectrum of all neurons of one recorded population, or of several together, from ``start_ms`` to the end.

    bin_ms: of the counts; they damp a frequency f by sinc(f bin)^2, 3 % at 100 Hz and 1 ms. segment_ms: length of the
    stretches that are averaged, 1 / resolution. Raises PortError for a population that was not recorded, NeverError
    where less than a segment is there.
    """
    names = (populations,) if isinstance(populations, str) else tuple(populations)
    start_ns = ms_to_ns(start_ms, "start_ms")
    counts = sum(bin_counts(run.spikes(name), start_ns, run.duration_ns, bin_ms=bin_ms) for name in names)
    n_neurons = sum(run.populations[name].size for name in names)
    if not names:
        raise NeverError("no spectrum of no population; name at least one")
    return of_counts(np.asarray(counts), n_neurons, bin_ms=bin_ms, segment_ms=segment_ms)


def bin_counts(spikes: SpikeBatch, start_ns: int, end_ns: int, *, bin_ms: float) -> NDArray[np.int64]:
    """Spikes in each whole bin of (start_ns, end_ns], shape (n_bins,). Raises NeverError for an empty window."""
    if not 0 <= start_ns < end_ns:
        raise NeverError(
            f"no bins from {ns_to_s(start_ns):g} to {ns_to_s(end_ns):g} s; "
            "the window must begin at 0 or later and end after that"
        )
    width_ns = ms_to_ns(bin_ms, "bin_ms")
    n_bins = (end_ns - start_ns) // width_ns
    # A spike is stamped with the end of the step it fell into, so bins are (start, end].
    bins = (spikes.times_ns - start_ns - 1) // width_ns
    return np.bincount(bins[(bins >= 0) & (bins < n_bins)], minlength=n_bins)


def of_counts(
    counts: NDArray[np.integer[Any]], n_neurons: int, *, bin_ms: float, segment_ms: float = 500.0
) -> Spectrum:
    """Spectrum of ``n_neurons`` neurons from their spikes together in each bin, shape (n_bins,).

    Segments overlap by half, lose their mean and are weighted by a Hann window. Raises NeverError for less than one.
    """
    bin_s = ms_to_ns(bin_ms, "bin_ms") / NS_PER_S
    n_segment = round(segment_ms / bin_ms)
    if not 2 <= n_segment <= counts.size:
        raise NeverError(
            f"no spectrum of {counts.size * bin_ms:g} ms in segments of {segment_ms:g} ms and bins of {bin_ms:g} ms; a "
            "segment must hold at least two bins and fit into the window: choose another segment_ms, or run longer"
        )
    rate_hz = counts / (n_neurons * bin_s)
    frequencies_hz, density = welch(rate_hz, fs=1 / bin_s, nperseg=n_segment, return_onesided=False)
    positive = n_segment // 2 + 1
    return Spectrum(np.abs(frequencies_hz[:positive]), density[:positive], float(rate_hz.mean()), n_neurons)
