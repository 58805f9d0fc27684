"""The compiled core; what each call means is in ``src/native/engine.h``. Times are whole steps."""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]

class Model(Enum):
    parrot = ...
    psc_exp = ...
    psc_alpha = ...
    psc_delta = ...

class RuleKind(Enum):
    listed = ...
    all_to_all = ...
    one_to_one = ...
    fixed_indegree = ...
    bernoulli = ...

class ValueKind(Enum):
    constant = ...
    uniform = ...
    normal = ...
    lognormal = ...

class Rule:
    kind: RuleKind
    indegree: int
    probability: float
    no_autapses: bool
    shift: int

class Values:
    kind: ValueKind
    a: float
    b: float
    low: float
    high: float
    sign: float

class Projection:
    source: int
    target: int
    channel: int
    first_source: int
    n_sources: int
    first_target: int
    n_targets: int
    rule: Rule
    key: int
    weight: Values
    delay: Values

class Engine:
    synapses: int
    bytes: int
    shortest_delay: int
    longest_delay: int
    processor: str
    @staticmethod
    def make(exact: bool, threads: int, processor: str) -> Engine: ...
    def add_population(
        self,
        kind: Model,
        n: int,
        block: int,
        channels: int,
        constants: list[Doubles],
        states: list[Doubles],
        recorded: bool,
    ) -> int: ...
    def add_projection(self, projection: Projection) -> int: ...
    def list(
        self, projection: int, sources: Longs, targets: Longs, weights: Doubles | None, delays: Longs | None
    ) -> None: ...
    def add_poisson(
        self, population: int, key: int, channel: int, weight: float, of_neuron: Ints, groups: int
    ) -> int: ...
    def add_current(self, population: int, of_neuron: Ints, groups: int) -> int: ...
    def finish(self) -> None: ...
    def set_poisson(self, input: int, step: int, means: Doubles) -> None: ...
    def set_current(self, input: int, step: int, values: Doubles) -> None: ...
    def add_events(
        self,
        population: int,
        order: int,
        channel: int,
        steps: Longs,
        first: Longs,
        stop: Longs,
        amount: float,
    ) -> None: ...
    def set_constant(self, population: int, constant: int, values: Doubles) -> None: ...
    def set_frozen(self, population: int, frozen: bool) -> None: ...
    def advance(self, until: int) -> tuple[Longs, Longs]: ...
    def state(self, population: int, state: int) -> Doubles: ...
    def save(self, population: int) -> tuple[Doubles, Longs]: ...
    def restore(self, population: int, states: Doubles, arrivals: Longs) -> None: ...
    def rewind(self, step: int) -> None: ...
    def quantum(self, population: int, channel: int) -> float: ...

def poisson_thresholds(mean: float) -> tuple[int, NDArray[np.uint32]]: ...
