"""Asks MuJoCo in a process of its own, where a description needs what only MuJoCo can tell.

A description imports no engine. Two things can be known from MuJoCo only: what elements that make elements
(``<replicate>``, ``<attach>``, ``<flexcomp>``) end up as, and bodies that an installed package composes with MuJoCo's
own editor. That costs about a second, once a process, and only for such bodies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import BodyError

_SOURCE = Path(__file__).resolve().parents[2]


def ask(task: str, **request: str | dict[str, str]) -> Any:
    """The answer of ``mujoco_aside`` to a task. Raises BodyError with its reason."""
    return _ask(json.dumps({"task": task, **request}, sort_keys=True))


@cache
def _ask(request: str) -> Any:
    paths = [str(_SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
    answer = subprocess.run(
        # -P: a file of the person's own that is called like a library does not take that library's place.
        [sys.executable, "-P", "-m", "sherrington.body.mujoco_aside"],
        input=request,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = answer.stdout.splitlines()
    if answer.returncode or not lines:
        raise BodyError(f"MuJoCo, asked about a body, failed: {answer.stderr.strip() or 'no answer'}")
    said = json.loads(lines[-1])  # composing prints warnings before it
    if "error" in said:
        raise BodyError(said["error"])
    return said["answer"]
