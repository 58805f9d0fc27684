"""A pathway at work: gathers its inputs, calls its function when due, checks, scales, delays what comes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..brain.network import stream
from ..clock import format_ms, ns_to_s
from ..errors import TransferError
from ..ports import Kind, Port, Signal, SpikeBatch, Value
from ..resolve import ResolvedPathway

Read = Callable[[str], Value]
SUMMED = {"count"}
"""Quantities of one interval that add up over the intervals between two calls of a slower pathway."""


class PathwayRunner:
    """Runs one pathway, cycle by cycle.

    targets: the ports that its outputs are written to, in order. values: what arrives there in this cycle, one
    entry per target; zero, or no spikes, until the first output has travelled through the delay.
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
        self.targets = tuple(_ranged(port, resolved) for port in targets)
        self.values: list[Value] = [_nothing(port) for port in targets]
        self.gathered: list[Value] = [_EMPTY] * len(resolved.inputs)
        self.input_names = [f"pathway.{self.name}.in.{name}" for name in resolved.transfer.inputs]
        self.output_names = [f"pathway.{self.name}.{name}" for name in resolved.transfer.outputs]
        self._resolved = resolved
        self._reads = tuple(reads)
        self._every = resolved.interval_ns // interval_ns
        self._dt_s = ns_to_s(resolved.interval_ns)
        self._function = resolved.transfer.make(resolved.params, targets[0].size)
        delay = resolved.delay_ns // interval_ns
        self._lines: list[deque[Value]] = [deque([_nothing(port)] * delay) for port in targets]
        self._outputs: list[Value] = list(self.values)
        self._noise = stream(seed, f"pathway/{resolved.name}/noise") if resolved.noise_std else None
        self._pending: dict[int, list[Value]] = {i: [] for i, e in enumerate(resolved.inputs) if self._adds_up(i)}

    def gather(self, side: str) -> None:
        """Read the inputs that lie on ``side``, ``"brain"`` or ``"body"``, as they are now."""
        for i, end in enumerate(self._resolved.inputs):
            if end.side == side:
                value = self._reads[i](end.port)
                self.gathered[i] = value if isinstance(value, SpikeBatch) else value.copy()
                if i in self._pending:
                    self._pending[i].append(self.gathered[i])

    def compute(self, cycle: int, time_ns: int) -> None:
        """Call the function if it is due, and put its outputs into the delay lines."""
        if cycle % self._every == 0:
            for i, parts in self._pending.items():
                self.gathered[i] = _together(parts)
                parts.clear()
            self._outputs = self._call(time_ns)
        for line, value in zip(self._lines, self._outputs, strict=True):
            line.append(value)

    def deliver(self) -> None:
        """Take out of the delay lines what arrives in this cycle, into ``values``."""
        for i, line in enumerate(self._lines):
            self.values[i] = line.popleft()

    def _call(self, time_ns: int) -> list[Value]:
        try:
            result = self._function(*self.gathered, time_s=ns_to_s(time_ns), dt_s=self._dt_s)
        except Exception as error:
            raise self._stop(time_ns, f"raised {type(error).__name__}: {error}") from error
        results = result if isinstance(result, tuple) else (result,)
        if len(results) != len(self.targets):
            raise self._stop(time_ns, f"returned {len(results)} results for {len(self.targets)} outputs")
        return [self._finish(r, p, time_ns) for r, p in zip(results, self.targets, strict=True)]

    def _finish(self, result: object, port: Port, time_ns: int) -> Value:
        if isinstance(result, SpikeBatch) and port.kind is Kind.SPIKES:
            return SpikeBatch(result.times_ns + self._resolved.delay_ns, result.channels)
        fault = port.fault(result)
        if fault is None:
            value: Signal = np.multiply(np.asarray(result, np.float64), self._resolved.gain)
            if self._noise is not None:
                value += self._noise.normal(0.0, self._resolved.noise_std, value.shape)
                np.clip(value, port.low, port.high, out=value)
            elif self._resolved.gain != 1.0:
                fault = port.fault(value)
        if fault is not None:
            raise self._stop(time_ns, f"gave {port.name} an impossible value: {fault}")
        return value

    def _stop(self, time_ns: int, what: str) -> TransferError:
        names = [f"{name} = {_shown(v)}" for name, v in zip(self._resolved.transfer.inputs, self.gathered, strict=True)]
        saw = "\n      ".join(names) or "no inputs"
        return TransferError(
            f"transfer function '{self._resolved.transfer.name}' of pathway '{self.name}' {what}\n"
            f"    at {format_ms(time_ns)}, having seen\n      {saw}"
        )

    def _adds_up(self, i: int) -> bool:
        end = self._resolved.inputs[i]
        if self._every == 1 or end.brain is None:
            return False
        return end.brain.quantity in SUMMED or end.brain.port.kind is Kind.SPIKES


_EMPTY: Signal = np.empty(0)


def _nothing(port: Port) -> Value:
    return SpikeBatch.empty() if port.kind is Kind.SPIKES else np.zeros(port.shape)


def _ranged(port: Port, resolved: ResolvedPathway) -> Port:
    """The port with the narrower of its own range and the one that the function declares."""
    transfer = resolved.transfer
    return replace(port, low=max(port.low, transfer.low), high=min(port.high, transfer.high))


def _together(parts: list[Value]) -> Value:
    spikes = [p for p in parts if isinstance(p, SpikeBatch)]
    if spikes:
        return SpikeBatch(
            np.concatenate([p.times_ns for p in spikes]), np.concatenate([p.channels for p in spikes])
        )
    return np.sum([p for p in parts if not isinstance(p, SpikeBatch)], axis=0)


def _shown(value: Value) -> str:
    if isinstance(value, SpikeBatch):
        return f"{len(value)} spikes"
    with np.printoptions(precision=6, threshold=60):
        return f"{value} shape {value.shape}".replace("\n", " ")
