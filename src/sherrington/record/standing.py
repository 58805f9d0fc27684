"""Keeps ``state.json`` of one run up to date, from when it has a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .state import State, write_state

Told = Callable[[State, str], None]


class Standing:
    """What the run is doing. told: called with every state, too, and its cause."""

    def __init__(self, folder: Path | None, told: Told = lambda _state, _cause: None) -> None:
        self._folder, self._told = folder, told

    def now(self, state: State, cause: str = "") -> None:
        """Say it in the folder, where there is one, and to whoever listens."""
        if self._folder is not None:
            write_state(self._folder, state, cause)
        self._told(state, cause)

    def moves_to(self, folder: Path) -> None:
        """The run has a folder from now on."""
        self._folder = folder

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
