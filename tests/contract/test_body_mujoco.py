"""What only MuJoCo can do: any MJCF file, motors, contacts, sensors, forces on bodies, names in every order."""

from __future__ import annotations

import importlib
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError, DivergenceError, PortError

# After the package, which decides how MuJoCo draws; MuJoCo asks only once, when it is imported.
mujoco = importlib.import_module("mujoco")

MS = 1_000_000

TRICKY = """
<mujoco>
  <default>
    <default class="rail"><joint type="slide"/><general dyntype="muscle"/></default>
    <default class="floating"><joint type="free"/></default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="1 1 0.1"/>
    <frame pos="0 0 0"><site name="framed"/></frame>
    <body name="outer" childclass="rail" pos="0 0 1">
      <body name="inner"><joint name="inner_slide"/><geom size="0.1" mass="1"/><site name="inner_site"/></body>
      <joint name="outer_slide"/><geom size="0.1" mass="1"/><site name="outer_site"/>
      <body><joint type="ball"/><geom size="0.1"/><site/></body>
      <include file="extra.xml"/>
    </body>
    <body name="thrown" childclass="floating" pos="1 0 1"><joint/><geom size="0.1"/></body>
  </worldbody>
  <actuator>
    <motor name="push" joint="outer_slide" ctrlrange="-2 2" ctrllimited="true"/>
    <general class="rail" name="pull" joint="inner_slide" lengthrange="0 1"/>
    <motor joint="extra_hinge" ctrlrange="-1 3" ctrllimited="true"/>
    <muscle joint="extra_hinge" lengthrange="0 1"/>
  </actuator>
  <sensor><jointpos name="angle" joint="extra_hinge"/><accelerometer site="outer_site"/></sensor>
</mujoco>
"""
EXTRA = """<mujocoinclude>
  <body name="extra"><joint name="extra_hinge" type="hinge" axis="0 1 0"/><geom size="0.1" pos="0.2 0 0"/></body>
</mujocoinclude>"""

BOX = """
<mujoco><option gravity="0 0 -10"/><worldbody>
  <geom name="floor" type="plane" size="1 1 0.1"/>
  <body name="box" pos="0 0 0.1"><joint name="up" type="slide" axis="0 0 1"/>
    <geom type="box" size="0.1 0.1 0.1" mass="2"/></body>
</worldbody></mujoco>
"""


def prepared(model: BodyModel, **options: object) -> MujocoBody:
    body = MujocoBody()
    body.prepare(model, BodyOptions(**options))  # type: ignore[arg-type]
    return body


@pytest.fixture
def tricky(tmp_path: Path) -> BodyModel:
    (tmp_path / "tricky.xml").write_text(TRICKY)
    (tmp_path / "extra.xml").write_text(EXTRA)
    return BodyModel.from_file(tmp_path / "tricky.xml")


def test_description_and_engine_agree_on_every_name_and_its_order(tricky: BodyModel) -> None:
    body = prepared(tricky)
    assert tricky.joints == body.names.joints == ("outer_slide", "inner_slide", "extra_hinge")
    assert tricky.bodies == body.names.bodies == ("outer", "inner", "body2", "extra", "thrown")
    assert tricky.muscles == body.names.muscles == ("pull", "muscle1")
    assert tricky.motors == body.names.motors == ("push", "motor1")
    assert tricky.sites == body.names.sites == ("framed", "outer_site", "inner_site", "site3")


@pytest.mark.parametrize("model", [one_joint(), mouse_forelimb()], ids=lambda model: model.name)
def test_they_agree_for_the_shipped_bodies(model: BodyModel) -> None:
    body = prepared(model)
    for kind in ("joints", "bodies", "muscles", "motors", "sites"):
        assert getattr(model, kind) == getattr(body.names, kind)


def test_motors_and_sensors_have_ports(tricky: BodyModel) -> None:
    body = prepared(tricky)
    motors = body.inputs["motor_control"]
    assert (motors.order, motors.low, motors.high) == (("push", "motor1"), -2.0, 3.0)
    assert body.outputs["sensor"].order == ("angle", "sensor1[0]", "sensor1[1]", "sensor1[2]")
    body.write("motor_control", np.array([0.0, 3.0]))
    body.advance(20 * MS)
    assert body.read("sensor")[0] == body.read("joint_angle")[2] != 0.0


