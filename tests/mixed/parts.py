"""A network with several models and plasticity, and transfer functions that read and write spikes and potentials."""

import numpy as np

from sherrington import Background, FixedIndegree, Network, Population, Projection, transfer
from sherrington.brain.distributions import Lognormal, Normal
from sherrington.brain.rules import Bernoulli
from sherrington.ports import SpikeBatch


def mixed(scale=1.0):
    populations = [
        Population("E", 101, "iaf_psc_exp", {"V_th": Normal(-52.0, 1.0)}, {"V_m": Normal(-65.0, 3.0)}),
        Population("I2", 37, "iaf_cond_exp"),
        Population("relay", 20, "parrot_neuron"),
        Population("cue", 3, "parrot_neuron"),
        Population("flexor_in", 2, "iaf_psc_alpha", {"I_e": 380.0}, channels={"flexor": 1, "extensor": 1}),
        Population("MN", 20, "iaf_psc_alpha", {"I_e": 350.0}, channels={"flexor": 10, "extensor": 10}),
    ]
    projections = [
        Projection("relay", "E", FixedIndegree(8), Lognormal(60.0, 20.0), Normal(2.0, 0.5, low=0.2)),
        Projection(
            "E", "E", FixedIndegree(20), 30.0, 1.5, synapse="stdp_synapse", synapse_params={"Wmax": 60.0}
        ),
        Projection("E", "I2", Bernoulli(0.2), 2.0, 1.0),
        Projection("I2", "E", Bernoulli(0.3), -40.0, 0.8),
        Projection("E", "MN", FixedIndegree(12), 40.0, 1.0),
        Projection("cue", "MN", FixedIndegree(2), 300.0, 1.0),
        Projection("flexor_in", "MN", FixedIndegree(1), 100.0, 1.0),
    ]
    backgrounds = [Background("E", 6000.0, 25.0, 0.5), Background("I2", 2500.0, 8.0, 0.5)]
    return Network("mixed", populations, projections, backgrounds=backgrounds, scale=scale)


@transfer(outputs={"spikes": "spikes"})
def bursts(*, time_s, dt_s):
    if round(time_s * 1e3) % 50:
        return SpikeBatch.empty()
    times = np.array([0.4, 0.4, 1.1]) * 1e6 + round(time_s * 1e9)
    return SpikeBatch(times.astype(np.int64), np.array([0, 2, 1]))


@transfer(inputs={"potential": "mV"}, outputs={"rate": "Hz"}, low=0.0)
def from_potential(potential):
    return np.full(20, max(0.0, float(potential[0]) + 70.0) * 2.0)


@transfer(inputs={"spikes": "spikes"}, outputs={"rate": "Hz"}, low=0.0)
def from_spikes(spikes):
    weight = float(np.sum(spikes.times_ns % 7_000) + spikes.channels.sum()) if len(spikes) else 0.0
    return np.full(20, weight % 31)
