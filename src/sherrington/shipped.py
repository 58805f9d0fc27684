"""What ships with Sherrington: examples to run and copy, networks, bodies, transfer functions, tasks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import find
from .body.models import SHIPPED as BODIES
from .body.parts import SHIPPED as PARTS
from .brain.models import SHIPPED as NETWORKS
from .errors import NeverError, known
from .experiment import FILE_NAME, load
from .task.shipped import SHIPPED as TASKS
from .transfer.shipped import SHIPPED as FUNCTIONS


def examples() -> dict[str, Path]:
    """Shipped experiments by name. They lie inside an installed package, or at the top of a checkout."""
    here = Path(__file__).parent
    for folder in (here / "examples", here.parents[1] / "examples"):
        if folder.is_dir():
            return {p.parent.name: p.parent for p in sorted(folder.glob(f"*/{FILE_NAME}"))}
    return {}


def catalogue() -> list[tuple[str, dict[str, str]]]:
    """(heading, {name: one line}) of everything that an experiment can name."""
    titles = {name: load(folder).experiment.title for name, folder in examples().items()}
    tables = {
        "networks": NETWORKS,
        "bodies": BODIES,
        "parts of environments": PARTS,
        "transfer functions": FUNCTIONS,
        "tasks": TASKS,
    }
    return [("examples", titles), *((heading, _lines(table)) for heading, table in tables.items())]


def new_experiment(folder: Path, like: str) -> Path:
    """Copy a shipped example to ``folder``, which must not exist. Raises NeverError."""
    there = examples()
    if like not in there:
        raise NeverError(f"no shipped example '{like}'; {known(tuple(there))}")
    if folder.exists():
        raise NeverError(f"{folder} exists already; choose another name")
    shutil.copytree(there[like], folder, ignore=shutil.ignore_patterns("__pycache__", "runs"))
    return folder


def _lines(table: Mapping[str, str]) -> dict[str, str]:
    return {name: _first_line(name, table) for name in table}


def _first_line(name: str, table: Mapping[str, str]) -> str:
    doc = find.find("shipped thing", name, table, Path()).__doc__ or ""
    return doc.strip().partition("\n")[0]