def test_contact_force_carries_the_weight() -> None:
    body = prepared(BodyModel("box", BOX))
    body.advance(1000 * MS)
    assert body.read("contact_force") == pytest.approx([2.0 * 10.0], rel=1e-3)


def test_force_on_a_body_accelerates_it() -> None:
    body = prepared(BodyModel("box", BOX))
    body.write("body_force", np.array([[0.0, 0.0, 2.0 * (10.0 + 3.0)]]))
    body.advance(100 * MS)
    assert body.read("joint_velocity") == pytest.approx([0.3], rel=1e-2)
    assert body.read("contact_force") == [0.0]


def test_a_quantity_that_the_model_has_none_of_is_absent() -> None:
    body = prepared(BodyModel("box", BOX))
    assert list(body.inputs) == ["joint_torque", "body_force"]
    assert list(body.outputs) == ["joint_angle", "joint_velocity", "contact_force"]
    with pytest.raises(PortError, match="no input 'muscle_excitation'; there are: joint_torque, body_force"):
        body.write("muscle_excitation", np.zeros(0))


def test_meshes_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "tetrahedron.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"
    )
    (tmp_path / "model.xml").write_text(
        '<mujoco><asset><mesh name="t" file="tetrahedron.obj"/></asset><worldbody><body name="b">'
        '<joint name="j"/><geom type="mesh" mesh="t"/></body></worldbody></mujoco>'
    )
    assert prepared(BodyModel.from_file(tmp_path / "model.xml")).names.joints == ("j",)


MIXTURE = """
<mujoco><option integrator="{integrator}" {option}><flag {flag}/></option>
<worldbody>
  <geom type="plane" size="2 2 0.1"/>
  <body name="box" pos="0 0 0.3"><freejoint/><geom type="box" size="0.1 0.1 0.1"/><site name="corner"/></body>
  <body name="rod" pos="0.02 0 0.7"><freejoint/><geom type="capsule" size="0.05 0.2"/></body>
  <body name="upper" pos="0.6 0 0.4">
    <joint name="hip" axis="0 1 0" range="-1 1" limited="true" damping="0.1" frictionloss="0.01"/>
    <geom type="capsule" size="0.03" fromto="0 0 0 0.3 0 0"/>
    <body name="lower" pos="0.3 0 0"><joint name="knee" axis="0 1 0" damping="0.05"/>
      <geom type="capsule" size="0.03" fromto="0 0 0 0.2 0 0"/><site name="foot" pos="0.2 0 0"/></body>
  </body>
  <body name="bob" pos="-0.5 0 0.5"><joint type="ball"/><geom size="0.1" pos="0.2 0 0"/></body>
</worldbody>
<tendon><spatial name="cord" stiffness="3"><site site="corner"/><site site="foot"/></spatial></tendon>
<equality><weld body1="bob" body2="box" solref="0.1 1"/></equality>
<actuator>
  <motor joint="hip" name="motor" {delay}/><muscle joint="knee" name="muscle" lengthrange="-1 1"/>
  <position joint="knee" name="servo" kp="0.5"/>
</actuator>
<sensor><accelerometer site="corner"/><gyro site="corner"/><touch site="corner"/>
  <actuatorfrc actuator="muscle"/><tendonpos tendon="cord"/></sensor></mujoco>
"""


def mixture(
    integrator: str = "implicitfast", *, option: str = "", flag: str = "", delay: str = ""
) -> BodyModel:
    text = MIXTURE.format(integrator=integrator, option=option, flag=flag, delay=delay)
    return BodyModel("mixture", text)


