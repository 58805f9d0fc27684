"""Rates before anything has run: mean-field theory against published rates, and what is taken where it says nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from sherrington.brain.models.hpc_benchmark import RATE_HZ, hpc_benchmark
from sherrington.brain.models.microcircuit import MEAN_RATE_HZ, microcircuit
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.plan.meanfield import _area, self_consistent_hz


@pytest.mark.parametrize(("lower", "upper"), [(-3.0, -1.0), (-2.0, 0.5), (0.0, 2.0), (1.0, 3.0), (-5.0, 4.0)])
def test_the_integral_against_quadrature(lower: float, upper: float) -> None:
    expected, _ = quad(lambda x: math.exp(x * x) * (1 + erf(x)), lower, upper)
    assert _area(lower, upper) == pytest.approx(expected, rel=1e-6)


def test_the_integral_far_above_threshold() -> None:
    """There exp(x^2) (1 + erf(x)) is 1 / (sqrt(pi) |x|), but for a share of 1 / (2 x^2)."""
    assert _area(-30.0, -10.0) == pytest.approx(math.log(3) / math.sqrt(math.pi), rel=5e-3)


def test_far_below_threshold_a_neuron_is_silent() -> None:
    assert _area(10.0, 25.0) == math.inf


def test_the_balanced_network_fires_as_published() -> None:
    found = self_consistent_hz(hpc_benchmark(scale=0.2), {})
    assert found["E"] == pytest.approx(RATE_HZ, rel=0.1)
    assert found["I"] == pytest.approx(RATE_HZ, rel=0.1)


def test_the_microcircuit_fires_as_published() -> None:
    found = self_consistent_hz(microcircuit(), {})
    errors = [abs(found[name] / hz - 1) for name, hz in MEAN_RATE_HZ.items()]
    assert float(np.median(errors)) < 0.1
    assert max(errors) < 0.25


def test_a_population_of_known_rate_keeps_it() -> None:
    network = Network(
        "known",
        [Population("A", 100, "parrot_neuron"), Population("B", 100, "iaf_psc_exp")],
        [Projection("A", "B", FixedIndegree(50), 100.0, 1.0)],
    )
    quiet, loud = (self_consistent_hz(network, {"A": hz}) for hz in (1.0, 100.0))
    assert set(quiet) == {"B"}
    assert quiet["B"] < loud["B"]


def test_theory_is_silent_where_a_source_is_unknown() -> None:
    network = Network(
        "unknown",
        [Population("A", 100, "iaf_cond_exp"), Population("B", 100, "iaf_psc_exp")],
        [Projection("A", "B", FixedIndegree(50), 100.0, 1.0)],
        backgrounds=[Background("B", 8000.0, 50.0, 1.0)],
    )
    assert self_consistent_hz(network, {}) == {}
