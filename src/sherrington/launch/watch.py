"""The process that watches over a run: it starts the run under its launcher, keeps its time, and says how it ended.

A job is this process: ``python -m sherrington.launch.watch RUN``. What submitted the job may be gone. It outlives the
run in every case but the failure of its own node; then ``states`` finds out from the scheduler.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ..errors import NeverError, NotNowError
from ..record.folder import read_json
from ..record.state import State, read_state, write_state
from . import attempt, slurm
from .attempt import Ended
from .command import PYTHON, run_command
from .ending import Asked, End, verdict
from .job import ARRAY_FILE, CANCEL_FILE, OUTPUT_FILE, Job, launch_file, read_job
from .process import Process

LOOK_S, LOOK_AT_FILES_S = 0.1, 1.0
"""How often the process is looked at, and the files that others write."""
GRACE_S = 30.0
"""From SIGTERM to SIGKILL for a run that is to end; see ``margin_s`` for the time limit."""
RESERVE_FILE, RESERVE_BYTES = "reserve", 2**18
"""Space on disk that is kept for the last words on a run that has filled it."""
_PR_SET_PDEATHSIG = 1
_TAIL = 20_000


def margin_s(limit_s: float) -> float:
    """How long before its time limit a run is told to end: a minute, or a quarter of a limit below four minutes."""
    return min(60.0, limit_s / 4)


class Watch:
    """Watches over one attempt of one run."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder, self.job = folder, job
        self.nodes = _nodes()
        self._began_s = time.monotonic()
        self._asked = Asked.NOBODY
        self._signalled = False
        self._grace_until_s = 0.0
        self._memory_kills = _memory_kills()

    def begin(self) -> None:
        """Take the folder for this attempt."""
        self.attempt = attempt.begin(self.folder, self.nodes, _native_id(self.job.target.executor))
        launch_file(self.folder, RESERVE_FILE).write_bytes(b"\0" * RESERVE_BYTES)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def run(self) -> int:
        """Run to the end and say what it was; the exit status of the run."""
        try:
            self._start()
        except (OSError, NeverError) as error:
            return self.refuse(127, f"the run could not be started: {error}")
        self._wait()
        self._leave_nothing()
        status = self._process.returncode
        if self._asked is not Asked.TAKEN:
            self.settle(status)
        return status if status >= 0 else 128 - status

    def refuse(self, status: int, cause: str) -> int:
        """Say why there was no run."""
        attempt.write_end(self.folder, Ended(self.attempt, State.FAILED, cause, status, None, self.nodes))
        return status

    def _start(self) -> None:
        with (self.folder / OUTPUT_FILE).open("ab") as output:
            self._process = subprocess.Popen(
                run_command(self.job, self.folder),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        attempt.started(self.folder, Process.of(self._process.pid))

    def settle(self, status: int) -> None:
        """Write how the run ended."""
        said = read_state(self.folder)
        assert said is not None
        end = self._end(status)
        launch_file(self.folder, RESERVE_FILE).unlink(missing_ok=True)
        state, cause = verdict(end, said)
        if state is not State.DONE and self._queued_again():
            write_state(self.folder, State.QUEUED, f"started again by Slurm, because: {cause}")
            return
        wall_s = time.monotonic() - self._began_s
        attempt.write_end(self.folder, Ended(self.attempt, state, cause, status, wall_s, self.nodes))

    def _wait(self) -> None:
        look_at_files_s = 0.0
        while self._process.poll() is None:
            now_s = time.monotonic()
            if now_s >= look_at_files_s:
                look_at_files_s = now_s + LOOK_AT_FILES_S
                self._look(now_s)
            if self._asked is not Asked.NOBODY and now_s >= self._grace_until_s:
                self._kill()
            time.sleep(LOOK_S)

    def _look(self, now_s: float) -> None:
        if attempt.current(self.folder) != self.attempt:
            self._asked, self._grace_until_s = Asked.TAKEN, now_s
        elif self._asked is Asked.NOBODY:
            margin = margin_s(self.job.limit_s)
            if launch_file(self.folder, CANCEL_FILE).exists():
                self._ask(Asked.CANCEL, GRACE_S)
            elif now_s - self._began_s >= self.job.limit_s - margin:
                self._ask(Asked.LIMIT, margin)
            elif self._signalled:
                self._ask(Asked.SIGNALLED, GRACE_S)

    def _ask(self, asked: Asked, grace_s: float) -> None:
        """Tell the run to end in order."""
        self._asked, self._grace_until_s = asked, time.monotonic() + grace_s
        self._tell(signal.SIGTERM)

    def _tell(self, number: signal.Signals) -> None:
        """A signal for the ranks: ``mpiexec`` passes it on, ``srun`` would rather end them at once."""
        if self.job.target.starts_with == "srun":
            try:
                slurm.signal_ranks(os.environ["SLURM_JOB_ID"], number.name)
                return
            except (NotNowError, NeverError) as error:
                print(f"{error}; srun is told instead", flush=True)
        self._process.send_signal(number)

    def _kill(self) -> None:
        # The next attempt has the same number in Slurm: its ranks are not to be ended with ours.
        if self._asked is not Asked.TAKEN:
            self._tell(signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def _leave_nothing(self) -> None:
        Process(socket.gethostname(), self._process.pid, -1).kill_session()

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signalled = True

    def _queued_again(self) -> bool:
        if self.job.target.executor != "slurm":
            return False
        try:
            return slurm.queued_again()
        except (NotNowError, NeverError) as error:
            print(error, flush=True)
            return False

    def _end(self, status: int) -> End:
        by = read_json(launch_file(self.folder, CANCEL_FILE)).get("by", "")
        kills = _memory_kills() - self._memory_kills
        free = shutil.disk_usage(self.folder).free
        printed = _tail(self.folder / OUTPUT_FILE)
        return End(status, self._asker(by), self.job.limit_s, by, printed, kills, free)

    def _asker(self, by: str) -> Asked:
        """Who asked for the end, also where it came before the watch could."""
        if self._asked not in (Asked.NOBODY, Asked.SIGNALLED):
            return self._asked
        if by:
            return Asked.CANCEL
        return Asked.SIGNALLED if self._signalled else self._asked


def main() -> int:
    """``watch RUN``, or in a job array ``watch SWEEP``; with a status and a command, where a line of the target's setup
    failed before."""
    folder = _task(Path(sys.argv[1]))
    before = attempt.read_end(folder)
    if before is not None and before.state is State.DONE:
        return 0  # its node was given up too early, and the run came to its end all the same
    watch = Watch(folder, read_job(folder))
    watch.begin()
    status = _refuse(watch, int(sys.argv[2]), sys.argv[3]) if len(sys.argv) > 2 else watch.run()
    if watch.job.array:
        _gather(Path(watch.job.array))
    return status


def _refuse(watch: Watch, status: int, line: str) -> int:
    cause = f"the setup of target '{watch.job.target_name}' failed with exit status {status}: {line}"
    return watch.refuse(status, cause)


def _task(folder: Path) -> Path:
    """The run folder of this task of a job array; ``folder`` itself where there is none."""
    tasks = read_json(launch_file(folder, ARRAY_FILE)).get("tasks")
    return Path(list(tasks.values())[int(os.environ["SLURM_ARRAY_TASK_ID"])]) if tasks else folder


def _gather(sweep: Path) -> None:
    """Table and report, by the task that ends last: it sees that all others have ended, at the latest."""
    tasks = read_json(launch_file(sweep, ARRAY_FILE))["tasks"].values()
    states = [read_state(Path(folder)) for folder in tasks]
    if all(state is not None and state.state.final for state in states):
        subprocess.run([*PYTHON, "sherrington.launch.gather", str(sweep)], check=True)


def _end_with_parent() -> None:
    """In the new process: it gets SIGTERM when the watch is killed (prctl(2)), as nobody would keep its time then."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _nodes() -> tuple[str, ...]:
    """The nodes of this job, as the scheduler writes them; this machine where it says nothing."""
    return (os.environ.get("SLURM_JOB_NODELIST") or socket.gethostname(),)


def _native_id(executor: str) -> str:
    """What the scheduler calls this job; on this machine, the process itself."""
    found = os.environ
    if executor == "local":
        return str(Process.of(os.getpid()))
    if "SLURM_ARRAY_JOB_ID" in found:
        return f"{found['SLURM_ARRAY_JOB_ID']}_{found['SLURM_ARRAY_TASK_ID']}"
    names = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")
    return next((found[name] for name in names if name in found), "")


def _memory_kills() -> int:
    """Processes that this machine has killed for want of memory since it started (``oom_kill`` of /proc/vmstat)."""
    lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL, 0))
        return file.read().decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
