"""The networks that are timed."""

from __future__ import annotations

from sherrington.brain.distributions import Normal
from sherrington.brain.models.microcircuit import microcircuit
from sherrington.brain.models.mouse.cerebellum import mouse_cerebellum
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import FixedIndegree

CASES = ("balanced", "microcircuit", "conductance")
DELAY_MS = 1.5
WEIGHT_PA = 22.0
"""About 0.1 mV at the peak."""
INHIBITION = 6.0
DRIVE_HZ = 5000.0


def balanced(neurons: int, indegree: int) -> Network:
    """Excitation and inhibition 4 to 1, fixed in-degree, equal weights, every neuron with a Poisson train of its own:
    the network of Brunel (2000, doi 10.1023/A:1008925309027) with exponential currents. Weights go with the inverse
    square root of the in-degree, so that rates depend little on it."""
    scale = (1000 / indegree) ** 0.5
    membrane = {"tau_m": 20.0, "tau_syn_ex": 2.0, "tau_syn_in": 2.0, "V_reset": -65.0, "t_ref": 2.0}
    start = {"V_m": Normal(-62.0, 4.0, high=-56.0)}
    n_e = neurons * 4 // 5
    e = Population("e", n_e, params=membrane, initial=start)
    i = Population("i", neurons - n_e, params=membrane, initial=start)
    projections = [
        Projection(
            source.name,
            target.name,
            FixedIndegree(round(indegree * share)),
            weight * scale,
            DELAY_MS,
        )
        for source, share, weight in ((e, 0.8, WEIGHT_PA), (i, 0.2, -INHIBITION * WEIGHT_PA))
        for target in (e, i)
    ]
    drive = [Background(p.name, DRIVE_HZ, WEIGHT_PA, DELAY_MS) for p in (e, i)]
    return Network("balanced", [e, i], projections, backgrounds=drive)


def network(case: str, neurons: int, indegree: int, scale: float) -> Network:
    """neurons, indegree: of the balanced network; scale: of the others, of which the last is the cerebellum of the
    mouse, whose neurons are ``iaf_cond_exp``."""
    if case == "balanced":
        return balanced(neurons, indegree)
    return microcircuit(scale=scale) if case == "microcircuit" else mouse_cerebellum(scale=scale)
