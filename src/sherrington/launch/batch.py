"""Jobs of a scheduler, through PSI/J: submit, ask, cancel.

PSI/J writes the batch script and knows the commands of each scheduler. Its job is our job script alone: the launcher
(``srun``, ``mpiexec``) is started inside it, so that something is left to say how the run ended.
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import NotNowError
from ..record.state import State
from . import slurm
from .job import LAUNCH_FOLDER, Job
from .word import Kind, Word

if TYPE_CHECKING:  # PSI/J looks for all its executors when it is imported
    import psij
    from psij.executors.batch.batch_scheduler_executor import BatchSchedulerExecutor

_THREAD_ENDS_WITHIN_S = 1
"""PSI/J watches what it submitted, in a thread; nobody listens, and it ends when its executor is let go."""


def submit(job: Job, folder: Path, script: Path, tasks: str = "") -> str:
    """Hand the job to its scheduler and give the number that it has there.

    folder: where PSI/J puts its own files, and where the job starts. tasks: of a job array, such as ``"0-9%2"``. Raises
    NotNowError with the scheduler's own words where it refuses.
    """
    import psij

    executor = _executor(job, folder)
    made = psij.Job(specification(job, folder, script, tasks))
    with _environment(job):
        try:
            executor.submit(made)
        except (psij.SubmitException, FileNotFoundError) as error:
            raise NotNowError(
                f"{job.target.executor} refused the job: {' '.join(str(error).split())}"
            ) from error
        finally:
            made.executor = None
    return cast(str, made.native_id)


def specification(job: Job, folder: Path, script: Path, tasks: str = "") -> psij.JobSpec:
    """The job in PSI/J's terms."""
    import psij

    attributes = psij.JobAttributes(
        duration=timedelta(seconds=_whole(job)),
        queue_name=job.target.queue,
        account=job.target.account,
        custom_attributes=_options(job, tasks),
    )
    # PBS would take the name with the quotes that PSI/J puts around it.
    name = None if job.target.executor.startswith("pbs") else folder.name
    return psij.JobSpec(
        executable="/bin/bash",
        arguments=[str(script)],
        directory=folder,
        name=name,
        resources=_resources(job),
        attributes=attributes,
        launcher="single",
    )


def rendered(job: Job, folder: Path, script: Path, tasks: str = "") -> str:
    """The batch script as PSI/J writes it."""
    import psij

    executor = _executor(job, folder)
    made = psij.Job(specification(job, folder, script, tasks))
    text = io.StringIO()
    executor.generate_submit_script(made, executor._create_script_context(made), text)
    return text.getvalue()


def ask(job: Job, native_ids: Sequence[str], folder: Path) -> dict[str, Word]:
    """What the scheduler says of jobs of the same target."""
    if job.target.executor == "slurm":
        return slurm.ask(native_ids)
    executor = _executor(job, folder)
    try:
        answer = subprocess.run(
            executor.get_status_command(native_ids), capture_output=True, text=True, check=False, timeout=30
        )
        found = executor.parse_status_output(answer.returncode, answer.stdout)
    except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        return dict.fromkeys(
            native_ids, Word(Kind.UNKNOWN, f"{job.target.executor} does not answer: {error}")
        )
    return {one: _word(found.get(one)) for one in native_ids}


def cancel(job: Job, folder: Path) -> None:
    """Have the scheduler end the job, or take it out of the queue. Raises NotNowError where it refuses."""
    import psij

    executor = _executor(job, folder)
    attached = psij.Job()
    executor.attach(attached, job.native_id)
    try:
        executor.cancel(attached)
    except (psij.SubmitException, FileNotFoundError) as error:
        raise NotNowError(f"{job.target.executor} did not cancel {job.native_id}: {error}") from error
    finally:
        attached.executor = None


def _executor(job: Job, folder: Path) -> BatchSchedulerExecutor:
    import psij
    from psij.executors.batch.batch_scheduler_executor import BatchSchedulerExecutorConfig

    configuration = BatchSchedulerExecutorConfig(
        work_directory=folder / LAUNCH_FOLDER,
        queue_polling_interval=_THREAD_ENDS_WITHIN_S,
        initial_queue_polling_delay=_THREAD_ENDS_WITHIN_S,
        keep_files=True,
    )
    executor = psij.JobExecutor.get_instance(job.target.executor, config=configuration)
    return cast("BatchSchedulerExecutor", executor)


def _resources(job: Job) -> psij.ResourceSpecV1:
    import psij

    shape = job.shape
    if job.target.executor == "slurm":
        return psij.ResourceSpecV1(
            node_count=shape.nodes,
            processes_per_node=shape.ranks_per_node,
            cpu_cores_per_process=shape.threads,
        )
    # PSI/J's scripts for PBS and LSF ask for processes and leave their cores out: a process for each core.
    return psij.ResourceSpecV1(
        node_count=shape.nodes, processes_per_node=shape.ranks_per_node * shape.threads
    )


def _options(job: Job, tasks: str) -> dict[str, Any]:
    """Of the target, and what PSI/J has no word for."""
    executor = job.target.executor
    prefix = executor.partition("_")[0]
    options: dict[str, Any] = {f"{prefix}.{key}": str(value) for key, value in job.target.options.items()}
    if tasks:
        options["slurm.array"] = tasks
    return options


def _whole(job: Job) -> int:
    """The time to ask for, s: Slurm and LSF count minutes."""
    return -(-job.limit_s // 60) * 60


@contextmanager
def _environment(job: Job) -> Iterator[None]:
    """``--requeue`` takes no value, and PSI/J writes every option with one."""
    if job.target.executor != "slurm":
        yield
        return
    before = os.environ.get("SBATCH_REQUEUE")
    os.environ["SBATCH_REQUEUE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SBATCH_REQUEUE"]
        else:
            os.environ["SBATCH_REQUEUE"] = before


def _word(status: psij.JobStatus | None) -> Word:
    """A job that the scheduler does not list any more is gone."""
    import psij

    if status is None:
        return Word(Kind.GONE)
    if not status.final:
        return Word(
            Kind.RUNNING if status.state == psij.JobState.ACTIVE else Kind.QUEUED, status.message or ""
        )
    ends = {psij.JobState.FAILED: State.FAILED, psij.JobState.CANCELED: State.CANCELLED}
    return Word(Kind.GONE, status.message or "", ends.get(status.state))
