"""Fits, and what finished runs teach: no single measurement of a busy machine spoils them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sherrington.errors import NeverError
from sherrington.plan import Shape, learn, outcome, predict
from sherrington.plan.constants import load, save, shipped
from sherrington.plan.fit import fit
from sherrington.plan.history import KEPT, MOST_OF_FEW, History, append, read_history
from sherrington.plan.home import HOME_VARIABLE, folder
from sherrington.resolve import open_experiment
from sherrington.shipped import examples


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def rows(count: int, noise: float, seed: int = 1) -> list[tuple[dict[str, float], float]]:
    """3 s + 2 s for each of what is counted, with relative errors."""
    rng = np.random.default_rng(seed)
    counts = rng.uniform(1, 100, count)
    return [({"one": 1.0, "each": n}, (3 + 2 * n) * math.exp(rng.normal(0, noise))) for n in counts]


def test_a_fit_finds_the_constants() -> None:
    found = fit(rows(40, 0.02), {"one": 2.0, "each": 3.0})
    assert found.constants["each"] == pytest.approx(2.0, rel=0.02)
    assert found.constants["one"] == pytest.approx(3.0, rel=0.3)
    assert found.spread < 0.05


def test_measurements_on_a_busy_machine_hardly_move_a_fit() -> None:
    given_ = rows(40, 0.02)
    spoiled = [(a, y * (6.0 if i % 10 == 0 else 1.0)) for i, (a, y) in enumerate(given_)]
    assert fit(spoiled, {"one": 2.0, "each": 3.0}).constants["each"] == pytest.approx(2.0, rel=0.06)


def test_what_no_run_measures_stays_as_it_was() -> None:
    assert fit(rows(10, 0.0), {"one": 3.0, "each": 2.0, "ranks": 0.125}).constants["ranks"] == pytest.approx(
        0.125
    )


def test_no_constant_is_negative() -> None:
    falling = [({"one": 1.0, "each": float(n)}, 100.0 - n) for n in range(1, 90, 5)]
    assert min(fit(falling, {"one": 1.0, "each": 1.0}).constants.values()) >= 0


def line(network: str, ratio: float, **more: Any) -> dict[str, Any]:
    return {"network": network, "ratio": {"brain": ratio}, **more}


def test_nothing_learned_changes_nothing() -> None:
    assert History(()).factor("reach", "brain") == 1.0


@settings(max_examples=50, deadline=None)
@given(st.floats(0.001, 1000.0))
def test_one_run_however_odd_changes_little(ratio: float) -> None:
    factor = History([line("reach", ratio)]).factor("reach", "brain")
    assert 1 / MOST_OF_FEW**2 * 0.999 <= factor <= MOST_OF_FEW**2 * 1.001


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0001, 10_000.0), st.integers(0, 6))
def test_one_odd_run_among_others_is_left_out(odd: float, at: int) -> None:
    lines = [line("reach", 1.3) for _ in range(7)]
    lines[at] = line("reach", odd)
    assert 1.15 < History(lines).factor("reach", "brain") < 1.35


def test_what_a_network_taught_counts_for_it_first() -> None:
    lines = [line("reach", 2.0) for _ in range(9)] + [line("mouse", 1.0) for _ in range(9)]
    taught = History(lines)
    assert taught.factor("reach", "brain") > 1.7
    assert taught.factor("mouse", "brain") < 1.2
    assert 1.0 < taught.factor("new", "brain") < 1.5, "half of what this machine's networks are off by"


def test_old_runs_are_forgotten() -> None:
    lines = [line("reach", 3.0) for _ in range(20)] + [line("reach", 1.0) for _ in range(9)]
    assert History(lines).factor("reach", "brain") == pytest.approx(1.0)


def test_the_range_narrows_to_what_runs_show() -> None:
    assert History([line("reach", 1.0)] * 4).spread("reach", "brain", 0.3) == 0.3
    assert History([line("reach", 1.0)] * 9).spread("reach", "brain", 0.3) == 0.02


def test_rates_of_earlier_runs_of_the_same_size() -> None:
    lines = [line("reach", 1.0, neurons=100, rates_hz={"E": hz}) for hz in (4.0, 5.0, 60.0)]
    assert History(lines).rates_hz("reach", 100) == {"E": 5.0}
    assert History(lines).rates_hz("reach", 200) == {}


def test_the_file_is_bounded_and_a_broken_line_is_left_out(home: Path) -> None:
    for i in range(2 * KEPT):
        path = append(line("reach", 1.0 + i))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"network": "rea')
    assert len(path.read_text(encoding="utf-8").splitlines()) <= KEPT * 1.2 + 1
    assert len(read_history().lines) <= KEPT
    assert read_history().lines[-1]["ratio"]["brain"] == 2.0 * KEPT


def summary_of(told: Any, factor: float) -> dict[str, Any]:
    """Of a run that took ``factor`` times as long as predicted without corrections."""
    raw = told.raw
    steps = 1000
    return {
        "name": "reach",
        "duration_ms": 2500.0,
        "biological_s": 2.5,
        "steps": steps,
        "rtf": 1.0,
        "neurons": 3784,
        "rates_hz": {"MN": 12.0, "silent": None},
        "phases_s": {
            "validate": factor * raw["validate"],
            "import": factor * raw["import"],
            "build_brain": factor * (raw["build"] + raw["prepare"]),
            "build_body": factor * raw["build_body"],
            "loop": factor * told.phases_s["loop"],
            "report": factor * raw["report"],
        },
        "step_ms": {
            "loop_overhead": 1e3 * factor * raw["record"] / steps,
            **{q: 1e3 * factor * raw[q] / steps for q in ("brain", "body", "transfer", "readout")},
        },
        "peak_memory_mib": [factor * raw["memory"] / 2**20],
    }


def test_finished_runs_correct_the_next_prediction(home: Path) -> None:
    resolved = open_experiment(examples()["reach"], ["loop.duration_ms=2500"])
    before = predict(resolved, Shape())
    for _ in range(9):
        told = predict(resolved, Shape())
        summary = summary_of(told, 1.5)
        summary["plan"] = outcome(told, summary)
        assert learn(summary) == ""
    after = predict(resolved, Shape())
    assert after.build_s.value == pytest.approx(1.5 * before.build_s.value, rel=0.1)
    assert after.loop_memory_mib == pytest.approx(1.5 * before.loop_memory_mib, rel=0.1)
    assert "corrected by 9 earlier runs, 9 of them of this network" in after.notes
    compared = summary["plan"]
    assert abs(compared["error"]["build_s"]) < 0.1, "by the last run it had been learned"
    assert compared["shape"] == {"nodes": 1, "ranks": 1, "threads": 1}
    json.dumps(compared)


def test_a_run_without_a_comparison_teaches_nothing(home: Path) -> None:
    assert "no comparison" in learn({"name": "x"})
    assert not home.exists()


def test_a_folder_that_cannot_be_written_is_told_and_no_error(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    home.write_text("a file where the folder should be")
    assert "could not be kept" in learn({"plan": {"network": "n", "shape": {}, "ratio": {"brain": 1.0}}})


def test_a_summary_with_nothing_in_it_is_compared_all_the_same(home: Path) -> None:
    resolved = open_experiment(examples()["reach"])
    told = predict(resolved, Shape())
    assert outcome(told, {})["measured"] == {}
    assert outcome(told, {"rtf": None, "phases_s": None, "biological_s": 0.0})["ratio"] == {}


def test_measured_constants_are_used_and_said(home: Path) -> None:
    path = folder("local") / "constants.json"
    save(
        shipped().values, shipped().spread, {"machine": {"cpu": "A", "cores": 7}, "when": "2030-01-02"}, path
    )
    assert load().origin == "constants measured on 'local': A, 7 cores, 2030-01-02"
    assert load("cluster").origin.startswith("constants measured on 'local'")
    assert "shipped" in shipped().origin


def test_a_broken_file_of_constants_is_told(home: Path) -> None:
    path = folder("local") / "constants.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"machine": 3}')
    with pytest.raises(NeverError, match=r"is no file of constants .*bench calibrate"):
        load()
