"""Cerebellar modules of the mouse brain: pons, granular layer, molecular layer, output nucleus, inferior olive.

A module is a sheet of 32 x 32 sites per mm2 with one Golgi, Purkinje, basket, nuclear, pontine and olivary cell and 400
granule cells each. What is published is in ``cerebellum_facts``; the olive, climbing fibres and plasticity are ours, in
``olive``; so are the calibrated ``STRENGTHS``. Reasons, rates before and after, and the effect of ``scale`` are in
``docs/science/mouse-cerebellum.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ....errors import NetworkError, known
from ...distributions import Normal, Quantity, Uniform
from ...kernels import Box, Flat, Gaussian, Kernel, value
from ...network import Background, Network, Population, Projection
from ...rules import DistanceIndegree, OneToOne
from ...sheet import Points, Sheet
from . import olive
from .cerebellum_facts import (
    DELAY_MS,
    GRANULE_CELLS_PER_SITE,
    NEURON,
    PROJECTION,
    RATE_HZ,
    SITES_PER_MM,
    Fact,
)
from .region import Region, network

MODULES = ("CB_M1", "CB_S1")
"""One for each of the cortical areas that drive their pons."""
ZONES = ("zone1", "zone2", "zone3", "zone4")
"""Microzones: strips across the parallel fibres, one behind the other along x."""
FEWEST_INPUTS = 200
"""Ours: in-degrees above this go with ``scale``, down to it; smaller ones stay as published."""
SPREAD = 0.1
"""Ours: relative standard deviation of the constant currents, without which Purkinje cells fire all at once."""
CORTEX_HZ = 80.0
CORTEX_NS = 0.5
"""Stands for the cortex where it is absent: some 16 pyramidal-tract cells of M1 (probability 0.05, sigma 0.1 mm) at
5 Hz each, with the published weight onto pontine cells."""

STRENGTHS: dict[str, float] = {
    "PONS->GR": 0.66,
    "GR->GO": 0.33,
    "GR->BS": 0.067,
    "GR->PKJ": 2.4,
    "BS->PKJ": 0.25,
    "noise->IO": 0.7,
}
"""Found by ``benchmarks/mouse_cerebellum/calibrate.py``: factors on published weights, and on the rates of the two
inputs from outside, ``cortex->PONS`` and ``noise->IO``. Where there is none it is 1."""
INPUTS = ("cortex->PONS", "noise->IO")


def cerebellum(
    module: str,
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    zones: tuple[str, ...] = ZONES,
    cortex: bool = False,
    plastic: bool = False,
    learning_rate: float = 0.002,
    strengths: Mapping[str, float] | None = None,
) -> Region:
    """One module; populations ``MODULE_PONS``, ``_GR``, ``_GO``, ``_PKJ``, ``_BS``, ``_VN`` and ``_IO``.

    scale: sites and granule cells per site go with its square root each, so granule cells go with it. Their synapses
    become fewer in number (see ``FEWEST_INPUTS``) and that much stronger, so that mean conductances stay. Kernels onto
    granule cells widen with the distance between sites, so that the inputs of one come from as many different cells.
    zones: names of the microzones, the channels of ``PKJ``, ``VN`` and ``IO``; an error enters at the port ``IO.rate``.
    cortex: True where cortical projections to ``PONS`` take the place of the trains that stand for them.
    plastic: synapses from parallel fibres to Purkinje cells learn from the climbing fibres of their zone, at
    ``learning_rate`` (see ``olive``). strengths: factors on the published weights by ``PRE->POST``, by default the
    calibrated ``STRENGTHS``; an empty mapping gives the module as published. Raises NetworkError.
    """
    build = _Module(module, _Size(scale, sheet_mm), tuple(zones), _checked(strengths))
    trains = [] if cortex else [build.background("PONS", "cortex->PONS", CORTEX_HZ, CORTEX_NS)]
    return Region(
        module,
        tuple(build.population(kind) for kind in NEURON),
        (*build.published(plastic, learning_rate), *build.climbing_fibres()),
        (*trains, build.background("IO", "noise->IO", olive.NOISE_HZ, olive.NOISE_NS)),
    )


def mouse_cerebellum(
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    zones: tuple[str, ...] = ZONES,
    plastic: bool = False,
    learning_rate: float = 0.002,
    strengths: Mapping[str, float] | None = None,
) -> Network:
    """Both modules alone, at rest, with trains in place of the cortex; parameters as of ``cerebellum``."""
    regions = [
        cerebellum(
            module,
            scale=scale,
            sheet_mm=sheet_mm,
            zones=zones,
            plastic=plastic,
            learning_rate=learning_rate,
            strengths=strengths,
        )
        for module in MODULES
    ]
    return network("mouse_cerebellum", regions, scale=scale)


def _checked(strengths: Mapping[str, float] | None) -> Mapping[str, float]:
    chosen = STRENGTHS if strengths is None else strengths
    names = (*PROJECTION, *INPUTS)
    for name, factor in chosen.items():
        if name not in names:
            raise NetworkError(f"cerebellum: strengths: no projection '{name}'; {known(names)}")
        if not 0 <= factor < math.inf:
            raise NetworkError(f"cerebellum: strengths: '{name}' is {factor}; it must be a number from 0")
    return chosen


@dataclass(frozen=True)
class _Size:
    """How many sites and cells a sheet has at a scale."""

    scale: float
    sheet_mm: tuple[float, float]

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise NetworkError(f"cerebellum: scale = {self.scale}; it must be a number above 0")
        if not all(0 < side < math.inf for side in self.sheet_mm):
            raise NetworkError(f"cerebellum: sheet_mm = {self.sheet_mm}; both sides must be above 0")

    def sites(self, scale: float) -> tuple[int, int]:
        """Along x and y."""
        across, along = (max(2, round(SITES_PER_MM * side * scale**0.25)) for side in self.sheet_mm)
        return across, along

    def granule_cells(self, scale: float) -> int:
        """Per site."""
        return max(1, round(GRANULE_CELLS_PER_SITE * math.sqrt(scale)))

    def cells(self, kind: str, scale: float) -> int:
        across, along = self.sites(scale)
        return across * along * (self.granule_cells(scale) if kind == "GR" else 1)

    def sheet(self, kind: str) -> Sheet:
        """Sites from edge to edge of the published sheet, so the sheet is half a spacing wider on each side."""
        across, along = self.sites(self.scale)
        wide = self.sheet_mm[0] * across / (across - 1), self.sheet_mm[1] * along / (along - 1)
        if kind == "GR":
            return Sheet(wide, "grid", per_site=self.granule_cells(self.scale))
        x, y = (np.linspace(-s / 2, s / 2, n) for s, n in zip(self.sheet_mm, (across, along), strict=True))
        # Column after column, so that a zone, which is a channel, is a strip along y.
        return Sheet(wide, Points(tuple(np.repeat(x, along).tolist()), tuple(np.tile(y, across).tolist())))

    def published_indegree(self, fact: Fact, pre: str) -> float:
        """Mean over all targets, those at the open edges included, at full scale."""
        per_site = GRANULE_CELLS_PER_SITE if pre == "GR" else 1
        (x, along_x), (y, along_y) = (
            _displacements(side, n) for side, n in zip(self.sheet_mm, self.sites(1.0), strict=True)
        )
        return (
            per_site * fact.probability * float(along_x @ value(fact.kernel, x[:, None], y[None]) @ along_y)
        )

    def widened(self, kernel: Kernel) -> Kernel:
        """By how much sites are further apart than at full scale."""
        factor = (self.sites(1.0)[0] - 1) / (self.sites(self.scale)[0] - 1)
        match kernel:
            case Gaussian(sigma_mm):
                return Gaussian(factor * sigma_mm)
            case Flat(Box(x_mm, y_mm)):
                return Flat(Box(factor * x_mm, factor * y_mm))
        raise NetworkError(f"cerebellum: {kernel} has no width to change")

    def indegree(self, published: float, pre: str) -> int:
        share = self.cells(pre, self.scale) / self.cells(pre, 1.0)
        return max(1, round(max(min(published, FEWEST_INPUTS), share * published)))


def _displacements(side_mm: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Displacements along one axis of n evenly spaced sites, and how often a target has a source there, on average."""
    steps = np.arange(1 - n, n)
    return steps * side_mm / (n - 1), (n - np.abs(steps)) / n


