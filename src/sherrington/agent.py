"""An experiment with an agent in it: something outside that writes one port, in place of the pathways that end there,
and observes others. What no part of it needs any more, the brain most of all, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from .brain.network import Network, Population
from .errors import PortError, TaskError
from .ports import Kind, Port, Signal
from .resolve import open_experiment
from .resolve.findings import Findings
from .resolve.ports import Ports
from .resolved import Endpoint, Resolved, ResolvedPathway
from .sections import Reference
from .transfer.function import ANY, Transfer

NAME = "agent"
Asked = str | Mapping[str, Any]
"""A port as in a pathway of the experiment file: its name, or a mapping of its options such as
``{"port": "body.muscle_excitation", "only": ["biceps"]}``."""

RANGES = {
    "muscle_length": (0.0, np.inf),
    "muscle_force": (0.0, np.inf),
    "muscle_activation": (0.0, 1.0),
    "muscle_optimal_length": (0.0, np.inf),
    "muscle_rest_length": (0.0, np.inf),
    "muscle_max_force": (0.0, np.inf),
    "contact_force": (0.0, np.inf),
    "camera": (0.0, 1.0),
    "count": (0.0, np.inf),
    "rate": (0.0, np.inf),
}
"""What an observed quantity can be; all others can be anything."""
_NO_BRAIN = Network("no brain", [Population("nothing", 1)])
"""Stands in the loop where nothing reads or writes the brain; the closed-form engine passes the time of it."""


@dataclass
class Agent:
    """What the agent does. value: in the shape of the port it writes; holds until it is set again."""

    value: Signal

    def __call__(self) -> Signal:
        return self.value


@dataclass(frozen=True)
class Played:
    """An experiment for an agent. resolved: its pathways, with one from the agent; its task, for one trial at a time;
    ``observed`` as asked. act: the end that the agent writes; has_brain: whether its brain is part of it."""

    resolved: Resolved
    agent: Agent
    act: Endpoint
    has_brain: bool


def open_for_agent(folder: Path, overrides: Sequence[str], act: Asked, observe: Sequence[Asked]) -> Played:
    """Open the experiment in ``folder`` and put an agent into it.

    Brain and body run in lockstep, which gives what pipelined mode gives, and as fast as they can. Raises
    ExperimentError; TaskError without a task; PortError for a port that does not exist or carries spikes.
    """
    resolved = open_experiment(folder, overrides)
    if resolved.task is None:
        raise TaskError(
            f"experiment '{resolved.source.name}' has no task, so an agent has nothing to do; add a section task"
        )
    ends = _Ends(resolved)
    target = ends.written(act)
    observed = tuple(ends.read(f"observe.{i}", port) for i, port in enumerate(observe))
    kept = tuple(p for p in resolved.pathways if not any(_meet(target, end) for end in p.outputs))
    has_brain = any(e.side == "brain" for e in (target, *observed)) or any(p.is_motor for p in kept)
    if not has_brain:
        kept = tuple(p for p in kept if all(e.side != "brain" for e in (*p.inputs, *p.outputs)))
    _check_cameras(kept, observed)
    agent = Agent(np.empty(0))
    played = replace(
        resolved,
        pathways=(*kept, _pathway(agent, target, resolved.interval_ns)),
        task=replace(resolved.task, trials=1),
        observed=observed,
        recorded_spikes=(),
    )
    return Played(_in_lockstep(played) if has_brain else _brainless(played), agent, target, has_brain)


def seeded(resolved: Resolved, seed: int) -> Resolved:
    """The same with another seed."""
    return _changed(resolved, seed=seed)


@dataclass
class _Ends:
    """Finds the ports that are asked for, in the words of the experiment file."""

    resolved: Resolved

    def __post_init__(self) -> None:
        self._findings = Findings(self.resolved.source)
        self._ports = Ports(self._findings, self.resolved.network, self.resolved.body, self.resolved.task)

    def written(self, asked: Asked) -> Endpoint:
        """A plain name of a brain's port means it with the options that the pathways have which end there."""
        ends = {e for p in self.resolved.pathways for e in p.outputs if e.brain and title(e) == asked}
        if len(ends) > 1:
            options = ", ".join(sorted(e.port for e in ends))
            raise PortError(
                f"act: pathways write {asked} with different options ({options}); "
                'say which are meant, as in {"port": ..., "weight": ...}'
            )
        return ends.pop() if ends else self._found("act", asked, writes=True)

    def read(self, key: str, asked: Asked) -> Endpoint:
        return self._found(key, asked, writes=False)

    def _found(self, key: str, asked: Asked, *, writes: bool) -> Endpoint:
        end = self._ports.end(key, _reference(key, asked), writes=writes)
        if self._findings.problems or end is None:
            raise PortError(
                "\n".join(f"{p.key}: {p.message}\n    mend: {p.remedy}" for p in self._findings.problems)
            )
        if end.brain and end.brain.port.kind is Kind.SPIKES:
            instead = "rate or current" if writes else "count or rate"
            raise PortError(
                f"{key}: {title(end)} carries spikes, and an agent deals in numbers; use {instead}"
            )
        return end


