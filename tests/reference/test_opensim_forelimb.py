"""The shipped bodies in OpenSim against the same bodies in MuJoCo: places, lengths, moment arms, forces, motion.

Where the engines differ by physics, how far is measured here and told in ``docs/science/opensim-engine.md``.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

import mujoco
import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.models import mouse_forelimb_geometry as geometry
from sherrington.body.models.mouse_forelimb import INITIAL_RAD, mouse_forelimb
from sherrington.body.models.mouse_forelimb_muscles import pose_grid
from sherrington.body.models.one_joint import RANGE_RAD, musculotendon_length_m, one_joint
from sherrington.body.models.osim_muscle import force_velocity
from sherrington.body.mujoco import MujocoBody
from sherrington.ports import Signal

if not find_spec("opensim"):
    pytest.skip("opensim is not installed; pip install 'sherrington[opensim]'", allow_module_level=True)

from sherrington.body.opensim import OpensimBody
from sherrington.body.opensim_library import opensim

MS = 1_000_000
WRAPPED = ("brachialis_proximal", "brachialis_distal")

# How far the engines may be apart.
PLACE_M = 1e-11
LENGTH_M = 1e-12
WRAPPED_LENGTH_M = 2e-9
MOMENT_ARM_M = 2e-9
WRAPPED_MOMENT_ARM_M = 1e-6
ACTIVE_FORCE = 0.04
MEAN_ACTIVE_FORCE = 0.015
PASSIVE_FORCE = 0.005
FORCE_VELOCITY = 0.025
"""The last four in peak forces; Millard's curves are fitted to MuJoCo's."""


@cache
def limbs() -> tuple[OpensimBody, MujocoBody]:
    bodies = OpensimBody(), MujocoBody()
    for body in bodies:
        body.prepare(mouse_forelimb(), BodyOptions())
    return bodies


def osim() -> tuple[Any, Any]:
    body = limbs()[0]._body
    assert body is not None
    return body.model, body.state


def pose_both(pose: Signal, activation: float = 0.0) -> None:
    model, state = osim()
    body, other = limbs()
    y = body._start.copy()
    y[:4], y[8:] = pose, activation
    state.setY(opensim.Vector.createFromMat(y))
    model.realizeAcceleration(state)
    data = other._data
    data.qpos[:], data.qvel[:], data.act[:] = pose, 0.0, activation
    mujoco.mj_forward(other._model, data)
    other._stages.reached = 10**6


def both(port: str) -> tuple[Signal, Signal]:
    first, second = (body.read(port) for body in limbs())
    return first, second


GRID = pose_grid(5)


def test_the_state_is_ordered_as_posed() -> None:
    pose_both(np.array([1.0, 0.1, -0.2, 0.3]))
    np.testing.assert_array_equal(limbs()[0].read("joint_angle"), [1.0, 0.1, -0.2, 0.3])


def test_lengths_and_places_over_a_grid_of_poses() -> None:
    names = limbs()[0].outputs["muscle_length"].order
    wrapped = np.isin(names, WRAPPED)
    worst, places = np.zeros(20), 0.0
    touched = False
    for pose in GRID:
        pose_both(pose)
        ours, theirs = both("muscle_length")
        worst = np.maximum(worst, np.abs(ours - theirs))
        sites = both("site_position")
        places = max(places, float(np.abs(sites[0] - sites[1]).max()))
        touched = touched or bool((limbs()[1]._data.ten_wrapnum > [2] * 20)[wrapped].any())
    assert worst[~wrapped].max() < LENGTH_M
    assert worst[wrapped].max() < WRAPPED_LENGTH_M
    assert places < PLACE_M
    assert touched, "no muscle wrapped in any pose"


def test_lengths_agree_with_the_independent_geometry() -> None:
    poses = pose_grid(3)
    expected = geometry.lengths_m(poses) * 1.6
    for pose, lengths in zip(poses, expected, strict=True):
        pose_both(pose)
        np.testing.assert_allclose(limbs()[0].read("muscle_length"), lengths, atol=WRAPPED_LENGTH_M)


def test_moment_arms_over_a_grid_of_poses() -> None:
    """OpenSim's generalised force of unit tension, against MuJoCo's moment and the numpy geometry."""
    body = limbs()[0]._body
    assert body is not None
    poses = pose_grid(3)
    for pose, numpy_arms in zip(poses, geometry.moment_arms_m(poses) * 1.6, strict=True):
        pose_both(pose)
        arms = np.array(
            [
                [muscle.computeMomentArm(body.state, joint) for joint in body.joints.values()]
                for muscle in body.muscles.values()
            ]
        )
        other = limbs()[1]
        dense = np.zeros((20, 4))
        data = other._data
        mujoco.mju_sparse2dense(
            dense, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
        )
        apart = np.maximum(np.abs(arms + dense), np.abs(arms - numpy_arms)).max(axis=1)
        wrapped = np.isin(list(body.muscles), WRAPPED)
        assert apart[~wrapped].max() < MOMENT_ARM_M
        assert apart[wrapped].max() < WRAPPED_MOMENT_ARM_M


def test_static_forces_over_a_grid_of_poses() -> None:
    """Full activation and none, at rest, as a share of each muscle's peak force."""
    strongest = limbs()[0].read("muscle_max_force")
    np.testing.assert_allclose(strongest, limbs()[1].read("muscle_max_force"), rtol=1e-8)
    active: list[Signal] = []
    passive: list[Signal] = []
    for pose in GRID:
        for activation, found in ((1.0, active), (0.0, passive)):
            pose_both(pose, activation)
            ours, theirs = both("muscle_force")
            found.append((ours - theirs) / strongest)
    assert np.abs(active).max() < ACTIVE_FORCE
    assert np.abs(active).mean() < MEAN_ACTIVE_FORCE
    assert np.abs(passive).max() < PASSIVE_FORCE


