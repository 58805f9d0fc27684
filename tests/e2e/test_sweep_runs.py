"""Sweeps as a person runs them: processes side by side, resuming, failures, interruptions."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sherrington.errors import NeverError
from sherrington.record.read import open_run

PATIENCE_S = 120.0
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

NETWORK = """
from sherrington import Network, Population

def pools():
    return Network("pools", [Population("drive", 20, channels={"flexor": 10, "extensor": 10})])
"""
CONTROL = """
import os
import time
from pathlib import Path

import numpy as np
from sherrington import transfer

@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts, *, time_s, fails_at_ms=1e9, meet_in="", meet=0, slow_without=""):
    if slow_without and not Path(slow_without).exists():
        time.sleep(0.1)
    if meet_in and time_s == 0.0:
        together(Path(meet_in), meet)
    return np.full(2, np.nan if time_s * 1e3 >= fails_at_ms else 0.2)

def together(place, count):
    write(place, "begin")
    deadline = time.monotonic() + 100.0
    while place.read_text().count("begin") < count:
        if time.monotonic() > deadline:
            raise TimeoutError("nobody came")
        time.sleep(0.02)

def write(place, word):
    with place.open("a") as file:
        file.write(word + " ")
"""
JUDGE = """
from pathlib import Path

import control
from sherrington import Check, Outcome

def judge(run):
    place = run.experiment["pathways"]["move"].get("params", {}).get("meet_in")
    if place:
        control.write(Path(place), "end")
    seed = run.summary["seed"]
    return Outcome(score=float(seed), checks=(Check("even", seed, "2 | seed", seed % 2 == 0),))
"""
EXPERIMENT = """
title: two engines in closed form
loop: {interval_ms: 5, duration_ms: 50}
brain: {network: "network.py:pools", engine: closed_form}
body: {model: one_joint, engine: closed_form}
pathways:
  drive: {function: constant, outputs: {value: brain.drive.rate}, params: {value: 100.0}}
  move:
    function: control.py:move
    inputs: {counts: brain.drive.count}
    outputs: {excitation: body.muscle_excitation}
check: judge.py:judge
"""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A folder with ``simple``, an experiment of closed-form engines that runs in a moment."""
    (tmp_path / "simple").mkdir()
    files = {"experiment.yaml": EXPERIMENT, "network.py": NETWORK, "judge.py": JUDGE, "control.py": CONTROL}
    for name, text in files.items():
        (tmp_path / "simple" / name).write_text(text, encoding="utf-8")
    return tmp_path


def table(top: Path, name: str = "simple-sweep-many") -> dict[str, dict[str, str]]:
    with (top / "runs" / name / "sweep.csv").open(encoding="utf-8", newline="") as file:
        return {row["run"]: row for row in csv.DictReader(file)}


def folders(top: Path) -> set[str]:
    return {path.name for path in (top / "runs" / "simple-sweep-many" / "runs").iterdir()}


def write(top: Path, text: str) -> None:
    (top / "many.yaml").write_text(text, encoding="utf-8")


# --- from the first run to the table ----------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_ends_in_a_table_and_goes_on_where_it_stopped(top: Path, sherrington: Any) -> None:
    write(
        top, "experiment: simple\nvary: {seed: [2, 3]}\ncases: {whole: {}, half: {pathways.drive.gain: 0.5}}"
    )
    done = sherrington("run", "--sweep", "many.yaml", "--duration-ms", 50, cwd=top)
    assert done.returncode == 0, done.stderr
    rows = table(top)
    assert list(rows) == [f"{case},seed={seed}" for case in ("whole", "half") for seed in (2, 3)]
    made = top / "runs" / "simple-sweep-many"
    for row in rows.values():
        run = open_run(made / row["folder"])
        assert (row["status"], row["message"], row["completed"]) == ("completed", "", "true")
        assert run.folder.name.startswith(f"{row['run']}-2") and (run.folder / "report.html").exists()
        assert (run.experiment["seed"], run.name) == (int(row["seed"]), "simple")
        assert f'href="{row["folder"].replace(",", "%2C").replace("=", "%3D")}/report.html"' in (
            made / "report.html"
        ).read_text(encoding="utf-8")
    again = open_run(made / rows["half,seed=3"]["folder"])
    assert again.experiment["pathways"]["drive"]["gain"] == 0.5
    words = again.provenance["command_line"]
    assert words[:2] == ["sherrington", "run"] and words[3::2] == ["--set"] * 3
    assert words[4::2] == ["loop.duration_ms=50.0", "pathways.drive.gain=0.5", "seed=3"]
    assert re.search(r"^4 of 4  \S+,seed=\d  completed", done.stderr, re.M) and "\x1b" not in done.stderr
    assert (
        "table: runs/simple-sweep-many/sweep.csv\nreport: runs/simple-sweep-many/report.html" in done.stdout
    )
    _what_is_done_stays_done(top, sherrington)


