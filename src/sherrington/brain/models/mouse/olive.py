"""Inferior olive, climbing fibres, and the plasticity of parallel fibre synapses that they gate.

The assembled published model has parameters of olivary neurons but no olive. Everything here that is not in
``NEURON["IO"]`` is ours; ``docs/science/mouse-cerebellum.md`` says why each number is what it is.

Plasticity: NEST's ``stdp_dopamine_synapse`` (Potjans, Morrison & Diesmann 2010, Front Comput Neurosci 4:141, doi
10.3389/fncom.2010.00141) with climbing fibres in place of dopamine. With A_plus = 0 it reads, per synapse,

    dw/dt = c (n - b),   dc/dt = -c / tau_c - A_minus K delta(t - t_PF),   dn/dt = -n / tau_n + delta(t - t_CF) / tau_n,

K the trace of the Purkinje cell's own spikes (tau_minus). So c is minus the recent activity of the parallel fibre, n
the rate of the climbing fibres of the microzone, and b the rate at which depression and potentiation balance: above it
active synapses are depressed, below it potentiated.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import NetworkError

CLIMBING_FIBRE_NS = 20.0
"""One olivary spike makes the Purkinje cell fire at once."""
PAUSE_NS = -150.0
"""The pause after a complex spike, as one inhibitory conductance that decays with the cell's tau_syn_in, 10 ms."""
CLIMBING_FIBRE_MS = 4.0
PAUSE_AFTER_MS = 6.0
"""After the spike; longer than the cell's refractory period, so that no climbing fibre fails."""
NUCLEO_OLIVARY_NS = -0.004
NUCLEO_OLIVARY_MS = 10.0
NOISE_HZ = 100.0
NOISE_NS = 0.1
"""Each olivary neuron's input from outside the model; what the error adds comes through the port."""

RESTING_HZ = 1.0
"""Rate of climbing fibres at which parallel fibre synapses stay as they are."""
TAU_ELIGIBLE_MS = 150.0
TAU_CLIMBING_MS = 20.0
TAU_PURKINJE_MS = 100.0
PURKINJE_TRACE = 6.5
"""K of a Purkinje cell at 65 Hz: rate times TAU_PURKINJE_MS."""
STRONGEST = 3.0
"""No synapse grows beyond this many times its initial weight."""


def zones_of(size: int, zones: tuple[str, ...]) -> dict[str, int]:
    """Neurons of each microzone, in order, as even as can be. Raises NetworkError."""
    if not zones or len(set(zones)) != len(zones) or len(zones) > size:
        raise NetworkError(
            f"cerebellum: zones = {list(zones)} for {size} Purkinje cells; name each zone once, one cell each at least"
        )
    edges = [size * i // len(zones) for i in range(len(zones) + 1)]
    return {zone: b - a for zone, a, b in zip(zones, edges, edges[1:], strict=False)}


def plasticity(weight_nS: float, climbing_fibres: int, learning_rate: float) -> Mapping[str, float]:
    """Parameters of the plastic synapse of a zone with this many climbing fibres.

    learning_rate: share of the initial weight by which one spike of a parallel fibre changes it when the climbing
    fibres fire 1 Hz above (less) or below (more) ``RESTING_HZ``, the Purkinje cell at 65 Hz.
    """
    per_hz = climbing_fibres * 1e-3  # n per Hz, in 1/ms: spikes of all the zone's fibres add up
    return {
        "A_plus": 0.0,
        "A_minus": learning_rate * weight_nS / (PURKINJE_TRACE * TAU_ELIGIBLE_MS * per_hz),
        "b": RESTING_HZ * per_hz,
        "tau_c": TAU_ELIGIBLE_MS,
        "tau_n": TAU_CLIMBING_MS,
        "Wmin": 0.0,
        "Wmax": STRONGEST * weight_nS,
    }
