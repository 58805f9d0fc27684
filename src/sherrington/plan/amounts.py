"""How much of each kind of work falls on one rank, or on one of its threads: the numbers that constants multiply.

A quantity (such as ``brain``, the wall time in NEST) is predicted as the sum over its terms of amount times
constant. Only amounts know the shape, so one set of constants serves every shape. Amounts are plain counts;
constants are in s, or bytes.

Per rank and thread: neurons and synapses go round the virtual processes, so each has its share, 1 / (ranks x
threads). What every thread does by itself (slices, arriving spikes), or a rank on one thread (drawing connections,
the loop), has no share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from .cells import BUFFERS, Floats
from .memory import Amounts, memory, memory_report, ring_bytes, sources, synapse_bytes_of_rank
from .shape import Shape
from .work import Work

CACHED_BYTES, UNCACHED_BYTES = 2e6, 2.5e7
"""Ours: what a thread goes through finds room in its own caches, or hardly any; between the two the share that is
missed grows with the logarithm."""
NEURON_BYTES = 1000.0
"""Ours: of a neuron's state, beside its buffers."""
SPIKE_BYTES, LEAST_SPIKES = 8.0, 2.0
"""Of NEST's buffers between ranks: bytes of a spike, and room for so many that is sent in any case."""
SOLVED = ("conductance_exp", "conductance", "adaptive")
REFERENCE_MS, SOLVER_POWER, ACTIVE_MS = 0.1, 1.5, 5.0
"""Ours, from trial with NEST's ``iaf_cond_exp`` and ``iaf_cond_alpha``: what activity adds to a step grows with its
length to the power of 1.2 to 1.8; input acts for some ms."""
UPDATED = tuple(BUFFERS)
DRAWN = ("indegree", "bernoulli", "distance", "distance_indegree", "listed")
ENGINES = ("mujoco", "opensim", "closed_form")


def amounts(work: Work, shape: Shape) -> dict[str, Amounts]:
    """By quantity, by term. ``record`` leaves flushing out, which depends on the time that the loop takes."""
    return {name: function(work, shape) for name, function in QUANTITIES.items()}


def _brain(work: Work, shape: Shape) -> Amounts:
    """Wall time in NEST's ``Run``."""
    if work.engine != "nest":
        return {"closed_form_step": work.neurons * work.biological_s * 1e3 / work.resolution_ms}
    share, seconds = 1.0 / shape.processes, work.biological_s
    steps, slices = seconds * 1e3 / work.resolution_ms, _slices(work)
    events = _events(work) * share
    far = _missed((ring_bytes(work) + NEURON_BYTES * work.neurons) * share)
    solved = {name: _solved(work, name) for name in SOLVED}
    found = {f"update_{family}": steps * share * _of_family(work, family) for family in UPDATED}
    return found | {
        **{f"solve_{name}": steps * share * active for name, (active, _) in solved.items()},
        **{f"kick_{name}": steps * share * kicked for name, (_, kicked) in solved.items()},
        "visit": work.neurons * share * slices,
        "visit_missed": work.neurons * share * slices * far,
        "update_missed": work.neurons * share * steps * far,
        "event": float(events.sum()),
        "event_missed": float(events.sum()) * _missed(synapse_bytes_of_rank(work, shape) / shape.threads),
        "event_far": float(events.sum()) * _missed(ring_bytes(work) * share),
        "event_plastic": float(events[work.joints.plastic].sum()),
        "spike": _arriving(work, shape.processes) * seconds,
        "train": work.ports.trains * share * steps,
        "train_event": work.ports.mean_events * share * steps,
        "train_missed": work.ports.trains * share * steps * _missed(ring_bytes(work) * share),
        "device": (work.backgrounds + work.ports.channels_written) * slices,
        "recorded_spike": work.recorded_hz * seconds / shape.ranks,
        "sample": work.ports.samples / shape.ranks,
        "slice": slices,
        "slice_threads": slices * math.log2(shape.threads),
        "slice_ranks": slices * math.log2(shape.ranks),
        "slice_nodes": slices * math.log2(shape.nodes),
        "byte_ranks": SPIKE_BYTES
        * (_leaving(work, shape) * seconds + slices * LEAST_SPIKES * (shape.ranks - 1)),
        "run": float(work.cycles),
        "first": work.synapses * share,
    }


