"""One part of the benchmark in a process of its own: ``python measure.py PART OUT.npz [name=number ...]``.

Writes what it measured to OUT.npz; ``benchmark.py`` starts the parts and judges. NEST has one kernel per process, and
a fresh process knows nothing of the part before.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import experiments
import numpy as np
from nest_server import NestServer, NestServerBrain
from numpy.typing import NDArray

from sherrington import build
from sherrington.body.engine import BodyEngine
from sherrington.brain.engine import BrainEngine, BrainOptions
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.recorder import Recorder
from sherrington.resolved import Resolved

Numbers = dict[str, Any]
WARM_UP_STEPS = 20
COMPARED_CLOSED_FORM = 500


@contextmanager
def recorded(
    resolved: Resolved, brain: BrainEngine, body: BodyEngine, spike_ports: dict[str, Any]
) -> Iterator[ClosedLoop]:
    """The loop as a run makes it, recording into a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        loop = build.build_loop(resolved, brain, body, Path(folder) / "dump")
        recorder = Recorder(Path(folder), resolved, loop.wiring, brain, body, spike_ports)
        loop.observers = (recorder,)
        try:
            yield loop
        finally:
            recorder.close()
            loop.close()


@contextmanager
def built(resolved: Resolved) -> Iterator[ClosedLoop]:
    """Brain, body and recorder of an experiment, by the normal way."""
    brain, spike_ports = build.build_brain(resolved)
    with recorded(resolved, brain, build.build_body(resolved), spike_ports) as loop:
        yield loop


def steps(loop: ClosedLoop, count: int, look: Callable[[], None] = lambda: None) -> NDArray[np.float64]:
    """Run ``count`` steps; shape (count, 4): total, inside both simulators, brain, body; wall time in s of each step.

    look: called between two steps, outside of what is timed.
    """
    rows = np.empty((count, 4))
    interval_ns = loop.schedule.interval_ns
    for row in rows:
        before = _clocks(loop)
        loop.run(loop.now_ns + interval_ns)
        row[:] = _clocks(loop) - before
        look()
    return rows


def _clocks(loop: ClosedLoop) -> NDArray[np.float64]:
    spent = loop.spent
    return np.array([spent.total - spent.waiting, spent.advance, spent.brain, spent.body])


class Seen:
    """What both sides must agree on: the counts that were read, and the angle, after every step."""

    def __init__(self, loop: ClosedLoop, ports: list[str]) -> None:
        self._loop, self._ports = loop, ports
        self.counts: list[NDArray[np.float64]] = []
        self.angles: list[float] = []

    def __call__(self) -> None:
        counts: list[Any] = [self._loop.brain.read(port) for port in self._ports]
        self.counts.append(np.concatenate(counts))
        self.angles.append(float(self._loop.body.read("joint_angle")[0]))

    def numbers(self) -> Numbers:
        return {"counts": np.array(self.counts), "angles": np.array(self.angles)}


def _timed(resolved: Resolved, count: int, ports: list[str], compared: int) -> Numbers:
    """``count`` steps after the warm-up; the first ``compared`` of all steps are also kept for comparison."""
    with built(resolved) as loop:
        seen = Seen(loop, ports)
        first = steps(loop, compared, seen)
        rows = np.concatenate([first, steps(loop, WARM_UP_STEPS - compared), steps(loop, count)])
    return {"rows": rows[WARM_UP_STEPS:], **seen.numbers()}


def nest(readouts: int, count: int, compared: int = WARM_UP_STEPS) -> Numbers:
    """Our loop with NEST."""
    resolved = experiments.with_readouts(readouts, (WARM_UP_STEPS + count) * experiments.INTERVAL_MS)
    ports = [f"{name}.count" for name in experiments.readouts(readouts)]
    return _timed(resolved, count, ports, compared)


def one_port(count: int) -> Numbers:
    """1,000 neurons through one port."""
    resolved = experiments.with_one_port((WARM_UP_STEPS + count) * experiments.INTERVAL_MS)
    return _timed(resolved, count, ["R.count:neuron"], WARM_UP_STEPS)


def fake(count: int) -> Numbers:
    """Both engines in closed form."""
    steps_in_all = count + COMPARED_CLOSED_FORM
    resolved = experiments.closed_form(steps_in_all * experiments.CLOSED_FORM_INTERVAL_MS)
    with built(resolved) as loop:
        seen = Seen(loop, ["A.count"])
        steps(loop, COMPARED_CLOSED_FORM, seen)
        return {"rows": steps(loop, count), **seen.numbers()}


