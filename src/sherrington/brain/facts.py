"""What a report must know of a described network, as plain values: its populations and how they are joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from .distributions import Lognormal, Normal, Quantity, Uniform, Values
from .network import Network, Population, Projection

REVERSAL_MV = -50.0
"""Ours: a receptor with a reversal potential above this excites. Those of synapses lie near 0 or below -65 mV."""


def facts(network: Network) -> dict[str, Any]:
    """Name, scale, populations and connections, as ``network.json`` of a run folder holds them.

    populations: ``name``, ``size``, ``model``, ``region``, ``rest_hz`` ([low, high] or None) and ``sheet_mm`` (its
    sides or None), in order. connections: ``source``, ``target``, ``excitatory``, and ``indegree``, the expected number
    of inputs to a neuron of the target, mean over all of them. Projections that join the same pairs, as the receptors
    of one synapse do, count once; input from outside the network is left out.
    """
    return {
        "name": network.name,
        "scale": network.scale,
        "neurons": network.n_neurons,
        "populations": [_population(population) for population in network.populations.values()],
        "connections": _connections(network),
    }


def _population(population: Population) -> dict[str, Any]:
    return {
        "name": population.name,
        "size": population.size,
        "model": population.model,
        "region": population.region,
        "rest_hz": population.rest_hz,
        "sheet_mm": population.sheet.size_mm if population.sheet else None,
    }


def _connections(network: Network) -> list[dict[str, Any]]:
    distinct = {(p.source, p.target, p.rule, p.stream): p for p in network.projections}
    numbers: dict[tuple[str, str, bool], float] = {}
    for projection in distinct.values():
        target = network.resolve(projection.target)[0]
        ends = network.resolve(projection.source)[0].name, target.name
        key = (*ends, _excites(projection, target))
        numbers[key] = numbers.get(key, 0.0) + network.expected_connections(projection) / target.size
    return [
        {"source": source, "target": target, "excitatory": excitatory, "indegree": indegree}
        for (source, target, excitatory), indegree in numbers.items()
        if indegree
    ]


def _excites(projection: Projection, target: Population) -> bool:
    """By the sign of the weight; where receptors are numbered and have reversal potentials, by that of its own."""
    reversals = target.params.get("E_rev")
    if projection.receptor and isinstance(reversals, tuple):
        return reversals[projection.receptor - 1] > REVERSAL_MV
    return _mean(projection.weight) >= 0


def _mean(quantity: Quantity) -> float:
    match quantity:
        case Normal(mean=mean):
            return mean
        case Lognormal(mean=mean, sign=sign):
            return sign * mean
        case Uniform(low, high):
            return (low + high) / 2
        case Values(values):
            return float(np.mean(values))
        case _:
            return float(quantity)
