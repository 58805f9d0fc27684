"""Runs the task of an experiment: trial after trial, one step at the very beginning of every cycle.

A trial begins at the start of a cycle. In the cycle of its last step its last cues and its reward are given; cues and
forces are zero in the pause after it. The next trial begins ``pause_ms`` after the end, in the next cycle at the
earliest, and the body is put back first where the experiment asks for it. The brain is never put back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from ..body.engine import BodyEngine
from ..brain.distributions import stream
from ..clock import format_ms, ns_to_ms, ns_to_s
from ..errors import RunError, known
from ..ports import Kind, Port, Signal, Value
from ..resolved import ResolvedTask
from ..task.task import REWARD, Ended, Reading, Step

FIXED = ("trial", "start_ms", "end_ms", "outcome", "success", "score", "reward")
"""Columns that every table of trials begins with; the condition and the measures of the task follow."""

Row = dict[str, object]


class TrialRunner:
    """Steps one task. ``rows`` grows by one with each trial that ends; ``finished`` when there is no more to do.

    ports: cues and reward by name; ``values``: what they carry in this cycle, in the same order. forces: by input of
    the body, what the task adds to it in this cycle; every input it declared is there. first: number of the first
    trial, for whoever runs one at a time.
    """

    def __init__(self, resolved: ResolvedTask, body: BodyEngine, interval_ns: int, seed: int) -> None:
        self.rows: list[Row] = []
        self.first = 0
        self._resolved, self._body, self._seed = resolved, body, seed
        self._interval_ns = interval_ns
        self._task = resolved.make()
        cues = {name: Port(name, Kind.SIGNAL, (len(c.order),), c.unit, tuple(c.order)) for name, c in
                self._task.cues.items()}  # fmt: skip
        self.ports = {**cues, REWARD: Port(REWARD, Kind.SIGNAL, (1,), "1", (REWARD,))}
        self.names = [f"task.{name}" for name in self.ports]
        self.values: list[Value] = [np.zeros(port.shape) for port in self.ports.values()]
        self.forces = {name: np.zeros(body.inputs[name].shape) for name in self._task.forces}
        self._index = {name: i for i, name in enumerate(self.ports)}
        self._start_ns: int | None = None
        self._next_ns = 0
        self._condition: Mapping[str, object] = {}
        self._reward = 0.0

    @property
    def asked(self) -> int | None:
        """How many trials the run ends after; None for as many as it holds."""
        return self._resolved.trials

    @property
    def finished(self) -> bool:
        return self.asked is not None and len(self.rows) >= self.asked

    def read(self, name: str) -> Signal:
        """A cue, or the reward, of this cycle."""
        return cast(Signal, self.values[self._index[name]])

    def step(self, now_ns: int) -> None:
        """The task's part of the cycle that begins at ``now_ns``. Raises RunError for what the task does wrong."""
        if self._start_ns is None and (now_ns < self._next_ns or self.finished):
            self._hold(Step())
            return
        if self._start_ns is None:
            self._begin(now_ns)
        assert self._start_ns is not None
        step = self._asked(now_ns, "step", ns_to_s(now_ns - self._start_ns), self._readings())
        if not isinstance(step, Step):
            raise self._fault(
                now_ns, f"returned {type(step).__name__} from step; return a sherrington.task.Step"
            )
        self._check(now_ns, step)
        self._reward += step.reward
        self._hold(step)
        if step.ended is not None:
            self._end(now_ns, step.ended)

    # --- one trial ---

    def _begin(self, now_ns: int) -> None:
        number = self.first + len(self.rows)
        if self.rows and self._resolved.resets:
            self._body.reset(now_ns)
        self._start_ns, self._reward = now_ns, 0.0
        rng = stream(self._seed, f"task/trial/{number}")
        condition = self._asked(now_ns, "begin", rng, number)
        if not isinstance(condition, Mapping):
            found = type(condition).__name__
            raise self._fault(now_ns, f"returned {found} from begin; return the condition, by name")
        self._condition = condition

    def _end(self, now_ns: int, ended: Ended) -> None:
        assert self._start_ns is not None
        fixed = (
            self.first + len(self.rows), ns_to_ms(self._start_ns), ns_to_ms(now_ns), ended.outcome, bool(ended.success),
            float(ended.score), float(self._reward),
        )  # fmt: skip
        row = {**dict(zip(FIXED, fixed, strict=True)), **self._condition, **ended.measures}
        self._check_row(now_ns, row, ended)
        self.rows.append(row)
        self._start_ns = None
        self._next_ns = now_ns + max(self._resolved.pause_ns, self._interval_ns)

    def _readings(self) -> dict[str, Reading]:
        ports = self._body.outputs
        return {name: Reading(self._body.read(name), tuple(ports[name].order)) for name in self._task.reads}

    def _hold(self, step: Step) -> None:
        """Cues, reward and forces of this cycle. New arrays each time: the guard and the tap keep the old ones."""
        for i, (name, port) in enumerate(self.ports.items()):
            value = step.reward if name == REWARD else step.cues.get(name, 0.0)
            self.values[i] = np.zeros(port.shape) + value
        for name in self.forces:
            self.forces[name] = self._spread(name, step.forces.get(name, {}))

    def _spread(self, name: str, by_part: Mapping[str, Any]) -> Signal:
        port = self._body.inputs[name]
        value = np.zeros(port.shape)
        for part, amount in by_part.items():
            value[port.order.index(part)] = amount
        return value

    # --- what a task can get wrong ---

    def _asked(self, now_ns: int, what: str, *arguments: Any) -> Any:
        try:
            return getattr(self._task, what)(*arguments)
        except Exception as error:
            raise self._fault(now_ns, f"raised {type(error).__name__} in {what}: {error}") from error

    def _check(self, now_ns: int, step: Step) -> None:
        for name, cue in step.cues.items():
            if name not in self.ports or name == REWARD:
                there = known(tuple(n for n in self.ports if n != REWARD))
                raise self._fault(now_ns, f"gave a cue '{name}' that it does not declare; {there}")
            fault = self.ports[name].fault(cue)
            if fault:
                raise self._fault(now_ns, f"gave the cue '{name}' an impossible value: {fault}")
        if not math.isfinite(step.reward) or (step.ended and not math.isfinite(step.ended.score)):
            raise self._fault(now_ns, "gave a reward or a score that is not a finite number")
        for name, by_part in step.forces.items():
            if name not in self.forces:
                raise self._fault(
                    now_ns, f"pushes '{name}', which is not among its forces; {known(tuple(self.forces))}"
                )
            self._check_force(now_ns, name, by_part)

    def _check_force(self, now_ns: int, name: str, by_part: Mapping[str, Any]) -> None:
        port = self._body.inputs[name]
        for part, amount in by_part.items():
            if part not in port.order:
                raise self._fault(now_ns, f"pushes '{part}' by {name}; {known(port.order)}")
            if np.shape(amount) != port.shape[1:] or not np.isfinite(amount).all():
                wanted = "a number" if len(port.shape) == 1 else f"{port.shape[1]} numbers"
                raise self._fault(now_ns, f"pushes '{part}' with {amount}; give {wanted} in {port.unit}")

    def _check_row(self, now_ns: int, row: Row, ended: Ended) -> None:
        """Measures are numbers; every trial has the same columns, and none of them twice."""
        for name, value in ended.measures.items():
            if not isinstance(value, int | float | np.integer | np.floating):
                raise self._fault(
                    now_ns, f"gave the measure '{name}' = {value!r}; give a number, NaN for none"
                )
        given: Sequence[str] = (*FIXED, *self._condition, *ended.measures)
        if len(set(given)) < len(given):
            twice = sorted({name for name in given if given.count(name) > 1})
            raise self._fault(now_ns, f"names {', '.join(twice)} twice among {', '.join(given)}")
        if self.rows and self.rows[0].keys() != row.keys():
            raise self._fault(
                now_ns,
                f"gave the columns {', '.join(row)}, and {', '.join(self.rows[0])} for trial 0; give the same names "
                "in every trial, NaN where there is nothing to measure",
            )

    def _fault(self, now_ns: int, what: str) -> RunError:
        return RunError(
            f"task '{self._resolved.name}' {what}\n    at {format_ms(now_ns)}, in trial {self.first + len(self.rows)}"
        )


def summary(resolved: ResolvedTask, rows: Sequence[Row]) -> dict[str, Any]:
    """What ``summary.json`` says of a task; shares and means are null before the first trial ended."""
    successes = sum(bool(row["success"]) for row in rows)
    return {
        "name": resolved.name,
        "asked": resolved.trials,
        "trials": len(rows),
        "successes": successes,
        "success_share": successes / len(rows) if rows else None,
        "mean_score": float(np.mean([row["score"] for row in rows])) if rows else None,
    }
