"""The benchmarks around the plan: their own arithmetic, and that the page says what they print."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"


Load = Callable[[str], Any]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Imports a module of a benchmark, beside those that it imports by name."""
    added: list[str] = []

    def load(path: str) -> Any:
        file = BENCHMARKS / path
        for name in ("cases", "runs", "published"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        added.append(str(file.parent))
        sys.path.insert(0, added[-1])
        name = "tested_" + path.replace("/", "_").removesuffix(".py")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    yield load
    for folder in added:  # not monkeypatch's way, which would undo what others have added meanwhile
        sys.path.remove(folder)


def test_the_published_column_of_one_process_is_reproduced(load: Load) -> None:
    extrapolate = load("plan/extrapolate.py")
    for experiment in extrapolate.SETTINGS:
        found = extrapolate.predicted(extrapolate.work_of(experiment), experiment)
        known = extrapolate.PUBLISHED[experiment].at(1)
        for metric in extrapolate.ROWS:
            assert found[1][metric] == pytest.approx(known[metric], rel=0.02)
            assert found[64][metric] < found[1][metric]
        page = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
        assert extrapolate.table(experiment, found) in page, (
            "run benchmarks/plan/extrapolate.py and mend docs/plan.md"
        )


def test_the_shortest_repeat_counts_phase_by_phase(load: Load) -> None:
    calibrate = load("calibrate/benchmark.py")
    one = {
        "wall_s": {"a": 1.0, "b": 5.0},
        "cpu_s": {"a": 1.0, "b": 3.0},
        "parts_s": {"brain": 1.0},
        "spikes": 7,
    }
    two = {
        "wall_s": {"a": 2.0, "b": 4.0},
        "cpu_s": {"a": 0.5, "b": 3.5},
        "parts_s": {"brain": 2.0},
        "spikes": 8,
    }
    assert calibrate.least([one, two]) == {
        "wall_s": {"a": 1.0, "b": 4.0},
        "cpu_s": {"a": 0.5, "b": 3.0},
        "parts_s": {"brain": 1.0},
        "spikes": 7,
    }


def test_what_counts_on_one_thread_is_the_processors_time(load: Load) -> None:
    calibrate = load("calibrate/benchmark.py")
    phases = dict.fromkeys(("start", "validate", "import", "build", "prepare", "build_body", "loop"), 2.0)
    measured = {
        "wall_s": phases,
        "cpu_s": {**phases, "build": 1.5, "loop": 1.0},
        "parts_s": dict.fromkeys(("brain", "body", "transfer", "readout", "record"), 0.4),
    }
    one, two = calibrate.seconds(measured, 1), calibrate.seconds(measured, 2)
    assert (one["build"], one["brain"], one["import"]) == (1.5, 0.2, 2.0)
    assert (two["build"], two["brain"]) == (2.0, 0.4)


def test_no_run_of_the_calibration_is_a_test_of_it(load: Load) -> None:
    cases = load("calibrate/cases.py")
    runs = load("plan/runs.py")
    trained = {case.folder.name for case in cases.cases(2, 2)}
    assert len(runs.RUNS) >= 12
    assert len({run.name for run in runs.RUNS}) == len(runs.RUNS)
    assert not trained & {run.folder.name for run in runs.RUNS}


def test_every_case_is_an_experiment(load: Load) -> None:
    from sherrington.resolve import open_experiment

    cases = load("calibrate/cases.py")
    names = [case.name for case in cases.cases(2, 2)]
    assert len(names) == len(set(names)) > 50
    for case in cases.cases(2, 2):
        open_experiment(case.folder, case.changes)
