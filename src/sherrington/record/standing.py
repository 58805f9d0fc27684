"""Keeps ``state.json`` of one run up to date, from when it has a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .state import State, write_state

Told = Callable[[State, str], None]


class Standing:
    """What the run is doing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        """None until there is one."""
        self._told: Told | None = None

    def now(self, state: State, cause: str = "") -> None:
        """Say it in the folder, where there is one, and to whoever listens."""
        if self.folder is not None:
            write_state(self.folder, state, cause)
        if self._told is not None:
            self._told(state, cause)

    def moves_to(self, folder: Path) -> None:
        """The run has a folder from now on."""
        self.folder = folder

    def tells(self, told: Told) -> None:
        """Somebody listens from now on."""
        self._told = told

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever ends the block by an error or Ctrl-C is said."""
        try:
            yield
        except KeyboardInterrupt:
            self.now(State.CANCELLED, "interrupted")
            raise
        except BaseException as error:
            self.now(State.FAILED, str(error) or type(error).__name__)
            raise
