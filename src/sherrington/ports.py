"""Ports: the named arrays at which brain and body meet. Nothing else crosses from one room to another."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import overload

import numpy as np
from numpy.typing import NDArray

from .errors import PortError, known

SPIKES_UNIT = "spikes"
"""The unit of a port that carries spikes, each with its time, instead of one number per channel."""

_FLOAT64 = np.dtype(np.float64)
_LARGEST = sys.float_info.max
_FEW = 32

Signal = NDArray[np.float64]
"""One value per channel: shape ``Port.shape``, in ``Port.unit``, first axis ordered as ``Port.order``."""


Entries = NDArray[np.intp]
"""Positions along the first axis of a port."""


class Kind(StrEnum):
    """What travels through a port."""

    SIGNAL = "signal"
    SPIKES = "spikes"


@dataclass(frozen=True)
class SpikeBatch:
    """Spikes of one interval, sorted by time and, at equal times, by channel.

    times_ns: int64, shape (n_spikes,), ns since the start of the run.
    channels: int64, shape (n_spikes,), index into ``Port.order``.
    """

    times_ns: NDArray[np.int64]
    channels: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.times_ns.size)

    def merged(self, other: SpikeBatch) -> SpikeBatch:
        """Both batches in one, sorted."""
        times = np.concatenate([self.times_ns, other.times_ns])
        channels = np.concatenate([self.channels, other.channels])
        order = np.lexsort((channels, times))
        return SpikeBatch(times[order], channels[order])

    @staticmethod
    def empty() -> SpikeBatch:
        return SpikeBatch(np.empty(0, np.int64), np.empty(0, np.int64))


Value = Signal | SpikeBatch


@dataclass(frozen=True)
class Numbered(Sequence[str]):
    """The names ``stem[0]`` to ``stem[size - 1]``, each made when it is asked for: a port may have a million entries.

    Like a tuple of them: indexed, sliced, searched.
    """

    stem: str
    size: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        chosen = range(self.size)[index]
        return (
            f"{self.stem}[{chosen}]"
            if isinstance(chosen, int)
            else tuple(f"{self.stem}[{i}]" for i in chosen)
        )

    def __iter__(self) -> Iterator[str]:
        return (f"{self.stem}[{i}]" for i in range(self.size))

    def __contains__(self, name: object) -> bool:
        return self._number(name) is not None

    def index(self, name: object, start: int = 0, stop: int = sys.maxsize) -> int:
        """Position of a name between start and stop; raises ValueError where it is not there."""
        number = self._number(name)
        if number is None or number not in range(self.size)[start:stop]:
            raise ValueError(f"'{name}' is not among {self.stem}[0] to {self.stem}[{self.size - 1}]")
        return number

    def _number(self, name: object) -> int | None:
        found = (
            re.fullmatch(re.escape(self.stem) + r"\[(0|[1-9]\d*)\]", name) if isinstance(name, str) else None
        )
        return int(found[1]) if found and int(found[1]) < self.size else None


@dataclass(frozen=True)
class Port:
    """A named array with a unit and an order.

    name: as written in an experiment after ``brain.`` or ``body.``, e.g. ``motoneurons.rate``.
    shape: (n_channels,), (n_channels, 3), or (height, width) of an image, whose channels are its rows; empty shapes
    are refused by whoever asks for the port.
    unit: SI symbols or the field's own, e.g. ``"m"``, ``"Hz"``, ``"pA"``; ``"1"`` for a pure number.
    order: the name of each entry along the first axis, length ``shape[0]``.
    low, high: the values a receiver accepts, both included.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    unit: str
    order: tuple[str, ...] | Numbered
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.shape or self.shape[0] != len(self.order):
            raise PortError(f"port '{self.name}' has shape {self.shape} but names {len(self.order)} channels")

    @property
    def size(self) -> int:
        """Number of channels: the length of the first axis."""
        return self.shape[0]

    def part(self, entries: Entries) -> Port:
        """A port of some of the entries, under the same name."""
        order = tuple(self.order[i] for i in entries)
        return replace(self, shape=(len(order), *self.shape[1:]), order=order)

    def index(self, channel: str) -> int:
        """Position of a channel; raises PortError with the channels that exist."""
        try:
            return self.order.index(channel)
        except ValueError:
            raise PortError(f"port '{self.name}' has no channel '{channel}'; {known(self.order)}") from None

    def fault(self, value: object) -> str | None:
        """Why ``value`` does not fit this port, or None if it does."""
        if self.kind is Kind.SPIKES:
            return (
                None
                if isinstance(value, SpikeBatch)
                else f"expected a SpikeBatch, got {type(value).__name__}"
            )
        array = np.asarray(value)
        if array.shape == self.shape and array.dtype is _FLOAT64 and self._within(array):
            return None
        if array.shape != self.shape:
            return f"expected shape {self.shape} ({self.unit}), got shape {array.shape}"
        if not np.issubdtype(array.dtype, np.number):
            return f"expected numbers in {self.unit}, got {array.dtype}"
        if not np.isfinite(array).all():
            return f"not a finite number in channel {self._worst(~np.isfinite(array))}"
        outside = (array < self.low) | (array > self.high)
        if outside.any():
            return (
                f"{array[outside][0]:g} {self.unit} in channel {self._worst(outside)} "
                f"is outside {self.low:g} to {self.high:g} {self.unit}"
            )
        return None

    def _within(self, array: Signal) -> bool:
        """Finite and in range, the cheapest way: this is asked of every signal in every step. True is certain; False is
        a mistake where finite numbers add up to more than a float holds."""
        if array.size > _FEW:
            low, high = max(self.low, -_LARGEST), min(self.high, _LARGEST)
            return bool(low <= np.minimum.reduce(array, None) and np.maximum.reduce(array, None) <= high)
        values = array.ravel().tolist()
        if values and not (self.low <= min(values) and max(values) <= self.high):
            return False
        return math.isfinite(sum(values))

    def _worst(self, bad: NDArray[np.bool_]) -> str:
        return f"'{self.order[int(np.argwhere(bad)[0][0])]}'"
