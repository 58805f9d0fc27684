"""The experiment file: its validated form, loading, overrides, JSON Schema. Imports no engine.

A person writes one folder with an ``experiment.yaml``. The classes in ``sections`` are its only definition.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .errors import ExperimentError, Problem
from .explain import explain
from .overrides import override
from .salvage import salvage
from .sections import Experiment
from .yaml_file import Document, read, text_of

FILE_NAME = "experiment.yaml"
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Source:
    """An experiment as loaded: the validated form, the folder it came from, and the file as it was read.

    broken: keys whose value is wrong and was replaced or left out, so that the rest can still be checked; empty
    after ``load``.
    """

    experiment: Experiment
    folder: Path
    document: Document
    broken: frozenset[str] = frozenset()

    @property
    def file(self) -> Path:
        return self.document.file

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def problem(self, key: str, message: str, remedy: str) -> Problem:
        """A Problem at ``key``, with its line and whether it came from the command line."""
        return self.document.problem(key, message, remedy)

    def is_broken(self, key: str) -> bool:
        """Whether something is wrong with ``key``, or with anything above or below it."""
        return any(f"{key}.".startswith(f"{b}.") or b.startswith(f"{key}.") for b in self.broken)

    def numbered(self, section: str, entries: Sequence[Entry]) -> Iterator[tuple[str, Entry]]:
        """(key, entry) of a list section, numbered as in the file: broken entries are left out but count."""
        numbers = (i for i in count() if f"{section}.{i}" not in self.broken)
        return ((f"{section}.{i}", entry) for i, entry in zip(numbers, entries, strict=False))


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``experiment.yaml``, from the same classes that validate it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Experiment.model_json_schema()}


def load(folder: Path, overrides: Sequence[str] = ()) -> Source:
    """Read and validate ``folder/experiment.yaml`` by itself (names of ports and functions: see ``resolve``).

    folder: the experiment's folder, or the yaml file in it. overrides: ``key.path=value`` as given to ``--set``,
    the value written as in YAML. Raises ExperimentError with every problem found.
    """
    source, problems = load_in_part(folder, overrides)
    if problems or source is None:
        raise ExperimentError(problems)
    return source


def load_in_part(folder: Path, overrides: Sequence[str] = ()) -> tuple[Source | None, list[Problem]]:
    """As ``load``, but problems are returned, with as much of the experiment as can be made sense of, or None.

    Raises ExperimentError only where there is nothing to read.
    """
    document = read(_file_of(Path(folder)))
    for text in overrides:
        override(document, text)
    try:
        experiment = Experiment.model_validate(document.values)
    except ValidationError as error:
        wrong = list(explain(error.errors(), Experiment, document.values))
        problems = [*document.problems, *(document.problem(*one) for one in wrong)]
        return _rest(document, [key for key, _, _ in wrong]), problems
    return Source(experiment, document.file.parent, document), document.problems


def _rest(document: Document, wrong: Sequence[str]) -> Source | None:
    values, broken = salvage(document.values, wrong)
    try:
        return Source(Experiment.model_validate(values), document.file.parent, document, broken)
    except ValidationError:
        return None


def dump(experiment: Experiment) -> str:
    """The experiment as YAML text; loading it gives an equal experiment."""
    return text_of(experiment.model_dump(exclude_defaults=True))


def _file_of(folder: Path) -> Path:
    path = folder if folder.suffix in {".yaml", ".yml"} else folder / FILE_NAME
    if path.is_file():
        return path
    raise ExperimentError([_nothing_at(path)])


def _nothing_at(path: Path) -> Problem:
    folder = path.parent
    if folder.is_dir():
        there = sorted(p.name for p in folder.iterdir() if p.suffix in {".yaml", ".yml"})
        remedy = f"name the file {FILE_NAME}; YAML files in that folder: {', '.join(there) or 'none'}"
        return Problem(path, 0, "", "no such file", remedy)
    beside = sorted(p.parent.name for p in folder.parent.glob(f"*/{FILE_NAME}"))
    close = difflib.get_close_matches(folder.name, beside, n=1)
    guess = f"did you mean '{folder.parent / close[0]}'? " if close else ""
    remedy = f"{guess}experiments in '{folder.parent}': {', '.join(beside) or 'none'}; 'sherrington new NAME' makes one"
    return Problem(path, 0, "", f"no folder '{folder}'", remedy)
