"""Rates of integrate-and-fire neurons that reproduce themselves: the diffusion approximation of a network at rest.

A leaky integrate-and-fire neuron that receives many small, uncorrelated inputs fires at

    1 / nu = t_ref + tau_m sqrt(pi) int_{(V_reset - mu) / sigma}^{(V_th - mu) / sigma} exp(x^2) (1 + erf(x)) dx

(Siegert 1951, Phys Rev 81:617-623, doi 10.1103/PhysRev.81.617; in networks: Brunel 2000, J Comput Neurosci
8:183-208, doi 10.1023/A:1008925309027), where mu and sigma^2 / 2 are mean and variance of the free membrane
potential. For synaptic currents of charge J per spike and total input rate r: mu = E_L + tau_m / C (I_e + sum J r),
sigma^2 = tau_m / C^2 sum J^2 r. The synapses' own time constant raises threshold and reset by sqrt(tau_syn / tau_m)
|zeta(1/2)| / sqrt(2) sigma (Fourcaud & Brunel 2002, Neural Comput 14:2057-2110, doi 10.1162/089976602320264015)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import dawsn, erfcx

from ..brain.distributions import Lognormal, Normal, Quantity, Uniform, Values
from ..brain.network import Network, Population
from .connections import connections

Floats = NDArray[np.float64]
MODELS = ("iaf_psc_exp", "iaf_psc_alpha", "iaf_psc_delta")
DEFAULTS = {
    "E_L": -70.0,
    "V_th": -55.0,
    "V_reset": -70.0,
    "C_m": 250.0,
    "tau_m": 10.0,
    "t_ref": 2.0,
    "tau_syn_ex": 2.0,
    "tau_syn_in": 2.0,
    "I_e": 0.0,
}
"""NEST's, of these models."""
ZETA = 1.4603545088095868
"""|zeta(1/2)|"""
MOST_POPULATIONS = 200
ROUNDS, STEP, TOLERANCE = 400, 0.1, 1e-4


@dataclass(frozen=True)
class _Cells:
    """Membrane numbers of the populations that theory covers, each shape (n,); mV, pF, ms, pA."""

    rest: Floats
    threshold: Floats
    reset: Floats
    capacitance: Floats
    tau: Floats
    refractory: Floats
    synapse: Floats
    current: Floats


def self_consistent_hz(network: Network, known_hz: Mapping[str, float]) -> dict[str, float]:
    """Rates in Hz of the current-based integrate-and-fire populations of which none is known; the other ones fire as
    known. Nothing where such a population hears one whose rate nobody knows, or where no rates reproduce
    themselves."""
    chosen = [p for p in network.populations.values() if p.name not in known_hz and p.model in MODELS]
    if not chosen or len(chosen) > MOST_POPULATIONS:
        return {}
    heard = Heard(np.zeros((2, len(chosen), len(chosen))), np.zeros((2, len(chosen))))
    place = {p.name: i for i, p in enumerate(chosen)}
    if not _hear_each_other(network, known_hz, place, heard):
        return {}
    _hear_backgrounds(network, place, heard)
    found = _iterate(_cells(chosen), heard)
    return {} if found is None else dict(zip(place, found.tolist(), strict=True))


@dataclass(frozen=True)
class Heard:
    """What arrives at each population: mean and mean square of charge in pA ms and (pA ms)^2. of_each: per spike of
    one neuron of a source and ms, shape (2, n targets, n sources); fixed: per ms, from elsewhere, shape (2, n)."""

    of_each: Floats
    fixed: Floats


def _hear_each_other(
    network: Network, known_hz: Mapping[str, float], place: Mapping[str, int], heard: Heard
) -> bool:
    """Fill in what projections bring; False where a source is neither among these populations nor known."""
    for projection, count in zip(network.projections, connections(network), strict=True):
        source, target = (network.resolve(end)[0] for end in (projection.source, projection.target))
        if target.name not in place:
            continue
        charge = count / target.size * _charge(projection.weight, target)
        if source.name in place:
            heard.of_each[:, place[target.name], place[source.name]] += charge
        elif source.name in known_hz:
            heard.fixed[:, place[target.name]] += charge * known_hz[source.name] / 1e3
        else:
            return False
    return True


def _hear_backgrounds(network: Network, place: Mapping[str, int], heard: Heard) -> None:
    for background in network.backgrounds:
        target, some = network.resolve(background.population)
        if target.name in place:
            share = background.rate_hz / 1e3 * len(some) / target.size
            heard.fixed[:, place[target.name]] += share * _charge(background.weight, target)


