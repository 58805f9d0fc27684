"""What is kept of a run: populations whose spikes, and signals that are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..body import engine as body_engine
from ..body.model import BodyModel
from ..brain.network import Network
from ..ports import SPIKES_UNIT
from ..resolved import ResolvedPathway, ResolvedTask
from .findings import Findings
from .happenings import check_populations
from .ports import body_parts, task_cues


def recorded_spikes(findings: Findings, network: Network | None) -> tuple[str, ...]:
    """Populations whose spikes are kept."""
    asked = findings.source.experiment.record.spikes
    if isinstance(asked, list):
        check_populations(findings, "record.spikes", asked, network)
        return tuple(asked)
    return tuple(network.populations) if network is not None and asked == "all" else ()


def recorded_signals(
    findings: Findings,
    body: BodyModel | None,
    pathways: Sequence[ResolvedPathway],
    task: ResolvedTask | None = None,
) -> tuple[str, ...] | None:
    """Full names of the signals kept; None for all. pathways: none, if they are not all known."""
    asked = findings.source.experiment.record.signals
    if isinstance(asked, str):
        return None if asked == "all" else ()
    signals = _Signals(findings, body, pathways, task)
    for i, name in enumerate(asked):
        signals.check(f"record.signals.{i}", name)
    return tuple(asked)


@dataclass
class _Signals:
    findings: Findings
    body: BodyModel | None
    pathways: Sequence[ResolvedPathway]
    task: ResolvedTask | None

    def check(self, key: str, name: str) -> None:
        side, _, rest = name.partition(".")
        if side == "body":
            self._body(key, rest)
        elif side == "pathway":
            self._pathway(key, rest)
        elif side == "brain":
            self._brain(key, name)
        elif side == "task":
            self._task(key, rest)
        else:
            self.findings.add(
                key, f"'{name}' is no signal", "write body.QUANTITY, brain.PORT or pathway.NAME.OUTPUT"
            )

    def _body(self, key: str, quantity: str) -> None:
        there = tuple(q for q in body_engine.OUTPUTS if q not in body_engine.CONSTANTS)
        cameras = tuple(e.port for p in self.pathways for e in p.inputs if e.pixels is not None)
        if quantity.startswith("camera."):
            if quantity not in cameras and self.pathways:
                self.findings.unknown(key, f"no pathway reads '{quantity}'", quantity, cameras)
        elif quantity in body_engine.CONSTANTS:
            message = f"'{quantity}' never changes, so it is not recorded"
            self.findings.add(key, message, "remove it")
        elif quantity not in there:
            self.findings.unknown(key, f"'{quantity}' cannot be read from a body", quantity, there)
        elif self.body is not None:
            what, names = body_parts(self.body, quantity)
            if what and not names:
                self.findings.add(key, f"body '{self.body.name}' has no {what}", "remove it")

    def _pathway(self, key: str, name: str) -> None:
        outputs = {
            f"{p.name}.{output}": end.unit
            for p in self.pathways
            for output, end in zip(p.transfer.outputs, p.outputs, strict=True)
        }
        if name not in outputs and self.pathways:
            self.findings.unknown(key, f"no pathway output '{name}'", name, tuple(outputs))
        elif outputs.get(name) == SPIKES_UNIT:
            message = f"'{name}' carries spikes, which are no signal"
            self.findings.add(key, message, "record the spikes of the population it ends at: record.spikes")

    def _task(self, key: str, name: str) -> None:
        there = tuple(task_cues(self.task))
        if self.findings.source.experiment.task is None:
            self.findings.add(
                key, f"'task.{name}' belongs to a task, and there is none", "add a section task"
            )
        elif self.task is not None and name not in there:
            self.findings.unknown(key, f"task '{self.task.name}' has no cue '{name}'", name, there)

    def _brain(self, key: str, name: str) -> None:
        read = {f"brain.{e.port}": e.unit for p in self.pathways for e in p.inputs if e.side == "brain"}
        signals = tuple(n for n, unit in read.items() if unit != SPIKES_UNIT)
        if name in read and name not in signals:
            population = name.split(".")[1]
            self.findings.add(
                key, f"'{name}' is spikes, not a signal", f"put '{population}' into record.spikes"
            )
        elif name not in read and self.pathways:
            self.findings.unknown(key, f"no pathway reads '{name}'", name, signals)
