"""A balanced random network with 11,250 inputs per neuron at every size and plastic excitatory synapses.

The network that NEST's developers measure their simulator with: Morrison, Aertsen & Diesmann 2007, Neural Comput
19:1437-1467, doi 10.1162/neco.2007.19.6.1437 (network and plasticity); Helias et al. 2012, Front Neuroinform 6:26,
doi 10.3389/fninf.2012.00026, and Kunkel et al. 2014, Front Neuroinform 8:78, doi 10.3389/fninf.2014.00078
(benchmark). Numbers are those of ``hpc_benchmark`` in nest-simulator at commit 84b06d8; for what size they are
meant, and which rates come out, see ``docs/science/hpc_benchmark.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...errors import NetworkError
from ..distributions import Normal
from ..network import Background, Network, Population, Projection
from ..rules import FixedIndegree

NEURONS = {"E": 9000, "I": 2250}
"""Neurons per unit of scale."""
INDEGREE = {"E": 9000, "I": 2250}
"""Inputs of every neuron from each population, at every scale."""
NEURON = {
    "E_L": 0.0,
    "V_th": 20.0,
    "V_reset": 0.0,
    "C_m": 250.0,
    "tau_m": 10.0,
    "t_ref": 0.5,
    "tau_syn_ex": 0.3258272240372284,
    "tau_syn_in": 0.3258272240372284,
    "tau_minus": 30.0,
}
"""``iaf_psc_alpha``: mV, pF, ms. The synaptic time constant makes the postsynaptic potential peak after 1.700759 ms;
tau_minus belongs to the plasticity."""
INITIAL_MV = Normal(5.7, 7.2)
PSP_MV = 0.14
"""Peak of an excitatory postsynaptic potential."""
INHIBITION = -5.0
"""Inhibitory weight in units of the excitatory one."""
SIGN = {"E": 1.0, "I": INHIBITION}
DELAY_MS = 1.5
DRIVE = 1.685
"""Mean of the external input alone, in units of the current that takes the membrane to threshold."""
STDP = {"alpha": 0.0513, "lambda": 0.1, "mu": 0.4, "tau_plus": 15.0}
"""``stdp_pl_synapse_hom_hpc``: pre before post adds ``lambda w^mu K``, post before pre takes ``lambda alpha w K``;
w in pA, K a trace of the other side's spikes."""

RATE_HZ = 7.7
"""Ours: the rate that reproduces itself, where 9,000 excitatory and 2,250 inhibitory Poisson trains of this rate, and
the external one, make a neuron fire at it. A test finds it again."""


def psp_mV_per_pA(tau_m: float, tau_syn: float, C_m: float) -> float:
    """Peak potential after one alpha-shaped current of peak 1 pA; ms and pF.

    From the current ``e t/tau_s exp(-t/tau_s)``: with b = 1/tau_s - 1/tau_m the potential is
    ``e/(tau_s C) (exp(-t/tau_m)/b^2 - exp(-t/tau_s) (t/b + 1/b^2))``. Its slope is zero where x = b t solves
    ``exp(x) = 1 + x tau_m/tau_s``; x = log(1 + x tau_m/tau_s) iterates to the root above zero, for tau_m > tau_s.
    """
    b, x = 1 / tau_syn - 1 / tau_m, 1.0
    for _ in range(100):
        x = math.log1p(x * tau_m / tau_syn)
    t = x / b
    shape = math.exp(-t / tau_m) / b**2 - math.exp(-t / tau_syn) * (t / b + 1 / b**2)
    return math.e / (tau_syn * C_m) * shape


WEIGHT_PA = PSP_MV / psp_mV_per_pA(NEURON["tau_m"], NEURON["tau_syn_ex"], NEURON["C_m"])
"""Peak of the excitatory postsynaptic current, 45.61 pA."""
CHARGE_PA_PER_HZ = WEIGHT_PA * math.e * NEURON["tau_syn_ex"] * 1e-3
"""Mean current of a train of 1 Hz: an alpha function has the area ``e tau_s`` times its peak."""
EXTERNAL_HZ = DRIVE * NEURON["V_th"] * NEURON["C_m"] / NEURON["tau_m"] / CHARGE_PA_PER_HZ
"""Rate of each neuron's external train, 20,856 Hz; it acts with the excitatory weight."""


def hpc_benchmark(*, scale: float = 1.0, indegree_fraction: float = 1.0, plastic: bool = True) -> Network:
    """Populations ``E`` and ``I`` with the same inputs each; synapses from E to E are plastic.

    scale: 9,000 + 2,250 neurons per unit. indegree_fraction: share of the 11,250 inputs per neuron that come from
    the network, up to 1; the other ones are independent Poisson trains of ``RATE_HZ`` with the same weights. plastic:
    False makes the synapses from E to E static. Raises NetworkError.
    """
    if not 0 < scale < math.inf or round(NEURONS["I"] * scale) < 2:
        raise NetworkError(f"hpc_benchmark: scale = {scale}; it must leave at least 2 inhibitory neurons")
    if not 0 < indegree_fraction <= 1 or round(INDEGREE["I"] * indegree_fraction) < 1:
        raise NetworkError(
            f"hpc_benchmark: indegree_fraction = {indegree_fraction}; it must be at most 1 and leave at least one of "
            f"{INDEGREE['I']} inhibitory inputs"
        )
    inputs = {name: round(n * indegree_fraction) for name, n in INDEGREE.items()}
    return Network(
        "hpc_benchmark",
        [_population(name, round(n * scale)) for name, n in NEURONS.items()],
        list(_projections(inputs, plastic)),
        backgrounds=[background for name in NEURONS for background in _backgrounds(name, inputs)],
        scale=scale,
    )


def _population(name: str, size: int) -> Population:
    return Population(name, size, "iaf_psc_alpha", NEURON, {"V_m": INITIAL_MV}, region="cortex")


def _projections(inputs: dict[str, int], plastic: bool) -> Iterator[Projection]:
    for source, sign in SIGN.items():
        for target in NEURONS:
            learns = plastic and source == target == "E"
            yield Projection(
                source,
                target,
                FixedIndegree(inputs[source]),
                sign * WEIGHT_PA,
                DELAY_MS,
                "stdp_pl_synapse_hom_hpc" if learns else "static_synapse_hpc",
                STDP if learns else {},
            )


def _backgrounds(target: str, inputs: dict[str, int]) -> Iterator[Background]:
    """One Poisson train for all excitatory sources outside the network, and one for the inhibitory ones."""
    missing_hz = {source: (INDEGREE[source] - inputs[source]) * RATE_HZ for source in INDEGREE}
    yield Background(target, EXTERNAL_HZ + missing_hz["E"], WEIGHT_PA, DELAY_MS)
    if missing_hz["I"]:
        yield Background(target, missing_hz["I"], INHIBITION * WEIGHT_PA, DELAY_MS)


__all__ = ["hpc_benchmark"]
