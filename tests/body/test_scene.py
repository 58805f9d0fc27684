"""Scenes: composition keeps the body as it is, parts behave as mechanics says, and mistakes are named."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.body.parts.camera import camera
from sherrington.body.parts.grip import grip
from sherrington.body.parts.joystick import joystick
from sherrington.body.parts.objects import ball, box, cylinder
from sherrington.body.parts.surfaces import ground, table, treadmill
from sherrington.body.scene import Part, Placed, compose, faults, quaternion
from sherrington.errors import BodyError
from sherrington.ports import Signal

MS = 1_000_000
G = 9.81
PAW = (0.0158609, -0.008628, 0.0195103)
"""Of the mouse forelimb at its start, m; checked below."""

# Its defaults, degrees and keyframe would all reach the parts, or be spoilt by them, if nothing were done about it.
ARM = """
<mujoco>
  <default>
    <geom contype="0" conaffinity="0" rgba="1 0 0 1"/>
    <joint damping="0.5" armature="0.1"/>
    <default class="heavy"><geom density="5000"/></default>
  </default>
  <include file="sky.xml"/>
  <worldbody>
    <geom name="post" size="0.01" pos="0 0 1"/>
    <body name="arm" pos="0 0 1">
      <joint name="shoulder" axis="0 1 0" range="-90 90" limited="true"/>
      <geom name="arm" class="heavy" type="capsule" size="0.01" fromto="0 0 0 0.1 0 0"/>
      <site name="hand" pos="0.1 0 0"/>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="shoulder"/></actuator>
  <keyframe><key name="home" qpos="0.3"/></keyframe>
