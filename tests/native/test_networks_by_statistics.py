"""Networks with noise, as they run by default: rates, irregularity and synchrony within NEST's spread over seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import ks_2samp
from side_by_side import MS

from sherrington.analysis.statistics import of_spikes
from sherrington.brain.distributions import Lognormal, Normal, Uniform
from sherrington.brain.engine import BrainEngine, BrainOptions, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import Bernoulli, FixedIndegree, FixedTotal
from sherrington.ports import SpikeBatch

SEEDS = range(1, 9)
UNTIL, FROM = 1100 * MS, 100 * MS


def currents() -> Network:
    """Exponential currents; weights and delays with distributions."""
    start = {"V_m": Uniform(-70.0, -55.0)}
    e, i = Population("e", 400, initial=start), Population("i", 100, initial=start)
    excitation, inhibition = Lognormal(40.0, 20.0), Normal(-240.0, 24.0, high=0.0)
    projections = [
        Projection("e", "e", FixedIndegree(40), excitation, Normal(1.5, 0.7, low=0.1)),
        Projection("e", "i", Bernoulli(0.1), excitation, Normal(1.5, 0.7, low=0.1)),
        Projection("i", "e", FixedTotal(4000), inhibition, Uniform(0.5, 1.2)),
        Projection("i", "i", FixedIndegree(10), inhibition, 0.8),
    ]
    noise = [Background(name, 6000.0, 29.0, 1.5) for name in ("e", "i")]
    return Network("n", [e, i], projections, backgrounds=noise)


def conductances() -> Network:
    own = {"tau_syn_ex": 2.0, "tau_syn_in": 6.0, "V_reset": -65.0}
    e = Population("e", 400, "iaf_cond_alpha", params=own)
    i = Population("i", 100, "iaf_cond_exp", params=own)
    projections = [
        Projection("e", "e", FixedIndegree(40), Lognormal(0.6, 0.3), Uniform(0.5, 2.0)),
        Projection("e", "i", FixedIndegree(40), 1.0, 1.0),
        Projection("i", "e", FixedIndegree(20), -4.0, 1.0),
        Projection("i", "i", FixedIndegree(10), -4.0, 1.0),
    ]
    noise = [Background("e", 5000.0, 0.9, 1.0), Background("i", 5000.0, 0.9, 1.0)]
    return Network("n", [e, i], projections, backgrounds=noise)


def statistics(make: Callable[[], BrainEngine], network: Network, seed: int) -> dict[str, float]:
    """Of both populations: mean rate, mean CV of intervals, and variance over mean of counts in 5 ms."""
    brain = make()
    try:
        return _statistics(brain, network, seed)
    finally:
        brain.close()


def _statistics(brain: BrainEngine, network: Network, seed: int) -> dict[str, float]:
    found: dict[str, float] = {}
    outputs = [brain_port(p, "spikes", writes=False, per="neuron") for p in network.populations.values()]
    brain.prepare(network, [], outputs, seed, BrainOptions())
    brain.advance(UNTIL)
    for port in outputs:
        batch = brain.read(port.port.name)
        assert isinstance(batch, SpikeBatch)
        size = network.population(port.population).size
        measured = of_spikes(batch, size, FROM, UNTIL)
        counts = np.bincount(batch.times_ns[batch.times_ns > FROM] // (5 * MS))[FROM // (5 * MS) :]
        found |= {
            f"{port.population} rate": float(measured.rate_hz),
            f"{port.population} CV": float(measured.interval_cv),
            f"{port.population} synchrony": float(counts.var() / counts.mean()),
        }
    return found


@pytest.mark.slow
@pytest.mark.parametrize("network", [currents, conductances])
def test_statistics_lie_within_the_spread_over_seeds(network: Callable[[], Network]) -> None:
    """Two-sample Kolmogorov-Smirnov test; of a dozen such tests one in 100 runs would fail by chance at 0.001."""
    nest = [statistics(NestBrain, network(), seed) for seed in SEEDS]
    native = [statistics(NativeBrain, network(), seed) for seed in SEEDS]
    for name in nest[0]:
        theirs, ours = ([one[name] for one in engine] for engine in (nest, native))
        print(f"{name}: NEST {np.mean(theirs):.4g} +- {np.std(theirs):.2g}, native {np.mean(ours):.4g}")
        assert ks_2samp(theirs, ours).pvalue > 0.001, name
    assert 1.0 < np.mean([one["e rate"] for one in nest]) < 40.0
