"""benchmarks/paper: every metric is there and right at a tiny scale, wrong options are one clear error."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from sherrington import bench
from sherrington.brain.network import Network, Population
from sherrington.errors import NeverError

SOURCE = Path(__file__).resolve().parent.parent / "benchmarks" / "paper"
METRICS = {
    *("total_s", "construction_s", "first_step_s", "brain_ms", "readout_ms", "transfer_ms", "body_ms"),
    *(
        "overhead_ms",
        "record_ms",
        "loop_rtf",
        "peak_rss_gb",
        "neurons",
        "synapses",
        "process_hours",
        "rate_hz",
    ),
}
PHASES = ("brain_ms", "readout_ms", "transfer_ms", "body_ms", "overhead_ms")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the benchmark: its results are not those of this test."""
    shutil.copytree(SOURCE, tmp_path / "paper", ignore=shutil.ignore_patterns("__pycache__", "*.jsonl"))
    return tmp_path


def sherrington(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: benchmarks have modules of the same names."""
    return subprocess.run(
        [sys.executable, "-m", "sherrington.cli", "bench", "paper", *arguments],
        env={**os.environ, bench.FOLDER_VARIABLE: str(folder)},
        capture_output=True,
        text=True,
    )


def result(folder: Path, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The line in the results file; the one that is printed says the same."""
    assert done.returncode == 0, done.stdout + done.stderr
    line: dict[str, Any] = json.loads((folder / "paper" / bench.RESULTS_FILE).read_text(encoding="utf-8"))
    assert json.loads(done.stdout.splitlines()[-1])["metrics"] == line["metrics"]
    return line


def judge(metrics: dict[str, float], steps: int) -> None:
    assert set(metrics) == METRICS
    assert all(math.isfinite(value) for value in metrics.values())
    step_ms = sum(metrics[name] for name in PHASES)
    assert step_ms == pytest.approx(20.0 * metrics["loop_rtf"], rel=0.01)
    assert metrics["record_ms"] <= metrics["overhead_ms"]
    loop_s = step_ms * (steps - 1) / 1000
    assert metrics["construction_s"] + metrics["first_step_s"] + loop_s < metrics["total_s"]
    assert metrics["process_hours"] == pytest.approx(metrics["total_s"] / 3600)
    assert 0.05 < metrics["peak_rss_gb"] < 4


def test_the_balanced_network(folder: Path) -> None:
    arguments = ("--experiment", "balanced", "--scale=0.1", "--steps", "6", "--threads", "1", "--json")
    done = sherrington(folder, *arguments)
    line = result(folder, done)
    judge(line["metrics"], steps=6)
    assert line["checked"] is True
    assert line["options"]["scale"] == 0.1
    assert (line["metrics"]["neurons"], line["metrics"]["synapses"]) == (1125, 1125 * (90 + 22))
    assert 4 < line["metrics"]["rate_hz"] < 12
    assert "| total run time, s" in done.stdout
    assert "published, 64 processes" in done.stdout


@pytest.mark.slow
def test_the_mouse_and_what_is_left_out_of_it(folder: Path) -> None:
    arguments = ("--experiment", "mouse", "--scale", "0.002", "--steps", "3", "--threads", "1", "--ablations")
    line = result(folder, sherrington(folder, *arguments, "--json"))
    judge(line["metrics"], steps=3)
    details = line["details"]
    names = ("whole", "no_body", "no_brain", "no_transfer", "readouts_1", "readouts_1000")
    assert [details[name]["read_hz"]["readouts"] for name in names] == [20, 20, 20, 0, 1, 1000]
    assert details["no_transfer"]["transfer_ms"] == 0
    assert details["no_brain"]["synapses"] == 0 < details["no_body"]["synapses"]
    assert details["whole"]["moved_rad"] > 0.001
    assert line["checked"] is True, details["checks"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--experiment", "human"), "--experiment human: input should be 'balanced' or 'mouse'"),
        (("--experiment", "mouse", "--scale", "0"), "--scale 0: input should be greater than 0"),
        (("--scale", "1"), "--experiment is missing"),
        (("--experiment", "mouse", "--size", "1"), "has no option '--size'"),
        (("--experiment", "balanced", "--scale", "0.0001"), "scale = 0.0001; it must leave at least 2"),
        (
            ("--experiment", "balanced", "--scale", "0.02", "--ablations"),
            "1000 neurons are to be read one by one, and the populations that are read have 225 at scale 0.02",
        ),
    ],
)
def test_what_does_not_exist_is_one_clear_error(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = sherrington(folder, *arguments)
    assert done.returncode == NeverError.exit_status
    assert says in done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr
    assert not (folder / "paper" / bench.RESULTS_FILE).exists()


# --- the parts ------------------------------------------------------------------------------------------------------


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the benchmark, forgotten afterwards."""
    names = {path.stem for path in SOURCE.glob("*.py")}
    monkeypatch.syspath_prepend(str(SOURCE))
    for name in names & sys.modules.keys():
        monkeypatch.delitem(sys.modules, name)

    def load(name: str) -> ModuleType:
        for each in names:
            monkeypatch.setitem(sys.modules, each, None)
            monkeypatch.delitem(sys.modules, each)
        return __import__(name)

    return load


def test_the_published_figures_agree_with_each_other(modules: Any) -> None:
    """Process-hours follow from the run time, and a step's parts from the loop's speed; to the printed digits."""
    published = modules("published")
    for experiment in published.PUBLISHED.values():
        for n in published.PROCESSES:
            at = experiment.at(n)
            assert at["process_hours"] == pytest.approx(n * at["total_s"] / 3600, rel=0.02)
    mouse = published.PUBLISHED["mouse"].at(8)
    parts = sum(mouse[name] for name in ("brain_ms", "readout_ms", "transfer_ms"))
    assert parts / 20 == pytest.approx(mouse["loop_rtf"], rel=0.05)


def test_neurons_are_read_in_turns(modules: Any) -> None:
    network = Network("n", [Population("a", 2), Population("b", 4)])
    ends = modules("experiments").single_neurons(network, ("a", "b"), 5)
    assert [end.port for end in ends] == ["a[0].rate", "b[0].rate", "a[1].rate", "b[1].rate", "b[2].rate"]
    assert [end.brain.groups for end in ends][-1] == (range(2, 3),)


@pytest.mark.parametrize(("readouts", "muscles"), [(1, 20), (19, 20), (20, 20), (999, 20), (20, 2)])
def test_every_readout_reaches_a_muscle_and_every_muscle_is_reached(
    modules: Any, readouts: int, muscles: int
) -> None:
    shares = modules("experiments")._shares(readouts, muscles)
    assert shares.shape == (muscles, readouts)
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares.sum(axis=0) > 0).all()
