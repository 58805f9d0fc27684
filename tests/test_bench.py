"""Benchmarks as folders: found, run, judged, written down."""

from __future__ import annotations

import json
import math
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sherrington import bench
from sherrington.cli import app
from sherrington.errors import NeverError

KEYS = ["benchmark", "commit", "machine", "checked", "metrics"]


@pytest.fixture
def benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two benchmarks: one that counts, with a module beside it, and one whose results are wrong."""
    _write(
        tmp_path / "sums",
        """
        from numbers_to_add import NUMBERS
        from sherrington.bench import Bound, Result

        def run():
            total = sum(NUMBERS)
            metrics = {"sum": total, "n_numbers": len(NUMBERS)}
            bounds = {"sum": Bound(high=7), "n_numbers": Bound(low=1)}
            return Result(total == 10, metrics, bounds, {"numbers": NUMBERS})
        """,
    )
    (tmp_path / "sums" / "numbers_to_add.py").write_text("NUMBERS = [1, 2, 3, 4]\n", encoding="utf-8")
    _write(
        tmp_path / "wrong",
        """
        from sherrington.bench import Result

        def run():
            return Result(checked=False, metrics={"x": 1.0})
        """,
    )
    (tmp_path / "no_benchmark").mkdir()
    monkeypatch.setenv(bench.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def _write(folder: Path, code: str) -> None:
    folder.mkdir()
    (folder / "benchmark.py").write_text(textwrap.dedent(code), encoding="utf-8")


def test_names_are_the_folders_with_a_benchmark(benchmarks: Path) -> None:
    assert bench.names() == ("sums", "wrong")


def test_an_unknown_name_says_which_there_are(benchmarks: Path) -> None:
    with pytest.raises(NeverError, match=r"no benchmark 'sum' under .*there are: sums, wrong"):
        bench.run("sum")


@pytest.mark.parametrize(
    ("bound", "inside", "outside", "words"),
    [
        (bench.Bound(high=1.0), 1.0, 1.01, "at most 1"),
        (bench.Bound(low=10.0), 10.0, 9.99, "at least 10"),
        (bench.Bound(0.75, 1.25), 1.0, 1.3, "0.75 to 1.25"),
    ],
)
def test_a_bound(bound: bench.Bound, inside: float, outside: float, words: str) -> None:
    assert str(bound) == words
    assert bound.holds(inside)
    assert not bound.holds(outside)
    assert not bound.holds(math.nan)


def test_every_run_appends_one_line(benchmarks: Path) -> None:
    first, second = bench.run("sums"), bench.run("sums")
    lines = (benchmarks / "sums" / bench.RESULTS_FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [first, second]
    assert first["metrics"] == {"sum": 10.0, "n_numbers": 4.0}
    assert first["bounds"] == {"sum": "at most 7: MISSED", "n_numbers": "at least 1"}
    assert first["details"] == {"numbers": [1, 2, 3, 4]}
    assert {"commit", "machine", "versions", "when"} <= first.keys()


def test_the_last_line_of_json_has_these_keys_in_this_order(benchmarks: Path) -> None:
    outcome = CliRunner().invoke(app, ["bench", "sums", "--json"])
    assert outcome.exit_code == 0, outcome.output
    line = json.loads(outcome.output.splitlines()[-1])
    assert list(line) == KEYS
    assert line["benchmark"] == "sums"
    assert line["checked"] is True
    assert line["metrics"] == {"sum": 10.0, "n_numbers": 4.0}
    assert "MISSED" in outcome.output


def test_wrong_results_are_written_down_and_end_with_status_1(benchmarks: Path) -> None:
    outcome = CliRunner().invoke(app, ["bench", "wrong", "--json"])
    assert outcome.exit_code == 1
    assert json.loads(outcome.output.splitlines()[-1])["checked"] is False
    assert "WRONG" in outcome.output
    assert len((benchmarks / "wrong" / bench.RESULTS_FILE).read_text(encoding="utf-8").splitlines()) == 1
