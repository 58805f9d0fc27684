"""The experiments that are timed: described as any other one, and resolved and built the same way.

The exchange interval, the timer that stimulates motor cortex and the number of readouts are those of Feldotto et al.
2022 (doi 10.3389/fninf.2022.884180). That the body's senses reach the brain is ours: the published loop is open there.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from variants import Case

from sherrington import Network, transfer
from sherrington.brain.engine import brain_port
from sherrington.brain.models import SHIPPED
from sherrington.brain.models.forelimb_muscles import ANTAGONISTS
from sherrington.brain.models.spinal_cord import MOTONEURONS
from sherrington.errors import NeverError
from sherrington.experiment import FILE_NAME, Source
from sherrington.find import find
from sherrington.resolve import resolve
from sherrington.resolved import Endpoint, Resolved
from sherrington.sections import Experiment
from sherrington.yaml_file import Document

Floats = NDArray[np.float64]
FOLDER = Path(__file__).parent

INTERVAL_MS = 20.0
SEED = 2022
CUE_MS, CUE_HZ = (0.0, 200.0, 600.0), (0.0, 2000.0, 0.0)
"""The timer: when the rate of the cue changes, and to what."""
CUE_PA = 62.5
"""Weight of the cue; with 2000 Hz what the network's command population is made for."""
FULL_EXCITATION_HZ = 40.0
"""Ours: mean rate of a muscle's readouts at which they excite it fully."""
POOLS_SHARE = 0.9
"""Ours: of a muscle's excitation, what its motoneurons give; the rest follows the other readouts, so that all that is
read is used. Together they cannot exceed 1."""
WHOLE_INDEGREE_AT = 10.0
"""Scale from which on the balanced network has all its inputs. Below, a neuron has the same share of all others as
inputs, 10 % of them with replacement, as the network of that scale has: ``indegree_fraction = scale / 10``."""
CLOSED_FORM_PA = 50.0
"""Makes neurons in closed form fire at 5 Hz."""


@dataclass(frozen=True)
class Sense:
    """Afferents with a channel for each muscle. function: shipped, with its params; reads: its arguments are the body's
    ``muscle_`` quantities of these names; rest_hz: rate without a body."""

    function: str
    params: Mapping[str, float]
    reads: tuple[tuple[str, str], ...]
    rest_hz: float


_LENGTHS = (("length", "length"), ("rest", "rest_length"), ("optimal", "optimal_length"))
SENSES = {
    "Ia": Sense(
        "spindle_ia",
        {"dynamic_gain": 0.4, "baseline_hz": 40.0},
        (*_LENGTHS, ("velocity", "velocity")),
        40.0,
    ),
    "II": Sense("spindle_ii", {"reference_length_mm": 10.0, "baseline_hz": 60.0}, _LENGTHS, 60.0),
    "Ib": Sense("tendon_organ_ib", {}, (("force", "force"), ("max_force", "max_force")), 0.0),
}
"""By population; parameters as in the example ``joystick_pull``."""