@dataclass(frozen=True)
class _Module:
    name: str
    size: _Size
    zones: tuple[str, ...]
    strengths: Mapping[str, float]

    def of(self, kind: str) -> str:
        return f"{self.name}_{kind}"

    def strength(self, name: str) -> float:
        return self.strengths.get(name, 1.0)

    @property
    def channels(self) -> dict[str, int]:
        return olive.zones_of(self.size.cells("PKJ", self.size.scale), self.zones)

    def population(self, kind: str) -> Population:
        params: dict[str, Quantity] = {**NEURON[kind]}
        current = NEURON[kind]["I_e"]
        if current:
            params["I_e"] = Normal(current, SPREAD * current, low=0.0)
        if kind == "PKJ":
            params["tau_minus"] = olive.TAU_PURKINJE_MS
        return Population(
            self.of(kind),
            self.size.cells(kind, self.size.scale),
            "iaf_cond_exp",
            params,
            {"V_m": Uniform(NEURON[kind]["V_reset"], NEURON[kind]["V_th"])},
            channels=self.channels if kind in ("PKJ", "VN", "IO") else {},
            region=self.name,
            sheet=self.size.sheet(kind),
            rest_hz=RATE_HZ[kind],
        )

    def background(self, kind: str, name: str, rate_hz: float, weight_nS: float) -> Background:
        return Background(self.of(kind), rate_hz * self.strength(name), weight_nS, DELAY_MS)

    def published(self, plastic: bool, learning_rate: float) -> Iterator[Projection]:
        """Parallel fibres reach each zone by a projection of its own, as its own climbing fibres gate it."""
        for name, fact in PROJECTION.items():
            pre, post = name.split("->")
            k = self.size.published_indegree(fact, pre)
            kernel = self.size.widened(fact.kernel) if post == "GR" else fact.kernel
            rule = DistanceIndegree(self.size.indegree(k, pre), kernel)
            weight = fact.weight_nS * self.strength(name) * k / rule.indegree
            if name != "GR->PKJ":
                yield Projection(self.of(pre), self.of(post), rule, weight, DELAY_MS)
                continue
            for zone, size in self.channels.items():
                target, fibres = f"{self.of(post)}/{zone}", f"{self.of('IO')}/{zone}"
                if plastic:
                    params = olive.plasticity(weight, size, learning_rate)
                    yield Projection(
                        self.of(pre),
                        target,
                        rule,
                        weight,
                        DELAY_MS,
                        "stdp_dopamine_synapse",
                        params,
                        modulator=fibres,
                    )
                else:
                    yield Projection(self.of(pre), target, rule, weight, DELAY_MS)

    def climbing_fibres(self) -> Iterator[Projection]:
        """To one Purkinje cell each, a spike and then a pause; and the nuclear cells that inhibit the olive."""
        io, pkj, vn = (self.of(kind) for kind in ("IO", "PKJ", "VN"))
        late_ms = olive.CLIMBING_FIBRE_MS + olive.PAUSE_AFTER_MS
        yield Projection(io, pkj, OneToOne(), olive.CLIMBING_FIBRE_NS, olive.CLIMBING_FIBRE_MS)
        yield Projection(io, pkj, OneToOne(), olive.PAUSE_NS, late_ms, name=f"{io}->{pkj} pause")
        kernel: Kernel = Gaussian(0.1)
        k = self.size.published_indegree(Fact(1.0, kernel, olive.NUCLEO_OLIVARY_NS), "VN")
        rule = DistanceIndegree(self.size.indegree(k, "VN"), kernel)
        weight = olive.NUCLEO_OLIVARY_NS * k / rule.indegree
        yield Projection(vn, io, rule, weight, olive.NUCLEO_OLIVARY_MS)


__all__ = ["MODULES", "STRENGTHS", "ZONES", "cerebellum", "mouse_cerebellum"]
