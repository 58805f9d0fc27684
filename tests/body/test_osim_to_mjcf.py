"""OpenSim documents as MJCF: the same kinematics, paths and masses in both engines, and a warning for all else."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osim_engines import Copy, Original, random_poses
from osim_texts import (
    Axis,
    arm26,
    body,
    constant,
    coordinate,
    document,
    joint,
    knee,
    linear,
    muscle,
    point,
    spatial_transform,
    spline,
    surface,
    surfaces,
)
from scipy.spatial.transform import Rotation

from sherrington import cli
from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.mujoco import MujocoBody
from sherrington.body.osim_to_mjcf import convert
from sherrington.errors import BodyError

ARM_RANGES = {"shoulder_elevation": (-1.57, 3.14), "elbow_flexion": (0.0, 2.26)}
OUTER, INNER = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (0.3, -0.1, 0.2, -0.4, 0.3, 0.2)
COUNTS = {
    "PinJoint": 1,
    "SliderJoint": 1,
    "UniversalJoint": 2,
    "BallJoint": 3,
    "GimbalJoint": 3,
    "PlanarJoint": 3,
    "WeldJoint": 0,
    "FreeJoint": 6,
}


def same_places(
    osim: str, folder: Path, ranges: dict[str, tuple[float, float]], metres: float = 1e-10
) -> None:
    original, copy = Original(osim, folder), Copy(osim)
    assert copy.mass() == pytest.approx(original.mass(), rel=1e-9)
    for values in random_poses(ranges, 20):
        original.pose(values)
        copy.pose(original.values())
        for name in original.bodies:
            np.testing.assert_allclose(copy.place(name), original.place(name), atol=metres, err_msg=name)


def swing(
    *, forces: str = "", ground: str = "", more: str = "", inside: str = "", constraints: str = ""
) -> str:
    """One body on a hinge. more: in the coordinate; inside: in the body."""
    hinge = joint("PinJoint", "hinge", "ground", "rod", coordinate("q", -1.0, 1.0, 0.25, more))
    return document(
        bodies=body("rod", inside=inside), joints=hinge, forces=forces, ground=ground, constraints=constraints
    )


def along() -> str:
    return point("a", "ground", (0.05, 0.1, 0.0)) + point("b", "rod", (0.05, -0.1, 0.0))


def warned(osim: str, pattern: str) -> str:
    """The MJCF, which MuJoCo takes, after making sure of one warning that says so."""
    converted = convert(osim, "model")
    assert [w for w in converted.warnings if re.search(pattern, w)], converted.warnings
    mujoco.MjModel.from_xml_string(converted.mjcf)
    return converted.mjcf


# --- an arm with published numbers ------------------------------------------------------------------------------


def test_the_arm_needs_no_warning() -> None:
    assert convert(arm26(), "arm").warnings == ()


def test_the_arm_has_the_same_places_lengths_and_moment_arms(tmp_path: Path) -> None:
    original, copy = Original(arm26(), tmp_path), Copy(arm26())
    assert copy.mass() == pytest.approx(original.mass())
    wrapped = 0
    for values in random_poses(ARM_RANGES, 60):
        original.pose(values)
        copy.pose(values)
        wrapped += int(copy.data.ten_wrapnum[copy.model.tendon("BRA").id]) > 2
        for name in original.bodies:
            np.testing.assert_allclose(copy.place(name), original.place(name), atol=1e-10)
        for name in original.muscles:
            # 0.03 mm: OpenSim's way round a cylinder is not exactly a helix when path and axis are askew.
            assert copy.length(name) == pytest.approx(original.length(name), abs=3e-5), (name, values)
            for joint_name in ARM_RANGES:
                ours = copy.moment_arm(name, joint_name, values)
                assert ours == pytest.approx(original.moment_arm(name, joint_name), abs=3e-4), (name, values)
    assert wrapped > 5, "the elbow's cylinder was never touched"


def test_the_arm_runs_in_the_engine() -> None:
    engine = MujocoBody()
    engine.prepare(BodyModel("arm", mjcf=convert(arm26(), "arm").mjcf), BodyOptions(timestep_ms=0.5))
    try:
        assert engine.outputs["joint_angle"].order == ("shoulder_elevation", "elbow_flexion")
        muscles = ("TRIlong", "TRIlat", "TRImed", "BIClong", "BICshort", "BRA")
        assert engine.inputs["muscle_excitation"].order == muscles
        pull = np.zeros(6)
        pull[3:] = 0.3
        engine.write("muscle_excitation", pull)
        engine.advance(200_000_000)
        assert engine.read("joint_angle")[1] > 0.3
        assert engine.read("muscle_force")[3] > 5.0
    finally:
        engine.close()


def test_the_shipped_forelimb_comes_back() -> None:
    """Our own OpenSim document, converted, against our own MJCF: lengths and strengths of all 20 muscles."""
    shipped = mouse_forelimb()
    copy = Copy(shipped.osim)
    own = mujoco.MjModel.from_xml_string(shipped.mjcf)
    data = mujoco.MjData(own)
    for values in random_poses(
        {name: (-0.3, 0.5) for name in shipped.joints if name != "shoulder_adduction"}, 10
    ):
        values["shoulder_adduction"] = 1.4
        copy.pose(values)
        for name, value in values.items():
            data.joint(name).qpos[0] = value
        mujoco.mj_forward(own, data)
        for name in shipped.muscles:
            assert copy.length(name) == pytest.approx(float(data.tendon(name).length[0]), abs=1e-6), name
    np.testing.assert_allclose(copy.model.actuator_gainprm[:, 2], own.actuator_gainprm[:, 2], rtol=1e-6)
    assert copy.mass() == pytest.approx(float(own.body_subtreemass[0]), rel=1e-4)


# --- joints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COUNTS)
def test_every_joint_moves_as_in_opensim(kind: str, tmp_path: Path) -> None:
    names = [f"q{i}" for i in range(COUNTS[kind])]
    listed = "".join(coordinate(name, default=0.1 * i - 0.2) for i, name in enumerate(names))
    osim = document(
        bodies=body("b"), joints=joint(kind, "j", "ground", "b", listed, outer=OUTER, inner=INNER)
    )
    same_places(osim, tmp_path, dict.fromkeys(names, (-1.0, 1.0)))


ANGLES = st.tuples(*[st.floats(-3, 3)] * 3)
PLACES = st.tuples(*[st.floats(-0.5, 0.5)] * 3, *[st.floats(-3, 3)] * 3)
SLOPES = st.one_of(st.sampled_from([1.0, -1.0]), st.floats(-2, 2))
FUNCTIONS = st.one_of(
    st.tuples(st.just(True), st.builds(linear, SLOPES, st.floats(-1, 1))),
    st.tuples(st.just(False), st.builds(constant, st.floats(-1, 1))),
)
LINKS = st.tuples(
    st.sampled_from(["PinJoint", "CustomJoint"]),
    st.lists(FUNCTIONS, min_size=6, max_size=6),
    ANGLES,
    PLACES,
    PLACES,
    st.floats(-0.5, 0.5),
)
Link = tuple[str, list[tuple[bool, str]], tuple[float, ...], tuple[float, ...], tuple[float, ...], float]


@settings(max_examples=15, deadline=None)
@given(st.lists(LINKS, min_size=1, max_size=4))
def test_random_chains_move_as_in_opensim(
    tmp_path_factory: pytest.TempPathFactory, links: list[Link]
) -> None:
    bodies = joints = ""
    parent, ranges = "ground", {}
    for index, (kind, functions, angles, outer, inner, default) in enumerate(links):
        name, used = f"b{index}", f"q{index}"
        # OpenSim wants no two rotations about parallel axes.
        turned = Rotation.from_euler("XYZ", angles).as_matrix()
        names = [f"{word}{i}" for word in ("rotation", "translation") for i in (1, 2, 3)]
        axes: dict[str, Axis] = {
            axis: (used * moves, turned[:, i % 3].tolist(), function)
            for i, (axis, (moves, function)) in enumerate(zip(names, functions, strict=True))
        }
        axes["rotation2"] = (used, axes["rotation2"][1], linear(-1.0, 0.2))
        bodies += body(name)
        inside = spatial_transform(axes) if kind == "CustomJoint" else ""
        listed = coordinate(used, default=default)
        joints += joint(kind, f"j{index}", parent, name, listed, outer=outer, inner=inner, inside=inside)
        parent, ranges[used] = name, (-1.0, 1.0)
    same_places(document(bodies=bodies, joints=joints), tmp_path_factory.mktemp("chain"), ranges, 1e-9)


def test_three_askew_axes_with_constants_between_them(tmp_path: Path) -> None:
    axes: dict[str, Axis] = {
        "rotation1": ("a", (1.0, 2.0, 0.3), linear(-1.0, 0.3)),
        "rotation2": ("", (0.0, 1.0, 0.2), constant(0.4)),
        "rotation3": ("b", (0.0, 0.3, 1.0), linear(0.5, 0.1)),
        "translation1": ("c", (1.0, 0.0, 0.0), linear(1.0, 0.05)),
        "translation2": ("a", (0.0, 1.0, 1.0), linear(0.2)),
    }
    listed = coordinate("a", default=0.2) + coordinate("b", default=-0.3) + coordinate("c", default=0.3)
    osim = document(
        bodies=body("x"),
        joints=joint(
            "CustomJoint",
            "j",
            "ground",
            "x",
            listed,
            outer=OUTER,
            inner=INNER,
            inside=spatial_transform(axes),
        ),
    )
    same_places(osim, tmp_path, dict.fromkeys("abc", (-1.0, 1.0)))
    warned(osim, "Coordinate 'b': no axis of joint 'j' follows it one to one")


def test_a_knee_with_splines_and_a_patella(tmp_path: Path) -> None:
    """Polynomials stand for the tables: as near as the warnings say, and the patella follows through its coupler."""
    converted = convert(knee(), "knee")
    errors = [float(w.rsplit(" ", 1)[1]) for w in converted.warnings if "largest difference" in w]
    assert len(errors) == 3
    assert max(errors) < 1e-3
    original, copy = Original(knee(), tmp_path), Copy(knee())
    for values in random_poses({"hip_angle": (-1.0, 1.0), "knee_angle": (-2.0, 0.2)}, 15):
        original.pose(values)
        copy.pose(original.values())
        for name in original.bodies:
            np.testing.assert_allclose(copy.place(name), original.place(name), atol=max(errors) * 1.01)
        assert copy.length("quadriceps") == pytest.approx(original.length("quadriceps"), abs=2e-3)


def test_followers_follow_while_the_model_runs() -> None:
    copy = Copy(knee())
    m, d = copy.model, copy.data
    mujoco.mj_resetData(m, d)
    assert d.qpos[copy.joint("patella_angle")] == pytest.approx(-0.3), (
        "the patella starts where its coupler says"
    )
    for _ in range(400):
        mujoco.mj_step(m, d)
    moved = d.qpos[copy.joint("knee_angle")]
    assert abs(moved + 0.3) > 0.01
    assert d.qpos[copy.joint("patella_angle")] == pytest.approx(moved, abs=0.02)


@pytest.mark.parametrize(
    "function",
    [
        spline((-1.0, -0.2, 0.4, 1.0), (0.1, 0.0, 0.2, 0.1)),
        spline((-1.0, 0.0, 1.0), (0.1, 0.0, 0.2)),
        spline((-1.0, 1.0), (0.1, 0.2)),
        "<PolynomialFunction name='function'><coefficients>0.1 -0.2 0.3 0.05</coefficients></PolynomialFunction>",
        f"<MultiplierFunction name='function'><function>{linear(0.5, 0.2)}</function><scale>-0.4</scale>"
        "</MultiplierFunction>",
    ],
    ids=["spline", "parabola", "two_points", "polynomial", "multiplier"],
)
def test_a_function_of_low_degree_is_exact(function: str, tmp_path: Path) -> None:
    axes: dict[str, Axis] = {
        "rotation1": ("q", (1.0, 0.0, 0.0), linear(1.0)),
        "translation2": ("q", (0.0, 1.0, 0.0), function),
    }
    osim = document(
        bodies=body("b"),
        joints=joint("CustomJoint", "j", "ground", "b", coordinate("q"), inside=spatial_transform(axes)),
    )
    # The cubic spline through four points is one cubic; OpenSim's parabola through three is one too.
    same_places(osim, tmp_path, {"q": (-1.0, 1.0)}, 1e-6)


def test_a_natural_spline_of_higher_order(tmp_path: Path) -> None:
    x = np.linspace(-1.0, 1.0, 9)
    table = spline(x.tolist(), (0.1 * np.sin(x)).tolist(), "GCVSpline", "<half_order>3</half_order>")
    axes: dict[str, Axis] = {
        "rotation1": ("q", (1.0, 0.0, 0.0), linear(1.0)),
        "translation2": ("q", (0.0, 1.0, 0.0), table),
    }
    osim = document(
        bodies=body("b"),
        joints=joint("CustomJoint", "j", "ground", "b", coordinate("q"), inside=spatial_transform(axes)),
    )
    same_places(osim, tmp_path, {"q": (-1.0, 1.0)}, 1e-4)


def test_the_default_pose_is_where_mujoco_starts(tmp_path: Path) -> None:
    copy = Copy(swing())
    original = Original(swing(), tmp_path)
    assert copy.model.qpos0[0] == 0.25
    original.pose({})
    mujoco.mj_resetData(copy.model, copy.data)
    mujoco.mj_kinematics(copy.model, copy.data)
    np.testing.assert_allclose(copy.place("rod"), original.place("rod"), atol=1e-12)


def test_a_full_inertia_and_gravity_along_y() -> None:
    inertia = (0.03, 0.02, 0.025, 0.001, -0.002, 0.003)
    m = Copy(
        document(
            bodies=body("b", inertia=inertia), joints=joint("PinJoint", "j", "ground", "b", coordinate("q"))
        )
    ).model
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, m.body("b").iquat)
    axes = rotation.reshape(3, 3)
    found = axes @ np.diag(m.body("b").inertia) @ axes.T
    np.testing.assert_allclose(found[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], inertia, atol=1e-9)
    assert tuple(m.opt.gravity) == (0.0, -9.80665, 0.0)


def test_the_same_pendulum_falls_alike() -> None:
    """Masses, inertia and gravity together: the acceleration of a pendulum, in closed form."""
    copy = Copy(swing())
    copy.data.qpos[0] = 0.4
    mujoco.mj_forward(copy.model, copy.data)
    expected = -1.0 * 9.80665 * 0.1 * np.sin(0.4) / (0.01 + 1.0 * 0.1**2)
    assert copy.data.qacc[0] == pytest.approx(expected, rel=1e-6)


# --- paths and muscles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["all", "x", "-x", "+y", "-y"])
def test_a_cylinder_and_the_side_on_which_a_path_passes(side: str, tmp_path: Path) -> None:
    turned = (0.0, 0.0, -np.pi / 2 * ("y" in side), 0.0, 0.0, 0.0)
    wrap = surface("WrapCylinder", "pulley", "<radius>0.03</radius><length>1</length>", turned, side)
    points = point("a", "ground", (0.02, 0.1, 0.01)) + point("b", "rod", (0.02, -0.1, -0.01))
    osim = swing(ground=surfaces(wrap), forces=muscle("m", points, ["pulley"]))
    same_lengths(osim, tmp_path, 1e-4)


@pytest.mark.parametrize("turned", [0.0, 0.4])
def test_a_sphere(turned: float, tmp_path: Path) -> None:
    wrap = surface("WrapSphere", "ball", "<radius>0.03</radius>", (turned, 0.0, 0.0, 0.0, 0.0, 0.002))
    points = point("a", "ground", (0.02, 0.1, 0.01)) + point("b", "rod", (0.02, -0.1, -0.01))
    same_lengths(swing(ground=surfaces(wrap), forces=muscle("m", points, ["ball"])), tmp_path, 1e-4)


def same_lengths(osim: str, folder: Path, metres: float) -> None:
    original, copy = Original(osim, folder), Copy(osim)
    bent = 0
    for values in random_poses({"q": (-1.0, 1.0)}, 30):
        original.pose(values)
        copy.pose(values)
        bent += int(copy.data.ten_wrapnum[0]) > 2
        assert copy.length("m") == pytest.approx(original.length("m"), abs=metres), values
    assert bent > 5


def test_a_wrap_on_an_offset_frame_and_a_point_on_another(tmp_path: Path) -> None:
    wrap = surface("WrapCylinder", "pulley", "<radius>0.03</radius><length>1</length>")
    ground = (
        "<components><PhysicalOffsetFrame name='shelf'><socket_parent>/ground</socket_parent>"
        f"{surfaces(wrap)}<translation>0.01 0 0</translation><orientation>0.1 0 0</orientation>"
        "</PhysicalOffsetFrame></components>"
    )
    osim = swing(ground=ground, forces=muscle("m", along(), ["pulley"]))
    same_lengths(osim.replace("<location>0.05 0.1 0", "<location>0.02 0.1 0"), tmp_path, 1e-4)


@pytest.mark.parametrize(
    "kind", ["Thelen2003Muscle", "Millard2012EquilibriumMuscle", "DeGrooteFregly2016Muscle"]
)
@pytest.mark.parametrize("pennation", [0.0, 0.3])
def test_the_length_range_means_fibre_and_tendon(kind: str, pennation: float) -> None:
    osim = swing(
        forces=muscle("m", along(), kind=kind, force=50.0, optimal=0.08, slack=0.11, pennation=pennation)
    )
    m = Copy(osim).model
    low, high = m.actuator_lengthrange[0]
    first, last = m.actuator_gainprm[0, :2]
    optimal = (high - low) / (last - first)
    slack = low - first * optimal
    cosine = np.cos(pennation)
    assert slack + optimal == pytest.approx(0.11 + 0.08 * cosine), (
        "the length at which the fibre is at its optimum"
    )
    assert optimal * cosine == pytest.approx(0.08), "and how fast it changes there"
    assert m.actuator_gainprm[0, 2] == pytest.approx(50.0 * cosine)


@pytest.mark.parametrize("kind", ["Millard2012EquilibriumMuscle", "DeGrooteFregly2016Muscle"])
def test_static_forces_are_near_those_of_opensim(kind: str, tmp_path: Path) -> None:
    """On a rigid tendon, fully active, where the fibre is between 0.6 and 1.2 of its optimum."""
    rigid = "</max_isometric_force><ignore_tendon_compliance>true</ignore_tendon_compliance>"
    osim = arm26(kind=kind).replace("</max_isometric_force>", rigid)
    original, copy = Original(osim, tmp_path), Copy(osim)
    differences = []
    for values in random_poses(ARM_RANGES, 40):
        original.pose(values)
        copy.pose(values)
        copy.data.act[:] = 1.0
        mujoco.mj_forward(copy.model, copy.data)
        for index, found in enumerate(original.muscles.values()):
            found.setActivation(original.state, 1.0)
            original.model.realizeDynamics(original.state)
            if 0.6 < found.getNormalizedFiberLength(original.state) < 1.2:
                ours = -copy.data.actuator_force[index]
                differences.append((ours - found.getActuation(original.state)) / found.getMaxIsometricForce())
    assert len(differences) > 60
    assert np.median(np.abs(differences)) < 0.05
    assert np.max(np.abs(differences)) < 0.15


def test_times_velocity_and_control_are_kept() -> None:
    more = (
        "<activation_time_constant>0.02</activation_time_constant><max_control>0.5</max_control>"
        "<deactivation_time_constant>0.08</deactivation_time_constant>"
        "<max_contraction_velocity>7</max_contraction_velocity><Flen>1.3</Flen>"
    )
    m = Copy(swing(forces=muscle("m", along(), more=more))).model
    assert m.actuator_dynprm[0, :2] == pytest.approx((0.02, 0.08))
    assert m.actuator_gainprm[0, 6] == 7.0
    assert m.actuator_gainprm[0, 8] == 1.3
    assert tuple(m.actuator_ctrlrange[0]) == (0.0, 0.5)


def test_passive_force_reaches_the_peak_at_the_same_strain() -> None:
    m = Copy(swing(forces=muscle("m", along(), force=10.0))).model
    low, high = m.actuator_lengthrange[0]
    length = low + (1.6 - 0.5) / 1.1 * (high - low)
    bias = mujoco.mju_muscleBias(length, m.actuator_lengthrange[0], 1.0, m.actuator_biasprm[0, :9])
    assert bias == pytest.approx(-10.0)


def test_motors_springs_and_damping_are_kept() -> None:
    forces = (
        "<CoordinateActuator name='motor'><min_control>-2</min_control><max_control>2</max_control>"
        "<coordinate>q</coordinate><optimal_force>3</optimal_force></CoordinateActuator>"
        "<SpringGeneralizedForce name='s'><coordinate>q</coordinate><stiffness>0.7</stiffness>"
        "<rest_length>0.1</rest_length><viscosity>0.02</viscosity></SpringGeneralizedForce>"
    )
    copy = Copy(swing(forces=forces))
    copy.data.ctrl[0] = 1.5
    copy.data.qpos[0] = 0.4
    mujoco.mj_forward(copy.model, copy.data)
    assert copy.converted.warnings == ()
    assert copy.data.qfrc_actuator[0] == pytest.approx(4.5)
    assert copy.data.qfrc_spring[0] == pytest.approx(-0.7 * 0.3)
    assert copy.model.dof_damping[0] == pytest.approx(0.02)
    assert tuple(copy.model.actuator_ctrlrange[0]) == (-2.0, 2.0)


def test_a_path_actuator_pulls() -> None:
    force = muscle("cable", along(), kind="PathActuator", more="<optimal_force>5</optimal_force>")
    copy = Copy(swing(forces=force))
    copy.data.ctrl[0] = 1.0
    mujoco.mj_forward(copy.model, copy.data)
    values = {"q": 0.25}
    assert copy.data.qfrc_actuator[0] == pytest.approx(5.0 * copy.moment_arm("cable", "q", values), rel=1e-5)


def test_defaults_of_a_class_in_the_document_count() -> None:
    slower = "<max_contraction_velocity>6</max_contraction_velocity>"
    rest = f"<defaults><Thelen2003Muscle name='default'>{slower}</Thelen2003Muscle></defaults>"
    osim = document(
        bodies=body("rod"),
        joints=joint("PinJoint", "hinge", "ground", "rod", coordinate("q")),
        forces=muscle("m", along()),
        rest=rest,
    )
    assert Copy(osim).model.actuator_gainprm[0, 6] == 6.0


def test_markers_become_sites(tmp_path: Path) -> None:
    copy, original = Copy(arm26()), Original(arm26(), tmp_path)
    values = {"shoulder_elevation": 0.3, "elbow_flexion": 1.0}
    original.pose(values)
    copy.pose(values)
    found = original.model.getMarkerSet().get("radius_styloid").getLocationInGround(original.state)
    np.testing.assert_allclose(
        copy.data.site("radius_styloid").xpos, [found.get(i) for i in range(3)], atol=1e-10
    )


def test_rods_are_drawn_and_weigh_nothing() -> None:
    m = Copy(arm26()).model
    rods = [i for i in range(m.ngeom) if m.geom_type[i] == mujoco.mjtGeom.mjGEOM_CAPSULE]
    assert len(rods) == 2
    assert not m.geom_contype.any()
    assert m.body("humerus").mass == pytest.approx(1.864572)


# --- what is approximated or left out is named ------------------------------------------------------------------


def test_a_locked_coordinate_is_fixed_at_its_default(tmp_path: Path) -> None:
    osim = swing(more="<locked>true</locked>")
    mjcf = warned(osim, r"Coordinate 'q': locked; it is fixed at its default of 0.25")
    assert "<joint" not in mjcf
    same_places(osim, tmp_path, {"q": (-1.0, 1.0)})


def test_a_prescribed_motion() -> None:
    warned(swing(more="<prescribed>true</prescribed>"), "Coordinate 'q': its prescribed motion is left out")


def test_a_limit_that_the_default_breaks() -> None:
    osim = swing().replace("<range>-1 1</range>", "<range>0.5 1</range>")
    assert "range=" not in warned(osim, "Coordinate 'q': its limits 0.5 to 1 are left out")


def test_a_coordinate_that_nothing_follows() -> None:
    axes: dict[str, Axis] = {"rotation1": ("q", (1.0, 0.0, 0.0), linear(1.0))}
    listed = coordinate("q") + coordinate("idle")
    osim = document(
        bodies=body("b"),
        joints=joint("CustomJoint", "j", "ground", "b", listed, inside=spatial_transform(axes)),
    )
    warned(osim, "Coordinate 'idle': left out; no axis of joint 'j' follows it")


def test_an_axis_of_two_coordinates() -> None:
    axes: dict[str, Axis] = {
        "rotation1": ("q", (1.0, 0.0, 0.0), linear(1.0)),
        "rotation2": ("p", (0.0, 1.0, 0.0), linear(1.0)),
        "translation1": ("q p", (1.0, 0.0, 0.0), "<MultivariatePolynomialFunction name='function'/>"),
    }
    listed = coordinate("q") + coordinate("p")
    osim = document(
        bodies=body("b"),
        joints=joint("CustomJoint", "j", "ground", "b", listed, inside=spatial_transform(axes)),
    )
    warned(osim, r"joint 'j', translation1: depends on 2 coordinates \(q, p\)")


def test_a_limit_force_becomes_a_limit() -> None:
    force = (
        "<CoordinateLimitForce name='stop'><coordinate>q</coordinate><upper_limit>30</upper_limit>"
        "<lower_limit>-45</lower_limit></CoordinateLimitForce>"
    )
    warned(swing(forces=force), "CoordinateLimitForce 'stop': approximated")
    np.testing.assert_allclose(
        Copy(swing(forces=force)).model.jnt_range[0], np.radians((-45.0, 30.0)), atol=1e-9
    )


@pytest.mark.parametrize(
    ("element", "pattern"),
    [
        ("<WeldConstraint name='glue'/>", "WeldConstraint 'glue': left out"),
        (
            "<CoordinateCouplerConstraint name='off'><isEnforced>false</isEnforced></CoordinateCouplerConstraint>",
            "CoordinateCouplerConstraint 'off': left out; it is not enforced",
        ),
        (
            "<CoordinateCouplerConstraint name='two'><independent_coordinate_names>q q</independent_coordinate_names>"
            "<dependent_coordinate_name>q</dependent_coordinate_name></CoordinateCouplerConstraint>",
            "CoordinateCouplerConstraint 'two': left out; it has 2 independent",
        ),
    ],
)
def test_a_constraint_that_is_left_out(element: str, pattern: str) -> None:
    assert "equality" not in warned(swing(constraints=element), pattern)


@pytest.mark.parametrize(
    ("element", "pattern"),
    [
        ("<BushingForce name='pad'/>", "BushingForce 'pad': left out; this class of force"),
        ("<TorqueActuator name='wheel'/>", "TorqueActuator 'wheel': left out; this class of actuator"),
        (
            muscle("slack", point("a", "ground", (0.0,) * 3)),
            "Thelen2003Muscle 'slack': left out; it has no path",
        ),
        (
            muscle("idle", along(), more="<appliesForce>false</appliesForce>"),
            "Thelen2003Muscle 'idle': left out; it applies no force",
        ),
        (
            muscle("stiff", along(), kind="RigidTendonMuscle"),
            "RigidTendonMuscle 'stiff': curves and activation",
        ),
        (
            muscle(
                "m",
                along()
                + point(
                    "c",
                    "rod",
                    (0.0,) * 3,
                    "ConditionalPathPoint",
                    "<socket_coordinate>/jointset/hinge/q</socket_coordinate><range>0.5 1</range>",
                ),
            ),
            "'m': ConditionalPathPoint 'c' is left out",
        ),
        (
            muscle(
                "m",
                along()
                + point(
                    "c",
                    "rod",
                    (0.0,) * 3,
                    "ConditionalPathPoint",
                    "<socket_coordinate>/jointset/hinge/q</socket_coordinate><range>0 1</range>",
                ),
            ),
            "'m': ConditionalPathPoint 'c' is always used",
        ),
    ],
)
def test_a_force_that_is_left_out_or_changed(element: str, pattern: str) -> None:
    warned(swing(forces=element), pattern)


def test_a_moving_point_is_fixed_at_the_default_pose(tmp_path: Path) -> None:
    more = "".join(
        f"<socket_{axis}_coordinate>/jointset/hinge/q</socket_{axis}_coordinate>"
        f"<{axis}_location>{function}</{axis}_location>"
        for axis, function in (("x", linear(0.2, 0.05)), ("y", constant(-0.1)), ("z", constant(0.0)))
    )
    moving = point("b", "rod", (0.0,) * 3, "MovingPathPoint", more)
    osim = swing(forces=muscle("m", point("a", "ground", (0.05, 0.1, 0.0)) + moving))
    warned(osim, "'m': MovingPathPoint 'b' is fixed where it is at the default pose")
    original, copy = Original(osim, tmp_path), Copy(osim)
    original.pose({"q": 0.25})
    copy.pose({"q": 0.25})
    assert copy.length("m") == pytest.approx(original.length("m"), abs=1e-9)


@pytest.mark.parametrize(
    ("wrap", "pattern"),
    [
        (
            surface("WrapEllipsoid", "w", "<dimensions>1 1 1</dimensions>"),
            "'m': WrapEllipsoid 'w' is left out",
        ),
        (surface("WrapTorus", "w", ""), "'m': WrapTorus 'w' is left out"),
        (
            surface("WrapSphere", "w", "<active>false</active>"),
            "'m': WrapSphere 'w' is left out; it is not active",
        ),
        (
            surface("WrapSphere", "w", "<radius>0.01</radius>", (0.0, 0.0, 0.0, 0.5, 0.0, 0.0)),
            "'m': 'w' is left out; the path meets it in none",
        ),
        (
            surface("WrapCylinder", "w", "<radius>0.07</radius><length>0.01</length>", (0.0,) * 5 + (0.004,)),
            "nothing",
        ),
        (
            surface("WrapCylinder", "w", "<radius>0.07</radius><length>1</length>", quadrant="z"),
            "'m': WrapCylinder of quadrant 'z' wraps on either side",
        ),
    ],
)
def test_a_surface_that_is_left_out_or_changed(wrap: str, pattern: str) -> None:
    osim = swing(ground=surfaces(wrap), forces=muscle("m", along(), ["w"]))
    if pattern == "nothing":
        assert convert(osim, "model").warnings == ()
    else:
        warned(osim, pattern)


def test_the_ends_of_a_cylinder() -> None:
    """A cylinder so askew that the path leaves it at an end in some poses and not in others."""
    wrap = surface(
        "WrapCylinder", "w", "<radius>0.03</radius><length>0.03</length>", (0.0, 1.2, 0.0, 0.01, 0.0, 0.0)
    )
    warned(swing(ground=surfaces(wrap), forces=muscle("m", along(), ["w"])), "'w' has no ends in MuJoCo")


def test_two_surfaces_between_two_points() -> None:
    both = "".join(
        surface("WrapCylinder", name, f"<radius>{radius}</radius><length>1</length>")
        for name, radius in (("large", 0.07), ("small", 0.05))
    )
    mjcf = warned(
        swing(ground=surfaces(both), forces=muscle("m", along(), ["small", "large"])),
        "'m': 'small' is left out between points 1 and 2, where it meets 'large'",
    )
    assert "wrap_small" not in mjcf


def test_two_segments_round_one_surface() -> None:
    wrap = surface("WrapCylinder", "w", "<radius>0.03</radius><length>1</length>")
    points = (
        point("a", "ground", (0.0, 0.1, 0.0))
        + point("b", "ground", (0.001, -0.06, 0.0))
        + point("c", "rod", (0.0, 0.1, 0.0))
    )
    warned(
        swing(ground=surfaces(wrap), forces=muscle("m", points, ["w"])), "'w' is met by two segments at once"
    )


def test_display_geometry_controllers_and_contact() -> None:
    mesh = "<attached_geometry><Mesh name='bone'><mesh_file>bone.vtp</mesh_file></Mesh></attached_geometry>"
    warned(swing(inside=mesh), "display geometry: 1 shapes left out")
    rest = "<ControllerSet><objects><PrescribedController name='brain'/></objects></ControllerSet>"
    warned(document(bodies=body("b"), rest=rest), "PrescribedController 'brain': left out")
    rest = "<ContactGeometrySet><objects><ContactSphere name='heel'/></objects></ContactGeometrySet>"
    warned(document(bodies=body("b"), rest=rest), "ContactSphere 'heel': left out")


@pytest.mark.parametrize(
    ("mass", "inertia", "pattern"),
    [
        (0.0, (0.0,) * 6, "Body 'b': mass 0 kg is too small to move"),
        (1.0, (0.0,) * 6, "Body 'b': a principal inertia is zero"),
        (1.0, (1.0, 0.1, 0.1, 0.0, 0.0, 0.0), "Body 'b': no mass can have its inertia"),
    ],
)
def test_a_mass_that_mujoco_does_not_move(mass: float, inertia: tuple[float, ...], pattern: str) -> None:
    hinge = joint("PinJoint", "j", "ground", "b", coordinate("q"))
    warned(document(bodies=body("b", mass, inertia=inertia), joints=hinge), pattern)


def test_a_body_without_a_joint_falls_freely() -> None:
    warned(document(bodies=body("ball")), "Body 'ball': no joint moves it")
    assert Copy(document(bodies=body("ball"))).model.nv == 6


# --- what cannot be converted -----------------------------------------------------------------------------------


def pin(name: str, parent: str, child: str) -> str:
    return joint("PinJoint", name, parent, child, coordinate(f"q_{name}"))


@pytest.mark.parametrize(
    ("osim", "pattern"),
    [
        (
            document(
                bodies=body("b") + body("c"),
                joints=pin("j", "ground", "b") + pin("k", "b", "c") + pin("l", "ground", "c"),
            ),
            "PinJoint '/jointset/l': it moves '/bodyset/c', which joint 'k' moves already; this is a loop",
        ),
        (
            document(bodies=body("b") + body("c"), joints=pin("j", "c", "b") + pin("k", "b", "c")),
            "the joints 'j', 'k' form a loop that never reaches ground",
        ),
        (
            document(bodies=body("b"), joints=pin("j", "b", "ground")),
            "'/jointset/j': it moves '/ground', which cannot",
        ),
        (
            document(bodies=body("b"), joints=joint("EllipsoidJoint", "e", "ground", "b")),
            "EllipsoidJoint '/jointset/e': joints of this class cannot be converted; there are: CustomJoint, WeldJoint",
        ),
        (
            document(bodies=body("b"), joints=joint("BallJoint", "j", "ground", "b", coordinate("q"))),
            "'/jointset/j': has 1 coordinates and needs 3",
        ),
        (
            document(
                bodies=body("b") + body("c"),
                joints=pin("j", "ground", "b") + pin("k", "b", "c").replace("q_k", "q_j"),
            ),
            "two coordinates are called 'q_j'",
        ),
        (swing().replace("<mass>1.0", "<mass>one"), "<mass> is 'one', which is not a number"),
        (swing().replace("<mass>1.0", "<mass>-1.0"), "its mass or a principal inertia is negative"),
        (swing(forces=muscle("m", along(), ["lost"])), "Thelen2003Muscle 'm': no wrap object 'lost'"),
        (
            swing(forces="<CoordinateActuator name='a'><coordinate>lost</coordinate></CoordinateActuator>"),
            "CoordinateActuator '/forceset/a': there is no coordinate 'lost'",
        ),
        (
            document(
                bodies=body("b"),
                joints=joint(
                    "CustomJoint",
                    "j",
                    "ground",
                    "b",
                    coordinate("q"),
                    inside=spatial_transform(
                        {"rotation1": ("q", (1.0, 0.0, 0.0), "<StepFunction name='step'/>")}
                    ),
                ),
            ),
            "StepFunction 'step': a function of this class cannot be converted",
        ),
    ],
)
def test_what_cannot_be_converted_is_named(osim: str, pattern: str) -> None:
    with pytest.raises(BodyError, match=re.escape(pattern)):
        convert(osim, "model")


# --- the command ------------------------------------------------------------------------------------------------


@dataclass
class Command:
    """``sherrington convert`` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        self.monkeypatch.setattr(sys, "argv", ["sherrington", "convert", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *self.capsys.readouterr()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def test_the_command_writes_beside_and_tells_every_warning(tmp_path: Path, command: Command) -> None:
    source, other = tmp_path / "arm.osim", tmp_path / "other.xml"
    source.write_text(arm26(head=True), encoding="utf-8")
    status, out, err = command(source)
    assert status == 0
    assert "warning: Thelen2003Muscle 'BIClong': WrapEllipsoid 'BIClonghh' is left out" in err
    assert out.strip() == f"wrote {tmp_path / 'arm.xml'}; 1 warning"
    assert BodyModel.from_file(tmp_path / "arm.xml").muscles == BodyModel.from_file(source).muscles
    status, _, err = command(source)
    assert status == 2
    assert "arm.xml exists already" in err
    assert command(source, "--force")[0] == 0
    assert command(source, other)[0] == 0
    assert other.read_text() == (tmp_path / "arm.xml").read_text()


def test_the_command_refuses_what_it_cannot_read(tmp_path: Path, command: Command) -> None:
    status, _, err = command(tmp_path / "no.osim")
    assert status == 2
    assert "no.osim" in err
    (tmp_path / "old.osim").write_text(document(version="30000"), encoding="utf-8")
    status, _, err = command(tmp_path / "old.osim")
    assert status == 2
    assert "open it with OpenSim 4 and save it" in err
    assert not (tmp_path / "old.xml").exists()