@dataclass(frozen=True)
class Ends:
    """Which populations of a network the loop uses. read: a readout each, in the order in which fewer readouts take
    them; motoneurons: read neuron by neuron, and the first readout where there are any; cued: driven by the timer;
    sensed: of ``SENSES``."""

    network: str
    read: tuple[str, ...]
    motoneurons: str = ""
    cued: str = ""
    sensed: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every population that is read or written."""
        return tuple(name for name in (*self.read, self.motoneurons, self.cued, *self.sensed) if name)

    def others(self, readouts: int) -> int:
        """How many of the readouts are not the motoneurons."""
        return readouts - 1 if self.motoneurons else readouts


ENDS = {
    "balanced": Ends("hpc_benchmark", ("E", "I")),
    "mouse": Ends(
        "mouse",
        (
            *("M1_L5B_PT", "M1_L23_CC", "M1_L5A_CS", "M1_L6_CT", "M1_L5B_PV"),
            *("S1_L3_Pyr", "S1_L4_Pyr", "S1_L5B_Pyr", "S1_L6_Pyr", "S1_L5B_PV"),
            *("TH_M1_EZ_TC", "TH_S1_VPL_TC"),
            *("BG_MSN", "BG_STN", "BG_GPe", "BG_GPi"),
            *("CB_M1_PONS", "CB_M1_PKJ", "CB_M1_VN"),
        ),
        motoneurons="MN",
        cued="M2",
        sensed=tuple(SENSES),
    ),
}
"""By experiment. Of every region of the mouse those that others listen to, and some that they inhibit."""


def resolved(case: Case) -> Resolved:
    """The experiment of a case. Raises ExperimentError, NeverError where there are too few neurons to read."""
    source = Source(Experiment.model_validate(described(case)), FOLDER, Document(FOLDER / FILE_NAME))
    found = resolve(source)
    ends = ENDS[case.experiment]
    others = ends.others(case.variant.readouts)
    if others <= len(ends.read):
        return found
    alone = single_neurons(found.network, ends.read, others)
    pathways = (replace(p, inputs=alone) if p.name == "others" else p for p in found.pathways)
    return replace(found, pathways=tuple(pathways))


def described(case: Case) -> dict[str, Any]:
    """As an experiment file would say it."""
    hinge = {"model": "one_joint", "engine": "closed_form"}
    return {
        "title": f"paper benchmark, {case.experiment}",
        "seed": SEED,
        "loop": {"interval_ms": INTERVAL_MS, "duration_ms": INTERVAL_MS * case.steps},
        "brain": _brain(case),
        "body": {"model": "mouse_forelimb"} if case.variant.body else hinge,
        "pathways": _pathways(case) if case.variant.transfer else {},
        "interventions": [] if case.variant.brain else [_firing(ENDS[case.experiment])],
        "record": {"spikes": "none"},
    }


def _brain(case: Case) -> dict[str, Any]:
    ends = ENDS[case.experiment]
    shared = {"scale": case.scale, "virtual_processes": case.threads}
    if not case.variant.brain:
        params = {"of": ends.network, "names": list(ends.all)}
        return {**shared, "network": "experiments.py:unconnected", "engine": "closed_form", "params": params}
    reduced = {"indegree_fraction": min(1.0, case.scale / WHOLE_INDEGREE_AT)}
    return {
        **shared,
        "network": ends.network,
        "params": reduced if ends.network == "hpc_benchmark" else {},
    }


def _pathways(case: Case) -> dict[str, Any]:
    ends = ENDS[case.experiment]
    found = {name: _sense(name, case.variant.body) for name in ends.sensed}
    if ends.cued:
        found["cue"] = _cue(ends.cued)
    if ends.motoneurons:
        found["motoneurons"] = _motoneurons(ends.motoneurons, case.variant.body)
    others = ends.others(case.variant.readouts)
    if others:
        found["others"] = _others(ends.read, others, 1.0 - POOLS_SHARE if ends.motoneurons else 1.0)
    return found


def _sense(population: str, has_body: bool) -> dict[str, Any]:
    sense = SENSES[population]
    port = f"brain.{population}.rate"
    if not has_body:
        return {"function": "constant", "outputs": {"value": port}, "params": {"value": sense.rest_hz}}
    return {
        "function": sense.function,
        "inputs": {argument: f"body.muscle_{quantity}" for argument, quantity in sense.reads},
        "outputs": {"rate": port},
        "params": dict(sense.params),
    }


def _cue(population: str) -> dict[str, Any]:
    return {
        "function": "schedule",
        "outputs": {"value": {"port": f"brain.{population}.rate", "weight": CUE_PA}},
        "params": {"times_ms": list(CUE_MS), "values": list(CUE_HZ)},
    }


def _motoneurons(population: str, has_body: bool) -> dict[str, Any]:
    """Pools to muscles; without the limb the hinge's two muscles get half of all motoneurons each."""
    units = MOTONEURONS if has_body else MOTONEURONS * len(ANTAGONISTS) // 2
    return {
        "function": "motoneuron_pool",
        "inputs": {"counts": {"port": f"brain.{population}.count", "per": "neuron"}},
        "outputs": {"excitation": "body.muscle_excitation"},
        "params": {"units_per_pool": units},
        "gain": POOLS_SHARE,
    }


