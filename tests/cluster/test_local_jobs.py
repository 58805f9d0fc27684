"""Jobs of this machine: they outlive what submitted them, and every way to end is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cluster_rig import lasting, sherrington, until

from sherrington.errors import NeverError
from sherrington.launch import attempt
from sherrington.launch.cancel import cancel
from sherrington.launch.states import state_of
from sherrington.launch.submit import Submitted
from sherrington.record.read import open_run
from sherrington.record.state import State, read_state

Launch = Callable[..., Submitted]


def running(folder: Path) -> int:
    """The process of the run, once it runs."""
    return until(folder, State.RUNNING).pid


def gone(folder: Path) -> bool:
    """Whether no process is left, soon after the last word."""
    until_s = time.monotonic() + 10
    while any(process.alive for process in attempt.processes(folder)) and time.monotonic() < until_s:
        time.sleep(0.05)
    return not any(process.alive for process in attempt.processes(folder))


def test_submitted_here_and_followed_from_elsewhere(experiment: Path, tmp_path: Path) -> None:
    asked = sherrington("submit", experiment, "--seed", "7", "--duration-ms", "500", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    folder = Path(asked.stdout.split()[2])
    assert folder.parent == tmp_path / "runs"
    attached = sherrington("attach", folder)
    assert attached.returncode == 0
    assert attached.stderr.splitlines()[-1] == "done"
    assert "real-time factor" in attached.stdout
    assert sherrington("log", folder).stdout == attached.stdout
    assert "done" in sherrington("jobs", cwd=tmp_path).stdout
    run = open_run(folder)
    assert (run.summary["seed"], run.summary["biological_s"]) == (7, 0.5)
    assert gone(folder)


def test_an_edit_after_submission_changes_nothing(launch: Launch, experiment: Path) -> None:
    submitted = launch("local")
    (experiment / "experiment.yaml").write_text("nothing: more", encoding="utf-8")
    assert until(submitted.folder, State.DONE).state is State.DONE


def test_a_run_outlives_what_submitted_it(experiment: Path, tmp_path: Path) -> None:
    """A shell that is closed sends SIGHUP to the processes of its session."""
    words = " ".join(["submit", str(experiment), *(f"--set {text}" for text in lasting(1.0))])
    program = f"import sys; sys.argv = ['s', *{words.split()!r}]; from sherrington.cli import main; main()"
    done = subprocess.run(
        ["setsid", "--wait", sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(done.stdout.split()[2])
    assert until(folder, State.DONE).state is State.DONE
    assert open_run(folder).summary["completed"]


def test_cancelled_in_order(launch: Launch) -> None:
    folder = launch("local", lasting(60)).folder
    running(folder)
    state = cancel(folder)
    assert state.state is State.CANCELLED
    assert "cancelled by" in state.cause
    summary = open_run(folder).summary
    assert 0 < summary["biological_s"] < 60
    assert summary["stopped_because"] == "stopped by SIGTERM"
    assert gone(folder)
    assert sherrington("attach", folder).returncode == 130
    with pytest.raises(NeverError, match=r"nothing to cancel: the run in .* is cancelled"):
        cancel(folder)


def test_time_limit(launch: Launch) -> None:
    folder = launch("local", lasting(60), limit_s=8).folder
    state = until(folder, State.FAILED)
    assert state.cause == "time limit of 00:00:08 reached; what was recorded until then is kept"
    summary = open_run(folder).summary
    assert 0 < summary["biological_s"] < 8
    assert summary["steps"] == round(summary["biological_s"] / 0.005)
    assert gone(folder)


def test_killed_run(launch: Launch) -> None:
    folder = launch("local", lasting(60)).folder
    os.kill(running(folder), signal.SIGKILL)
    assert until(folder, State.FAILED).cause == "killed by SIGKILL"
    assert gone(folder)


def test_killed_watch_ends_its_run_in_order(launch: Launch) -> None:
    folder = launch("local", lasting(60)).folder
    running(folder)
    watch, run = attempt.processes(folder)
    watch.tell(signal.SIGKILL)
    state = until(folder, State.CANCELLED)
    assert state.cause == "stopped by SIGTERM"
    assert open_run(folder).summary["biological_s"] > 0
    assert not run.alive
    assert state_of(folder) == state


def test_watch_and_run_killed_together(launch: Launch) -> None:
    folder = launch("local", lasting(60)).folder
    running(folder)
    for process in attempt.processes(folder):
        process.tell(signal.SIGKILL)
    state = until(folder, State.LOST)
    assert state.cause.startswith("the job is gone, and nothing says why; its run was running on")
    assert state_of(folder) == state
    assert open_run(folder).signals


def test_letting_go_leaves_the_run_alone(launch: Launch) -> None:
    folder = launch("local", lasting(60)).folder
    running(folder)
    attached = subprocess.Popen(
        [sys.executable, "-m", "sherrington.cli", "attach", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background of a shell ignores Ctrl-C, and so would all that it starts, these tests too.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert attached.stderr is not None
    assert attached.stderr.readline() == "running\n"
    attached.send_signal(signal.SIGINT)
    _, said = attached.communicate(timeout=30)
    assert attached.returncode == 130
    assert "let go; the run goes on" in said
    assert state_of(folder).state is State.RUNNING


def test_program_that_is_not_there(launch: Launch, targets: Path) -> None:
    with targets.open("a", encoding="utf-8") as file:
        file.write("  none: {executor: local, program: [no-such-program]}\n")
    state = until(launch("none").folder, State.FAILED)
    assert state.cause.startswith("the run could not be started:")
    assert "no-such-program" in state.cause


def test_run_that_cannot_be_built(launch: Launch, experiment: Path) -> None:
    (experiment / "check.py").write_text("def check(run):\n    raise ValueError('none')\n", encoding="utf-8")
    folder = launch("local", ("check=check.py:check",)).folder
    state = until(folder, State.FAILED)
    assert "check 'check.py:check' raised ValueError: none" in state.cause
    assert "Traceback" in sherrington("log", folder).stdout
    assert sherrington("attach", folder).returncode == 1


def test_the_second_submission_into_a_folder_is_refused(launch: Launch, tmp_path: Path) -> None:
    into = tmp_path / "mine"
    first = launch("local", lasting(1.0), into=into)
    assert first.folder == into
    before = (into / "job.json").read_bytes()
    with pytest.raises(
        NeverError, match=r"mine holds a run that is \w+; nothing was submitted, and it was left"
    ):
        launch("local", into=into)
    assert (into / "job.json").read_bytes() == before
    assert until(into, State.DONE).state is State.DONE


def test_of_submissions_at_once_one_takes_the_folder(tmp_path: Path, experiment: Path) -> None:
    command = [sys.executable, "-m", "sherrington.cli", "submit", str(experiment)]
    command += ["--into", str(tmp_path / "one")]
    asked = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    assert sorted(process.wait() for process in asked) == [0, 2, 2, 2]
    for process in asked:
        process.communicate()
    assert until(tmp_path / "one", State.DONE).state is State.DONE


def test_state_that_nobody_settled_stays(launch: Launch) -> None:
    folder = launch("local").folder
    until(folder, State.DONE)
    said = read_state(folder)
    assert said is not None
    assert state_of(folder) == said
