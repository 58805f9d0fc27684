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
from sherrington.experiment import Experiment, Source
from sherrington.resolve import Resolved, resolve

Floats = NDArray[np.float64]
FOLDER = Path(__file__).parent

INTERVAL_MS = 20.0
READ_NEURONS = 1000
"""Neurons behind all readouts together, however many readouts there are: the network costs the same."""
PREFERRED_RAD = [-1.05, -0.75, -0.45, -0.15, 0.15, 0.45, 0.75, 1.05]
"""Preferred angles of the 8 afferent groups: one stimulation device each."""
AFFERENTS_PER_GROUP = 20
START_RAD = -0.6


def readouts(n_readouts: int) -> list[str]:
    """Names of the populations that are read; the first half drives the flexor, the second half the extensor."""
    return [f"R{i:04d}" for i in range(n_readouts)]


def network(n_readouts: int, scale: float = 1.0, one_population: bool = False) -> Network:
    """Afferents (parrots that relay Poisson trains) and ``READ_NEURONS`` neurons in ``n_readouts`` populations.

    one_population: the same neurons as a single population, to be read through one port of many channels.
    """
    groups = {f"a{i}": AFFERENTS_PER_GROUP for i in range(len(PREFERRED_RAD))}
    afferents = Population("A", sum(groups.values()), "parrot_neuron", channels=groups)
    total = round(READ_NEURONS * scale)
    names = ["R"] if one_population else readouts(n_readouts)
    read = [Population(name, total // len(names), "iaf_psc_exp", {"I_e": 300.0}) for name in names]
    wired = [Projection("A", p.name, FixedIndegree(40), 36.0, 1.0) for p in read]
    return Network("readouts", [afferents, *read], wired, scale=scale)


class _Pool:
    """Low-passed mean rate of its readouts, as excitation of one of the two muscles."""

    def __init__(self, *, muscle: int, neurons: int, maximum_hz: float = 150.0, tau_ms: float = 40.0) -> None:
        self._muscle, self._per_s, self._tau_s = muscle, 1.0 / (neurons * maximum_hz), tau_ms / 1000.0
        self._drive = 0.0

    def __call__(self, *counts: Floats, dt_s: float) -> Floats:
        now = float(np.concatenate(counts).sum()) * self._per_s / dt_s
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
    """Both pools at once, from one port: the first half of its channels drives the flexor, the second the extensor."""

    def __init__(self) -> None:
        self._pools = [_Pool(muscle=m, neurons=READ_NEURONS // 2) for m in (0, 1)]

    def __call__(self, counts: Floats, *, dt_s: float) -> Floats:
        half = counts.size // 2
        return self._pools[0](counts[:half], dt_s=dt_s) + self._pools[1](counts[half:], dt_s=dt_s)


def with_readouts(n_readouts: int, duration_ms: float, **changes: Any) -> Resolved:
    """``n_readouts`` ports of the brain, read, used and recorded in every step."""
    names = readouts(n_readouts)
    half = n_readouts // 2
    pathways = {
        muscle: {
            "function": f"experiments.py:pool_of_{half}",
            "inputs": {f"r{i}": f"brain.{name}.count" for i, name in enumerate(part)},
            "outputs": {"excitation": "body.muscle_excitation"},
            "params": {"muscle": index, "neurons": READ_NEURONS // 2},
        }
        for index, (muscle, part) in enumerate({"flexor": names[:half], "extensor": names[half:]}.items())
    }
    return _resolved({"n_readouts": n_readouts}, pathways, duration_ms, changes)


def with_one_port(duration_ms: float, **changes: Any) -> Resolved:
    """The same neurons, single-neuron readouts as people would write them: one port, one channel per neuron."""
    motor = {
        "function": "experiments.py:HalfAndHalf",
        "inputs": {"counts": {"port": "brain.R.count", "per": "neuron"}},
        "outputs": {"excitation": "body.muscle_excitation"},
    }
    return _resolved({"n_readouts": 1, "one_population": True}, {"muscles": motor}, duration_ms, changes)


def _resolved(
    params: dict[str, Any], motor: dict[str, Any], duration_ms: float, changes: dict[str, Any]
) -> Resolved:
    afferents = {
        "function": "gaussian_tuning",
        "inputs": {"signal": "body.joint_angle"},
        "outputs": {"rate": {"port": "brain.A.rate"}},
        "params": {"preferred": PREFERRED_RAD, "width": 0.3, "maximum_hz": 200.0},
    }
    described = {
        "title": "closed_loop benchmark",
        "seed": 2022,
        "loop": {"interval_ms": INTERVAL_MS, "duration_ms": duration_ms},
        "brain": {"network": "experiments.py:network", "params": params},
        "body": {"model": "one_joint", "params": {"gravity": False}, "initial_rad": {"hinge": START_RAD}},
        "pathways": {"afferents": afferents, **motor},
    }
    for key, value in changes.items():
        _put(described, key.split("__"), value)
    return resolve(Source(Experiment.model_validate(described), FOLDER, {}))


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value
