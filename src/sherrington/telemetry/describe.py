"""What a run says about itself: the experiment, its transfer functions, what can be watched."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any

from ..body.model import BodyModel
from ..brain.population import Population
from ..ports import Numbered, Port
from ..record.folder import plain
from ..resolved import Endpoint, Resolved, ResolvedPathway
from ..service.messages import (
    MOST_CODE,
    Experiment,
    FunctionFacts,
    Functions,
    PopulationFacts,
    PortFacts,
    Ports,
)


def experiment(resolved: Resolved) -> Experiment:
    """What is known before anything is built."""
    described, network, body, task = resolved.experiment, resolved.network, resolved.body, resolved.task
    populations = network.populations.values()
    return Experiment(
        title=described.title,
        seed=described.seed,
        duration_ns=resolved.duration_ns,
        interval_ns=resolved.interval_ns,
        network=network.name,
        brain_engine=described.brain.engine,
        neurons=network.n_neurons,
        synapses=int(network.expected_synapses()),
        populations=[_population(p, resolved.recorded_spikes) for p in populations],
        regions=list(dict.fromkeys(p.region for p in populations if p.region)),
        body=body.name,
        body_engine=described.body.engine,
        muscles=list(body.muscles),
        joints=list(body.joints),
        geometry=_digest(body),
        task=task.name if task else None,
        trials=task.trials if task else None,
    )


def _population(population: Population, recorded: tuple[str, ...]) -> PopulationFacts:
    return PopulationFacts(
        name=population.name,
        size=population.size,
        region=population.region,
        model=population.model,
        channels=dict(population.channels),
        recorded=population.name in recorded,
    )


def _digest(body: BodyModel) -> str:
    """Of the documents; meshes are not read."""
    texts = (body.mjcf, body.osim, *(body.included[name] for name in sorted(body.included)))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def functions(resolved: Resolved) -> Functions:
    """The transfer functions at the start."""
    return Functions(pathways=[_function(p, resolved) for p in resolved.pathways])


def _function(p: ResolvedPathway, resolved: Resolved) -> FunctionFacts:
    file, name = own_file(p, resolved)
    path = resolved.source.folder / file
    source = path.read_text(encoding="utf-8") if file else inspect.getsource(p.transfer.call)
    return FunctionFacts(
        pathway=p.name,
        function=name or p.transfer.name,
        own=bool(file) and len(source) <= MOST_CODE,
        file=file,
        source=source[:MOST_CODE],
        inputs=_ends(p.transfer.inputs, p.inputs),
        outputs=_ends(p.transfer.outputs, p.outputs),
        params=plain(p.params),
        delay_ns=p.delay_ns,
        interval_ns=p.interval_ns,
    )


def own_file(p: ResolvedPathway, resolved: Resolved) -> tuple[str, str]:
    """The file beside the experiment that a pathway's function is in, and its name there; empty for a shipped one."""
    file, _, name = resolved.experiment.pathways[p.name].function.partition(":")
    return (file, name) if file.endswith(".py") else ("", "")


def _ends(declared: Mapping[str, str], ends: tuple[Endpoint, ...]) -> dict[str, str]:
    return {name: f"{end.side}.{end.port}" for name, end in zip(declared, ends, strict=True)}


def ports(bodies: tuple[str, ...], signals: Mapping[str, Port], *, spikes: bool) -> Ports:
    """What can be watched."""
    return Ports(bodies=list(bodies), signals=[_port(n, p) for n, p in signals.items()], spikes=spikes)


def _port(name: str, port: Port) -> PortFacts:
    named: dict[str, Any] = (
        {"order": [], "stem": port.order.stem}
        if isinstance(port.order, Numbered)
        else {"order": list(port.order)}
    )
    return PortFacts(name=name, unit=port.unit, shape=list(port.shape), **named)
