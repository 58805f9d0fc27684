"""One brain over several ranks: rank 0 has it in the loop, and tells the others each call that they must make too.

A step costs one broadcast of fixed size, with the time to advance to and the values of all input ports, and what the
engine itself needs to put its outputs together. Spikes for input ports and changes of excitability, which are rare, go
in a broadcast of their own when there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..parallel import Ranks, peak_memory_mib
from ..ports import Kind, SpikeBatch, Value
from .engine import BrainEngine, BrainOptions, BrainPort, Excitability
from .network import Network

OPERATION, UNTIL_NS, SPIKES, CHANGES, FIRST_VALUE = range(5)
"""Places in the message: what to do; until when; rows of spikes and changes of excitability that follow; then per input
port whether it was written, then their values one after the other."""


class Do(IntEnum):
    """What the others are told."""

    ADVANCE = 1
    RECORD = 2
    STORE = 3
    MEASURE = 4
    CLOSE = 5


class Own(Protocol):
    """What each rank records of its own neurons."""

    def take(self) -> None:
        """After every ``advance``."""
        ...

    def close(self) -> None: ...


class Message:
    """The buffer that every step sends, the same on all ranks. Times in it are whole ns, exact for a hundred days."""

    def __init__(self, inputs: Sequence[BrainPort]) -> None:
        self._signals = [p.port for p in inputs if p.port.kind is Kind.SIGNAL]
        ends = np.cumsum([FIRST_VALUE + len(self._signals), *(port.size for port in self._signals)]).tolist()
        self.buffer = np.zeros(ends[-1])
        self._values = {
            port.name: (FIRST_VALUE + index, slice(begin, end))
            for index, (port, begin, end) in enumerate(zip(self._signals, ends[:-1], ends[1:], strict=True))
        }
        self.spiking = [p.port.name for p in inputs if p.port.kind is Kind.SPIKES]

    def put(self, port: str, value: Any) -> None:
        """A value that goes out with the next message."""
        flag, part = self._values[port]
        self.buffer[flag] = 1.0
        self.buffer[part] = value

    def written(self) -> list[tuple[str, Any]]:
        """The values that came, by port."""
        return [(name, self.buffer[part]) for name, (flag, part) in self._values.items() if self.buffer[flag]]

    def clear(self) -> None:
        """Forget what was put."""
        self.buffer[: FIRST_VALUE + len(self._signals)] = 0.0


class LeadingBrain:
    """The brain on rank 0: a ``BrainEngine`` that has every call made on the other ranks too.

    inner: the engine of this rank.
    """

    def __init__(self, inner: BrainEngine, ranks: Ranks) -> None:
        self._inner, self._ranks, self._patience = inner, ranks, ranks.patience
        self.now_ns, self.resolution_ns, self.kernel_s = 0, 0, 0.0
        self._is_open = False
        self._spikes: list[tuple[int, SpikeBatch]] = []
        self._changes: list[tuple[str, Excitability]] = []
        self._own: Own | None = None

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """See ``BrainEngine.prepare``; all ranks do it, and raise if one does."""
        self._message = Message(inputs)
        self._patience.wait()
        with self._ranks.together():
            self._inner.prepare(network, inputs, outputs, seed, options)
        self._patience.done()
        self.resolution_ns = self._inner.resolution_ns
        self._is_open = True

    def record(self, folder: Path, own: Own) -> None:
        """Have every rank record its own spikes, in files in ``folder``, from now on."""
        self._own = own
        self._send(Do.RECORD)
        self._ranks.broadcast_object(str(folder))

    def stop_recording(self) -> None:
        """Have every rank close the file of its spikes; returns when all have, or at once where they cannot meet."""
        own, self._own = self._own, None
        if own is None:
            return
        if self._ranks.apart:
            own.close()
            return
        self._patience.wait()
        self._send(Do.STORE)
        try:
            own.close()
        finally:
            # Also where the disk of this rank refuses: the others wait here.
            self._ranks.gather_object(None)
            self._patience.done()

    def peak_memory_mib(self) -> list[float]:
        """The most memory that each rank has held; only this one's where they cannot meet."""
        if self._ranks.apart:
            return [peak_memory_mib()]
        self._patience.wait()
        self._send(Do.MEASURE)
        held = self._ranks.gather_object(peak_memory_mib())
        self._patience.done()
        return held

    def write(self, port: str, value: Value) -> None:
        """See ``BrainEngine.write``."""
        self._inner.write(port, value)
        if not isinstance(value, SpikeBatch):
            self._message.put(port, value)
        elif len(value):
            self._spikes.append((self._message.spiking.index(port), value))

    def set_excitability(self, population: str, change: Excitability) -> None:
        """See ``BrainEngine.set_excitability``; the others make the change before they advance."""
        self._inner.set_excitability(population, change)
        self._changes.append((population, change))

    def advance(self, until_ns: int) -> None:
        """See ``BrainEngine.advance``."""
        self._patience.wait()
        try:
            self._send(Do.ADVANCE, until_ns)
            self._inner.advance(until_ns)
            self.now_ns, self.kernel_s = self._inner.now_ns, self._inner.kernel_s
        except BaseException:
            self._ranks.apart = True
            raise
        self._patience.done()
        if self._own is not None:
            self._own.take()

    def _send(self, operation: Do, until_ns: int = 0) -> None:
        header = self._message.buffer
        rows = sum(len(batch) for _, batch in self._spikes)
        header[:FIRST_VALUE] = operation, until_ns, rows, len(self._changes)
        self._ranks.broadcast(header)
        if rows:
            self._ranks.broadcast(np.concatenate([_rows(port, batch) for port, batch in self._spikes]))
        if self._changes:
            self._ranks.broadcast_object(self._changes)
        self._message.clear()
        self._spikes, self._changes = [], []

    def read(self, port: str) -> Value:
        """See ``BrainEngine.read``."""
        return self._inner.read(port)

    def save(self) -> bytes:
        """Raises UnsupportedError."""
        return self._inner.save()

    def restore(self, state: bytes) -> None:
        """Raises UnsupportedError."""
        self._inner.restore(state)

    def statistics(self) -> Mapping[str, Any]:
        """See ``BrainEngine.statistics``."""
        return self._inner.statistics()

    def close(self) -> None:
        """See ``BrainEngine.close``. Ranks that cannot be reached any more, because one stopped in the middle of a
        step, are ended later, by ``Ranks.abort``."""
        self.stop_recording()
        if self._is_open and not self._ranks.apart:
            self._send(Do.CLOSE)
        self._is_open = False
        if not self._ranks.apart:
            self._inner.close()