def cut(count: int) -> Numbers:
    """The same with muscles that no neuron drives."""
    changes = {f"pathways__{muscle}__gain": 0.0 for muscle in ("flexor", "extensor")}
    resolved = experiments.with_readouts(20, count * experiments.INTERVAL_MS, **changes)
    with built(resolved) as loop:
        seen = Seen(loop, [f"{name}.count" for name in experiments.readouts(20)])
        steps(loop, count, seen)
    return seen.numbers()


def server(readouts: int, count: int, warm_up: int) -> Numbers:
    """The same loop, body, transfer functions and recording; the brain behind NEST Server."""
    resolved = experiments.with_readouts(
        readouts, (warm_up + count) * experiments.INTERVAL_MS, record__spikes="none"
    )
    brain = NestServerBrain(NestServer())
    try:
        options = BrainOptions(resolved.resolution_ns / 1e6)
        inputs, outputs = (resolved.brain_ports(writes=w) for w in (True, False))
        brain.prepare(resolved.network, inputs, outputs, resolved.experiment.seed, options)
        with recorded(resolved, brain, build.build_body(resolved), {}) as loop:
            return _timed_server(loop, brain, [p.port.name for p in outputs], count, warm_up)
    finally:
        brain.close()


def _timed_server(
    loop: ClosedLoop, brain: NestServerBrain, ports: list[str], count: int, warm_up: int
) -> Numbers:
    seen = Seen(loop, ports)
    steps(loop, warm_up, seen)
    clocks, calls = [brain.simulated_s()], brain.calls

    def look() -> None:
        seen()
        clocks.append(brain.simulated_s())

    rows = steps(loop, count, look)
    inside = np.diff(clocks)
    rows[:, 1] += inside
    rows[:, 2] += inside
    return {"rows": rows, "calls": (brain.calls - calls) / count, **seen.numbers()}


def memory(seconds: int) -> Numbers:
    """A small network for a long time; rows: as in ``steps``; mib: memory at the end of each biological second."""
    per_s = round(1000.0 / experiments.INTERVAL_MS)
    resolved = experiments.with_readouts(20, seconds * 1000.0, scale=0.1)
    mib = []
    with built(resolved) as loop:
        rows = []
        for _ in range(seconds):
            rows.append(steps(loop, per_s))
            mib.append(_memory_mib())
    return {"rows": np.concatenate(rows), "mib": np.array(mib)}


def _memory_mib() -> float:
    """Resident memory, and the files that this process holds open in memory: NEST records into such."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    open_files = [descriptor.stat() for descriptor in _in_memory()]
    return (pages * resource.getpagesize() + sum(file.st_blocks * 512 for file in open_files)) / 2**20


def _in_memory() -> list[Path]:
    """Open files under /dev/shm, each once, removed ones included."""
    found: dict[str, Path] = {}
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.setdefault(str(descriptor.readlink()), descriptor)
    return [descriptor for name, descriptor in found.items() if name.startswith("/dev/shm/")]


def pipelined(count: int) -> Numbers:
    """Lockstep, then pipelined; the body steps so finely that it takes nearly as long as the brain."""
    delays = {f"pathways__{muscle}__delay_ms": experiments.INTERVAL_MS for muscle in ("flexor", "extensor")}
    duration = (WARM_UP_STEPS + count) * experiments.INTERVAL_MS
    found: Numbers = {}
    for mode in ("lockstep", "pipelined"):
        resolved = experiments.with_readouts(20, duration, loop__mode=mode, body__timestep_ms=0.02, **delays)
        ports = [f"{name}.count" for name in experiments.readouts(20)]
        found.update({f"{mode}_{key}": value for key, value in _timed(resolved, count, ports, 20).items()})
    return found


PARTS: dict[str, Callable[..., Numbers]] = {
    part.__name__: part for part in (nest, one_port, fake, cut, server, memory, pipelined)
}


def main() -> None:
    part, out, *arguments = sys.argv[1:]
    began = time.perf_counter()
    numbers = PARTS[part](**{name: int(value) for name, _, value in (a.partition("=") for a in arguments)})
    np.savez(out, **numbers)
    print(f"{part} {' '.join(arguments)}: {time.perf_counter() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