READ_AT_ANY_TIME = {
    "forelimb": mouse_forelimb(shoulder_height_m=0.015),
    **{name: mixture(name) for name in ("Euler", "implicit", "implicitfast", "RK4")},
    "other solver": mixture(option='noslip_iterations="3" cone="elliptic" solver="CG"'),
    "energy": mixture(flag='energy="enable"'),
    "asleep": mixture("Euler", flag='sleep="enable"'),
    "delayed": mixture("Euler", delay='delay="0.01" nsample="6"'),
}


def pushed_around(
    model: BodyModel, *, steps: int, reads: bool = False, pipelined: bool = False
) -> list[bytes]:
    """States on the way, and every output at the end; with ``reads``, outputs are read at random in between."""
    body = prepared(model, pipelined=pipelined)
    drive, look = np.random.default_rng(1), np.random.default_rng(2)
    states = []
    for cycle in range(1, 121):
        for name, port in body.inputs.items():
            value = drive.uniform(0.0, 1.0, port.shape)
            body.write(name, 1e-3 * value if name == "joint_torque" else value)
            if reads and look.random() < 0.3:
                body.read(str(look.choice(list(body.outputs))))
        body.advance(cycle * steps * body.timestep_ns)
        for name in look.permutation(list(body.outputs)) if reads else ():
            if look.random() < 0.5:
                body.read(name)
        states.append(body.save())
    return [*states, *(body.read(name).tobytes() for name in body.outputs)]


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("model", READ_AT_ANY_TIME.values(), ids=READ_AT_ANY_TIME)
def test_neither_reading_nor_pipelining_changes_a_bit(model: BodyModel, steps: int) -> None:
    expected = pushed_around(model, steps=steps)
    assert pushed_around(model, steps=steps, reads=True) == expected
    assert pushed_around(model, steps=steps, reads=True, pipelined=True) == expected
    assert len(set(expected)) > 120, "the body did not move"


def test_what_is_read_is_what_a_whole_forward_pass_gives() -> None:
    body = prepared(mixture())
    for cycle in range(1, 60):
        body.write("motor_control", np.full(2, np.sin(cycle)))
        body.advance(cycle * 5 * MS)
        found = {name: body.read(name) for name in body.outputs}
        mujoco.mj_forward(body._model, body._data)
        for name, value in found.items():
            np.testing.assert_array_equal(value, body._readers[name][1](), err_msg=name)


def test_a_force_read_after_a_write_is_that_of_the_new_input() -> None:
    body = prepared(mixture())
    body.advance(10 * MS)
    before = body.read("sensor")
    body.write("body_force", np.full((5, 3), 1.0))
    assert (body.read("sensor")[:3] != before[:3]).all(), "the accelerometer does not feel the new force"


def test_outputs_belong_to_the_end_of_the_interval() -> None:
    body = prepared(one_joint())
    body.write("joint_torque", np.array([1e-4]))
    body.advance(20 * MS)
    rest = body.read("muscle_rest_length")
    turned = body.read("joint_angle")[0] * 1.5e-3
    np.testing.assert_allclose(body.read("muscle_length"), rest + np.array([-turned, turned]), atol=1e-12)


def test_a_state_of_another_model_or_step_is_refused() -> None:
    saved = prepared(one_joint()).save()
    for other in (prepared(one_joint(mass_kg=2e-3)), prepared(one_joint(), timestep_ms=0.25)):
        with pytest.raises(BodyError, match="another model or time step"):
            other.restore(saved)


def test_forelimb_save_and_restore_with_contact_continue_bit_for_bit() -> None:
    body = prepared(mouse_forelimb(shoulder_height_m=0.015))
    drive = np.random.default_rng(1).uniform(0, 1, (40, 20))

    def run(start: int, stop: int) -> list[bytes]:
        states = []
        for i in range(start, stop):
            body.write("muscle_excitation", drive[i])
            body.advance((i + 1) * 10 * MS)
            states.append(body.save())
        return states

    run(0, 20)
    saved, touched = body.save(), body.read("contact_force").max()
    expected = run(20, 40)
    body.restore(saved)
    assert run(20, 40) == expected
    assert touched > 0, "the paw never touched the floor"


# --- divergence -------------------------------------------------------------------------------------------