def _rows(port: int, batch: SpikeBatch) -> Any:
    return np.column_stack([np.full(len(batch), port), batch.times_ns, batch.channels]).astype(np.int64)


def follow(
    brain: BrainEngine,
    message: Message,
    ranks: Ranks,
    record: Callable[[Path], Own],
) -> None:
    """On every rank but 0, after ``prepare``: do what rank 0 says until it closes the brain.

    record: makes what records this rank's spikes, given the run folder.
    """
    own: Own | None = None
    patience = ranks.patience
    while True:
        ranks.broadcast(message.buffer)
        patience.wait()
        spikes, changes = _rest(message, ranks)
        match int(message.buffer[OPERATION]):
            case Do.ADVANCE:
                _step(brain, message, spikes, changes)
                if own is not None:
                    own.take()
            case Do.RECORD:
                own = record(Path(ranks.broadcast_object(None)))
            case Do.STORE if own is not None:
                own.close()
                own = None
                ranks.gather_object(None)
            case Do.MEASURE:
                ranks.gather_object(peak_memory_mib())
            case _:
                break
        patience.done()
    patience.done()
    brain.close()


def _rest(message: Message, ranks: Ranks) -> tuple[Any, list[tuple[str, Excitability]]]:
    """The spikes, shape (n, 3): port, time, channel; and the changes that follow a message."""
    spikes = np.empty((int(message.buffer[SPIKES]), 3), np.int64)
    if len(spikes):
        ranks.broadcast(spikes)
    changes = ranks.broadcast_object(None) if message.buffer[CHANGES] else []
    return spikes, changes


def _step(
    brain: BrainEngine, message: Message, spikes: Any, changes: Sequence[tuple[str, Excitability]]
) -> None:
    for population, change in changes:
        brain.set_excitability(population, change)
    for port, value in message.written():
        brain.write(port, value)
    for index, name in enumerate(message.spiking):
        mine = spikes[spikes[:, 0] == index]
        if len(mine):
            brain.write(name, SpikeBatch(mine[:, 1].copy(), mine[:, 2].copy()))
    brain.advance(int(message.buffer[UNTIL_NS]))
