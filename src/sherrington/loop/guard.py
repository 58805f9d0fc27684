"""The last N states of a run, written out when it stops with an error, and opened again afterwards."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..clock import ns_to_ms
from ..ports import Signal, SpikeBatch, Value


@dataclass(frozen=True)
class Moment:
    """time_ns: start of a cycle; body: its state as ``BodyEngine.save`` gave it; values: every signal that went
    into and came out of the pathways, by ``pathway.NAME.in.ARGUMENT`` and ``pathway.NAME.OUTPUT``."""

    time_ns: int
    body: bytes
    values: Mapping[str, Signal]


Named = tuple[Sequence[str], Sequence[Value]]
"""Names, and the value of each."""


class Guard:
    """Remembers the last ``depth`` moments; ``dump`` writes them to a folder with the error beside."""

    def __init__(self, folder: Path, depth: int = 20) -> None:
        self.folder = folder
        self._kept: deque[tuple[int, bytes, list[Named]]] = deque(maxlen=depth)

    def remember(self, time_ns: int, body: bytes, values: Iterable[Named]) -> None:
        """Keep one moment. Arrays are kept as they are: pathways never write into one twice."""
        self._kept.append((time_ns, body, [(names, tuple(parts)) for names, parts in values]))

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What is remembered, oldest first."""
        return tuple(Moment(time_ns, body, _signals(values)) for time_ns, body, values in self._kept)

    def dump(self, error: Exception) -> Path:
        """Write what is remembered; returns the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {}
        for i, moment in enumerate(self.moments):
            arrays[f"{i}/body"] = np.frombuffer(moment.body, np.uint8)
            arrays.update({f"{i}/{name}": value for name, value in moment.values.items()})
        np.savez_compressed(self.folder / "states.npz", **arrays)  # type: ignore[arg-type]
        facts = {
            "error": type(error).__name__,
            "message": str(error),
            "times_ms": [ns_to_ms(m.time_ns) for m in self.moments],
            "times_ns": [m.time_ns for m in self.moments],
        }
        (self.folder / "dump.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
        return self.folder


def _signals(values: Iterable[Named]) -> dict[str, Signal]:
    pairs = ((name, v) for names, parts in values for name, v in zip(names, parts, strict=False))
    return {name: v for name, v in pairs if not isinstance(v, SpikeBatch)}


@dataclass(frozen=True)
class Dump:
    """A dump opened again. message: the error as raised; moments: oldest first."""

    message: str
    moments: tuple[Moment, ...]


def open_dump(folder: Path) -> Dump:
    """Read a dump back; ``body_engine.restore(dump.moments[-1].body)`` puts a body of the same model there."""
    facts = json.loads((folder / "dump.json").read_text(encoding="utf-8"))
    moments = []
    with np.load(folder / "states.npz") as arrays:
        for i, time_ns in enumerate(facts["times_ns"]):
            values = {n.partition("/")[2]: arrays[n] for n in arrays.files if n.startswith(f"{i}/")}
            moments.append(Moment(time_ns, values.pop("body").tobytes(), values))
    return Dump(facts["message"], tuple(moments))
