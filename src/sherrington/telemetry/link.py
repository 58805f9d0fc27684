"""The link of a run to the service that it dials. It never slows or ends the simulation.

It says who it is, sends what waits in the outbox and has commands done. When the connection breaks it dials again,
later each time; what cannot be sent meanwhile waits within a bound, then the oldest is dropped and counted.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from .. import __version__
from ..loop.closed_loop import ClosedLoop
from ..loop.recorder import Recorder, signals
from ..parallel import world
from ..record.state import State, read_state
from ..resolved import Resolved
from ..service.messages import Hello, Log, StateChange
from . import describe
from .address import check_url
from .caller import Caller
from .commands import Commands
from .observer import Watcher
from .outbox import Outbox, Parcel

MOST_LOG = 16_000
"""Characters of one entry of the log."""


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Link:
    """Every method but ``close`` returns at once, connected or not. Call order: ``open`` before anything is built,
    ``watch`` once there is a loop, ``ended`` when it has ended and the engines are still there, ``close`` at last."""

    def __init__(
        self,
        url: str,
        token: str,
        folder: Path,
        resolved: Resolved,
        *,
        allow_code: bool = False,
        interrupt: Callable[[], None] = _interrupt,
    ) -> None:
        self._resolved, self._outbox = resolved, Outbox()
        functions = describe.functions(resolved)
        self._commands = Commands(
            self._outbox, resolved, folder, functions, allow_code=allow_code, interrupt=interrupt
        )
        self._caller = Caller(url, token, _hello(folder, allow_code), self._outbox, self._commands.take)
        self._watcher: Watcher | None = None
        self._outbox.put(Parcel(describe.experiment(resolved)))
        self._outbox.put(Parcel(functions.model_copy(deep=True)))

    @staticmethod
    def open(
        url: str,
        token: str,
        folder: Path,
        resolved: Resolved,
        *,
        allow_code: bool = False,
        allow_plain: bool = False,
        interrupt: Callable[[], None] = _interrupt,
    ) -> Link:
        """Begin to dial ``url`` for the run in ``folder``.

        allow_code: whether a transfer function may be swapped, which runs the code that is sent. allow_plain: also
        to another machine without encryption. interrupt: ends the build when that is asked for, as Ctrl-C does.
        Raises NeverError for an address that is not allowed; what goes wrong later is told by ``summary``.
        """
        check_url(url, allow_plain)
        link = Link(url, token, folder, resolved, allow_code=allow_code, interrupt=interrupt)
        link._caller.start()
        return link

    def state(self, state: State, cause: str = "") -> None:
        """Tell that the run does something else now."""
        self._caller.hello = self._caller.hello.model_copy(update={"state": str(state), "cause": cause})
        self._outbox.put(Parcel(StateChange(state=str(state), cause=cause), text_bytes=len(cause)))

    def log(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Tell people a line, or a traceback."""
        shown = text[:MOST_LOG]
        self._outbox.put(Parcel(Log(level=level, text=shown), text_bytes=len(shown)))

    def watch(self, loop: ClosedLoop, recorder: Recorder) -> Watcher:
        """An observer of the loop, which must come after ``recorder`` among its observers. Commands are done from now
        on, those that could wait first."""
        sources = {
            name: source
            for name, source in signals(self._resolved, loop.wiring, loop.brain, loop.body).items()
            if not name.startswith("body.camera.")  # to read an image is to draw it
        }
        alone = world().size == 1
        watcher = Watcher(self._outbox, loop, recorder, sources, spikes=alone)
        ports = {name: port for name, (port, _) in sources.items()}
        self._outbox.put(Parcel(describe.ports(loop.body.pose().bodies, ports, spikes=alone)))
        self._commands.attach(loop, watcher)
        self._watcher = watcher
        return watcher

    def ended(self, loop: ClosedLoop) -> None:
        """The loop has ended: tell what is left of it, refuse what still waits. The engines must be open."""
        if self._watcher is not None:
            self._watcher.flush(loop)
        self._commands.detach("the run has ended")

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits, for ``timeout_s`` at most, and hang up; safe to call twice."""
        self._commands.detach("the run has ended")
        self._caller.close(timeout_s)

    def summary(self) -> dict[str, Any]:
        """How the link fared, for ``summary.json``; keys as in ``docs/connection.md``."""
        return {
            **self._caller.facts(),
            **self._outbox.counts(),
            "commands": dict(self._commands.counts),
            "failure": self._watcher.failure if self._watcher else "",
        }


def _hello(folder: Path, allow_code: bool) -> Hello:
    state = read_state(folder)
    return Hello(
        run=folder.name,
        attempt=state.attempt if state else 1,
        state=str(state.state) if state else str(State.BUILDING),
        version=__version__,
        host=socket.gethostname(),
        pid=os.getpid(),
        allow_code=allow_code,
    )
