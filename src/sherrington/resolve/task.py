"""The task of an experiment: found by name, made once to be looked at, compared with the body."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..body import engine as body_engine
from ..body.model import BodyModel
from ..errors import known
from ..explain import near
from ..resolved import ResolvedTask
from ..task.shipped import SHIPPED as SHIPPED_TASKS
from ..task.task import FORCES, REWARD, Cue, Task
from .clocks import Clocks
from .findings import Findings
from .parameters import check_parameters
from .ports import body_parts

KEY = "task.name"
WANTED = ("cues", "reads", "forces", "check", "begin", "step")
"""What a class must have to be a task; see ``task/task.py``."""


def find_task(findings: Findings, body: BodyModel | None, clocks: Clocks) -> ResolvedTask | None:
    """The task with everything found, or None if there is none or after a problem."""
    section = findings.source.experiment.task
    if section is None:
        return None
    pause_ns = findings.multiple("task.pause_ms", section.pause_ms, clocks.interval_ns)
    if findings.source.is_broken(KEY):
        return None
    make = findings.function("task", KEY, section.name, SHIPPED_TASKS)
    if make is None:
        return None
    takes = inspect.signature(make).parameters
    if not check_parameters(findings, "task.params", section.name, make, takes, section.params):
        return None
    task = findings.call("task.params", section.name, lambda: make(**section.params))
    if task is None or not _is_task(findings, section.name, task):
        return None
    if body is not None:
        _compare(findings, section.name, task, body)
    return ResolvedTask(
        section.name,
        partial(_make, make, section.params),
        dict(task.cues),
        tuple(task.reads),
        tuple(task.forces),
        section.trials,
        pause_ns,
        section.reset == "each_trial",
    )


def _make(make: Callable[..., Any], params: Mapping[str, Any]) -> Task:
    made: Task = make(**params)
    return made


def _is_task(findings: Findings, name: str, task: Any) -> bool:
    """Whether it has all that a task has, of the right kind."""
    missing = [part for part in WANTED if not hasattr(task, part)]
    if missing:
        message = f"'{name}' makes a {type(task).__name__}, which is no task: it lacks {', '.join(missing)}"
        findings.add(KEY, message, f"give it {', '.join(WANTED)}, as docs/tasks.md says")
        return False
    for cue, declared in task.cues.items():
        if not isinstance(declared, Cue) or not declared.order or cue == REWARD:
            message = f"'{name}' declares the cue '{cue}' as {declared!r}"
            remedy = "declare each cue as Cue(unit, order), with one entry at least, and none called 'reward'"
            findings.add(KEY, message, remedy)
            return False
    return True


def _compare(findings: Findings, name: str, task: Any, body: BodyModel) -> None:
    """What the task reads and pushes must exist in this body."""
    for what, asked, there in (
        ("reads", task.reads, tuple(body_engine.OUTPUTS)),
        ("pushes", task.forces, FORCES),
    ):
        for quantity in asked:
            parts, names = body_parts(body, quantity)
            if quantity not in there:
                findings.add(KEY, f"'{name}' {what} '{quantity}'", f"{near(quantity, there)}{known(there)}")
            elif parts and not names:
                findings.add(
                    KEY,
                    f"'{name}' {what} {quantity}, and body '{body.name}' has no {parts}",
                    "use another body",
                )
    findings.call("task.params", name, lambda: task.check(body))
