"""The command line as a person uses it, in processes of its own: runs, interruptions, errors, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sherrington.errors import NeverError
from sherrington.record.read import Run, open_run
from sherrington.record.state import State, read_state

DOCS = Path(__file__).resolve().parents[2] / "docs"
PATIENCE_S = 60.0
FILES = {
    "state.json",
    "data.h5",
    "experiment",
    "experiment.yaml",
    "report.html",
    "run.json",
    "network.json",
    "summary.json",
}

NETWORK = """
from sherrington import Network, Population

def pools():
    two = {"flexor": 10, "extensor": 10}
    return Network("pools", [Population("drive", 20, channels=two)])
"""
JUDGE = """
from sherrington import Check, Outcome

def judge(run):
    return Outcome(score=2.0, checks=(Check("spikes", len(run.spikes("drive")), "> 0", True),))

def strict(run):
    return Outcome(score=0.0, checks=(Check("spikes", float("nan"), "> 1e9", False),))

def broken(run):
    return run.spikes("nobody")
"""
CONTROL = """
import numpy as np
from sherrington import transfer

@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts, *, time_s, fails_at_ms=1e9):
    return np.full(2, np.nan if time_s * 1e3 >= fails_at_ms else 0.2)
"""
CLOSED_FORM = """
title: two engines in closed form
loop: {interval_ms: 5, duration_ms: 200}
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
REAL = """
title: NEST and MuJoCo
loop: {interval_ms: 1, duration_ms: 100, mode: pipelined}
brain: {network: relay, params: {n_channels: 2}}
body: {model: one_joint}
pathways:
  drive: {function: constant, outputs: {value: brain.input.rate}, params: {value: 60.0}}
  move:
    function: leaky_integrator
    inputs: {counts: brain.output.count}
    outputs: {value: body.muscle_excitation}
    params: {gain: 0.001, maximum: 1.0}
    delay_ms: 2
perturbations: [{name: push, at_ms: 50, duration_ms: 10, joint_torque_Nm: {hinge: 1.0e-5}}]
interventions: [{name: quiet, at_ms: 80, populations: [output], action: silence}]
"""
ENDLESS = ("--set", "loop.realtime=true", "--set", "loop.duration_ms=1000000")


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    """A folder with an experiment of closed-form engines; runs in a moment."""
    folder = tmp_path / "simple"
    folder.mkdir()
    for name, text in {"experiment.yaml": CLOSED_FORM, "network.py": NETWORK, "judge.py": JUDGE}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "control.py").write_text(CONTROL, encoding="utf-8")
    return folder


def the_run(runs: Path) -> Run:
    (folder,) = runs.iterdir()
    return open_run(folder)


# --- a whole run ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sherrington: Any) -> tuple[Any, Run]:
    """(process, run) of a short NEST and MuJoCo experiment, with seed, duration and a key given on the way."""
    top = tmp_path_factory.mktemp("real")
    (top / "reflex").mkdir()
    (top / "reflex" / "experiment.yaml").write_text(REAL, encoding="utf-8")
    (top / "reflex" / "notes.txt").write_text("beside", encoding="utf-8")
    options = ("--seed", 7, "--duration-ms", 150, "--set", "loop.interval_ms=2", "--out", top / "runs")
    done = sherrington("run", "reflex", *options, cwd=top)
    assert done.returncode == 0, done.stderr
    return done, the_run(top / "runs")


def test_a_run_leaves_every_file_that_the_page_names(finished: tuple[Any, Run]) -> None:
    done, run = finished
    there = {path.name for path in run.folder.iterdir()}
    assert FILES <= there <= FILES | {"picture.png"}
    assert (run.folder / "experiment" / "notes.txt").read_text(encoding="utf-8") == "beside"
    assert bool(run.summary["picture"]["missing"]) != ("picture.png" in there)
    for file in ("report.html", *(there & {"picture.png"})):
        assert str(run.folder / file) in done.stdout


def test_the_summary_has_every_key_that_the_page_explains(finished: tuple[Any, Run]) -> None:
    page = (DOCS / "run-folder.md").read_text(encoding="utf-8")
    table = page.split("## `summary.json`")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    summary = finished[1].summary
    assert documented == set(summary)
    assert set(summary["step_ms"]) == {
        "brain",
        "body",
        "transfer",
        "readout",
        "record",
        "loop_overhead",
        "total",
    }
    assert set(summary["phases_s"]) == {"validate", "import", "build_brain", "build_body", "loop", "report"}
    assert all(seconds > 0 for seconds in (*summary["phases_s"].values(), *summary["step_ms"].values()))


