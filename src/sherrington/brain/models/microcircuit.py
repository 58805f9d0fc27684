"""The cortical microcircuit under 1 mm2 of early sensory cortex: four layers, eight populations, 77,169 neurons.

Potjans & Diesmann 2014, Cereb Cortex 24:785-806, doi 10.1093/cercor/bhs358. Numbers that later versions of its
reference implementation added (initial potentials, mean rates) and the downscaling, which is that of van Albada,
Helias & Diesmann 2015, PLoS Comput Biol 11:e1004490, doi 10.1371/journal.pcbi.1004490, are in
``docs/science/microcircuit.md``, with their sources and the rates that come out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import NetworkError
from ..distributions import Normal
from ..network import Background, Network, Population, Projection
from ..rules import FixedTotal

NEURONS = {
    "L23E": 20683,
    "L23I": 5834,
    "L4E": 21915,
    "L4I": 5479,
    "L5E": 4850,
    "L5I": 1065,
    "L6E": 14395,
    "L6I": 2948,
}
"""Neurons of each population at full size. Names end in E (excitatory) or I (inhibitory)."""

PROBABILITY = {
    "L23E": (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    "L23I": (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    "L4E": (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    "L4I": (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    "L5E": (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    "L5I": (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    "L6E": (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    "L6I": (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
}
"""By target: probability that a pair is connected at all, by source in the order of ``NEURONS``."""

EXTERNAL_INDEGREE = dict(zip(NEURONS, (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100), strict=True))
EXTERNAL_RATE_HZ = 8.0
MEAN_RATE_HZ = dict(zip(NEURONS, (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829), strict=True))
"""Rates of the reference implementation at full size: what ``indegree`` compensates for."""
REST_SPREAD = 0.2
"""Ours: how far a rate may be off that one. Published implementations differ by up to 11 % (``docs/science``), and a
window of seconds adds chance."""
INITIAL_MV = {
    "L23E": (-68.28, 5.36),
    "L23I": (-63.16, 4.57),
    "L4E": (-63.33, 4.74),
    "L4I": (-63.45, 4.94),
    "L5E": (-63.11, 4.94),
    "L5I": (-61.66, 4.55),
    "L6E": (-66.72, 5.46),
    "L6I": (-61.43, 4.48),
}
"""Mean and standard deviation of the membrane potential at the start, close to that of the running network."""

THALAMIC_NEURONS = 902
THALAMIC_PROBABILITY = {"L4E": 0.0983, "L4I": 0.0619, "L6E": 0.0512, "L6I": 0.0196}

NEURON = {
    "E_L": -65.0,
    "V_th": -50.0,
    "V_reset": -65.0,
    "C_m": 250.0,
    "tau_m": 10.0,
    "t_ref": 2.0,
    "tau_syn_ex": 0.5,
    "tau_syn_in": 0.5,
}
"""``iaf_psc_exp``: mV, pF, ms."""
PSP_MV = 0.15
"""Peak of an excitatory postsynaptic potential; twice that from L4E to L23E, -4 times for inhibition."""
INHIBITION = -4.0
L4E_TO_L23E = 2.0
WEIGHT_SPREAD = 0.1
DELAY_MS = {"E": 1.5, "I": 0.75}
DELAY_SPREAD = 0.5
SHORTEST_MS = 0.05
"""Half a step of 0.1 ms, so that rounded delays follow the distribution down to one step."""
BACKGROUNDS = ("poisson", "dc")


def microcircuit(
    *,
    scale: float = 1.0,
    neurons: float | None = None,
    indegree: float | None = None,
    background: str = "poisson",
    thalamus: bool = False,
) -> Network:
    """Four layers of cortex with spontaneous activity: populations ``L23E``, ``L23I``, ``L4E`` ... ``L6I``.

    scale: fraction of the neurons and of the inputs to each, unless ``neurons`` or ``indegree`` state one by itself.
    Fewer inputs are stronger, weights by 1/sqrt(indegree), and a constant current makes up for the mean that is then
    missing. background: input from other areas as ``poisson`` trains, or as the ``dc`` of the same mean. thalamus:
    adds population ``TH``, parrots that repeat what its port ``rate`` receives. Raises NetworkError.
    """
    size = _Size(scale if neurons is None else neurons, scale if indegree is None else indegree)
    _check(background, size)
    populations = [_population(name, size, background) for name in NEURONS]
    projections = list(_projections(size))
    if thalamus:
        populations.append(Population("TH", size.of(THALAMIC_NEURONS), "parrot_neuron", region="thalamus"))
        projections += _thalamic(size)
    trains = list(_trains(size)) if background == "poisson" else []
    return Network("microcircuit", populations, projections, backgrounds=trains, scale=scale)


@dataclass(frozen=True)
class _Size:
    """Factors on the numbers of neurons and on their in-degrees."""

    neurons: float
    indegree: float

    def __post_init__(self) -> None:
        for name, value in (("neurons", self.neurons), ("indegree", self.indegree)):
            if not 0 < value < math.inf:
                raise NetworkError(f"microcircuit: {name} = {value}; it must be a number above 0")

    def of(self, count: int) -> int:
        return max(1, round(count * self.neurons))

    def synapses(self, source: int, target: int, probability: float) -> int:
        return round(full_synapses(source, target, probability) * self.neurons * self.indegree)

    @property
    def weight(self) -> float:
        """Keeps the variance of the input, which goes with in-degree times weight squared."""
        return 1 / math.sqrt(self.indegree)

    @property
    def lost(self) -> float:
        """Share of the mean input lost: in-degree times weight goes with the square root of the in-degree."""
        return 1 - math.sqrt(self.indegree)


def full_synapses(source: int, target: int, probability: float) -> float:
    """Number of synapses between populations of these sizes at which a pair is connected with this probability.

    K = ln(1 - p) / ln(1 - 1 / (N M)): every synapse falls on any pair alike, so a pair stays free with probability
    (1 - 1 / (N M))^K (Potjans & Diesmann 2014).
    """
    return math.log1p(-probability) / math.log1p(-1 / (source * target))


def psc_pA(psp_mV: float) -> float:
    """Peak of the synaptic current that makes a potential of this peak.

    From V(t) = w / C tau_m tau_s / (tau_m - tau_s) (exp(-t / tau_m) - exp(-t / tau_s)) at its maximum,
    t = tau_m tau_s / (tau_m - tau_s) ln(tau_m / tau_s).
    """
    tau_m, tau_s = NEURON["tau_m"], NEURON["tau_syn_ex"]
    slope = tau_m * tau_s / (tau_m - tau_s)
    peak = slope * math.log(tau_m / tau_s)
    return psp_mV * NEURON["C_m"] / (slope * (math.exp(-peak / tau_m) - math.exp(-peak / tau_s)))


def full_weight_pA(source: str, target: str) -> float:
    """Mean weight at full size."""
    factor = (
        INHIBITION if source.endswith("I") else L4E_TO_L23E if (source, target) == ("L4E", "L23E") else 1.0
    )
    return factor * psc_pA(PSP_MV)


def recurrent_current_pA(target: str) -> float:
    """Mean current from the eight populations into a neuron at full size, at their mean rates."""
    return sum(
        full_synapses(NEURONS[source], NEURONS[target], p)
        / NEURONS[target]
        * full_weight_pA(source, target)
        * MEAN_RATE_HZ[source]
        * NEURON["tau_syn_ex"]
        / 1000
        for source, p in zip(NEURONS, PROBABILITY[target], strict=True)
    )


def external_current_pA(target: str) -> float:
    """Mean current from other areas into a neuron at full size."""
    return EXTERNAL_INDEGREE[target] * EXTERNAL_RATE_HZ * psc_pA(PSP_MV) * NEURON["tau_syn_ex"] / 1000


def _check(background: str, size: _Size) -> None:
    if background not in BACKGROUNDS:
        raise NetworkError(f"microcircuit: no background '{background}'; there are: {', '.join(BACKGROUNDS)}")
    rheobase_pA = (NEURON["V_th"] - NEURON["E_L"]) * NEURON["C_m"] / NEURON["tau_m"]
    largest_pA = max(_current_pA(name, size, background) for name in NEURONS)
    if background == "dc" and largest_pA < rheobase_pA:
        raise NetworkError(
            f"microcircuit: with background 'dc' and indegree {size.indegree:g} no current exceeds "
            f"{largest_pA:.0f} pA, a neuron needs {rheobase_pA:.0f} pA to fire, and the network is silent; "
            "take background 'poisson' or an indegree of at least 0.09"
        )


def _current_pA(name: str, size: _Size, background: str) -> float:
    """Constant current into each neuron: the mean input lost, and in place of background trains all of theirs."""
    external = 1.0 if background == "dc" else size.lost
    return size.lost * recurrent_current_pA(name) + external * external_current_pA(name)


def _population(name: str, size: _Size, background: str) -> Population:
    mean, std = INITIAL_MV[name]
    return Population(
        name,
        size.of(NEURONS[name]),
        "iaf_psc_exp",
        params={**NEURON, "I_e": _current_pA(name, size, background)},
        initial={"V_m": Normal(mean, std)},
        region="layer 2/3" if name.startswith("L23") else f"layer {name[1]}",
        rest_hz=(MEAN_RATE_HZ[name] * (1 - REST_SPREAD), MEAN_RATE_HZ[name] * (1 + REST_SPREAD)),
    )


def _projections(size: _Size) -> Iterator[Projection]:
    for target, probabilities in PROBABILITY.items():
        for source, p in zip(NEURONS, probabilities, strict=True):
            total = size.synapses(NEURONS[source], NEURONS[target], p)
            if total:
                yield _projection(source, target, total, full_weight_pA(source, target) * size.weight)


def _thalamic(size: _Size) -> Iterator[Projection]:
    for target, p in THALAMIC_PROBABILITY.items():
        total = size.synapses(THALAMIC_NEURONS, NEURONS[target], p)
        if total:
            yield _projection("TH", target, total, psc_pA(PSP_MV) * size.weight)


def _projection(source: str, target: str, total: int, weight_pA: float) -> Projection:
    spread = WEIGHT_SPREAD * abs(weight_pA)
    weight = Normal(weight_pA, spread, low=0.0) if weight_pA > 0 else Normal(weight_pA, spread, high=0.0)
    mean_ms = DELAY_MS["E" if weight_pA > 0 else "I"]
    return Projection(
        source, target, FixedTotal(total), weight, Normal(mean_ms, DELAY_SPREAD * mean_ms, low=SHORTEST_MS)
    )


def _trains(size: _Size) -> Iterator[Background]:
    for name, sources in EXTERNAL_INDEGREE.items():
        rate_hz = sources * size.indegree * EXTERNAL_RATE_HZ
        yield Background(name, rate_hz, psc_pA(PSP_MV) * size.weight, DELAY_MS["E"])