def test_divergence_names_the_step_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = prepared(mouse_forelimb())
    body.advance(10 * MS)
    force = np.zeros((6, 3))
    force[body.names.bodies.index("hand")] = [0.0, 0.0, 1e9]
    body.write("body_force", force)
    with pytest.raises(DivergenceError, match=r"mouse_forelimb' diverged at 10\.5 ms: joint '.*' of body"):
        body.advance(50 * MS)
    assert list(tmp_path.iterdir()) == []


def test_divergence_names_the_muscle_whose_activation_is_not_finite() -> None:
    body = prepared(mouse_forelimb())
    body._data.act[7] = np.nan
    with pytest.raises(DivergenceError, match="muscle or actuator 'brachialis_distal' is not finite"):
        body.advance(10 * MS)


def test_divergence_names_a_body_that_floats() -> None:
    body = prepared(
        BodyModel(
            "ball",
            '<mujoco><worldbody><body name="ball"><freejoint/><geom size="1"/></body></worldbody></mujoco>',
        )
    )
    body.write("body_force", np.array([[1e30, 0.0, 0.0]]))
    with pytest.raises(DivergenceError, match=r"diverged at 0\.5 ms: body 'ball' has position"):
        body.advance(10 * MS)


def test_an_initial_angle_outside_the_limits_is_refused() -> None:
    with pytest.raises(BodyError, match=r"initial elbow_flexion = 3 is outside -1\.15 to 1"):
        MujocoBody().prepare(mouse_forelimb(), BodyOptions(initial={"elbow_flexion": 3.0}))


# --- broken documents -------------------------------------------------------------------------------------

ARM = '<worldbody><body name="arm"><joint name="elbow"/><geom size="0.1"/></body></worldbody>'


@pytest.mark.parametrize(
    ("mjcf", "message"),
    [
        ("<mujoco><worldbody>", "body model 'broken' is not XML"),
        ("<robot/>", "starts with <robot>; an MJCF document starts with <mujoco>"),
        ('<mujoco><include file="none.xml"/></mujoco>', r"cannot read included file .*none\.xml"),
        ("<mujoco><wordbody/></mujoco>", "wordbody"),
        (
            f'<mujoco>{ARM}<actuator><motor name="m" joint="knee"/></actuator></mujoco>',
            "<motor> 'm'.*joint 'knee'",
        ),
        (
            f'<mujoco>{ARM}<actuator><muscle name="m" joint="elbow" lengthrange="1 0"/></actuator></mujoco>',
            "'m'",
        ),
        (
            '<mujoco><worldbody><body name="b"><joint/></body></worldbody></mujoco>',
            "<body> 'b' .line 1. moves but has no mass",
        ),
        (ARM.join(["<mujoco>", "</mujoco>"]).replace('"elbow"', '"elbow" axis="0 0 0"'), "'elbow'"),
        ('<mujoco><worldbody><site/><geom type="cube" size="1"/></worldbody></mujoco>', "cube"),
        (
            '<mujoco><asset><mesh name="m" file="no.obj"/></asset><worldbody>'
            '<geom type="mesh" mesh="m"/></worldbody></mujoco>',
            r"no\.obj",
        ),
        (
            f'<mujoco>{ARM}<tendon><spatial name="t"><site site="s"/></spatial></tendon></mujoco>',
            "<spatial> 't' .line 1. needs at least two sites to run through, and has 1",
        ),
        (
            '<mujoco><worldbody><body name="a"><geom size="1"/></body><body name="a"/></worldbody></mujoco>',
            "2 elements of kind body have the same name: <body> 'a'",
        ),
    ],
)
def test_a_broken_document_names_the_element(mjcf: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BodyError, match=f"(?s){message}") as raised:
        prepared(BodyModel("broken", mjcf, tmp_path))
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BodyError, match=r"cannot read body model .*arm\.xml: No such file"):
        BodyModel.from_file(tmp_path / "arm.xml")


