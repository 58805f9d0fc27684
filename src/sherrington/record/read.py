"""Reading a run folder back, whether the run finished, was killed, or is still going.

::

    import sherrington

    run = sherrington.open_run("runs/one_joint_reflex-20260101T120000Z-1")
    time_ns, angle_rad = run.signal("body.joint_angle", "elbow")
    spikes = run.spikes("motoneurons")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from ..clock import NS_PER_MS, NS_PER_S, ns_to_ms
from ..errors import NeverError, PortError, known
from ..ports import Kind, Port, Signal, SpikeBatch
from .folder import read_json
from .layout import (
    COMMITTED,
    DATA_FILE,
    EXPERIMENT_FILE,
    NETWORK_FILE,
    POSITIONS,
    RUN_FILE,
    SUMMARY_FILE,
    Places,
    PopulationInfo,
)
from .rank_files import merged, rank_files
from .trials import read_trials

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Poses:
    """Recorded body states, float32, ordered as ``bodies``.

    time_ns: (n_times,), ns. positions: (n_times, n_bodies, 3), m, world frame. quaternions:
    (n_times, n_bodies, 4), w first. activations: (n_times, n_muscles), 0 to 1, as the body's muscles;
    or (n_times, 0).
    """

    time_ns: Times
    bodies: tuple[str, ...]
    positions: NDArray[np.float32]
    quaternions: NDArray[np.float32]
    activations: NDArray[np.float32]


class Run:
    """A recorded run. Made by ``open_run``; holds no open file, so it may live as long as you like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.populations: dict[str, PopulationInfo] = {}
        """Recorded populations, by name."""
        self.placed: tuple[str, ...] = ()
        """Those of them that lie on a sheet: ``places`` says where."""
        self.signals: dict[str, Port] = {}
        """Recorded signals, by full name such as ``body.muscle_length``."""
        if (folder / DATA_FILE).exists():
            with self._data() as data:
                self.populations = {name: _population(group) for name, group in data.file["spikes"].items()}
                self.placed = tuple(n for n in self.populations if POSITIONS in data.file["spikes"][n])
                groups = {name: group for name, group in data.file["signals"].items() if name != "time_ns"}
                self.signals = {name: _port(name, group) for name, group in groups.items()}

    def __repr__(self) -> str:
        state = "completed" if self.summary.get("completed") else "not completed"
        return (
            f"<Run {self.folder.name}: {ns_to_ms(self.duration_ns):g} ms, "
            f"{len(self.populations)} populations, {len(self.signals)} signals, {state}>"
        )

    @cached_property
    def summary(self) -> dict[str, Any]:
        """``summary.json``, see docs/run-folder.md; empty when the run never came to its end."""
        return read_json(self.folder / SUMMARY_FILE)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """``run.json``: seeds, versions, git commit, machine, command line; empty when there is none."""
        return read_json(self.folder / RUN_FILE)

    @cached_property
    def network(self) -> dict[str, Any]:
        """``network.json``: populations and how they are joined, see docs/run-folder.md; empty when there is none."""
        return read_json(self.folder / NETWORK_FILE)

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The experiment as it ran, overrides included. Raises NeverError when the folder holds none."""
        path = self.folder / EXPERIMENT_FILE
        if not path.exists():
            raise NeverError(f"{self.folder} has no {EXPERIMENT_FILE}; the run stopped before it was written")
        return dict(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {})

    @cached_property
    def trials(self) -> list[dict[str, Any]]:
        """The trials of the task that ended, in order, by column: ``trials.csv``; empty without a task."""
        return read_trials(self.folder)

    @property
    def name(self) -> str:
        """The experiment's name; that of the folder where no summary says it."""
        return str(self.summary.get("name") or self.folder.name)

    @property
    def duration_ns(self) -> int:
        """How far the run came: from its summary, otherwise the latest time recorded."""
        if "biological_s" in self.summary:
            return round(float(self.summary["biological_s"]) * NS_PER_S)
        if not (self.folder / DATA_FILE).exists():
            return 0
        with self._data() as data:
            groups = ("signals", "poses", *(f"spikes/{population}" for population in self.populations))
            return max(data.last(f"{group}/time_ns") for group in groups)

    def spikes(self, population: str) -> SpikeBatch:
        """All spikes of a population: ``times_ns``, and ``channels`` that are neurons, 0 to ``size - 1``.

        Raises PortError when its spikes were not recorded.
        """
        self._known_population(population)
        if files := rank_files(self.folder):
            batches = [SpikeBatch.empty(), *merged(files, population)]
            return SpikeBatch(
                np.concatenate([b.times_ns for b in batches]), np.concatenate([b.channels for b in batches])
            )
        with self._data() as data:
            neurons = data.rows(f"spikes/{population}/neuron").astype(np.int64)
            return SpikeBatch(data.rows(f"spikes/{population}/time_ns"), neurons)

    def spike_count(self, population: str) -> int:
        """How many spikes of a population there are, without reading them. Raises PortError."""
        self._known_population(population)
        if rank_files(self.folder):
            return len(self.spikes(population))
        with self._data() as data:
            return data.count(f"spikes/{population}/time_ns")

    def places(self, population: str) -> Places:
        """Where the neurons of a recorded population lie. Raises PortError for one not recorded or without a sheet."""
        self._known_population(population)
        if population not in self.placed:
            raise PortError(
                f"population '{population}' lies on no sheet; of those that do, {known(self.placed)}"
            )
        with self._data() as data:
            dataset = data.file[f"spikes/{population}/{POSITIONS}"]
            across, along = (float(side) for side in dataset.attrs["sheet_mm"])
            return Places((across, along), np.asarray(dataset[()], np.float32))

    def signal(self, port: str, channel: str | None = None) -> tuple[Times, Signal]:
        """``(time_ns, values)``: shapes (n_times,) and (n_times, n_channels) or (n_times, n_channels, 3).

        In ``unit(port)``, ordered as ``order(port)``; with a channel, that one alone, without its axis.
        Raises PortError for a signal or channel that was not recorded.
        """
        declared = self._known_signal(port)
        index = () if channel is None else (declared.index(channel),)
        with self._data() as data:
            return data.rows("signals/time_ns"), data.rows(f"signals/{port}/values", *index)

    def order(self, port: str) -> tuple[str, ...]:
        """Names of the channels of a recorded signal, in order."""
        return tuple(self._known_signal(port).order)

    def unit(self, port: str) -> str:
        """Unit of a recorded signal."""
        return self._known_signal(port).unit

    def rate_hz(self, population: str, bin_ms: float = 10.0) -> tuple[Times, Signal]:
        """``(time_ns, rate)``: middles of the bins and spikes per neuron and second in each, both (n_bins,).

        Only whole bins are given: a last bin cut short by the end of the run would read too low.
        """
        info = self._known_population(population)
        width_ns = round(bin_ms * NS_PER_MS)
        n_bins = self.duration_ns // width_ns
        # A spike is stamped with the end of the step it fell into, so bins are (start, end].
        bins = (self.spikes(population).times_ns - 1) // width_ns
        counts = np.bincount(bins[(bins >= 0) & (bins < n_bins)], minlength=n_bins)[:n_bins]
        middles = np.arange(n_bins, dtype=np.int64) * width_ns + width_ns // 2
        return middles, counts / (info.size * width_ns / NS_PER_S)

    def poses(self) -> Poses:
        """Where the bodies were, for drawing; with no times at all when no poses were recorded."""
        if not (self.folder / DATA_FILE).exists():
            return _no_poses()
        with self._data() as data:
            bodies = tuple(name.decode() for name in data.rows("poses/bodies"))
            names = ("positions", "quaternions", "activations")
            return Poses(data.rows("poses/time_ns"), bodies, *(data.rows(f"poses/{name}") for name in names))

    def _known_signal(self, port: str) -> Port:
        try:
            return self.signals[port]
        except KeyError:
            raise PortError(
                f"no signal '{port}' was recorded in {self.folder}; {known(tuple(self.signals))}"
            ) from None

    def _known_population(self, population: str) -> PopulationInfo:
        try:
            return self.populations[population]
        except KeyError:
            raise PortError(
                f"no spikes of '{population}' were recorded in {self.folder}; "
                f"{known(tuple(self.populations))}"
            ) from None

    @contextmanager
    def _data(self) -> Iterator[_Data]:
        path = self.folder / DATA_FILE
        try:
            file = h5py.File(path, "r", swmr=True, locking="best-effort")
        except OSError as error:
            raise NeverError(
                f"{path} cannot be read as HDF5 ({error}); is it damaged, or not copied whole?"
            ) from error
        with file:
            yield _Data(file)


