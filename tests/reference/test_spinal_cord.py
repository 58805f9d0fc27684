"""The spinal cord of the forelimb against the body it belongs to."""

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.mujoco import MujocoBody
from sherrington.brain.models.forelimb_muscles import ANTAGONISTS, REFLEX_GAIN
from sherrington.brain.models.spinal_cord import MOTONEURONS, PATHS, spinal_cord
from sherrington.errors import NetworkError


@pytest.fixture(scope="module")
def arms():
    """Moment arms of every muscle about every joint in the initial pose, by small rotations; shape (20, 4), m."""
    model = mouse_forelimb()
    step = 1e-5
    columns = []
    for joint in model.joints:
        lengths = []
        for sign in (+1, -1):
            body = MujocoBody()
            body.prepare(model, BodyOptions(initial={joint: model.initial[joint] + sign * step}))
            lengths.append(body.read("muscle_length").copy())
            body.close()
        columns.append(-(lengths[0] - lengths[1]) / (2 * step))
    return np.array(columns).T


def test_muscles_are_those_of_the_body_in_its_order():
    assert tuple(ANTAGONISTS) == mouse_forelimb().muscles
    assert tuple(REFLEX_GAIN) == mouse_forelimb().muscles


def test_antagonists_are_derived_from_moment_arms(arms):
    unit = arms / np.linalg.norm(arms, axis=1, keepdims=True)
    opposed = unit @ unit.T < -0.5
    muscles = mouse_forelimb().muscles
    derived = {m: tuple(n for j, n in enumerate(muscles) if opposed[i, j]) for i, m in enumerate(muscles)}
    assert derived == ANTAGONISTS
    assert sum(map(len, derived.values())) > 40


def test_reflex_gain_evens_out_stiffness(arms):
    body = MujocoBody()
    body.prepare(mouse_forelimb(), BodyOptions())
    stiffness = body.read("muscle_max_force") * (arms**2).sum(axis=1) / body.read("muscle_optimal_length")
    body.close()
    assert list(REFLEX_GAIN.values()) == pytest.approx(np.minimum(1.0, 40e-6 / stiffness), rel=0.03)


def test_size_matters_for_noise_and_not_for_drive():
    """The summed weight onto a motoneuron per source rate is the stated strength, at any scale."""
    for scale in (0.5, 1.0, 2.0):
        network = spinal_cord(scale=scale)
        assert network.population("MN").size == 20 * round(MOTONEURONS * scale)
        projection = next(
            p for p in network.projections if p.name == "Ia/brachialis_distal->MN/brachialis_distal"
        )
        drawn = network.draw(projection, seed=3)
        per_target = np.bincount(drawn.targets - drawn.targets.min(), weights=drawn.weights)
        assert per_target.mean() * 0.002 == pytest.approx(PATHS[0].strength_pA_per_hz, rel=0.03)


def test_small_motoneurons_come_first():
    capacitance = dict(spinal_cord().initial_values(spinal_cord().population("MN"), 1))["C_m"]
    pools = capacitance.reshape(20, MOTONEURONS)
    assert (np.diff(pools, axis=1) > 0).all()
    assert pools[0, -1] / pools[0, 0] == pytest.approx(3.0)


def test_antagonists_and_paths_must_exist():
    with pytest.raises(NetworkError, match="'biceps' is no muscle of this spinal cord; there are: flexor"):
        spinal_cord(antagonists={"flexor": ["biceps"]})
    with pytest.raises(NetworkError, match="no path 'Ia->RC' in the spinal cord; there are: Ia->MN, "):
        spinal_cord(strengths={"Ia->RC": 1.0})
