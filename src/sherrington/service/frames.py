"""Binary messages: a header and arrays, laid out so that a browser reads them without copying.

::

    byte 0   uint32 little-endian: n, the length of the header
    byte 4   the header: a message of ``messages`` as JSON in UTF-8, then spaces, so that 4 + n is a multiple of 8
    4 + n    the arrays, little-endian; each begins at its ``offset`` from here, a multiple of 8

In a browser: ``new Float32Array(buffer, 4 + n + array.offset, count)``.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .messages import Array, Up, said

ALIGNMENT = 8
_DTYPES = {"f4": np.dtype("<f4"), "u4": np.dtype("<u4")}


class Cargo:
    """The arrays of one message, in the order in which they are added."""

    def __init__(self) -> None:
        self._parts: list[NDArray[Any]] = []
        self.size = 0
        """Bytes so far, padding included."""

    def floats(self, values: NDArray[Any]) -> Array:
        """Add a copy as float32."""
        return self._add(np.array(values, _DTYPES["f4"], order="C"), "f4")

    def counts(self, values: NDArray[Any]) -> Array:
        """Add a copy as uint32; the values must be in its range."""
        return self._add(np.array(values, _DTYPES["u4"], order="C"), "u4")

    def _add(self, values: NDArray[Any], dtype: Any) -> Array:
        place = Array(dtype=dtype, shape=list(values.shape), offset=self.size)
        self._parts.append(values)
        self.size += values.nbytes + -values.nbytes % ALIGNMENT
        return place

    def parts(self) -> list[bytes]:
        """The arrays as bytes, padded."""
        return [values.tobytes() + bytes(-values.nbytes % ALIGNMENT) for values in self._parts]


def pack(message: Up, cargo: Cargo) -> bytes:
    """A binary message. Every Array in ``message`` was given by ``cargo``."""
    header = message.model_dump_json().encode()
    header += b" " * (-(4 + len(header)) % ALIGNMENT)
    return b"".join((struct.pack("<I", len(header)), header, *cargo.parts()))


class Frame:
    """A binary message opened. Raises ValueError for what is none, or points outside of itself."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 4:
            raise ValueError(f"a binary message of {len(data)} bytes has no header")
        (length,) = struct.unpack_from("<I", data)
        if 4 + length > len(data):
            raise ValueError(f"a header of {length} bytes in a message of {len(data)}")
        self.message = said.validate_json(data[4 : 4 + length])
        self._data = memoryview(data)[4 + length :]

    def array(self, place: Array) -> NDArray[Any]:
        """One of the message's arrays, without copying."""
        count = int(np.prod(place.shape, dtype=np.int64))
        if min(place.shape, default=0) < 0 or place.offset < 0 or place.offset + 4 * count > len(self._data):
            raise ValueError(f"an array of shape {place.shape} at {place.offset} lies outside the message")
        return np.frombuffer(self._data, _DTYPES[place.dtype], count, place.offset).reshape(place.shape)
