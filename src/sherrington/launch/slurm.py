"""Slurm's own commands, where PSI/J asks less, or stops at what Slurm answers.

PSI/J 0.9.11 reads ``squeue`` in columns cut at blanks, and fails at a reason that has one, such as "ReqNodeNotAvail,
UnavailableNodes:n1", or that it does not know, such as "OutOfMemory"; both come just when a node has failed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import NeverError, NotNowError, known
from ..record.state import State
from .word import Kind, Word

ANSWER_WITHIN_S = 30.0

_ENDS = {
    "COMPLETED": (State.LOST, "the job ended, and its run did not say how"),
    "CANCELLED": (State.CANCELLED, "cancelled with Slurm's own means"),
    "TIMEOUT": (State.FAILED, "Slurm ended it at its time limit"),
    "OUT_OF_MEMORY": (State.FAILED, "out of memory"),
    "NODE_FAIL": (State.FAILED, "a node failed"),
    "BOOT_FAIL": (State.FAILED, "a node did not boot"),
    "PREEMPTED": (State.FAILED, "ended for a job of higher priority"),
    "DEADLINE": (State.FAILED, "not started before its deadline"),
    "FAILED": (State.FAILED, "the job failed"),
}
_WAITING = ("PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT")


@dataclass(frozen=True)
class Partition:
    """nodes: how many; cores and memory_mib: of its largest node; limit_s: longest job, None without a limit."""

    name: str
    nodes: int
    cores: int
    memory_mib: float
    limit_s: int | None


def ask(native_ids: Sequence[str]) -> dict[str, Word]:
    """What Slurm says of each job. Jobs that it has forgotten, minutes after their end, are gone."""
    command = ["squeue", "--noheader", "--states=all", "--array", f"--jobs={','.join(native_ids)}"]
    try:
        lines = _asked([*command, "--format=%i|%T|%r"]).splitlines()
    except NeverError:
        # A single number that it does not have is an error; among several it is left out.
        lines = []
    except NotNowError as error:
        return dict.fromkeys(native_ids, Word(Kind.UNKNOWN, str(error)))
    found = {fields[0]: _word(fields[1], fields[2]) for fields in (line.split("|", 2) for line in lines)}
    return {one: found.get(one) or Word(Kind.GONE) for one in native_ids}


def signal_ranks(job: str, name: str) -> None:
    """A signal for what ``srun`` started in a job, and for nothing else of it."""
    _asked(["scancel", f"--signal={name}", job])


def queued_again() -> bool:
    """Whether Slurm starts the job that this process is in once more, or has already."""
    facts = _asked(["scontrol", "show", "job", "--oneliner", os.environ["SLURM_JOB_ID"]]).split()
    restarts = next(int(fact[9:]) for fact in facts if fact.startswith("Restarts="))
    return restarts > int(os.environ.get("SLURM_RESTART_COUNT", "0"))


def partition(name: str | None) -> Partition:
    """The partition of that name, or the default one.

    Raises NeverError for a name that there is not, NotNowError when Slurm does not answer.
    """
    lines = _asked(["sinfo", "--noheader", "--Node", "--format=%P|%N|%c|%m|%l"]).splitlines()
    rows = [line.split("|") for line in lines]
    names = sorted({row[0].rstrip("*") for row in rows})
    mine = [row for row in rows if (row[0].rstrip("*") == name if name else row[0].endswith("*"))]
    if not mine:
        asked = f"no partition '{name}'" if name else "no default partition; name one with 'queue:'"
        raise NeverError(f"this Slurm has {asked}; {known(names)}")
    return Partition(
        mine[0][0].rstrip("*"),
        len({row[1] for row in mine}),
        max(int(row[2]) for row in mine),
        max(float(row[3]) for row in mine),
        _limit_s(mine[0][4]),
    )


def _word(state: str, reason: str) -> Word:
    why = "" if reason == "None" else reason
    if state in _WAITING:
        return Word(Kind.QUEUED, why)
    end, cause = _ENDS.get(state, (None, ""))
    if end is None:
        return Word(Kind.RUNNING)
    return Word(Kind.GONE, f"{cause} ({why})" if why and end is State.FAILED else cause, end)


def _limit_s(text: str) -> int | None:
    """``[D-]HH:MM:SS``, ``MM:SS`` or ``infinite``."""
    if not text[0].isdigit():
        return None
    days, _, clock = text.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    seconds = int(days or 0) * 86400
    for part, unit in zip(reversed(parts), (1, 60, 3600), strict=False):
        seconds += part * unit
    return seconds


def _asked(command: Sequence[str]) -> str:
    """Raises NotNowError when Slurm is not there or does not answer, NeverError when it refuses."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ANSWER_WITHIN_S)
    except FileNotFoundError:
        raise NotNowError(
            f"there is no program {command[0]} here; ask on a login node of the cluster"
        ) from None
    except subprocess.TimeoutExpired:
        raise NotNowError(
            f"{command[0]} does not answer within {ANSWER_WITHIN_S:g} s; try again later"
        ) from None
    if answer.returncode == 0:
        return answer.stdout
    said = " ".join(answer.stderr.split())
    if "nvalid job id" in said or "not found" in said:
        raise NeverError(f"{command[0]}: {said}")
    raise NotNowError(f"{command[0]}: {said or f'exit status {answer.returncode}'}; try again later")