def test_advance_lets_other_threads_run() -> None:
    """Counts in this thread while another is inside one long advance; with the GIL held nothing would be counted."""
    body = prepared(mouse_forelimb())
    worker = threading.Thread(target=body.advance, args=(4000 * MS,))
    worker.start()
    ticks = 0
    while worker.is_alive():
        time.sleep(0.001)
        ticks += 1
    worker.join()
    assert body.now_ns == 4000 * MS
    assert ticks > 3


# --- cameras ----------------------------------------------------------------------------------------------

HALF = """
<mujoco><visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual><worldbody>
  <camera name="eye" pos="0 0 1" xyaxes="0 -1 0 0 0 1"/><camera name="other" pos="0 0 1" xyaxes="0 1 0 0 0 1"/>
  <geom type="box" size="0.01 1 2" pos="1 1 1" rgba="1 1 1 1"/>
  <geom type="box" size="0.01 1 1" pos="0.9 -1 2" rgba="1 0 0 1"/>
  <geom type="box" size="0.01 1 1" pos="0.9 -1 -0.1" rgba="0 0.2 0 1"/>
  <body name="behind" pos="-5 0 1"><joint name="hinge"/><geom size="0.1"/></body>
  <site name="hidden_from_the_eye" pos="0.3 0 1" size="0.2"/>
</worldbody></mujoco>
"""


@pytest.mark.usefixtures("opengl")
def test_an_image_is_luminance_with_the_top_row_first() -> None:
    body = prepared(BodyModel("half", HALF), cameras={"eye": (16, 12)})
    image, port = body.read("camera.eye"), body.outputs["camera.eye"]
    assert (port.shape, port.unit, port.order[0], port.low, port.high) == ((12, 16), "1", "row0", 0.0, 1.0)
    assert image.shape == port.shape and port.fault(image) is None
    np.testing.assert_allclose(image[:, :8], 1.0, atol=1e-12)
    np.testing.assert_allclose(image[:5, 9:], 0.2126, atol=1e-12)
    np.testing.assert_allclose(image[8:, 9:], 0.2 * 0.7152, atol=1e-12)


@pytest.mark.usefixtures("opengl")
def test_two_cameras_see_two_things_each_at_its_size() -> None:
    body = prepared(BodyModel("half", HALF), cameras={"eye": (16, 12), "other": (9, 7)})
    assert body.read("camera.other").shape == (7, 9)
    assert body.read("camera.other").max() == 0.0 < body.read("camera.eye").max()


@pytest.mark.usefixtures("opengl")
def test_an_image_is_drawn_once_and_anew_when_the_body_moved() -> None:
    body = prepared(mouse_forelimb(), cameras={"side": (32, 24)})
    first = body.read("camera.side")
    first[:] = 0.0
    kept = body._cameras._images["camera.side"]
    assert body.read("camera.side").std() > 0.01
    assert body._cameras._images["camera.side"] is kept
    body.advance(100 * MS)
    assert (body.read("camera.side") != kept).any()
    body.reset()
    np.testing.assert_array_equal(body.read("camera.side"), kept)


@pytest.mark.usefixtures("opengl")
def test_drawing_changes_nothing() -> None:
    ends = []
    for draws in (False, True):
        body = prepared(mouse_forelimb(), cameras={"side": (8, 6)} if draws else {})
        for cycle in range(1, 31):
            body.write("muscle_excitation", np.full(20, 0.02 * cycle))
            body.advance(cycle * 2 * MS)
            if draws:
                body.read("camera.side")
        ends.append(body.save())
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("cameras", "message"),
    [
        ({"nose": (8, 6)}, "body 'half' has no camera 'nose'; there are: eye, other"),
        ({"eye": (0, 6)}, "camera 'eye' of body 'half' has 0 x 6 pixels; give 1 or more"),
    ],
)
def test_a_camera_that_cannot_be(cameras: dict[str, tuple[int, int]], message: str) -> None:
    with pytest.raises(BodyError, match=message):
        prepared(BodyModel("half", HALF), cameras=cameras)


def test_a_camera_that_was_not_asked_for_is_no_port() -> None:
    with pytest.raises(PortError, match=r"no output 'camera\.eye'"):
        prepared(BodyModel("half", HALF)).read("camera.eye")
