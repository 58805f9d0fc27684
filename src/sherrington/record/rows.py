"""Datasets that grow, and the buffers of fixed size before them.

A buffer serves many datasets at once: what a cycle costs then hardly depends on how many ports are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PortError

CHUNK_BYTES = 64 * 2**10
"""What HDF5 stores and reads at a time, at most."""


class Column:
    """A dataset in ``group`` that grows along its first axis, with rows of ``shape``."""

    def __init__(
        self, group: Any, name: str, shape: tuple[int, ...], dtype: Any, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        chunk_shape = tuple(max(1, n) for n in shape)
        row_bytes = np.dtype(dtype).itemsize * int(np.prod(chunk_shape))
        # An axis of length 0 is one whose length comes later: it can grow, and its chunks are one entry wide.
        limit = tuple(n or None for n in shape)
        self.dataset = group.create_dataset(
            name,
            shape=(0, *shape),
            maxshape=(None, *limit),
            chunks=(max(1, min(4096, chunk_bytes // row_bytes)), *chunk_shape),
            dtype=dtype,
        )
        self.shape = shape
        self.written = 0
        """Rows handed to HDF5 so far."""

    def put(self, rows: NDArray[Any]) -> None:
        """Hand rows to HDF5."""
        # ``dataset[written:] = rows`` without its checks, four times faster: a flush writes every port there is.
        dataset = self.dataset.id
        dataset.set_extent((self.written + len(rows), *rows.shape[1:]))
        if rows.size:
            place = dataset.get_space()
            source = place.copy()
            source.set_extent_simple(rows.shape)
            place.select_hyperslab((self.written,) + (0,) * (rows.ndim - 1), rows.shape)
            dataset.write(source, place, np.ascontiguousarray(rows))
        self.written += len(rows)


class Rows:
    """One sample after another: its time and a row of every column; ``capacity`` samples are held before writing.

    Everything lies in one array of float64, which holds whole nanoseconds exactly for the first hundred days.
    """

    def __init__(self, time: Column, columns: Sequence[Column], capacity: int) -> None:
        self.columns = (time, *columns)
        self._capacity, self._filled = capacity, 0
        self._lay_out()

    def _lay_out(self) -> None:
        self._shapes = [column.shape for column in self.columns[1:]]
        ends = np.cumsum([0, 1, *(int(np.prod(shape)) for shape in self._shapes)]).tolist()
        self._parts = [slice(a, b) for a, b in pairwise(ends)]
        self._buffer = np.empty((self._capacity, ends[-1]))

    @property
    def length(self) -> int:
        """Samples so far, buffered ones included."""
        return self.columns[0].written + self._filled

    def widen(self, sizes: Sequence[int]) -> None:
        """Fix the length of the second axis of each column, before the first sample."""
        for column, size in zip(self.columns[1:], sizes, strict=True):
            column.shape = (size, *column.shape[1:])
            column.dataset.resize((0, *column.shape))
        self._lay_out()

    def append(self, time_ns: int, values: Sequence[NDArray[Any]]) -> None:
        """Add a sample, copied. Raises PortError when a shape is another one."""
        if [value.shape for value in values] != self._shapes:
            self._refuse(values)
        if self._filled == self._capacity:
            self.write()
        row = self._buffer[self._filled]
        row[0] = time_ns
        if values:
            np.concatenate([value.ravel() for value in values], out=row[1:])
        self._filled += 1

    def _refuse(self, values: Sequence[NDArray[Any]]) -> None:
        for column, value in zip(self.columns[1:], values, strict=True):
            if value.shape != column.shape:
                name = column.dataset.name
                raise PortError(f"cannot record {name}: expected shape {column.shape}, got {value.shape}")

    def write(self) -> None:
        """Hand what is buffered to HDF5."""
        if self._filled:
            for column, part in zip(self.columns, self._parts, strict=True):
                column.put(self._buffer[: self._filled, part].reshape(self._filled, *column.shape))
            self._filled = 0


class SpikeRows:
    """Spikes of many populations; ``capacity`` spikes of all together are held before they are written.

    columns: of each population its times, ns, and its neurons.
    """

    def __init__(self, columns: Sequence[tuple[Column, Column]], capacity: int) -> None:
        self.columns = tuple(columns)
        self._capacity, self._filled = capacity, 0
        self._times, self._neurons = np.empty(capacity, np.int64), np.empty(capacity, np.int32)
        self._owners = np.empty(capacity, np.int32)

    def extend(self, owner: int, times_ns: NDArray[np.int64], neurons: NDArray[np.int64]) -> None:
        """Add spikes of population number ``owner``, copied."""
        end = self._filled + times_ns.size
        if end > self._capacity:
            self.write()
            end = times_ns.size
        if end > self._capacity:
            self._put(owner, times_ns, neurons)
            return
        new = slice(self._filled, end)
        self._times[new], self._neurons[new], self._owners[new] = times_ns, neurons, owner
        self._filled = end

    def write(self) -> None:
        """Hand what is buffered to HDF5, population by population."""
        owners = self._owners[: self._filled]
        order = np.argsort(owners, kind="stable")
        times, neurons = self._times[order], self._neurons[order]
        cuts = np.searchsorted(owners[order], np.arange(len(self.columns) + 1))
        for owner in np.flatnonzero(np.diff(cuts)).tolist():
            mine = slice(cuts[owner], cuts[owner + 1])
            self._put(owner, times[mine], neurons[mine])
        self._filled = 0

    def _put(self, owner: int, times_ns: NDArray[np.int64], neurons: NDArray[Any]) -> None:
        times, ids = self.columns[owner]
        times.put(times_ns)
        ids.put(neurons.astype(np.int32))
