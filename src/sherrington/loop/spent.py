"""Where the wall time of a loop goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Spent:
    """Wall time in s since the loop began, by what it was spent on.

    brain, body: inside the simulators' own step; transfer: in transfer functions, gains, noise, delay lines, the task;
    readout: reading from and writing to the engines; record: observers; waiting: pacing and pauses; total: all.
    Pipelined, brain and body overlap: ``advance`` is the longer of both in every cycle, and ``body`` the processor
    time of its thread.
    """

    brain: float = 0.0
    body: float = 0.0
    advance: float = 0.0
    transfer: float = 0.0
    readout: float = 0.0
    record: float = 0.0
    waiting: float = 0.0
    total: float = 0.0

    @property
    def loop_overhead(self) -> float:
        """What is neither a simulator's step, nor transfer, readout or waiting; recording included."""
        return self.total - self.advance - self.transfer - self.readout - self.waiting
