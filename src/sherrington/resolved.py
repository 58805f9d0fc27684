"""An experiment ready to be built: every name found, every time in ns. ``resolve`` makes it, build and loop read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .body.model import BodyModel
from .brain.engine import BrainPort, Excitability
from .brain.network import Network
from .experiment import Source
from .ports import Signal
from .sections import Experiment
from .task.task import Cue, Task
from .transfer.function import Transfer


@dataclass(frozen=True)
class Endpoint:
    """One end of a pathway. side: ``brain``, ``body`` or ``task``; port: name there; unit: as declared there; brain:
    the resolved brain port, None for the others, whose sizes are known once they are built; only: names of the
    entries of a body's or task's port that are meant, None for all; pixels: width and height of a camera's image."""

    side: str
    port: str
    unit: str
    brain: BrainPort | None = None
    only: tuple[str, ...] | None = None
    pixels: tuple[int, int] | None = None


@dataclass(frozen=True)
class ResolvedPathway:
    """A pathway with its function and ports found. inputs, outputs: ordered as the function declares them."""

    name: str
    transfer: Transfer
    inputs: tuple[Endpoint, ...]
    outputs: tuple[Endpoint, ...]
    params: Mapping[str, Any]
    delay_ns: int
    interval_ns: int
    gain: float
    noise_std: float

    @property
    def is_motor(self) -> bool:
        """From brain to body: the direction that a pipelined loop needs a delay in."""
        return self.outputs[0].side == "body" and any(e.side == "brain" for e in self.inputs)


@dataclass(frozen=True)
class TimedForce:
    """A perturbation: ``value`` is added to the body input ``port`` from start to end."""

    name: str
    start_ns: int
    end_ns: int
    port: str
    value: Signal


@dataclass(frozen=True)
class TimedChange:
    """An intervention: ``change`` is made to the populations at a time."""

    name: str
    at_ns: int
    populations: tuple[str, ...]
    change: Excitability


@dataclass(frozen=True)
class ResolvedTask:
    """A task, checked against the body. make: a new one for each run; trials: None for as many as the run holds;
    pause_ns: between two trials; resets: whether the body is put back before each."""

    name: str
    make: Callable[[], Task]
    cues: Mapping[str, Cue]
    reads: tuple[str, ...]
    forces: tuple[str, ...]
    trials: int | None
    pause_ns: int
    resets: bool


@dataclass(frozen=True)
class Resolved:
    """An experiment ready to be built. recorded_spikes: populations; recorded_signals: None for all; observed: ports
    that are read from outside the loop."""

    source: Source
    network: Network
    body: BodyModel
    pathways: tuple[ResolvedPathway, ...]
    forces: tuple[TimedForce, ...]
    changes: tuple[TimedChange, ...]
    recorded_spikes: tuple[str, ...]
    recorded_signals: tuple[str, ...] | None
    check: Callable[..., Any] | None
    interval_ns: int
    duration_ns: int
    timestep_ns: int
    resolution_ns: int
    task: ResolvedTask | None = None
    observed: tuple[Endpoint, ...] = ()

    @property
    def experiment(self) -> Experiment:
        return self.source.experiment

    @property
    def undrawable(self) -> str:
        """Why no picture can be drawn of the body, with what to do; empty where MuJoCo can, from the body's MJCF."""
        if self.experiment.body.engine == "closed_form":
            return "body engine 'closed_form' has no shape to draw; set body.engine: mujoco"
        if not self.body.mjcf:
            return f"body '{self.body.name}' has no MJCF to be drawn from; make one with: sherrington convert"
        return ""

    @property
    def cameras(self) -> Mapping[str, tuple[int, int]]:
        """Width and height of the cameras that are read, by name."""
        ends = (*(e for p in self.pathways for e in p.inputs), *self.observed)
        return {e.port.partition(".")[2]: e.pixels for e in ends if e.pixels is not None}

    def brain_ports(self, *, writes: bool) -> tuple[BrainPort, ...]:
        """The distinct brain ports that are written, or read, in order of first use."""
        of_pathways = (e for p in self.pathways for e in (p.outputs if writes else p.inputs))
        ends = (*of_pathways, *(() if writes else self.observed))
        return tuple({e.port: e.brain for e in ends if e.brain is not None}.values())
