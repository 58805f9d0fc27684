"""What building NEST with MPI needs from the system, looked for before anything is downloaded or compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import NotNowError


@dataclass(frozen=True)
class Need:
    """One thing. what: for a person; debian, fedora: packages that bring it; header, program: how it is looked for."""

    what: str
    debian: str
    fedora: str
    header: str = ""
    program: str = ""

    def is_here(self) -> bool:
        return shutil.which(self.program) is not None if self.program else has_header(self.header)


NEEDS = (
    Need("a C compiler", "gcc", "gcc", program="cc"),
    Need("a C++ compiler", "g++", "gcc-c++", program="c++"),
    Need("the headers of the GNU Scientific Library", "libgsl-dev", "gsl-devel", header="gsl/gsl_math.h"),
    Need("the headers of libltdl", "libltdl-dev", "libtool-ltdl-devel", header="ltdl.h"),
    Need("the headers of Boost", "libboost-dev", "boost-devel", header="boost/version.hpp"),
)


def missing() -> list[Need]:
    """What is not here."""
    return [need for need in NEEDS if not need.is_here()]


def has_header(header: str) -> bool:
    """Whether the C++ compiler finds a header by itself, or CMake in a folder of CMAKE_PREFIX_PATH (a site's modules
    set one or the other)."""
    prefixes = filter(None, os.environ.get("CMAKE_PREFIX_PATH", "").split(os.pathsep))
    folders = [Path("/usr/include"), Path("/usr/local/include"), *(Path(p) / "include" for p in prefixes)]
    if any((folder / header).exists() for folder in folders):
        return True
    if shutil.which("c++") is None:
        return False
    command = ["c++", "-E", "-x", "c++", "-"]
    text = f"#include <{header}>\n"
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).returncode == 0


def mending(needs: Iterable[Need]) -> str:
    """The command that installs these packages on this system."""
    needs = tuple(needs)
    if shutil.which("apt-get"):
        return (
            f"apt-get install --no-install-recommends {' '.join(need.debian for need in needs)}   (as root)"
        )
    names = " ".join(need.fedora for need in needs)
    for tool in ("dnf", "yum"):
        if shutil.which(tool):
            return f"{tool} install {names}   (as root)"
    return f"install {names}, under the names that this system has for them, or load the site's modules"


def demand() -> None:
    """Raises NotNowError, naming everything that is missing and the one command that mends it."""
    needs = missing()
    if needs:
        listed = "; ".join(need.what for need in needs)
        raise NotNowError(f"building NEST with MPI needs {listed}\n    mend: {mending(needs)}")
    for module, command in (("pip", "python -m ensurepip"), ("mpi4py", "pip install 'sherrington[mpi]'")):
        if find_spec(module) is None:
            raise NotNowError(f"building NEST with MPI needs the package {module}\n    mend: {command}")
