"""A dataset that grows row by row, behind a buffer of fixed size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PortError

CHUNK_BYTES = 64 * 2**10
"""What HDF5 stores and reads at a time."""


class Rows:
    """A dataset in ``group`` with rows of ``shape``, and the buffer of ``capacity`` rows before it."""

    def __init__(self, group: Any, name: str, shape: tuple[int, ...], dtype: Any, capacity: int) -> None:
        chunk_shape = tuple(max(1, n) for n in shape)
        row_bytes = np.dtype(dtype).itemsize * int(np.prod(chunk_shape))
        # An axis of length 0 is one whose length comes later: it can grow, and its chunks are one entry wide.
        limit = tuple(n or None for n in shape)
        self.dataset = group.create_dataset(
            name,
            shape=(0, *shape),
            maxshape=(None, *limit),
            chunks=(max(1, min(4096, CHUNK_BYTES // row_bytes)), *chunk_shape),
            dtype=dtype,
        )
        self._capacity, self._shape = capacity, shape
        self._buffer: NDArray[Any] = np.empty((capacity, *shape), dtype)
        self._filled = 0
        self.written = 0
        """Rows handed to HDF5 so far."""

    @property
    def length(self) -> int:
        """Rows so far, buffered ones included."""
        return self.written + self._filled

    def append(self, row: Any) -> None:
        """Add one row, copied. Raises PortError when its shape is another one."""
        if row.shape != self._shape:
            raise PortError(
                f"cannot record {self.dataset.name}: expected shape {self._shape}, got {row.shape}"
            )
        if self._filled == self._capacity:
            self.write()
        self._buffer[self._filled] = row
        self._filled += 1

    def extend(self, rows: NDArray[Any]) -> None:
        """Add many rows, copied."""
        end = self._filled + len(rows)
        if end > self._capacity:
            self.write()
            end = len(rows)
        if end > self._capacity:
            self._put(rows)
            return
        self._buffer[self._filled : end] = rows
        self._filled = end

    def widen(self, size: int) -> None:
        """Fix the length of the second axis, before the first row."""
        self._shape = (size, *self._shape[1:])
        self.dataset.resize((0, *self._shape))
        self._buffer = np.empty((self._capacity, *self._shape), self._buffer.dtype)

    def write(self) -> None:
        """Hand what is buffered to HDF5."""
        if self._filled:
            self._put(self._buffer[: self._filled])
            self._filled = 0

    def _put(self, rows: NDArray[Any]) -> None:
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
