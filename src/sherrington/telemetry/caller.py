"""The thread that dials, says who calls, sends what waits and hands on what comes; later again when it breaks."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from ..loop.overlap import roam
from ..service import messages
from ..service.messages import Accepted, Hello, Refused
from .dial import OPEN_S, Connection, dial
from .outbox import Outbox

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
"""Between two attempts: twice as long each time, and by chance up to half of that less, so that many runs do not come
back at once."""
LOOK_S = 0.2
MESSAGES_PER_S, BURST = 100.0, 50.0
"""So many are taken in; of a server that sends more, the rest waits there."""


class Caller:
    """hello: who calls, without token and session. take: is given each message that comes; must not raise."""

    def __init__(
        self, url: str, token: str, hello: Hello, outbox: Outbox, take: Callable[[str | bytes], None]
    ) -> None:
        self.hello = hello
        self._url, self._outbox, self._take = url, outbox, take
        self._token: str | None = token
        self._session: str | None = None
        self._connection: Connection | None = None
        self._closing = threading.Event()
        self._close_by_s = float("inf")
        self._wait_s = FIRST_WAIT_S
        self._connections, self._bytes, self._connected_s = 0, 0, 0.0
        self._since_s: float | None = None
        self._error = self._gave_up = ""
        self._thread = threading.Thread(target=self._serve, name="link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Send what waits, for ``timeout_s`` at most, and end; safe to call twice."""
        self._close_by_s = time.monotonic() + timeout_s
        self._closing.set()
        self._outbox.wake()
        self._thread.join(timeout_s)
        connection = self._connection
        if self._thread.is_alive() and connection is not None:
            connection.abort()
            self._thread.join(1.0)

    def facts(self) -> dict[str, Any]:
        """For ``summary.json``. error: of the last connection that failed or broke; gave_up: why it dials no more."""
        since_s = self._since_s
        now_s = 0.0 if since_s is None else time.monotonic() - since_s
        return {
            "url": self._url,
            "connections": self._connections,
            "connected_s": self._connected_s + now_s,
            "bytes": self._bytes,
            "error": self._error,
            "gave_up": self._gave_up,
        }

    # --- on the thread ---

    def _serve(self) -> None:
        roam()
        while not self._is_over():
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - told in the summary; a run does not end with its connection
                self._error = f"{type(error).__name__}: {error}"
            if self._gave_up:
                return
            self._closing.wait(random.uniform(0.5, 1.0) * self._wait_s)
            if self._closing.is_set():
                time.sleep(LOOK_S)
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def _is_over(self) -> bool:
        if not self._closing.is_set():
            return False
        everything_sent = self._connections > 0 and self._outbox.is_empty
        return everything_sent or time.monotonic() >= self._close_by_s

    def _call(self) -> None:
        self._connection = connection = dial(self._url)
        with connection:
            try:
                if self._greet(connection):
                    self._talk(connection)
            finally:
                if connection.latency:  # it answered a ping: a server that works
                    self._wait_s = FIRST_WAIT_S

    def _greet(self, connection: Connection) -> bool:
        """Say who calls; whether that was accepted. The token is shown once, then the session that came for it."""
        secret = {"session": self._session} if self._session else {"token": self._token}
        connection.send(self.hello.model_copy(update=secret).model_dump_json())
        answer = messages.asked.validate_json(connection.recv(OPEN_S))
        if isinstance(answer, Refused):
            self._error = f"refused: {answer.reason}"
            self._gave_up = self._error if answer.final else ""
            return False
        if not isinstance(answer, Accepted):
            raise ValueError(f"the server answered hello with '{answer.kind}'")
        self._session, self._token = answer.session, None
        self._outbox.resume(answer.events, answer.data)
        return True

    def _talk(self, connection: Connection) -> None:
        """Send until it breaks, or until there is no more to be said."""
        self._connections += 1
        self._since_s = time.monotonic()
        listener = threading.Thread(target=self._listen, args=(connection,), name="link-in", daemon=True)
        listener.start()
        try:
            while listener.is_alive() and not self._is_over():
                parcel = self._outbox.take(LOOK_S)
                if parcel is not None:
                    data = parcel.encode()
                    connection.send(data)
                    self._bytes += len(data)
        finally:
            self._connected_s += time.monotonic() - self._since_s
            self._since_s = None

    def _listen(self, connection: Connection) -> None:
        """Hand on what comes, not faster than people and programs have reason to ask."""
        roam()
        due_s = time.monotonic()
        try:
            for message in connection:
                self._take(message)
                now_s = time.monotonic()
                due_s = max(due_s + 1 / MESSAGES_PER_S, now_s - BURST / MESSAGES_PER_S)
                time.sleep(max(0.0, due_s - now_s))
        except Exception as error:  # noqa: BLE001 - the connection broke: it is dialled again
            self._error = f"{type(error).__name__}: {error}"
        self._outbox.wake()
