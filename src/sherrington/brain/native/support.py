"""What of a network the native engine cannot do, and why; models and parameters of its populations."""

from __future__ import annotations

import difflib

import numpy as np

from ...errors import NetworkError, known
from ..distributions import Distribution, Floats, Quantity
from ..network import Network, Population, Projection
from .core import core
from .model import Model, Parameters
from .models import MODELS
from .multisynapse import NAMES, TAU_SYN, multisynapse

STATIC = ("static_synapse", "static_synapse_hpc")
ALL_MODELS = (*MODELS, *NAMES)


def why_not(network: Network) -> str:
    """The first thing that a network needs and the engine does not have, with the reason; empty where it can run it."""
    if network.modules:
        return f"network '{network.name}' needs '{network.modules[0]}', an extension module of NEST"
    for population in network.populations.values():
        if population.model not in ALL_MODELS:
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
    reason = model_of(population).why_no_receptor(receptor)
    return reason and f"{what}: {reason} (population '{population.name}', {population.model})"


def _no_model(model: str) -> str:
    near = difflib.get_close_matches(model, ALL_MODELS, 5, 0.5)
    hint = f"did you mean: {', '.join(near)}?" if near else known(ALL_MODELS)
    return f"the native engine has no model '{model}'; {hint}"


def _tau_syn(population: Population) -> tuple[float, ...]:
    given = population.params.get("tau_syn", TAU_SYN)
    if not isinstance(given, tuple) or not 1 <= len(given) <= core.MAX_RECEPTORS:
        raise NetworkError(
            f"population '{population.name}' ({population.model}): 'tau_syn' is {given}; it must be a tuple of 1 to "
            f"{core.MAX_RECEPTORS} time constants, one for each receptor"
        )
    return given


def _given(population: Population) -> dict[str, Quantity | tuple[float, ...]]:
    """Parameters and initial values as the model names them: a list of receptors is one parameter each."""
    given = {**population.params, **population.initial}
    if population.model not in NAMES:
        return given
    taus = {f"tau_syn_{i}": tau for i, tau in enumerate(_tau_syn(population), 1)}
    return {**{name: value for name, value in given.items() if name != "tau_syn"}, **taus}


def model_of(population: Population) -> Model:
    """Raises NetworkError with the nearest models."""
    if population.model in NAMES:
        return multisynapse(population.model, len(_tau_syn(population)))
    if population.model not in MODELS:
        raise NetworkError(f"population '{population.name}': {_no_model(population.model)}")
    return MODELS[population.model]


def check_parameters(population: Population) -> None:
    """Raises NetworkError for a parameter that the model does not have, with those that it has."""
    exist = [
        n for n in model_of(population).defaults if not n.startswith("tau_syn_") or n[-2:] in ("ex", "in")
    ]
    exist += ["tau_syn"] if population.model in NAMES else []
    what = f"population '{population.name}' ({population.model})"
    for name in (*population.params, *population.initial):
        if name not in exist:
            near = difflib.get_close_matches(name, exist, 3, 0.6)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise NetworkError(f"{what} has no parameter '{name}'; {hint}{known(tuple(exist))}")


def parameters(network: Network, population: Population, seed: int) -> Parameters:
    """All parameters and initial values, drawn where they are distributions. Raises NetworkError."""
    model, what = model_of(population), f"population '{population.name}' ({population.model})"
    check_parameters(population)
    found: dict[str, Floats] = {name: np.array([value]) for name, value in model.defaults.items()}
    for name, value in _given(population).items():
        if isinstance(value, tuple):
            raise NetworkError(f"{what}: '{name}' is a list; the model takes one number")
        if not isinstance(value, Distribution):
            found[name] = np.array([float(value)])
    found |= dict(network.initial_values(population, seed))
    fault = model.faults(found)
    if fault:
        raise NetworkError(f"{what}: cannot set { ({**population.params, **population.initial}) }: {fault}")
    return found
