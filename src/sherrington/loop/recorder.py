"""The observer that records: between two cycles it reads ports and hands them to the tap. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from ..body.engine import CONSTANTS, BodyEngine
from ..brain.engine import BrainEngine, BrainPort, total_count
from ..clock import NS_PER_MS, ms_to_ns
from ..ports import Kind, Port, Signal, SpikeBatch
from ..record.layout import Places, PopulationInfo
from ..record.rank_spikes import merge_into
from ..record.store import RunStore
from ..record.tap import Tap
from ..record.trials import TrialTable
from ..resolved import Resolved
from .closed_loop import ClosedLoop
from .wiring import Wiring

POSE_INTERVAL_NS = 20 * NS_PER_MS

Read = Callable[[], Signal]


class Recorder:
    """Records spikes of every cycle, signals and poses at their own intervals.

    spike_ports: recorded population to the brain port with its spikes. counted: record no spikes, only how many there
    are: each rank of a brain over several records those of its own neurons, and ``close`` adds them to the data.
    """

    def __init__(
        self,
        folder: Path,
        resolved: Resolved,
        wiring: Wiring,
        brain: BrainEngine,
        body: BodyEngine,
        spike_ports: Mapping[str, BrainPort],
        counted: bool = False,
    ) -> None:
        populations = {name: resolved.network.populations[name] for name in resolved.recorded_spikes}
        info = population_info(resolved)
        sources = _asked_for(signals(resolved, wiring, brain, body), resolved.recorded_signals)
        seed = resolved.experiment.seed
        places = {
            name: Places(p.sheet.size_mm, resolved.network.positions(name, seed).astype(np.float32))
            for name, p in populations.items()
            if p.sheet is not None
        }
        ports = {name: port for name, (port, _) in sources.items()}
        self.store = RunStore(folder, spikes=info, signals=ports, places=places)
        self.tap = Tap(self.store)
        self.spikes: Mapping[str, SpikeBatch] = {}
        """Those of the cycle at hand, by population; valid until the next one."""
        self._table = TrialTable(folder)
        self._brain, self._body = brain, body
        self._spike_ports = {} if counted else {n: port.port.name for n, port in spike_ports.items()}
        self._counts = {n: total_count(p).port.name for n, p in populations.items()} if counted else {}
        self._signals = {name: read for name, (_, read) in sources.items()}
        self._signal_interval_ns = _interval(
            resolved, resolved.experiment.record.interval_ms, resolved.interval_ns
        )
        self._pose_interval_ns = _interval(
            resolved, resolved.experiment.record.pose_interval_ms, POSE_INTERVAL_NS
        )
        self._has_activation = "muscle_activation" in body.outputs

    def __call__(self, loop: ClosedLoop) -> None:
        spikes = {name: cast(SpikeBatch, self._brain.read(port)) for name, port in self._spike_ports.items()}
        self.spikes = spikes
        for name, port in self._counts.items():
            self.tap.spike_counts[name] += int(cast(Signal, self._brain.read(port))[0])
        values: dict[str, Signal] = {}
        if loop.now_ns % self._signal_interval_ns == 0:
            values = {name: read() for name, read in self._signals.items()}
        if loop.now_ns % self._pose_interval_ns == 0:
            activation = self._body.read("muscle_activation") if self._has_activation else None
            self.tap.take(loop.now_ns, spikes, values, self._body.pose(), activation)
        else:
            self.tap.take(loop.now_ns, spikes, values)
        if loop.wiring.trials is not None:
            for row in loop.wiring.trials.rows[self._table.written :]:
                self._table.append(row)

    def close(self) -> None:
        """Bring everything to the file, the spikes that ranks recorded too, and close it."""
        try:
            merge_into(self.store)
        finally:
            self.store.close()


def population_info(resolved: Resolved) -> dict[str, PopulationInfo]:
    """What is recorded of the populations whose spikes are."""
    populations = {name: resolved.network.populations[name] for name in resolved.recorded_spikes}
    return {name: PopulationInfo(p.size, p.channels, p.region) for name, p in populations.items()}


def _interval(resolved: Resolved, asked_ms: float | None, default_ns: int) -> int:
    if asked_ms is not None:
        return ms_to_ns(asked_ms)
    cycles = max(1, round(default_ns / resolved.interval_ns))
    return cycles * resolved.interval_ns


def signals(
    resolved: Resolved, wiring: Wiring, brain: BrainEngine, body: BodyEngine
) -> dict[str, tuple[Port, Read]]:
    """Every signal of this loop, by its full name, with the way to read it between two cycles."""
    found: dict[str, tuple[Port, Read]] = {}
    for name, port in body.outputs.items():
        if name not in CONSTANTS:
            found[f"body.{name}"] = (port, partial(body.read, name))
    for source in resolved.brain_ports(writes=False):
        if source.port.kind is Kind.SIGNAL:
            name = source.port.name
            found[f"brain.{name}"] = (source.port, cast(Read, partial(brain.read, name)))
    for runner in (*wiring.sensory, *wiring.motor):
        for i, (name, port) in enumerate(zip(runner.output_names, runner.targets, strict=True)):
            if port.kind is Kind.SIGNAL:
                read: Read = lambda runner=runner, i=i: cast(Signal, runner.values[i])  # type: ignore[misc] # noqa: E731
                found[name] = (replace(port, name=name), read)
    if wiring.trials is not None:
        for name, port in wiring.trials.ports.items():
            found[f"task.{name}"] = (port, partial(wiring.trials.read, name))
    return found


def _asked_for(
    found: dict[str, tuple[Port, Read]], asked: tuple[str, ...] | None
) -> dict[str, tuple[Port, Read]]:
    """To read an image is to draw it, so "all" leaves cameras out."""
    if asked is None:
        return {name: source for name, source in found.items() if not name.startswith("body.camera.")}
    return {name: found[name] for name in asked if name in found}
