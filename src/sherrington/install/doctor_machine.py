"""The machine itself: interpreter, cores, memory, disks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding
from .mpi import CACHE_VARIABLE, cache

OLDEST, NEWEST = (3, 11), (3, 13)
"""NEST 3.10 has ready-made packages for these versions of Python, which the lock files are for."""
LITTLE_GB = 1.0
"""Building NEST with MPI takes 0.3 GB in the cache; a run's data are on top."""


def findings() -> Iterator[Finding]:
    yield python()
    yield cores()
    yield memory()
    yield disk("disk of the cache", cache(), f"{CACHE_VARIABLE}=FOLDER names another one")
    yield disk("disk of runs", Path("runs"), "sherrington run --out FOLDER writes elsewhere")


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Finding("Python", "ok", f"{version}, {sys.executable}", needed=True)
    wanted = "Sherrington needs 3.11, 3.12 or 3.13"
    return Finding("Python", "missing", f"{version}; {wanted}", "make PYTHON=python3.13 venv", needed=True)


def cores() -> Finding:
    mine, all_ = len(os.sched_getaffinity(0)), os.cpu_count()
    rest = "" if mine == all_ else f" of {all_}; the others are not this process's to use"
    return Finding("cores", "note", f"{mine}{rest}")


def memory() -> Finding:
    sizes = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
    total, free = (int(sizes[name].split()[0]) / 1024**2 for name in ("MemTotal", "MemAvailable"))
    return Finding("memory", "note", f"{total:.1f} GB, {free:.1f} GB free")


def disk(subject: str, folder: Path, otherwise: str) -> Finding:
    """Free space where the folder is, or would be made."""
    folder = folder.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free / 1e9
    if not os.access(there, os.W_OK):
        return Finding(subject, "missing", f"{folder} cannot be written", otherwise)
    if free < LITTLE_GB:
        return Finding(subject, "missing", f"{folder}: only {free:.1f} GB free", f"free some; {otherwise}")
    return Finding(subject, "ok", f"{folder}, {free:.0f} GB free")