</mujoco>
"""
SKY = """<mujocoinclude><asset><material name="sky" rgba="0 0 1 1"/></asset></mujocoinclude>"""
STAGE = BodyModel(
    "stage",
    "<mujoco><worldbody><body name='watcher' pos='9 9 9'><joint name='nod' stiffness='1'/><geom size='0.1'/></body>"
    "</worldbody></mujoco>",
)
"""A body that does nothing, far away."""


@pytest.fixture
def arm(tmp_path: Path) -> BodyModel:
    (tmp_path / "sky.xml").write_text(SKY)
    (tmp_path / "arm.xml").write_text(ARM)
    return BodyModel.from_file(tmp_path / "arm.xml")


def prepared(
    *parts: Placed,
    body: BodyModel | None = None,
    gravity: Sequence[float] | None = None,
    step_ms: float = 0.5,
) -> MujocoBody:
    engine = MujocoBody()
    engine.prepare(compose(body or STAGE, parts, gravity), BodyOptions(step_ms))
    return engine


def site(engine: MujocoBody, name: str) -> Signal:
    places = engine.read("site_position")
    place: Signal = places[engine.outputs["site_position"].order.index(name)]
    return place


def angle(engine: MujocoBody, joint: str) -> float:
    return float(engine.read("joint_angle")[engine.outputs["joint_angle"].order.index(joint)])


def push(engine: MujocoBody, body: str, force: Sequence[float] | Signal) -> None:
    port = engine.inputs["body_force"]
    value = np.zeros(port.shape)
    value[port.order.index(body)] = force
    engine.write("body_force", value)


def turn(engine: MujocoBody, joint: str, torque: float) -> None:
    port = engine.inputs["joint_torque"]
    value = np.zeros(port.shape)
    value[port.order.index(joint)] = torque
    engine.write("joint_torque", value)


# --- composition ------------------------------------------------------------------------------------------


def everything() -> tuple[Placed, ...]:
    return (
        Placed("eye", camera(), (0.001, 0, 0), (0, 30, 0), attached_to="hand"),
        Placed("grip", grip(point="paw", holds="stick_tip")),
        Placed("bench", table(legs_m=0.004), (0.05, 0, 0.006)),
        Placed("stick", joystick(), (PAW[0], PAW[1], PAW[2] - 0.018)),
        Placed("brick", box(), (0.05, 0, 0.006)),
        Placed("marble", ball(), (0.05, 0.01, 0.006)),
        Placed("post", cylinder(moves="upright"), (0.05, -0.01, 0.006)),
        Placed("wall", box(moves="fixed"), (0.08, 0, 0)),
        Placed("belt", treadmill(), (0, 0.06, 0.004)),
        Placed("below", ground(), (0, 0, -0.01)),
    )


def test_a_scene_has_every_name_behind_those_of_the_body() -> None:
    body, scene = mouse_forelimb(), compose(mouse_forelimb(), everything())
    assert scene.joints == (
        *body.joints,
        *("stick_pull", "stick_sideways", "post_x", "post_y", "post_z", "post_turn"),
    )
    assert scene.bodies == (*body.bodies, "stick_handle", "brick", "marble", "post", "wall")
    assert scene.muscles == body.muscles
    assert scene.sites == (
        *body.sites,
        *(f"{name}_{s}" for name, s in (("stick", "tip"), *((n, "centre") for n in scene.bodies[-4:]))),
    )
    assert scene.cameras == (*body.cameras, "eye")
    assert scene.name == body.name
    assert scene.initial == body.initial


def test_description_and_engine_agree_on_them() -> None:
    scene = compose(mouse_forelimb(), everything())
    engine = MujocoBody()
    engine.prepare(scene, BodyOptions())
    assert engine.outputs["joint_angle"].order == scene.joints
    assert engine.outputs["site_position"].order == scene.sites
    assert engine.inputs["body_force"].order == scene.bodies
    assert engine.inputs["muscle_excitation"].order == scene.muscles


def test_nothing_to_add_changes_nothing() -> None:
    body = mouse_forelimb()
    assert compose(body) is body


def test_the_body_moves_as_it_does_alone() -> None:
    """Things that fall, roll and swing beside it do not touch its numbers."""
    beside = [p for p in everything() if p.name not in {"grip", "stick"}]
    alone, together = prepared(body=mouse_forelimb()), prepared(*beside, body=mouse_forelimb())
    for engine in (alone, together):
        engine.write("muscle_excitation", np.linspace(0.0, 0.4, 20))
        engine.advance(200 * MS)
    moved = alone.read("joint_angle") - np.array([1.4, 0.0, -0.5, -0.4])
    assert np.abs(moved).max() > 0.3
    np.testing.assert_allclose(together.read("joint_angle")[:4], alone.read("joint_angle"), atol=1e-6)
    np.testing.assert_allclose(together.read("muscle_force"), alone.read("muscle_force"), rtol=1e-4)


def test_defaults_degrees_and_keyframes_of_the_body_do_not_reach_the_parts(arm: BodyModel) -> None:
    parts = [
        Placed("stick", joystick()),
        Placed("ball", ball(), (1, 0, 0), (0, 0, 90)),
        Placed("floor", ground()),
    ]
    engine = prepared(*parts, body=arm)
    model, data = engine._model, engine._data
    assert model.geom("stick_knob").contype == model.geom("floor_surface").contype == 1
    assert model.geom("post").contype == model.geom("arm").contype == 0
    assert model.joint("stick_pull").damping == joystick_facts()["damping_n_m_s_per_rad"]
    assert model.joint("stick_pull").armature == 0.0
    assert model.joint("shoulder").damping == 0.5
    np.testing.assert_allclose(model.joint("stick_pull").range, [-0.35, 0.35])
    np.testing.assert_allclose(model.joint("shoulder").range, np.radians([-90, 90]))
    # Both were compiled: density 5000 of the class that inherits from the body's main one.
    capsule = math.pi * 0.01**2 * (0.1 + 4 / 3 * 0.01)
    assert model.body("arm").mass == pytest.approx(5000 * capsule)
    assert angle(engine, "shoulder") == 0.3
    np.testing.assert_allclose(
        data.joint("ball_free").qpos, [1, 0, 0.003, *quaternion((0, 0, 90))], atol=1e-9
    )
    assert engine.inputs["motor_control"].order == ("push",)


def test_a_part_may_hold_actuators_sensors_and_tendons_of_its_own() -> None:
    lever = Part(
        "<mujoco><worldbody><body name='arm'><joint name='' axis='0 1 0'/>"
        "<inertial pos='0 0 0.01' mass='0.001' diaginertia='1e-7 1e-7 1e-7'/><site name='end' pos='0 0 0.02'/></body>"
        "<site name='hook' pos='0.03 0 0'/></worldbody>"
        "<tendon><spatial name='wire'><site site='hook'/><site site='end'/></spatial></tendon>"
        "<actuator><motor name='drive' joint='' gear='1'/></actuator>"
        "<sensor><tendonpos name='length' tendon='wire'/><framepos name='place' objtype='site' objname='end'/></sensor>"
        "</mujoco>"
    )
    engine = prepared(Placed("a", lever), Placed("b", lever, (0.1, 0, 0)), gravity=(0, 0, 0))
    assert engine.outputs["joint_angle"].order == ("nod", "a", "b")
    assert engine.inputs["motor_control"].order == ("a_drive", "b_drive")
    assert engine.outputs["sensor"].order[:2] == ("a_length", "a_place[0]")
    engine.write("motor_control", np.array([0.0, 1e-4]))
    engine.advance(20 * MS)
    assert angle(engine, "a") == 0.0
    assert angle(engine, "b") > 0.01


def test_a_turned_part_stands_as_told() -> None:
    engine = prepared(Placed("stick", joystick(), (0.1, 0.2, 0.3), (0, 90, 0)))
    np.testing.assert_allclose(site(engine, "stick_tip"), [0.118, 0.2, 0.3], atol=1e-9)
    engine = prepared(Placed("stick", joystick(), (0, 0, 0), (90, 0, 90)))
    # Up goes to -y by the turn about x, and then to x by the one about z.
    np.testing.assert_allclose(site(engine, "stick_tip"), [0.018, 0, 0], atol=1e-9)


# --- mechanics --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gravity", [None, (0.0, 0.0, 0.0), (1.0, 0.0, -1.62)])
def test_a_ball_falls_with_gravity(gravity: tuple[float, float, float] | None) -> None:
    engine = prepared(Placed("ball", ball(), (0, 0, 1.0)), gravity=gravity, step_ms=0.1)
    engine.advance(200 * MS)
    fallen = site(engine, "ball_centre") - np.array([0, 0, 1.003])
    np.testing.assert_allclose(fallen, np.array(gravity or (0, 0, -G)) * 0.2**2 / 2, rtol=1e-3, atol=1e-9)


def test_the_initial_gravity_of_an_opensim_document_is_replaced() -> None:
    text = "<OpenSimDocument Version='40000'><Model><gravity>0 -9.8 0</gravity></Model></OpenSimDocument>"
    made = compose(BodyModel("osim", osim=text), gravity_m_per_s2=(0, -1.62, 0))
    assert "<gravity>0 -1.62 0</gravity>" in made.osim


@pytest.mark.parametrize("direction", [0.0, math.pi / 4, 1.0])
@pytest.mark.parametrize("moves", ["free", "upright"])
def test_a_box_slides_as_coulomb_says(direction: float, moves: str) -> None:
    mass, mu = 2e-4, 0.5
    flat = box(mass_kg=mass, friction=mu, size_m=(0.01, 0.01, 0.002), moves=moves)  # type: ignore[arg-type]
    engine = prepared(Placed("floor", ground()), Placed("box", flat))
    engine.advance(50 * MS)
    start, along = site(engine, "box_centre"), np.array([math.cos(direction), math.sin(direction), 0.0])
    push(engine, "box", 0.8 * mu * mass * G * along)
    engine.advance(250 * MS)
    assert np.linalg.norm(site(engine, "box_centre") - start) < 1e-4
    start = site(engine, "box_centre")
    push(engine, "box", 2.0 * mu * mass * G * along)
    engine.advance(350 * MS)
    way = site(engine, "box_centre") - start
    assert way @ along == pytest.approx(mu * G * 0.1**2 / 2, rel=0.01)
    np.testing.assert_allclose(way - (way @ along) * along, 0.0, atol=2e-4)


@pytest.mark.parametrize("part", [box(), ball(), cylinder()])
def test_things_stand_where_they_are_put_and_weigh_what_they_should(part: Part) -> None:
    engine = prepared(Placed("top", table(legs_m=0.02), (0, 0, 0.03)), Placed("thing", part, (0, 0, 0.03)))
    before = site(engine, "thing_centre")
    engine.advance(300 * MS)
    np.testing.assert_allclose(site(engine, "thing_centre"), before, atol=2e-5)
    mass = float(engine._model.body("thing").mass[0])
    force = engine.read("contact_force")[engine.outputs["contact_force"].order.index("thing")]
    assert force == pytest.approx(mass * G, rel=1e-2)


def joystick_facts() -> dict[str, float]:
    return {"stiffness_n_m_per_rad": 4e-4, "damping_n_m_s_per_rad": 3e-6, "stop_rad": 0.35, "height_m": 0.018}


@pytest.mark.parametrize("joint", ["stick_pull", "stick_sideways"])
def test_a_joystick_turns_by_torque_over_stiffness(joint: str) -> None:
    engine = prepared(Placed("stick", joystick()))
    turn(engine, joint, 4e-5)
    engine.advance(300 * MS)
    assert angle(engine, joint) == pytest.approx(4e-5 / 4e-4, rel=1e-4)
    tip = site(engine, "stick_tip")
    wanted = {"stick_pull": (-1, 0), "stick_sideways": (0, 1)}[joint]
    np.testing.assert_allclose(tip[:2], 0.018 * math.sin(0.1) * np.array(wanted), atol=1e-6)


def test_a_force_at_the_handle_of_a_joystick_is_in_the_range_of_mn() -> None:
    """At the centre of mass, half way up: half the torque that it would have at the tip."""
    engine = prepared(Placed("stick", joystick()))
    push(engine, "stick_handle", (-5e-3, 0, 0))
    engine.advance(300 * MS)
    q = angle(engine, "stick_pull")
    assert q * 4e-4 == pytest.approx(5e-3 * 0.009 * math.cos(q), rel=1e-3)


def test_a_joystick_stops_at_its_stop_and_returns() -> None:
    engine = prepared(Placed("stick", joystick()))
    turn(engine, "stick_pull", 3 * 4e-4 * 0.35)
    engine.advance(300 * MS)
    assert 0.35 < angle(engine, "stick_pull") < 0.36
    turn(engine, "stick_pull", 0.0)
    engine.advance(600 * MS)
    assert abs(angle(engine, "stick_pull")) < 1e-4


@pytest.mark.parametrize("speed", [0.1, -0.3])
@pytest.mark.parametrize("turned", [0.0, 90.0])
def test_a_treadmill_carries_what_rests_on_it_at_its_speed(speed: float, turned: float) -> None:
    belt = treadmill(speed_m_per_s=speed, length_m=0.4)
    engine = prepared(Placed("belt", belt, (0, 0, 0.1), (0, 0, turned)), Placed("box", box(), (0, 0, 0.1)))
    engine.advance(200 * MS)
    start = site(engine, "box_centre")
    engine.advance(500 * MS)
    back = -np.array([math.cos(math.radians(turned)), math.sin(math.radians(turned)), 0.0])
    np.testing.assert_allclose(site(engine, "box_centre") - start, 0.3 * speed * back, atol=1e-5)


def test_a_treadmill_ends_at_its_rollers() -> None:
    engine = prepared(
        Placed("belt", treadmill(length_m=0.02), (0, 0, 0.1)), Placed("box", box(), (0, 0, 0.1))
    )
    engine.advance(400 * MS)
    assert site(engine, "box_centre")[2] < 0.09


def test_a_grip_keeps_a_paw_at_a_joystick() -> None:
    parts = [p for p in everything() if p.name in {"grip", "stick"}]
    engine = prepared(*parts, body=mouse_forelimb())
    np.testing.assert_allclose(site(engine, "paw"), PAW, atol=1e-6)
    rng, apart = np.random.default_rng(1), []
    for i in range(20):
        engine.write("muscle_excitation", rng.uniform(0.0, 0.3, 20))
        engine.advance((i + 1) * 20 * MS)
        apart.append(np.linalg.norm(site(engine, "paw") - site(engine, "stick_tip")))
    assert max(apart) < 1e-4
    assert abs(angle(engine, "stick_pull")) > 0.01


def test_a_grip_that_would_begin_with_a_jerk_is_refused() -> None:
    far = Placed("stick", joystick(), (0.0, 0.0, 0.0015))
    with pytest.raises(
        BodyError, match=r"'grip' holds two sites together that are 18.1 mm apart .*'paw' at \[0.0159"
    ):
        prepared(far, Placed("grip", grip(point="paw", holds="stick_tip")), body=mouse_forelimb())


def test_a_paw_pushes_a_box_and_feels_it() -> None:
    """All muscles at 0.1 sweep the paw to the left, where a box stands in its way."""
    brick = box(size_m=(0.012, 0.004, 0.018), mass_kg=1e-4, friction=0.3, moves="upright")
    engine = prepared(Placed("brick", brick, (0.013, 0.004, 0)), body=mouse_forelimb())
    engine.write("muscle_excitation", np.full(20, 0.1))
    order, felt = engine.outputs["contact_force"].order, []
    for i in range(60):
        engine.advance((i + 1) * 5 * MS)
        felt.append(engine.read("contact_force")[[order.index("hand"), order.index("brick")]])
    hand, floor = np.array(felt).T
    assert hand[0] == hand[-1] == 0.0
    assert 1e-3 < hand.max() < 0.1
    assert floor[-1] == pytest.approx(1e-4 * G, rel=1e-3)
    assert angle(engine, "brick_y") > 0.01


def test_a_scene_is_saved_and_restored() -> None:
    engine = prepared(*everything(), body=mouse_forelimb())
    engine.advance(50 * MS)
    state = engine.save()
    engine.advance(100 * MS)
    after = engine.pose()
    engine.restore(state)
    engine.advance(100 * MS)
    np.testing.assert_array_equal(engine.pose().positions, after.positions)


# --- mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<mujoco><worldbody>", "the part is not XML"),
        ("<body/>", "must be an MJCF document"),
        ("<mujoco><option gravity='0 0 0'/></mujoco>", "has a <option>; a part holds only worldbody"),
        ("<mujoco><worldbody><geom class='x' size='1'/></worldbody></mujoco>", "no default classes"),
        ("<mujoco><worldbody><geom euler='0 0 1' size='1'/></worldbody></mujoco>", "write quat"),
        ("<mujoco><worldbody><body name='a' zaxis='0 0 1'/></worldbody></mujoco>", "write quat"),
        ("<mujoco><worldbody><body/></worldbody></mujoco>", "a <body> without a name"),
    ],
)
def test_a_part_that_cannot_be_one_says_why(text: str, what: str) -> None:
    with pytest.raises(BodyError, match=what):
        Part(text)


@pytest.mark.parametrize(
    ("body", "placed", "key", "what"),
    [
        (mouse_forelimb(), Placed("hand", box()), "", "would add a second body 'hand'"),
        (one_joint(), Placed("a", ground()), "part", "body 'one_joint' switches all contact off"),
        (one_joint(), Placed("a", camera(), attached_to="road"), "attached_to", "there is no such body"),
        (one_joint(), Placed("a", grip(point="tip", holds="b_tip")), "params", "refers to the site 'b_tip'"),
        (mouse_forelimb(), Placed("a", box(), attached_to="hand"), "attached_to", "moves freely"),
    ],
)
def test_a_scene_that_cannot_be_one_says_why(body: BodyModel, placed: Placed, key: str, what: str) -> None:
    (fault,) = faults(body, [placed])
    assert (fault.part, fault.key) == (placed.name, key)
    assert what in fault.message
    assert fault.remedy
    with pytest.raises(BodyError, match=f"no scene around body '{body.name}': {placed.name} "):
        compose(body, [placed])


def test_a_joint_has_no_place_among_those_of_a_keyframe(arm: BodyModel) -> None:
    (fault,) = faults(arm, [Placed("stick", joystick(), attached_to="arm")])
    assert "keyframe 'home'" in fault.message


def test_the_gravity_of_a_body_that_computes_with_it_is_its_own() -> None:
    (fault,) = faults(one_joint(), [], (0, 0, 0))
    assert "among the facts of body 'one_joint'" in fault.message
    assert not faults(dataclasses.replace(one_joint(), facts={}), [], (0, 0, 0))


def test_a_body_of_opensim_takes_no_parts() -> None:
    text = "<OpenSimDocument Version='40000'><Model/></OpenSimDocument>"
    (fault,) = faults(BodyModel("osim", osim=text), [Placed("a", camera())])
    assert "OpenSim document only" in fault.message


@pytest.mark.parametrize(
    "make",
    [
        lambda: box(mass_kg=0),
        lambda: joystick(stop_rad=-1),
        lambda: camera(fovy_deg=200),
        lambda: ball(radius_m=math.nan),
    ],
)
def test_parameters_without_sense_are_refused(make: object) -> None:
    with pytest.raises(BodyError, match="must"):
        make()  # type: ignore[operator]
