"""What an experiment asks a machine to do, in numbers that do not depend on how it is cut. Nothing is drawn or
built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..body.engine import CONSTANTS, OUTPUTS
from ..brain.engine import OUTPUTS as READABLE
from ..clock import ns_to_ms, ns_to_s
from ..resolved import Endpoint, Resolved
from .cells import Cells, Floats, Joints, cells, joints
from .connections import connections
from .delays import extremes_ms
from .rates import Rates

POSE_MS = 20.0
"""Interval of poses where none is asked for."""
LONGEST_MEAN = 12.0
"""Mean number of events in a step from which on the number is drawn in one go, and costs no more for more."""
BODY_PARTS = {"muscle": "muscles", "joint": "joints", "contact": "bodies", "site": "sites"}
"""The first word of an output of the body, and what it has an entry for."""


@dataclass(frozen=True)
class Ports:
    """written, read: ports of the brain; channels_written, channels_read: their entries in all. samples: of
    recordables in the whole run, one for each neuron. trains: neurons with a background or a written rate, times
    inputs each; mean_events: of a step, summed over them, each at most ``LONGEST_MEAN``."""

    written: int
    channels_written: int
    read: int
    channels_read: int
    samples: float
    trains: float
    mean_events: float


@dataclass(frozen=True)
class Pathways:
    """calls: of transfer functions in the whole run; values: entries that go in and out, all calls together."""

    calls: float
    values: float


@dataclass(frozen=True)
class BodyWork:
    """steps, images: in the whole run."""

    engine: str
    steps: float
    muscles: int
    joints: int
    bodies: int
    cameras: int
    images: float

    @property
    def parts(self) -> int:
        return self.muscles + self.joints + self.bodies


@dataclass(frozen=True)
class Kept:
    """signals: recorded ports; values: their entries in all; samples: how often they are recorded; poses: how
    often."""

    signals: int
    values: int
    samples: float
    poses: float


@dataclass(frozen=True)
class Work:
    """The whole experiment. biological_s, cycles: of the run. shortest_ms, longest_ms: delays."""

    name: str
    engine: str
    pipelined: bool
    biological_s: float
    cycles: int
    interval_ms: float
    resolution_ms: float
    shortest_ms: float
    longest_ms: float
    cells: Cells
    joints: Joints
    backgrounds: int
    ports: Ports
    pathways: Pathways
    body: BodyWork
    kept: Kept
    rates: Rates

    @property
    def neurons(self) -> float:
        return float(self.cells.size.sum())

    @property
    def synapses(self) -> float:
        return float(self.joints.count.sum())

    @property
    def spikes_hz(self) -> Floats:
        """Spikes of each population per biological second."""
        return self.cells.size * self.cells.rate_hz

    @property
    def recorded_hz(self) -> float:
        """Spikes that are recorded or read, per biological second."""
        return float(np.sum(self.spikes_hz * self.cells.recorded))

    @property
    def recorded_neurons(self) -> float:
        return float(np.sum(self.cells.size * self.cells.recorded))

    @property
    def recorded_populations(self) -> float:
        return float(self.cells.recorded.sum())


def describe(resolved: Resolved, rates: Rates) -> Work:
    """The work of one experiment at the rates given."""
    network, experiment = resolved.network, resolved.experiment
    resolution_ms = ns_to_ms(resolved.resolution_ns)
    is_written = bool(resolved.brain_ports(writes=True))
    shortest_ms, longest_ms = extremes_ms(network, connections(network), resolution_ms, is_written)
    read = {p.population for p in resolved.brain_ports(writes=False) if p.quantity in READABLE}
    return Work(
        name=network.name,
        engine=experiment.brain.engine,
        pipelined=experiment.loop.mode == "pipelined",
        biological_s=ns_to_s(resolved.duration_ns),
        cycles=round(resolved.duration_ns / resolved.interval_ns),
        interval_ms=ns_to_ms(resolved.interval_ns),
        resolution_ms=resolution_ms,
        shortest_ms=shortest_ms,
        longest_ms=longest_ms,
        cells=cells(network, rates, read | set(resolved.recorded_spikes)),
        joints=joints(network),
        backgrounds=len(network.backgrounds),
        ports=_ports(resolved, resolution_ms),
        pathways=_pathways(resolved),
        body=_body(resolved),
        kept=_kept(resolved),
        rates=rates,
    )


def _ports(resolved: Resolved, resolution_ms: float) -> Ports:
    written, read = resolved.brain_ports(writes=True), resolved.brain_ports(writes=False)
    sizes = {name: p.size for name, p in resolved.network.populations.items()}
    sampled = sum(sizes[p.population] for p in read if p.quantity not in READABLE)
    trains, mean_events = _trains(resolved, resolution_ms)
    return Ports(
        written=len(written),
        channels_written=sum(p.port.size for p in written),
        read=len(read),
        channels_read=sum(p.port.size for p in read),
        samples=sampled * resolved.duration_ns / resolved.interval_ns,
        trains=trains,
        mean_events=mean_events,
    )


def _trains(resolved: Resolved, resolution_ms: float) -> tuple[float, float]:
    """Neurons with Poisson input, and the mean number of events in a step summed over them. What a port will write is
    not known: few events."""
    number = events = 0.0
    for background in resolved.network.backgrounds:
        targets = len(resolved.network.resolve(background.population)[1])
        number += targets
        events += targets * min(LONGEST_MEAN, background.rate_hz * resolution_ms / 1e3)
    written = (p for p in resolved.brain_ports(writes=True) if p.quantity == "rate")
    number += sum(resolved.network.populations[p.population].size for p in written)
    return number, events


def _pathways(resolved: Resolved) -> Pathways:
    calls = values = 0.0
    for pathway in resolved.pathways:
        count = resolved.duration_ns / pathway.interval_ns
        calls += count
        values += count * sum(_size(end, resolved) for end in (*pathway.inputs, *pathway.outputs))
    return Pathways(calls, values)


def _size(end: Endpoint, resolved: Resolved) -> int:
    """Entries of one end of a pathway; of the body's, whose ports are known once it is built, an estimate."""
    if end.brain is not None:
        return end.brain.port.size
    if end.pixels is not None:
        return end.pixels[0] * end.pixels[1]
    return max(len(resolved.body.muscles), len(resolved.body.joints), 1)