def _what_is_done_stays_done(top: Path, sherrington: Any) -> None:
    before = folders(top)
    cases = "cases: {whole: {}, half: {pathways.drive.gain: 0.5}}"
    write(top, f"vary: {{seed: [2, 3, 4]}}\n{cases}\nmeasures: [rates_hz.MN, seed]")
    done = sherrington("run", "simple", "--sweep", "many.yaml", "--duration-ms", 50, cwd=top)
    assert done.returncode == 0, done.stderr
    assert "6 runs, 4 of them done already" in done.stderr
    assert done.stderr.count("warning: measure 'rates_hz.MN' is no value of summary.json; ") == 1
    assert "did you mean" in done.stderr or "there are: rates_hz.drive" in done.stderr
    assert before < folders(top) and len(folders(top)) == 6
    assert [row["seed"] for row in table(top).values()] == ["2", "3", "4"] * 2
    (top / "simple" / "network.py").write_text(NETWORK + "# new\n", encoding="utf-8")
    done = sherrington("run", "simple", "--sweep", "many.yaml", "--duration-ms", 50, cwd=top)
    assert done.returncode == 2 and "6 of 6 runs" in done.stderr and "changed: network.py;" in done.stderr
    assert len(folders(top)) == 6


def test_checks_and_scores_are_measures(top: Path, sherrington: Any) -> None:
    write(top, "vary: {seed: [2, 3]}")
    done = sherrington("run", "simple", "--sweep", "many.yaml", cwd=top)
    assert done.returncode == 0, "a check that does not hold is a result of a sweep"
    assert [(row["score"], row["checks"]) for row in table(top).values()] == [("2.0", "1.0"), ("3.0", "0.0")]
    assert "2.5 ± 0.71 (2)" in done.stdout and "0.5 ± 0.71 (2)" in done.stdout


# --- failures ---------------------------------------------------------------------------------------------


def test_a_run_that_fails_stops_no_other_and_is_run_again(top: Path, sherrington: Any) -> None:
    write(top, "vary: {seed: [2]}\ncases: {bad: {pathways.move.params.fails_at_ms: 20}, good: {}}")
    done = sherrington("run", "simple", "--sweep", "many.yaml", cwd=top)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    rows = table(top)
    assert rows["good,seed=2"]["status"] == "completed"
    bad = rows["bad,seed=2"]
    assert (bad["status"], bad["completed"], bad["score"]) == ("failed", "false", "")
    assert bad["message"].startswith("transfer function 'move' of pathway 'move' gave muscle_excitation")
    assert "bad,seed=2  failed  transfer function 'move'" in done.stderr
    failed = open_run(top / "runs" / "simple-sweep-many" / bad["folder"])
    assert failed.summary["stopped_because"].startswith("transfer function 'move'")
    again = sherrington("run", "simple", "--sweep", "many.yaml", cwd=top)
    assert again.returncode == 1 and "2 runs, 1 of them done already" in again.stderr
    assert len(folders(top)) == 3 and table(top)["bad,seed=2"]["folder"] != bad["folder"]


def test_a_file_that_is_wrong_leaves_nothing_behind(top: Path, sherrington: Any) -> None:
    write(top, "vary: {seed: [1, -1], brain.engine: [nets, closed_form]}")
    done = sherrington("run", "simple", "--sweep", "many.yaml", cwd=top)
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stdout == ""
    assert "many.yaml:1: vary.seed.1: -1 is out of range" in done.stderr
    assert "many.yaml:1: vary.brain.engine.0: text 'nets' is not allowed" in done.stderr
    assert not (top / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--again", "simple"), "--again is for a sweep"),
        ((), "no experiment is named; give its folder"),
        (
            ("simple", "--sweep", "many.yaml", "--seed", 4),
            "--set seed and 'seed' of many.yaml change the same",
        ),
        (("simple", "--sweep", "many.yaml", "--video"), "--video: body engine 'closed_form' has no shape"),
    ],
)
def test_options_that_contradict_each_other(
    arguments: tuple[Any, ...], message: str, top: Path, sherrington: Any
) -> None:
    write(top, "vary: {seed: [1, 2]}")
    done = sherrington("run", *arguments, cwd=top)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith(f"error: {message}")


# --- side by side -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_as_many_at_once_as_asked_for_and_no_more(top: Path, sherrington: Any) -> None:
    """The first two wait for each other: alone, they would wait for ever. The order of the words tells the rest."""
    place = top / "place"
    place.touch()
    meeting = json.dumps({"meet_in": str(place), "meet": 2})
    write(top, f"at_once: 2\nvary: {{seed: [1, 2, 3, 4]}}\ncases: {{a: {{pathways.move.params: {meeting}}}}}")
    done = sherrington("run", "simple", "--sweep", "many.yaml", cwd=top)
    assert done.returncode == 0, done.stderr
    assert "4 runs, 2 at once" in done.stderr
    words = place.read_text(encoding="utf-8").split()
    going = [words[:i].count("begin") - words[:i].count("end") for i in range(len(words) + 1)]
    assert len(words) == 8 and max(going) == 2 and going[-1] == 0
    cores = {
        open_run(top / "runs" / "simple-sweep-many" / row["folder"]).provenance["machine"]["cores"]
        for row in table(top).values()
    }
    assert cores == {1}, "each run has a processor of its own; with a single one here, all share it"


