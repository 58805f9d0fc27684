"""Motor and somatosensory thalamus: four nuclei of relay cells, local interneurons and reticular cells.

For each cortical area a zone that the cerebellum excites (EZ) and one that the basal ganglia inhibit (IZ), each with
thalamocortical cells (TC), interneurons (IN) and reticular cells (RE) on one grid. Counts, neurons, weights and
background are those of the brain of Feldotto et al. 2022 (doi 10.3389/fninf.2022.884180) and Kuniyoshi et al. 2023 (doi
10.3389/fnbot.2023.1269848), as published in ``himeno-sun-lab/V1-S1`` (MIT licence). What is corrected, what is ours and
the rates that come out are in ``docs/science/mouse-thalamus.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ....errors import NetworkError
from ...distributions import Quantity, Uniform
from ...network import Background, Network, Population, Projection
from ...rules import OneToOne
from ...sheet import Sheet
from .region import Region, network
from .topography import patches

NUCLEI = ("TH_S1_EZ", "TH_S1_IZ", "TH_M1_EZ", "TH_M1_IZ")
TYPES = ("TC", "IN", "RE")
CELLS_PER_MM2 = 1024
"""Of each type in each nucleus, on a grid of 32 by 32."""
FEWEST = 64
"""Cells of each type per mm2 at any scale: ours. On a grid of 8 by 8 every channel of 0.12 mm holds at least one."""

REST_MV, THRESHOLD_MV = -70.0, -50.0
TAU_M_MS = {"TC": 20.0, "IN": 10.0, "RE": 20.0}
NEURON: dict[str, Quantity] = {
    "C_m": 250.0,
    "E_L": REST_MV,
    "V_reset": REST_MV,
    "V_th": THRESHOLD_MV,
    "t_ref": 1.0,
    "E_ex": 0.0,
    "E_in": -80.0,
    "tau_syn_ex": 0.5,
    "tau_syn_in": 3.33,
    "I_e": 15.0,
}
"""``iaf_cond_alpha``: pF, mV, ms, pA; its leak is ``C_m / tau_m``, nS."""

INTRINSIC = (("TC", "IN", 1.0), ("TC", "RE", 1.0), ("IN", "TC", -1.0), ("RE", "TC", -1.0))
"""Source, target, peak conductance in nS, to the cell at the same place, delay 1 ms. The published code has +1 nS for
all four; in this neuron model a positive weight excites, so the sign of the two inhibitory ones is corrected."""
INTRINSIC_DELAY_MS = 1.0

BACKGROUND_HZ = 20.0
BACKGROUND_AGAINST_PALLIDUM_HZ = 210.0
"""Of the TC cells of ``TH_M1_IZ`` where the pallidum inhibits them: published, to balance it."""
BACKGROUND_NS = 50.0
BACKGROUND_DELAY_MS = 1.5


def thalamus(
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    nuclei: tuple[str, ...] = NUCLEI,
    pallidum: bool = False,
) -> Region:
    """The nuclei asked for: populations ``TH_M1_IZ_TC`` and so on, channels ``c1`` to ``c6`` and ``elsewhere``.

    scale: fraction of the cells per mm2, with at least 64 of each type; a cell's own connections stay as they are.
    sheet_mm: sides of the sheet. pallidum: whether the pallidum inhibits ``TH_M1_IZ``, whose relay cells then have the
    stronger background that balances it. Raises NetworkError.
    """
    _check(scale, nuclei)
    places, channels = patches(cells(scale, sheet_mm), sheet_mm)
    populations = [p for nucleus in nuclei for p in cells_of(nucleus, places, channels)]
    projections = [projection for nucleus in nuclei for projection in intrinsic(nucleus)]
    return Region("TH", tuple(populations), tuple(projections), tuple(backgrounds(nuclei, pallidum)))


def mouse_thalamus(*, scale: float = 1.0) -> Network:
    """The four nuclei alone, without cortex, cerebellum and pallidum. scale: see ``thalamus``."""
    return network("mouse_thalamus", [thalamus(scale=scale)], scale=scale)


def cells(scale: float, sheet_mm: tuple[float, float]) -> int:
    """Cells of each type in each nucleus."""
    return round(max(CELLS_PER_MM2 * scale, FEWEST) * sheet_mm[0] * sheet_mm[1])


def _check(scale: float, nuclei: tuple[str, ...]) -> None:
    if not 0 < scale <= 1:
        raise NetworkError(
            f"thalamus: scale = {scale}; it must be above 0 and at most 1; for more cells widen the sheet"
        )
    unknown = [nucleus for nucleus in nuclei if nucleus not in NUCLEI]
    if unknown or not nuclei:
        raise NetworkError(f"thalamus: nuclei {unknown or 'none'}; there are: {', '.join(NUCLEI)}")


def cells_of(nucleus: str, places: Sheet, channels: Mapping[str, int]) -> Iterator[Population]:
    """Relay cells, interneurons and reticular cells of a nucleus, all at the same places."""
    for kind in TYPES:
        yield Population(
            f"{nucleus}_{kind}",
            sum(channels.values()),
            "iaf_cond_alpha",
            params={**NEURON, "g_L": 250.0 / TAU_M_MS[kind]},
            initial={"V_m": Uniform(REST_MV, THRESHOLD_MV)},
            channels=channels,
            region="TH",
            sheet=places,
        )


def intrinsic(nucleus: str) -> Iterator[Projection]:
    """Within a nucleus."""
    for source, target, weight_nS in INTRINSIC:
        yield Projection(
            f"{nucleus}_{source}", f"{nucleus}_{target}", OneToOne(), weight_nS, INTRINSIC_DELAY_MS
        )


def backgrounds(nuclei: tuple[str, ...], pallidum: bool = False) -> Iterator[Background]:
    """What reaches the nuclei from outside the model."""
    for nucleus in nuclei:
        for kind in TYPES:
            balanced = pallidum and (nucleus, kind) == ("TH_M1_IZ", "TC")
            rate_hz = BACKGROUND_AGAINST_PALLIDUM_HZ if balanced else BACKGROUND_HZ
            yield Background(f"{nucleus}_{kind}", rate_hz, BACKGROUND_NS, BACKGROUND_DELAY_MS)