def _of_family(work: Work, family: str) -> float:
    mine = np.array([f == family for f in work.cells.family])
    return float(np.sum(work.cells.size[mine] * work.cells.weight[mine]))


def _solved(work: Work, family: str) -> tuple[float, float]:
    """Of neurons whose equations a solver integrates in steps that it chooses: how many of them have synaptic input
    that has not died away, and how many receive some in a step. Both make the solver's steps small, the more of them
    fall into a step of the network, and are weighted with that."""
    mine = np.array([f == family for f in work.cells.family])
    size, input_hz = work.cells.size[mine], work.cells.input_hz[mine]
    steps = (work.resolution_ms / REFERENCE_MS) ** SOLVER_POWER
    active = size * -np.expm1(-input_hz * ACTIVE_MS / 1e3)
    kicked = size * -np.expm1(-input_hz * work.resolution_ms / 1e3)
    return steps * float(active.sum()), steps * float(kicked.sum())


def _slices(work: Work) -> float:
    """Times that NEST communicates: once per shortest delay, and where an interval ends within one, once more."""
    per_interval = work.interval_ms / work.shortest_ms
    whole = math.isclose(per_interval, round(per_interval), abs_tol=1e-9)
    return work.cycles * (per_interval if whole else math.floor(per_interval) + 1.0)


def _events(work: Work) -> Floats:
    """Synaptic events of the run by projection, on all threads."""
    return work.joints.count * work.cells.rate_hz[work.joints.source] * work.biological_s


def _missed(bytes_of_thread: float) -> float:
    """Share of what a thread goes through that it does not find in its caches."""
    if bytes_of_thread <= CACHED_BYTES:
        return 0.0
    return min(1.0, math.log(bytes_of_thread / CACHED_BYTES) / math.log(UNCACHED_BYTES / CACHED_BYTES))


def _arriving(work: Work, parts: int) -> float:
    """Spikes per s that have a target on one of so many parts: with K targets spread at random, 1 - exp(-K /
    parts)."""
    return float(np.sum(work.spikes_hz * -np.expm1(-work.cells.out / parts)))


def _leaving(work: Work, shape: Shape) -> float:
    """Spikes per s that one rank receives from others."""
    return _arriving(work, shape.ranks) * (1.0 - 1.0 / shape.ranks)


def _build(work: Work, shape: Shape) -> Amounts:
    """Wall time of making populations and connections, without NEST's ``Prepare``. Every rank draws all connections,
    on one thread, so that the network is the same for any shape, and keeps those to its own neurons; every thread of
    it goes through these and makes those to its own."""
    if work.engine != "nest":
        return {"population": float(work.cells.size.size), "neuron_value": float(work.neurons)}
    joints = work.joints
    found = {f"draw_{kind}": float(joints.count[[k == kind for k in joints.drawn]].sum()) for kind in DRAWN}
    return found | {
        "draw_value": float(np.sum(joints.count * joints.values)),
        "filter": work.synapses if shape.ranks > 1 else 0.0,
        "scan": work.synapses / shape.ranks if shape.threads > 1 else 0.0,
        "connect": work.synapses / shape.processes,
        "neuron": work.neurons / shape.processes,
        "neuron_value": float(np.sum(work.cells.size * work.cells.varied)),
        "population": float(work.cells.size.size),
        "projection": float(joints.count.size),
        "distance_projection": float(sum(kind.startswith("distance") for kind in joints.drawn)),
        "train": work.ports.trains / shape.ranks,
        "channel": float(work.ports.channels_written),
        "recorded_neuron": work.recorded_neurons / shape.ranks,
        "thread": float(shape.threads - 1),
        "network": 1.0,
    }


