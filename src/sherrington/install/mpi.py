"""Builds of NEST with MPI: where they lie, and which one a process with several ranks takes.

NEST's ready-made package has threads but no MPI, and it stays as it is: a build lies in a folder of its own under the
cache, ``$SHERRINGTON_CACHE`` or ``~/.cache/sherrington``, one for each version of NEST, version of Python, MPI library
and set of flags, and only a process that has several ranks puts it on its path. ``mpi_build`` makes such a folder.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from ..errors import NotNowError
from ..record.folder import read_json, write_json

CACHE_VARIABLE = "SHERRINGTON_CACHE"
LIBRARY_VARIABLE = "MPI4PY_LIBMPI"
STAMP = "build.json"
"""Written last: a folder without it is a build that was interrupted."""
COMMAND = "sherrington install-mpi"
MPICH_WHEEL = "mpich"


@dataclass(frozen=True)
class Build:
    """A complete build.

    folder: its place in the cache. nest: version of NEST. python: tag of interpreter and machine. library: name and
    version of the MPI. wheel: version of the package ``mpich`` it was built with, empty for a
    site's own MPI. libmpi, mpiexec: files of that MPI as they are in this environment; mpiexec None where the site's
    MPI brings none (ranks are then started by ``srun``). time_s: when it was last asked for, seconds since 1970.
    """

    folder: Path
    nest: str
    python: str
    library: str
    wheel: str
    libmpi: Path
    mpiexec: Path | None
    time_s: float

    @property
    def site(self) -> Path:
        """The folder to put first on ``sys.path``; it holds the package ``nest`` and nothing else to import."""
        return self.folder / "site"

    def activate(self) -> None:
        """Make this process import NEST from here, and mpi4py load the same MPI library as NEST.

        mpi4py chooses its library when ``mpi4py.MPI`` is first imported, from the variable MPI4PY_LIBMPI; NEST, loaded
        after it, finds a library of that name in the process and takes it. So mpi4py must be imported first. Where the
        variable is set already, that library is taken: a site's own, of the same binary interface (MPICH's, say),
        in place of the one that a container brought. Raises NotNowError where one of the two was imported before.
        """
        early = [name for name in ("nest", "mpi4py.MPI") if name in sys.modules]
        if early:
            raise NotNowError(
                f"{' and '.join(early)} was imported before this process knew that it is one of several ranks; "
                "start a process of its own"
            )
        os.environ.setdefault(LIBRARY_VARIABLE, str(self.libmpi))
        if self.wheel and "SLURM_JOB_ID" in os.environ:
            # The package's MPICH would tell Slurm addresses of UCX, in pieces so long that Slurm's PMI now and then
            # cuts one (as in github.com/ufs-community/ufs-weather-model/issues/1732), and the ranks wait for ever;
            # those of libfabric are short.
            os.environ.setdefault("MPIR_CVAR_CH4_NETMOD", "ofi")
        sys.path.insert(0, str(self.site))


def site() -> Path | None:
    """The folder that a process with several ranks puts first on ``sys.path``, None where there is no build for this
    NEST, Python and machine."""
    build = current()
    return build.site if build else None


def current() -> Build | None:
    """Of the complete builds that fit here, the one that was last asked for by ``sherrington install-mpi``."""
    return max(builds(), key=lambda build: build.time_s, default=None)


def require() -> Build:
    """As ``current``. Raises NotNowError, with the command, where there is none."""
    build = current()
    if build is None:
        raise NotNowError(
            f"several ranks need NEST {nest_version()} with MPI, and {homes()[0]} has no build of it for "
            f"{python_tag()} and an MPI that is here; make one, 15 to 30 minutes on two cores: {COMMAND}"
        )
    return build


def cache() -> Path:
    """Where builds lie: ``$SHERRINGTON_CACHE``, or ``~/.cache/sherrington``."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().resolve() if named else Path.home() / ".cache" / "sherrington"


def homes() -> tuple[Path, Path]:
    """Folders of builds: in the cache, where new ones are made, and beside the interpreter, where a container image
    has one for all its users."""
    return cache() / "nest-mpi", Path(sys.prefix) / "nest-mpi"


def builds() -> Iterator[Build]:
    """Complete builds that fit this environment: its version of NEST, its Python, and an MPI library that is here."""
    for stamp in (stamp for home in homes() for stamp in sorted(home.glob(f"*/{STAMP}"))):
        facts = read_json(stamp)
        mpi = mpi_here(facts)
        if mpi and facts["nest"] == nest_version() and facts["python"] == python_tag():
            libmpi, mpiexec = mpi
            known = {name: facts[name] for name in ("nest", "python", "library", "wheel", "time_s")}
            yield Build(stamp.parent, libmpi=libmpi, mpiexec=mpiexec, **known)


def write_stamp(build: Build, also: dict[str, Any]) -> None:
    """Declare a build complete. also: how it was made, kept for the reader."""
    facts = asdict(build) | {"libmpi": str(build.libmpi), "mpiexec": build.mpiexec and str(build.mpiexec)}
    del facts["folder"]
    write_json(build.folder / STAMP, facts | also)


def mpi_here(facts: dict[str, Any]) -> tuple[Path, Path | None] | None:
    """libmpi and mpiexec of a stamp as they are in this environment, None where they are not.

    The package ``mpich`` lies in each environment anew, so that its version decides; a site's MPI has one place.
    """
    if facts["wheel"]:
        return wheel_files() if wheel_version() == facts["wheel"] else None
    libmpi = Path(facts["libmpi"])
    return (libmpi, Path(facts["mpiexec"]) if facts["mpiexec"] else None) if libmpi.exists() else None


def wheel_version() -> str:
    """Version of the package ``mpich`` in this environment, empty where it is not installed."""
    return _version(MPICH_WHEEL)


def wheel_files() -> tuple[Path, Path]:
    """libmpi and mpiexec of the package ``mpich``, which must be installed."""
    return wheel_file("libmpi.so.12"), wheel_file("mpiexec")


def wheel_file(name: str) -> Path:
    """The file of that name, such as ``mpicc``, that the package ``mpich`` brought. Raises NotNowError if none."""
    for file in distribution(MPICH_WHEEL).files or ():
        if file.name == name:
            return Path(os.path.normpath(str(file.locate())))
    raise NotNowError(f"the package {MPICH_WHEEL} {wheel_version()} has no file {name}; install it again")


def nest_version() -> str:
    """Version of NEST in this environment, empty where it is not installed."""
    return _version("nest-simulator")


def python_tag() -> str:
    """What compiled modules are made for: ``cpython-311-x86_64``."""
    return f"{sys.implementation.cache_tag}-{platform.machine()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
