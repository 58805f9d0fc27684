"""The run folder around the data: a name never taken twice, where the run came from, files written whole."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import NeverError
from .layout import EXPERIMENT_FILE, EXPERIMENT_FOLDER

PACKAGES = (
    "sherrington",
    "nest-simulator",
    "mujoco",
    "opensim",
    "numpy",
    "scipy",
    "h5py",
    "pydantic",
    "matplotlib",
)
"""Distributions whose versions decide, or could decide, what a run computes and what its files look like."""
LEFT_OUT = ("runs", "__pycache__", ".*", EXPERIMENT_FILE)
"""What is not copied from an experiment folder; the yaml itself is written as it ran, overrides included."""


def new_run_folder(root: Path, name: str) -> Path:
    """Create ``root/<name>-<utc time>-<n>`` and return it; n counts up so that nothing is ever overwritten.

    Safe when several processes start at the same second. Raises NeverError for a name that is no file name.
    """
    if not re.fullmatch(r"[\w][\w.+=,-]*", name):
        raise NeverError(
            f"'{name}' cannot name a run folder; use letters, digits, '_', '-', '.', and start with a letter"
        )
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    root.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = root / f"{name}-{stamp}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def copy_experiment(source: Path, folder: Path) -> Path:
    """Copy the files beside the yaml of experiment folder ``source`` into ``folder/experiment/``.

    Left out: earlier runs, caches, hidden files, and the yaml. Returns the copy's folder.
    """
    target = folder / EXPERIMENT_FOLDER
    copy_files(source, target, folder)
    return target


def copy_files(source: Path, target: Path, inside: Path, but: Sequence[str] = ()) -> None:
    """Copy the files beside the yaml of experiment folder ``source`` to the new folder ``target``.

    inside: a folder that may lie in ``source`` and is left out. but: more patterns of names that are left out.
    """
    shutil.copytree(source, target, ignore=_left_out(source, inside, but))


def experiment_digest(text: str, files: Path) -> str:
    """SHA-256, in hexadecimal digits, of an experiment: ``text``, its YAML as it ran, and every file below ``files``,
    by name and content."""
    digest = hashlib.sha256(text.encode())
    for path in sorted(path for path in files.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\0{path.relative_to(files).as_posix()}\0{content}".encode())
    return digest.hexdigest()


def _left_out(source: Path, folder: Path, but: Sequence[str]) -> Any:
    by_name = shutil.ignore_patterns(*LEFT_OUT, *but)
    inside = {folder.resolve(), *folder.resolve().parents} - {source.resolve(), *source.resolve().parents}

    def ignore(directory: str, names: list[str]) -> set[str]:
        # The run folder itself may lie inside the experiment, under any name: never copy it into itself.
        own = {name for name in names if (Path(directory) / name).resolve() in inside}
        return set(by_name(directory, names)) | own

    return ignore


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write ``data`` to ``path`` whole or not at all.

    NumPy values become plain ones, paths become text, and numbers JSON does not have (NaN, infinity) null.
    """
    write_whole(path, json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """What ``write_json`` wrote; empty when there is no such file. Raises NeverError when it is not JSON."""
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise NeverError(f"{path} is not JSON: {error}") from error


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` whole or not at all: into a file beside it, which then takes its name."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def plain(value: Any) -> Any:
    """As JSON can say it: see ``write_json``."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def provenance() -> dict[str, Any]:
    """Where a run comes from: start time, command line, versions, git state of Sherrington, machine."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "command_line": sys.argv,
        "versions": {"python": platform.python_version(), **_versions()},
        "git": _git(Path(__file__).parent),
        "machine": _machine(),
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _git(folder: Path) -> dict[str, Any]:
    """Commit of the checkout this package runs from; null when it runs from an installed copy."""
    # An installed package may lie inside somebody else's checkout: only a tracked file speaks for this one.
    tracked = _ask_git(folder, "ls-files", "--error-unmatch", Path(__file__).name)
    commit = _ask_git(folder, "rev-parse", "HEAD") if tracked else None
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(_ask_git(folder, "status", "--porcelain"))}


def _ask_git(folder: Path, *words: str) -> str | None:
    command = ["git", "-C", str(folder), *words]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "platform": platform.platform(),
    }


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()
