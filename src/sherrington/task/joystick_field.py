"""Pulling a joystick through a force field to the side: does the error of the pull fall over trials?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..body.model import BodyModel
from ..errors import TaskError
from ..ports import Signal
from .joystick import Joystick
from .needs import exists, not_negative, positive
from .task import Cue, Ended, Readings, Step

_LATE_S = 1e-9


@dataclass(kw_only=True)
class JoystickField(Joystick):
    """Joystick pull through a force field: blocks without the field, with it, and without it again.

    The trial is that of ``joystick``. across: joint of the joystick at right angles to the pull, rad. In the field a
    torque ``field_Nm`` turns it while the stick is pulled farther than ``rest_rad`` after the go cue. Blocks:
    ``baseline_trials`` without, ``field_trials`` with it, then a washout without it.

    The deviation is the angle of ``across`` in the cycle in which the pull passes its threshold, from where it is after
    ``settle_ms``; the error is what it differs from the mean deviation of the baseline trials. From that cycle on, for
    ``error_ms`` or until the trial ends, the cue ``error`` tells it: ``left`` if it is above 0, ``right`` if below, 0
    up to ``tolerated_rad`` and growing to 1 at ``full_error_rad``. None is given in the baseline, or after a pull that
    did not come. stick_m: from pivot to tip.
    """

    across: str = "stick_sideways"
    field_Nm: float = 5e-5
    baseline_trials: int = 6
    field_trials: int = 24
    error_ms: float = 100.0
    tolerated_rad: float = 0.02
    full_error_rad: float = 0.1
    stick_m: float = 0.018
    forces: Sequence[str] = field(default=("joint_torque",), init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(error_ms=self.error_ms, stick_m=self.stick_m)
        not_negative(tolerated_rad=self.tolerated_rad, field_trials=self.field_trials)
        if self.baseline_trials < 1:
            raise TaskError(
                f"baseline_trials = {self.baseline_trials} must be at least 1; the error is counted from there"
            )
        if not math.isfinite(self.field_Nm):
            raise TaskError(f"field_Nm = {self.field_Nm} must be a finite number")
        if not self.full_error_rad > self.tolerated_rad:
            raise TaskError(
                f"full_error_rad = {self.full_error_rad:g} must be above tolerated_rad = {self.tolerated_rad:g}"
            )
        self.cues = {**self.cues, "error": Cue("1", ("left", "right"))}
        self._expected: list[float] = []

    def check(self, body: BodyModel) -> None:
        """Raises TaskError where the body lacks one of the joints."""
        super().check(body)
        exists("joint", self.across, body.joints, body.name)

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """The condition is the wait, s; the block by name; and whether there is the field, 1 or 0."""
        condition = super().begin(rng, trial)
        in_field = trial - self.baseline_trials
        self._block = "baseline" if in_field < 0 else "field" if in_field < self.field_trials else "washout"
        if trial == 0:
            self._expected = []
        self._across_zero_rad = self._deviation_rad = self._error_rad = math.nan
        self._passed_s = math.nan
        return {**condition, "block": self._block, "field": int(self._block == "field")}

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle of the pull, with the field and the error."""
        step = super().step(time_s, body)
        angles = body["joint_angle"]
        if not math.isnan(self._zero_rad) and math.isnan(self._across_zero_rad):
            self._across_zero_rad = float(angles.of(self.across))
        if not math.isnan(self._pull_s) and math.isnan(self._passed_s):
            self._pass(time_s, float(angles.of(self.across)))
        ended = None if step.ended is None else self._with_deviation(step.ended)
        forces = {"joint_torque": {self.across: self._torque_Nm(float(angles.of(self.joint)))}}
        return replace(step, cues={**step.cues, "error": self._told(time_s)}, forces=forces, ended=ended)

    def _pass(self, time_s: float, across_rad: float) -> None:
        """The threshold is passed: measure, and learn what to expect while there is no field yet."""
        self._passed_s = time_s
        self._deviation_rad = across_rad - self._across_zero_rad
        if self._block == "baseline":
            self._expected.append(self._deviation_rad)
        self._error_rad = self._deviation_rad - float(np.mean(self._expected)) if self._expected else math.nan

    def _torque_Nm(self, angle_rad: float) -> float:
        pulled = math.copysign(1.0, self.threshold_rad) * (angle_rad - self._zero_rad)
        pulling = not math.isnan(self._go_s) and pulled > self.rest_rad
        return self.field_Nm if pulling and self._block == "field" else 0.0

    def _told(self, time_s: float) -> Signal:
        silent = self._block == "baseline" or math.isnan(self._error_rad)
        if silent or time_s - self._passed_s >= self.error_ms / 1000 - _LATE_S:
            return np.zeros(2)
        beyond = (abs(self._error_rad) - self.tolerated_rad) / (self.full_error_rad - self.tolerated_rad)
        size = min(1.0, max(0.0, beyond))
        return np.array([size, 0.0] if self._error_rad > 0 else [0.0, size])

    def _with_deviation(self, ended: Ended) -> Ended:
        measures = {
            "deviation_rad": self._deviation_rad,
            "deviation_mm": 1000 * self.stick_m * math.sin(self._deviation_rad),
            "error_rad": self._error_rad,
            "error_mm": 1000 * self.stick_m * math.sin(self._error_rad),
        }
        return replace(ended, measures={**ended.measures, **measures})
