"""The prediction of one run in one shape: memory, phases, step, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..errors import NeverError, UnsupportedError
from ..resolved import Resolved
from .amounts import amounts
from .constants import LOCAL, Constants, load, shipped
from .history import History, read_history
from .memory import Amounts
from .rates import expected_rates
from .shape import Shape
from .work import Work, describe

PHASES = ("start", "validate", "import", "build", "prepare", "build_body", "loop", "report")
STEP = ("brain", "body", "transfer", "readout", "record")
NINE_OF_TEN = 1.645
"""Standard deviations on both sides between which nine of ten values of a normal distribution lie."""
MIB = 2.0**20
UNKNOWN_SPREAD = 0.3
MEASURED_PROCESSES, DOUBLING = 2, 0.1
"""Up to how many processes constants are measured, and what each doubling beyond adds to the spread: from how far off
the published table is (``docs/plan.md``)."""
FLUSH_SHARE = 0.03
FEWEST_CYCLES = 5.0
DATASETS_MORE = 4


@dataclass(frozen=True)
class Range:
    """A predicted value, and where nine of ten runs are expected to lie."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(value: float, spread: float) -> Range:
        factor = math.exp(NINE_OF_TEN * spread)
        return Range(value, value / factor, value * factor)


@dataclass(frozen=True)
class Prediction:
    """What one shape is expected to need.

    memory_mib: of the largest rank, its report included; loop_memory_mib: of that one until the loop ends;
    others_mib: of any other rank. phases_s: by ``PHASES``; ``prepare`` is the part of building that a first step has
    in other systems. step_ms: mean of a step by ``STEP``, and ``total``. rtf: wall time per biological time. raw: by
    quantity, before what earlier runs taught; corrections: factors that they taught."""

    shape: Shape
    network: str
    memory_mib: Range
    loop_memory_mib: float
    others_mib: float
    phases_s: Mapping[str, float]
    build_s: Range
    first_step_s: float
    step_ms: Mapping[str, float]
    loop_s: Range
    rtf: Range
    total_s: Range
    node_hours: Range
    raw: Mapping[str, float]
    corrections: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def node_mib(self) -> float:
        """Of all ranks of the node that holds the largest."""
        return self.memory_mib.value + (self.shape.ranks_per_node - 1) * self.others_mib


@dataclass(frozen=True)
class Planner:
    """Everything that does not depend on the shape."""

    work: Work
    constants: Constants
    history: History
    realtime: bool
    notes: tuple[str, ...]

    def predict(self, shape: Shape) -> Prediction:
        """The prediction for one shape."""
        counted = amounts(self.work, shape)
        raw = {q: self.constants.predicted(q, terms) for q, terms in counted.items()}
        raw["memory_others"] = self.constants.predicted("memory", other_rank(counted["memory"]))
        corrections = self.history.corrections(self.work.name, raw)
        value = {q: v * corrections.get(q, 1.0) for q, v in raw.items()}
        return self._assembled(shape, raw, corrections, value)

    def _assembled(
        self,
        shape: Shape,
        raw: Mapping[str, float],
        corrections: Mapping[str, float],
        value: dict[str, float],
    ) -> Prediction:
        work = self.work
        loop_s = self._loop_s(value)
        phases = {name: loop_s if name == "loop" else value[name] for name in PHASES}
        memory = max(value["memory"], value["memory_report"]) / MIB
        build_s = sum(value[q] for q in ("build", "prepare", "build_body"))
        total_s = sum(phases.values())
        step_ms = {q: 1e3 * value[q] / work.cycles for q in STEP} | {"total": 1e3 * loop_s / work.cycles}
        spread = self._spreads(value, loop_s, build_s, total_s, shape)
        return Prediction(
            shape=shape,
            network=work.name,
            memory_mib=Range.of(memory, spread["memory"]),
            loop_memory_mib=value["memory"] / MIB,
            others_mib=value["memory_others"] / MIB,
            phases_s=phases,
            build_s=Range.of(build_s, spread["build"]),
            first_step_s=value["prepare"] + loop_s / work.cycles,
            step_ms=step_ms,
            loop_s=Range.of(loop_s, spread["loop"]),
            rtf=Range.of(loop_s / work.biological_s, spread["loop"]),
            total_s=Range.of(total_s, spread["total"]),
            node_hours=Range.of(shape.nodes * total_s / 3600.0, spread["total"]),
            raw=raw,
            corrections=corrections,
            notes=self.notes,
        )

    def _loop_s(self, value: dict[str, float]) -> float:
        """Brain and body one after the other, or at the same time; and the rest, which waits for both."""
        brain_s, body_s = value["brain"], value["body"]
        both_s = max(brain_s, body_s) if self.work.pipelined else brain_s + body_s
        loop_s = both_s + value["transfer"] + value["readout"] + value["record"]
        flush = self.constants.predicted("record", flush_amounts(self.work, loop_s))
        value["record"] += flush
        return max(loop_s + flush, self.work.biological_s if self.realtime else 0.0)

    def _spreads(
        self, value: Mapping[str, float], loop_s: float, build_s: float, total_s: float, shape: Shape
    ) -> dict[str, float]:
        """Of sums, parts being independent of each other."""
        beyond = DOUBLING * max(0.0, math.log2(shape.processes / MEASURED_PROCESSES))
        known = {q: math.hypot(self.constants.spread.get(q, UNKNOWN_SPREAD), beyond) for q in value}
        each = {q: self.history.spread(self.work.name, q, known[q]) for q in value}

        def of(names: tuple[str, ...], total: float) -> float:
            return math.sqrt(sum((each[q] * value[q]) ** 2 for q in names)) / max(total, 1e-9)

        loop = of(STEP, loop_s)
        build = of(("build", "prepare", "build_body"), build_s)
        rest = of(("start", "validate", "import", "report"), total_s)
        return {
            "memory": each["memory"],
            "loop": loop,
            "build": build,
            "total": math.sqrt(rest**2 + (loop * loop_s / total_s) ** 2 + (build * build_s / total_s) ** 2),
        }