def _body(resolved: Resolved) -> BodyWork:
    body, seeing = resolved.body, [p for p in resolved.pathways if any(e.pixels for e in p.inputs)]
    return BodyWork(
        engine=resolved.experiment.body.engine,
        steps=resolved.duration_ns / resolved.timestep_ns,
        muscles=len(body.muscles),
        joints=len(body.joints),
        bodies=len(body.bodies),
        cameras=len(resolved.cameras),
        images=sum(resolved.duration_ns / p.interval_ns for p in seeing),
    )


def _kept(resolved: Resolved) -> Kept:
    record, interval_ms = resolved.experiment.record, ns_to_ms(resolved.interval_ns)
    every = _signals(resolved)
    if resolved.recorded_signals is not None:
        every = {name: every.get(name, 1) for name in resolved.recorded_signals}
    duration_ms = ns_to_ms(resolved.duration_ns)
    return Kept(
        signals=len(every),
        values=sum(every.values()),
        samples=duration_ms / (record.interval_ms or interval_ms),
        poses=duration_ms / (record.pose_interval_ms or max(POSE_MS, interval_ms)),
    )


def _signals(resolved: Resolved) -> dict[str, int]:
    """Name and number of entries of every signal that could be recorded; those of the body from its names."""
    sizes = {word: len(getattr(resolved.body, parts)) for word, parts in BODY_PARTS.items()}
    sizes["site"] *= 3
    found = {
        f"body.{name}": sizes.get(name.partition("_")[0], 0) for name in OUTPUTS if name not in CONSTANTS
    }
    for port in resolved.brain_ports(writes=False):
        if port.quantity != "spikes":
            found[f"brain.{port.port.name}"] = port.port.size
    for pathway in resolved.pathways:
        for name, end in zip(pathway.transfer.outputs, pathway.outputs, strict=True):
            found[f"pathway.{pathway.name}.{name}"] = _size(end, resolved)
    if resolved.task is not None:
        found |= {f"task.{name}": len(cue.order) for name, cue in resolved.task.cues.items()}
    return {name: size for name, size in found.items() if size}