def _others(populations: tuple[str, ...], n: int, gain: float) -> dict[str, Any]:
    names = (populations[i % len(populations)] for i in range(n))
    return {
        "function": f"experiments.py:muscles_from_{n}",
        "inputs": {
            f"r{i}": {"port": f"brain.{name}.rate", "per": "population"} for i, name in enumerate(names)
        },
        "outputs": {"excitation": "body.muscle_excitation"},
        "gain": gain,
    }


def _firing(ends: Ends) -> dict[str, Any]:
    what = {"action": "stimulate", "current_pA": CLOSED_FORM_PA}
    return {"name": "fire", "at_ms": 0.0, "populations": list(ends.all), **what}


def unconnected(*, of: str, names: list[str], scale: float = 1.0) -> Network:
    """Some populations of a shipped network, at their size there, without connections: what closed form can do."""
    whole = find("network", of, SHIPPED, FOLDER)(scale=scale)
    return Network("unconnected", [whole.population(name) for name in names], scale=scale)


def single_neurons(network: Network, populations: tuple[str, ...], count: int) -> tuple[Endpoint, ...]:
    """Rates of ``count`` single neurons, a port each, taken from the populations in turn. Raises NeverError."""
    sizes = {name: network.population(name).size for name in populations}
    if count > sum(sizes.values()):
        raise NeverError(
            f"{count} neurons are to be read one by one, and the populations that are read have "
            f"{sum(sizes.values())} at scale {network.scale:g}; take a larger scale, or leave out the ablations"
        )
    turns = sorted((i, place) for place, size in enumerate(sizes.values()) for i in range(min(size, count)))
    return tuple(_single(network, populations[place], i) for i, place in turns[:count])


def _single(network: Network, population: str, neuron: int) -> Endpoint:
    whole = brain_port(network.population(population), "rate", writes=False, per="population")
    name = f"{population}[{neuron}]"
    port = replace(whole.port, name=f"{name}.rate", order=(name,))
    return Endpoint("brain", port.name, "Hz", replace(whole, port=port, groups=(range(neuron, neuron + 1),)))


# --- transfer functions ---------------------------------------------------------------------------------------------


def _muscles_from(n_readouts: int) -> Any:
    """A transfer function with ``n_readouts`` arguments, one for each readout. Muscle m of k follows the mean rate of
    readouts m, m + k, m + 2k, ...; of fewer readouts than muscles, readout m modulo their number."""
    names = [f"r{i}" for i in range(n_readouts)]

    class Muscles:
        def __init__(self, *, n_channels: int) -> None:
            self._shares = _shares(n_readouts, n_channels) / FULL_EXCITATION_HZ

        def __call__(self, *rates: Floats) -> Floats:
            return np.asarray(np.minimum(self._shares @ np.concatenate(rates), 1.0), np.float64)

    kinds = inspect.Parameter
    parameters = [kinds(name, kinds.POSITIONAL_ONLY) for name in ("self", *names)]
    Muscles.__call__.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return transfer(inputs=dict.fromkeys(names, "Hz"), outputs={"excitation": "1"}, low=0.0, high=1.0)(
        Muscles
    )


def _shares(n_readouts: int, n_muscles: int) -> Floats:
    """Shape (n_muscles, n_readouts): what each readout counts for each muscle; rows add up to one."""
    larger = np.arange(max(n_readouts, n_muscles))
    table = np.zeros((n_muscles, n_readouts))
    table[larger % n_muscles, larger % n_readouts] = 1.0
    return np.asarray(table / table.sum(axis=1, keepdims=True), np.float64)


muscles_from_1, muscles_from_19, muscles_from_20 = (_muscles_from(n) for n in (1, 19, 20))
muscles_from_999, muscles_from_1000 = (_muscles_from(n) for n in (999, 1000))
