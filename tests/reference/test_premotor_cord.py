"""The premotor population above the cord: every goal drives the muscles it is said to, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from sherrington.brain.distributions import Lognormal
from sherrington.brain.models.forelimb_muscles import ANTAGONISTS
from sherrington.brain.models.premotor_cord import RATE_HZ, premotor_cord
from sherrington.brain.models.spinal_cord import TAU_EXCITATORY_MS, spinal_cord
from sherrington.brain.network import Network, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.errors import NetworkError

MUSCLES = tuple(ANTAGONISTS)
DRIVE = {
    "rest": {"biceps_long": 100.0, "anconeus": 50.0},
    "pull": {"brachialis_distal": 200.0, "biceps_long": 0.0},
}


def from_premotor(network: Network) -> dict[tuple[str, str], Projection]:
    found = [p for p in network.projections if p.source.startswith("premotor/")]
    return {(p.source, p.target): p for p in found}


def mean_pA(projection: Projection) -> float:
    """Mean current into a target while every source fires at RATE_HZ."""
    assert isinstance(projection.weight, Lognormal) and isinstance(projection.rule, FixedIndegree)
    return projection.weight.mean * projection.rule.indegree * TAU_EXCITATORY_MS / 1000 * RATE_HZ


def test_every_goal_drives_its_muscles_with_the_current_stated() -> None:
    found = from_premotor(premotor_cord(drive_pA=DRIVE))
    motoneurons = {key: mean_pA(p) for key, p in found.items() if key[1].startswith("MN/")}
    assert motoneurons == pytest.approx(
        {
            ("premotor/rest", "MN/biceps_long"): 100.0,
            ("premotor/rest", "MN/anconeus"): 50.0,
            ("premotor/pull", "MN/brachialis_distal"): 200.0,
        }
    )
    for (source, target), projection in found.items():
        if target.startswith("IaIN/"):
            assert mean_pA(projection) == pytest.approx(
                0.5 * motoneurons[source, target.replace("IaIN", "MN")]
            )


@pytest.mark.parametrize("scale", [0.1, 0.5, 2.0])
def test_the_drive_does_not_depend_on_the_number_of_neurons(scale: float) -> None:
    found = from_premotor(premotor_cord(drive_pA=DRIVE, scale=scale))
    assert mean_pA(found["premotor/rest", "MN/biceps_long"]) == pytest.approx(100.0)


def test_it_takes_the_place_of_the_descending_population_and_leaves_the_cord_as_it_is() -> None:
    network, cord = premotor_cord(drive_pA=DRIVE), spinal_cord()
    assert set(network.populations) == {"premotor", *cord.populations} - {"DC"}
    kept = [p for p in network.projections if not p.source.startswith("premotor/")]
    assert kept == [p for p in cord.projections if not p.source.startswith("DC/")]
    assert network.populations["premotor"].channels == {"rest": 40, "pull": 40}


def test_shuffled_wiring_keeps_the_drives_and_moves_them_to_other_muscles() -> None:
    plain = from_premotor(premotor_cord(drive_pA=DRIVE))
    shuffled = from_premotor(premotor_cord(drive_pA=DRIVE, shuffled=3))
    again = from_premotor(premotor_cord(drive_pA=DRIVE, shuffled=3))
    assert shuffled.keys() == again.keys() != plain.keys()
    for source in ("premotor/rest", "premotor/pull"):
        strengths = [sorted(mean_pA(p) for k, p in f.items() if k[0] == source) for f in (plain, shuffled)]
        np.testing.assert_allclose(*strengths)
    assert len({frozenset(from_premotor(premotor_cord(drive_pA=DRIVE, shuffled=s))) for s in range(5)}) == 5


@pytest.mark.parametrize(
    ("drive", "message"),
    [
        ({}, "names no goal"),
        ({"pull": {"bicep": 1.0}}, "goal 'pull': no muscle 'bicep'"),
        ({"pull": {"biceps_long": -1.0}}, "-1 pA for 'biceps_long'; a drive is not negative"),
        ({"pull": {"biceps_long": float("nan")}}, "nan pA"),
    ],
)
def test_what_cannot_be_wired_is_refused(drive: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        premotor_cord(drive_pA=drive)
