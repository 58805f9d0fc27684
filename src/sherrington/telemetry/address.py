"""Where a run may dial to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..errors import NeverError


def check_url(url: str, allow_plain: bool = False) -> None:
    """Raises NeverError for what is no WebSocket address, for one that leaves this machine without encryption unless
    ``allow_plain``, and for one that holds a secret: addresses are kept in command lines and files."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise NeverError(f"--connect is no address ({error}); write wss://HOST:PORT/PATH") from None
    if parts.scheme not in ("ws", "wss") or not host:
        raise NeverError(f"--connect is no WebSocket address: '{parts.scheme}:' ; write wss://HOST:PORT/PATH")
    if parts.username is not None or parts.query or parts.fragment:
        raise NeverError(
            "--connect takes no user, query or fragment, which may hold a secret; the token goes into the environment"
        )
    if parts.scheme == "ws" and not is_loopback(host) and not allow_plain:
        raise NeverError(
            f"ws://{host} would send the token and all data readable by others; use wss://, or --allow-plain in a "
            "network that you trust"
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
