"""Between the regions of the mouse brain: which population reaches which, how far, and how strongly.

Published: ``himeno-sun-lab/V1-S1`` at 612b17f (MIT licence), the code of the brain of Feldotto et al. 2022, Front
Neuroinform 16:884180, doi 10.3389/fninf.2022.884180, and Kuniyoshi et al. 2023, Front Neurorobot 17:1269848, doi
10.3389/fnbot.2023.1269848. What we changed is ``factor``, what we added says so, and ``docs/science/mouse.md`` has the
reasons in a table. The pallidum's path to the thalamus and the relays of cortex in the basal ganglia are in
``basal_ganglia``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Path:
    """A pair at horizontal distance d connects with the chance probability exp(-d^2 / 2 sigma^2).

    weight_nS: as published, or ours where nothing is; negative for inhibition. factor: ours, on the weight.
    """

    source: str
    target: str
    probability: float
    sigma_mm: float
    weight_nS: float
    delay_ms: float
    factor: float = 1.0


CORTEX_TO_PONS = (
    Path("M1_L5B_PT", "CB_M1_PONS", 0.05, 0.1, 0.5, 10.0, factor=0.87),
    Path("S1_L5B_Pyr", "CB_S1_PONS", 0.08, 0.1, 1.0, 10.0, factor=0.09),
)
"""The factors give the pons the mean conductance that its modules were calibrated with, 40 nS Hz."""

NUCLEUS_TO_THALAMUS = (
    Path("CB_S1_VN", "TH_S1_EZ_TC", 1.0, 0.1, 0.05, 2.0, factor=4.0),
    Path("CB_S1_VN", "TH_S1_EZ_IN", 1.0, 0.2, 0.1, 2.0, factor=0.5),
    Path("CB_M1_VN", "TH_M1_EZ_TC", 1.0, 0.1, 1.0, 2.0, factor=0.2),
    Path("CB_M1_VN", "TH_M1_EZ_IN", 1.0, 0.5, 0.1, 2.0, factor=0.1),
)

ONE_SYNAPSE = 13.0
"""0.1 to 1.3 nS: a thalamocortical synapse lifts a cell by about 0.5 mV in vivo (Bruno & Sakmann 2006, Science
312:1622-1627, doi 10.1126/science.1124593), and 0.24 nS lift these cells by 0.09 mV."""
ONTO_INTERNEURONS = 3.0

SENSORY_PROBABILITY = 0.43
SENSORY_SIGMA_MM = 0.175
"""A cell of layer 4 has about 85 thalamic inputs, and a pair within a column connects with 0.43 (Bruno & Sakmann
2006). The sigma is what gives 85 of 1024 cells per mm2."""
SENSORY_NS = 1.3

S1_TO_M1_PROBABILITY, S1_TO_M1_SIGMA_MM = 0.34, 0.3
ONTO_L23, ONTO_PYRAMIDAL = 0.5, 1.2


def _thalamocortical() -> Iterator[Path]:
    for area, output in (("S1", "L5B_Pyr"), ("M1", "L5B_PT")):
        for zone in ("EZ", "IZ"):
            source = f"TH_{area}_{zone}_TC"
            yield Path(source, f"{area}_{output}", 0.2, 0.1, 0.1, 10.0, ONE_SYNAPSE)
            yield Path(source, f"{area}_L5B_PV", 1.0, 0.1, 0.1, 10.0, ONTO_INTERNEURONS)
            yield Path(source, f"{area}_L5B_SST", 1.0, 0.1, 0.1, 10.0, ONTO_INTERNEURONS)


def _corticothalamic() -> Iterator[Path]:
    for area, source in (("S1", "L6_Pyr"), ("M1", "L6_CT")):
        for zone in ("EZ", "IZ"):
            yield Path(f"{area}_{source}", f"TH_{area}_{zone}_TC", 0.2, 0.1, 0.01, 10.0)
            yield Path(f"{area}_{source}", f"TH_{area}_{zone}_RE", 1.0, 0.1, 0.01, 10.0)


def _sensory() -> Iterator[Path]:
    """Ours: the published brain has no thalamic nucleus of the body's senses. Delay: the thalamocortical one of the
    mouse, about 2 ms."""
    source = "TH_S1_VPL_TC"
    yield Path(source, "S1_L4_Pyr", SENSORY_PROBABILITY, SENSORY_SIGMA_MM, SENSORY_NS, 2.0)
    yield Path(source, "S1_L4_PV", SENSORY_PROBABILITY, SENSORY_SIGMA_MM, SENSORY_NS, 2.0)
    yield Path(source, "S1_L5B_Pyr", SENSORY_PROBABILITY, SENSORY_SIGMA_MM, SENSORY_NS, 2.0)
    yield Path("S1_L6_Pyr", "TH_S1_VPL_TC", 0.2, 0.1, 0.01, 10.0)
    yield Path("S1_L6_Pyr", "TH_S1_VPL_RE", 1.0, 0.1, 0.01, 10.0)


def _between_cortices() -> Iterator[Path]:
    """The later code has a uniform 0.06 for every pair; ours falls off with distance and has the same in-degree, so
    that a place of the body's map in S1 reaches the same place of M1. That it reaches pyramidal-tract cells themselves
    is ours: through L2/3 alone, at 2 Hz, what the body feels does not move them."""
    for layer in ("L5A", "L5B"):
        yield Path(
            f"S1_{layer}_Pyr", "M1_L23_CC", S1_TO_M1_PROBABILITY, S1_TO_M1_SIGMA_MM, 0.2, 1.5, ONTO_L23
        )
    yield Path(
        "S1_L5B_Pyr", "M1_L5B_PT", S1_TO_M1_PROBABILITY / 2, S1_TO_M1_SIGMA_MM, 0.2, 1.5, ONTO_PYRAMIDAL
    )


PATHS = (
    *CORTEX_TO_PONS,
    *NUCLEUS_TO_THALAMUS,
    *_thalamocortical(),
    *_corticothalamic(),
    *_sensory(),
    *_between_cortices(),
)

REST_HZ = {
    "M1_L5A_CS": 3.0,
    "M1_L5B_PT": 5.0,
    "M1_L6_CT": 1.0,
    "S1_L5A_Pyr": 6.8,
    "S1_L5B_Pyr": 6.8,
    "S1_L6_Pyr": 6.1,
    "TH_S1_EZ_TC": 8.0,
    "TH_S1_IZ_TC": 5.0,
    "TH_M1_EZ_TC": 8.0,
    "TH_M1_IZ_TC": 6.0,
    "TH_S1_VPL_TC": 8.0,
    "CB_M1_VN": 45.0,
    "CB_S1_VN": 45.0,
}
"""Of the trains that stand for a region that is absent, and of what the basal ganglia repeat. Cortex and nucleus: their
calibrated rates."""
