"""A real WebSocket server for the tests of the link, and a loop whose link dials it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loop_rig import Rig, build_rig, write_experiment
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from sherrington.service.frames import Frame
from sherrington.service.messages import SUBPROTOCOL, said
from sherrington.telemetry import Link

PATIENCE_S = 30.0
TOKEN = "one-time-token-of-the-tests"
SESSION = "secret-of-the-session"
Behaviour = Callable[[ServerConnection, "Service"], None]


def wait_for(condition: Callable[[], Any], what: str = "it") -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)
    return found


@dataclass
class Service:
    """A server in threads of this process. messages: all that came, decoded, in order; frames: the binary ones, by
    their header. behaviour: what is done with a connection, ``converse`` at first."""

    port: int = 0
    behaviour: Behaviour | None = None
    subprotocol: str = SUBPROTOCOL
    messages: list[Any] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    hellos: list[dict[str, Any]] = field(default_factory=list)
    dialled: int = 0
    connection: ServerConnection | None = None
    resume: bool = True
    stopping: bool = False
    _server: Server | None = None
    _asked: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/runs"

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port of the time before if there was one."""
        self.stopping = False
        names = [Subprotocol(self.subprotocol)] if self.subprotocol else None
        self._server = serve(
            self._handle, "127.0.0.1", self.port,
            subprotocols=names, compression=None, close_timeout=0.2, max_size=None,
        )  # fmt: skip
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Gone, with every connection."""
        self.stopping = True
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        if self.connection is not None:
            self.connection.close()

    def _handle(self, connection: ServerConnection) -> None:
        self.dialled += 1
        try:
            (self.behaviour or converse)(connection, self)
        except ConnectionClosed:
            return

    # --- what came and what to ask ---

    def of(self, kind: str) -> list[Any]:
        return [m for m in list(self.messages) if m.kind == kind]

    def last(self, ring: tuple[str, ...]) -> int:
        return max((m.seq for m in list(self.messages) if m.kind in ring), default=0)

    def ask(self, kind: str, **keys: Any) -> str:
        """Send a command; its id."""
        self._asked += 1
        asked = f"{kind}-{self._asked}"
        self.send({"kind": kind, "id": asked, **keys})
        return asked

    def send(self, message: object) -> None:
        wait_for(lambda: self.connection is not None, "a connection")
        assert self.connection is not None
        self.connection.send(json.dumps(message))

    def answer(self, asked: str) -> Any:
        """The answer to a command, waited for."""
        return wait_for(
            lambda: next((m for m in self.of("answer") if m.id == asked), None), f"answer to {asked}"
        )

    def done(self, kind: str, **keys: Any) -> Any:
        """Ask, wait, and see that it was done."""
        answer = self.answer(self.ask(kind, **keys))
        assert answer.ok, answer.message
        return answer

    def refused(self, kind: str, **keys: Any) -> Any:
        """Ask, wait, and see that it was refused."""
        answer = self.answer(self.ask(kind, **keys))
        assert not answer.ok and answer.message
        return answer


EVENTS = ("state", "log", "trial", "answer")
DATA = ("spikes", "signals")


def greet(connection: ServerConnection, service: Service, **changes: Any) -> None:
    service.hellos.append(json.loads(connection.recv(10)))
    said.validate_python(service.hellos[-1])
    received = {"events": service.last(EVENTS), "data": service.last(DATA)} if service.resume else {}
    connection.send(json.dumps({"kind": "accepted", "session": SESSION, **received, **changes}))


def converse(connection: ServerConnection, service: Service) -> None:
    """What a good server does: it accepts, says what it has got, and reads."""
    greet(connection, service)
    service.connection = connection
    try:
        for data in connection:
            note(data, service)
    finally:
        if service.connection is connection:
            service.connection = None


def note(data: str | bytes, service: Service) -> None:
    if isinstance(data, str):
        service.messages.append(said.validate_json(data))
    else:
        service.frames.append(Frame(data))
        service.messages.append(service.frames[-1].message)


NETWORK_FUNCTIONS = """
@transfer(inputs={"angle": "rad"}, outputs={"rate": "Hz"}, low=0.0)
def stretch(angle, *, gain: float = 2e3):
    return np.clip(100.0 + gain * np.array([angle[0], -angle[0]]), 0.0, 500.0)

@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts):
    return np.clip(0.05 * counts, 0.0, 1.0)
"""
PATHWAYS: dict[str, Any] = {
    "stretch": {
        "function": "control.py:stretch",
        "inputs": {"angle": "body.joint_angle"},
        "outputs": {"rate": "brain.drive.rate"},
        "noise": {"std": 20.0},
        "delay_ms": 2.0,
    },
    "move": {
        "function": "control.py:move",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"excitation": "body.muscle_excitation"},
        "delay_ms": 3.0,
    },
}


def write_pools(folder: Path, **sections: Any) -> None:
    """An experiment with both closed-form engines, in ``folder``."""
    write_experiment(folder, NETWORK_FUNCTIONS, PATHWAYS, **sections)


@dataclass
class LinkedRig:
    """A loop, and the link that watches it."""

    rig: Rig
    link: Link
    interrupted: list[bool]
    _thread: threading.Thread | None = None

    def watched(self) -> LinkedRig:
        """Have the loop watched, from its first cycle on."""
        self.rig.loop.observers = (
            *self.rig.loop.observers,
            self.link.watch(self.rig.loop, self.rig.recorder),
        )
        return self

    def begin(self) -> LinkedRig:
        """Run on a thread of its own."""
        self._thread = threading.Thread(target=self.rig.run)
        self._thread.start()
        return self

    def held(self) -> LinkedRig:
        """Watched, on a thread of its own, and paused before the first cycle."""
        self.rig.loop.pause()
        return self.watched().begin()

    def advance(self, service: Service, cycles: int) -> None:
        """Step so many cycles and wait for them."""
        until = self.rig.loop.cycle_count + cycles
        service.done("step", cycles=cycles)
        wait_for(lambda: self.rig.loop.cycle_count == until, f"cycle {until}")

    def join(self) -> LinkedRig:
        """Wait for the end of the run."""
        assert self._thread is not None
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self

    @contextmanager
    def running(self) -> Iterator[LinkedRig]:
        """Watched and running, to be stopped at the end if it still is."""
        self.watched().begin()
        try:
            yield self
        finally:
            self.rig.loop.stop()
            self.join()

    def finish(self, timeout_s: float = 10.0) -> dict[str, Any]:
        """What ``run`` does at the end; the summary."""
        self.link.ended(self.rig.loop)
        self.link.close(timeout_s)
        return self.link.summary()

    def close(self) -> None:
        self.link.close(0.0)
        self.rig.recorder.close()
        self.rig.loop.close()


def linked_rig(folder: Path, url: str, *, allow_code: bool = False, **sections: Any) -> LinkedRig:
    """sections: of the experiment file."""
    write_pools(folder, **sections)
    rig = build_rig(folder)
    rig.folder.mkdir(exist_ok=True)
    interrupted: list[bool] = []
    link = Link.open(
        url,
        TOKEN,
        rig.folder,
        rig.resolved,
        allow_code=allow_code,
        interrupt=lambda: interrupted.append(True),
    )
    return LinkedRig(rig, link, interrupted)
