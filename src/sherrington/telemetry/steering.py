"""What was done to a run from outside, on disk before it is done: ``steering.jsonl`` in the run folder.

A steered run is not the experiment alone any more. With this file it can be told, and done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import NotNowError
from ..record.folder import plain
from ..service.messages import Command

STEERING_FILE = "steering.jsonl"
MOST_BYTES = 32 << 20


class Steering:
    """Appends a line for each command. The file is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / STEERING_FILE
        self._size = 0

    @contextmanager
    def noted(self, time_ns: int, command: Command) -> Iterator[None]:
        """Note a command, then do it; where that raises, a second line says so.

        Raises NotNowError where it cannot be noted: what cannot be told afterwards is not done.
        """
        self._write({"time_ns": time_ns, **command.model_dump()})
        try:
            yield
        except Exception as error:
            self._write({"time_ns": time_ns, "id": command.id, "refused": str(error)})
            raise

    def _write(self, facts: Mapping[str, Any]) -> None:
        line = json.dumps(plain(facts), allow_nan=False) + "\n"
        if self._size + len(line) > MOST_BYTES:
            raise NotNowError(f"{STEERING_FILE} holds {self._size >> 20} MiB of commands; no more are taken")
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise NotNowError(f"{STEERING_FILE} cannot be written: {error.strerror}") from error
        self._size += len(line)
