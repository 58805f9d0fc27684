"""One run, one folder: ``data.h5`` is written here while it runs. Its layout: ``docs/run-folder.md``.

The file is written in HDF5's single-writer-multiple-reader mode (SWMR): everything that will ever exist in it
is created first, then it only grows, and HDF5 orders its writes so that the file on disk is consistent at any
moment. After each flush the number of rows that are safely in the file is written to ``committed``; a reader
believes no more than that. So a run that is killed, or still going, can be read up to its last flush.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..body.engine import Pose
from ..errors import PortError, RunError, known
from ..ports import Kind, Port, Signal, SpikeBatch
from .folder import copy_experiment, new_run_folder, provenance, write_json
from .layout import COMMITTED, DATA_FILE, POSITIONS, Places, PopulationInfo
from .read import Poses, Run, open_run
from .rows import CHUNK_BYTES, Column, Rows, SpikeRows

SPIKE_BUFFER = 2**17
"""Spikes of all populations together, held in memory before they are handed to HDF5."""
SIGNAL_BUFFER_BYTES = 16 * 2**20
"""All signals together, held in memory before they are handed to HDF5."""
ALL_CHUNKS_BYTES = 32 * 2**20
"""One chunk of every dataset together: with thousands of ports chunks are smaller, for each takes its place on disk
and in HDF5's own buffer as soon as it holds anything."""
POSE_BUFFER = 256
NAME_BYTES = 128
HDF5_REFUSES = (OSError, RuntimeError)
"""What h5py raises when it cannot write: the one here, the other there."""
RESERVE_BYTES = 256 * 2**20
"""A run stops when less is free: HDF5 does not survive a full disk, and the last seconds still need room."""


