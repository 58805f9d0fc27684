"""Maps of neurons whose places and rates are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sherrington.analysis.rate_map import of_rates, rate_map
from sherrington.errors import NeverError, PortError
from sherrington.ports import SpikeBatch
from sherrington.record.layout import Places
from sherrington.record.store import PopulationInfo, RunStore, open_run


def places(sheet_mm: tuple[float, float], *at: tuple[float, float]) -> Places:
    return Places(sheet_mm, np.array([(x, y, 0.1) for x, y in at], np.float32))


def test_each_bin_has_the_mean_of_its_neurons() -> None:
    found = of_rates(
        np.array([1.0, 3.0, 10.0, 7.0]),
        places((2.0, 1.0), (-0.9, -0.4), (-0.6, -0.1), (0.9, -0.2), (0.2, 0.5)),
        bin_mm=0.5,
    )
    assert found.x_mm.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0] and found.y_mm.tolist() == [-0.5, 0.0, 0.5]
    nothing = np.nan
    expected = [[2.0, nothing, nothing, 10.0], [nothing, nothing, 7.0, nothing]]
    np.testing.assert_array_equal(found.rates_hz, expected)
    assert found.neurons.tolist() == [[2, 0, 0, 1], [0, 0, 1, 0]]


def test_neurons_on_the_edges_are_inside() -> None:
    """0.6 in float32 is above 0.6."""
    found = of_rates(
        np.ones(4), places((1.2, 1.2), (-0.6, -0.6), (0.6, 0.6), (0.6, -0.6), (-0.6, 0.6)), bin_mm=0.4
    )
    assert found.neurons.tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(("bin_mm", "bins"), [(0.3, 3), (0.4, 2), (5.0, 1), (0.1, 10)])
def test_whole_bins_fill_the_sheet(bin_mm: float, bins: int) -> None:
    found = of_rates(np.ones(1), places((1.0, 1.0), (0.0, 0.0)), bin_mm=bin_mm)
    assert found.rates_hz.shape == (bins, bins) and found.x_mm[[0, -1]].tolist() == [-0.5, 0.5]


def test_of_a_recorded_run(tmp_path: Path) -> None:
    """The neuron on the right fires every 10 ms, the one on the left later only; ``nowhere`` has no sheet."""
    sizes = {"a": PopulationInfo(2, {"a": 2}, ""), "nowhere": PopulationInfo(1, {"nowhere": 1}, "")}
    lie = {"a": places((1.0, 1.0), (0.25, 0.0), (-0.25, 0.0))}
    store = RunStore(tmp_path, spikes=sizes, signals={}, places=lie)
    right, left = np.arange(10, 401, 10), np.arange(210, 401, 10)
    times, neurons = np.concatenate([right, left]), np.repeat([0, 1], [right.size, left.size])
    order = np.argsort(times, kind="stable")
    store.append_spikes("a", SpikeBatch(times[order] * 1_000_000, neurons[order]))
    store.close()
    run = open_run(tmp_path)
    assert run.placed == ("a",) and run.spike_count("a") == right.size + left.size
    assert run.places("a").sheet_mm == (1.0, 1.0)
    np.testing.assert_array_equal(run.places("a").positions_mm, lie["a"].positions_mm)
    assert rate_map(run, "a", bin_mm=0.5).rates_hz[1].tolist() == [50.0, 100.0]
    assert rate_map(run, "a", bin_mm=0.5, start_ms=200).rates_hz[1].tolist() == [100.0, 100.0]
    with pytest.raises(PortError, match="'nowhere' lies on no sheet; of those that do, there are: a"):
        rate_map(run, "nowhere")
    with pytest.raises(PortError, match="there are: a, nowhere"):
        rate_map(run, "b")
    with pytest.raises(NeverError, match=r"from 0\.5 to 0\.4 s"):
        rate_map(run, "a", start_ms=500)
    with pytest.raises(NeverError, match="wider than 0"):
        rate_map(run, "a", bin_mm=0.0)
