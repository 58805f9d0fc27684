"""The doctor: what it finds, what it says is missing, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sherrington.install import doctor_cluster, doctor_machine
from sherrington.install.finding import Finding, ask
from sherrington.install.mpi import Build

NEEDED = ("Python", "NEST", "MuJoCo", "data (HDF5)")


def doctor(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sherrington.cli", "doctor", *arguments]
    return subprocess.run(
        command, env=os.environ | more, capture_output=True, text=True, timeout=300, check=False
    )


def findings(answer: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert answer.stdout, answer.stderr
    return {finding["subject"]: finding for finding in json.loads(answer.stdout)}


def program(folder: Path, name: str, text: str) -> None:
    """A small program, first on the path, that answers as a cluster's would."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_a_machine_that_runs_experiments(tmp_path: Path) -> None:
    answer = doctor()
    assert answer.returncode == 0, answer.stdout
    for subject in NEEDED:
        assert any(line.startswith(f"ok      {subject}") for line in answer.stdout.splitlines()), subject


def test_a_nest_that_cannot_be_loaded_is_missing_and_the_status_is_1(tmp_path: Path) -> None:
    """As when a library that it links to is gone. Without any program on the path, all else that is missing is
    named with the command that mends it."""
    (tmp_path / "nest.py").write_text("raise ImportError('libgsl.so.27: cannot open shared object file')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    answer = doctor("--json", PYTHONPATH=path, PATH=str(tmp_path), SHERRINGTON_CACHE=str(tmp_path))
    found = findings(answer)
    assert answer.returncode == 1
    assert found["NEST"]["state"] == "missing" and "libgsl.so.27" in found["NEST"]["text"]
    assert found["NEST"]["mend"].startswith("pip install 'nest-simulator")
    assert found["building NEST"]["state"] == "missing" and "gcc gcc-c++" in found["building NEST"]["mend"]
    assert found["NEST with MPI"]["mend"] == "sherrington install-mpi"
    assert found["Slurm"]["state"] == found["containers"]["state"] == "note"


def test_two_ranks_are_really_started(mpi_nest: Build) -> None:
    found = findings(doctor("--json"))
    assert found["ranks"]["state"] == "ok" and str(mpi_nest.libmpi) in found["ranks"]["text"]


def test_partitions_and_launchers_of_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sbatch", "squeue", "scancel"):
        program(tmp_path, name, "exit 0")
    program(
        tmp_path,
        "sinfo",
        "echo 'short*|up|30:00|2|64|256000|idle'; echo 'long|down|7-00:00:00|5|64|256000|down'",
    )
    listed = "".join(f"\\n\\t{name}" for name in ("none", "pmix", "cray_shasta", "pmi2"))
    listed = f"MPI plugin types are...{listed}\\nspecific pmix plugin versions available: pmix_v4"
    program(tmp_path, "srun", f"printf '{listed}\\n'")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    short, long, launchers = doctor_cluster.slurm()
    assert (short.subject, short.state) == ("Slurm short*", "ok")
    assert short.text == "2 nodes idle, 64 cores and 256000 MB each, at most 30:00"
    assert long.state == "missing"
    assert launchers.state == "ok" and launchers.text.endswith("for MPICH: --mpi=pmi2")


def test_a_controller_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "sinfo", "echo 'slurm_load_partitions: Unable to contact slurm controller' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    lack, controller = doctor_cluster.slurm()
    assert lack.text == "no sbatch, srun, squeue, scancel on the path" and "slurm-client" in lack.mend
    assert "Unable to contact slurm controller" in controller.text and "scontrol ping" in controller.mend


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it started."""
    program(tmp_path, "sinfo", f"echo $$ > {tmp_path}/pid; /bin/sleep 1000; echo never")
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = ask(("sinfo",), timeout_s=1.0)
    assert answer.problem == "sinfo gave no answer within 1 s"
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_disk_without_room(tmp_path: Path) -> None:
    """/proc is one that nobody can write to."""
    finding = doctor_machine.disk("disk of runs", Path("/proc/runs"), "write elsewhere")
    assert finding.state == "missing" and finding.mend.endswith("write elsewhere")
    assert doctor_machine.disk("disk", tmp_path / "not" / "yet", "").text.startswith(str(tmp_path / "not"))


def test_lines_have_the_command_below_what_is_missing() -> None:
    lines = str(Finding("MPI", "missing", "no mpicc", "pip install 'sherrington[mpi]'")).splitlines()
    assert lines[0] == "missing MPI                no mpicc"
    assert lines[1].strip() == "mend: pip install 'sherrington[mpi]'"
