"""What the cerebellum says to the spinal cord: magnocellular red nucleus, one channel for each microzone.

Published: the interposed nucleus excites magnocellular rubral cells, and these act on spinal interneurons and
motoneurons of the forelimb (reviewed by Olivares-Moreno et al. 2021, Front Neurosci 15:686481, doi
10.3389/fnins.2021.686481); some cells of the cerebellar nuclei reach the cervical cord themselves, and skilled forelimb
movement needs them (Sathyamurthy et al. 2020, Cell Rep 31:107595, doi 10.1016/j.celrep.2020.107595). Population ``RN``
stands for both. Ours are all numbers: how many cells, their gain, the tonic inhibition that keeps them still while the
nucleus rests, and that a channel's cells push the paw to one side. See ``docs/science/force-field.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ....errors import NetworkError, known
from ...distributions import Lognormal, Normal, Uniform
from ...network import Population, Projection
from ...rules import FixedIndegree
from ..premotor_cord import ONTO_IA_INTERNEURONS
from ..spinal_cord import REST_MV, TAU_EXCITATORY_MS, THRESHOLD_MV, neuron
from .region import Region

RN = "RN"
CELLS_PER_CHANNEL = 40
FEWEST_CELLS = 20
NUCLEUS_HZ = 45.0
"""Rate of the cerebellar nucleus at rest."""
GAIN_PA_PER_HZ = 8.0
"""Mean current into a rubral cell for each Hz of its nuclear cells."""
RESTING_PA = -60.0
"""Mean current that tonic inhibition leaves while nucleus and cortex rest. Rheobase is 190 pA."""
COMMAND_PA_PER_HZ = 2.0
"""Mean current into a rubral cell for each Hz of the neurons that command the movement: 120 pA at 60 Hz."""
PUSH_HZ = 30.0
"""Rate of a channel's cells at which the pools receive its push as stated."""
FROM_NUCLEUS_MS = 2.0
TO_CORD_MS = 3.0


def red_nucleus(channels: Sequence[str], *, scale: float = 1.0) -> Region:
    """Population ``RN``, a channel for each of the microzones named. scale: multiplies the cells of a channel, down to
    20. Raises NetworkError."""
    if not channels or len(set(channels)) != len(channels):
        raise NetworkError(f"red_nucleus: channels = {list(channels)}; name each once, and one at least")
    n = max(FEWEST_CELLS, round(CELLS_PER_CHANNEL * scale))
    params = neuron(Normal(100.0, 15.0, 60.0, 140.0), 2.0)
    params["I_e"] = RESTING_PA - GAIN_PA_PER_HZ * NUCLEUS_HZ
    cells = Population(
        RN,
        n * len(channels),
        "iaf_psc_exp",
        params,
        {"V_m": Uniform(REST_MV, THRESHOLD_MV)},
        channels=dict.fromkeys(channels, n),
        region=RN,
    )
    return Region(RN, (cells,))


def cerebello_rubral(module: Region, rubral: Region) -> Iterator[Projection]:
    """From the nucleus of a cerebellar module to the cells of the same channel; no other channels are joined.

    Raises NetworkError for a channel that is no microzone of the module.
    """
    nucleus = _population(module, f"{module.name}_VN")
    for channel in _population(rubral, RN).channels:
        if channel not in nucleus.channels:
            raise NetworkError(f"red_nucleus: no microzone '{channel}'; {known(tuple(nucleus.channels))}")
        indegree = max(1, round(2 * nucleus.channels[channel] / 3))
        mean_pA = GAIN_PA_PER_HZ / (indegree * TAU_EXCITATORY_MS / 1000)
        yield Projection(
            f"{nucleus.name}/{channel}",
            f"{RN}/{channel}",
            FixedIndegree(indegree),
            Lognormal(mean_pA, 0.3 * mean_pA),
            Normal(FROM_NUCLEUS_MS, 0.3, 1.0, 4.0),
        )


def commanded(source: str, neurons: int, rubral: Region) -> Projection:
    """From the cells that command a movement, ``population/channel`` of so many neurons, to all rubral cells."""
    indegree = max(1, round(2 * neurons / 3))
    mean_pA = COMMAND_PA_PER_HZ / (indegree * TAU_EXCITATORY_MS / 1000)
    return Projection(
        source,
        _population(rubral, RN).name,
        FixedIndegree(indegree),
        Lognormal(mean_pA, 0.3 * mean_pA),
        Normal(FROM_NUCLEUS_MS, 0.3, 1.0, 4.0),
    )


def rubrospinal(
    rubral: Region, muscles: Sequence[str], pushes_pA: Mapping[str, Mapping[str, float]]
) -> Iterator[Projection]:
    """Onto motoneurons and Ia interneurons of the cord.

    muscles: those of the cord. pushes_pA: for each channel the mean current into the motoneurons of each muscle while
    the channel's cells fire at ``PUSH_HZ``, from 0, as ``premotor_cord`` states the drive of its goals. Raises
    NetworkError.
    """
    channels = _population(rubral, RN).channels
    for channel, push in pushes_pA.items():
        if channel not in channels:
            raise NetworkError(f"red_nucleus: no channel '{channel}' in RN; {known(tuple(channels))}")
        for muscle, pA in push.items():
            if muscle not in muscles:
                raise NetworkError(f"red_nucleus: '{channel}': no muscle '{muscle}'; {known(tuple(muscles))}")
            if not pA >= 0:
                raise NetworkError(
                    f"red_nucleus: '{channel}': {pA:g} pA for '{muscle}'; a push is not negative"
                )
            if pA > 0:
                yield from _onto(channel, channels[channel], muscle, pA)


def _onto(channel: str, cells: int, muscle: str, pA: float) -> Iterator[Projection]:
    indegree = max(1, round(2 * cells / 3))
    mean_pA = pA / (indegree * TAU_EXCITATORY_MS / 1000 * PUSH_HZ)
    for target, share in (("MN", 1.0), ("IaIN", ONTO_IA_INTERNEURONS)):
        yield Projection(
            f"{RN}/{channel}",
            f"{target}/{muscle}",
            FixedIndegree(indegree),
            Lognormal(share * mean_pA, 0.3 * share * mean_pA),
            Normal(TO_CORD_MS, 0.3, 1.0, 5.0),
        )


def _population(region: Region, name: str) -> Population:
    for population in region.populations:
        if population.name == name:
            return population
    there = tuple(population.name for population in region.populations)
    raise NetworkError(f"red_nucleus: region '{region.name}' has no population '{name}'; {known(there)}")
