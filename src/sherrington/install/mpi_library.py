"""The MPI that NEST is to be built with: which compilers, which library, and its identity, asked of the library."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import NotNowError
from .mpi import wheel_file, wheel_files, wheel_version

LINK = "#include <mpi.h>\nint main(int n, char **v) { return MPI_Init(&n, &v); }\n"
VERSION = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
text, length = ctypes.create_string_buffer(65536), ctypes.c_int()
library.MPI_Get_library_version(text, ctypes.byref(length))
print(text.value.decode())
"""
"""MPI_Get_library_version may be called before MPI_Init, so this needs no launcher."""
LIBRARY_FILE = re.compile(r"(/\S*/libmpi(?![^/\s]*(?:cxx|\+\+|fort|mpifh))[^/\s]*\.so[\d.]*)")
"""In what ``ldd`` or /proc/PID/maps say: the library, ``libmpi.so.12`` or ``libmpi_gnu.so``, and not its bindings to
C++ and Fortran."""


@dataclass(frozen=True)
class Library:
    """An MPI. version: all of what ``MPI_Get_library_version`` says; wheel: version of the package ``mpich``, empty
    for a site's own MPI; mpiexec: None where none lies beside its compilers or on the path."""

    mpicc: Path
    mpicxx: Path
    libmpi: Path
    mpiexec: Path | None
    version: str
    wheel: str

    @property
    def name(self) -> str:
        """From the first line of its version, up to a comma: ``MPICH 5.0.2``, ``Open MPI v4.1.4``."""
        words = self.version.splitlines()[0].split(",")[0].split()
        return " ".join(word for word in words if word not in ("Version:", "Library"))

    @property
    def short(self) -> str:
        """For a file name: ``mpich-5.0.2``, ``open-mpi-v4.1.4``."""
        return re.sub(r"[^\w.]+", "-", self.name.lower())

    def digest(self, flags: tuple[str, ...]) -> str:
        """Eight hexadecimal digits that differ between two libraries, or between two sets of flags."""
        return hashlib.sha256("\0".join((self.version, *flags)).encode()).hexdigest()[:8]


def find_library(mpicc: Path | None = None, mpicxx: Path | None = None) -> Library:
    """The MPI of these compilers; without them that of the package ``mpich``, or else of the first mpicc on the path.

    Raises NotNowError where there is none, or where it does not give programs that run.
    """
    if mpicc is None and wheel_version():
        libmpi, mpiexec = wheel_files()
        mpicc, mpicxx = wheel_file("mpicc"), wheel_file("mpicxx")
        return Library(mpicc, mpicxx, libmpi, mpiexec, library_version(libmpi), wheel_version())
    cc = _program(mpicc, "mpicc")
    cxx = _program(mpicxx or _beside(cc, "mpicxx", "mpic++", "mpiCC", "CC"), "mpicxx")
    libmpi = linked_library(cc)
    if linked_library(cxx) != libmpi:
        raise NotNowError(f"{cc} and {cxx} are of two MPIs; name the other compiler too, with --mpicxx")
    wheel = wheel_version() if wheel_version() and libmpi == wheel_files()[0] else ""
    found = _beside(cc, "mpiexec", "mpirun") or shutil.which("mpiexec")
    return Library(cc, cxx, libmpi, Path(found) if found else None, library_version(libmpi), wheel)


def linked_library(mpicc: Path) -> Path:
    """The libmpi that programs of this compiler get. Raises NotNowError where it gives none."""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "link.c", Path(folder) / "link"
        source.write_text(LINK, encoding="utf-8")
        _run([str(mpicc), str(source), "-o", str(program)])
        linked = LIBRARY_FILE.findall(_run(["ldd", str(program)]))
    if not linked:
        raise NotNowError(
            f"a program of {mpicc} finds no libmpi when it runs; load the modules that set its path"
        )
    return Path(linked[0]).absolute()


def library_version(libmpi: Path) -> str:
    """What ``MPI_Get_library_version`` of this library says; some say many lines. Raises NotNowError."""
    return _run([sys.executable, "-c", VERSION, str(libmpi)]).strip()


def _run(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if answer.returncode:
        raise NotNowError(
            f"this MPI cannot be used: `{shlex.join(command)}` ended with status {answer.returncode}: "
            f"{(answer.stderr or answer.stdout).strip()[-500:]}"
        )
    return answer.stdout


def _program(named: Path | str | None, default: str) -> Path:
    found = shutil.which(str(named or default))
    if found is None:
        raise NotNowError(
            f"there is no {named or default}: install the package mpich (pip install 'sherrington[mpi]'), load the "
            "site's MPI (module load ...), or name its compilers with --mpicc and --mpicxx"
        )
    return Path(found).absolute()


def _beside(cc: Path, *names: str) -> str | None:
    """The first of these programs in the folder of ``cc``, of the same MPI: ``mpicxx.mpich`` beside ``mpicc.mpich``."""
    ending = cc.name.removeprefix("mpicc") if cc.name.startswith("mpicc") else ""
    there = (cc.parent / f"{name}{ending}" for name in names)
    return next((str(program) for program in there if program.exists()), None)
