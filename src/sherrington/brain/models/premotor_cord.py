"""A premotor population above the spinal cord: one channel of neurons per goal, each with its own pattern of drive.

A goal is a posture to hold, a place to reach or a pull: while its channel fires, every motoneuron pool receives the
drive that belongs to it. That cells of motor cortex and brainstem drive groups of muscles in fixed proportions, and
that activity of many such cells selects the movement, is the common finding (Esposito et al. 2014, Nature
508:351-356, doi 10.1038/nature13023: brainstem nuclei for the mouse forelimb; Levine et al. 2014, Nat Neurosci
17:586-593, doi 10.1038/nn.3675: premotor interneurons as motor synergy encoders). One channel per goal, with weights
that a calibration has found, is ours, and as simple as it can be: there is no planning and no learning in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import NetworkError, known
from ..distributions import Lognormal, Normal, stream
from ..network import Network, Projection
from ..rules import FixedIndegree
from .spinal_cord import TAU_EXCITATORY_MS, interneurons, spinal_cord

NEURONS_PER_GOAL = 40
RATE_HZ = 60.0
"""Firing rate of a goal's neurons at which the pools receive the drive as stated."""
ONTO_IA_INTERNEURONS = 0.5
"""Drive of the Ia inhibitory interneurons as a share of that of their motoneurons: descending excitation reaches both
(Hultborn, Illert & Santini 1976, Acta Physiol Scand 96:193-201); the share is that of ``spinal_cord``'s own paths."""


def premotor_cord(
    *,
    drive_pA: Mapping[str, Mapping[str, float]],
    scale: float = 1.0,
    shuffled: int | None = None,
    strengths: Mapping[str, float] | None = None,
) -> Network:
    """The spinal cord of the mouse forelimb under a premotor population with one channel per goal.

    Population ``premotor``, channels as the goals of ``drive_pA``, takes the place of the cord's ``DC``.

    drive_pA: for each goal the mean current into the motoneurons of each muscle while the goal's neurons fire at 60 Hz,
    pA, from 0. scale: multiplies every number of neurons. shuffled: None for the wiring as stated; a number draws one
    permutation of the muscles and wires every goal's drive to the permuted ones, which keeps how strong the drives are
    and destroys what they do. strengths: see ``spinal_cord``. Raises NetworkError for a muscle that does not exist and
    for negative drive.
    """
    cord = spinal_cord(scale=scale, strengths=strengths)
    muscles = tuple(cord.populations["MN"].channels)
    _check(drive_pA, muscles)
    n = max(1, round(NEURONS_PER_GOAL * scale))
    premotor = interneurons("premotor", tuple(drive_pA), n, "premotor")
    kept = [p for p in cord.projections if not p.source.startswith("DC/")]
    targets = _targets(muscles, shuffled)
    wiring = [
        projection
        for goal, drive in drive_pA.items()
        for muscle, pA in drive.items()
        if pA > 0
        for projection in _projections(goal, targets[muscle], pA, n)
    ]
    populations = [premotor, *(p for p in cord.populations.values() if p.name != "DC")]
    return Network("premotor_cord", populations, [*wiring, *kept], scale=scale)


def _check(drive_pA: Mapping[str, Mapping[str, float]], muscles: tuple[str, ...]) -> None:
    if not drive_pA:
        raise NetworkError("premotor_cord: drive_pA names no goal; give it at least one")
    for goal, drive in drive_pA.items():
        for muscle, pA in drive.items():
            if muscle not in muscles:
                raise NetworkError(f"premotor_cord: goal '{goal}': no muscle '{muscle}'; {known(muscles)}")
            if not pA >= 0:
                raise NetworkError(
                    f"premotor_cord: goal '{goal}': {pA:g} pA for '{muscle}'; a drive is not negative"
                )


def _targets(muscles: tuple[str, ...], shuffled: int | None) -> dict[str, str]:
    if shuffled is None:
        return dict(zip(muscles, muscles, strict=True))
    order = stream(shuffled, "premotor_cord/shuffled").permutation(len(muscles))
    return {muscle: muscles[i] for muscle, i in zip(muscles, order, strict=True)}


def _projections(goal: str, muscle: str, pA: float, n: int) -> list[Projection]:
    indegree = max(1, round(2 * n / 3))
    mean_pA = pA / (indegree * TAU_EXCITATORY_MS / 1000 * RATE_HZ)
    delay = Normal(2.0, 0.3, 1.0, 4.0)
    return [
        Projection(
            f"premotor/{goal}",
            f"{target}/{muscle}",
            FixedIndegree(indegree),
            Lognormal(share * mean_pA, 0.3 * share * mean_pA),
            delay,
        )
        for target, share in (("MN", 1.0), ("IaIN", ONTO_IA_INTERNEURONS))
    ]
