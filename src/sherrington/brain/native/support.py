"""What of a network the native engine cannot do, and why."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import numpy as np

from ...errors import NetworkError, known
from ..distributions import Distribution, Floats
from ..network import Network, Population, Projection
from .model import Model, Parameters
from .models import MODELS

STATIC = ("static_synapse", "static_synapse_hpc")


def why_not(network: Network) -> str:
    """The first thing that a network needs and the engine does not have, with the reason; empty where it can run it."""
    if network.modules:
        return f"network '{network.name}' needs '{network.modules[0]}', an extension module of NEST"
    for population in network.populations.values():
        if population.model not in MODELS:
            return f"population '{population.name}': {_no_model(population.model)}"
    return next(filter(None, (_why_not(network, p) for p in network.projections)), "")


def _why_not(network: Network, projection: Projection) -> str:
    what = f"projection '{projection.name}'"
    if projection.synapse not in STATIC:
        return f"{what}: the native engine has no synapse '{projection.synapse}' yet; {known(STATIC)}"
    if projection.synapse_params or projection.modulator:
        return f"{what}: a static synapse has no parameters and no modulator"
    return why_no_receptor(network.resolve(projection.target)[0], projection.receptor, what)


def why_no_receptor(population: Population, receptor: int, what: str) -> str:
    """Why spikes cannot arrive at a receptor of a population, or nothing."""
    if receptor:
        return f"{what}: neurons of model '{population.model}' have no receptor {receptor}"
    return ""


def _no_model(model: str) -> str:
    near = difflib.get_close_matches(model, MODELS, 5, 0.5)
    hint = f"did you mean: {', '.join(near)}?" if near else known(tuple(MODELS))
    return f"the native engine has no model '{model}'; {hint}"


def model_of(population: Population) -> Model:
    """Raises NetworkError with the nearest models, and for a parameter that the model does not have."""
    if population.model not in MODELS:
        raise NetworkError(f"population '{population.name}': {_no_model(population.model)}")
    model = MODELS[population.model]
    what = f"population '{population.name}' ({population.model})"
    for name in (*population.params, *population.initial):
        if name not in model.defaults:
            near = difflib.get_close_matches(name, model.defaults, 3, 0.6)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise NetworkError(f"{what} has no parameter '{name}'; {hint}{known(tuple(model.defaults))}")
    return model


def parameters(network: Network, population: Population, seed: int) -> Parameters:
    """All parameters and initial values, drawn where they are distributions. Raises NetworkError."""
    model = model_of(population)
    what = f"population '{population.name}' ({population.model})"
    given: dict[str, Floats] = {}
    for name, value in {**population.params, **population.initial}.items():
        if isinstance(value, tuple):
            raise NetworkError(f"{what}: '{name}' is a list; the model takes one number")
        if not isinstance(value, Distribution):
            given[name] = np.array([float(value)])
    given |= dict(network.initial_values(population, seed))
    found = {**{name: np.array([value]) for name, value in model.defaults.items()}, **given}
    fault = model.faults(found)
    if fault:
        raise NetworkError(f"{what}: cannot set {_shown(population)}: {fault}")
    return found


def _shown(population: Population) -> Mapping[str, object]:
    return {**population.params, **population.initial}
