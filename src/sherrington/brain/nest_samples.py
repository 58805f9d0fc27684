"""Samples of recordables (``V_m`` and others): one multimeter per population.

A multimeter delivers a sample one communication interval late, D = ``device_delay_ns`` (shorter where
``advance`` ends within one). Samples are therefore taken D before every multiple of ``sample_ms``: at such a
multiple ``read`` gives the value of D earlier, and never one older than D + ``sample_ms``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import ns_to_ms
from ..errors import PortError, known
from ..ports import Signal
from .engine import BrainPort
from .groups import bounds, members
from .nest_build import Share
from .nest_files import AsciiTail
from .nest_kernel import nest

Ints = NDArray[np.int64]


def check_recordable(p: BrainPort, nodes: Any, share: Share) -> None:
    """Raises PortError with the recordables that a neuron of the population has: with several receptors there are more
    than its model has by default. A rank without a neuron of the population leaves it to the others."""
    here = np.flatnonzero(
        share.holds(np.arange(min(len(nodes), share.virtual_processes)) + nodes[0].global_id)
    )
    if not here.size:
        return
    node = nodes[int(here[0])]
    model = node.model
    names = tuple(map(str, node.get("recordables"))) if "recordables" in nest.GetDefaults(model) else ()
    if p.quantity not in names:
        raise PortError(
            f"port '{p.port.name}': {model} has no recordable '{p.quantity}'; {known(names)}; "
            f"of every population one can read spikes, count, rate"
        )


class Samples:
    """The latest sample of some recordables of one population. Each rank samples its own neurons."""

    def __init__(
        self, nodes: Any, ports: Sequence[BrainPort], label: str, sample_ns: int, delay_ns: int, share: Share
    ) -> None:
        """Create the multimeter; call ``open`` after ``Prepare``. nodes: the population's NodeCollection."""
        self._label = label
        self._first = int(nodes[0].global_id)
        self._names = sorted({p.quantity for p in ports})
        self._latest = np.zeros((len(nodes), len(self._names)))
        self._ports = {p.port.name: self._resolve(p) for p in ports}
        wanted = np.unique(np.concatenate([indices for _, indices, _, _ in self._ports.values()]))
        self._wanted, self._here = wanted, wanted[share.holds(wanted + self._first)]
        self.size = wanted.size * len(self._names)
        """How many numbers ``own`` gives."""
        if self._here.size:
            own = nest.NodeCollection((self._here + self._first).tolist())
            self._latest[self._here] = np.column_stack([_initial(own, name) for name in self._names])
        chosen = nest.NodeCollection((wanted + self._first).tolist())
        interval, offset = ns_to_ms(sample_ns), ns_to_ms(-delay_ns % sample_ns)
        meter = {"record_to": "ascii", "time_in_steps": True, "precision": 17, "label": label}
        self._meter = nest.Create(
            "multimeter", params={**meter, "interval": interval, "offset": offset, "record_from": self._names}
        )
        nest.Connect(self._meter, chosen, "all_to_all", {"delay": ns_to_ms(delay_ns)})

    def _resolve(self, p: BrainPort) -> tuple[int, Ints, Ints, Signal]:
        """Column of the recordable, neurons group after group, where each group starts, size of each group."""
        ends = bounds(p.groups)
        sizes = ends[:, 1] - ends[:, 0]
        starts = np.cumsum(sizes) - sizes
        return self._names.index(p.quantity), members(ends)[0], starts, sizes.astype(np.float64)

    def open(self, folder: Path) -> None:
        self._tail = AsciiTail(folder, self._label)

    def update(self) -> None:
        """Take what was recorded since the last call. Rows of one neuron come in the order of time."""
        text = self._tail.read()
        if text:
            rows = np.fromstring(text.decode("ascii"), sep="\t").reshape(-1, 3 + len(self._names))
            self._latest[rows[:, 0].astype(np.int64) - self._first] = rows[:, 3:]

    def own(self) -> Signal:
        """The latest samples of this rank's neurons, zero for all others, shape (size,): ranks add them up."""
        values = np.zeros_like(self._latest)
        values[self._here] = self._latest[self._here]
        return np.ravel(values[self._wanted])

    def take(self, values: Signal) -> None:
        """The latest samples of all neurons: what ``own`` gave, summed over the ranks."""
        self._latest[self._wanted] = values.reshape(-1, len(self._names))

    def read(self, port: str) -> Signal:
        """The latest sample averaged over each channel, shape (n_channels,)."""
        column, indices, starts, sizes = self._ports[port]
        return np.add.reduceat(self._latest[indices, column], starts) / sizes

    def close(self) -> None:
        if hasattr(self, "_tail"):
            self._tail.close()


def _initial(nodes: Any, name: str) -> Any:
    """A recordable before the first sample, shape (n,). NEST gives no access to some, such as the conductance of a
    numbered receptor: they are sums over spikes that have arrived, so 0."""
    return np.atleast_1d(nodes.get(name)) if name in nodes[0].get() else np.zeros(len(nodes))
