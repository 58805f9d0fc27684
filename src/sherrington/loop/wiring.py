"""The pathways of a loop as they are called, and where their outputs go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ports import Entries, Port, SpikeBatch, Value
from .pathway import PathwayRunner
from .trials import TrialRunner


@dataclass(frozen=True)
class Source:
    """An output of a pathway that ends at a port. entries: those of the port that it is for, None for all."""

    runner: PathwayRunner
    output: int
    entries: Entries | None = None

    def value(self, port: Port) -> Value:
        """What arrives now, in the shape of ``port``; zero at the entries that are not meant."""
        value = self.runner.values[self.output]
        if self.entries is None or isinstance(value, SpikeBatch):
            return value
        whole = np.zeros(port.shape)
        whole[self.entries] = value
        return whole


Sources = tuple[Source, ...]


@dataclass(frozen=True)
class Wiring:
    """The pathways as they are called, and where their outputs go.

    motor: from brain to body, called after the brain has advanced; sensory: all others, called before.
    brain_writes, body_writes: per port every pathway's output that ends there; they add up. trials: of the task, if
    the experiment has one.
    """

    sensory: tuple[PathwayRunner, ...]
    motor: tuple[PathwayRunner, ...]
    brain_writes: tuple[tuple[Port, Sources], ...]
    body_writes: tuple[tuple[Port, Sources], ...]
    trials: TrialRunner | None = None
