"""Holding a posture against pushes at random times and in random directions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..body.model import BodyModel
from ..errors import TaskError
from ..ports import Signal
from .needs import exists, not_negative, positive, share
from .task import Cue, Ended, Readings, Step

_LATE_S = 1e-9


@dataclass(kw_only=True)
class Posture:
    """Posture: hold joint angles against a push at a random time, in a random direction.

    angles_rad: what to hold, by joint; the angles after ``settle_ms`` of the joints in ``joints``, or of all, if left
    out. Push: ``push_N`` on the body ``push_body``, or ``push_Nm`` at the joint ``push_joint``, for ``push_ms``, begun
    between ``push_from_ms`` and ``push_until_ms``; both neither: no push. Time and direction (of the torque: its sign)
    are drawn from each trial's own stream.

    A trial: settle_ms; then the cue ``hold`` for ``hold_ms``. The error is the root mean square over the joints of
    angle - held angle. Outcomes: held (its mean over the trial and its last value are both below ``bound_rad``); lost.
    Score: 1 - mean error / bound, held to 0..1. Reward: 1 if held. Times count from the start of the trial.
    """

    joints: Sequence[str] | None = None
    angles_rad: Mapping[str, float] | None = None
    bound_rad: float = 0.3
    settle_ms: float = 300.0
    hold_ms: float = 1500.0
    push_body: str | None = None
    push_N: float = 0.0
    push_joint: str | None = None
    push_Nm: float = 0.0
    push_ms: float = 100.0
    push_from_ms: float = 500.0
    push_until_ms: float = 1000.0
    reads: Sequence[str] = field(default=("joint_angle",), init=False)
    forces: Sequence[str] = field(init=False)
    cues: Mapping[str, Cue] = field(init=False)

    def __post_init__(self) -> None:
        positive(bound_rad=self.bound_rad, hold_ms=self.hold_ms, push_ms=self.push_ms)
        not_negative(settle_ms=self.settle_ms, push_N=self.push_N, push_Nm=self.push_Nm)
        if self.joints is not None and self.angles_rad is not None:
            raise TaskError(
                "joints and angles_rad are both given; the joints of angles_rad are those that are held"
            )
        if self.push_body is not None and self.push_joint is not None:
            raise TaskError("push_body and push_joint are both given; push one of them")
        for what, amount in (("push_body", "push_N"), ("push_joint", "push_Nm")):
            if (getattr(self, what) is not None) != (getattr(self, amount) > 0):
                raise TaskError(f"{what} and {amount} belong together; give both or neither")
        end_ms = self.settle_ms + self.hold_ms
        if not 0 <= self.push_from_ms <= self.push_until_ms <= end_ms - self.push_ms and self._pushes:
            raise TaskError(
                f"the push lies between push_from_ms = {self.push_from_ms:g} and push_until_ms + push_ms = "
                f"{self.push_until_ms + self.push_ms:g}; both must lie between 0 and the end of the trial at {end_ms:g}"
            )
        self.forces = ("body_force",) if self.push_body else ("joint_torque",) if self.push_joint else ()
        self.cues = {"hold": Cue("1", ("hold",))}

    @property
    def _pushes(self) -> bool:
        return self.push_body is not None or self.push_joint is not None

    def check(self, body: BodyModel) -> None:
        """Raises TaskError where the body lacks a joint or the body to push."""
        for joint in (*(self.joints or ()), *(self.angles_rad or ())):
            exists("joint", joint, body.joints, body.name)
        if self.push_joint is not None:
            exists("joint", self.push_joint, body.joints, body.name)
        if self.push_body is not None:
            exists("body", self.push_body, body.bodies, body.name)

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """The condition is the start of the push, s, and its direction: [x, y, z], or the sign of the torque."""
        self._push_s = float(rng.uniform(self.push_from_ms, self.push_until_ms)) / 1000
        way = rng.normal(size=3)
        self._direction: Signal = way / np.linalg.norm(way)
        self._held: Signal = np.empty(0)
        self._index: list[int] = []
        self._errors: list[float] = []
        self._last_beyond_s = math.nan
        if not self._pushes:
            return {}
        if self.push_body is not None:
            return {"push_s": self._push_s, "push_direction": self._direction.round(6).tolist()}
        return {"push_s": self._push_s, "push_sign": 1 if self._direction[0] > 0 else -1}

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle: settling or holding."""
        if time_s < self.settle_ms / 1000:
            return Step(forces=self._push(time_s))
        angles = body["joint_angle"]
        if not self._index:
            self._hold(angles.values, angles.order)
        error = float(np.sqrt(np.mean((angles.values[self._index] - self._held) ** 2)))
        self._errors.append(error)
        if error > self.bound_rad:
            self._last_beyond_s = time_s
        if time_s >= (self.settle_ms + self.hold_ms) / 1000 - _LATE_S:
            return self._end(error)
        return Step({"hold": np.ones(1)}, self._push(time_s))

    def _hold(self, values: Signal, order: Sequence[str]) -> None:
        joints = self.angles_rad or self.joints or order
        self._index = [order.index(joint) for joint in joints]
        given = self.angles_rad
        self._held = values[self._index] if given is None else np.array([given[joint] for joint in joints])

    def _push(self, time_s: float) -> Mapping[str, Mapping[str, float | Signal]]:
        if not self._push_s <= time_s < self._push_s + self.push_ms / 1000:
            return {}
        if self.push_body is not None:
            return {"body_force": {self.push_body: self.push_N * self._direction}}
        if self.push_joint is not None:
            return {"joint_torque": {self.push_joint: math.copysign(self.push_Nm, self._direction[0])}}
        return {}

    def _end(self, error: float) -> Step:
        mean = float(np.mean(self._errors))
        held = mean < self.bound_rad and error < self.bound_rad
        measures = {
            "mean_error_rad": mean,
            "final_error_rad": error,
            "peak_error_rad": max(self._errors),
            "last_beyond_bound_s": self._last_beyond_s,
        }
        score = 1.0 - share(mean, self.bound_rad)
        return Step(reward=float(held), ended=Ended("held" if held else "lost", held, score, measures))
