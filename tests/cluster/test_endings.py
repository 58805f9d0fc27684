"""How the end of a run is told, from what is known of it; what the launchers print here was printed by them."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from sherrington.launch.ending import Asked, End, signal_of, verdict
from sherrington.record.state import RunState, State

END = End(status=1, asked=Asked.NOBODY, limit_s=90, by="", printed="", memory_kills=0, free_bytes=2**30)
RUNNING = RunState(State.RUNNING)
MEMORY = (
    "slurmstepd-n1: error: StepId=9.0 exceeded memory limit (539865088 > 419430400), being killed\n"
    "srun: error: n1: task 0: Killed\n"
)


@pytest.mark.parametrize(
    ("end", "said", "state", "cause"),
    [
        (replace(END, status=0), RunState(State.DONE), State.DONE, ""),
        # A check that does not hold: exit status 1, and the run is done.
        (END, RunState(State.DONE), State.DONE, ""),
        (replace(END, asked=Asked.LIMIT), RunState(State.DONE), State.DONE, ""),
        (END, RunState(State.FAILED, "its words"), State.FAILED, "its words"),
        (replace(END, status=-9), RUNNING, State.FAILED, "killed by SIGKILL"),
        (replace(END, status=137), RUNNING, State.FAILED, "killed by SIGKILL"),
        (replace(END, status=139), RUNNING, State.FAILED, "killed by SIGSEGV"),
        (
            replace(END, printed="a\nerror: no\n  disk\n"),
            RUNNING,
            State.FAILED,
            "ended with exit status 1: no disk",
        ),
        (
            replace(END, status=127, printed="not found"),
            RUNNING,
            State.FAILED,
            "ended with exit status 127: not found",
        ),
        (END, RUNNING, State.FAILED, "ended with exit status 1 and without a word"),
        (
            replace(END, status=130, asked=Asked.LIMIT),
            RunState(State.CANCELLED, "stopped by SIGTERM"),
            State.FAILED,
            "time limit of 00:01:30 reached; what was recorded until then is kept",
        ),
        (
            replace(END, status=130, asked=Asked.CANCEL, by="ada on login1"),
            RunState(State.CANCELLED, "stopped by SIGTERM"),
            State.CANCELLED,
            "cancelled by ada on login1; what was recorded until then is kept",
        ),
        (
            replace(END, status=130, asked=Asked.SIGNALLED),
            RunState(State.CANCELLED, "stopped by SIGTERM"),
            State.CANCELLED,
            "stopped by SIGTERM",
        ),
        (
            replace(END, free_bytes=4096),
            RUNNING,
            State.FAILED,
            "the disk of the run folder is full; what was recorded until then is kept, as far as it reached the disk",
        ),
        (
            replace(END, printed="srun: error: Node failure on n2\n"),
            RunState(State.CANCELLED, "stopped by SIGTERM"),
            State.FAILED,
            "node failure on n2",
        ),
    ],
)
def test_verdict(end: End, said: RunState, state: State, cause: str) -> None:
    assert verdict(end, said) == (state, cause)


@pytest.mark.parametrize(
    "end",
    [replace(END, status=137, printed=MEMORY), replace(END, status=-9, memory_kills=1)],
)
def test_out_of_memory(end: End) -> None:
    assert verdict(end, RUNNING)[1].startswith("out of memory")


def test_signal_of() -> None:
    assert [signal_of(n) for n in (-15, 143, 1, 0, 255)] == ["SIGTERM", "SIGTERM", "", "", ""]
    assert signal_of(128 + signal.SIGXCPU) == "SIGXCPU"
