"""The batch scripts of schedulers that are not here to be asked: rendered by PSI/J, and read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sherrington.launch.batch import rendered
from sherrington.launch.command import run_command, script
from sherrington.launch.job import Job
from sherrington.launch.target import Target
from sherrington.plan.shape import Shape


def job(experiment: Path, **target: Any) -> Job:
    made = Target(queue="long", account="brains", **target)
    return Job(experiment / "experiment.yaml", ("seed=3",), "there", made, Shape(2, 3, 4), 5430)


def directives(text: str, sign: str) -> set[str]:
    """Of a batch script: each ends where its quotes do."""
    return {line.removeprefix(sign).strip() for line in text.splitlines() if line.startswith(sign)}


def batch_script(made: Job, tmp_path: Path) -> str:
    return rendered(made, tmp_path, tmp_path / "job.sh")


def test_slurm(experiment: Path, tmp_path: Path) -> None:
    text = batch_script(job(experiment, executor="slurm", options={"qos": "debug"}), tmp_path)
    assert directives(text, "#SBATCH --") >= {
        "nodes=2",
        "ntasks=6",
        "ntasks-per-node=3",
        "cpus-per-task=4",
        "time=1:31:0",
        'partition="long"',
        'account="brains"',
        'qos="debug"',
    }


def test_pbs(experiment: Path, tmp_path: Path) -> None:
    text = batch_script(job(experiment, executor="pbs"), tmp_path)
    assert directives(text, "#PBS") >= {
        "-l select=2:ncpus=12:mpiprocs=12",
        "-l walltime=1:31:0",
        "-A brains",
        "-q long",
    }
    assert "-N" not in text


def test_lsf(experiment: Path, tmp_path: Path) -> None:
    text = batch_script(job(experiment, executor="lsf"), tmp_path)
    assert directives(text, "#BSUB") >= {
        "-nnodes 2",
        "-n 24",
        "-W 1:31",
        '-q "long"',
        '-P "brains"',
    }


@pytest.mark.parametrize("executor", ["slurm", "pbs", "pbs_classic", "lsf"])
def test_all_start_the_job_script(executor: str, experiment: Path, tmp_path: Path) -> None:
    text = batch_script(job(experiment, executor=executor), tmp_path)
    started = re.search(r"^/bin/bash .*single_launch.sh.* /bin/bash (\S+) *$", text, re.MULTILINE)
    assert started is not None
    assert started[1] == str(tmp_path / "job.sh")
    subprocess.run(["/bin/bash", "-n"], input=text, text=True, check=True)


def test_the_job_script(experiment: Path, tmp_path: Path) -> None:
    made = job(experiment, executor="pbs", setup=["module load gcc"], environment={"A": "it's"})
    text = script(made, tmp_path / "a b")
    subprocess.run(["/bin/bash", "-n"], input=text, text=True, check=True)
    assert "module load gcc\n" in text
    assert text.endswith(f"sherrington.launch.watch '{tmp_path / 'a b'}'\n")


def test_the_run_under_its_launcher(experiment: Path, tmp_path: Path) -> None:
    words = run_command(job(experiment, executor="slurm", mpi="pmix"), tmp_path)
    assert words[:7] == [
        "srun",
        "--nodes=2",
        "--ntasks=6",
        "--ntasks-per-node=3",
        "--cpus-per-task=4",
        "--mpi=pmix",
        "--kill-on-bad-exit=1",
    ]
    assert words[-4:] == ["--into", str(tmp_path), "--set", "seed=3"]
    words = run_command(job(experiment, executor="lsf"), tmp_path)
    assert words[1:5] == ["-n", "6", "-ppn", "3"]
    program = ["apptainer", "exec", "image.sif", "sherrington"]
    words = run_command(job(experiment, executor="slurm", program=program), tmp_path)
    assert words[7:12] == [*program, "run"]
