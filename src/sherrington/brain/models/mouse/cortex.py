"""A cortical area of the mouse, built from its table: layers, populations, and connection probabilities that fall off
with horizontal distance.

The tables are those of the spiking whole-brain model of Feldotto et al. 2022, Front Neuroinform 16:884180, doi
10.3389/fninf.2022.884180, and Kuniyoshi et al. 2023, Front Neurorobot 17:1269848, doi 10.3389/fnbot.2023.1269848, as
their code was published (each file names it). What ``calibration.json`` adds, and how it was found, is in
``docs/science/mouse.md``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ....errors import NetworkError
from ...distributions import Lognormal, Quantity, Uniform
from ...kernels import Gaussian
from ...network import Background, Population, Projection
from ...rules import DistanceBernoulli
from ...sheet import Sheet
from ...spatial import mean_kernel
from .cortex_rest import rest_hz
from .region import Region

EXCITATORY = ("CC", "CS", "CT", "PT", "Pyr")
TAU_M_MS = {"PV": 10.0, "VIP": 10.0, "SBC": 10.0, "ENGC": 10.0}
"""Membrane time constant of these types; 20 ms of all others."""
C_M_PF = 250.0
NEURON = {
    "C_m": C_M_PF,
    "V_th": -50.0,
    "V_reset": -70.0,
    "t_ref": 1.0,
    "E_ex": 0.0,
    "E_in": -80.0,
    "tau_syn_ex": 0.5,
    "tau_syn_in": 3.33,
}
"""``iaf_cond_alpha``: pF, mV, ms. The leak conductance is C_m / tau_m, its reversal potential that of the reset."""
REST_MV = -70.0
LN_MEAN, LN_STD = -0.72, 1.0
"""Of the natural logarithm of excitatory weights onto excitatory cells in nS."""
DELAY_MS = 1.5
DENSEST = 0.3
"""Ours: pair probability at distance 0 up to which a smaller network is made denser to keep its in-degrees."""


@dataclass(frozen=True)
class Calibration:
    """What the tables leave open. excitation: factor on weights from excitatory to excitatory cells; recruitment: from
    excitatory to inhibitory ones; inhibition: on weights of inhibitory cells; drive_hz: rate of each population's
    background train, that of the table where it is missing; rates_hz: mean rates for which ``scale`` makes up for lost
    inputs (none where missing). Populations by name without the area, e.g. ``L5B_PT``."""

    excitation: float = 1.0
    recruitment: float = 1.0
    inhibition: float = 1.0
    drive_hz: Mapping[str, float] | None = None
    rates_hz: Mapping[str, float] | None = None


@cache
def table(area: str) -> Any:
    """The published numbers of an area, as in ``m1.json``: thickness of layers in mm; of populations ``LAYER_TYPE``
    the cells per mm2 of cortical surface and the background train; weights in nS by ``TYPE>TYPE``, or by population
    where they differ; connections as source, target, pair probability at distance 0, and sigma in mm of its Gaussian
    fall-off."""
    return _read(f"{area.lower()}.json")


@cache
def calibration(area: str) -> Calibration:
    """The calibration that ships, from ``calibration.json``."""
    return Calibration(**_read("calibration.json")[area])


def _read(name: str) -> Any:
    return json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Patch:
    """The neurons of one population: how many at full density, how many here, and where those and these lie."""

    full: int
    size: int
    full_sheet: Sheet
    sheet: Sheet


class Area:
    """A patch of one area at some scale."""

    def __init__(
        self, name: str, calibrated: Calibration, scale: float, sheet_mm: tuple[float, float]
    ) -> None:
        if not 0 < scale <= 1 or min(sheet_mm) <= 0:
            raise NetworkError(
                f"{name}: scale = {scale} and a sheet of {sheet_mm} mm; the scale must be above 0 and at most 1, and "
                "both sides above 0; for more neurons than at scale 1 take a larger sheet"
            )
        self.name, self.calibrated = name, calibrated
        self.table = table(name)
        self.patches = {
            population: self._patch(population, scale, sheet_mm) for population in self.table["populations"]
        }

    def region(self) -> Region:
        projections = tuple(self._projections())
        return Region(self.name, tuple(self._populations()), projections, tuple(self._backgrounds()))

    def _patch(self, population: str, scale: float, sheet_mm: tuple[float, float]) -> Patch:
        """A lattice. At full density it has as many points along x, y and depth as published, the cube root of the
        cells per mm3 times the length, rounded, and reaches from edge to edge."""
        layer = population.split("_")[0]
        thickness: Mapping[str, float] = self.table["layers_mm"]
        top = sum(list(thickness.values())[: list(thickness).index(layer)])
        depth_mm = (top, top + thickness[layer])
        per_mm = (self.table["populations"][population]["cells_per_mm2"] / thickness[layer]) ** (1 / 3)
        n_x, n_y, n_z = (max(1, round(per_mm * length)) for length in (*sheet_mm, thickness[layer]))
        # The outermost points of a grid lie half a spacing inside its sheet.
        reaching = (sheet_mm[0] * n_x / max(1, n_x - 1), sheet_mm[1] * n_y / max(1, n_y - 1))
        full = Sheet(reaching, "grid", depth_mm, per_site=n_z)
        if scale == 1:
            return Patch(n_x * n_y * n_z, n_x * n_y * n_z, full, full)
        size = max(1, round(scale * n_x * n_y * n_z))
        here = Sheet(sheet_mm, "grid", depth_mm, per_site=max(1, round(n_z * scale ** (1 / 3))))
        return Patch(n_x * n_y * n_z, size, full, here)

    # --- connections --------------------------------------------------------------------------------------------

    def _projections(self) -> Iterator[Projection]:
        for source, target, probability, sigma_mm in self.table["connections"]:
            kept = self.kept(source, probability)
            yield Projection(
                self._name(source),
                self._name(target),
                DistanceBernoulli(
                    self._probability(source, target, probability, sigma_mm), Gaussian(sigma_mm)
                ),
                self._weight(source, target, 1 / math.sqrt(kept)),
                DELAY_MS,
            )

    def _probability(self, source: str, target: str, probability: float, sigma_mm: float) -> float:
        """At distance 0, such that the in-degree is the share that is kept of that at full density."""
        one, other = self.patches[source], self.patches[target]
        if one.size == one.full:
            return probability
        wanted = self.kept(source, probability) * self.indegree(source, target, probability, sigma_mm)
        others = one.size - 1 if source == target and one.size > 1 else one.size
        return min(1.0, wanted / (mean_kernel(Gaussian(sigma_mm), one.sheet, other.sheet) * others))

    def _thinned(self, source: str) -> float:
        return self.patches[source].size / self.patches[source].full

    def kept(self, source: str, probability: float) -> float:
        """Share of the in-degree from a population that is kept: all of it, or what a pair probability of
        ``DENSEST`` allows, or the published one where that is higher."""
        return min(1.0, self._thinned(source) * max(1.0, DENSEST / probability))

    def _weight(self, source: str, target: str, factor: float) -> Quantity:
        """nS; excitatory onto excitatory ones differ from synapse to synapse."""
        mean_nS = self.weight_nS(source, target) * factor
        if is_excitatory(source) and is_excitatory(target):
            return Lognormal(mean_nS, mean_nS * math.sqrt(math.expm1(LN_STD**2)))
        return mean_nS

    def weight_nS(self, source: str, target: str) -> float:
        """Mean weight at full density, calibrated."""
        if not is_excitatory(source):
            return float(self._printed_nS(source, target) * self.calibrated.inhibition)
        if not is_excitatory(target):
            return self._printed_nS(source, target) * self.calibrated.recruitment
        return self.calibrated.excitation * math.exp(LN_MEAN + LN_STD**2 / 2)

    def _printed_nS(self, source: str, target: str) -> float:
        weights: Mapping[str, float] = self.table["weights_nS"]
        return weights.get(f"{source}>{target}") or weights[f"{cell_type(source)}>{cell_type(target)}"]

    # --- neurons ------------------------------------------------------------------------------------------------

    def _populations(self) -> Iterator[Population]:
        lost = self._lost_nS()
        for name, patch in self.patches.items():
            leak = C_M_PF / TAU_M_MS.get(cell_type(name), 20.0)
            excitation, inhibition = lost[name]
            total = leak + excitation + inhibition
            reversal = (leak * REST_MV + excitation * NEURON["E_ex"] + inhibition * NEURON["E_in"]) / total
            yield Population(
                self._name(name),
                patch.size,
                "iaf_cond_alpha",
                params={**NEURON, "g_L": total, "E_L": reversal},
                initial={"V_m": Uniform(REST_MV, NEURON["V_th"])},
                region=self.name,
                sheet=patch.sheet,
                rest_hz=rest_hz(self.name, name, calibration(self.name).rates_hz or {}),
            )

    def _lost_nS(self) -> dict[str, tuple[float, float]]:
        """Mean excitatory and inhibitory conductance that each population misses because it has fewer inputs.

        An alpha function has the area ``e tau`` times its peak. Of a share k of the inputs, with weights 1/sqrt(k)
        times as large, sqrt(k) of the mean and all of the variance is left (van Albada, Helias & Diesmann 2015, PLoS
        Comput Biol 11:e1004490, doi 10.1371/journal.pcbi.1004490). There a current makes up for the mean; here a
        constant conductance does, so that also the membrane's time constant stays what it was.
        """
        lost = {name: [0.0, 0.0] for name in self.patches}
        rates = self.calibrated.rates_hz or {}
        for source, target, probability, sigma_mm in self.table["connections"]:
            missing = 1 - math.sqrt(self.kept(source, probability))
            tau_ms = NEURON["tau_syn_ex" if is_excitatory(source) else "tau_syn_in"]
            if missing and source in rates:
                rate = self.indegree(source, target, probability, sigma_mm) * rates[source] / 1000
                mean_nS = rate * abs(self.weight_nS(source, target)) * math.e * tau_ms
                lost[target][0 if is_excitatory(source) else 1] += missing * mean_nS
        return {name: (excitation, inhibition) for name, (excitation, inhibition) in lost.items()}

    def indegree(self, source: str, target: str, probability: float, sigma_mm: float) -> float:
        """Mean number of inputs at full density."""
        sheets = self.patches[source].full_sheet, self.patches[target].full_sheet
        return probability * mean_kernel(Gaussian(sigma_mm), *sheets) * self.patches[source].full

    def _backgrounds(self) -> Iterator[Background]:
        drive = self.calibrated.drive_hz or {}
        for name, printed in self.table["populations"].items():
            rate_hz = drive.get(name, printed["drive_hz"])
            yield Background(self._name(name), rate_hz, printed["drive_nS"], DELAY_MS)

    def _name(self, population: str) -> str:
        return f"{self.name}_{population}"


def cell_type(population: str) -> str:
    return population.split("_")[1]


def is_excitatory(population: str) -> bool:
    return cell_type(population) in EXCITATORY
