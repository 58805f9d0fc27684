"""Rates of cortical populations at rest: what is published for S1, and the ranges that runs are held against.

S1: mean and standard deviation over cells in awake mice, Yu, Hu, Agmon & Svoboda 2019, Neuron 104:412-427, doi
10.1016/j.neuron.2019.07.027, as the fitting targets of Jiang et al. 2024, Cereb Cortex 34:bhae378, doi
10.1093/cercor/bhae378. M1: no table by layer and type was found; the calibration's targets are ours, uncertain
(``docs/science/mouse.md``), and so are its ranges.
"""

from __future__ import annotations

from collections.abc import Mapping

S1_HZ = {
    "L23_PV": (13.8, 8.9),
    "L23_Pyr": (2.7, 3.7),
    "L23_SST": (2.6, 3.6),
    "L23_VIP": (14.6, 7.3),
    "L4_PV": (10.2, 7.2),
    "L4_Pyr": (0.5, 0.8),
    "L4_SST": (2.6, 3.2),
    "L5_PV": (7.5, 5.2),
    "L5_Pyr": (6.8, 5.2),
    "L5_SST": (2.8, 4.5),
    "L6_PV": (16.9, 14.3),
    "L6_Pyr": (6.1, 6.9),
    "L6_SST": (3.9, 4.9),
}
"""Mean and standard deviation over cells. The source divides neither L2 from L3 nor L5A from L5B."""
LAYERS = {"L2": "L23", "L3": "L23", "L5A": "L5", "L5B": "L5"}
SPREAD = 0.5
"""Ours: how many standard deviations over cells the mean of a population may be off. It is two standard errors of a
mean over 16 cells."""
FACTOR = 2.0
"""Ours: how far a rate of M1 may be off its target, either way."""


def rest_hz(area: str, population: str, targets_hz: Mapping[str, float]) -> tuple[float, float] | None:
    """Lowest and highest mean rate of a population, by name without the area; None for L1, of which nothing was found.

    targets_hz: of the calibration, for M1.
    """
    layer, _, kind = population.partition("_")
    if area == "S1":
        published = S1_HZ.get(f"{LAYERS.get(layer, layer)}_{kind}")
        return published and (published[0] - SPREAD * published[1], published[0] + SPREAD * published[1])
    target = targets_hz.get(population)
    return (target / FACTOR, target * FACTOR) if target and layer != "L1" else None
