"""The experiments that are timed: described as any other one, and built the same way.

A joint with two muscles is watched by 8 groups of afferents, each tuned to another angle. They excite neurons that
are read one by one or in small populations, every one through a port of its own; half of the readouts drive the
flexor, half the extensor, so that the joint is pushed back to where it came from. The exchange interval and what a
readout is are those of Feldotto et al. 2022 (doi 10.3389/fninf.2022.884180); the network and the body are ours.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sherrington import FixedIndegree, Network, Population, Projection, transfer
from sherrington.experiment import FILE_NAME, Source
from sherrington.resolve import resolve
from sherrington.resolved import Resolved
from sherrington.sections import Experiment
from sherrington.yaml_file import Document

Floats = NDArray[np.float64]
FOLDER = Path(__file__).parent

INTERVAL_MS = 20.0
CLOSED_FORM_INTERVAL_MS = 1.0
"""Where brain and body cost nothing, brain and body would meet as often as this: there the loop's own cost counts."""
READ_NEURONS = 1000
"""Neurons behind all readouts together, however many readouts there are: the network costs the same."""
STIMULATED_HZ = 150.0
"""Rate of an afferent at its preferred angle."""
PREFERRED_RAD = [-1.05, -0.75, -0.45, -0.15, 0.15, 0.45, 0.75, 1.05]
"""Preferred angles of the 8 afferent groups: one stimulation device each."""
AFFERENTS_PER_GROUP = 20
WIDTH_RAD = 0.3
START_RAD = -0.6


def readouts(n_readouts: int) -> list[str]:
    """Names of the populations that are read; the first half drives the flexor, the second half the extensor."""
    return [f"R{i:04d}" for i in range(n_readouts)]


