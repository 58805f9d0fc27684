"""An experiment ready to be built: every name found, every time in ns. ``resolve`` makes it, build and loop read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .body.model import BodyModel
from .brain.engine import BrainPort, Excitability
from .brain.network import Network
from .experiment import Experiment, Source
from .ports import Signal
from .transfer.function import Transfer


@dataclass(frozen=True)
class Endpoint:
    """One end of a pathway. side: ``brain`` or ``body``; port: name within that engine; unit: as declared there;
    brain: the resolved brain port, None for the body, whose engine knows the sizes; only: names of the entries of a
    body's port that are meant, None for all."""

    side: str
    port: str
    unit: str
    brain: BrainPort | None = None
    only: tuple[str, ...] | None = None


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
class Resolved:
    """An experiment ready to be built. recorded_spikes: populations; recorded_signals: None for all."""

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

    @property
    def experiment(self) -> Experiment:
        return self.source.experiment

    def brain_ports(self, *, writes: bool) -> tuple[BrainPort, ...]:
        """The distinct brain ports that pathways write, or read, in order of first use."""
        ends = (e for p in self.pathways for e in (p.outputs if writes else p.inputs))
        return tuple({e.port: e.brain for e in ends if e.brain is not None}.values())
