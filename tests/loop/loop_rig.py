"""Loops around the two closed-form engines, from experiment folders like anybody's."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from sherrington.body.closed_form import ClosedFormBody
from sherrington.body.engine import BodyEngine, BodyOptions
from sherrington.brain.closed_form import ClosedFormBrain
from sherrington.brain.engine import BrainOptions, BrainPort, Excitability, brain_port
from sherrington.build import build_body, build_loop
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.pathway import PathwayRunner
from sherrington.loop.recorder import Recorder
from sherrington.ports import Signal, SpikeBatch, Value
from sherrington.record.read import Run, open_run
from sherrington.resolve import open_experiment
from sherrington.resolved import Resolved

NETWORK = """
from sherrington import Network, Population

def pools(*, scale=1.0):
    two = {"flexor": 10, "extensor": 10}
    return Network("pools", [Population("sense", 20, channels=two), Population("drive", 20, channels=two)])
"""

HEAD = """
import numpy as np
from sherrington import SpikeBatch, transfer

CALLS = []
"""


class LoggedBrain(ClosedFormBrain):
    """Notes every call that the loop makes."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def write(self, port: str, value: Value) -> None:
        self.log.append(f"brain.write {port}")
        super().write(port, value)

    def advance(self, until_ns: int) -> None:
        self.log.append("brain.advance")
        super().advance(until_ns)

    def read(self, port: str) -> Value:
        self.log.append(f"brain.read {port}")
        return super().read(port)

    def set_excitability(self, population: str, change: Excitability) -> None:
        self.log.append(f"brain.set_excitability {population}")
        super().set_excitability(population, change)


class LoggedBody(ClosedFormBody):
    """Notes every call that the loop makes, and the torque that acted in each step of the loop."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log
        self.torques: dict[int, float] = {}

    def write(self, port: str, value: Signal) -> None:
        self.log.append(f"body.write {port}")
        super().write(port, value)

    def advance(self, until_ns: int) -> None:
        self.log.append("body.advance")
        self.torques[self.now_ns] = float(self._held[2])
        super().advance(until_ns)

    def read(self, port: str) -> Signal:
        self.log.append(f"body.read {port}")
        return super().read(port)


@dataclass
class Rig:
    """A loop with everything that belongs to it. log: calls to the engines, in order. seen: what arrived, by pathway,
    one array per cycle."""

    resolved: Resolved
    brain: LoggedBrain
    body: BodyEngine
    loop: ClosedLoop
    recorder: Recorder
    folder: Path
    log: list[str]
    seen: dict[str, list[Value]] = field(default_factory=dict)

    def runner(self, name: str) -> PathwayRunner:
        return next(r for r in (*self.loop.wiring.sensory, *self.loop.wiring.motor) if r.name == name)

    def calls(self, pathway: str) -> list[Any]:
        """What the function of a pathway put into ``CALLS`` of its file."""
        found = next(p for p in self.resolved.pathways if p.name == pathway)
        calls: list[Any] = found.transfer.call.__globals__["CALLS"]
        return calls

    def watch(self, loop: ClosedLoop) -> None:
        """An observer: notes what arrived in each cycle at the targets of each pathway."""
        for runner in (*loop.wiring.sensory, *loop.wiring.motor):
            value = runner.values[0]
            self.seen.setdefault(runner.name, []).append(
                value if isinstance(value, SpikeBatch) else value.copy()
            )

    def arrived(self, pathway: str) -> Signal:
        """Shape (cycles, n_channels)."""
        return np.array(self.seen[pathway])

    def run(self, until_ns: int | None = None) -> Rig:
        self.loop.run(until_ns)
        return self

    def recorded(self) -> Run:
        self.recorder.close()
        return open_run(self.folder)


MakeRig = Callable[..., Rig]


def write_experiment(folder: Path, functions: str, pathways: Mapping[str, Any], **sections: Any) -> None:
    folder.mkdir(parents=True)
    (folder / "network.py").write_text(NETWORK, encoding="utf-8")
    (folder / "control.py").write_text(HEAD + textwrap.dedent(functions), encoding="utf-8")
    whole = {
        "title": "a loop of the tests",
        "brain": {"network": "network.py:pools", "engine": "closed_form"} | sections.pop("brain", {}),
        "body": {"model": "one_joint", "engine": "closed_form"} | sections.pop("body", {}),
        "loop": {"interval_ms": 1.0, "duration_ms": 20.0} | sections.pop("loop", {}),
        "pathways": dict(pathways),
        **sections,
    }
    with (folder / "experiment.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(whole, file)


def build_rig(folder: Path, overrides: Sequence[str] = ()) -> Rig:
    resolved = open_experiment(folder, overrides)
    log: list[str] = []
    brain, spikes = LoggedBrain(log), _spike_ports(resolved)
    outputs = {p.port.name: p for p in (*resolved.brain_ports(writes=False), *spikes.values())}
    options = BrainOptions(resolved.experiment.brain.resolution_ms)
    seed = resolved.experiment.seed
    brain.prepare(resolved.network, resolved.brain_ports(writes=True), tuple(outputs.values()), seed, options)
    body = _body(resolved, log)
    run_folder = folder.parent / f"{folder.name}-run"
    loop = build_loop(resolved, brain, body, run_folder / "dump")
    recorder = Recorder(run_folder, resolved, loop.wiring, brain, body, spikes)
    rig = Rig(resolved, brain, body, loop, recorder, run_folder, log)
    loop.observers = (recorder, rig.watch)
    return rig


def _body(resolved: Resolved, log: list[str]) -> BodyEngine:
    if resolved.experiment.body.engine != "closed_form":
        return build_body(resolved)
    body = LoggedBody(log)
    body.prepare(resolved.body, BodyOptions(resolved.experiment.body.timestep_ms))
    return body


def _spike_ports(resolved: Resolved) -> dict[str, BrainPort]:
    populations = resolved.network.populations
    return {
        n: brain_port(populations[n], "spikes", writes=False, per="neuron") for n in resolved.recorded_spikes
    }