def test_the_summary_says_what_happened(finished: tuple[Any, Run]) -> None:
    summary = finished[1].summary
    assert (summary["name"], summary["seed"], summary["title"]) == ("reflex", 7, "NEST and MuJoCo")
    assert (summary["completed"], summary["stopped_because"]) == (True, "")
    assert (summary["biological_s"], summary["steps"], summary["duration_ms"]) == (0.15, 75, 150.0)
    assert (summary["neurons"], summary["synapses"], summary["muscles"]) == (40, 20, 2)
    assert summary["spikes"]["output"] > 20 and summary["rtf"] > 0
    assert summary["rates_hz"]["output"] == pytest.approx(summary["spikes"]["output"] / 20 / 0.15)
    assert summary["perturbations"] == [{"name": "push", "start_ms": 50.0, "end_ms": 60.0}]
    assert summary["interventions"] == [{"name": "quiet", "at_ms": 80.0, "populations": ["output"]}]
    assert (summary["engine"]["brain"]["engine"], summary["engine"]["body"]["engine"]) == ("nest", "mujoco")
    assert (summary["score"], summary["checks"], summary["lag_ms"]) == (None, [], None)


def test_overrides_are_in_the_experiment_as_it_ran(finished: tuple[Any, Run]) -> None:
    run = finished[1]
    assert run.experiment["seed"] == run.provenance["seed"] == 7
    assert run.experiment["loop"] == {"interval_ms": 2, "duration_ms": 150.0, "mode": "pipelined"}
    time_ns, angle = run.signal("body.joint_angle")
    assert time_ns.tolist() == list(range(2_000_000, 150_000_001, 2_000_000)) and np.isfinite(angle).all()
    assert not (run.spikes("output").times_ns > 82_000_000).any()


def test_without_a_terminal_lines_are_plain(finished: tuple[Any, Run]) -> None:
    done, run = finished
    assert done.stderr.splitlines()[:2] == ["building 'relay': 40 neurons", f"run folder {run.folder}"]
    assert "\x1b" not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert re.search(
        r"^0.15 s in \d+\.\d\d s, real-time factor \d+\.\d+; per step: brain ", done.stdout, re.MULTILINE
    )


