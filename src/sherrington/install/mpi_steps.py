"""The steps of a build of NEST with MPI. Each leaves a folder that is renamed to its name when it is complete, so that
an interrupted build goes on with the step, and within compiling with the file, where it stopped."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import NotNowError
from .mpi import nest_version
from .mpi_library import Library

TOOLS = (
    "scikit-build-core==1.1.2",
    "cython==3.3.1",
    "cmake==4.4.4",
    "ninja==1.13.2",
    "packaging==25.0",
    "pathspec==1.1.1",
)
"""What NEST is built with, in a folder of the build; numpy and mpi4py are those of the running environment."""
FLAGS = ("with-mpi=ON",)
"""CMake settings beside those of NEST's own package (optimised, OpenMP, GSL, Boost)."""
GB_PER_JOB = 1.0
"""Memory of one compiler at work, GB: the largest that GCC 12 took for a file of NEST 3.10 was 0.85."""

LOG = "build.log"
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""No links or permissions that reach outside; Python 3.11 before 3.11.4 (Debian 12) cannot be asked."""

Watch = Callable[[str], None]
"""Gets every line that a step prints."""


class Steps:
    """A build in ``folder`` with the MPI ``library``; every line of every step goes to ``watch`` and into build.log.

    ``held`` is a file descriptor that each step's process keeps open: a lock on it lasts until the last one has ended.
    """

    def __init__(self, folder: Path, library: Library, jobs: int, watch: Watch, held: int) -> None:
        self._folder = folder
        self._library = library
        self._jobs = jobs
        self._watch = watch
        self._held = held

    def tools(self) -> None:
        """The build tools, from the package index."""
        with self._new("tools") as new:
            if new:
                self._pip("install", "--no-deps", "--target", str(new), *TOOLS)

    def source(self) -> None:
        """NEST's source package, of the version that is installed, from the package index; unpacked."""
        name = "nest-simulator"
        with self._new("source") as new:
            if not new:
                return
            options = ("--no-deps", "--no-build-isolation", "--no-binary", name, "--dest", str(new))
            self._pip("download", *options, f"{name}=={nest_version()}")
            (archive,) = new.glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                packed.extractall(new, **SAFELY)
            archive.unlink()

    def compile(self) -> None:
        """The wheel. Everything compiled so far is in ``objects`` and is not compiled again."""
        with self._new("wheel") as new:
            if not new:
                return
            (source,) = (self._folder / "source").iterdir()
            defines = (
                *FLAGS,
                # Written into NEST's config.h; by default a temporary folder, and with each a new one would everything
                # be compiled anew.
                f"CMAKE_INSTALL_PREFIX={self._folder / 'site'}",
                f"MPI_C_COMPILER={self._library.mpicc}",
                f"MPI_CXX_COMPILER={self._library.mpicxx}",
            )
            settings = (
                f"build-dir={self._folder / 'objects'}",
                f"build.tool-args=-j{self._jobs}",
                *(f"cmake.define.{define}" for define in defines),
            )
            options = ["-v", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(new)]
            options += [
                f"--config-settings={setting}" for setting in settings
            ]  # -C is newer than Debian 12's pip
            self._pip("wheel", *options, str(source))

    def install(self) -> None:
        """The wheel unpacked into ``site``."""
        with self._new("site") as new:
            if new:
                (wheel,) = (self._folder / "wheel").glob("*.whl")
                self._pip("install", "--no-deps", "--no-index", "--target", str(new), str(wheel))

    def tidy(self) -> None:
        """Remove what only building needs."""
        for name in ("tools", "source", "objects", "wheel"):
            shutil.rmtree(self._folder / name, ignore_errors=True)

    @contextmanager
    def _new(self, name: str) -> Iterator[Path | None]:
        """An empty folder to fill, which gets its name when all went well; None where it is already there."""
        folder, new = self._folder / name, self._folder / f"{name}.new"
        if folder.exists():
            yield None
            return
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        yield new
        new.rename(folder)

    def _pip(self, *arguments: str) -> None:
        self._run([sys.executable, "-m", "pip", "--no-input", *arguments], self._environment())

    def _environment(self) -> Mapping[str, str]:
        """As here, with the build tools and the MPI's compilers first."""
        tools = self._folder / "tools"
        path = [str(tools / "bin"), str(self._library.mpicc.parent), os.environ.get("PATH", os.defpath)]
        python = [str(tools), *filter(None, [os.environ.get("PYTHONPATH", "")])]
        here = {name: value for name, value in os.environ.items() if not name.startswith("SKBUILD_")}
        return here | {"PATH": os.pathsep.join(path), "PYTHONPATH": os.pathsep.join(python)}

    def _run(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with (self._folder / LOG).open("a", buffering=1, encoding="utf-8") as log:
            print(f"\n$ {shlex.join(command)}", file=log, flush=True)
            with subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=(self._held,),
                process_group=0,
            ) as process:
                last = self._follow(process, log)
        if process.returncode:
            raise NotNowError(
                f"building NEST with MPI stopped: `{shlex.join(command[:5])} ...` ended with status "
                f"{process.returncode}; the whole log is {self._folder / LOG}, and its end:\n{last}\n"
                f"    mend: what it says, then the same command again, which goes on from here"
            )

    def _follow(self, process: subprocess.Popen[str], log: IO[str]) -> str:
        """Until the process ends: every line into the log and to the watcher. The last ones."""
        last: deque[str] = deque(maxlen=25)
        try:
            for line in process.stdout or ():
                log.write(line)
                last.append(line.rstrip())
                self._watch(line)
        except BaseException:
            # Ctrl-C, or a watcher that failed: the compilers end too, and what is compiled is kept.
            os.killpg(process.pid, signal.SIGINT)
            raise
        return "\n".join(last)
