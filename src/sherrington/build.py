"""From a resolved experiment to a closed loop that can run. The only file that knows engine names."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .body.engine import BodyEngine, BodyOptions
from .brain.engine import BrainEngine, BrainOptions, BrainPort, own_spikes, total_count
from .brain.network import Network
from .brain.ranks import LeadingBrain, Message, follow
from .errors import PortError, UnsupportedError, known
from .loop.closed_loop import ClosedLoop, Observer
from .loop.guard import Guard
from .loop.pathway import PathwayRunner
from .loop.schedule import Schedule
from .loop.trials import TrialRunner
from .loop.wiring import Source, Sources, Wiring
from .parallel import world
from .ports import Entries, Port, SpikeBatch, Value
from .resolved import Endpoint, Resolved, ResolvedPathway

if TYPE_CHECKING:  # brings HDF5, which gym and others do without
    from .record.rank_spikes import RankSpikes

BRAINS = {
    "nest": "brain.nest:NestBrain",
    "native": "brain.native.brain:NativeBrain",
    "closed_form": "brain.closed_form:ClosedFormBrain",
}
OVER_RANKS = ("nest",)
"""Brain engines that can be on several ranks at once."""
BODIES = {
    "mujoco": "body.mujoco:MujocoBody",
    "opensim": "body.opensim:OpensimBody",
    "closed_form": "body.closed_form:ClosedFormBody",
}


def load_engine(table: dict[str, str], name: str) -> Any:
    """A new engine of that name."""
    return _engine_class(table, name)()


def import_brain(resolved: Resolved) -> None:
    """Import the library of the brain's engine. Raises UnsupportedError for one that knows no ranks."""
    name, ranks = resolved.experiment.brain.engine, world().size
    if ranks > 1 and name not in OVER_RANKS:
        raise UnsupportedError(
            f"brain engine '{name}' runs in one process, and {ranks} were started; "
            f"over several ranks there are: {', '.join(OVER_RANKS)}"
        )
    _engine_class(BRAINS, name)


def import_body(resolved: Resolved) -> None:
    """Import the library of the body's engine."""
    _engine_class(BODIES, resolved.experiment.body.engine)


def _engine_class(table: dict[str, str], name: str) -> Any:
    module, _, cls = table[name].partition(":")
    return getattr(importlib.import_module(f"{__package__}.{module}"), cls)


@dataclass(frozen=True)
class BrainCall:
    """What a brain is prepared with. spikes: recorded population to the port with its spikes."""

    network: Network
    inputs: tuple[BrainPort, ...]
    outputs: tuple[BrainPort, ...]
    seed: int
    options: BrainOptions
    spikes: dict[str, BrainPort]

    @classmethod
    def of(cls, resolved: Resolved) -> BrainCall:
        """The same on every rank."""
        experiment, populations = resolved.experiment, resolved.network.populations
        spikes = {name: own_spikes(populations[name]) for name in resolved.recorded_spikes}
        counts = [total_count(populations[n]) for n in resolved.recorded_spikes] if world().size > 1 else []
        read = (*resolved.brain_ports(writes=False), *spikes.values(), *counts)
        options = BrainOptions(
            experiment.brain.resolution_ms,
            experiment.brain.virtual_processes,
            sample_ms=experiment.loop.interval_ms,
        )
        outputs = {p.port.name: p for p in read}
        inputs = tuple(resolved.brain_ports(writes=True))
        return cls(resolved.network, inputs, tuple(outputs.values()), experiment.seed, options, spikes)

    def prepare(self, brain: BrainEngine) -> None:
        """Build the network in an engine."""
        brain.prepare(self.network, self.inputs, self.outputs, self.seed, self.options)


def build_brain(resolved: Resolved) -> tuple[BrainEngine, dict[str, BrainPort]]:
    """Build the network in its engine; also gives the port of every recorded population's spikes. Of several ranks this
    is rank 0; the others ``build_following``."""
    call = BrainCall.of(resolved)
    brain: BrainEngine = load_engine(BRAINS, resolved.experiment.brain.engine)
    if world().size > 1:
        brain = LeadingBrain(brain, world())
    call.prepare(brain)
    return brain, call.spikes


@dataclass(frozen=True)
class Following:
    """The brain on a rank that is not 0, built."""

    resolved: Resolved
    brain: BrainEngine
    message: Message

    def follow(self, log: Callable[[Path], None]) -> None:
        """Do with it what rank 0 says, to its end. log: called with the run folder once it is known."""

        def record(folder: Path) -> RankSpikes:
            log(folder)
            return rank_spikes(self.resolved, self.brain, folder)

        follow(self.brain, self.message, world(), record)


def build_following(resolved: Resolved) -> Following:
    """On every rank but 0: build the same brain as ``build_brain`` does on rank 0."""
    call = BrainCall.of(resolved)
    brain: BrainEngine = load_engine(BRAINS, resolved.experiment.brain.engine)
    world().patience.wait()
    with world().together():
        call.prepare(brain)
    world().patience.done()
    return Following(resolved, brain, Message(call.inputs))


def rank_spikes(resolved: Resolved, brain: BrainEngine, folder: Path) -> RankSpikes:
    """What records the spikes of this rank's neurons."""
    from .loop.recorder import population_info
    from .record.rank_spikes import RankSpikes

    ports = {name: own_spikes(resolved.network.populations[name]) for name in resolved.recorded_spikes}
    info = population_info(resolved)
    return RankSpikes(
        folder, world().rank, info, lambda name: cast(SpikeBatch, brain.read(ports[name].port.name))
    )