class RunStore:
    """Writes ``data.h5`` of one run. Memory is bounded; what was flushed survives a killed process.

    spikes: the populations whose spikes are recorded. signals: the recorded ports, by their full name such as
    ``body.muscle_length``; each call of ``append_signals`` brings a value for every one of them. places: of those
    recorded populations that lie on a sheet. file: its name in the folder.
    Raises PortError for a name HDF5 cannot hold or a port of spikes, RunError when the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        *,
        spikes: Mapping[str, PopulationInfo],
        signals: Mapping[str, Port],
        places: Mapping[str, Places] = MappingProxyType({}),
        file: str = DATA_FILE,
    ) -> None:
        self.populations = dict(spikes)
        self.signals = dict(signals)
        _check_names(self.populations, self.signals)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / file
        self._abandoned = False
        datasets = 2 * len(self.populations) + len(self.signals) + 1
        self._chunk_bytes = max(4096, min(CHUNK_BYTES, ALL_CHUNKS_BYTES // datasets))
        self._file: Any = h5py.File(
            self.path, "x", libver="latest", rdcc_nbytes=self._chunk_bytes, locking="best-effort"
        )
        self._index = {name: index for index, name in enumerate(self.populations)}
        self._spikes = self._make_spikes(places)
        self._signals = self._make_signals()
        self._bodies, self._poses = self._make_poses()
        self._committed = self._make_committed()
        self._file.swmr_mode = True

    def append_spikes(self, population: str, batch: SpikeBatch) -> None:
        """Add spikes later than those before; ``channels`` of the batch are neurons, 0 to ``size - 1``."""
        if not len(batch):
            return
        index = self._index.get(population)
        if index is None:
            raise PortError(f"no population '{population}' is recorded; {known(tuple(self.populations))}")
        try:
            self._spikes.extend(index, batch.times_ns, batch.channels)
        except HDF5_REFUSES as error:
            raise self._refused(error) from error

    def append_signals(self, time_ns: int, values: Mapping[str, Signal]) -> None:
        """Add one sample of every recorded port, taken at ``time_ns``; the arrays are copied."""
        if values.keys() != self.signals.keys():
            raise PortError(_difference(self.signals, values))
        try:
            self._signals.append(time_ns, [values[name] for name in self.signals])
        except HDF5_REFUSES as error:
            raise self._refused(error) from error

    def append_poses(self, time_ns: int, pose: Pose, activations: Signal | None = None) -> None:
        """Add where every body is, and activations (n_muscles,), ordered as the body's muscles."""
        activation = np.zeros(0) if activations is None else np.asarray(activations)
        try:
            if self._poses.length == 0:
                self._bodies.put(np.array([name.encode()[:NAME_BYTES] for name in pose.bodies]))
                self._poses.widen([len(pose.bodies), len(pose.bodies), activation.size])
            self._poses.append(time_ns, [pose.positions, pose.quaternions, activation])
        except HDF5_REFUSES as error:
            raise self._refused(error) from error

    def flush(self) -> None:
        """Bring everything to the file. After this a SIGKILL loses nothing that came before.

        Raises RunError when the disk is nearly full, while there is room left to end the run properly, and when
        HDF5 cannot write; what was flushed before can be read in both cases.
        """
        free = shutil.disk_usage(self.path.parent).free
        if free < RESERVE_BYTES:
            raise RunError(
                f"the disk of {self.path} is nearly full: {free / 2**20:.0f} MiB are free, and the run stops below "
                f"{RESERVE_BYTES / 2**20:.0f} MiB; make room, or choose another folder with --out"
            )
        self._write_all()

    def close(self) -> None:
        """Write what is left and close the file; safe to call twice, and after an error."""
        if not self._file:
            return
        if not self._abandoned:
            self._write_all()
        # An abandoned file has been reported; that HDF5 may complain about it once more helps nobody.
        with suppress(RuntimeError) if self._abandoned else nullcontext():
            self._file.close()

    def _write_all(self) -> None:
        try:
            for buffer in (self._spikes, self._signals, self._poses):
                buffer.write()
            self._file.flush()
            self._committed[:] = [column.written for column in self._all_columns()]
            self._committed.flush()
        except HDF5_REFUSES as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> RunError:
        """What h5py raised when the disk refused, as a RunError."""
        if not self._abandoned:
            self._abandon()
        reason = re.search(r"error message = '([^']+)'", str(error))
        return RunError(f"cannot write {self.path}: {reason.group(1) if reason else error}")

    def _abandon(self) -> None:
        """Let HDF5 write no more to a disk that refuses (a quota, a broken mount).

        It would try again when the file is closed, and crash the process at exit when that fails too. So its file
        descriptor is turned to a file in memory. On disk everything stays as if the process had been killed here.
        """
        self._abandoned = True
        memory = os.memfd_create("abandoned")
        os.dup2(memory, self._file.id.get_vfd_handle())
        os.close(memory)

    def _all_columns(self) -> Iterator[Column]:
        for columns in self._spikes.columns:
            yield from columns
        yield from (*self._signals.columns, *self._poses.columns)
        yield self._bodies

    def _make_spikes(self, places: Mapping[str, Places]) -> SpikeRows:
        top = self._file.create_group("spikes", track_order=True)
        columns = []
        for name, info in self.populations.items():
            group = top.create_group(name)
            group.attrs["size"] = info.size
            group.attrs["region"] = info.region
            group.attrs["channels"] = _texts(info.channels)
            group.attrs["channel_sizes"] = np.fromiter(info.channels.values(), np.int64)
            if name in places:
                positions = group.create_dataset(POSITIONS, data=places[name].positions_mm, dtype=np.float32)
                positions.attrs["sheet_mm"] = places[name].sheet_mm
            times = Column(group, "time_ns", (), np.int64, self._chunk_bytes)
            columns.append((times, Column(group, "neuron", (), np.int32, self._chunk_bytes)))
        return SpikeRows(columns, SPIKE_BUFFER)

    def _make_signals(self) -> Rows:
        top = self._file.create_group("signals", track_order=True)
        columns = []
        for name, port in self.signals.items():
            group = top.create_group(name)
            group.attrs["unit"] = port.unit
            group.attrs["order"] = _texts(port.order)
            group.attrs["range"] = (port.low, port.high)
            columns.append(Column(group, "values", port.shape, np.float64, self._chunk_bytes))
        return Rows(Column(top, "time_ns", (), np.int64), columns, _signal_capacity(self.signals))

    def _make_poses(self) -> tuple[Column, Rows]:
        """How many bodies there are is known with the first pose: until then those axes have length 0."""
        group = self._file.create_group("poses")
        time = Column(group, "time_ns", (), np.int64)
        bodies = Column(group, "bodies", (), np.dtype(f"S{NAME_BYTES}"))
        shapes = {"positions": (0, 3), "quaternions": (0, 4), "activations": (0,)}
        poses = [Column(group, name, shape, np.float32) for name, shape in shapes.items()]
        return bodies, Rows(time, poses, POSE_BUFFER)

    def _make_committed(self) -> Any:
        """One count a dataset; each says by its attribute ``committed`` which is its own."""
        everything = list(self._all_columns())
        for index, column in enumerate(everything):
            column.dataset.attrs[COMMITTED] = index
        return self._file.create_dataset(COMMITTED, data=np.zeros(len(everything), np.int64))


def _signal_capacity(signals: Mapping[str, Port]) -> int:
    row_bytes = 8 + sum(8 * int(np.prod(port.shape)) for port in signals.values())
    return max(1, min(4096, SIGNAL_BUFFER_BYTES // row_bytes))


def _texts(names: Iterable[str]) -> NDArray[Any]:
    return np.array(list(names), dtype=h5py.string_dtype())


def _check_names(populations: Mapping[str, PopulationInfo], signals: Mapping[str, Port]) -> None:
    for name in (*populations, *signals):
        if not name or "/" in name or name in {".", "time_ns"}:
            raise PortError(f"'{name}' cannot be a recorded name: it must not be empty or contain '/'")
    for name, port in signals.items():
        if port.kind is not Kind.SIGNAL:
            raise PortError(f"port '{name}' carries spikes; record them by population, not as a signal")


def _difference(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    missing = sorted(recorded.keys() - given.keys())
    extra = sorted(given.keys() - recorded.keys())
    return (
        f"a sample must bring every recorded signal and no other: missing {missing}, not recorded {extra}; "
        f"{known(tuple(recorded))}"
    )


__all__ = [
    "PopulationInfo",
    "Poses",
    "Run",
    "RunStore",
    "copy_experiment",
    "new_run_folder",
    "open_run",
    "provenance",
    "write_json",
]
