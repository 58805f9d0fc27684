"""What a neuron model is to the native engine: NEST's names and defaults, and from them the constants of one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..distributions import Floats
from .core import core

Parameters = Mapping[str, Floats]
"""By NEST's names: shape (1,) where all neurons have the same, else (n,)."""

FAR = 1e30
"""A threshold that nothing reaches, and a bound that nothing meets, in every precision."""


@dataclass(frozen=True)
class Model:
    """defaults: NEST's. constants, states: name to values, in the order of ``src/native/models``; what can be computed
    from parameters and the resolution in ms, and from parameters. recordables: name to (states that add up, parameter
    that is added, or none). faults: what is wrong with parameters, in words, or nothing. has_receptors: whether spikes
    name one of the channels, from 1 on, instead of choosing one by the sign of their weight."""

    kind: core.Model
    defaults: Mapping[str, float]
    channels: int
    constants: Callable[[Parameters, float], dict[str, Floats]]
    states: Callable[[Parameters], dict[str, Floats]]
    recordables: Mapping[str, tuple[tuple[str, ...], str]]
    faults: Callable[[Parameters], str]
    has_receptors: bool = False

    def channel(self, weight: float, receptor: int) -> int:
        """Where an input of that weight arrives."""
        return receptor - 1 if self.has_receptors else int(self.channels > 1 and weight < 0)

    @property
    def splits_signs(self) -> bool:
        """Whether weights above and below 0 arrive in different channels."""
        return self.channels > 1 and not self.has_receptors

    def why_no_receptor(self, receptor: int) -> str:
        """Why spikes cannot arrive there, or nothing."""
        if self.has_receptors:
            return (
                ""
                if 1 <= receptor <= self.channels
                else f"there is no receptor {receptor}, only 1 to {self.channels}"
            )
        return (
            f"there is no receptor {receptor}; excitation and inhibition differ by sign" if receptor else ""
        )

    @property
    def is_relay(self) -> bool:
        """Whether it repeats what arrives, whatever the weight."""
        return self.kind == core.Model.parrot


def propagator_exp(h: float, tau_syn: Floats, tau_m: Floats, c_m: Floats) -> Floats:
    """What an exponential current of size 1 adds to the potential within h (Rotter and Diesmann 1999), written so that
    equal time constants are no special case: h / C exp(-h / tau_syn) (exp(x) - 1) / x, x = h / tau_syn - h / tau_m."""
    x = h / tau_syn - h / tau_m
    return np.asarray(h / c_m * np.exp(-h / tau_syn) * _phi(x, 1))


def propagator_alpha(h: float, tau_syn: Floats, tau_m: Floats, c_m: Floats) -> Floats:
    """The same of a current t exp(-t / tau_syn): h^2 / C exp(-h / tau_syn) (exp(x) - 1 - x) / x^2."""
    x = h / tau_syn - h / tau_m
    return np.asarray(h * h / c_m * np.exp(-h / tau_syn) * _phi(x, 2))


def mean_exp(h: float, tau: Floats) -> Floats:
    """The mean over a step of a conductance that is 1 at its beginning: tau / h (1 - exp(-h / tau))."""
    return np.asarray(_phi(-h / tau, 1))


def mean_alpha(h: float, tau: Floats) -> Floats:
    """The same of t exp(-t / tau): tau^2 / h (1 - exp(-h / tau) (1 + h / tau)) = h exp(-h / tau) (exp(x) - 1 - x) / x^2
    with x = h / tau."""
    return np.asarray(h * np.exp(-h / tau) * _phi(h / tau, 2))


def _phi(x: Floats, order: int) -> Floats:
    """(exp(x) - 1) / x for order 1, (exp(x) - 1 - x) / x^2 for order 2; by its series near 0."""
    near = np.abs(x) < 0.1
    series = sum(x**k / math.factorial(k + order) for k in range(10))
    far = np.where(near, 1.0, x)
    direct = np.expm1(far) / far if order == 1 else (np.expm1(far) - far) / far**2
    return np.where(near, series, direct)


def refractory_steps(t_ref_ms: Floats, h: float) -> Floats:
    """Whole steps, rounded up to the grid as NEST does it, in tics of 1 us."""
    return np.asarray(np.ceil(np.rint(t_ref_ms * 1000.0) / round(h * 1000.0)))


def fault_of(parameters: Parameters) -> str:
    """What NEST refuses in an integrate-and-fire model."""
    for name, values in parameters.items():
        if name.startswith(("C_m", "tau_", "g_L")) and not (values > 0).all():
            return f"{name} must be above 0"
    if not (parameters["t_ref"] >= 0).all():
        return "t_ref must not be negative"
    if not np.all(parameters["V_reset"] < parameters["V_th"]):
        return "Reset potential must be below the threshold"
    return ""