# --- a terminal -------------------------------------------------------------------------------------------


def test_on_a_terminal_the_runs_that_go_on_are_shown(
    top: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    write(top, "vary: {seed: [1]}")
    ours, theirs = pty.openpty()
    process = start("run", "simple", "--sweep", "many.yaml", cwd=top, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = read_all(ours)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, shown
    assert "0 of 1 runs done, 1 running" in shown and re.search(r"seed=1  \d+ s", shown)
    assert "1 of 1  seed=1  completed  score 1" in shown and "\x1b" not in out


def read_all(terminal: int) -> str:
    """Everything until the other side closes; Linux then says EIO."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode("utf-8", errors="replace")


# --- interruptions ----------------------------------------------------------------------------------------


def begun(process: subprocess.Popen[str], top: Path, count: int) -> list[Path]:
    """The folders of ``count`` runs that have brought data to their file."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        found = [path.parent for path in top.glob("runs/*/runs/*/data.h5")]
        if len(found) == count and all(recorded(path) for path in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"no data came; status {process.poll()}, {process.stderr and process.stderr.read()}")


def recorded(folder: Path) -> bool:
    try:
        return open_run(folder).duration_ns > 0
    except NeverError:  # its file is just being made
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_sweep_keeps_what_it_has_and_goes_on(
    top: Path, start: Callable[..., subprocess.Popen[str]], sherrington: Any, number: signal.Signals
) -> None:
    """Two runs, which take minutes unless a file is there, are told to stop, or the sweep is killed; a third waits."""
    write(top, "at_once: 2\nvary: {seed: [1, 2, 3]}")
    slow = json.dumps({"slow_without": str(top / "go")})
    sets = ("loop={interval_ms: 5, duration_ms: 10000}", f"pathways.move.params={slow}")
    options = ("simple", "--sweep", "many.yaml", *(word for text in sets for word in ("--set", text)))
    process = start("run", *options, cwd=top, **PIPES)
    try:
        first = begun(process, top, 2)
        busy = sherrington("run", *options, cwd=top)
        assert (busy.returncode, "a sweep is being run in" in busy.stderr) == (3, True)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    if number == signal.SIGKILL:
        # Nobody is left to tell the runs: they see that their input has ended.
        until(lambda: all((folder / "report.html").exists() for folder in first))
        statuses = ["not run"] * 3
    else:
        assert process.returncode == 130 and "Traceback" not in err and "interrupted; the same command" in err
        assert (top / "runs" / "simple-sweep-many" / "report.html").exists() and "not run" not in out
        statuses = ["interrupted", "interrupted", "not run"]
    assert [row["status"] for row in table(top).values()] == statuses
    for folder in first:
        run = open_run(folder)
        assert run.summary["stopped_because"] == "stopped by SIGINT" and run.duration_ns > 0
        assert not run.summary["completed"]
    (top / "go").touch()
    done = sherrington("run", *options, cwd=top)
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in table(top).values()} == {"completed"}
    assert len(folders(top)) == 5, "the two that were interrupted keep their folders"


@pytest.mark.slow
def test_nest_runs_of_a_sweep_are_those_of_single_runs(tmp_path: Path, sherrington: Any) -> None:
    """NEST and MuJoCo, two at once on as many processors as there are: the same spikes as alone."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "experiment.yaml").write_text(REAL, encoding="utf-8")
    (tmp_path / "many.yaml").write_text(
        "experiment: real\nat_once: 2\nvary: {seed: [1, 2]}", encoding="utf-8"
    )
    done = sherrington("run", "--sweep", tmp_path / "many.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    alone = sherrington("run", "real", "--seed", 2, "--out", "alone", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    (single,) = (tmp_path / "alone").iterdir()
    rows = table(tmp_path, "real-sweep-many")
    spikes = [
        open_run(tmp_path / "runs" / "real-sweep-many" / rows[name]["folder"]).spikes("input")
        for name in ("seed=1", "seed=2")
    ]
    expected = open_run(single).spikes("input")
    assert len(expected) > 10 and spikes[1].times_ns.tolist() == expected.times_ns.tolist()
    assert spikes[0].times_ns.tolist() != expected.times_ns.tolist()


REAL = """
title: NEST and MuJoCo
loop: {interval_ms: 1, duration_ms: 100, mode: pipelined}
brain: {network: relay, params: {n_channels: 2}}
body: {model: one_joint}
pathways:
  drive: {function: constant, outputs: {value: brain.input.rate}, params: {value: 100.0}}
  move:
    function: leaky_integrator
    inputs: {counts: brain.output.count}
    outputs: {value: body.muscle_excitation}
    params: {gain: 0.001, maximum: 1.0}
    delay_ms: 2
"""
