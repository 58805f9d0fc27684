"""``sherrington install-mpi``: build NEST with MPI into the cache, or go on where an earlier build stopped."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import NotNowError
from ..record.folder import read_json, write_json
from .mpi import (
    COMMAND,
    STAMP,
    Build,
    builds,
    current,
    homes,
    nest_version,
    python_tag,
    wheel_version,
    write_stamp,
)
from .mpi_library import Library, find_library
from .mpi_needs import demand
from .mpi_steps import FLAGS, GB_PER_JOB, TOOLS, Steps

CHECK_RANKS = 2
CHECK_TIMEOUT_S = 180
PROBE = (sys.executable, "-m", "sherrington.install.mpi_probe")


@dataclass(frozen=True)
class Request:
    """What to build. mpicc, mpicxx: compilers of a site's own MPI, None to find one; jobs: compilers at once, 0 for as
    many as cores and memory allow; launch: the command that starts two ranks for the check, empty for the MPI's own
    mpiexec."""

    mpicc: Path | None = None
    mpicxx: Path | None = None
    jobs: int = 0
    launch: str = ""


@dataclass(frozen=True)
class Listener:
    """Who is told: ``say`` gets sentences, ``line`` every line that the build prints."""

    say: Callable[[str], None]
    line: Callable[[str], None]


def make(request: Request, listener: Listener) -> Build:
    """The complete build for this NEST, Python and MPI, made now where it is not there. Raises NotNowError."""
    if not nest_version():
        raise NotNowError("NEST itself is not installed here\n    mend: pip install nest-simulator")
    if request.mpicc or not wheel_version():
        demand()  # a site's MPI is asked by its compilers
    library = find_library(request.mpicc, request.mpicxx)
    folder = place(library)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, listener.say) as held:
        found = next((build for build in builds() if build.folder.name == folder.name), None)
        if found:
            return found if found == current() else _renew(found)
        return _build(folder, library, request, listener, held)


def place(library: Library) -> Path:
    """The folder of a build in the cache; its name says what it is, and ends in a digest of library and flags."""
    name = f"{nest_version()}-{python_tag()}-{library.short}-{library.digest((*FLAGS, *TOOLS))}"
    return homes()[0] / name


def _renew(build: Build) -> Build:
    """Ask for a build again: from now on it is the one that runs take."""
    now = time.time()
    write_json(build.folder / STAMP, read_json(build.folder / STAMP) | {"time_s": now})
    return replace(build, time_s=now)


def _build(folder: Path, library: Library, request: Request, listener: Listener, held: int) -> Build:
    demand()
    check_mpi(library, request.launch)
    jobs = request.jobs or jobs_here()
    began = time.monotonic()
    listener.say(
        f"building NEST {nest_version()} with {library.name} ({library.mpicc}), {jobs} compilers at once"
    )
    listener.say(f"in {folder}; interrupt it when you like, the same command goes on where it stopped")
    steps = Steps(folder, library, jobs, listener.line, held)
    for doing, step in (
        ("build tools", steps.tools),
        ("source package", steps.source),
        ("compiling", steps.compile),
        ("installing", steps.install),
    ):
        listener.say(doing)
        step()
    listener.say(f"checking with {CHECK_RANKS} ranks")
    checked = check_nest(folder, library, request.launch)
    build = _complete(folder, library)
    write_stamp(
        build, {"flags": FLAGS, "tools": TOOLS, "checked": checked, "last_pass_s": time.monotonic() - began}
    )
    steps.tidy()
    return build


def _complete(folder: Path, library: Library) -> Build:
    return Build(
        folder=folder,
        nest=nest_version(),
        python=python_tag(),
        library=library.name,
        wheel=library.wheel,
        libmpi=library.libmpi,
        mpiexec=library.mpiexec,
        time_s=time.time(),
    )


def check_mpi(library: Library, launch: str = "") -> None:
    """Start two ranks that find each other through mpi4py, before anything is built. Raises NotNowError."""
    try:
        facts = run_probe([*starter(library, launch), *PROBE, str(library.libmpi)])
    except NotNowError as error:
        raise NotNowError(
            f"two ranks of {library.name} cannot be started, or mpi4py cannot use it: {error}\n    mend: --launch "
            f"COMMAND, where ranks are started otherwise; or build mpi4py for this MPI: MPICC={library.mpicc} "
            "pip install --force-reinstall --no-deps --no-binary mpi4py mpi4py"
        ) from None
    _demand_works(facts, library, launch)


def check_nest(folder: Path, library: Library, launch: str = "") -> dict[str, Any]:
    """Start two ranks that import mpi4py and NEST, compare their libraries and exchange spikes. Raises NotNowError."""
    facts = run_probe([*starter(library, launch), *PROBE, str(folder), str(library.libmpi)])
    _demand_works(facts, library, launch)
    return facts


def starter(library: Library, launch: str) -> list[str]:
    """The command that starts two ranks: the one given, such as ``srun --mpi=pmi2 -n 2``, or the MPI's mpiexec."""
    if launch:
        return shlex.split(launch)
    if library.mpiexec is None:
        raise NotNowError(
            f"{library.mpicc} has no mpiexec beside it and there is none on the path, so that nothing can be "
            f"checked\n    mend: {COMMAND} --mpicc {library.mpicc} --launch 'srun --mpi=pmi2 -n {CHECK_RANKS}'"
        )
    return [str(library.mpiexec), "-n", str(CHECK_RANKS)]


def _demand_works(facts: dict[str, Any], library: Library, launch: str) -> None:
    if not facts["works"] or facts["ranks"] != CHECK_RANKS:
        raise NotNowError(
            f"two ranks do not work together: {facts}\n    mend: the launcher "
            f"`{shlex.join(starter(library, launch))}` must be that of {library.name}; name another one with "
            "--launch, or another MPI with --mpicc"
        )


def run_probe(command: list[str]) -> dict[str, Any]:
    """The facts that rank 0 of ``mpi_probe`` prints. Raises NotNowError where the ranks end without them."""
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=CHECK_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotNowError(f"ranks cannot be started: {error}") from error
    lines = [line for line in answer.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise NotNowError(
            f"`{shlex.join(command)}` ended with status {answer.returncode}: {answer.stderr.strip()[-1500:]}"
        )
    return dict(json.loads(lines[0]))


def jobs_here() -> int:
    """Compilers at once: as many as cores that this process may use, and as memory that is free allows."""
    available_kb = int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0])
    return max(1, min(len(os.sched_getaffinity(0)), int(available_kb / 1e6 / GB_PER_JOB)))


@contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Hold the build's lock; waits, and says so, while another process builds there. Gives the file descriptor."""
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            say(f"another build is under way in {folder} ({file.read().strip()}); waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        print(f"process {os.getpid()} on {os.uname().nodename}", file=file, flush=True)
        yield file.fileno()