def build_body(resolved: Resolved) -> BodyEngine:
    """Compile the body in its engine, in its initial pose."""
    section = resolved.experiment.body
    body: BodyEngine = load_engine(BODIES, section.engine)
    pipelined = resolved.experiment.loop.mode == "pipelined"
    options = BodyOptions(section.timestep_ms, section.initial_rad, resolved.cameras, pipelined)
    body.prepare(resolved.body, options)
    return body


def build_loop(
    resolved: Resolved,
    brain: BrainEngine,
    body: BodyEngine,
    dump_folder: Path,
    observers: Sequence[Observer] = (),
) -> ClosedLoop:
    """Join brain and body. Raises PortError for a port that this body does not have."""
    return ClosedLoop(
        brain=brain,
        body=body,
        wiring=wire(resolved, brain, body),
        schedule=Schedule.of(resolved),
        guard=Guard(dump_folder),
        forces=resolved.forces,
        changes=resolved.changes,
        observers=observers,
        realtime=resolved.experiment.loop.realtime,
    )


def wire(resolved: Resolved, brain: BrainEngine, body: BodyEngine) -> Wiring:
    """Names to ports, once."""
    for force in resolved.forces:
        _body_port(body.inputs, force.port, f"perturbation '{force.name}'")
    trials = trial_runner(resolved, body)
    runners = [(p, _runner(p, resolved, brain, body, trials)) for p in resolved.pathways]
    return Wiring(
        sensory=tuple(r for p, r in runners if not p.is_motor),
        motor=tuple(r for p, r in runners if p.is_motor),
        brain_writes=_writes(runners, "brain", body),
        body_writes=_writes(runners, "body", body),
        trials=trials,
    )


def trial_runner(resolved: Resolved, body: BodyEngine) -> TrialRunner | None:
    """A new one for the task, or None without a task."""
    if resolved.task is None:
        return None
    for ports, names in ((body.outputs, resolved.task.reads), (body.inputs, resolved.task.forces)):
        for name in names:
            _body_port(ports, name, f"task '{resolved.task.name}'")
    return TrialRunner(resolved.task, body, resolved.interval_ns, resolved.experiment.seed)


def _runner(
    p: ResolvedPathway,
    resolved: Resolved,
    brain: BrainEngine,
    body: BodyEngine,
    trials: TrialRunner | None,
) -> PathwayRunner:
    who = f"pathway '{p.name}'"
    reads = [reader(end, brain, body, trials, who) for end in p.inputs]
    targets = [written_port(end, body, who) for end in p.outputs]
    return PathwayRunner(p, reads, targets, resolved.interval_ns, resolved.experiment.seed)


def reader(
    end: Endpoint, brain: BrainEngine, body: BodyEngine, trials: TrialRunner | None, who: str
) -> Callable[[str], Value]:
    """What reads an end, given the name of its port. who: is named in errors, as everywhere here."""
    if end.side == "brain":
        return brain.read
    side, ports = (trials, trials.ports) if trials and end.side == "task" else (body, body.outputs)
    whole = _body_port(ports, end.port, who)
    if end.only is None:
        return side.read
    chosen = _entries(whole, end, who)
    return lambda port: side.read(port)[chosen]


def read_port(end: Endpoint, body: BodyEngine, trials: TrialRunner | None, who: str) -> Port:
    """The port that an end reads, of the entries that are meant."""
    ports = trials.ports if trials and end.side == "task" else body.outputs
    return end.brain.port if end.brain else _meant(ports, end, who)


def written_port(end: Endpoint, body: BodyEngine, who: str) -> Port:
    """The port that an end writes, of the entries that are meant."""
    return end.brain.port if end.brain else _meant(body.inputs, end, who)


def _meant(ports: Mapping[str, Port], end: Endpoint, who: str) -> Port:
    port = _body_port(ports, end.port, who)
    return port if end.only is None else port.part(_entries(port, end, who))


def _entries(port: Port, end: Endpoint, who: str) -> Entries:
    """Positions of the entries that an end means; ``gyro`` stands for ``gyro[0]``, ``gyro[1]`` and so on."""
    found: list[int] = []
    for name in end.only or ():
        mine = [i for i, entry in enumerate(port.order) if entry == name or entry.startswith(f"{name}[")]
        if not mine:
            raise PortError(f"{who}: {end.side}.{port.name} has no entry '{name}'; {known(port.order)}")
        found += mine
    return np.array(found, np.intp)


def _body_port(ports: Any, name: str, who: str) -> Port:
    if name not in ports:
        raise PortError(
            f"{who} needs body.{name}, which this body does not have; there are: {', '.join(ports)}"
        )
    port: Port = ports[name]
    return port


def _writes(
    runners: Sequence[tuple[ResolvedPathway, PathwayRunner]], side: str, body: BodyEngine
) -> tuple[tuple[Port, Sources], ...]:
    by_port: dict[str, tuple[Port, list[Source]]] = {}
    for pathway, runner in runners:
        for i, (end, target) in enumerate(zip(pathway.outputs, runner.targets, strict=True)):
            if end.side == side:
                whole = target if end.only is None else body.inputs[end.port]
                chosen = None if end.only is None else _entries(whole, end, f"pathway '{pathway.name}'")
                by_port.setdefault(whole.name, (whole, []))[1].append(Source(runner, i, chosen))
    return tuple((port, tuple(sources)) for port, sources in by_port.values())
