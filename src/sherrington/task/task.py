"""The contract of a task, on one page. A task knows neither the brain nor an engine: it sees signals of the body at
the start of every cycle, and gives cues, forces and, in the end, a verdict.

Order of calls: ``check`` once; then for every trial ``begin``, and ``step`` from time 0 until one gives an ``ended``.
Whoever calls it holds cues and forces until the next step, resets the body between trials, and writes the table.
``docs/tasks.md`` writes one as an example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..body.model import BodyModel
from ..ports import Signal

REWARD = "reward"
"""The cue that every task has besides its own: what ``Step.reward`` said, for one cycle; unit 1."""
FORCES = ("joint_torque", "body_force")
"""The inputs of a body that a task may push: N*m (slide joint: N) by joint; [x, y, z] in N, world frame, by body."""


@dataclass(frozen=True)
class Cue:
    """A signal for the brain, which pathways read as ``task.NAME``. order: the name of each of its entries."""

    unit: str
    order: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """An output of the body now. values: first axis ordered as ``order``; see ``body/engine.py`` for unit and shape."""

    values: Signal
    order: tuple[str, ...]

    def of(self, name: str) -> Any:
        """The entry of that name: a number, or a vector of a position."""
        return self.values[self.order.index(name)]


Readings = Mapping[str, Reading]
"""What the task asked for in ``reads``, by name of the output."""


@dataclass(frozen=True)
class Ended:
    """The verdict on a trial. outcome: one word, such as hit or timeout; score: larger is better, 0 to 1 in all
    shipped tasks; measures: numbers for the table, the same names in every trial, NaN where there is nothing to
    measure."""

    outcome: str
    success: bool
    score: float
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What a task says in one cycle. cues: by name, shape (n_entries,); those left out are zero. forces: by input of
    the body (see FORCES), then by joint or body; those left out are zero. reward: 0 but in the cycle that earns one.
    ended: the verdict, in the last step of a trial."""

    cues: Mapping[str, Signal] = field(default_factory=dict)
    forces: Mapping[str, Mapping[str, float | Sequence[float] | Signal]] = field(default_factory=dict)
    reward: float = 0.0
    ended: Ended | None = None


class Task(Protocol):
    """What the loop asks of a task. It is made anew for every run, from keyword-only parameters."""

    @property
    def cues(self) -> Mapping[str, Cue]:
        """Every cue by name."""
        ...

    @property
    def reads(self) -> Sequence[str]:
        """Outputs of the body that ``step`` wants, such as ``site_position``."""
        ...

    @property
    def forces(self) -> Sequence[str]:
        """Inputs of the body that it may push; none for most."""
        ...

    def check(self, body: BodyModel) -> None:
        """Raises TaskError, with what exists, where the body lacks something that the task needs."""
        ...

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """Forget the last trial and begin number ``trial``, from 0. rng: the stream of this trial, the same whenever
        the experiment is run with this seed. Returns the condition for the table: target, push; the same names in
        every trial."""
        ...

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle. time_s: since the trial began, 0 at the first step; body: as it is now."""
        ...
