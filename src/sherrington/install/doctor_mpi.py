"""Several ranks: the MPI, mpi4py and NEST with MPI, and whether the three work together."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import NotNowError
from .finding import Finding
from .mpi import COMMAND, Build, current
from .mpi_build import CHECK_RANKS, PROBE, run_probe
from .mpi_library import find_library
from .mpi_needs import mending, missing

EXTRA = "pip install 'sherrington[mpi]'"

LEAST_SHARED_MB = 32
"""MPICH 5.0 takes about 2 MB for each rank of a machine."""


def findings() -> Iterator[Finding]:
    build = current()
    yield build_tools(needed_now=build is None)
    yield mpi()
    yield mpi4py()
    yield shared_memory()
    yield nest(build)
    if build:
        yield together(build)


def shared_memory() -> Finding:
    """Where ranks on one machine exchange; containers often give little of it."""
    place = Path("/dev/shm")
    free_mb = shutil.disk_usage(place).free / 1e6 if os.access(place, os.W_OK) else 0.0
    if free_mb < LEAST_SHARED_MB:
        mend = "in a container: --shm-size=1g (podman, docker); else ask who runs the machine"
        return Finding("shared memory", "missing", f"{place} has {free_mb:.0f} MB free; MPI needs it", mend)
    return Finding("shared memory", "ok", f"{place}, {free_mb:,.0f} MB free")


def build_tools(needed_now: bool) -> Finding:
    """What building NEST with MPI needs; only worth mending where it is not built."""
    needs = missing()
    if not needs:
        return Finding("building NEST", "ok", "compilers and headers are here")
    listed = "; ".join(need.what for need in needs)
    if needed_now:
        return Finding("building NEST", "missing", listed, mending(needs))
    return Finding("building NEST", "note", f"not here, and not needed again: {listed}")


def mpi() -> Finding:
    try:
        library = find_library()
    except NotNowError as error:
        return Finding("MPI", "missing", str(error), EXTRA)
    origin = f"package mpich {library.wheel}" if library.wheel else str(library.mpicc)
    return Finding(
        "MPI", "ok", f"{library.name} ({origin}), {library.libmpi}, {library.mpiexec or 'no mpiexec'}"
    )


def mpi4py() -> Finding:
    try:
        return Finding("mpi4py", "ok", version("mpi4py"))
    except PackageNotFoundError:
        return Finding("mpi4py", "missing", "Python cannot speak MPI", EXTRA)


def nest(build: Build | None) -> Finding:
    if build:
        return Finding("NEST with MPI", "ok", f"{build.nest} with {build.library}, {build.site}")
    return Finding("NEST with MPI", "missing", "not built for this Python and MPI", COMMAND)


def together(build: Build) -> Finding:
    """Two ranks, really started: mpi4py and NEST have one MPI library between them, and spikes cross."""
    if build.mpiexec is None:
        return Finding(
            "ranks", "note", "this MPI has no mpiexec: start ranks with srun --mpi=... on the cluster"
        )
    command = [str(build.mpiexec), "-n", str(CHECK_RANKS), *PROBE]
    try:
        facts = run_probe(command)
    except NotNowError as error:
        return Finding("ranks", "missing", str(error), COMMAND)
    if facts["works"]:
        text = f"{facts['ranks']} ranks work together under {build.mpiexec} with {facts['libraries'][0]}"
        return Finding("ranks", "ok", text)
    return Finding("ranks", "missing", f"`{shlex.join(command)}`: {facts}", COMMAND)
