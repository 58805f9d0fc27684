"""From a sweep file to runs: every combination, its name, and whether it is a valid experiment. Nothing is built."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from .. import experiment
from ..beforehand import check_video
from ..errors import ExperimentError, NeverError, Problem
from ..resolve import open_experiment
from ..resolved import Resolved
from ..yaml_file import FROM_COMMAND_LINE, line_of, value_of
from .file import SweepFile, overlap

SEED = "seed"
LONGEST_VALUE, LONGEST_NAME = 24, 140


@dataclass(frozen=True)
class Change:
    """One key set for a run. place: where that is written in the sweep file, dotted."""

    key: str
    value: Any
    place: str

    @property
    def text(self) -> str:
        """As for ``--set``."""
        return f"{self.key}={line_of(self.value)}"


@dataclass(frozen=True)
class Combination:
    """One run, not looked at yet. name: of its folder; case: empty without cases; varied: value by key of ``vary``."""

    name: str
    case: str
    varied: Mapping[str, Any]
    changes: tuple[Change, ...]

    @property
    def overrides(self) -> tuple[str, ...]:
        return tuple(change.text for change in self.changes)


@dataclass(frozen=True)
class Planned:
    """A run that is a valid experiment. overrides: all of them, as for ``--set``; text: the experiment as it will run,
    YAML; processors: how many it can keep busy."""

    name: str
    case: str
    varied: Mapping[str, Any]
    overrides: tuple[str, ...]
    text: str
    processors: int


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, in the order of the file. source: the experiment's yaml file."""

    file: SweepFile
    source: Path
    name: str
    title: str
    runs: tuple[Planned, ...]

    @property
    def processors(self) -> int:
        """The most that one of the runs can keep busy."""
        return max(run.processors for run in self.runs)


def make_plan(file: SweepFile, folder: Path, overrides: Sequence[str] = (), video: bool = False) -> Plan:
    """Check every run of the sweep of the experiment in ``folder``.

    overrides: for all runs, as given to ``--set``. Raises ExperimentError with everything wrong in any of them, each
    problem once and with the runs it is in.
    """
    _check_overrides(file, overrides)
    found: dict[Problem, list[str]] = {}
    runs, resolved = [], None
    for run in combinations(file):
        try:
            resolved = open_experiment(folder, (*overrides, *run.overrides))
            if video:
                check_video(resolved)
            runs.append(_planned(run, overrides, resolved))
        except ExperimentError as error:
            for problem in error.problems:
                found.setdefault(_in_sweep(problem, run, file), []).append(run.name)
    if found or resolved is None:
        raise ExperimentError(list(_with_runs(found, file)), "sweep")
    source = resolved.source
    return Plan(file, source.file, source.name, source.experiment.title, tuple(runs))


def combinations(file: SweepFile) -> Iterator[Combination]:
    """Every case with every combination of the values, the last key varying fastest."""
    names = short_names(tuple(file.varied))
    axes = [
        [Change(key, v, _place(file, key, i)) for i, v in enumerate(vs)] for key, vs in file.varied.items()
    ]
    for case, changes in (file.sweep.cases or {"": {}}).items():
        own = [Change(key, value, f"cases.{case}.{key}") for key, value in changes.items()]
        for chosen in product(*axes):
            varied = {change.key: change.value for change in chosen}
            parts = [case] * bool(case) + [f"{_plain(names[k])}={_short(v)}" for k, v in varied.items()]
            yield Combination(_file_name(",".join(parts)), case, varied, (*own, *chosen))


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The fewest last parts of each key that no other key ends with."""

    def shortest(key: str) -> str:
        parts = key.split(".")
        tails = (".".join(parts[i:]) for i in range(len(parts) - 1, 0, -1))
        others = [f".{other}" for other in keys if other != key]
        return next((t for t in tails if not any(o.endswith(f".{t}") for o in others)), key)

    return {key: shortest(key) for key in keys}


def processors(resolved: Resolved) -> int:
    """How many a run keeps busy: a thread for each virtual process of NEST, and pipelined one for the body."""
    brain = resolved.experiment.brain
    threads = brain.virtual_processes if brain.engine == "nest" else 1
    return threads + (resolved.experiment.loop.mode == "pipelined")


def _planned(run: Combination, overrides: Sequence[str], resolved: Resolved) -> Planned:
    text = experiment.dump(resolved.experiment)
    return Planned(run.name, run.case, run.varied, (*overrides, *run.overrides), text, processors(resolved))


def _place(file: SweepFile, key: str, i: int) -> str:
    return f"vary.{key}.{i}" if isinstance(file.sweep.vary[key], list) else f"vary.{key}"


def _short(value: Any) -> str:
    """A value in a file name: as it is written where that will do, else a few digits of its digest."""
    text = value if isinstance(value, str) else line_of(value)
    clean = re.fullmatch(r"[\w.+-]+", text) and len(text) <= LONGEST_VALUE
    # The text "1" and the number 1 are two values.
    return text if clean and value_of(text, Path())[0] == value else _digest(line_of(value))


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]", "_", name)


def _file_name(name: str) -> str:
    """``name``, which tells the values, cut where it is too long for a file, and told apart by a digest then."""
    whole = name if re.match(r"\w", name) else f"run-{name}"
    return whole if len(whole) <= LONGEST_NAME else f"{whole[: LONGEST_NAME - 13]}-{_digest(whole)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# --- problems ---------------------------------------------------------------------------------------------


def _check_overrides(file: SweepFile, overrides: Sequence[str]) -> None:
    keys = [*file.sweep.vary, *(key for changes in file.sweep.cases.values() for key in changes)]
    for text in overrides:
        given = text.partition("=")[0].strip()
        for key in keys:
            if overlap(given, key):
                raise NeverError(
                    f"--set {given} and '{key}' of {file.path} change the same; leave one of them out"
                )


def _in_sweep(problem: Problem, run: Combination, file: SweepFile) -> Problem:
    """The problem where the person can mend it: in the sweep file, if the value stands there."""
    key = _set_key(problem.key)
    for change in run.changes:
        if key and overlap(key, change.key):
            about = "" if key == change.key else f"{key}: "
            return file.document.problem(change.place, about + problem.message, problem.remedy)
    return problem


def _set_key(key: str) -> str:
    """The key of the experiment that was set, or nothing for a problem of the experiment's own."""
    if key.startswith("--set "):
        return key.removeprefix("--set ").partition("=")[0].strip()
    return key.removesuffix(FROM_COMMAND_LINE) if key.endswith(FROM_COMMAND_LINE) else ""


def _with_runs(found: Mapping[Problem, Sequence[str]], file: SweepFile) -> Iterator[Problem]:
    total = sum(1 for _ in combinations(file))
    for problem, names in found.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        runs = f"run{'s' * (len(names) > 1)} {'; '.join(names[:3])}{more}"
        where = "every run" if len(names) == total else runs
        yield replace(problem, message=f"{problem.message} (in {where})")