def _reference(key: str, asked: Asked) -> Reference:
    try:
        return Reference.model_validate({"port": asked} if isinstance(asked, str) else dict(asked))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PortError(
            f"{key}: {asked} is no port: {where}: {first['msg']}; it takes {_options()}"
        ) from error


def _options() -> str:
    return ", ".join(Reference.model_fields)


def _meet(one: Endpoint, other: Endpoint) -> bool:
    """Whether both write some entry of one port."""
    if title(one) != title(other):
        return False
    return one.only is None or other.only is None or not set(one.only).isdisjoint(other.only)


def _check_cameras(kept: Sequence[ResolvedPathway], observed: Sequence[Endpoint]) -> None:
    """One camera makes images of one size."""
    sizes = {e.port: e.pixels for p in kept for e in p.inputs if e.pixels}
    for end in observed:
        if sizes.get(end.port, end.pixels) != end.pixels:
            raise PortError(
                f"observe: pathways read body.{end.port} with pixels {sizes[end.port]}; give the same"
            )


def _pathway(agent: Agent, target: Endpoint, interval_ns: int) -> ResolvedPathway:
    transfer = Transfer(NAME, agent.__call__, {}, {"value": ANY}, -np.inf, np.inf, "What the agent does.")
    return ResolvedPathway(NAME, transfer, (), (target,), {}, 0, interval_ns, 1.0, 0.0)


def _in_lockstep(resolved: Resolved) -> Resolved:
    loop = resolved.experiment.loop
    return _changed(resolved, loop=loop.model_copy(update={"mode": "lockstep", "realtime": False}))


def _brainless(resolved: Resolved) -> Resolved:
    brain = resolved.experiment.brain.model_copy(update={"engine": "closed_form"})
    return replace(_changed(_in_lockstep(resolved), brain=brain), network=_NO_BRAIN, changes=())


def _changed(resolved: Resolved, **sections: Any) -> Resolved:
    experiment = resolved.experiment.model_copy(update=sections)
    return replace(resolved, source=replace(resolved.source, experiment=experiment))


def quantity(end: Endpoint) -> str:
    """Of a camera, ``camera``."""
    return end.brain.quantity if end.brain else end.port.partition(".")[0]


def title(end: Endpoint) -> str:
    """As it is written in the experiment file."""
    return f"brain.{end.brain.population}.{end.brain.quantity}" if end.brain else f"{end.side}.{end.port}"


def value_range(end: Endpoint, port: Port) -> tuple[Signal, Signal]:
    """Lowest and highest value of each number that is observed at a port."""
    low, high = RANGES.get(quantity(end), (-np.inf, np.inf)) if end.side != "task" else (-np.inf, np.inf)
    size = int(np.prod(port.shape))
    return np.full(size, low), np.full(size, high)


def entries(end: Endpoint, port: Port) -> Iterator[str]:
    """A name for each number that is observed at a port, as ``body.joint_angle[elbow]``."""
    for index in np.ndindex(port.shape):
        inner = "".join(f",{i}" for i in index[1:])
        yield f"{title(end)}[{port.order[index[0]]}{inner}]"


def bounds(end: Endpoint, port: Port, act_max: float | None) -> tuple[float, float]:
    """Least and largest action: what the port accepts, within ``act_max``. Raises PortError where that is infinite."""
    most = np.inf if act_max is None else act_max
    low, high = max(port.low, -most), min(port.high, most)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise PortError(
            f"act: {title(end)} takes {port.low:g} to {port.high:g} {port.unit}, and act_max is {act_max}; "
            f"give act_max, the largest action in {port.unit}"
        )
    return low, high
