"""The brain in the report: numbers that are right, pictures that say what they leave out, and odd networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.ports import SpikeBatch
from sherrington.record.layout import Places
from sherrington.record.report import write_report
from sherrington.record.report_brain import brain_content
from sherrington.record.report_brain_portrait import MAX_SPIKES, budgets, portraits, thinned, window_of
from sherrington.record.report_brain_table import Row
from sherrington.record.report_style import TimeAxis
from sherrington.record.store import PopulationInfo, Run, RunStore, open_run, write_json

SECOND_NS = 1_000_000_000


def poisson(size: int, rate_hz: float, seconds: float, seed: int = 0) -> SpikeBatch:
    random = np.random.default_rng(seed)
    n_spikes = random.poisson(size * rate_hz * seconds)
    times = np.sort(random.integers(1, round(seconds * SECOND_NS), n_spikes))
    return SpikeBatch(times, random.integers(0, size, n_spikes))


def grid(size: int) -> Places:
    x = np.linspace(-0.5, 0.5, size)
    return Places((1.0, 1.0), np.stack([x, np.sin(40 * x) / 2, 0 * x], axis=1).astype(np.float32))


def written(
    folder: Path,
    rates_hz: Mapping[str, tuple[str, int, float]],
    *,
    seconds: float = 2.0,
    sheets: bool = False,
    network: Mapping[str, Any] | None = None,
) -> Run:
    """rates_hz: population to (region, neurons, rate)."""
    sizes = {name: PopulationInfo(size, {name: size}, region) for name, (region, size, _) in rates_hz.items()}
    places = {name: grid(info.size) for name, info in sizes.items()} if sheets else {}
    store = RunStore(folder, spikes=sizes, signals={}, places=places)
    for seed, (name, (_, size, rate_hz)) in enumerate(rates_hz.items()):
        store.append_spikes(name, poisson(size, rate_hz, seconds, seed))
    store.close()
    if network is not None:
        write_json(folder / "network.json", network)
    write_json(folder / "summary.json", {"completed": True, "biological_s": seconds})
    return open_run(folder)


def described(
    rates_hz: Mapping[str, tuple[str, int, float]], rest_hz: Mapping[str, tuple[float, float]], *joined: Any
) -> dict[str, Any]:
    """``network.json``. joined: (source, target, excitatory, in-degree)."""
    keys = ("source", "target", "excitatory", "indegree")
    populations = [
        {"name": name, "size": size, "region": region, "rest_hz": rest_hz.get(name)}
        for name, (region, size, _) in rates_hz.items()
    ]
    return {"populations": populations, "connections": [dict(zip(keys, one, strict=True)) for one in joined]}


def page(run: Run) -> str:
    write_report(run, run.folder / "report.html")
    return (run.folder / "report.html").read_text(encoding="utf-8")


def titles(text: str) -> list[str]:
    return re.findall(r"<h3>([^<]*)</h3>", text)


TWO = {"A_E": ("A", 400, 5.0), "A_I": ("A", 100, 20.0), "B_E": ("B", 64, 1.0)}


def test_everything_of_a_network_on_sheets(tmp_path: Path) -> None:
    facts = described(
        TWO, {"A_E": (4, 6), "A_I": (1, 3)},
        ("A_E", "A_I", True, 40.0), ("A_I", "A_E", False, 120.0), ("A_I", "A_I", True, 1.0), ("A_I", "A_I", False, 2.0),
    )  # fmt: skip
    run = written(tmp_path, TWO, sheets=True, network=facts)
    text = page(run)
    wanted = [
        "Populations",
        "Spikes",
        "Population rates",
        "Spectra of the rates",
        "Rates on the sheet",
        "Connections",
    ]
    assert titles(text) == wanted
    assert "3 populations, 1 of 2 with a range at rest are inside it" in text
    assert "Two triangles: both." in text and "0.4 to 2 s" in text
    found = brain_content(run, TimeAxis(run.duration_ns))
    assert found is not None
    rows: dict[str, Row] = {row.name: row for _, _, rows in found.populations.regions for row in rows}
    assert [region for region, _, _ in found.populations.regions] == ["A", "B"]
    assert (rows["A_E"].inside, rows["A_I"].inside, rows["B_E"].inside) == ("yes", "above", "")
    assert float(rows["A_I"].rate) == pytest.approx(20, rel=0.1) and rows["A_I"].range == "1 to 3"
    assert float(rows["A_E"].cv) == pytest.approx(1, abs=0.2)
    assert float(rows["A_E"].synchrony) == pytest.approx(1, abs=0.25)


def test_without_sheets_facts_and_time_it_is_shorter(tmp_path: Path) -> None:
    assert titles(page(written(tmp_path / "a", TWO))) == [
        "Populations", "Spikes", "Population rates", "Spectra of the rates"
    ]  # fmt: skip
    assert titles(page(written(tmp_path / "b", TWO, seconds=0.2))) == [
        "Populations",
        "Spikes",
        "Population rates",
    ]


def test_a_silent_network(tmp_path: Path) -> None:
    silent = {name: (region, size, 0.0) for name, (region, size, _) in TWO.items()}
    text = page(written(tmp_path, silent, sheets=True, network=described(silent, {"A_E": (4, 6)})))
    assert "0 of 1 with a range at rest are inside it, 3 silent" in text
    assert titles(text) == ["Populations", "Spikes", "Population rates", "Rates on the sheet"]
    assert "All 0 spikes" in text and text.count("silent</text>") == 3


def test_single_neurons_in_no_region_and_many_populations(tmp_path: Path) -> None:
    many = {f"p{i}": ("", 1, 10.0) for i in range(130)}
    joined = [(f"p{i}", f"p{(i + 1) % 130}", i % 2 == 0, 1.0) for i in range(130)]
    text = page(written(tmp_path, many, network=described(many, {}, *joined)))
    assert titles(text) == [
        "Populations",
        "Spikes",
        "Population rates",
        "Spectra of the rates",
        "Connections",
    ]
    assert "p129" in text and 'details class="card" id="populations">' in text  # folded


def test_unrecorded_populations_are_counted_and_in_the_matrix(tmp_path: Path) -> None:
    facts = described({**TWO, "C": ("C", 9, 0.0)}, {}, ("C", "A_E", True, 3.0))
    text = page(written(tmp_path, TWO, network=facts))
    assert "1 more populations were not recorded." in text and "Connections" in titles(text)


def test_room_is_shared() -> None:
    assert budgets({"a": 10, "b": 0, "c": 25}, 100) == {"a": 10, "b": 0, "c": 25}
    assert budgets({"few": 10, "many": 1000, "most": 5000}, 110) == {"few": 10, "many": 50, "most": 50}


def test_thinning_keeps_whole_neurons_as_long_as_it_can() -> None:
    spikes = poisson(1000, 20.0, 1.0)
    some = thinned(spikes, 1000, 2000)
    assert len(some) == pytest.approx(2000, rel=0.15)
    for neuron in np.unique(some.channels):
        assert (some.channels == neuron).sum() == (spikes.channels == neuron).sum()
    assert np.diff(np.unique(some.channels)).max() <= 12  # evenly spread
    fewer = thinned(spikes, 1000, 50)
    assert len(fewer) == 50 and np.unique(fewer.channels).size <= 10
    assert (np.diff(fewer.times_ns) >= 0).all()
    assert thinned(spikes, 1000, len(spikes)) is spikes


@pytest.mark.parametrize(
    ("seconds", "start_s", "segment_ms"), [(0.2, 0.04, 0), (1, 0.2, 200), (2, 0.4, 400), (60, 0.5, 1000)]
)
def test_the_window(seconds: float, start_s: float, segment_ms: float) -> None:
    window = window_of(round(seconds * SECOND_NS))
    assert window.start_ns == round(start_s * SECOND_NS) and window.segment_ms == segment_ms
    assert window_of(1000 * SECOND_NS).counted_ns == 900 * SECOND_NS


@pytest.mark.slow
def test_eighty_populations_and_a_million_spikes(tmp_path: Path) -> None:
    big = {f"R{i // 10}_p{i}": (f"R{i // 10}", 1000, 6.3) for i in range(80)}
    joined = [(a, b, i % 3 > 0, 1.0 + i) for i, a in enumerate(big) for b in big]
    run = written(tmp_path, big, sheets=True, network=described(big, {}, *joined))
    assert sum(run.spike_count(name) for name in run.populations) > 1_000_000
    text = page(run)
    assert len(text) < 4_000_000
    drawn = sum(len(p.drawn) for p in portraits(run, window_of(run.duration_ns)))
    assert drawn == pytest.approx(MAX_SPIKES, rel=0.05)
    assert "Thinned:" in text and "more populations lie on sheets" in text
