"""The smallest network worth running: parrots that repeat their input, and integrate-and-fire neurons behind them.

Channel by channel, parrot i drives neuron i strongly enough for a spike per input spike that comes after a pause. In
NEST what goes in comes out about 3.5 ms later: 1 ms to the parrots, 1 ms on to the neurons, 1.5 ms to threshold. For
tests, tutorials and examples; it models no part of the animal.
"""

from __future__ import annotations

from ..network import Network, Population, Projection
from ..rules import OneToOne

WEIGHT_PA = 4000.0
"""Ours: 1.4 times the 2804 pA that lift ``iaf_psc_exp`` with NEST's default parameters from rest to threshold
in one synaptic event. The peak of the potential is ``w / C * tau_m tau_s / (tau_m - tau_s) * (exp(-t/tau_m) -
exp(-t/tau_s))``, 5.35 mV per 1000 pA at its maximum (C = 250 pF, tau_m = 10 ms, tau_s = 2 ms); the threshold
lies 15 mV above rest."""


def relay(*, scale: float = 1.0, n_channels: int = 2, neurons_per_channel: int = 10) -> Network:
    """Parrots that repeat their input, and integrate-and-fire neurons that follow them one to one.

    Populations ``input`` (parrot_neuron) and ``output`` (iaf_psc_exp), each with channels ``c0``, ``c1``, ...

    scale: fraction of ``neurons_per_channel`` to build, at least one neuron.
    """
    size = max(1, round(scale * neurons_per_channel))
    channels = {f"c{i}": size for i in range(n_channels)}
    populations = [
        Population("input", size * n_channels, "parrot_neuron", channels=channels),
        Population("output", size * n_channels, "iaf_psc_exp", channels=channels),
    ]
    projection = Projection("input", "output", OneToOne(), weight=WEIGHT_PA, delay_ms=1.0)
    return Network("relay", populations, [projection], scale=scale)
