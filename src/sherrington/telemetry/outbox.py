"""What waits to be sent, within a bound. The loop puts things in and never waits; a thread of the link takes them out.

Of poses, progress and rates only the latest waits. Events (states, answers, trials, log) and data (spikes, signals)
wait in a ring each: when it is full the oldest goes, and is counted. What has been sent stays in its ring while there
is room, so that it can be sent again when a connection broke before it arrived.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

from ..service.frames import Cargo, pack
from ..service.messages import Data, Event, Up

EVENT_BYTES = 1 << 20
DATA_BYTES = 16 << 20
OVERHEAD_BYTES = 1024
"""Of a message beside its arrays and texts, as it lies in memory: counted generously."""


@dataclass(frozen=True)
class Parcel:
    """A message and its arrays, not yet encoded. text_bytes: of long texts in the message."""

    message: Up
    cargo: Cargo | None = None
    text_bytes: int = 0

    @property
    def kind(self) -> str:
        return str(self.message.kind)  # type: ignore[attr-defined]

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return OVERHEAD_BYTES + self.text_bytes + (self.cargo.size if self.cargo else 0)

    def encode(self) -> str | bytes:
        """As it goes over the wire: text, or binary with arrays."""
        return pack(self.message, self.cargo) if self.cargo else self.message.model_dump_json()


class Ring:
    """Numbered parcels within ``limit`` bytes, the oldest first. Not safe between threads on its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent: deque[tuple[int, Parcel]] = deque()
        self._waiting: deque[tuple[int, Parcel]] = deque()
        self._next = 1
        self._forgotten = 0
        self._received = 0
        self.size = 0
        self.lost = 0
        """At most so many were sent on a connection that broke, did not arrive, and were no longer there."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, parcel: Parcel) -> list[str]:
        """Number it and add it; the kinds of those that had to go unsent."""
        assert isinstance(parcel.message, Event | Data)
        parcel.message.seq = self._next
        self._waiting.append((self._next, parcel))
        self._next += 1
        self.size += parcel.size
        dropped = []
        while self.size > self._limit:
            if self._sent:
                self._forgotten, gone = self._sent.popleft()
            else:
                gone = self._waiting.popleft()[1]
                dropped.append(gone.kind)
            self.size -= gone.size
        return dropped

    def take(self) -> Parcel:
        """The oldest that waits; it stays until there is no more room."""
        self._sent.append(self._waiting.popleft())
        return self._sent[-1][1]

    def resume(self, received: int) -> None:
        """Send again what is later than ``received``; forget the rest of what was sent."""
        self.lost += max(0, self._forgotten - max(received, self._received))
        while self._sent and self._sent[-1][0] > received:
            self._waiting.appendleft(self._sent.pop())
        self.size -= sum(parcel.size for _, parcel in self._sent)
        self._sent.clear()
        self._received = self._forgotten = max(self._forgotten, min(received, self._next - 1))


class Outbox:
    """Safe between threads: every method holds the lock for a few operations only."""

    def __init__(self, event_bytes: int = EVENT_BYTES, data_bytes: int = DATA_BYTES) -> None:
        self._changed = threading.Condition()
        self._latest: dict[str, Parcel] = {}
        self._kept: dict[str, Parcel] = {}
        self._events, self._data = Ring(event_bytes), Ring(data_bytes)
        self._rings = {"events": self._events, "data": self._data}
        self._sent: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._replaced: Counter[str] = Counter()

    def put(self, parcel: Parcel) -> None:
        """Have it sent. Never waits for the other side."""
        with self._changed:
            ring = self._rings.get(parcel.message.ring)
            if ring is None:
                self._put_latest(parcel)
            else:
                self._dropped.update(ring.put(parcel))
            self._changed.notify()

    def _put_latest(self, parcel: Parcel) -> None:
        kind = parcel.kind
        if kind in self._latest:
            self._replaced[kind] += 1
        self._latest[kind] = parcel
        if parcel.message.kept:
            self._kept[kind] = parcel

    def take(self, timeout_s: float) -> Parcel | None:
        """The next to be sent: the latest of each kind, then events, then data. None after ``timeout_s``."""
        with self._changed:
            if self._is_empty:
                self._changed.wait(timeout_s)
            if self._is_empty:
                return None
            if self._latest:
                parcel = self._latest.pop(next(iter(self._latest)))
            else:
                parcel = (self._events if len(self._events) else self._data).take()
            self._sent[parcel.kind] += 1
            return parcel

    def resume(self, events: int, data: int) -> None:
        """A connection begins: what is kept goes again, and what the other side has not got of the rings."""
        with self._changed:
            self._latest = {**self._kept, **{k: p for k, p in self._latest.items() if k not in self._kept}}
            self._events.resume(events)
            self._data.resume(data)
            self._changed.notify()

    def wake(self) -> None:
        """Let ``take`` return early."""
        with self._changed:
            self._changed.notify()

    @property
    def _is_empty(self) -> bool:
        return not (self._latest or self._events or self._data)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        with self._changed:
            return self._is_empty

    @property
    def size(self) -> int:
        """Bytes held, of what waits and of what was sent and is kept for another time."""
        with self._changed:
            of_latest = sum(parcel.size for parcel in self._latest.values())
            return self._events.size + self._data.size + of_latest

    @property
    def dropped(self) -> dict[str, int]:
        """Messages that had to go unsent for want of room, by kind."""
        with self._changed:
            return dict(self._dropped)

    def counts(self) -> dict[str, dict[str, int]]:
        """By kind: ``sent`` (again counts again), ``dropped``, ``replaced`` by a later one before they were sent;
        ``lost``: at most so many of each ring were sent and did not arrive."""
        with self._changed:
            lost = {"events": self._events.lost, "data": self._data.lost}
            return {
                "sent": dict(self._sent),
                "dropped": dict(self._dropped),
                "replaced": dict(self._replaced),
                "lost": lost,
            }
