"""What is published about the cerebellar modules of the mouse brain, and the rates they are calibrated to.

Neurons, weights, kernels and counts: the whole-brain model of Feldotto et al. 2022 (Front Neuroinform 16:884180, doi
10.3389/fninf.2022.884180) and Kuniyoshi et al. 2023 (Front Neurorobot 17:1269848, doi 10.3389/fnbot.2023.1269848), in
the files of ``himeno-sun-lab/V1-S1`` at commit 612b17f (MIT); the weight from pons to granule cells is that of the
later version of the same model. Units: pF, nS, mV, ms, pA, mm. Sources of the rates are in
``docs/science/mouse-cerebellum.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...kernels import Box, Flat, Gaussian, Kernel

SITES_PER_MM = 32
GRANULE_CELLS_PER_SITE = 400
DELAY_MS = 1.0


def _neuron(
    C_m: float,
    g_L: float,
    E_L: float,
    V_th: float,
    V_reset: float,
    t_ref: float,
    E_in: float,
    tau_ex: float,
    tau_in: float,
    I_e: float,
) -> dict[str, float]:
    return {
        "C_m": C_m,
        "g_L": g_L,
        "E_L": E_L,
        "V_th": V_th,
        "V_reset": V_reset,
        "t_ref": t_ref,
        "E_ex": 0.0,
        "E_in": E_in,
        "tau_syn_ex": tau_ex,
        "tau_syn_in": tau_in,
        "I_e": I_e,
    }


NEURON = {
    "GR": _neuron(3.1, 0.43, -58.0, -35.0, -82.0, 5.0, -82.0, 52.0, 59.0, 0.0),
    # No inhibition reaches Golgi and basket cells. Published are E_in = 0 mV and tau_in = 1e-15 ms; these are ours.
    "GO": _neuron(28.0, 2.3, -55.0, -52.0, -72.7, 5.0, -75.0, 170.0, 10.0, 0.0),
    "PKJ": _neuron(107.0, 2.32, -68.0, -55.0, -70.0, 5.0, -75.0, 8.0, 10.0, 80.0),
    "BS": _neuron(107.0, 2.32, -68.0, -55.0, -70.0, 2.5, -75.0, 8.3, 10.0, 0.0),
    "VN": _neuron(122.3, 1.63, -56.0, -38.8, -70.0, 2.5, -88.0, 30.6, 42.3, 300.0),
    "PONS": _neuron(122.3, 1.63, -56.0, -38.8, -70.0, 2.5, -88.0, 30.6, 42.3, 0.0),
    "IO": _neuron(10.0, 0.67, -60.0, -50.0, -75.0, 10.0, -75.0, 10.0, 10.0, 0.0),
}
"""``iaf_cond_exp``. GR granule, GO Golgi, PKJ Purkinje, BS basket cells, VN output nucleus, IO inferior olive."""


@dataclass(frozen=True)
class Fact:
    """A published projection: each pair with ``probability`` times ``kernel``; weight_nS is negative for inhibition."""

    probability: float
    kernel: Kernel
    weight_nS: float


PROJECTION = {
    "PONS->GR": Fact(1.0, Gaussian(0.05), 0.0405),
    "GR->GO": Fact(0.05, Flat(Box(0.1, 0.1)), 0.002275),
    "GO->GR": Fact(0.025, Flat(Box(0.15, 0.15)), -0.2408),
    "GR->PKJ": Fact(1.0, Gaussian(0.1), 0.007),
    "GR->BS": Fact(1.0, Flat(Box(0.5, 0.1)), 0.015),
    "BS->PKJ": Fact(1.0, Flat(Box(0.1, 0.25)), -1.05),
    "PKJ->VN": Fact(1.0, Gaussian(0.1), -0.01806),
}
"""Parallel fibres run along x."""

RATE_HZ = {
    "PONS": (5.0, 20.0),
    "GR": (0.3, 5.0),
    "GO": (8.0, 20.0),
    "BS": (8.0, 22.0),
    "PKJ": (50.0, 90.0),
    "VN": (30.0, 60.0),
    "IO": (0.7, 1.5),
}
"""Range of the mean rate at rest in awake mice. PONS (mossy fibres), GO and BS are uncertain."""
TARGET_HZ = {"PONS": 10.0, "GR": 1.5, "GO": 14.0, "BS": 15.0, "PKJ": 65.0, "VN": 45.0, "IO": 1.0}
"""Ours: what the calibration aims at."""
