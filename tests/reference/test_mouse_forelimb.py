"""The forelimb against the published points and against an independent computation in numpy."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sherrington.body.engine import BodyOptions
from sherrington.body.models import mouse_forelimb_geometry as geometry
from sherrington.body.models import mouse_forelimb_muscles as muscle_table
from sherrington.body.models import mouse_forelimb_skeleton as skeleton
from sherrington.body.models.mouse_forelimb import INITIAL_RAD, mouse_forelimb
from sherrington.body.models.mouse_forelimb_mjcf import segments
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError

# After the package, which decides how MuJoCo draws; MuJoCo asks only once, when it is imported.
mujoco = importlib.import_module("mujoco")

MS = 1_000_000
SCALE = 1.6
ADDUCTION, FLEXION, ROTATION, ELBOW = range(4)


def published() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        files("sherrington.body.models").joinpath("mouse_forelimb_facts.json").read_text()
    )
    return loaded


@cache
def limb() -> MujocoBody:
    body = MujocoBody()
    body.prepare(mouse_forelimb(), BodyOptions())
    return body


def lengths_and_arms(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MuJoCo's musculotendon lengths (n, 20) and moment arms -dL/dq (n, 20, 4), m."""
    body, lengths, arms = limb(), [], []
    for pose in poses:
        body._data.qpos[:] = pose
        mujoco.mj_forward(body._model, body._data)
        lengths.append(body.read("muscle_length"))
        arms.append(-_dense(body._data))
    body.reset()
    return np.array(lengths), np.array(arms)


