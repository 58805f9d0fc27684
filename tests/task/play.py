"""Plays a scripted movement to a task, cycle by cycle, as the loop would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sherrington.body.model import BodyModel
from sherrington.brain.distributions import stream
from sherrington.task import Ended, Reading, Step, Task

CYCLE_MS = 5

BODY = BodyModel(
    "limb",
    """<mujoco><worldbody><body name="limb"><joint name="elbow"/><joint name="stick_pull"/>
    <geom size="0.1" mass="1"/><site name="paw"/><site name="base"/><site name="beacon_1"/><site name="beacon_2"/>
    </body></worldbody></mujoco>""",
)


@dataclass
class Played:
    """What came of a trial. steps: by time in ms."""

    condition: dict[str, Any]
    steps: dict[int, Step] = field(default_factory=dict)

    @property
    def ended(self) -> Ended:
        last = self.steps[max(self.steps)].ended
        assert last is not None, "the trial never ended"
        return last

    @property
    def end_ms(self) -> int:
        return max(self.steps)

    def cue(self, name: str, at_ms: int) -> list[float]:
        """A cue as it was given, zeros where it was left out as an empty list."""
        return np.asarray(self.steps[at_ms].cues.get(name, [])).tolist()


def play(
    task: Task, quantity: str, order: Sequence[str], at: Callable[[int], Any], trial: int = 0, seed: int = 1
) -> Played:
    """One trial of ``task``. at: the value of ``quantity`` at a time in ms, first axis ordered as ``order``."""
    played = Played(dict(task.begin(stream(seed, f"task/trial/{trial}"), trial)))
    for time_ms in range(0, 60_000, CYCLE_MS):
        reading = Reading(np.asarray(at(time_ms), float), tuple(order))
        step = task.step(time_ms / 1000, {quantity: reading})
        played.steps[time_ms] = step
        if step.ended:
            return played
    raise AssertionError("the trial goes on after a minute")


def track(*points: tuple[float, Any]) -> Callable[[int], Any]:
    """Straight lines between ``(time_ms, value)``, constant before the first and after the last."""
    times = [t for t, _ in points]
    values = np.array([v for _, v in points], float).reshape(len(points), -1)

    def at(time_ms: int) -> Any:
        return np.array([np.interp(time_ms, times, column) for column in values.T])

    return at
