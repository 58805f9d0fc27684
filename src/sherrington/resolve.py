"""From names to things: an experiment with its network, body, functions and ports found and checked.

Everything wrong is collected and raised at once as an ExperimentError; no engine is imported, nothing is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import find
from .body import engine as body_engine
from .body.model import BodyModel
from .body.models import SHIPPED as SHIPPED_BODIES
from .brain import engine as brain_engine
from .brain.engine import BrainPort, Excitability, brain_port
from .brain.models import SHIPPED as SHIPPED_NETWORKS
from .brain.network import Network
from .clock import format_ms, ms_to_ns
from .errors import ExperimentError, NetworkError, Problem, SherringtonError, known
from .experiment import Experiment, Pathway, Reference, Source
from .ports import Signal
from .transfer.function import ANY, Transfer
from .transfer.shipped import SHIPPED as SHIPPED_FUNCTIONS


@dataclass(frozen=True)
class Endpoint:
    """One end of a pathway. side: ``brain`` or ``body``; port: name within that engine; unit: as declared there;
    brain: the resolved brain port, None for the body, whose engine knows the sizes."""

    side: str
    port: str
    unit: str
    brain: BrainPort | None = None


@dataclass(frozen=True)
class ResolvedPathway:
    """A pathway with its function and ports found. inputs, outputs: ordered as the function declares them."""

    name: str
    transfer: Transfer
    inputs: tuple[Endpoint, ...]
    outputs: tuple[Endpoint, ...]
    params: Mapping[str, Any]
    delay_ns: int
    interval_ns: int
    gain: float
    noise_std: float

    @property
    def is_motor(self) -> bool:
        """From brain to body: the direction that a pipelined loop needs a delay in."""
        return self.outputs[0].side == "body" and any(e.side == "brain" for e in self.inputs)


@dataclass(frozen=True)
class TimedForce:
    """A perturbation: ``value`` is added to the body input ``port`` from start to end."""

    name: str
    start_ns: int
    end_ns: int
    port: str
    value: Signal


@dataclass(frozen=True)
class TimedChange:
    """An intervention: ``change`` is made to the populations at a time."""

    name: str
    at_ns: int
    populations: tuple[str, ...]
    change: Excitability


@dataclass(frozen=True)
class Resolved:
    """An experiment ready to be built. recorded_spikes: populations; recorded_signals: None for all."""

    source: Source
    network: Network
    body: BodyModel
    pathways: tuple[ResolvedPathway, ...]
    forces: tuple[TimedForce, ...]
    changes: tuple[TimedChange, ...]
    recorded_spikes: tuple[str, ...]
    recorded_signals: tuple[str, ...] | None
    check: Callable[..., Any] | None
    interval_ns: int
    duration_ns: int
    timestep_ns: int
    resolution_ns: int

    @property
    def experiment(self) -> Experiment:
        return self.source.experiment

    def brain_ports(self, *, writes: bool) -> tuple[BrainPort, ...]:
        """The distinct brain ports that pathways write, or read, in order of first use."""
        ends = (e for p in self.pathways for e in (p.outputs if writes else p.inputs))
        return tuple({e.port: e.brain for e in ends if e.brain is not None}.values())


def resolve(source: Source) -> Resolved:
    """Find and check everything an experiment names. Raises ExperimentError with all problems at once."""
    return _Resolver(source).run()


@dataclass
class _Resolver:
    source: Source
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> Resolved:
        experiment = self.source.experiment
        clocks = self.clocks()
        network, body = self.network(), self.body()
        pathways = [self.pathway(name, p, network, body, clocks) for name, p in experiment.pathways.items()]
        forces = self.forces(body, clocks)
        changes = self.changes(network, clocks)
        spikes = self.recorded_spikes(network)
        signals = self.recorded_signals(experiment, network)
        check = self.found("check function", "check", experiment.check, {}) if experiment.check else None
        if self.problems or network is None or body is None:
            raise ExperimentError(self.problems)
        return Resolved(
            source=self.source,
            network=network,
            body=body,
            pathways=tuple(p for p in pathways if p is not None),
            forces=tuple(forces),
            changes=tuple(changes),
            recorded_spikes=spikes,
            recorded_signals=signals,
            check=check,
            interval_ns=clocks["loop.interval_ms"],
            duration_ns=clocks["loop.duration_ms"],
            timestep_ns=clocks["body.timestep_ms"],
            resolution_ns=clocks["brain.resolution_ms"],
        )

    def add(self, key: str, message: str, remedy: str) -> None:
        self.problems.append(self.source.problem(key, message, remedy))

    # --- clocks ---

    def clocks(self) -> dict[str, int]:
        """Every clock in ns; those that do not divide become problems. A broken one counts as 0 from there on."""
        e = self.source.experiment
        values = {
            "loop.interval_ms": e.loop.interval_ms,
            "loop.duration_ms": e.loop.duration_ms,
            "brain.resolution_ms": e.brain.resolution_ms,
            "body.timestep_ms": e.body.timestep_ms,
        }
        clocks = {key: self.ns(key, value) for key, value in values.items()}
        interval = clocks["loop.interval_ms"]
        self.divides("loop.duration_ms", clocks["loop.duration_ms"], "loop.interval_ms", interval)
        for key in ("brain.resolution_ms", "body.timestep_ms"):
            self.divides("loop.interval_ms", interval, key, clocks[key])
        for key in ("interval_ms", "pose_interval_ms"):
            value = getattr(e.record, key)
            if value is not None:
                self.multiple(f"record.{key}", value, interval)
        return clocks

    def ns(self, key: str, value_ms: float) -> int:
        try:
            return ms_to_ns(value_ms, key)
        except SherringtonError as error:
            self.add(key, str(error), "give a time in ms with at most six decimals")
            return 0

    def divides(self, long_key: str, long_ns: int, short_key: str, short_ns: int) -> None:
        if not long_ns or not short_ns or long_ns % short_ns == 0:
            return
        below = long_ns // short_ns * short_ns
        near = " or ".join(format_ms(ns) for ns in (below, below + short_ns) if ns)
        self.add(
            long_key,
            f"{format_ms(long_ns)} is not a whole multiple of {short_key} ({format_ms(short_ns)})",
            f"use {near}, or change {short_key}",
        )

    def multiple(self, key: str, value_ms: float, interval_ns: int) -> int:
        """``value_ms`` in ns, which must be a whole number of exchange intervals."""
        value_ns = self.ns(key, value_ms)
        self.divides(key, value_ns, "loop.interval_ms", interval_ns)
        return value_ns

    # --- things by name ---

    def found(self, kind: str, key: str, text: str, shipped: Mapping[str, str]) -> Callable[..., Any] | None:
        try:
            return find.find(kind, text, shipped, self.source.folder)
        except find.NotFoundError as error:
            self.add(key, error.message, error.remedy)
            return None

    def called(self, kind: str, key: str, function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """The description a person's or a shipped function makes; its errors become problems."""
        unknown, missing, names = find.unknown_arguments(function, given)
        for name in unknown:
            where = f"{key}.{name}" if name == "scale" else f"{key}.params.{name}"
            self.add(where, f"{function.__name__} has no parameter '{name}'", known(names))
        for name in missing:
            self.add(f"{key}.params", f"{function.__name__} needs the parameter '{name}'", f"add '{name}' to params")
        if unknown or missing:
            return None
        try:
            return function(**given)
        except SherringtonError as error:
            self.add(key, str(error), f"change the parameters of this {kind}")
        except Exception as error:  # noqa: BLE001 - a person's code may raise anything; it is reported, not hidden
            line = find.own_line(error, self.source.folder)
            self.add(key, f"{function.__name__} raised {type(error).__name__}: {error}", f"correct {line}")
        return None

    def network(self) -> Network | None:
        brain = self.source.experiment.brain
        function = self.found("network", "brain.network", brain.network, SHIPPED_NETWORKS)
        if function is None:
            return None
        network = self.called("network", "brain", function, {"scale": brain.scale, **brain.params})
        if network is not None and not isinstance(network, Network):
            self.add("brain.network", f"{brain.network} returned {type(network).__name__}", "return a Network")
            return None
        return network

    def body(self) -> BodyModel | None:
        body = self.source.experiment.body
        try:
            model = self._body_model(body.model, body.params)
        except SherringtonError as error:
            self.add("body.model", str(error), "correct the model file")
            return None
        for joint in body.initial_rad if model else ():
            if model and joint not in model.joints:
                self.add(f"body.initial_rad.{joint}", f"no joint '{joint}' in '{model.name}'", known(model.joints))
        return model

    def _body_model(self, text: str, params: Mapping[str, Any]) -> BodyModel | None:
        if Path(text).suffix in {".xml", ".mjcf"}:
            for name in params:
                self.add(f"body.params.{name}", "a model file takes no parameters", "remove it, or edit the file")
            path = self.source.folder / text
            if path.is_file():
                return BodyModel.from_file(path)
            near = sorted(p.name for p in self.source.folder.glob("*.xml"))
            self.add("body.model", f"no file '{text}' beside the experiment", f"model files: {known(near)}")
            return None
        function = self.found("body", "body.model", text, SHIPPED_BODIES)
        model = self.called("body", "body", function, params) if function else None
        if model is not None and not isinstance(model, BodyModel):
            self.add("body.model", f"{text} returned {type(model).__name__}", "return a BodyModel")
            return None
        return model

    # --- pathways ---

    def pathway(
        self, name: str, p: Pathway, network: Network | None, body: BodyModel | None, clocks: Mapping[str, int]
    ) -> ResolvedPathway | None:
        key = f"pathways.{name}"
        interval = clocks["loop.interval_ms"]
        delay_ns = self.multiple(f"{key}.delay_ms", p.delay_ms, interval)
        interval_ns = interval
        if p.interval_ms is not None:
            interval_ns = self.multiple(f"{key}.interval_ms", p.interval_ms, interval)
        transfer = self.transfer(key, p)
        if transfer is None:
            return None
        inputs = self.ends(f"{key}.inputs", p.inputs, transfer.inputs, network, body, writes=False)
        outputs = self.ends(f"{key}.outputs", p.outputs, transfer.outputs, network, body, writes=True)
        if not outputs:
            return None
        if len({e.side for e in outputs}) > 1:
            self.add(f"{key}.outputs", "ends at both brain and body", "make it two pathways, one for each side")
        resolved = ResolvedPathway(
            name, transfer, inputs, outputs, p.params, delay_ns, interval_ns, p.gain, p.noise.std if p.noise else 0.0
        )
        self.pipelining(key, resolved, interval)
        return resolved

    def pipelining(self, key: str, pathway: ResolvedPathway, interval_ns: int) -> None:
        mode = self.source.experiment.loop.mode
        if mode == "pipelined" and pathway.is_motor and pathway.delay_ns < interval_ns:
            self.add(
                f"{key}.delay_ms",
                f"its delay ({format_ms(pathway.delay_ns)}) is shorter than the exchange interval "
                f"({format_ms(interval_ns)}), so brain and body cannot run at the same time",
                f"use a delay of at least {format_ms(interval_ns)}, a shorter loop.interval_ms, or loop.mode: lockstep",
            )

    def transfer(self, key: str, p: Pathway) -> Transfer | None:
        function = self.found("transfer function", f"{key}.function", p.function, SHIPPED_FUNCTIONS)
        if function is None:
            return None
        declared: Transfer | None = getattr(function, "__transfer__", None)
        if declared is None:
            self.add(
                f"{key}.function",
                f"'{p.function}' does not declare its ports",
                "put @transfer(inputs={...}, outputs={...}) from sherrington above it",
            )
            return None
        for name in p.params:
            if name not in declared.parameters:
                self.add(
                    f"{key}.params.{name}",
                    f"'{declared.name}' has no parameter '{name}'",
                    known(tuple(declared.parameters)),
                )
        for name, parameter in declared.parameters.items():
            if parameter.default is parameter.empty and name not in p.params:
                self.add(f"{key}.params", f"'{declared.name}' needs the parameter '{name}'", f"add '{name}'")
        return declared

    def ends(
        self,
        key: str,
        given: Mapping[str, str | Reference],
        declared: Mapping[str, str],
        network: Network | None,
        body: BodyModel | None,
        *,
        writes: bool,
    ) -> tuple[Endpoint, ...]:
        what = "output" if writes else "input"
        for name in given:
            if name not in declared:
                self.add(f"{key}.{name}", f"the function declares no {what} '{name}'", known(tuple(declared)))
        ends = []
        for name, unit in declared.items():
            if name not in given:
                self.add(key, f"the {what} '{name}' ({unit}) is not connected", f"add '{name}: brain... or body...'")
                continue
            end = self.end(f"{key}.{name}", given[name], network, body, writes=writes)
            if end is not None:
                self.units(f"{key}.{name}", end, unit)
                ends.append(end)
        return tuple(ends)

    def units(self, key: str, end: Endpoint, declared: str) -> None:
        if declared not in {ANY, end.unit}:
            self.add(
                key,
                f"the function declares {declared} but {end.side}.{end.port} is in {end.unit}",
                "connect a port of that unit, or convert in a function of your own",
            )

    def end(
        self,
        key: str,
        given: str | Reference,
        network: Network | None,
        body: BodyModel | None,
        *,
        writes: bool,
    ) -> Endpoint | None:
        reference = given if isinstance(given, Reference) else Reference(port=given)
        side, _, rest = reference.port.partition(".")
        if side == "body":
            return self.body_end(key, rest, body, writes=writes)
        if side == "brain":
            return self.brain_end(key, rest, reference, network, writes=writes)
        self.add(key, f"'{reference.port}' is no port", "write brain.POPULATION.QUANTITY or body.QUANTITY")
        return None

    def body_end(self, key: str, quantity: str, body: BodyModel | None, *, writes: bool) -> Endpoint | None:
        table = body_engine.INPUTS if writes else body_engine.OUTPUTS
        if quantity not in table:
            verb = "written to" if writes else "read from"
            self.add(key, f"'{quantity}' cannot be {verb} a body", known(tuple(table)))
            return None
        if body is not None and quantity.startswith("muscle_") and not body.muscles:
            remedy = f"its motors are: {', '.join(body.motors) or 'none'}; use motor_control or joint_ ports"
            self.add(key, f"body '{body.name}' has no muscles", remedy)
            return None
        return Endpoint("body", quantity, table[quantity])

    def brain_end(
        self, key: str, rest: str, reference: Reference, network: Network | None, *, writes: bool
    ) -> Endpoint | None:
        name, _, quantity = rest.partition(".")
        table = brain_engine.INPUTS if writes else {**brain_engine.OUTPUTS, **brain_engine.RECORDABLE_UNITS}
        if not quantity:
            remedy = f"write brain.{name}.QUANTITY with one of: {', '.join(table)}"
            self.add(key, f"'{reference.port}' names a population but no quantity", remedy)
            return None
        if writes and quantity not in table:
            self.add(key, f"'{quantity}' cannot be written to a population", known(tuple(table)))
            return None
        if network is None:
            return None
        try:
            population = network.population(name)
        except NetworkError as error:
            message, _, remedy = str(error).partition("; ")
            self.add(key, message, remedy)
            return None
        port = brain_port(
            population, quantity, writes=writes, per=reference.per, tau_ms=reference.tau_ms, weight=reference.weight
        )
        return Endpoint("brain", port.port.name, port.port.unit, port)

    # --- what happens, what is kept ---

    def forces(self, body: BodyModel | None, clocks: Mapping[str, int]) -> list[TimedForce]:
        forces = []
        for i, p in enumerate(self.source.experiment.perturbations):
            key = f"perturbations.{i}"
            start = self.multiple(f"{key}.at_ms", p.at_ms, clocks["loop.interval_ms"])
            length = self.multiple(f"{key}.duration_ms", p.duration_ms, clocks["loop.interval_ms"])
            if not p.joint_torque_Nm and not p.body_force_N:
                self.add(key, "applies nothing", "add joint_torque_Nm: {JOINT: value} or body_force_N: {BODY: [x, y, z]}")
            if body is None:
                continue
            torque = self.spread(f"{key}.joint_torque_Nm", p.joint_torque_Nm, body.joints, (len(body.joints),), "joint")
            force = self.spread(f"{key}.body_force_N", p.body_force_N, body.bodies, (len(body.bodies), 3), "body")
            for port, value in (("joint_torque", torque), ("body_force", force)):
                if value.any():
                    forces.append(TimedForce(p.name, start, start + length, port, value))
        return forces

    def spread(
        self, key: str, given: Mapping[str, Any], names: tuple[str, ...], shape: tuple[int, ...], what: str
    ) -> Signal:
        value = np.zeros(shape)
        for name, amount in given.items():
            if name in names:
                value[names.index(name)] = amount
            else:
                self.add(f"{key}.{name}", f"the body has no {what} '{name}'", known(names))
        return value

    def changes(self, network: Network | None, clocks: Mapping[str, int]) -> list[TimedChange]:
        changes = []
        for i, item in enumerate(self.source.experiment.interventions):
            key = f"interventions.{i}"
            at_ns = self.multiple(f"{key}.at_ms", item.at_ms, clocks["loop.interval_ms"])
            if (item.action == "stimulate") != (item.current_pA != 0.0):
                self.add(f"{key}.current_pA", f"'{item.action}' with {item.current_pA:g} pA", "stimulate needs a current, nothing else takes one")
            self.populations(f"{key}.populations", item.populations, network)
            change = Excitability(item.current_pA, item.action == "silence", item.action == "lesion")
            changes.append(TimedChange(item.name, at_ns, tuple(item.populations), change))
        return changes

    def populations(self, key: str, names: list[str], network: Network | None) -> None:
        for i, name in enumerate(names):
            if network is not None and name not in network.populations:
                self.add(f"{key}.{i}", f"no population '{name}'", known(tuple(network.populations)))

    def recorded_spikes(self, network: Network | None) -> tuple[str, ...]:
        asked = self.source.experiment.record.spikes
        if isinstance(asked, list):
            self.populations("record.spikes", asked, network)
            return tuple(asked)
        return tuple(network.populations) if network is not None and asked == "all" else ()

    def recorded_signals(self, experiment: Experiment, network: Network | None) -> tuple[str, ...] | None:
        asked = experiment.record.signals
        if asked == "all":
            return None
        if asked == "none":
            return ()
        for i, name in enumerate(asked):
            self.signal(f"record.signals.{i}", name, experiment)
        return tuple(asked)

    def signal(self, key: str, name: str, experiment: Experiment) -> None:
        side, _, rest = name.partition(".")
        if side == "body" and rest not in body_engine.OUTPUTS:
            self.add(key, f"'{rest}' cannot be read from a body", known(tuple(body_engine.OUTPUTS)))
        elif side == "pathway":
            pathway, _, output = rest.partition(".")
            there = [f"{n}.{o}" for n, p in experiment.pathways.items() for o in p.outputs]
            if f"{pathway}.{output}" not in there:
                self.add(key, f"no pathway output '{rest}'", known(there))
        elif side == "brain":
            read = [
                (r.port if isinstance(r, Reference) else r) for p in experiment.pathways.values() for r in p.inputs.values()
            ]
            if name not in read:
                self.add(key, f"no pathway reads '{name}'", known(sorted({r for r in read if r.startswith("brain.")})))
        elif side != "body":
            self.add(key, f"'{name}' is no signal", "write body.QUANTITY, brain.PORT or pathway.NAME.OUTPUT")
