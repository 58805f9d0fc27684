"""What tests of several folders share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache

import pytest

# It chooses how MuJoCo draws, which must come before any test file's own import of MuJoCo.
import sherrington.body  # noqa: F401
from sherrington.install.mpi import Build, current

os.environ.setdefault("MPLBACKEND", "agg")
# What runs of tests teach the plan is not for the person who runs them.
_HOME = tempfile.TemporaryDirectory(prefix="sherrington-home-")
os.environ["SHERRINGTON_HOME"] = _HOME.name

_DRAW = """
from sherrington.body.models.one_joint import one_joint
from sherrington.body.render import Renderer
from sherrington.errors import NotNowError
try:
    Renderer(one_joint(), width=64, height=64).close()
except NotNowError as error:
    print(error)
"""


@cache
def why_nothing_can_be_drawn() -> str:
    """The reason why this machine cannot draw a body, or an empty text. Asked in a process of its own: OpenGL
    keeps what it found for the life of a process."""
    command = [sys.executable, "-c", _DRAW]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def opengl() -> None:
    """For tests that draw: skips, with the reason, where there is no OpenGL."""
    reason = why_nothing_can_be_drawn()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def mpi_nest() -> Build:
    """NEST with MPI, for tests that start several ranks with ``mpi_nest.mpiexec``: skips where it is not built."""
    build = current()
    if build is None:
        pytest.skip("NEST with MPI is not built for this Python and MPI: sherrington install-mpi")
    return build
