"""The table of trials: written row by row, read back as it was, in the report and in NWB."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington.record.report import write_report
from sherrington.record.report_trials import MAX_ROWS
from sherrington.record.store import open_run, write_json
from sherrington.record.trials import TrialTable, read_trials

READ = """
import json, sys
from pynwb import NWBHDF5IO
with NWBHDF5IO(sys.argv[1], "r") as io:
    trials = io.read().trials
    print(json.dumps({name: list(map(str, trials[name][:])) for name in trials.colnames}))
"""


def row(number: int, outcome: str = "hit", **more: Any) -> dict[str, Any]:
    hit = outcome == "hit"
    fixed = {
        "trial": number, "start_ms": 100.0 * number, "end_ms": 100.0 * number + 80.0, "outcome": outcome,
        "success": hit, "score": 0.75 if hit else 0.1, "reward": float(hit),
    }  # fmt: skip
    return {**fixed, "target": number % 3, "push": [0.0, 1.5], "time_s": 0.3 if hit else math.nan, **more}


def write(folder: Path, rows: list[dict[str, Any]]) -> None:
    table = TrialTable(folder)
    for one in rows:
        table.append(one)


def same(a: Any, b: Any) -> bool:
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def test_no_table_no_trials(tmp_path: Path) -> None:
    assert read_trials(tmp_path) == []


def test_each_row_is_on_disk_when_it_is_appended(tmp_path: Path) -> None:
    table = TrialTable(tmp_path)
    for number in range(3):
        table.append(row(number))
        assert len(read_trials(tmp_path)) == number + 1 == table.written


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    odd = row(0, word='a, "b"', tenth=np.float64(0.1), yes=np.bool_(True), many=np.array([1, 2]), none=None)
    write(tmp_path, [odd])
    (back,) = read_trials(tmp_path)
    assert list(back) == list(odd)
    assert back["word"] == 'a, "b"' and back["yes"] is True and back["many"] == [1, 2]
    assert math.isnan(back["none"]) and back["push"] == [0.0, 1.5] and back["target"] == 0


@given(st.floats(allow_infinity=False))
def test_numbers_come_back_to_the_last_bit(value: float) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), [row(0, score=value)])
        assert same(read_trials(Path(folder))[0]["score"], value)


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_a_row_cut_short_is_left_out(tmp_path: Path, lost: int) -> None:
    write(tmp_path, [row(0), row(1)])
    path = tmp_path / "trials.csv"
    path.write_text(path.read_text(encoding="utf-8")[:-lost], encoding="utf-8")
    assert [one["trial"] for one in read_trials(tmp_path)] == [0]


@pytest.fixture
def run(recorder: Callable[..., Any]) -> Any:
    """A recorded run with twelve trials, half of them hits."""
    made = recorder()
    made.play(60)
    done = made.finish()
    rows = [row(i, ("hit", "timeout", "hit", "wrong <way>")[i % 4]) for i in range(12)]
    write(done.folder, rows)
    task = {
        "name": "reach",
        "asked": 20,
        "trials": 12,
        "successes": 6,
        "success_share": 0.5,
        "mean_score": 0.425,
    }
    write_json(done.folder / "summary.json", {**done.summary, "task": task})
    return open_run(done.folder)


def test_trials_of_a_run(run: Any) -> None:
    assert len(run.trials) == 12 and run.trials[3]["outcome"] == "wrong <way>"


def page(run: Any) -> str:
    write_report(run, run.folder / "report.html")
    return (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_report_shows_them(run: Any) -> None:
    text = page(run)
    for words in (
        "Outcome of each trial", "Score of each trial", "<h2>Trials</h2>", "wrong &lt;way&gt;", "time s",
        "Task &#39;reach&#39;. 6 of 12 trials are a success, of 20 asked for.",
    ):  # fmt: skip
        assert words in text, words
    assert text.count('<td class="n">timeout</td>') == 3


def test_a_long_table_says_what_it_leaves_out(run: Any) -> None:
    table = TrialTable(run.folder)
    table.written = 12
    for number in range(12, MAX_ROWS + 7):
        table.append(row(number))
    assert "7 more trials are in trials.csv." in page(open_run(run.folder))


def test_a_report_without_trials_has_no_such_section(recorder: Callable[..., Any]) -> None:
    made = recorder()
    made.play(20)
    text = page(made.finish())
    assert "Outcome of each trial" not in text and "<h2>Trials</h2>" not in text


def test_nwb_has_the_table(run: Any, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sherrington.record.export import export_nwb; "
        "from sherrington.record.read import open_run; export_nwb(open_run(sys.argv[1]), Path(sys.argv[2]))"
    )
    path = tmp_path / "run.nwb"
    subprocess.run(
        [sys.executable, "-c", program, str(run.folder), str(path)], check=True, capture_output=True
    )
    answer = subprocess.run(
        [sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True
    )
    table = json.loads(answer.stdout.splitlines()[-1])
    assert len(table["start_time"]) == 12 and float(table["stop_time"][1]) == pytest.approx(0.18)
    assert table["outcome"][:2] == ["hit", "timeout"] and table["push"][0] == "[0.0, 1.5]"
    assert [float(score) for score in table["score"]] == [one["score"] for one in run.trials]