class _Data:
    """The open data file, cut to what its last flush brought to disk, for all datasets at the same moment."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self._committed = file[COMMITTED][:]

    def rows(self, path: str, *index: int) -> NDArray[Any]:
        """All rows of a dataset; with an index, only that entry of each row."""
        dataset = self.file[path]
        return np.asarray(dataset[(slice(0, self._count(dataset)), *index)])

    def count(self, path: str) -> int:
        """How many rows a dataset has."""
        return self._count(self.file[path])

    def last(self, path: str) -> int:
        """The last row of a dataset of times, or 0."""
        dataset = self.file[path]
        count = self._count(dataset)
        return int(dataset[count - 1]) if count else 0

    def _count(self, dataset: Any) -> int:
        return int(self._committed[dataset.attrs[COMMITTED]])


def open_run(folder: str | Path) -> Run:
    """Open a run folder for reading. Raises NeverError, with the runs that lie there, when it is none."""
    path = Path(folder)
    if _is_run(path):
        return Run(path)
    if not path.exists():
        raise NeverError(f"there is no folder {path}; runs in {path.parent}: {known(_runs_in(path.parent))}")
    raise NeverError(
        f"{path} is not a run folder: it has neither {RUN_FILE} nor {DATA_FILE}; "
        f"runs in it: {known(_runs_in(path))}"
    )


def _is_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (RUN_FILE, DATA_FILE))


def _runs_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and _is_run(entry))


def _population(group: Any) -> PopulationInfo:
    sizes = (int(size) for size in group.attrs["channel_sizes"])
    channels: Mapping[str, int] = dict(zip(map(str, group.attrs["channels"]), sizes, strict=True))
    return PopulationInfo(int(group.attrs["size"]), channels, str(group.attrs["region"]))


def _port(name: str, group: Any) -> Port:
    low, high = (float(bound) for bound in group.attrs["range"])
    shape = tuple(int(n) for n in group["values"].shape[1:])
    order = tuple(map(str, group.attrs["order"]))
    return Port(name, Kind.SIGNAL, shape, str(group.attrs["unit"]), order, low, high)


def _no_poses() -> Poses:
    empty = np.zeros(0, np.float32)
    return Poses(
        np.zeros(0, np.int64), (), empty.reshape(0, 0, 3), empty.reshape(0, 0, 4), empty.reshape(0, 0)
    )
