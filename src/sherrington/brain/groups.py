"""Which neurons each channel of a port stands for: ranges of indices within a population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from .distributions import Ints


@dataclass(frozen=True)
class Singles(Sequence[range]):
    """Every neuron of a population on its own, without a million ranges in memory."""

    size: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> range: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[range, ...]: ...
    def __getitem__(self, index: int | slice) -> range | tuple[range, ...]:
        chosen = range(self.size)[index]
        return (
            range(chosen, chosen + 1) if isinstance(chosen, int) else tuple(range(i, i + 1) for i in chosen)
        )

    def __iter__(self) -> Iterator[range]:
        return (range(i, i + 1) for i in range(self.size))


Groups = tuple[range, ...] | Singles


def bounds(groups: Groups) -> Ints:
    """First neuron and one past the last of each group, shape (n_groups, 2)."""
    if isinstance(groups, Singles):
        first = np.arange(len(groups))
        return np.column_stack([first, first + 1])
    return np.array([(g.start, g.stop) for g in groups], np.int64).reshape(-1, 2)


def members(bounds: Ints) -> tuple[Ints, Ints]:
    """Neurons group after group, and the group of each, for bounds of shape (n_groups, 2)."""
    sizes = bounds[:, 1] - bounds[:, 0]
    group = np.repeat(np.arange(len(bounds)), sizes)
    return np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes - bounds[:, 0], sizes), group
