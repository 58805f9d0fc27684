"""The descending path: a command for each goal, M1, and the premotor circuits of the cord.

The command population stands for secondary motor cortex (M2), which the published assembled brain leaves out. A goal's
command excites one strip of M1; the pyramidal-tract cells of that strip excite the goal's premotor neurons in
brainstem and cord (``premotor_cord``), and those the motoneuron pools. The first goal is rest: no strip of M1 but
tonic drive holds it, and the premotor neurons of every other goal inhibit its neurons through interneurons of their
own. So a brain without M1 holds its limb at rest. Anatomy: M2 to M1, Hooks et al. 2013, J Neurosci 33:748-760, doi
10.1523/JNEUROSCI.4338-12.2013; brainstem and premotor neurons in between, Esposito et al. 2014, Nature 508:351-356,
doi 10.1038/nature13023. Numbers are ours, ``docs/science/mouse.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...distributions import Lognormal, Normal
from ...network import Background, Population, Projection
from ...rules import FixedIndegree
from ..premotor_cord import premotor_cord
from ..spinal_cord import TAU_EXCITATORY_MS, TAU_INHIBITORY_MS, interneurons
from .region import Region

ELSEWHERE = "elsewhere"
COMMAND_CELLS = 40
"""Of each goal. At the port ``M2.rate``, 2000 Hz with weight 62.5 pA make them fire at about 70 Hz."""
TONIC_HZ, TONIC_PA = 2000.0, 62.5
"""Input of the premotor neurons of rest, as the drives were calibrated with."""
COMMAND_HZ = 70.0

STRIPS = ("L23_CC", "L5B_PT")
"""Populations of M1 whose cells a command reaches; their channels are the goals' strips."""
COMMAND_INDEGREE = 27
COMMAND_NS = {"L23_CC": 0.3, "L5B_PT": 1.6}
COMMAND_MS = 3.0

PREMOTOR_TAU_MS = 20.0
"""Of excitation of premotor neurons, slower than in the rest of the cord: it evens out the spikes of pyramidal-tract
cells, of which a strip has few at small scale. Mean currents stay."""
PREMOTOR_PA_PER_HZ = 8.0
"""Mean current into a goal's premotor neurons per Hz of the pyramidal-tract cells of its strip. Their rheobase is
187 pA: the 5 Hz of rest leave them silent."""
MOST_PYRAMIDAL_INPUTS = 200
"""Of a premotor neuron, which otherwise has two thirds of its strip's cells as inputs."""
PYRAMIDAL_MS = 10.0
"""From M1 to the neck: published for the brain's long paths; the mouse's corticospinal axons are slow."""
DIRECT_PA_PER_HZ = 250.0 / COMMAND_HZ
"""The same from the command, where M1 is absent."""

INTERNEURONS_PER_GOAL = 20
ONTO_INTERNEURONS_PA_PER_HZ = 6.0
ONTO_REST_PA_PER_HZ = -6.0
LOCAL_MS = 0.8


def goals_of(drive_pA: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    """All goals but the first, which is rest."""
    return tuple(drive_pA)[1:]


def descending(drive_pA: Mapping[str, Mapping[str, float]], *, shuffled: int | None, cortex: bool) -> Region:
    """Populations ``M2`` (channels: goals without rest), ``premotor`` (all goals), ``premotor_IN``, and those of the
    cord.

    drive_pA, shuffled: see ``premotor_cord``; rest comes first. cortex: whether M1 lies between command and premotor
    neurons; ``through_cortex`` makes its projections then. Raises NetworkError.
    """
    cord = premotor_cord(drive_pA=drive_pA, shuffled=shuffled)
    rest, *goals = drive_pA
    command = interneurons("M2", goals, COMMAND_CELLS, "M2")
    inhibitory = interneurons("premotor_IN", goals, INTERNEURONS_PER_GOAL, "premotor")
    slow = _slowed(cord.populations["premotor"])
    populations = (
        command,
        inhibitory,
        *(slow if p.name == slow.name else p for p in cord.populations.values()),
    )
    direct = [] if cortex else [_onto_premotor("M2", goal, COMMAND_CELLS, DIRECT_PA_PER_HZ) for goal in goals]
    circuits = [p for goal in goals for p in _inhibition_of(rest, goal, cord.populations["premotor"])]
    tonic = Background(f"premotor/{rest}", TONIC_HZ, TONIC_PA * TAU_EXCITATORY_MS / PREMOTOR_TAU_MS, 1.0)
    return Region("cord", populations, (*direct, *circuits, *cord.projections), (tonic,))


def in_strips(population: Population, goals: Sequence[str]) -> Population:
    """The same cells, with one channel for each goal's strip along y and one for those elsewhere, of equal size."""
    names = (*goals, ELSEWHERE)
    edges = [population.size * i // len(names) for i in range(len(names) + 1)]
    strips = {name: b - a for name, a, b in zip(names, edges, edges[1:], strict=False)}
    return replace(population, channels=strips)


def through_cortex(goals: Sequence[str], pyramidal: Population) -> Iterator[Projection]:
    """Command to the goals' strips of M1, and their pyramidal-tract cells to the goals' premotor neurons."""
    for goal in goals:
        for name in STRIPS:
            mean_nS = COMMAND_NS[name]
            weight = Lognormal(mean_nS, 0.3 * mean_nS)
            yield Projection(
                f"M2/{goal}", f"M1_{name}/{goal}", FixedIndegree(COMMAND_INDEGREE), weight, COMMAND_MS
            )
        yield _onto_premotor("M1_L5B_PT", goal, pyramidal.channels[goal], PREMOTOR_PA_PER_HZ)


def _slowed(premotor: Population) -> Population:
    return replace(premotor, params={**premotor.params, "tau_syn_ex": PREMOTOR_TAU_MS})


def _onto_premotor(source: str, goal: str, size: int, strength_pA_per_hz: float) -> Projection:
    indegree = max(1, min(MOST_PYRAMIDAL_INPUTS, round(2 * size / 3)))
    target = f"premotor/{goal}"
    return _current(f"{source}/{goal}", target, indegree, strength_pA_per_hz, PYRAMIDAL_MS, PREMOTOR_TAU_MS)


def _inhibition_of(rest: str, goal: str, premotor: Population) -> Iterator[Projection]:
    yield _current(
        f"premotor/{goal}",
        f"premotor_IN/{goal}",
        round(2 * premotor.channels[goal] / 3),
        ONTO_INTERNEURONS_PA_PER_HZ,
        LOCAL_MS,
    )
    yield _current(
        f"premotor_IN/{goal}",
        f"premotor/{rest}",
        round(2 * INTERNEURONS_PER_GOAL / 3),
        ONTO_REST_PA_PER_HZ,
        LOCAL_MS,
    )


def _current(
    source: str,
    target: str,
    indegree: int,
    strength_pA_per_hz: float,
    delay_ms: float,
    tau_ex_ms: float = TAU_EXCITATORY_MS,
) -> Projection:
    sign = 1 if strength_pA_per_hz > 0 else -1
    tau_s = (tau_ex_ms if sign > 0 else TAU_INHIBITORY_MS) / 1000
    mean_pA = abs(strength_pA_per_hz) / (indegree * tau_s)
    delay = Normal(delay_ms, 0.1 * delay_ms, 0.3, 2 * delay_ms)
    return Projection(source, target, FixedIndegree(indegree), Lognormal(mean_pA, 0.3 * mean_pA, sign), delay)