def _dense(data: Any) -> np.ndarray:
    moment = np.zeros((20, 4))
    mujoco.mju_sparse2dense(
        moment, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    return moment


# --- geometry ---------------------------------------------------------------------------------------------


def opensim_length_m(muscle: Mapping[str, Any], angles: Mapping[str, float]) -> float:
    """A published path in the published joint angles, by homogeneous matrices and scipy's rotations only."""
    frames = {"scapula": np.eye(4)}
    parents = {"humerus": "shoulder", "clavicle": "ground_clavicle", "ulna": "elbow", "radius": "ulna_radius"}
    joints = {joint["name"]: joint for joint in published()["joints"]}
    for body, name in {**parents, "hand": "wrist"}.items():
        joint = joints[name]
        turns = np.eye(4)
        for c in joint.get("coordinates", []):
            axis = np.array(c.get("axis", [0, 0, 1]), float)
            angle = angles.get(c["name"], c["default_rad"])
            turns[:3, :3] = (
                turns[:3, :3] @ Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()
            )
        outer, inner = (_matrix(joint[end]) for end in ("parent_offset", "child_offset"))
        frames[body] = frames[joint["parent"]] @ outer @ turns @ np.linalg.inv(inner)
    points = [frames[p["body"]] @ [*p["pos_m"], 1.0] for p in muscle["path"]]
    return float(sum(np.linalg.norm(b - a) for a, b in pairwise(points)))


def _matrix(offset: Mapping[str, Any]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("XYZ", offset["euler_xyz"]).as_matrix()
    matrix[:3, 3] = offset["pos"]
    return matrix


REPAIRED = {"Brachioradialis", "Biceps_Short_Head", "Triceps_Medial_Head", "Anconeus"}
WRAPPED = {"Brachialis_Proximal_Head", "Brachialis_Distal_Head"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (skeleton.PUBLISHED_POSE, {}),
        (
            [0.9, 0.6, -0.3, -0.2],
            {"elv_angle": 0.9, "extension_angle": 0.6, "rotation_angle": -0.3, "elbow_flex": 0.2},
        ),
    ],
    ids=["default", "another"],
)
def test_lengths_are_those_of_the_published_points(ours: list[float], theirs: dict[str, float]) -> None:
    lengths, _ = lengths_and_arms(np.array([ours]))
    compared = 0
    for muscle in published()["muscles"]:
        if muscle["name"] not in REPAIRED | WRAPPED:
            index = list(geometry.paths()).index(muscle["name"])
            assert lengths[0, index] / SCALE == pytest.approx(opensim_length_m(muscle, theirs), rel=1e-9)
            compared += 1
    assert compared == 15


def test_the_wrapped_muscles_are_little_longer_than_their_points() -> None:
    lengths, _ = lengths_and_arms(skeleton.PUBLISHED_POSE[None])
    for muscle in published()["muscles"]:
        if muscle["name"] in WRAPPED:
            index = list(geometry.paths()).index(muscle["name"])
            extra = lengths[0, index] / SCALE - opensim_length_m(muscle, {})
            assert 1e-6 < extra < 5e-5


def test_lengths_and_moment_arms_over_the_whole_range_of_motion() -> None:
    poses = muscle_table.pose_grid(6)
    lengths, arms = lengths_and_arms(poses)
    np.testing.assert_allclose(lengths, geometry.lengths_m(poses) * SCALE, atol=1e-11)
    np.testing.assert_allclose(arms, geometry.moment_arms_m(poses) * SCALE, atol=2e-9)
    assert len(poses) == 1296
    assert np.abs(arms).max() > 2e-3


def test_the_elbow_cylinder_is_used_and_left_again() -> None:
    """Otherwise the test above would not have tested wrapping."""
    poses = np.tile(skeleton.PUBLISHED_POSE, (50, 1))
    poses[:, ELBOW] = np.linspace(-1.15, 1.0, 50)
    index = list(geometry.paths()).index("Brachialis_Distal_Head")
    path = geometry.paths()["Brachialis_Distal_Head"]
    world = skeleton.forward(poses)
    placed = [world[b][1] + world[b][0] @ p for b, p in zip(path.bodies, path.points, strict=True)]
    straight = sum(np.linalg.norm(b - a, axis=1) for a, b in pairwise(placed))
    extra = geometry.lengths_m(poses)[:, index] - straight
    assert 0.2 < np.mean(extra > 1e-9) < 0.8
    assert extra.min() > -1e-15
    assert extra.max() > 5e-5


def test_a_wrapped_line_by_hand() -> None:
    """Points (-2, -1) and (2, -1) about the unit circle, over the top: tangents of 2 and an arc."""
    a, b = np.array([[-2.0, -1.0]]), np.array([[2.0, -1.0]])
    side = np.array([0.0, 1.0])
    tangent = 2.0
    arc = math.pi + 2 * (math.atan2(1.0, 2.0)) - 2 * math.acos(1 / math.sqrt(5.0))
    expected = 2 * tangent + arc
    assert geometry._flat_length(a, b, side, 1.0)[0] == pytest.approx(expected, rel=1e-12)
    above = np.array([[0.0, 3.0]])
    assert geometry._flat_length(a + above, b + above, side, 1.0)[0] == pytest.approx(4.0, rel=1e-12)


@pytest.mark.parametrize("joint", range(4), ids=skeleton.JOINTS)
def test_no_muscle_jumps(joint: int) -> None:
    """Along fine sweeps from several poses, no step of a length or moment arm stands out from its neighbours."""
    low, high = muscle_table.RANGE_RAD[joint]
    for start in (INITIAL_RAD, skeleton.PUBLISHED_POSE, *muscle_table.pose_grid(2)):
        poses = np.tile(np.asarray(start, float), (801, 1))
        poses[:, joint] = np.linspace(low, high, 801)
        arms = geometry.moment_arms_m(poses)[:, :, joint]
        lengths = geometry.lengths_m(poses)
        step = (high - low) / 800
        predicted = -(arms[1:] + arms[:-1]) / 2 * step
        np.testing.assert_allclose(np.diff(lengths, axis=0), predicted, atol=2e-8)


# --- what the muscles do ----------------------------------------------------------------------------------

FLEXORS = {
    "biceps_long",
    "biceps_short",
    "brachialis_proximal",
    "brachialis_distal",
    "pronator_teres",
    "flexor_carpi_radialis",
}
EXTENSORS = {"triceps_lateral", "triceps_long", "triceps_medial", "anconeus", "anconeus_short"}


def test_elbow_flexors_flex_and_extensors_extend_everywhere() -> None:
    arms = geometry.moment_arms_m(muscle_table.pose_grid(5))
    for index, muscle in enumerate(muscle_table.muscles()):
        at_elbow = arms[:, index, ELBOW]
        if muscle.name in FLEXORS:
            assert at_elbow.min() > 1e-5, muscle.name
        elif muscle.name in EXTENSORS:
            assert at_elbow.max() < -1e-5, muscle.name
        else:
            assert np.abs(at_elbow).max() < 1e-9, muscle.name


@pytest.mark.parametrize(
    ("muscle", "joint", "sign"),
    [
        ("pectoralis_anterior", ADDUCTION, 1),
        ("pectoralis_posterior", ADDUCTION, 1),
        ("latissimus_rostral", ADDUCTION, 1),
        ("latissimus_caudal", ADDUCTION, 1),
        ("infraspinatus", ADDUCTION, -1),
        ("latissimus_caudal", FLEXION, -1),
        ("triceps_long", FLEXION, -1),
        ("deltoid_posterior", FLEXION, -1),
        ("biceps_long", FLEXION, 1),
        ("biceps_short", FLEXION, 1),
        ("deltoid_medial", FLEXION, 1),
        ("subscapularis", ROTATION, 1),
        ("pectoralis_anterior", ROTATION, 1),
        ("infraspinatus", ROTATION, -1),
        ("deltoid_posterior", ROTATION, -1),
    ],
)
def test_shoulder_actions_in_the_default_pose(muscle: str, joint: int, sign: int) -> None:
    names = [m.name for m in muscle_table.muscles()]
    arms = geometry.moment_arms_m(skeleton.PUBLISHED_POSE[None])[0]
    assert arms[names.index(muscle), joint] * sign > 1e-4


def test_elbow_flexion_positive_bends_the_elbow() -> None:
    included = []
    for angle in (-1.0, 0.0, 1.0):
        world = skeleton.forward(np.array([[1.4, 0.0, 0.0, angle]]))
        elbow, wrist = world["ulna"][1][0], world["hand"][1][0]
        cosine = -elbow @ (wrist - elbow) / np.linalg.norm(elbow) / np.linalg.norm(wrist - elbow)
        included.append(math.degrees(math.acos(cosine)))
    assert included == sorted(included, reverse=True)
    assert included[1] == pytest.approx(90.0, abs=3.0)


def test_signs_of_the_shoulder_angles() -> None:
    """World x forward, y left; a right limb: adduction takes the elbow left, flexion forward, rotation the paw left."""
    start = np.array([1.4, 0.0, 0.0, 0.0])
    for joint, body, axis in ((ADDUCTION, "ulna", 1), (FLEXION, "ulna", 0), (ROTATION, "hand", 1)):
        moved = start.copy()
        moved[joint] += 0.2
        before, after = (skeleton.forward(pose[None])[body][1][0, axis] for pose in (start, moved))
        assert after - before > 5e-4


# --- numbers ----------------------------------------------------------------------------------------------


def test_twenty_muscles_four_degrees_of_freedom() -> None:
    model = mouse_forelimb()
    assert len(model.muscles) == 20
    assert "brachioradialis" not in model.muscles
    assert model.joints == skeleton.JOINTS
    assert limb().statistics()["degrees_of_freedom"] == 4
    assert tuple(limb().read("joint_angle")) == INITIAL_RAD
    assert {"shoulder", "elbow", "wrist", "paw"} <= set(model.sites)


def test_length_ranges_give_the_published_fibre_and_tendon_lengths() -> None:
    body = limb()
    optimal = body.read("muscle_optimal_length")
    low, high = body._model.actuator_lengthrange.T
    slack = low - body._model.actuator_gainprm[:, 0] * optimal
    entries = {m["name"]: m for m in published()["muscles"]}
    for index, muscle in enumerate(muscle_table.muscles()):
        entry = entries[muscle.published_name]
        assert optimal[index] == pytest.approx(entry["optimal_fiber_length_m"] * SCALE, rel=1e-7)
        if muscle.name != "biceps_short":
            assert slack[index] == pytest.approx(entry["tendon_slack_length_m"] * SCALE, abs=1e-10)
    assert (high > low).all()


def test_fibres_stay_in_the_working_range() -> None:
    for muscle in muscle_table.muscles():
        fibres = [
            (x - muscle.slack_length_m) / muscle.optimal_length_m
            for x in (muscle.shortest_m, muscle.longest_m)
        ]
        assert muscle_table.FORCE_LENGTH_LOW < fibres[0] < fibres[1] < 1.3, muscle.name


def test_the_force_length_curve_is_fitted_to_the_published_model() -> None:
    """De Groote et al. 2016, three Gaussians with OpenSim's constants, against MuJoCo's curve as compiled."""
    fibre = np.linspace(0.4, 1.6, 121)
    terms = (
        (0.8150671134243542, 1.055033428970575, 0.162384573599574, 0.063303448465465),
        (0.433004984392647, 0.716775413397760, -0.029947116970696, 0.200356847296188),
        (0.1, 1.0, 0.353553390593274, 0.0),
    )
    expected = sum(a * np.exp(-0.5 * ((fibre - b) / (c + d * fibre)) ** 2) for a, b, c, d in terms)
    parameters = limb()._model.actuator_gainprm[0].copy()[:9]
    parameters[[0, 1, 2]] = 0.0, 1.0, 1.0
    curve = [-mujoco.mju_muscleGain(x, 0.0, np.array([0.0, 1.0]), 1.0, parameters) for x in fibre]
    assert np.abs(curve - expected).max() < 0.095
    assert np.abs(curve - expected).mean() < 0.04


def test_the_sampled_ranges_hold_between_the_grid_points() -> None:
    rng = np.random.default_rng(5)
    poses = rng.uniform(*muscle_table.RANGE_RAD.T, (4000, 4))
    lengths = geometry.lengths_m(poses)
    for index, muscle in enumerate(muscle_table.muscles()):
        slip = 0.01 * (muscle.longest_m - muscle.shortest_m)
        assert lengths[:, index].min() > muscle.shortest_m - slip
        assert lengths[:, index].max() < muscle.longest_m + slip


def test_extensor_to_flexor_ratio_is_mathewsons() -> None:
    areas = {m.name: m.pcsa_cm2 for m in muscle_table.muscles()}
    extensors, flexors = (sum(areas[name] for name in group) for group in (EXTENSORS, FLEXORS))
    assert extensors / flexors == pytest.approx(2.7, rel=1e-12)


def test_forces_are_area_times_tension_times_scale_squared() -> None:
    forces = limb().read("muscle_max_force")
    entry = next(m for m in published()["muscles"] if m["name"] == "Triceps_Long_Head")
    triceps = mouse_forelimb().muscles.index("triceps_long")
    assert forces[triceps] == pytest.approx(
        entry["max_isometric_force_N"] * SCALE**2 * math.cos(0.3), rel=1e-8
    )
    doubled = MujocoBody()
    doubled.prepare(mouse_forelimb(specific_tension_n_per_cm2=45.0), BodyOptions())
    np.testing.assert_allclose(doubled.read("muscle_max_force"), 2 * forces, rtol=1e-8)
    assert 0.04 < forces.min() < forces.max() < 2.0


def test_segments_have_the_lengths_and_mass_of_a_mouse() -> None:
    facts = mouse_forelimb().facts
    assert facts["humerus_length_m"] == pytest.approx(0.01044, abs=2e-5)
    assert facts["forearm_length_m"] == pytest.approx(0.0124, abs=1e-4)
    assert 0.2e-3 < limb().statistics()["mass_kg"] < 0.6e-3


def test_inertia_is_that_of_solid_rods() -> None:
    body = limb()
    for rod in segments(SCALE):
        index = body._model.body(rod.body).id
        mass = 1060 * math.pi * rod.radius_m**2 * rod.length_m
        across = mass * (3 * rod.radius_m**2 + rod.length_m**2) / 12
        assert body._model.body_mass[index] == pytest.approx(mass, rel=1e-8)
        np.testing.assert_allclose(
            body._model.body_inertia[index], [across, across, mass * rod.radius_m**2 / 2], rtol=1e-8
        )
        middle = (rod.start + rod.end) / 2
        np.testing.assert_allclose(body._model.body_ipos[index], middle, atol=1e-11)


@pytest.mark.parametrize("scale", [1.0, 3.2])
def test_scale_law(scale: float) -> None:
    body, ratio = MujocoBody(), scale / SCALE
    body.prepare(mouse_forelimb(scale=scale), BodyOptions())
    for port, power in (("muscle_length", 1), ("muscle_optimal_length", 1), ("muscle_max_force", 2)):
        np.testing.assert_allclose(body.read(port), limb().read(port) * ratio**power, rtol=1e-7)
    model, reference = body._model, limb()._model
    np.testing.assert_allclose(model.body_mass, reference.body_mass * ratio**3, rtol=1e-7)
    np.testing.assert_allclose(model.body_inertia, reference.body_inertia * ratio**5, rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(model.dof_damping, reference.dof_damping * ratio**4, rtol=1e-7)
    np.testing.assert_allclose(model.dof_armature, reference.dof_armature * ratio**5, rtol=1e-7)


@pytest.mark.parametrize("name", ["scale", "specific_tension_n_per_cm2", "damping_n_m_s_per_rad"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_numbers_must_be_positive(name: str, value: float) -> None:
    with pytest.raises(BodyError, match=f"mouse_forelimb: {name} = .* must be a positive number"):
        mouse_forelimb(**{name: value})


# --- in motion --------------------------------------------------------------------------------------------


def test_it_comes_to_rest_under_gravity_inside_its_limits() -> None:
    body = MujocoBody()
    body.prepare(mouse_forelimb(), BodyOptions())
    for ms in range(10, 2010, 10):
        body.advance(ms * MS)
    angles = body.read("joint_angle")
    assert np.abs(body.read("joint_velocity")).max() < 1e-3
    assert (angles > muscle_table.RANGE_RAD[:, 0]).all()
    assert (angles < muscle_table.RANGE_RAD[:, 1]).all()
    assert np.abs(angles - INITIAL_RAD).max() > 0.1
    assert body.read("contact_force").max() == 0.0


def test_random_full_drive_stays_bounded_at_the_default_step() -> None:
    body, rng = MujocoBody(), np.random.default_rng(2)
    body.prepare(mouse_forelimb(), BodyOptions(timestep_ms=0.5))
    travelled = []
    for i in range(200):
        body.write("muscle_excitation", rng.integers(0, 2, 20).astype(float))
        body.advance((i + 1) * 10 * MS)
        angles = body.read("joint_angle")
        travelled.append(angles)
        assert (angles > muscle_table.RANGE_RAD[:, 0] - 0.1).all()
        assert (angles < muscle_table.RANGE_RAD[:, 1] + 0.1).all()
    assert np.ptp(travelled, axis=0).min() > 0.3


def test_halving_the_step_changes_little() -> None:
    ends = []
    for timestep_ms in (0.5, 0.25):
        body = MujocoBody()
        body.prepare(mouse_forelimb(), BodyOptions(timestep_ms=timestep_ms))
        body.write("muscle_excitation", np.linspace(0.02, 0.2, 20))
        body.advance(100 * MS)
        ends.append(body.read("joint_angle"))
    assert np.abs(ends[0] - ends[1]).max() < 0.02
    assert np.abs(ends[0] - INITIAL_RAD).max() > 0.1


def test_soft_tissue_pulls_every_joint_to_its_rest() -> None:
    rest = {"elbow_flexion": 0.2, "shoulder_flexion": -0.1}
    body = mouse_forelimb(scale=0.8, stiffness_n_m_per_rad=4e-5, rest_rad=rest)
    model = mujoco.MjModel.from_xml_string(body.mjcf)
    np.testing.assert_allclose(model.jnt_stiffness, 4e-5 / 8, rtol=1e-6)
    springs = dict(zip(body.joints, model.qpos_spring, strict=True))
    assert {name: springs[name] for name in rest} == pytest.approx(rest)
    assert springs["shoulder_rotation"] == pytest.approx(-0.5)
    with pytest.raises(BodyError, match="rest_rad names no joint 'elbow'"):
        mouse_forelimb(rest_rad={"elbow": 0.0})
    with pytest.raises(BodyError, match=r"stiffness_n_m_per_rad = -1 must be 0 or positive"):
        mouse_forelimb(stiffness_n_m_per_rad=-1.0)
