"""The contract of a body engine, on one page. ``tests/contract/test_body.py`` runs on every engine.

Order of calls: ``prepare`` once, then cycles of ``write``, ``advance``, ``read``; ``close`` at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..ports import Port, Signal
from .model import BodyModel

INPUTS = {
    "muscle_excitation": "1",
    "motor_control": "1",
    "joint_torque": "N*m",
    "body_force": "N",
}
"""muscle_excitation: neural drive of each muscle, 0 to 1. motor_control: control of every other actuator, in the
actuator's own unit (N*m of a motor, rad of a position servo). joint_torque: applied at each hinge or slide joint
(N*m, N). body_force: applied at each body's centre of mass, shape (n_bodies, 3), world frame."""

OUTPUTS = {
    "muscle_length": "m",
    "muscle_velocity": "m/s",
    "muscle_force": "N",
    "muscle_activation": "1",
    "muscle_optimal_length": "m",
    "muscle_rest_length": "m",
    "muscle_max_force": "N",
    "joint_angle": "rad",
    "joint_velocity": "rad/s",
    "contact_force": "N",
    "site_position": "m",
    "sensor": "1",
}
"""muscle_length, _velocity: of the whole musculotendon, lengthening positive. muscle_force: tension, >= 0.
muscle_optimal_length, muscle_rest_length, muscle_max_force: constants; rest is the musculotendon length at the
initial pose. contact_force: normal force on each body, summed over its contacts, >= 0. site_position: shape
(n_sites, 3), world frame. sensor: every scalar of the model's sensor section, in document order.

Beside these, a camera called NAME that is asked for in ``BodyOptions.cameras`` is the output ``camera.NAME``: its
image as luminance, 0 to 1, shape (height, width), top row first; drawn when it is read."""

CAMERA_UNIT = "1"

CONSTANTS = frozenset({"muscle_optimal_length", "muscle_rest_length", "muscle_max_force"})
"""Outputs that never change, so that there is nothing to record."""


@dataclass(frozen=True)
class BodyOptions:
    """timestep_ms: step of the body. initial: joint angles in rad that replace the model's own, by joint. cameras:
    name to (width, height) in pixels of every camera that is read; an engine makes no other image. pipelined: the brain
    will run at the same time on another thread, and may keep the GIL until it is done."""

    timestep_ms: float = 0.5
    initial: Mapping[str, float] = field(default_factory=dict)
    cameras: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    pipelined: bool = False


@dataclass(frozen=True)
class Pose:
    """Where everything is, for drawing. positions: (n_bodies, 3), m; quaternions: (n_bodies, 4), w first;
    ordered as ``bodies``."""

    bodies: tuple[str, ...]
    positions: Signal
    quaternions: Signal


class BodyEngine(Protocol):
    """What the loop asks of a body. Times are ns since the start of the run."""

    now_ns: int
    timestep_ns: int
    kernel_s: float
    """Wall time spent inside the simulator's own step, so far."""
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    """Ports by name, known after ``prepare``; a quantity the model has none of is absent."""

    def prepare(self, model: BodyModel, options: BodyOptions) -> None:
        """Compile the model and put it into its initial pose. Raises BodyError, ClockError."""
        ...

    def write(self, port: str, value: Signal) -> None:
        """Set an input; it acts from the next ``advance`` on and holds until written again. Whether forces and contacts
        that are read before that show it already is the engine's."""
        ...

    def advance(self, until_ns: int) -> None:
        """Step to ``until_ns``, a multiple of the time step. Releases the GIL while stepping, where it can.

        Raises DivergenceError naming the first joint, muscle or body whose state is not finite.
        """
        ...

    def read(self, port: str) -> Signal:
        """The port's value now; valid until the next ``advance``."""
        ...

    def pose(self) -> Pose:
        """Where everything is now."""
        ...

    def reset(self, at_ns: int = 0) -> None:
        """Back to the initial pose, at rest, inputs zero; the time is then ``at_ns``, so that a run can go on."""
        ...

    def save(self) -> bytes:
        """The whole state; ``restore`` continues bit for bit."""
        ...

    def restore(self, state: bytes) -> None:
        """Continue from ``save`` of the same model."""
        ...

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``: degrees of freedom, muscles, version."""
        ...

    def close(self) -> None:
        """Give back everything; safe to call twice."""
        ...
