"""Spectra of processes whose spectrum is known: Poisson, one with a modulated rate, a clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from sherrington.analysis.spectrum import bin_counts, of_counts, spectrum
from sherrington.errors import NeverError, PortError
from sherrington.ports import SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore, open_run

SECONDS = 60
N, RATE_HZ = 50, 8.0


def counts(rate_hz: np.ndarray, seed: int = 1) -> np.ndarray:
    """Spikes of N independent Poisson neurons together, in bins of 1 ms."""
    return np.random.default_rng(seed).poisson(N * rate_hz * 1e-3)


def test_of_a_poisson_process_it_is_flat_at_rate_over_n() -> None:
    found = of_counts(counts(np.full(SECONDS * 1000, RATE_HZ)), N, bin_ms=1.0)
    assert found.frequencies_hz.tolist() == pytest.approx(np.arange(0, 501, 2.0))
    assert found.rate_hz == pytest.approx(RATE_HZ, rel=0.03)
    assert found.poisson_hz2_per_hz == pytest.approx(RATE_HZ / N, rel=0.03)
    for low, high in ((4, 50), (50, 200), (200, 496)):
        inside = (found.frequencies_hz >= low) & (found.frequencies_hz <= high)
        # About 240 half-overlapping segments; each frequency scatters by 1 / sqrt(126), neighbours are correlated.
        error = 4 / np.sqrt(0.53 * 240 * inside.sum() / 2)
        assert found.density_hz2_per_hz[inside].mean() == pytest.approx(RATE_HZ / N, rel=error)


def test_a_modulated_rate_has_a_line_of_its_power() -> None:
    """r (1 + m sin) has the variance (r m)^2 / 2: half of it at the frequency, half at minus that."""
    time_s, depth = np.arange(SECONDS * 1000) * 1e-3, 0.5
    rate_hz = RATE_HZ * (1 + depth * np.sin(2 * np.pi * 40 * time_s))
    found = of_counts(counts(rate_hz), N, bin_ms=1.0)
    assert found.frequencies_hz[1:][found.density_hz2_per_hz[1:].argmax()] == pytest.approx(40)
    line = np.abs(found.frequencies_hz - 40) <= 4
    power = (found.density_hz2_per_hz[line] - RATE_HZ / N).sum() * 2.0
    assert power == pytest.approx((RATE_HZ * depth) ** 2 / 4, rel=0.08)
    elsewhere = np.abs(found.frequencies_hz - 40) > 8
    assert found.density_hz2_per_hz[elsewhere][1:].mean() == pytest.approx(RATE_HZ / N, rel=0.05)


@pytest.mark.parametrize("segment_ms", [500.0, 333.0])
def test_it_is_half_of_the_one_sided_density_and_integrates_to_the_variance(segment_ms: float) -> None:
    """SciPy's default, and with it elephant's ``welch_psd``, counts the negative frequencies into the positive ones."""
    spikes = counts(np.full(SECONDS * 1000, RATE_HZ))
    found = of_counts(spikes, N, bin_ms=1.0, segment_ms=segment_ms)
    rate_hz = spikes * 1000 / N
    frequency, one_sided = signal.welch(rate_hz, fs=1000.0, nperseg=int(segment_ms))
    assert found.frequencies_hz[: frequency.size] == pytest.approx(frequency)
    inner = slice(1, -1)
    assert found.density_hz2_per_hz[inner] == pytest.approx(one_sided[inner] / 2)
    integral = 2 * found.density_hz2_per_hz.sum() * found.frequencies_hz[1]
    assert integral == pytest.approx(rate_hz.var(), rel=0.03)


def test_of_a_recorded_run(tmp_path: Path) -> None:
    """``a`` fires together every 20 ms, ``b`` not at all."""
    sizes = {"a": PopulationInfo(4, {"a": 4}, ""), "b": PopulationInfo(4, {"b": 4}, "")}
    times = np.repeat(np.arange(20, 2001, 20, dtype=np.int64) * 1_000_000, 4)
    store = RunStore(tmp_path, spikes=sizes, signals={})
    store.append_spikes("a", SpikeBatch(times, np.tile(np.arange(4), len(times) // 4)))
    store.close()
    run = open_run(tmp_path)
    found = spectrum(run, "a", start_ms=200)
    assert found.rate_hz == pytest.approx(50) and found.n_neurons == 4
    peaks = signal.find_peaks(found.density_hz2_per_hz, height=1.0)[0]
    assert found.frequencies_hz[peaks][:3].tolist() == pytest.approx([50, 100, 150])
    both = spectrum(run, ["a", "b"], start_ms=200)
    assert both.rate_hz == pytest.approx(25) and both.n_neurons == 8
    assert both.density_hz2_per_hz == pytest.approx(found.density_hz2_per_hz / 4)
    assert not spectrum(run, "b").density_hz2_per_hz.any()
    with pytest.raises(PortError, match="there are: a, b"):
        spectrum(run, "c")
    with pytest.raises(NeverError, match="at least one"):
        spectrum(run, [])
    with pytest.raises(NeverError, match="1800 ms in segments of 1900 ms"):
        spectrum(run, "a", start_ms=200, segment_ms=1900)
    with pytest.raises(NeverError, match=r"from 3 to 2 s"):
        spectrum(run, "a", start_ms=3000)


def test_bins_are_open_at_the_start_and_closed_at_the_end() -> None:
    times = np.array([100, 101, 110, 111, 120, 125]) * 1_000_000
    spikes = SpikeBatch(times, np.zeros(6, np.int64))
    assert bin_counts(spikes, 100_000_000, 125_000_000, bin_ms=10.0).tolist() == [2, 2]
