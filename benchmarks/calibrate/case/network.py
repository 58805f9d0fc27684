"""A network of which everything that costs something can be set by itself; what its neurons do is of no interest."""

from __future__ import annotations

from typing import Any

from sherrington import Network, Population, Projection
from sherrington.brain.distributions import Lognormal, Quantity, Uniform
from sherrington.brain.kernels import Gaussian
from sherrington.brain.population import Background
from sherrington.brain.rules import Bernoulli, DistanceBernoulli, DistanceIndegree, FixedIndegree, Rule
from sherrington.brain.sheet import Sheet

FIRING_PA = {"iaf_psc_exp": 397.0, "iaf_psc_alpha": 397.0, "iaf_psc_delta": 397.0}
"""Makes neurons with NEST's own parameters fire at some 20 Hz: threshold is at 375 pA."""
NO_EFFECT = 1e-9
SHEET = Sheet(size_mm=(1.0, 1.0))


def costs(
    *,
    scale: float = 1.0,
    model: str = "iaf_psc_exp",
    neurons: int = 1000,
    populations: int = 1,
    indegree: int = 1,
    rule: str = "indegree",
    synapse: str = "static_synapse",
    drawn: bool = False,
    delay_ms: float = 1.5,
    longest_ms: float = 0.0,
    background_hz: float = 0.0,
    background_weight: float = NO_EFFECT,
    current_pA: float = -1.0,
    receptors: int = 0,
) -> Network:
    """``populations`` of together ``neurons``, each joined to the next one with ``indegree`` inputs a neuron,
    without effect (of relays, which know no weight, there must be none). drawn: weights and delays differ.
    current_pA: below zero for one at which these neurons fire."""
    size = neurons // populations
    params: dict[str, Any] = {"tau_syn": tuple([2.0] * receptors)} if receptors else {}
    current = FIRING_PA.get(model, 0.0) if current_pA < 0 else current_pA
    if current and model != "parrot_neuron":
        params["I_e"] = current
    initial: dict[str, Quantity] = {} if model == "parrot_neuron" else {"V_m": Uniform(-70.0, -56.0)}
    names = [f"P{i}" for i in range(populations)]
    weight: Quantity = Lognormal(NO_EFFECT, NO_EFFECT / 10) if drawn else NO_EFFECT
    delay: Quantity = Uniform(delay_ms, longest_ms) if longest_ms else delay_ms
    receptor = 1 if receptors else 0
    return Network(
        "costs",
        [Population(name, size, model, params, initial, sheet=SHEET) for name in names],
        [
            Projection(a, b, _rule(rule, indegree, size), weight, delay, synapse, receptor=receptor)
            for a, b in zip(names, names[1:] + names[:1], strict=True)
            if indegree
        ],
        backgrounds=[
            Background(name, background_hz, background_weight, delay_ms, receptor)
            for name in names
            if background_hz
        ],
        scale=scale,
    )


def _rule(name: str, indegree: int, size: int) -> Rule:
    kernel = Gaussian(0.3)
    match name:
        case "bernoulli":
            return Bernoulli(indegree / size)
        case "distance":
            return DistanceBernoulli(min(1.0, 2.5 * indegree / size), kernel)
        case "distance_indegree":
            return DistanceIndegree(indegree, kernel)
        case _:
            return FixedIndegree(indegree)