def network(n_readouts: int, scale: float = 1.0, one_population: bool = False) -> Network:
    """Afferents, and ``READ_NEURONS`` neurons in ``n_readouts`` populations of the same size.

    one_population: the same neurons as a single population, to be read through one port of many channels.
    """
    total = round(READ_NEURONS * scale)
    names = ["R"] if one_population else readouts(n_readouts)
    read = [Population(name, total // len(names), "iaf_psc_exp", {"I_e": 300.0}) for name in names]
    wired = [Projection("A", p.name, FixedIndegree(40), 20.0, 1.0) for p in read]
    return Network("readouts", [_afferents(), *read], wired, scale=scale)


def afferents_only(scale: float = 1.0) -> Network:
    """No connections: what an engine in closed form can do."""
    return Network("afferents", [_afferents()], scale=scale)


def _afferents() -> Population:
    """Parrots, which relay the Poisson train that each of them gets."""
    groups = {f"a{i}": AFFERENTS_PER_GROUP for i in range(len(PREFERRED_RAD))}
    return Population("A", sum(groups.values()), "parrot_neuron", channels=groups)


class _Pool:
    """Low-passed mean rate of its readouts, as excitation of one of the two muscles."""

    def __init__(self, *, muscle: int, neurons: int, maximum_hz: float = 150.0, tau_ms: float = 40.0) -> None:
        self._muscle, self._per_s, self._tau_s = muscle, 1.0 / (neurons * maximum_hz), tau_ms / 1000.0
        self._drive = 0.0

    def __call__(self, *counts: Floats, dt_s: float) -> Floats:
        together = counts[0] if len(counts) == 1 else np.concatenate(counts)
        now = float(together.sum()) * self._per_s / dt_s
        self._drive += (1.0 - exp(-dt_s / self._tau_s)) * (now - self._drive)
        excitation = np.zeros(2)
        excitation[self._muscle] = min(self._drive, 1.0)
        return excitation


def _pool_of(n_inputs: int) -> Callable[..., Any]:
    """A transfer function with ``n_inputs`` arguments, one for each readout, as it would be written out."""
    names = [f"r{i}" for i in range(n_inputs)]

    def call(self: _Pool, *counts: Floats, dt_s: float) -> Floats:
        return _Pool.__call__(self, *counts, dt_s=dt_s)

    kinds = inspect.Parameter
    parameters = [kinds(n, kinds.POSITIONAL_ONLY) for n in ("self", *names)]
    call.__signature__ = inspect.Signature([*parameters, kinds("dt_s", kinds.KEYWORD_ONLY)])  # type: ignore[attr-defined]
    pool = type(f"pool_of_{n_inputs}", (_Pool,), {"__call__": call})
    return transfer(inputs=dict.fromkeys(names, "1"), outputs={"excitation": "1"}, low=0.0, high=1.0)(pool)


pool_of_10, pool_of_500 = _pool_of(10), _pool_of(500)


@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"}, low=0.0, high=1.0)
class HalfAndHalf:
    """Both pools from one port: the first half of its channels drives the flexor, the second half the extensor."""

    def __init__(self, *, neurons: int, maximum_hz: float = 150.0, tau_ms: float = 40.0) -> None:
        self._per_s, self._tau_s = 2.0 / (neurons * maximum_hz), tau_ms / 1000.0
        self._drive = np.zeros(2)

    def __call__(self, counts: Floats, *, dt_s: float) -> Floats:
        now = counts.reshape(2, -1).sum(axis=1) * (self._per_s / dt_s)
        self._drive = self._drive + (1.0 - exp(-dt_s / self._tau_s)) * (now - self._drive)
        return np.minimum(self._drive, 1.0)


def with_readouts(n_readouts: int, duration_ms: float, scale: float = 1.0, **changes: Any) -> Resolved:
    """``n_readouts`` ports of the brain, each read, used and recorded in every step.

    scale: fraction of ``READ_NEURONS``. changes: of the description, ``loop__mode="pipelined"`` and the like.
    """
    names = readouts(n_readouts)
    half = n_readouts // 2
    pathways = {
        muscle: {
            "function": f"experiments.py:pool_of_{half}",
            "inputs": {f"r{i}": f"brain.{name}.count" for i, name in enumerate(part)},
            "outputs": {"excitation": "body.muscle_excitation"},
            "params": {"muscle": index, "neurons": round(READ_NEURONS * scale) // 2},
        }
        for index, (muscle, part) in enumerate({"flexor": names[:half], "extensor": names[half:]}.items())
    }
    brain = {"network": "experiments.py:network", "scale": scale, "params": {"n_readouts": n_readouts}}
    return _resolved(brain, pathways, duration_ms, changes)


def with_one_port(duration_ms: float, **changes: Any) -> Resolved:
    """The same 1,000 neurons, read as people would write it: one port with a channel for each neuron."""
    brain = {"network": "experiments.py:network", "params": {"n_readouts": 1, "one_population": True}}
    port = {"port": "brain.R.count", "per": "neuron"}
    return _resolved(brain, _both_muscles(port, READ_NEURONS), duration_ms, changes)


def closed_form(duration_ms: float, **changes: Any) -> Resolved:
    """Both engines in closed form: the afferents' own spikes drive the muscles, so all that costs time is the loop."""
    brain = {"network": "experiments.py:afferents_only", "engine": "closed_form"}
    motor = _both_muscles({"port": "brain.A.count"}, len(PREFERRED_RAD) * AFFERENTS_PER_GROUP)
    fixed = {"body__engine": "closed_form", "loop__interval_ms": CLOSED_FORM_INTERVAL_MS}
    return _resolved(brain, motor, duration_ms, {**changes, **fixed})


def _both_muscles(port: dict[str, str], neurons: int) -> dict[str, Any]:
    motor = {
        "function": "experiments.py:HalfAndHalf",
        "inputs": {"counts": port},
        "outputs": {"excitation": "body.muscle_excitation"},
        "params": {"neurons": neurons},
    }
    return {"muscles": motor}


def _resolved(
    brain: dict[str, Any], motor: dict[str, Any], duration_ms: float, changes: dict[str, Any]
) -> Resolved:
    afferents = {
        "function": "gaussian_tuning",
        "inputs": {"signal": "body.joint_angle"},
        "outputs": {"rate": "brain.A.rate"},
        "params": {"preferred": PREFERRED_RAD, "width": WIDTH_RAD, "maximum_hz": STIMULATED_HZ},
    }
    described = {
        "title": "closed_loop benchmark",
        "seed": 2022,
        "loop": {"interval_ms": INTERVAL_MS, "duration_ms": duration_ms},
        "brain": brain,
        "body": {"model": "one_joint", "params": {"gravity": False}, "initial_rad": {"hinge": START_RAD}},
        "pathways": {"afferents": afferents, **motor},
    }
    for path, value in changes.items():
        _put(described, path.split("__"), value)
    return resolve(Source(Experiment.model_validate(described), FOLDER, Document(FOLDER / FILE_NAME)))


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
