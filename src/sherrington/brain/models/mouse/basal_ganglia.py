"""Basal ganglia: striatum (MSN, FSI), subthalamic nucleus (STN) and both segments of the pallidum (GPe, GPi).

The model is parameter set 9 of Lienard & Girard 2014 (doi 10.1007/s10827-013-0476-2) as spiking neurons, Girard et al.
2021 (doi 10.1111/ejn.14869); its numbers and their sources are in ``basal_ganglia_table``. Cortex (CSN, PTN) and the
intralaminar thalamus (CMPf) reach it through parrots. What is corrected, what is ours and the rates that come out are
in ``docs/science/mouse-basal-ganglia.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ....errors import NetworkError, known
from ...distributions import Uniform
from ...kernels import Disc, Flat, Gaussian
from ...network import Background, Network, Population, Projection
from ...rules import DistanceBernoulli, DistanceIndegree
from .basal_ganglia_table import (
    CALIBRATED_PA,
    COMMON,
    CONNECTIONS,
    FEWEST_PER_MM2,
    NUCLEI,
    PER_MM2,
    REACH_MM,
    RECEPTORS,
    REST_HZ,
    TAU_SYN_MS,
    Connection,
)
from .region import Region, network
from .thalamus import thalamus
from .topography import ELSEWHERE, mixed, patches

Shares = Mapping[str, float]
"""Population of cortex to the share of an input's parrots that repeat its cells."""
NO_RELAYS: Mapping[str, Shares] = MappingProxyType({})
NO_RATES: Mapping[str, float] = MappingProxyType({})
RELAYED = ("CSN", "PTN")
RELAY_SIGMA_MM = 0.05
"""A parrot repeats one cortical cell, drawn with a chance that falls with distance: ours."""
RELAY_DELAY_MS = 10.0
INPUT_DELAY_MS = 1.0
"""Of Poisson trains to parrots: of no consequence."""

PALLIDOTHALAMIC_NS = -70.0
PALLIDOTHALAMIC_PROBABILITY = 0.9
PALLIDOTHALAMIC_SIGMA_MM = 0.13
PALLIDOTHALAMIC_DELAY_MS = 10.0
"""Published (V1-S1). Later drivers took a stronger conductance whose base value is not known."""


def basal_ganglia(
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    relays: Mapping[str, Shares] = NO_RELAYS,
    relayed_hz: Mapping[str, float] = NO_RATES,
    currents_pA: Mapping[str, float] | None = None,
) -> Region:
    """Populations ``BG_MSN``, ``BG_FSI``, ``BG_STN``, ``BG_GPe``, ``BG_GPi`` and the parrots ``BG_CSN``, ``BG_PTN``,
    ``BG_CMPf``, which fire at their rates at rest.

    scale: fraction of the cells per mm2; the small nuclei stay whole and the large ones keep a fewest number, and
    every cell keeps its in-degree and weights. sheet_mm: sides of the sheet. relays: for ``CSN`` and ``PTN``, which
    populations of cortex take the place of which share of the Poisson trains; ``from_cortex`` makes the projections.
    relayed_hz: rates at rest of populations of cortex; where one differs from its input's, the trains that remain
    make up for it. Channels are ``c1`` to ``c6`` and ``elsewhere``, of relays the populations of cortex and
    ``elsewhere``.
    currents_pA: constant currents that differ from the published ones, by default the calibrated ``CALIBRATED_PA``;
    an empty mapping gives the model as published. Raises NetworkError.
    """
    currents_pA = CALIBRATED_PA if currents_pA is None else currents_pA
    _check(scale, relays, currents_pA)
    parrots = [_parrots(n, cells(n, scale, sheet_mm), sheet_mm, relays.get(n, {})) for n in REST_HZ]
    neurons = [_neurons(n, cells(n, scale, sheet_mm), sheet_mm, currents_pA) for n in NUCLEI]
    projections = [projection for connection in CONNECTIONS for projection in _synapses(connection)]
    trains = [train for population in parrots for train in _trains(population, relays, relayed_hz)]
    return Region("BG", (*neurons, *parrots), tuple(projections), tuple(trains))


def from_cortex(relays: Mapping[str, Shares]) -> tuple[Projection, ...]:
    """From each population of cortex to the parrots that repeat its cells, one cell each, near by. relays: as given to
    ``basal_ganglia``."""
    rule = DistanceIndegree(1, Gaussian(RELAY_SIGMA_MM))
    return tuple(
        Projection(source, f"BG_{name}/{source}", rule, 1.0, RELAY_DELAY_MS)
        for name, shares in relays.items()
        for source in shares
    )