@pytest.mark.parametrize("eccentric", [1.2, 1.4])
def test_force_velocity_is_that_of_mujoco(eccentric: float) -> None:
    values = force_velocity(eccentric)
    curve = opensim.ForceVelocityCurve(*values.values())
    speed = np.linspace(-1.2, 1.2, 241)
    ours = np.array([curve.calcValue(float(v)) for v in speed])
    above = eccentric - 1.0
    theirs = np.select(
        [speed <= -1, speed <= 0, speed <= above],
        [0 * speed, (1 + speed) ** 2, eccentric - (above - speed) ** 2 / above],
        eccentric,
    )
    assert np.abs(ours - theirs).max() < FORCE_VELOCITY


def test_optimal_and_rest_lengths_are_the_same() -> None:
    for port in ("muscle_optimal_length", "muscle_rest_length"):
        ours, theirs = both(port)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_activation_follows_the_same_equation() -> None:
    ends = []
    for engine in (OpensimBody, MujocoBody):
        body = engine()
        body.prepare(one_joint(), BodyOptions(timestep_ms=0.02))
        course = []
        for ms in range(1, 31):
            body.write("muscle_excitation", np.array([0.9 if ms < 12 else 0.1, 0.3]))
            body.advance(ms * MS)
            course.append(body.read("muscle_activation"))
        ends.append(course)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)
    assert np.ptp(ends[0], axis=0).min() > 0.2


def test_the_pulley_has_its_closed_form() -> None:
    for angle in np.linspace(-RANGE_RAD, RANGE_RAD, 13):
        body = OpensimBody()
        body.prepare(one_joint(), BodyOptions(initial={"hinge": float(angle)}))
        expected = [musculotendon_length_m(angle, 1.5e-3), musculotendon_length_m(-angle, 1.5e-3)]
        np.testing.assert_allclose(body.read("muscle_length"), expected, rtol=1e-9)


# --- in motion --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gravity", [False, True])
def test_the_free_swing_is_the_same(gravity: bool) -> None:
    courses: list[list[float]] = []
    for engine in (OpensimBody, MujocoBody):
        body = engine()
        body.prepare(one_joint(gravity=gravity), BodyOptions(timestep_ms=0.1, initial={"hinge": 0.5}))
        courses.append([])
        for ms in range(1, 200):
            body.advance(ms * MS)
            courses[-1].append(body.read("joint_angle")[0])
    np.testing.assert_allclose(courses[0], courses[1], atol=2e-3)
    assert np.ptp(courses[0]) > 0.5


def test_the_limb_goes_the_same_way() -> None:
    """Under a steady drive from the same start: apart by less than a tenth of the way at first, while no stop is met.

    MuJoCo's joints have an armature, which OpenSim's cannot have; with the least that it takes they agree better.
    """
    angles = []
    for engine in (OpensimBody, MujocoBody):
        body = engine()
        body.prepare(mouse_forelimb(armature_kg_m2=1e-12), BodyOptions(timestep_ms=0.1))
        body.write("muscle_excitation", np.linspace(0.02, 0.2, 20))
        body.advance(30 * MS)
        angles.append(body.read("joint_angle"))
    way = np.abs(angles[1] - INITIAL_RAD).max()
    assert way > 0.05
    assert np.abs(angles[0] - angles[1]).max() < 0.1 * way


def test_the_paw_rests_on_the_floor_and_the_limb_in_its_limits() -> None:
    body = OpensimBody()
    body.prepare(mouse_forelimb(shoulder_height_m=0.016), BodyOptions(timestep_ms=1.0))
    for ms in range(10, 610, 10):
        body.advance(ms * MS)
    force = dict(zip(body.outputs["contact_force"].order, body.read("contact_force"), strict=True))
    assert force.pop("hand") > 1e-4
    assert not any(force.values())
