"""Numbers of the basal ganglia, and the two formulas that turn boutons into in-degrees and weights.

Sources: Lienard & Girard 2014 (doi 10.1007/s10827-013-0476-2), parameter set 9, and Girard et al. 2021 (doi
10.1111/ejn.14869), as tabulated in ``himeno-sun-lab/V1-S1`` (MIT licence), ``baseBGParams.py``. What is ours says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

PER_MM2 = {
    "MSN": 10576,
    "FSI": 212,
    "STN": 32,
    "GPe": 100,
    "GPi": 56,
    "CSN": 12000,
    "PTN": 12000,
    "CMPf": 12000,
}
"""Cells under one mm2 of sheet: 4/1000 of those of a macaque, and of the inputs as many as the authors took."""
FEWEST_PER_MM2 = {
    "MSN": 3000,
    "FSI": 212,
    "STN": 32,
    "GPe": 100,
    "GPi": 56,
    "CSN": 5000,
    "PTN": 5000,
    "CMPf": 1000,
}
"""At any scale. Ours: the small nuclei stay whole, and below these numbers of the large ones the same few inputs reach
every cell, and rates leave the range that they have at full size."""

MACAQUE = {
    "MSN": 26_448_000,
    "FSI": 532_000,
    "STN": 77_000,
    "GPe": 251_000,
    "GPi": 143_000,
    "CMPf": 86_000,
}
"""Cells of the whole nucleus."""

COMMON = {"E_L": 0.0, "V_reset": 0.0, "V_min": -20.0, "t_ref": 2.0}
TAU_SYN_MS = (5.0 / math.e, 100.0 / math.e, 5.0 / math.e)
"""Of AMPA, NMDA and GABA, so that half of the charge has flowed after about 5, 100 and 5 ms."""


@dataclass(frozen=True)
class Nucleus:
    """``iaf_psc_alpha_multisynapse`` with a resistance of 1, so that pA and mV are the same number: tau_m in ms is the
    capacitance in pF. dendrite: length and diameter in m. rest_hz: range of the rates at rest in macaques."""

    tau_m_ms: float
    threshold_mV: float
    current_pA: float
    dendrite: tuple[float, float]
    rest_hz: tuple[float, float]


NUCLEI = {
    "MSN": Nucleus(13.0, 30.0, 24.5, (619e-6, 1.0e-6), (0.05, 1.0)),
    "FSI": Nucleus(3.1, 16.0, 8.0, (961e-6, 1.5e-6), (7.8, 14.0)),
    "STN": Nucleus(6.0, 26.0, 9.5, (750e-6, 1.5e-6), (15.2, 22.8)),
    "GPe": Nucleus(14.0, 11.0, 12.0, (865e-6, 1.7e-6), (55.7, 74.5)),
    "GPi": Nucleus(14.0, 6.0, 11.0, (1132e-6, 1.2e-6), (59.1, 79.5)),
}
CALIBRATED_PA: dict[str, float] = {"GPi": 10.0}
"""Constant currents that differ from the published ones: ours, found by
``benchmarks/mouse_basal_ganglia/calibrate.py``."""

REST_HZ = {"CSN": 2.0, "PTN": 15.0, "CMPf": 4.0}
MOST_HZ = {"CSN": 19.7, "PTN": 46.3, "CMPf": 34.0}
"""Rates of the inputs at rest and when most active."""

RECEPTORS = {"AMPA": 1, "NMDA": 2, "GABA": 3}
PEAK_PA = {"AMPA": 1.0, "NMDA": 0.025, "GABA": -0.25}
"""Of the current of one bouton at the soma, before the dendrite weakens it."""

REACH_MM = {"focused": 0.15, "diffuse": 2.0}
CONTACTS_PER_AXON = 3
"""Boutons that one axon places on one dendritic tree."""
AXIAL_OHM_M = 2.0
MEMBRANE_OHM_M2 = 2.0


@dataclass(frozen=True)
class Connection:
    """boutons: of one axon on one cell that it reaches, or on average of all axons on one cell where ``share`` is None.
    share: of the source's cells that reach the target at all. place: distance from the soma over the length of the
    dendrite. reach: ``focused`` or ``diffuse``."""

    source: str
    target: str
    boutons: float
    share: float | None
    place: float
    delay_ms: float
    reach: str

    @property
    def receptors(self) -> tuple[str, ...]:
        """Every excitatory synapse has both receptors."""
        return ("GABA",) if self.source in ("MSN", "FSI", "GPe") else ("AMPA", "NMDA")

    @property
    def contacts(self) -> float:
        """Boutons of all axons of the source on one cell of the target."""
        if self.share is None:
            return self.boutons
        return MACAQUE[self.source] / MACAQUE[self.target] * self.share * self.boutons

    @property
    def attenuation(self) -> float:
        """What the dendrite, a cable with a sealed end, leaves of the current: cosh(L (1 - x)) / cosh(L), with its
        electrotonic length L = l sqrt(4 Ri / (d Rm)), at the place x (Lienard & Girard 2014)."""
        length, diameter = NUCLEI[self.target].dendrite
        electrotonic = length * math.sqrt(4 * AXIAL_OHM_M / (diameter * MEMBRANE_OHM_M2))
        return math.cosh(electrotonic * (1 - self.place)) / math.cosh(electrotonic)

    @property
    def indegree(self) -> int:
        """Axons on one cell: a whole number, at least one, and no more than the source has cells at full size."""
        return min(max(1, round(self.contacts / CONTACTS_PER_AXON)), PER_MM2[self.source])

    def weight_pA(self, receptor: str) -> float:
        """Peak of the current of one axon, all of its boutons together; what rounding takes from the in-degree goes
        into it."""
        return self.contacts / self.indegree * self.attenuation * PEAK_PA[receptor]


CONNECTIONS = (
    Connection("CSN", "MSN", 342, None, 0.95, 7.0, "focused"),
    Connection("CSN", "FSI", 250, None, 0.82, 7.0, "focused"),
    Connection("PTN", "MSN", 5, None, 0.98, 3.0, "focused"),
    Connection("PTN", "FSI", 5, None, 0.70, 3.0, "focused"),
    Connection("PTN", "STN", 259, None, 0.97, 3.0, "focused"),
    Connection("CMPf", "MSN", 4965, 1.0, 0.27, 7.0, "diffuse"),
    Connection("CMPf", "FSI", 1053, 1.0, 0.06, 7.0, "diffuse"),
    Connection("CMPf", "STN", 76, 1.0, 0.46, 7.0, "diffuse"),
    Connection("CMPf", "GPe", 79, 1.0, 0.0, 7.0, "diffuse"),
    Connection("CMPf", "GPi", 131, 1.0, 0.48, 7.0, "diffuse"),
    Connection("MSN", "MSN", 210, 1.0, 0.77, 1.0, "diffuse"),
    Connection("MSN", "GPe", 171, 1.0, 0.48, 7.0, "focused"),
    Connection("MSN", "GPi", 210, 0.82, 0.59, 11.0, "focused"),
    Connection("FSI", "MSN", 4362, 1.0, 0.19, 1.0, "diffuse"),
    Connection("FSI", "FSI", 116, 1.0, 0.16, 1.0, "diffuse"),
    Connection("STN", "FSI", 91, 0.17, 0.41, 3.0, "diffuse"),
    Connection("STN", "GPe", 428, 0.83, 0.30, 3.0, "diffuse"),
    Connection("STN", "GPi", 233, 0.72, 0.59, 3.0, "diffuse"),
    Connection("GPe", "FSI", 353, 0.16, 0.58, 3.0, "diffuse"),
    Connection("GPe", "STN", 19, 1.0, 0.58, 10.0, "focused"),
    Connection("GPe", "GPe", 38, 0.84, 0.01, 1.0, "diffuse"),
    Connection("GPe", "GPi", 16, 0.84, 0.13, 3.0, "diffuse"),
)
"""STN and GPe do not reach MSN in this parameter set: no boutons."""
