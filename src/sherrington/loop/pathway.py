"""A pathway at work: gathers its inputs, calls its function when due, checks, scales, delays what comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from ..brain.distributions import stream
from ..clock import format_ms, ns_to_s
from ..errors import TransferError
from ..ports import Kind, Port, Signal, SpikeBatch, Value
from ..resolved import ResolvedPathway
from ..task.task import REWARD
from ..transfer.function import Transfer

Read = Callable[[str], Value]
SUMMED = {"count"}
"""Quantities of one interval that add up over the intervals between two calls of a slower pathway, as a reward does."""


class PathwayRunner:
    """Runs one pathway, cycle by cycle.

    targets: the ports that its outputs are written to, in order. values: what arrives there in this cycle, one
    entry per target; zero, or no spikes, until the first output has travelled through the delay.

    A pathway slower than the loop is called in the first cycle of each of its intervals, with what has been counted
    since the call before. One from brain to body, which runs after the brain, is called in the last cycle: its counts
    are then those of that whole interval, the first one too.
    """

    def __init__(
        self,
        resolved: ResolvedPathway,
        reads: Sequence[Read],
        targets: Sequence[Port],
        interval_ns: int,
        seed: int,
    ) -> None:
        self.name = resolved.name
        self.targets = tuple(targets)
        self.values: list[Value] = [_nothing(port) for port in targets]
        self.gathered: list[Value] = [_EMPTY] * len(resolved.inputs)
        self.input_names = [f"pathway.{self.name}.in.{name}" for name in resolved.transfer.inputs]
        self.output_names = [f"pathway.{self.name}.{name}" for name in resolved.transfer.outputs]
        ends = [
            (i, end.side, read, end.port)
            for i, (end, read) in enumerate(zip(resolved.inputs, reads, strict=True))
        ]
        sides = {"brain": {"brain"}, "body": {"body", "task"}, "both": {"brain", "body", "task"}}
        self._reads = {name: [(i, r, p) for i, s, r, p in ends if s in side] for name, side in sides.items()}
        self._interval_ns = interval_ns
        self._every = resolved.interval_ns // interval_ns
        self._phase = 1 if resolved.is_motor else 0
        self._dt_s = ns_to_s(resolved.interval_ns)
        self._take_over(resolved)
        delay = resolved.delay_ns // interval_ns
        self._lines: list[deque[Value]] = [deque([_nothing(port)] * delay) for port in targets]
        self._outputs: list[Value] = list(self.values)
        self._noise = stream(seed, f"pathway/{resolved.name}/noise") if resolved.noise_std else None
        self._pending: dict[int, list[Value]] = {
            i: [] for i, e in enumerate(resolved.inputs) if self._adds_up(i)
        }

    def gather(self, side: str, cycle: int) -> None:
        """Read the inputs that lie on ``side``, ``"brain"``, ``"body"`` (or a task) or ``"both"``, as they are now.

        Between two calls of the function only what adds up is read: an image is drawn when it is.
        """
        is_due = self._is_due(cycle)
        for i, read, port in self._reads[side]:
            if not (is_due or i in self._pending):
                continue
            value = read(port)
            self.gathered[i] = value if isinstance(value, SpikeBatch) else value.copy()
            if i in self._pending:
                self._pending[i].append(self.gathered[i])

    def compute(self, cycle: int, time_ns: int) -> None:
        """Call the function if it is due, and put its outputs into the delay lines."""
        if self._is_due(cycle):
            for i, parts in self._pending.items():
                self.gathered[i] = _together(parts)
                parts.clear()
            self._outputs = self._call(time_ns)
        for line, value in zip(self._lines, self._outputs, strict=True):
            line.append(self._of_this_cycle(value, time_ns))

    def deliver(self) -> None:
        """Take out of the delay lines what arrives in this cycle, into ``values``."""
        for i, line in enumerate(self._lines):
            self.values[i] = line.popleft()

    def swap(self, transfer: Transfer, params: Mapping[str, Any], time_ns: int) -> None:
        """Call another function from now on, with the same ports, gain, noise and delay. Only between two cycles.

        It is tried first on what the old one saw last, where that has been called. Raises TransferError for what it
        does wrong then, and whatever it raises when it is made; the old one stays. What is in the delay line stays too.
        """
        resolved = replace(self._resolved, transfer=transfer, params=params)
        trial = copy(self)
        trial._take_over(resolved)
        trial._noise = None
        if not any(value is _EMPTY for value in self.gathered):
            trial.gathered = [
                value if isinstance(value, SpikeBatch) else value.copy() for value in self.gathered
            ]
            trial._call(time_ns)
        self._take_over(resolved)

    def _take_over(self, resolved: ResolvedPathway) -> None:
        """Make the function, anew each time: one with a state begins at its beginning."""
        self._function = resolved.transfer.make(resolved.params, self.targets[0].size)
        self._results = [_ranged(port, resolved) for port in self.targets]
        self._resolved = resolved

    def _is_due(self, cycle: int) -> bool:
        return (cycle + self._phase) % self._every == 0

    def _call(self, time_ns: int) -> list[Value]:
        try:
            result = self._function(*self.gathered, time_s=ns_to_s(time_ns), dt_s=self._dt_s)
        except Exception as error:
            raise self._stop(time_ns, f"raised {type(error).__name__}: {error}") from error
        results = result if isinstance(result, tuple) else (result,)
        if len(results) != len(self.targets):
            raise self._stop(time_ns, f"returned {len(results)} results for {len(self.targets)} outputs")
        return [self._finish(r, i, time_ns) for i, r in enumerate(results)]

    def _finish(self, result: object, i: int, time_ns: int) -> Value:
        """The i-th result, checked against the range its function declares, then with gain and noise."""
        if isinstance(result, SpikeBatch) and self.targets[i].kind is Kind.SPIKES:
            return self._finish_spikes(result, self.targets[i], time_ns)
        try:
            fault = self._results[i].fault(result)
        except ValueError as error:  # of lists that make no array
            fault = str(error)
        if fault is not None:
            raise self._stop(time_ns, f"gave {self.targets[i].name} an impossible value: {fault}")
        value: Signal = np.array(result, np.float64)
        return self._scaled(value, self.targets[i], time_ns)

    def _scaled(self, value: Signal, target: Port, time_ns: int) -> Signal:
        """With gain and noise; noise never leaves the range of the port that receives it, gain must not."""
        if self._resolved.gain != 1.0:
            value *= self._resolved.gain
            fault = target.fault(value)
            if fault is not None:
                raise self._stop(
                    time_ns, f"times its gain {self._resolved.gain:g} gave {target.name} {fault}"
                )
        if self._noise is not None:
            value += self._noise.normal(0.0, self._resolved.noise_std, value.shape)
            np.clip(value, target.low, target.high, out=value)
        return value

    def _finish_spikes(self, batch: SpikeBatch, target: Port, time_ns: int) -> SpikeBatch:
        fault = _spikes_fault(batch, target, time_ns, time_ns + self._resolved.interval_ns)
        if fault:
            raise self._stop(time_ns, f"gave {target.name} impossible spikes: {fault}")
        return SpikeBatch(batch.times_ns + self._resolved.delay_ns, batch.channels)

    def _of_this_cycle(self, value: Value, time_ns: int) -> Value:
        """A signal holds until the next call; of spikes, only those that fall into this cycle, once delayed."""
        if self._every == 1 or not isinstance(value, SpikeBatch):
            return value
        since_ns = value.times_ns - (time_ns + self._resolved.delay_ns)
        mine = (since_ns > 0) & (since_ns <= self._interval_ns)
        return SpikeBatch(value.times_ns[mine], value.channels[mine])

    def _stop(self, time_ns: int, what: str) -> TransferError:
        names = [
            f"{name} = {_shown(v)}"
            for name, v in zip(self._resolved.transfer.inputs, self.gathered, strict=True)
        ]
        saw = "\n      ".join(names) or "no inputs"
        return TransferError(
            f"transfer function '{self._resolved.transfer.name}' of pathway '{self.name}' {what}\n"
            f"    at {format_ms(time_ns)}, having seen\n      {saw}"
        )

    def _adds_up(self, i: int) -> bool:
        end = self._resolved.inputs[i]
        if self._every == 1:
            return False
        if end.brain is None:
            return (end.side, end.port) == ("task", REWARD)
        return end.brain.quantity in SUMMED or end.brain.port.kind is Kind.SPIKES


_EMPTY: Signal = np.empty(0)


def _nothing(port: Port) -> Value:
    return SpikeBatch.empty() if port.kind is Kind.SPIKES else np.zeros(port.shape)


def _ranged(port: Port, resolved: ResolvedPathway) -> Port:
    """The port with the narrower of its own range and the one that the function declares."""
    transfer = resolved.transfer
    return replace(port, low=max(port.low, transfer.low), high=min(port.high, transfer.high))


def _spikes_fault(batch: SpikeBatch, target: Port, after_ns: int, until_ns: int) -> str | None:
    """Why these spikes cannot be sent, or None. Spikes may lie in (after, until], before the delay."""
    times, channels = np.asarray(batch.times_ns), np.asarray(batch.channels)
    if times.ndim != 1 or times.shape != channels.shape:
        return f"{times.shape} times for {channels.shape} channels"
    if not times.size:
        return None
    if not (np.issubdtype(times.dtype, np.integer) and np.issubdtype(channels.dtype, np.integer)):
        return f"times are {times.dtype} and channels {channels.dtype}; both must be whole numbers"
    if channels.min() < 0 or channels.max() >= target.size:
        return f"for channels {channels.min()} to {channels.max()}; there are channels 0 to {target.size - 1}"
    first_ns, last_ns = int(times.min()), int(times.max())
    if first_ns <= after_ns or last_ns > until_ns:
        return (
            f"from {format_ms(first_ns)} to {format_ms(last_ns)}; this call may give spikes later than "
            f"{format_ms(after_ns)} and up to {format_ms(until_ns)}"
        )
    return None


def _together(parts: list[Value]) -> Value:
    spikes = [p for p in parts if isinstance(p, SpikeBatch)]
    if spikes:
        return SpikeBatch(
            np.concatenate([p.times_ns for p in spikes]), np.concatenate([p.channels for p in spikes])
        )
    total: Signal = np.sum([p for p in parts if not isinstance(p, SpikeBatch)], axis=0)
    return total


def _shown(value: Value) -> str:
    if isinstance(value, SpikeBatch):
        return f"{len(value)} spikes"
    with np.printoptions(precision=6, threshold=60):
        return f"{value} shape {value.shape}".replace("\n", " ")
