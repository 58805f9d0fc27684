"""Reads what NEST's ascii recording backend appends, interval by interval, at a cost that never grows.

NEST flushes its files at the end of every ``Run``. Each file is read from the last offset and then truncated
to nothing; NEST's own write offset stays, so the file is sparse and holds memory for one interval at most.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import RunError

Ints = NDArray[np.int64]
CHUNK_BYTES = 1 << 16
HEADER_LINES = 3


def parse_integers(text: bytes, n_fields: int) -> Ints:
    """Lines of unsigned whole numbers, shape (n_lines, n_fields); tab, newline and point end a field.

    A decimal with a fixed number of digits thus counts as two fields. 16 times faster than ``np.fromstring``.
    Raises RunError when the text does not hold whole lines of ``n_fields`` fields.
    """
    if not text:
        return np.empty((0, n_fields), np.int64)
    characters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(characters < ord("0"))
    if ends.size % n_fields or not text.endswith(b"\n"):
        raise RunError(f"NEST wrote a line that does not have {n_fields} fields, near {text[-80:]!r}")
    digits = characters - np.uint8(ord("0"))
    digits[ends] = 0
    # The end of the field before stands for a digit 0 in those that are shorter.
    before = np.concatenate([[-1], ends[:-1]])
    at, values = ends - 1, digits[ends - 1].astype(np.int64)
    longest = int((ends - before).max()) - 1
    for place in range(1, longest):  # one digit of all fields at a time, the last ones first
        at -= 1
        np.maximum(at, before, out=at)
        values += digits[at] * np.int64(10**place)
    return values.reshape(-1, n_fields)


def parse_steps(text: bytes, first: int, last: int) -> Ints:
    """Lines ``neuron, step, 0``, as NEST writes spikes on the grid; shape (n_lines, 2): neuron and step.

    first, last: the steps that can occur. The digits that all of them begin with are taken off before parsing, so that
    late steps cost no more than early ones. Raises RunError for any other step.
    """
    rest = next(10**n for n in count() if first // 10**n == last // 10**n)
    common = first // rest
    shorter, begin = text.replace(b"\t0\n", b"\n"), b"\t%d" % common if common else b"\t"
    rows = parse_integers(shorter.replace(begin, b"\t"), 2)
    steps = rows[:, 1]
    steps += common * rest
    alike = shorter.count(begin) == steps.size
    if steps.size and not (alike and first <= steps.min() <= steps.max() <= last):
        raise RunError(f"NEST recorded a spike outside of steps {first} to {last}, near {text[-80:]!r}")
    return rows


class AsciiTail:
    """The files of one recorder, one per virtual process."""

    def __init__(self, folder: Path, label: str) -> None:
        """Open ``label-*.dat`` in ``folder``; NEST must have created them (they exist after ``Prepare``)."""
        paths = sorted(folder.glob(f"{label}-*.dat"))
        if not paths:
            raise RunError(f"NEST created no recording file '{label}-*.dat' in {folder}")
        self._files = [os.open(path, os.O_RDWR) for path in paths]
        for path in paths:
            path.unlink()  # both sides have it open; so even a killed process leaves nothing in shared memory
        self._offsets = [0] * len(paths)
        self._headers_left = [HEADER_LINES] * len(paths)

    def read(self) -> bytes:
        """Everything appended since the last call, file after file, headers left out."""
        return b"".join([self._read_file(index) for index in range(len(self._files))])

    def _read_file(self, index: int) -> bytes:
        file, parts = self._files[index], []
        while len(part := os.pread(file, CHUNK_BYTES, self._offsets[index])) == CHUNK_BYTES:
            self._offsets[index] += len(part)
            parts.append(part)
        self._offsets[index] += len(part)
        parts.append(part)
        if parts == [b""]:
            return b""
        os.ftruncate(file, 0)
        text = b"".join(parts)
        while self._headers_left[index] and text:
            _, _, text = text.partition(b"\n")
            self._headers_left[index] -= 1
        return text

    @property
    def stored_bytes(self) -> int:
        """Memory the files hold now (blocks, not their nominal length)."""
        return sum(os.fstat(file).st_blocks * 512 for file in self._files)

    def close(self) -> None:
        for file in self._files:
            os.close(file)
        self._files = []