def flush_amounts(work: Work, loop_s: float) -> Amounts:
    """Bringing data to disk, about once a second, or after five cycles where those take longer."""
    datasets = 2 * work.recorded_populations + work.kept.signals + DATASETS_MORE
    return {"flush": datasets * min(loop_s, work.cycles / FEWEST_CYCLES)}


def other_rank(memory: Amounts) -> Amounts:
    """Terms of a rank without body, loop and report."""
    left_out = ("base_mujoco", "base_opensim", "base_closed_form", "body", "camera", "recorded_value")
    bare = {term: amount for term, amount in memory.items() if term not in left_out}
    return {**bare, "base_closed_form": 1.0}


PLANNED = ("nest", "closed_form")
"""Brain engines whose cost the model knows."""


def planner(
    resolved: Resolved,
    target: str = LOCAL,
    *,
    history: History | None = None,
    constants: Constants | None = None,
) -> Planner:
    """What predicts any shape of an experiment on a target. history, constants: the target's own, unless given.
    Raises NeverError for a file of constants that is broken, UnsupportedError for an engine not among ``PLANNED``."""
    engine = resolved.experiment.brain.engine
    if engine not in PLANNED:
        raise UnsupportedError(
            f"what a brain in engine '{engine}' costs has not been modelled yet; there are: {', '.join(PLANNED)}"
        )
    history = read_history(target) if history is None else history
    rates = expected_rates(resolved, history.rates_hz(resolved.network.name, resolved.network.n_neurons))
    constants = load(target) if constants is None else constants
    notes = [constants.origin, rates.described(), history.described(resolved.network.name)]
    if resolved.task is not None and resolved.task.trials is not None:
        notes.append(
            f"the task ends the run after {resolved.task.trials} trials, maybe before loop.duration_ms"
        )
    work = describe(resolved, rates)
    return Planner(work, constants, history, resolved.experiment.loop.realtime, tuple(filter(None, notes)))


def predict(resolved: Resolved, shape: Shape, target: str = LOCAL) -> Prediction:
    """What a run of this shape is expected to need; takes some 10 ms. A file of constants that is broken is no reason
    for a run to fail: the shipped ones are taken then, and the first of ``notes`` says why."""
    return planner(resolved, target, constants=_load_or_shipped(target)).predict(shape)


def _load_or_shipped(target: str) -> Constants:
    try:
        return load(target)
    except NeverError as error:
        return replace(shipped(), origin=f"{shipped().origin}, because {error}")
