"""Who advances next and to when. The order of one cycle, as a table that prints itself."""

from __future__ import annotations

from dataclasses import dataclass

from ..clock import format_ms, ratio
from ..resolved import Resolved, ResolvedPathway
from ..task.task import REWARD


@dataclass(frozen=True)
class Schedule:
    """The clocks of a run, checked to divide.

    interval_ns: brain and body meet this often; duration_ns: the whole run; pipelined: both advance at once.
    """

    interval_ns: int
    duration_ns: int
    resolution_ns: int
    timestep_ns: int
    pipelined: bool

    @staticmethod
    def of(resolved: Resolved) -> Schedule:
        """The schedule of an experiment. Raises ClockError when two clocks do not divide."""
        schedule = Schedule(
            resolved.interval_ns,
            resolved.duration_ns,
            resolved.resolution_ns,
            resolved.timestep_ns,
            resolved.experiment.loop.mode == "pipelined",
        )
        ratio(schedule.duration_ns, schedule.interval_ns, "loop.duration_ms", "loop.interval_ms")
        ratio(schedule.interval_ns, schedule.resolution_ns, "loop.interval_ms", "brain.resolution_ms")
        ratio(schedule.interval_ns, schedule.timestep_ns, "loop.interval_ms", "body.timestep_ms")
        return schedule

    @property
    def cycles(self) -> int:
        return self.duration_ns // self.interval_ns


def describe(resolved: Resolved) -> str:
    """One cycle of this experiment as text: every step in order, with its clock, its ports and its delay."""
    schedule = Schedule.of(resolved)
    interval = format_ms(schedule.interval_ns)
    mode = "pipelined" if schedule.pipelined else "lockstep"
    lines = [
        f"One cycle every {interval}, {mode}, {schedule.cycles} cycles in {format_ms(schedule.duration_ns)}.",
        "",
        *(f"{i:3}  {text}" for i, text in enumerate(_steps(resolved, schedule), start=1)),
    ]
    return "\n".join(lines)


def _steps(resolved: Resolved, schedule: Schedule) -> list[str]:
    interval = format_ms(schedule.interval_ns)
    before = [p for p in resolved.pathways if not p.is_motor]
    after = [p for p in resolved.pathways if p.is_motor]
    brain = f"brain.advance  {interval} in steps of {format_ms(schedule.resolution_ns)}"
    body = f"body.advance   {interval} in steps of {format_ms(schedule.timestep_ns)}"
    begin = [
        "perturbations and interventions that are due",
        *_task(resolved),
        *map(_line, before),
        *(f"{_names(p, 'body')}: read now, kept for {p.name}" for p in after if _names(p, "body")),
        "brain.write    the sum of what arrives at each port",
    ]
    if schedule.pipelined:
        middle = ["body.write     what left the delay lines", f"{brain}   |  at the same time  |   {body}"]
        return [*begin, *middle, *map(_line, after), *_end()]
    write = "body.write     what left the delay lines"
    return [*begin, brain, *map(_line, after), write, body, *_end()]


def _task(resolved: Resolved) -> list[str]:
    task = resolved.task
    if task is None:
        return []
    reads = ", ".join(f"body.{name}" for name in task.reads) or "time"
    gives = ", ".join(
        (*(f"task.{name}" for name in (*task.cues, REWARD)), *(f"body.{n}" for n in task.forces))
    )
    reset = "; before each trial body.reset" if task.resets else ""
    return [f"{reads} -> task {task.name} -> {gives}{reset}"]


def _end() -> list[str]:
    return ["taps: record signals, spikes and poses", "requests: pause, step, stop, stimulate, lesion"]


def _names(p: ResolvedPathway, side: str) -> str:
    return ", ".join(f"{e.side}.{e.port}" for e in p.inputs if e.side == side)


def _line(p: ResolvedPathway) -> str:
    inputs = ", ".join(f"{e.side}.{e.port}" for e in p.inputs) or "time"
    outputs = ", ".join(f"{e.side}.{e.port}" for e in p.outputs)
    every = f" every {format_ms(p.interval_ns)}"
    return f"{inputs} -> {p.name} ({p.transfer.name}{every}) -> delay {format_ms(p.delay_ns)} -> {outputs}"
