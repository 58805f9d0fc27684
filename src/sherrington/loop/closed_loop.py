"""One cycle in one short method; start, pause, step, stop; requests drained between cycles."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..body.engine import BodyEngine
from ..brain.engine import BrainEngine
from ..clock import NS_PER_S, format_ms
from ..errors import RunError
from ..ports import Port, Signal, SpikeBatch, Value
from ..resolved import TimedChange, TimedForce
from .guard import Guard
from .overlap import Overlap
from .schedule import Schedule
from .spent import Spent
from .wiring import Sources, Wiring


class Observer(Protocol):
    """Looks at the loop between cycles and never changes it: recording, progress."""

    def __call__(self, loop: ClosedLoop) -> None: ...


@dataclass
class ClosedLoop:
    """Brain and body in one loop.

    Only the thread that calls ``run`` touches the engines. ``pause``, ``resume``, ``step``, ``stop`` and ``request``
    may be called from any thread and take effect between two cycles.
    """

    brain: BrainEngine
    body: BodyEngine
    wiring: Wiring
    schedule: Schedule
    guard: Guard
    forces: Sequence[TimedForce] = ()
    changes: Sequence[TimedChange] = ()
    observers: Sequence[Observer] = ()
    realtime: bool = False
    now_ns: int = 0
    cycle_count: int = 0
    spent: Spent = field(default_factory=Spent)
    lag_s: float = 0.0
    worst_lag_s: float = 0.0
    stopped_because: str = ""

    def __post_init__(self) -> None:
        self._requests: queue.SimpleQueue[Callable[[ClosedLoop], None]] = queue.SimpleQueue()
        self._steps_left: int | None = None
        self._pace_start: tuple[float, int] | None = None
        runners = (*self.wiring.sensory, *self.wiring.motor)
        went_in = ((r.input_names, r.gathered) for r in runners)
        trials = self.wiring.trials
        cues = ((trials.names, trials.values),) if trials else ()
        self._watched = (*went_in, *((r.output_names, r.values) for r in runners), *cues)
        pushed = (*(f.port for f in self.forces), *(trials.forces if trials else ()))
        self._pushed = {port: np.zeros(self.body.inputs[port].shape) for port in pushed}
        self._overlap = Overlap(self.body.advance) if self.schedule.pipelined else None
        self._body_inputs = {w[0].name for w in self.wiring.body_writes}
        self._begun_ns: int | None = None

    # --- asked for from outside ---

    def request(self, action: Callable[[ClosedLoop], None]) -> None:
        """Have ``action(loop)`` done between two cycles, on the loop's own thread."""
        # SimpleQueue, because a signal may ask while the loop itself is at the queue.
        self._requests.put(action)

    def pause(self) -> None:
        """Stop before the next cycle, until ``resume`` or ``step``."""
        self.request(lambda loop: setattr(loop, "_steps_left", 0))

    def resume(self) -> None:
        """Go on after a pause."""
        self.request(lambda loop: setattr(loop, "_steps_left", None))

    def step(self, cycles: int = 1) -> None:
        """Run so many cycles, then pause."""
        self.request(lambda loop: setattr(loop, "_steps_left", cycles))

    def stop(self, because: str = "stopped on request") -> None:
        """End ``run`` after the cycle at hand; everything recorded stays."""
        self.request(lambda loop: setattr(loop, "stopped_because", because))

    def push(self, force: TimedForce) -> None:
        """Add a perturbation that begins now or later; it takes the place of one with its name and port. Only for a
        request to call."""
        others = (
            f for f in self.forces if (f.name, f.port) != (force.name, force.port) and f.end_ns >= self.now_ns
        )
        self.forces = (*others, force)
        self._pushed.setdefault(force.port, np.zeros(self.body.inputs[force.port].shape))

    # --- running ---

    def run(self, until_ns: int | None = None) -> None:
        """Run to the first cycle that ends at ``until_ns`` or later (default: end of the experiment), to the end of the
        last trial of a task, or until stopped.

        Raises RunError when the run cannot go on; the last states are dumped first and the message says where.
        """
        until_ns = self.schedule.duration_ns if until_ns is None else until_ns
        began = time.perf_counter() - self.spent.total
        self.stopped_because = ""
        try:
            while self.now_ns < until_ns and not self.trials_done and self._drain():
                self.cycle()
                self.spent.total = time.perf_counter() - began
                self._look()
                self._pace()
                self.spent.total = time.perf_counter() - began
        except Exception as error:
            self._dump(error)
            raise

    def cycle(self) -> None:
        """One exchange interval, in the order that ``schedule.describe`` prints."""
        end_ns = self.now_ns + self.schedule.interval_ns
        self.begin()
        self._sense()
        if self._overlap is None:
            self._advance(self.brain.advance, end_ns)
            self._decode()
            self._drive()
            self._advance(self.body.advance, end_ns)
        else:
            self._drive()
            self._advance(self._advance_both, end_ns)
            self._decode()
        self.now_ns = end_ns
        self.cycle_count += 1

    @property
    def paused(self) -> bool:
        """Whether no cycle follows until ``resume`` or ``step``."""
        return self._steps_left == 0

    @property
    def trials_done(self) -> bool:
        """Whether a task has had all the trials it was asked for."""
        return self.wiring.trials is not None and self.wiring.trials.finished

    def close(self) -> None:
        """Close both engines; safe to call twice."""
        if self._overlap is not None:
            self._overlap.close()
        self.brain.close()
        self.body.close()

    def _dump(self, error: Exception) -> None:
        try:
            error.add_note(f"the last states are in {self.guard.dump(error)}")
        except OSError as refused:
            error.add_note(f"the last states could not be written to {self.guard.folder}: {refused.strerror}")

    # --- the parts of a cycle ---

    def begin(self) -> None:
        """The first part of the cycle at hand: interventions, the task's step, perturbations. ``cycle`` does it, unless
        somebody did who wants to see what the task says before the cycle goes on, as an agent does."""
        if self._begun_ns == self.now_ns:
            return
        self._begun_ns = self.now_ns
        for change in self.changes:
            if change.at_ns == self.now_ns:
                for population in change.populations:
                    self.brain.set_excitability(population, change.change)
        due = {f.port for f in self.forces if self.now_ns in (f.start_ns, f.end_ns)}
        if self.wiring.trials is not None:
            self._timed("transfer", self.wiring.trials.step, self.now_ns)
            # A task may push in any cycle, and where it puts the body back, what was written before is gone.
            due = set(self._pushed)
        for port in due - self._body_inputs:
            self.body.write(port, self._force(port))

    def _force(self, port: str) -> Signal:
        """What perturbations and the task add to an input of the body in this cycle."""
        trials = self.wiring.trials
        start = trials.forces[port] if trials and port in trials.forces else self._pushed[port]
        active = (f.value for f in self.forces if f.port == port and f.start_ns <= self.now_ns < f.end_ns)
        return sum(active, start=start)

    def _sense(self) -> None:
        """body.read -> function -> delay -> brain.write"""
        for runner in self.wiring.sensory:
            self._timed("readout", runner.gather, "both", self.cycle_count)
            self._timed("transfer", runner.compute, self.cycle_count, self.now_ns)
            runner.deliver()
        for runner in self.wiring.motor:
            self._timed("readout", runner.gather, "body", self.cycle_count)
        for port, sources in self.wiring.brain_writes:
            self._timed("readout", self.brain.write, port.name, self._sum(port, sources))

    def _decode(self) -> None:
        """brain.read -> function -> into the delay line"""
        for runner in self.wiring.motor:
            self._timed("readout", runner.gather, "brain", self.cycle_count)
            self._timed("transfer", runner.compute, self.cycle_count, self.now_ns)

    def _drive(self) -> None:
        """out of the delay line -> body.write"""
        for runner in self.wiring.motor:
            runner.deliver()
        for port, sources in self.wiring.body_writes:
            value = self._sum(port, sources)
            if port.name in self._pushed:
                value = _add(value, self._force(port.name))
            self._timed("readout", self.body.write, port.name, value)
        self._remember()

    def _sum(self, port: Port, sources: Sources) -> Value:
        """What arrives at a port. Each pathway has been checked; together they can still leave the port's range."""
        total = sources[0].value(port)
        for source in sources[1:]:
            total = _add(total, source.value(port))
        fault = port.fault(total) if len(sources) > 1 else None
        if fault:
            names = ", ".join(f"'{source.runner.name}'" for source in sources)
            raise RunError(
                f"pathways {names} add up at {port.name} to an impossible value: {fault}\n"
                f"    at {format_ms(self.now_ns)}; lower their gains, or let one function give the sum"
            )
        return total

    def _advance_both(self, end_ns: int) -> None:
        assert self._overlap is not None
        self._overlap.start(end_ns)
        try:
            self.brain.advance(end_ns)
        finally:
            self._overlap.wait()

    def _remember(self) -> None:
        self.guard.remember(self.now_ns, self.body.save(), self._watched)

    # --- between cycles ---

    def _drain(self) -> bool:
        """Do what was asked for, wait while paused; False to end the run."""
        while True:
            while not self._requests.empty():
                self._requests.get()(self)
            if self.stopped_because:
                return False
            if self._steps_left is None:
                return True
            if self._steps_left > 0:
                self._steps_left -= 1
                return True
            self._wait_for_request()(self)

    def _wait_for_request(self) -> Callable[[ClosedLoop], None]:
        began = time.perf_counter()
        action = self._requests.get()
        self.spent.waiting += time.perf_counter() - began
        self._pace_start = None
        return action

    def _look(self) -> None:
        began = time.perf_counter()
        for observer in self.observers:
            observer(self)
        self.spent.record += time.perf_counter() - began

    def _pace(self) -> None:
        if not self.realtime:
            return
        if self._pace_start is None:
            self._pace_start = (time.perf_counter(), self.now_ns)
        wall, bio_ns = self._pace_start
        ahead = (self.now_ns - bio_ns) / NS_PER_S - (time.perf_counter() - wall)
        self.lag_s = max(0.0, -ahead)
        self.worst_lag_s = max(self.worst_lag_s, self.lag_s)
        if ahead > 0:
            time.sleep(ahead)
            self.spent.waiting += ahead

    def _timed(self, what: str, function: Callable[..., None], *args: object) -> None:
        began = time.perf_counter()
        function(*args)
        took = time.perf_counter() - began
        setattr(self.spent, what, getattr(self.spent, what) + took)

    def _advance(self, advance: Callable[[int], None], end_ns: int) -> None:
        """Advance and tell the simulators' own time from what the engines add to it, which is ``readout``."""
        began, spent = time.perf_counter(), self.spent
        brain_before, body_before = spent.brain, spent.body
        advance(end_ns)
        took = time.perf_counter() - began
        spent.brain = self.brain.kernel_s
        spent.body = self._overlap.busy_s if self._overlap else self.body.kernel_s
        inside = min(took, max(spent.brain - brain_before, spent.body - body_before))
        spent.advance += inside
        spent.readout += took - inside


def _add(a: Value, b: Value) -> Value:
    if isinstance(a, SpikeBatch) and isinstance(b, SpikeBatch):
        return a.merged(b)
    assert not isinstance(a, SpikeBatch) and not isinstance(b, SpikeBatch)
    return a + b