def _cells(chosen: list[Population]) -> _Cells:
    def column(name: str) -> Floats:
        return np.array([_mean(p.params.get(name, DEFAULTS[name])) for p in chosen])

    return _Cells(
        column("E_L"),
        column("V_th"),
        column("V_reset"),
        column("C_m"),
        column("tau_m"),
        column("t_ref"),
        np.where([p.model == "iaf_psc_delta" for p in chosen], 0.0, column("tau_syn_ex")),
        column("I_e"),
    )


def _charge(weight: Quantity, target: Population) -> Floats:
    """Mean and mean square of the charge of one spike, shape (2,), pA ms and (pA ms)^2. The weight of
    ``iaf_psc_delta`` is a jump in mV: the charge that makes it is that times C, mV pF / ms being pA."""
    mean, square = _moments(weight)
    if target.model == "iaf_psc_delta":
        factor = _mean(target.params.get("C_m", DEFAULTS["C_m"]))
    else:
        name = "tau_syn_ex" if mean >= 0 else "tau_syn_in"
        factor = _mean(target.params.get(name, DEFAULTS[name]))
        factor *= math.e if target.model == "iaf_psc_alpha" else 1.0
    return np.array([mean * factor, square * factor**2])


def _iterate(cells: _Cells, heard: Heard) -> Floats | None:
    """Rates in Hz, shape (n,), towards which the network relaxes from silence; None where it does not come to
    rest."""
    rates = np.zeros(len(cells.rest))
    for _ in range(ROUNDS):
        mean, square = heard.of_each @ rates / 1e3 + heard.fixed
        new = siegert_hz(cells, mean, square)
        if np.abs(new - rates).max() <= TOLERANCE * max(1.0, rates.max()):
            return new
        rates += STEP * (new - rates)
    return None


def siegert_hz(cells: _Cells, input_pA: Floats, input_square: Floats) -> Floats:
    """Rates in Hz, shape (n,). input_pA: mean current; input_square: sum of squared charge times rate, pA^2 ms."""
    mu = cells.rest + cells.tau / cells.capacitance * (cells.current + input_pA)
    sigma = np.sqrt(np.maximum(cells.tau * input_square, 1e-6)) / cells.capacitance
    shift = ZETA / math.sqrt(2) * np.sqrt(cells.synapse / cells.tau)
    upper = (cells.threshold - mu) / sigma + shift
    lower = (cells.reset - mu) / sigma + shift
    areas = np.array([_area(a, b) for a, b in zip(lower, upper, strict=True)])
    return np.asarray(1e3 / (cells.refractory + cells.tau * math.sqrt(math.pi) * areas))


def _area(lower: float, upper: float) -> float:
    """int exp(x^2) (1 + erf(x)) dx from lower to upper; infinite, and the neuron silent, far below threshold.

    Below zero the integrand is erfcx(-x), the scaled complement of the error function; above, 2 exp(x^2) - erfcx(x),
    and int exp(x^2) dx = exp(x^2) dawsn(x)."""
    if upper > 20.0:
        return math.inf
    lower = min(lower, upper)
    total = 0.0
    if upper > 0:
        first = max(lower, 0.0)
        total += 2 * (math.exp(upper**2) * dawsn(upper) - math.exp(first**2) * dawsn(first))
        total -= _erfcx(first, upper)
    if lower < 0:
        total += _erfcx(-min(upper, 0.0), -lower)
    return total


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def _erfcx(lower: float, upper: float) -> float:
    """int erfcx(x) dx between two numbers from 0 on, in the variable log(1 + x), in which it is smooth."""
    a, b = math.log1p(lower), math.log1p(upper)
    at = np.expm1((b - a) / 2 * _NODES + (a + b) / 2)
    return float((b - a) / 2 * np.sum(_WEIGHTS * erfcx(at) * (1 + at)))


def _mean(quantity: object) -> float:
    return _moments(quantity)[0]


def _moments(quantity: object) -> tuple[float, float]:
    """Mean and mean square."""
    match quantity:
        case Normal(mean=mean, std=std):
            return mean, mean**2 + std**2
        case Lognormal(mean=mean, std=std, sign=sign):
            return sign * mean, mean**2 + std**2
        case Uniform(low, high):
            return (low + high) / 2, (low**2 + low * high + high**2) / 3
        case Values(values):
            listed = np.asarray(values)
            return float(listed.mean()), float((listed**2).mean())
        case int() | float():
            return float(quantity), float(quantity) ** 2
        case _:
            return 0.0, 0.0
