"""Pulling a joystick as head-fixed mice do: wait, pull past a threshold after the go cue, let it return."""

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

SLOWEST_HIT = 0.5
"""Score of a hit whose pull came in the last moment of the window."""
NOT_RETURNED = 0.25
"""Score of a pull after which the joystick did not come back to rest."""
NEAREST_MISS = 0.1
"""What a pull can score that stops just short of the threshold."""
_LATE_S = 1e-9


@dataclass(kw_only=True)
class Joystick:
    """Joystick pull: after the go cue, pull past a threshold within a window, then let it return to rest.

    joint: of the joystick, rad. threshold_rad: the angle to pull to, from where the joint is after ``settle_ms``;
    below 0 to pull the other way. rest_rad: the joystick is at rest within so much of that angle.

    A trial: settle_ms without any cue; then ``ready``, for a time drawn between ``wait_ms[0]`` and ``wait_ms[1]``
    from the trial's own stream; ``go``; the threshold must be passed within ``window_ms``, and the joystick be back at
    rest within ``return_ms`` after that and stay there for ``rest_ms``. Outcomes: hit; early (past the threshold
    before go); miss (not past it in time); no_return.

    Score of a hit: 1 - 0.5 t / window, t from go to the threshold, so 0.5 to 1; no_return: 0.25; miss: 0.1 of the
    share of the threshold that was reached; early: 0. Reward: 1 at a hit.
    """

    joint: str = "stick_pull"
    threshold_rad: float = 0.2
    rest_rad: float = 0.05
    settle_ms: float = 200.0
    wait_ms: Sequence[float] = (300.0, 700.0)
    window_ms: float = 1000.0
    return_ms: float = 1000.0
    rest_ms: float = 50.0
    reads: Sequence[str] = field(default=("joint_angle",), init=False)
    forces: Sequence[str] = field(default=(), init=False)
    cues: Mapping[str, Cue] = field(init=False)

    def __post_init__(self) -> None:
        positive(rest_rad=self.rest_rad, window_ms=self.window_ms, return_ms=self.return_ms)
        not_negative(settle_ms=self.settle_ms, rest_ms=self.rest_ms)
        if not abs(self.threshold_rad) > self.rest_rad:
            raise TaskError(
                f"threshold_rad = {self.threshold_rad:g} must be farther from 0 than rest_rad = {self.rest_rad:g}"
            )
        if len(self.wait_ms) != 2 or not 0 <= self.wait_ms[0] <= self.wait_ms[1] < math.inf:
            raise TaskError(f"wait_ms = {list(self.wait_ms)} must be [shortest, longest], both 0 or above")
        self.cues = {"ready": Cue("1", ("ready",)), "go": Cue("1", ("go",))}

    def check(self, body: BodyModel) -> None:
        """Raises TaskError where the body has no such joint."""
        exists("joint", self.joint, body.joints, body.name)

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """The condition is the wait before the go cue, s."""
        shortest, longest = self.wait_ms
        self._wait_s = float(rng.uniform(shortest, longest)) / 1000
        self._zero_rad = math.nan
        self._go_s = self._reaction_s = self._pull_s = self._below_s = self._rest_since_s = math.nan
        self._peak_rad = 0.0
        return {"wait_s": self._wait_s}

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle: settling, waiting, pulling or returning."""
        angle = float(body["joint_angle"].of(self.joint))
        since_s = time_s - self.settle_ms / 1000
        if since_s < 0:
            return Step()
        if math.isnan(self._zero_rad):
            self._zero_rad = angle
        pulled = math.copysign(1.0, self.threshold_rad) * (angle - self._zero_rad)
        if math.isnan(self._go_s):
            return self._wait(time_s, since_s, pulled)
        return self._pull(time_s - self._go_s, pulled)

    @property
    def _past_rad(self) -> float:
        return abs(self.threshold_rad)

    def _wait(self, time_s: float, since_s: float, pulled: float) -> Step:
        if pulled >= self._past_rad:
            return self._end("early")
        if since_s < self._wait_s - _LATE_S:
            return Step(_cued(ready=True))
        self._go_s = time_s
        return self._pull(0.0, pulled)

    def _pull(self, since_go_s: float, pulled: float) -> Step:
        self._measure(since_go_s, pulled)
        if math.isnan(self._pull_s):
            missed = since_go_s >= self.window_ms / 1000 - _LATE_S
            return self._end("miss") if missed else Step(_cued(go=True))
        if not math.isnan(self._rest_since_s) and _at_least(since_go_s - self._rest_since_s, self.rest_ms):
            return self._end("hit")
        # A rest reached in time may last beyond it.
        late = _at_least(since_go_s - self._pull_s, self.return_ms)
        return self._end("no_return") if late and math.isnan(self._rest_since_s) else Step(_cued())

    def _measure(self, since_go_s: float, pulled: float) -> None:
        self._peak_rad = max(self._peak_rad, pulled)
        if math.isnan(self._reaction_s) and pulled > self.rest_rad:
            self._reaction_s = since_go_s
        if math.isnan(self._pull_s):
            if pulled >= self._past_rad and since_go_s <= self.window_ms / 1000 + _LATE_S:
                self._pull_s = since_go_s
        elif math.isnan(self._below_s) and pulled < self._past_rad:
            self._below_s = since_go_s
        if math.isnan(self._pull_s) or abs(pulled) > self.rest_rad:
            self._rest_since_s = math.nan
        elif math.isnan(self._rest_since_s):
            self._rest_since_s = since_go_s

    def _end(self, outcome: str) -> Step:
        hit = outcome == "hit"
        scores = {
            "hit": 1.0 - (1.0 - SLOWEST_HIT) * share(self._pull_s * 1000, self.window_ms),
            "no_return": NOT_RETURNED,
            "miss": NEAREST_MISS * share(self._peak_rad, self._past_rad),
            "early": 0.0,
        }
        measures = {
            "reaction_time_s": self._reaction_s,
            "pull_time_s": self._pull_s,
            "peak_angle_rad": math.nan if math.isnan(self._go_s) else self._peak_rad,
            "time_above_threshold_s": self._below_s - self._pull_s,
            "return_time_s": self._rest_since_s - self._pull_s,
        }
        return Step(reward=float(hit), ended=Ended(outcome, hit, scores[outcome], measures))


def _cued(*, ready: bool = False, go: bool = False) -> Mapping[str, Signal]:
    return {"ready": np.array([float(ready)]), "go": np.array([float(go)])}


def _at_least(elapsed_s: float, asked_ms: float) -> bool:
    return elapsed_s >= asked_ms / 1000 - _LATE_S