def test_report_and_export_work_on_the_folder_alone(
    finished: tuple[Any, Run], sherrington: Any, tmp_path: Path
) -> None:
    folder = finished[1].folder
    (folder / "report.html").unlink()
    assert sherrington("report", folder, cwd=tmp_path).returncode == 0
    assert "NEST and MuJoCo" in (folder / "report.html").read_text(encoding="utf-8")
    pytest.importorskip("pynwb", reason="the extra 'nwb' is not installed")
    done = sherrington("export", folder, "--to", "nwb", "--out", tmp_path / "run.nwb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "run.nwb") as file:
        assert file["units/id"].shape == (40,)
    refused = sherrington("export", folder, "--to", "csv", cwd=tmp_path)
    assert (refused.returncode, refused.stderr) == (2, "error: cannot export to 'csv'; there are: nwb\n")


def test_the_video_of_a_run(opengl: None, tmp_path: Path, sherrington: Any) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the extra 'video' is not installed")
    (tmp_path / "reflex").mkdir()
    (tmp_path / "reflex" / "experiment.yaml").write_text(REAL, encoding="utf-8")
    done = sherrington("run", "reflex", "--video", "--set", "record.spikes=none", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    video = the_run(tmp_path / "runs").folder / "video.mp4"
    assert video.stat().st_size > 2000 and f"video: {video.relative_to(tmp_path)}" in done.stdout


@pytest.mark.slow
def test_a_new_experiment_runs(tmp_path: Path, sherrington: Any) -> None:
    made = sherrington("new", "mine", cwd=tmp_path)
    assert made.returncode == 0 and "sherrington run mine" in made.stdout
    assert sherrington("validate", "mine", cwd=tmp_path).returncode == 0
    done = sherrington("run", "mine", "--duration-ms", 100, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert the_run(tmp_path / "runs").summary["name"] == "mine"
    again = sherrington("new", "mine", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (2, "error: mine exists already; choose another name\n")


# --- checks -----------------------------------------------------------------------------------------------


def test_a_check_that_holds_gives_a_score(simple: Path, sherrington: Any) -> None:
    done = sherrington("run", simple, cwd=simple.parent)
    assert done.returncode == 0, done.stderr
    assert "  holds  spikes: 400 (> 0)\nscore 2.000\n" in done.stdout
    assert the_run(simple.parent / "runs").summary["score"] == 2.0


def test_a_check_that_fails_gives_status_1_and_a_whole_run(simple: Path, sherrington: Any) -> None:
    done = sherrington("run", simple, "--set", "check=judge.py:strict", cwd=simple.parent)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "  FAILS  spikes: not a number (> 1e9)\n" in done.stdout
    run = the_run(simple.parent / "runs")
    assert run.summary["completed"] and {path.name for path in run.folder.iterdir()} == FILES


def test_a_check_that_raises_is_named_and_the_run_kept(simple: Path, sherrington: Any) -> None:
    done = sherrington("run", simple, "--set", "check=judge.py:broken", cwd=simple.parent)
    run = the_run(simple.parent / "runs")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert (
        "error: check 'judge.py:broken' raised PortError: no spikes of 'nobody' were recorded" in done.stderr
    )
    assert 'in broken\n    return run.spikes("nobody")' in (run.folder / "log.txt").read_text(
        encoding="utf-8"
    )
    assert run.summary["completed"] and len(run.spikes("drive")) == 400


def test_a_run_of_another_duration_is_not_judged(simple: Path, sherrington: Any) -> None:
    done = sherrington(
        "run", simple, "--duration-ms", 50, "--set", "check=judge.py:strict", cwd=simple.parent
    )
    assert done.returncode == 0 and "check is left out" in done.stderr
    assert the_run(simple.parent / "runs").summary["score"] is None


# --- errors -----------------------------------------------------------------------------------------------


def test_an_experiment_that_is_wrong_leaves_nothing_behind(simple: Path, sherrington: Any) -> None:
    done = sherrington(
        "run", simple, "--set", "loop.interval_ms=3", "--set", "brain.engine=nets", cwd=simple.parent
    )
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert "loop.duration_ms" in done.stderr and "nets" in done.stderr
    assert not (simple.parent / "runs").exists()


def test_a_function_that_fails_stops_the_run_and_keeps_the_data(simple: Path, sherrington: Any) -> None:
    done = sherrington("run", simple, "--set", "pathways.move.params={fails_at_ms: 100}", cwd=simple.parent)
    run = the_run(simple.parent / "runs")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "error: transfer function 'move' of pathway 'move' gave muscle_excitation" in done.stderr
    assert "at 100 ms, having seen\n      counts = [" in done.stderr
    assert f"the last states are in {run.folder.relative_to(simple.parent)}/dump" in done.stderr
    assert "transfer function 'move'" in run.summary["stopped_because"] and not run.summary["completed"]
    assert run.signal("body.joint_angle")[0][-1] == 100_000_000 == run.duration_ns
    assert "TransferError" in (run.folder / "log.txt").read_text(encoding="utf-8")
    assert sherrington("report", run.folder, cwd=simple.parent).returncode == 0


def test_a_brain_that_stops_is_reported_and_the_data_kept(tmp_path: Path, sherrington: Any) -> None:
    """NEST gives up on an adaptive neuron that is pulled down to minus a volt; it cannot be asked anything after."""
    text = REAL.replace("network: relay, params: {n_channels: 2}", '"network": "network.py:cells"')
    text = text.replace("brain.input.rate", "brain.output.current").replace("value: 60.0", "value: -6.0e+4")
    cells = 'Population("output", 2, "aeif_cond_alpha", channels={"flexor": 1, "extensor": 1})'
    network = f"from sherrington import Network, Population\n\ndef cells():\n    return Network('cells', [{cells}])\n"
    (tmp_path / "pulled").mkdir()
    (tmp_path / "pulled" / "experiment.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "pulled" / "network.py").write_text(network, encoding="utf-8")
    done = sherrington("run", "pulled", cwd=tmp_path)
    run = the_run(tmp_path / "runs")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert re.search(r"error: NEST stopped between \d+ ms and \d+ ms: ", done.stderr)
    assert run.summary["stopped_because"].startswith("NEST stopped") and not run.summary["completed"]
    assert run.summary["engine"]["brain"]["neurons"] == 2
    assert run.signal("body.joint_angle")[0].size == run.summary["steps"] > 0


def test_an_out_folder_that_cannot_be_written_is_said(simple: Path, sherrington: Any) -> None:
    in_the_way = simple.parent / "file"
    in_the_way.write_text("in the way", encoding="utf-8")
    for out in ("file", "file/runs"):
        done = sherrington("run", simple, "--out", out, cwd=simple.parent)
        why = f"{in_the_way} is a file"
        message = f"error: cannot make a run folder in {out}: {why}; choose another folder with --out\n"
        assert (done.returncode, done.stderr) == (2, message)


def test_a_video_that_cannot_be_drawn_is_refused_before_the_run(simple: Path, sherrington: Any) -> None:
    done = sherrington("run", simple, "--video", cwd=simple.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--video: body engine 'closed_form' has no shape to draw" in done.stderr
    assert not (simple.parent / "runs").exists()


# --- interruptions ----------------------------------------------------------------------------------------


@contextmanager
def endless(start: Callable[..., subprocess.Popen[str]], simple: Path, until_s: float) -> Iterator[Any]:
    """(process, run folder) of a run paced to real time that has brought ``until_s`` of data to its file."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = start("run", simple, *ENDLESS, cwd=simple.parent, **pipes)
    try:
        yield process, wait_for_data(process, simple.parent / "runs", until_s)
    finally:
        process.kill()
        process.communicate()


def wait_for_data(process: subprocess.Popen[str], runs: Path, until_s: float) -> Path:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        for folder in runs.glob("*") if runs.exists() else ():
            if recorded_s(folder) >= until_s:
                return folder
        time.sleep(0.05)
    raise AssertionError(f"no data came; status {process.poll()}")


def recorded_s(folder: Path) -> float:
    try:
        return open_run(folder).duration_ns / 1e9
    except NeverError:  # not a run folder yet, or its file is just being made
        return 0.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_a_run_cleanly(
    simple: Path, start: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    with endless(start, simple, 0.5) as (process, folder):
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130, err
    run = open_run(folder)
    assert (
        f"stopped by {number.name} at {run.summary['biological_s']:g} s; what was recorded is kept\n" in out
    )
    assert "Traceback" not in err and {path.name for path in folder.iterdir()} == FILES
    assert (run.summary["completed"], run.summary["stopped_because"]) == (False, f"stopped by {number.name}")
    assert (run.summary["score"], run.summary["checks"]) == (None, [])
    time_ns, _ = run.signal("body.joint_angle")
    assert time_ns.tolist() == list(range(5_000_000, run.duration_ns + 1, 5_000_000))
    assert run.spikes("drive").times_ns[-1] > run.duration_ns - 10_000_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_before_the_loop_end_without_a_traceback(
    simple: Path, start: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    began = simple / "began"
    slow = f"import time, pathlib\npathlib.Path({str(began)!r}).touch()\ntime.sleep(60)\n"
    (simple / "network.py").write_text(slow + NETWORK, encoding="utf-8")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    folder = simple.parent / "made"
    folder.mkdir()
    process = start("run", simple, "--into", folder, cwd=simple.parent, **pipes)
    deadline = time.monotonic() + PATIENCE_S
    while not began.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err.strip()) == (130, "interrupted")
    state = read_state(folder)
    assert state is not None
    assert (state.state, state.cause) == (State.CANCELLED, "interrupted")


def test_a_killed_run_can_be_read_up_to_its_last_second(
    simple: Path, start: Callable[..., subprocess.Popen[str]], sherrington: Any
) -> None:
    with endless(start, simple, 0.1) as (process, folder):
        line = next(line for line in process.stderr if line.startswith("t "))
        process.kill()
    told = re.match(
        r"t (\d+\.\d\d) of 1000 s  real-time factor \d+\.\d\d  \d+ s left  drive \d+\.\d Hz$", line.strip()
    )
    assert told, line
    run = open_run(folder)
    time_ns, angle = run.signal("body.joint_angle")
    spikes = run.spikes("drive")
    assert time_ns[-1] / 1e9 > float(told[1]) - 1.5 and time_ns.size == angle.shape[0] > 50
    assert spikes.times_ns[-1] <= time_ns[-1] and len(spikes) > 0.9 * 2 * time_ns[-1] / 1e6
    assert run.summary == {} and run.experiment["title"] == "two engines in closed form"
    assert sherrington("report", folder, cwd=simple.parent).returncode == 0


# --- a terminal -------------------------------------------------------------------------------------------


def test_on_a_terminal_a_bar_is_drawn_and_taken_away(
    simple: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    ours, theirs = pty.openpty()
    options = ("--set", "loop.realtime=true", "--duration-ms", 1200)
    process = start("run", simple, *options, cwd=simple.parent, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = read_all(ours)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, shown
    times = re.findall(r"t (\d\.\d\d) of 1\.2 s", shown)
    assert len(set(times)) >= 2 and "\x1b[" in shown and "\u2501" in shown
    assert "drive 100.0 Hz" in re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert shown.rstrip().endswith("\x1b[2K") or "\x1b[1A\x1b[2K" in shown
    assert "report: " in out and "\x1b" not in out


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


# --- the other commands -----------------------------------------------------------------------------------


def test_info_validate_list_schema_and_version(simple: Path, sherrington: Any) -> None:
    at = {"cwd": simple.parent}
    assert sherrington("validate", simple, **at).stdout.rstrip().endswith("20 neurons, 2 muscles, 2 pathways")
    assert "two engines in closed form" in sherrington("info", simple, **at).stdout
    assert sherrington("info", simple, "--schedule", **at).stdout.startswith(
        "One cycle every 5 ms, lockstep, 40 cycles"
    )
    listed = sherrington("list", **at).stdout
    assert "one_joint_reflex" in listed and "spinal_cord" in listed and "motoneuron_pool" in listed
    assert json.loads(sherrington("schema", **at).stdout)["title"] == "Experiment"
    assert sherrington("version", **at).stdout.strip()
