"""Jobs of this machine: processes of a session of their own, which outlive what started them.

PSI/J's executor for the local machine is left aside: its jobs hold a pipe to the process that submitted them, lose
their exit status when that ends, and are ended by SIGKILL alone, which would lose what a run has not yet written.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .attempt import processes
from .job import LAUNCH_FOLDER, Job
from .process import Process
from .word import Kind, Word

PRINTED_FILE = "watch.txt"


def submit(folder: Path, script: Path) -> str:
    """Start the job script now, and give the name by which its process is found again."""
    printed = folder / LAUNCH_FOLDER / PRINTED_FILE
    # The shell between ends at once, so that the job is nobody's child; its own shell becomes the process that watches,
    # with the same number.
    started = 'setsid /bin/bash "$0" >>"$1" 2>&1 </dev/null & echo "$!"'
    words = ["/bin/bash", "-c", started, str(script), str(printed)]
    answer = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return str(Process.of(int(answer.stdout)))


def ask(job: Job, folder: Path) -> Word:
    """Whether the job goes on: its watch, or the run alone. Only the machine that it runs on can tell."""
    process = Process.read(job.native_id)
    if not process.here:
        return Word(Kind.UNKNOWN, f"it was submitted on {process.host}, and this is {os.uname().nodename}")
    alive = any(one.alive for one in (process, *processes(folder)))
    return Word(Kind.RUNNING if alive else Kind.GONE)