def _prepare(work: Work, shape: Shape) -> Amounts:
    """Wall time of NEST's ``Prepare``, which sorts the connections and tells every neuron which ranks have targets
    of it: the connections on all threads, the neurons of one rank on one thread (``gather_target_data_compressed``
    of NEST 3.10)."""
    if work.engine != "nest":
        return {}
    return {
        "connect": work.synapses / shape.processes,
        "neuron": work.neurons / shape.processes,
        "source": sources(work, shape) / min(shape.threads, shape.ranks),
        "ranks": math.log2(shape.ranks),
    }


def _start(work: Work, shape: Shape) -> Amounts:
    return {"process": 1.0, "ranks": math.log2(shape.ranks)}


def _validate(work: Work, shape: Shape) -> Amounts:
    return {"experiment": 1.0, "projection": float(work.joints.count.size), "body": float(work.body.parts)}


def _import(work: Work, shape: Shape) -> Amounts:
    return {f"brain_{work.engine}": 1.0, f"body_{work.body.engine}": 1.0}


def _build_body(work: Work, shape: Shape) -> Amounts:
    return {
        f"body_{work.body.engine}": 1.0,
        "part": float(work.body.parts),
        "camera": float(work.body.cameras),
    }


def _readout(work: Work, shape: Shape) -> Amounts:
    """Reading and writing both engines, outside of their own steps."""
    cycles = float(work.cycles)
    return {
        "cycle": cycles,
        "port": cycles * (work.ports.read + work.ports.written),
        "channel_written": cycles * work.ports.channels_written,
        "channel_read": cycles * work.ports.channels_read,
        "recorded_population": cycles * work.recorded_populations,
        "recorded_neuron": cycles * work.recorded_neurons,
        "spike": work.recorded_hz * work.biological_s,
        "sample": work.ports.samples,
        "image": work.body.images,
        "exchange": cycles * math.log2(shape.ranks),
    }


def _transfer(work: Work, shape: Shape) -> Amounts:
    return {"call": work.pathways.calls, "value": work.pathways.values}


def _body(work: Work, shape: Shape) -> Amounts:
    """Steps of the body: of each, some work of its own, some for each muscle and some for each joint."""
    engine = work.body.engine
    return {
        "cycle": float(work.cycles),
        f"step_{engine}": work.body.steps,
        f"muscle_{engine}": work.body.steps * work.body.muscles,
        f"joint_{engine}": work.body.steps * work.body.joints,
    }


def _record(work: Work, shape: Shape) -> Amounts:
    """Recording and what is left of the loop."""
    return {
        "cycle": float(work.cycles),
        "recorded_population": work.cycles * work.recorded_populations,
        "signal": work.kept.signals * work.kept.samples,
        "value": work.kept.values * work.kept.samples,
        "spike": work.recorded_hz * work.biological_s,
        "pose": work.kept.poses,
    }


def _report(work: Work, shape: Shape) -> Amounts:
    recorded = work.recorded_populations
    return {
        "page": 1.0,
        "picture": float(work.body.engine != "closed_form"),
        "signal": float(work.kept.signals),
        "recorded_population": recorded,
        "projection": float(work.joints.count.size) if recorded else 0.0,
        "recorded_neuron": work.recorded_neurons,
        "spike": work.recorded_hz * work.biological_s,
        "sample": work.kept.values * work.kept.samples,
    }


QUANTITIES: Mapping[str, Callable[[Work, Shape], Amounts]] = {
    "start": _start,
    "validate": _validate,
    "import": _import,
    "build": _build,
    "prepare": _prepare,
    "build_body": _build_body,
    "brain": _brain,
    "readout": _readout,
    "transfer": _transfer,
    "body": _body,
    "record": _record,
    "report": _report,
    "memory": memory,
    "memory_report": memory_report,
}
