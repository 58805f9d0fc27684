"""A WebSocket connection that trusts the other side with as little as possible. The only user of ``websockets`` here.

No redirects are followed, certificates are checked (``SSL_CERT_FILE`` names others than the system's), nothing is
compressed, large messages end the connection, and so does a flood of pings. A send that takes too long fails.
"""

from __future__ import annotations

import logging
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, reconnect
from websockets.typing import Subprotocol

from ..service.messages import SUBPROTOCOL
from .address import is_loopback

MOST_BYTES = 1 << 20
"""Of a message that comes in; code to be swapped is the longest, at most a fifth of it."""
PING_S, PONG_S = 5.0, 10.0
OPEN_S, SEND_S, CLOSE_S = 10.0, 10.0, 1.0
CONTROL_FRAMES_PER_S = 50
_QUIET = logging.getLogger("sherrington.telemetry.dial")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


class Connection(ClientConnection):
    """One that ends where the other side sends more control frames than any has reason to."""

    recv_bufsize = 8192

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._counted_from_s, self._frames = time.monotonic(), 0
        super().__init__(*arguments, **options)

    def process_event(self, event: Any) -> None:
        """Of the base class; called for each frame on the thread that receives."""
        opcode = getattr(event, "opcode", 0)
        if opcode >= 8:
            now_s = time.monotonic()
            if now_s - self._counted_from_s > 1.0:
                self._counted_from_s, self._frames = now_s, 0
            self._frames += 1
            if self._frames > CONTROL_FRAMES_PER_S:
                self.abort()
        super().process_event(event)

    def abort(self) -> None:
        """End it at once; whoever sends or receives is told by an error. Safe on any thread, and twice."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            _QUIET.debug("already closed: %s", error)


class Dial(reconnect):
    """Opens one connection; never follows a redirect, which could lead the token anywhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Of the base class."""
        return exc


def dial(url: str) -> Connection:
    """A connection whose other side speaks our protocol. Raises what ``websockets``
    and sockets raise, and ValueError for a server that speaks another one."""
    host = urlsplit(url).hostname or ""
    opening = Dial(
        url,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        proxy=None if is_loopback(host) else True,
        open_timeout=OPEN_S,
        ping_interval=PING_S,
        ping_timeout=PONG_S,
        close_timeout=CLOSE_S,
        max_size=MOST_BYTES,
        max_queue=8,
        logger=_QUIET,
        create_connection=Connection,
        user_agent_header=None,
    )
    connection = opening.connect()
    assert isinstance(connection, Connection)
    connection.pending_legacy_warning = False
    if connection.subprotocol != SUBPROTOCOL:
        connection.close()
        raise ValueError(f"the server does not speak {SUBPROTOCOL}")
    connection.socket.settimeout(SEND_S)
    return connection
