"""Sherrington as a person starts it: in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "sherrington.cli")
SOURCE = Path(__file__).resolve().parents[2] / "src"
Sherrington = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    """As here, but with this checkout first."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path}


@pytest.fixture(scope="session")
def sherrington() -> Sherrington:
    """``sherrington("run", folder, cwd=...)``: the finished process, its output as text."""

    def run(*arguments: Any, cwd: Path, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=timeout
        )

    return run


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """As ``sherrington``, but it goes on running; keyword arguments are those of ``subprocess.Popen``."""

    def begin(*arguments: Any, **options: Any) -> subprocess.Popen[str]:
        # A job in the background of a shell ignores Ctrl-C, and so would all that it starts, these tests too.
        listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.Popen(command, env=environment(), text=True, preexec_fn=listen, **options)

    return begin
