"""One line of the doctor: what was looked for, what was found, and the command that mends it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "missing", "note"]
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Finding:
    """subject: what was looked at; state: ok, missing, or note (a fact, neither good nor bad); text: what was found;
    mend: the command that mends what is missing; needed: whether an ordinary run needs it."""

    subject: str
    state: State
    text: str
    mend: str = ""
    needed: bool = False

    def __str__(self) -> str:
        mark = {"ok": "ok     ", "missing": "missing", "note": "       "}[self.state]
        line = f"{mark} {self.subject:18} {self.text}"
        return f"{line}\n{'':27}mend: {self.mend}" if self.mend else line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """What a command said: exit status and its output; ``problem`` in one line, empty where it ended well."""

    output: str
    problem: str


def ask(
    command: Sequence[str], timeout_s: float = TIMEOUT_S, environment: Mapping[str, str] | None = None
) -> Answer:
    """Run a command that only looks, such as ``sinfo``: it has no input, and it is ended when it takes too long."""
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    full = {**os.environ, **(environment or {})}
    try:
        process = subprocess.Popen(command, text=True, start_new_session=True, env=full, **options)
    except OSError as error:
        return Answer("", f"{command[0]} cannot be started: {error.strerror}")
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Answer("", f"{command[0]} gave no answer within {timeout_s:g} s")
    if process.returncode == 0:
        return Answer(output, "")
    last = (errors or output).strip().splitlines()[-1:] or ["without a word"]
    return Answer(output, f"{command[0]} ended with status {process.returncode}: {last[0][:300]}")
