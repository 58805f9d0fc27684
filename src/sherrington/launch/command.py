"""The command lines of a job: the script that a scheduler starts, and in it the run under its launcher."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from ..errors import NeverError
from .job import Job

_SOURCE = Path(__file__).resolve().parents[2]
# -P: a file of the person's own that is called like a library does not take that library's place.
PYTHON = (sys.executable, "-P", "-m")


def script(job: Job, folder: Path) -> str:
    """The job script, bash: the target's lines, then the process that watches over the run, in place of the shell.

    folder: the run folder, or of an array the sweep's. A line that fails ends the job, and the run says which it was.
    """
    watch = shlex.join([*PYTHON, "sherrington.launch.watch", str(folder)])
    lines = [
        "#!/bin/bash",
        f'export PYTHONPATH={shlex.quote(str(_SOURCE))}"${{PYTHONPATH:+:$PYTHONPATH}}"',
        *(f"export {name}={shlex.quote(value)}" for name, value in job.target.environment.items()),
    ]
    if job.target.setup:
        lines += [
            f"""trap 'status=$?; {watch} "$status" "$BASH_COMMAND"; exit "$status"' ERR""",
            *job.target.setup,
            "trap - ERR",
        ]
    return "\n".join([*lines, f"exec {watch}", ""])


def run_command(job: Job, folder: Path) -> list[str]:
    """``sherrington run`` into ``folder``, under the launcher where that is needed."""
    sets = [word for text in job.overrides for word in ("--set", text)]
    program = job.target.program or [*PYTHON, "sherrington.cli"]
    words = [*program, "run", str(job.experiment), "--into", str(folder), *sets]
    words += ["--video"] * job.video
    if job.dial is not None:
        words += ["--connect", job.dial.url]
        words += ["--allow-code"] * job.dial.allow_code + ["--allow-plain"] * job.dial.allow_plain
    if job.target.starts_with == "srun":
        return [*_srun(job), *words]
    return [*_mpiexec(job), *words] if job.shape.ranks > 1 else words


def find_mpiexec() -> str | None:
    """The ``mpiexec`` beside this Python, which is that of its mpi4py; else the first on the path."""
    beside = Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec")


def _srun(job: Job) -> list[str]:
    shape = job.shape
    return [
        "srun",
        f"--nodes={shape.nodes}",
        f"--ntasks={shape.ranks}",
        f"--ntasks-per-node={shape.ranks_per_node}",
        f"--cpus-per-task={shape.threads}",  # since Slurm 22.05 not taken from the job
        f"--mpi={job.target.mpi if shape.ranks > 1 else 'none'}",
        "--kill-on-bad-exit=1",
    ]


def _mpiexec(job: Job) -> list[str]:
    mpiexec = find_mpiexec()
    if mpiexec is None:
        raise NeverError("there is no mpiexec here; load the module that has it in 'setup:' of the target")
    return [mpiexec, "-n", str(job.shape.ranks), "-ppn", str(job.shape.ranks_per_node)]
