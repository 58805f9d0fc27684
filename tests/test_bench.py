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
    """One that counts, with a module beside it, one whose results are wrong, and one that takes options."""
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
    _write(
        tmp_path / "sized",
        """
        from typing import Annotated, Literal
        from pydantic import Field
        from sherrington import bench

        class Options(bench.Options):
            kind: Annotated[Literal["a", "b"], Field(description="which")]
            scale: Annotated[float, Field(gt=0, description="how big")] = 1.0
            at_most: int = 3
            all: Annotated[bool, Field(description="every one")] = False

        def run(options):
            return bench.Result(True, {"scale": options.scale}, report=f"a table of {options.kind}")
        """,
    )
    (tmp_path / "no_benchmark").mkdir()
    monkeypatch.setenv(bench.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def _write(folder: Path, code: str) -> None:
    folder.mkdir()
    (folder / "benchmark.py").write_text(textwrap.dedent(code), encoding="utf-8")


def test_names_are_the_folders_with_a_benchmark(benchmarks: Path) -> None:
    assert bench.names() == ("sized", "sums", "wrong")


def test_an_unknown_name_says_which_there_are(benchmarks: Path) -> None:
    with pytest.raises(NeverError, match=r"no benchmark 'sum' under .*there are: sized, sums, wrong"):
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


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--kind", "a"], {"kind": "a", "scale": 1.0, "at_most": 3, "all": False}),
        (["--all", "--kind=b", "--at-most", "2"], {"kind": "b", "scale": 1.0, "at_most": 2, "all": True}),
        (
            ["--scale", "1e-2", "--kind", "a", "--all=false"],
            {"kind": "a", "scale": 0.01, "at_most": 3, "all": False},
        ),
    ],
)
def test_options_of_a_benchmark(benchmarks: Path, arguments: list[str], options: dict[str, object]) -> None:
    said: list[str] = []
    line = bench.run("sized", arguments, said.append)
    assert line["options"] == options
    assert said == [f"a table of {options['kind']}"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--kind is missing"),
        (["--kind", "c"], "--kind c: input should be 'a' or 'b'"),
        (
            ["--kind", "a", "--scale", "-1", "--at-most", "x"],
            "--scale -1: input should be greater than 0; --at-most x:",
        ),
        (["--kind", "a", "--scale", "nan"], "--scale nan: input should be a finite number"),
        (["--kind", "a", "--size", "1"], "no option '--size'"),
        (["a"], "no option 'a'"),
        (["--kind"], "--kind has no value"),
        (["--kind", "--all"], "--kind has no value"),
    ],
)
def test_a_wrong_option_says_which_there_are(benchmarks: Path, arguments: list[str], says: str) -> None:
    with pytest.raises(NeverError) as error:
        bench.run("sized", arguments)
    assert says in str(error.value)
    assert "--kind a|b  which\n    --scale  how big (default 1.0)\n" in str(error.value)


def test_a_benchmark_without_options_refuses_them(benchmarks: Path) -> None:
    with pytest.raises(NeverError, match="'sums' takes no options, and got: --scale 1"):
        bench.run("sums", ["--scale", "1"])


def test_options_on_the_command_line(benchmarks: Path) -> None:
    outcome = CliRunner().invoke(app, ["bench", "sized", "--kind", "b", "--json", "--scale", "0.5"])
    assert outcome.exit_code == 0, outcome.output
    assert "a table of b" in outcome.output
    assert json.loads(outcome.output.splitlines()[-1])["metrics"] == {"scale": 0.5}