def to_thalamus(weight_nS: float = PALLIDOTHALAMIC_NS) -> Projection:
    """From ``BG_GPi`` to the relay cells of ``TH_M1_IZ``; build the thalamus with ``pallidum=True``."""
    rule = DistanceBernoulli(PALLIDOTHALAMIC_PROBABILITY, Gaussian(PALLIDOTHALAMIC_SIGMA_MM))
    return Projection("BG_GPi", "TH_M1_IZ_TC", rule, weight_nS, PALLIDOTHALAMIC_DELAY_MS)


def mouse_basal_ganglia(
    *, scale: float = 1.0, with_thalamus: bool = False, currents_pA: Mapping[str, float] | None = None
) -> Network:
    """The basal ganglia alone at rest, without cortex. with_thalamus: also the nucleus of the thalamus that they
    inhibit. scale, currents_pA: see ``basal_ganglia``."""
    regions = [basal_ganglia(scale=scale, currents_pA=currents_pA)]
    if with_thalamus:
        regions.append(thalamus(scale=scale, nuclei=("TH_M1_IZ",), pallidum=True))
    between = [to_thalamus()] if with_thalamus else []
    return network("mouse_basal_ganglia", regions, between, scale=scale)


def cells(name: str, scale: float, sheet_mm: tuple[float, float]) -> int:
    """Cells of a nucleus or an input."""
    return round(max(PER_MM2[name] * scale, FEWEST_PER_MM2[name]) * sheet_mm[0] * sheet_mm[1])


def _check(scale: float, relays: Mapping[str, Shares], currents_pA: Mapping[str, float]) -> None:
    if not 0 < scale <= 1:
        raise NetworkError(
            f"basal ganglia: scale = {scale}; it must be above 0 and at most 1; for more cells widen the sheet"
        )
    for what, given, exist in (("relays", relays, RELAYED), ("currents_pA", currents_pA, tuple(NUCLEI))):
        unknown = [name for name in given if name not in exist]
        if unknown:
            raise NetworkError(f"basal ganglia: {what} for {', '.join(unknown)}; {known(exist)}")


def _neurons(
    name: str, size: int, sheet_mm: tuple[float, float], currents_pA: Mapping[str, float]
) -> Population:
    nucleus = NUCLEI[name]
    places, channels = patches(size, sheet_mm)
    own = {
        "tau_m": nucleus.tau_m_ms,
        "C_m": nucleus.tau_m_ms,
        "V_th": nucleus.threshold_mV,
        "I_e": currents_pA.get(name, nucleus.current_pA),
    }
    return Population(
        f"BG_{name}",
        size,
        "iaf_psc_alpha_multisynapse",
        params={**COMMON, **own, "tau_syn": TAU_SYN_MS},
        initial={"V_m": Uniform(0.0, nucleus.threshold_mV)},
        channels=channels,
        region="BG",
        sheet=places,
        rest_hz=nucleus.rest_hz,
    )


def _parrots(name: str, size: int, sheet_mm: tuple[float, float], shares: Shares) -> Population:
    places, channels = mixed(size, shares, sheet_mm) if shares else patches(size, sheet_mm)
    return Population(f"BG_{name}", size, "parrot_neuron", channels=channels, region="BG", sheet=places)


def _trains(
    population: Population, relays: Mapping[str, Shares], relayed_hz: Mapping[str, float]
) -> Iterator[Background]:
    """A Poisson train for every parrot that repeats no cell of cortex, such that the mean of all is that at rest."""
    name = population.name.removeprefix("BG_")
    shares = relays.get(name) or {}
    if not shares:
        yield Background(population.name, REST_HZ[name], 1.0, INPUT_DELAY_MS)
    elif ELSEWHERE in population.channels:
        brought_hz = sum(share * relayed_hz.get(source, REST_HZ[name]) for source, share in shares.items())
        rate_hz = max(0.0, (REST_HZ[name] - brought_hz) / (1 - sum(shares.values())))
        yield Background(f"{population.name}/{ELSEWHERE}", rate_hz, 1.0, INPUT_DELAY_MS)


def _synapses(connection: Connection) -> Iterator[Projection]:
    """One projection per receptor. Both receptors of an excitatory synapse lie between the same cells."""
    source, target = f"BG_{connection.source}", f"BG_{connection.target}"
    kernel = Flat(Disc(REACH_MM[connection.reach]))
    for receptor in connection.receptors:
        yield Projection(
            source,
            target,
            DistanceIndegree(connection.indegree, kernel),
            connection.weight_pA(receptor),
            connection.delay_ms,
            receptor=RECEPTORS[receptor],
            name=f"{source}->{target} {receptor}",
            stream=f"{source}->{target}",
        )
