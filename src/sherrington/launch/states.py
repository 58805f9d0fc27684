"""What a launched run is doing, asked from any process: its own word, its watch's last word, and the scheduler's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import NeverError
from ..record.folder import read_json
from ..record.state import RunState, State, read_state
from . import attempt, batch, local
from .attempt import Ended
from .ending import KEPT
from .job import CANCEL_FILE, JOB_FILE, LAUNCH_FOLDER, Job, find_job, launch_file
from .process import command_line
from .word import Kind, Word

SAID_WITHIN_S = 5.0
"""A job that is gone may have said how it ended on another node, where files arrive a little later."""
_LAST_LINES = 3


def state_of(folder: Path) -> RunState:
    """The state of the run in ``folder``, whatever process asks and whatever has become of the one that submitted it.

    A job that is gone without a last word gets one here, so that a final state stays the same. Raises NeverError where
    there is no run.
    """
    said = said_in(folder)
    job = known_job(folder)
    if job is None:
        return _by_hand(folder, said)
    if _settled(folder) or not job.native_id:
        return said
    return with_word(folder, job, ask(job, folder))


def states_of(folders: Iterable[Path]) -> dict[Path, RunState]:
    """As ``state_of`` for many runs; each scheduler is asked once."""
    known_now: dict[Path, RunState] = {}
    open_now: dict[str, list[tuple[Path, Job]]] = {}
    for folder in folders:
        job = known_job(folder)
        if job is None or _settled(folder) or not job.native_id or job.target.executor == "local":
            known_now[folder] = state_of(folder)
        else:
            open_now.setdefault(job.target_name, []).append((folder, job))
    for jobs in open_now.values():
        words = batch.ask(jobs[0][1], [job.native_id for _, job in jobs], jobs[0][0])
        known_now |= {folder: with_word(folder, job, words[job.native_id]) for folder, job in jobs}
    return known_now


def said_in(folder: Path) -> RunState:
    """What the run or its watch wrote last, with nobody asked. Raises NeverError where there is no run."""
    said = read_state(folder)
    if said is None:
        raise NeverError(f"{folder} is no run folder of this version: it holds no state.json")
    end = attempt.read_end(folder)
    if end is not None and end.attempt == said.attempt and end.state is not said.state:
        return replace(said, state=end.state, cause=end.cause)  # killed between its two last words
    return said


def ask(job: Job, folder: Path) -> Word:
    """What the scheduler says of a job; for a job of this machine, whether its process goes on."""
    if job.target.executor == "local":
        return local.ask(job, folder)
    return batch.ask(job, [job.native_id], folder)[job.native_id]


def with_word(folder: Path, job: Job, word: Word) -> RunState:
    """The state, now that the scheduler has spoken of a job without a last word of its own."""
    if word.kind is Kind.GONE:
        return _gone(folder, job, word)
    said = said_in(folder)
    if _settled(folder):
        return said
    if word.kind is Kind.UNKNOWN:
        return replace(said, cause=f"{said.cause}; {word.reason}".removeprefix("; "))
    if word.kind is Kind.QUEUED:
        again = said.state is not State.QUEUED
        cause = "started again by its scheduler, as after the failure of a node" if again else said.cause
        return replace(said, state=State.QUEUED, cause="; ".join(filter(None, [cause, _waits(word)])))
    if said.state is State.QUEUED:
        return replace(said, state=State.STARTING)
    if said.state.final and said.state is not State.DONE:
        # The run has said its last word, its watch not yet: it may be started again.
        return replace(said, state=State.RUNNING, cause="about to end")
    return said


def runs_in(out: Path) -> list[Path]:
    """The run folders in ``out`` that have a state, and those of the sweeps in it; the oldest first."""
    found = {path.parent for pattern in ("*/state.json", "*/runs/*/state.json") for path in out.glob(pattern)}
    return sorted(found, key=lambda folder: (_submitted(folder), folder.name))


def known_job(folder: Path) -> Job | None:
    """With its number also where what submitted it was killed before it could write that down."""
    job = find_job(folder)
    return job.submitted_as(attempt.native_id(folder)) if job is not None and not job.native_id else job


def _settled(folder: Path) -> bool:
    # Listing a folder makes a network file system look again.
    list((folder / LAUNCH_FOLDER).iterdir())
    return attempt.read_end(folder) is not None


def _gone(folder: Path, job: Job, word: Word) -> RunState:
    until_s = time.monotonic() + (SAID_WITHIN_S if job.target.executor != "local" else 0.0)
    while not _settled(folder) and time.monotonic() < until_s:
        time.sleep(0.2)
    if not _settled(folder):
        said = said_in(folder)
        state, cause = _last_word(folder, said, word)
        attempt.end_processes(folder)
        try:
            attempt.write_end(folder, Ended(said.attempt, state, cause, None, None, ()))
        except OSError:  # a full disk, or somebody else's folder: it is told all the same, each time anew
            return replace(said, state=state, cause=cause)
    return said_in(folder)


def _last_word(folder: Path, said: RunState, word: Word) -> tuple[State, str]:
    cancelled = read_json(launch_file(folder, CANCEL_FILE))
    if said.state is State.DONE:
        return State.DONE, said.cause
    if cancelled:
        return State.CANCELLED, f"cancelled by {cancelled['by']}; {KEPT}"
    if word.end is not None and word.end is not State.LOST:
        return word.end, f"{word.reason}; {KEPT}" if word.reason else KEPT
    if said.state.final:
        return said.state, said.cause
    printed = _last_printed(folder)
    what = f"the job is gone, and nothing says why; its run was {said.state} on {said.host}"
    return State.LOST, f"{what}; printed last: {printed}" if printed else what


def _last_printed(folder: Path) -> str:
    """What the job script printed, which the watch would have explained."""
    for path in (folder / LAUNCH_FOLDER).rglob("*"):
        if path.suffix == ".out" or path.name == local.PRINTED_FILE:
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if lines:
                return " | ".join(line.strip() for line in lines[-_LAST_LINES:])
    return ""


def _by_hand(folder: Path, said: RunState) -> RunState:
    """A run that was started with ``sherrington run``: nobody watches over it but this question."""
    if said.state.final or said.host != os.uname().nodename or command_line(said.pid):
        return said
    return replace(said, state=State.LOST, cause=f"its process, {said.pid}, has ended without a last word")


def _waits(word: Word) -> str:
    return f"waiting: {word.reason}" if word.reason else ""


def _submitted(folder: Path) -> str:
    return str(read_json(folder / JOB_FILE).get("submitted", "")) or str(read_state(folder) or "")


@dataclass(frozen=True)
class Listed:
    """A run for a table. job: None for a run that was not submitted."""

    folder: Path
    state: RunState
    job: Job | None


def listed(out: Path) -> list[Listed]:
    """Every run in ``out``, with its state now."""
    folders = runs_in(out)
    states: Mapping[Path, RunState] = states_of(folders)
    return [Listed(folder, states[folder], find_job(folder)) for folder in folders]
