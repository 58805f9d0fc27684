"""What only OpenSim can show: muscles on elastic tendons, constraints, locked joints, motors, contact, broken files."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.errors import BodyError, DivergenceError, PortError, UnsupportedError

if not find_spec("opensim"):
    pytest.skip("opensim is not installed; pip install 'sherrington[opensim]'", allow_module_level=True)

from sherrington.body.opensim import OpensimBody

MS = 1_000_000

BODY = """<Body name="{name}"><mass>{mass}</mass><mass_center>0 -0.1 0</mass_center>
  <inertia>{inertia}</inertia></Body>"""
JOINT = """<{kind} name="{name}"><socket_parent_frame>outer</socket_parent_frame>
  <socket_child_frame>/bodyset/{child}</socket_child_frame>
  <coordinates><Coordinate name="{coordinate}"><range>-2 2</range>{more}</Coordinate></coordinates>
  <frames><PhysicalOffsetFrame name="outer"><socket_parent>{parent}</socket_parent>
    <translation>{at}</translation></PhysicalOffsetFrame></frames></{kind}>"""
MUSCLE = """<{kind} name="{name}"><path><GeometryPath name="path"><PathPointSet><objects>
    <PathPoint name="a"><socket_parent_frame>/ground</socket_parent_frame><location>0.05 0.1 0</location></PathPoint>
    <PathPoint name="b"><socket_parent_frame>{body}</socket_parent_frame><location>0.04 -0.2 0</location></PathPoint>
  </objects></PathPointSet></GeometryPath></path>
  <max_isometric_force>200</max_isometric_force><optimal_fiber_length>0.1</optimal_fiber_length>
  <tendon_slack_length>0.19</tendon_slack_length>{more}</{kind}>"""


def arm(
    forces: str = "",
    constraints: str = "",
    upper_more: str = "",
    lower_more: str = "",
    inertia: str = "0.01 0.001 0.01 0 0 0",
    contacts: str = "",
    model_more: str = "",
    kind: str = "PinJoint",
    upper_kind: str = "PinJoint",
) -> BodyModel:
    """Two hinges one below the other, y up."""
    upper = JOINT.format(
        kind=upper_kind,
        name="shoulder",
        child="upper",
        coordinate="shoulder_angle",
        parent="/ground",
        at="0 0 0",
        more=upper_more,
    )
    lower = JOINT.format(
        kind=kind,
        name="elbow",
        child="lower",
        coordinate="elbow_angle",
        parent="/bodyset/upper",
        at="0 -0.25 0",
        more=lower_more,
    )
    bodies = BODY.format(name="upper", mass=1, inertia="0.01 0.001 0.01 0 0 0")
    bodies += BODY.format(name="lower", mass=0.5, inertia=inertia)
    return BodyModel(
        "arm",
        osim=f"""<OpenSimDocument Version="40600"><Model name="arm">
  <BodySet><objects>{bodies}</objects></BodySet><JointSet><objects>{upper}{lower}</objects></JointSet>
  <ForceSet><objects>{forces}</objects></ForceSet><ConstraintSet><objects>{constraints}</objects></ConstraintSet>
  <MarkerSet><objects><Marker name="hand"><socket_parent_frame>/bodyset/lower</socket_parent_frame>
    <location>0 -0.2 0</location></Marker></objects></MarkerSet>
  <ContactGeometrySet><objects>{contacts}</objects></ContactGeometrySet>{model_more}
</Model></OpenSimDocument>""",
    )


def muscle(kind: str, name: str, more: str = "", body: str = "/bodyset/upper") -> str:
    return MUSCLE.format(kind=kind, name=name, more=more, body=body)


def prepared(model: BodyModel, **options: object) -> OpensimBody:
    body = OpensimBody()
    body.prepare(model, BodyOptions(**options))  # type: ignore[arg-type]
    return body


MILLARD = muscle("Millard2012EquilibriumMuscle", "millard")
DE_GROOTE = muscle("DeGrooteFregly2016Muscle", "de_groote")
MOTORS = """<CoordinateActuator name="motor"><coordinate>elbow_angle</coordinate><min_control>-2</min_control>
  <max_control>3</max_control><optimal_force>2</optimal_force></CoordinateActuator>"""
COUPLED = """<CoordinateCouplerConstraint name="coupler"><coupled_coordinates_function>
  <LinearFunction><coefficients>0.5 0</coefficients></LinearFunction></coupled_coordinates_function>
  <independent_coordinate_names>shoulder_angle</independent_coordinate_names>
  <dependent_coordinate_name>elbow_angle</dependent_coordinate_name></CoordinateCouplerConstraint>"""
BALL = """<ContactSphere name="ball"><socket_frame>/bodyset/lower</socket_frame><location>0 -0.2 0</location>
    <radius>0.05</radius></ContactSphere>
  <ContactHalfSpace name="floor"><socket_frame>/ground</socket_frame><location>0 -0.48 0</location>
    <orientation>0 0 -1.5707963267948966</orientation></ContactHalfSpace>"""
HUNT = """<HuntCrossleyForce name="touch"><HuntCrossleyForce::ContactParametersSet name="contact_parameters"><objects>
  <HuntCrossleyForce::ContactParameters><geometry>ball floor</geometry><stiffness>1e6</stiffness>
  <dissipation>1</dissipation></HuntCrossleyForce::ContactParameters></objects>
  </HuntCrossleyForce::ContactParametersSet></HuntCrossleyForce>"""
SMOOTH = """<SmoothSphereHalfSpaceForce name="touch"><socket_sphere>/contactgeometryset/ball</socket_sphere>
  <socket_half_space>/contactgeometryset/floor</socket_half_space><stiffness>1e6</stiffness></SmoothSphereHalfSpaceForce>"""
DAMPER = """<SpringGeneralizedForce name="damper"><coordinate>shoulder_angle</coordinate><stiffness>0</stiffness>
  <viscosity>300</viscosity></SpringGeneralizedForce>"""
EVERYTHING = {"forces": MILLARD + DE_GROOTE + MOTORS + HUNT, "contacts": BALL}


# --- names and ports --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [one_joint(), mouse_forelimb(), arm(**EVERYTHING)], ids=lambda model: str(model.name)
)
def test_description_and_engine_agree_on_every_name(model: BodyModel) -> None:
    body = prepared(model)
    assert body.outputs["joint_angle"].order == model.joints
    assert body.outputs["muscle_length"].order == model.muscles
    assert body.pose().bodies == model.bodies
    assert body.outputs["site_position"].order == model.sites


def test_motors_have_a_port_with_their_limits() -> None:
    body = prepared(arm(forces=MILLARD + MOTORS), initial={"elbow_angle": 0.0})
    port = body.inputs["motor_control"]
    assert (port.order, port.low, port.high) == (("motor",), -2.0, 3.0)
    body.write("motor_control", np.array([3.0]))
    body.advance(20 * MS)
    assert body.read("joint_velocity")[1] > 0.5


def test_an_actuator_of_six_controls_is_refused() -> None:
    with pytest.raises(BodyError, match=r"motor 'push' is a BodyActuator.*body_force"):
        prepared(
            arm(forces='<BodyActuator name="push"><socket_body>/bodyset/lower</socket_body></BodyActuator>')
        )


def test_cameras_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"OpenSim draws no images.*'side'.*use body.engine: mujoco"):
        prepared(one_joint(), cameras={"side": (8, 8)})


def test_a_body_without_a_document_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="'one_joint' has no OpenSim document"):
        prepared(BodyModel("one_joint", one_joint().mjcf))


def test_controllers_of_the_document_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    controller = '<PrescribedController name="own"><actuator_list>ALL</actuator_list></PrescribedController>'
    body = prepared(
        arm(forces=MILLARD, model_more=f"<ControllerSet><objects>{controller}</objects></ControllerSet>")
    )
    assert "its own controllers are left out: own" in caplog.text
    body.write("muscle_excitation", np.array([0.5]))
    body.advance(300 * MS)
    assert body.read("muscle_activation") == pytest.approx([0.5], abs=5e-3)


# --- muscles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["Millard2012EquilibriumMuscle", "DeGrooteFregly2016Muscle", "Thelen2003Muscle"]
)
def test_muscles_on_elastic_tendons_start_in_equilibrium(kind: str) -> None:
    body = prepared(arm(forces=muscle(kind, "m"), upper_more="<locked>true</locked>"))
    rate = body._stepper.slope
    fibre = next(i for i, label in enumerate(body._labels) if "activation" not in label and i >= 4)
    assert abs(rate[fibre]) < 1e-3, body._labels[fibre]
    before = body.read("muscle_force")
    assert before > 0
    body.write("muscle_excitation", np.array([1.0]))
    body.advance(100 * MS)
    assert body.read("muscle_force") > 1.5 * before
    assert body.read("muscle_max_force") == [200.0]
    assert body.read("muscle_optimal_length") == [0.1]


@pytest.mark.parametrize(
    "options", [EVERYTHING, {**EVERYTHING, "constraints": COUPLED}], ids=["open", "coupled"]
)
def test_everything_at_once_is_saved_and_restored_bit_for_bit(options: dict[str, str]) -> None:
    drive = np.random.default_rng(3).uniform(0, 1, (30, 3))

    def run(body: OpensimBody, start: int, stop: int) -> list[bytes]:
        states = []
        for i in range(start, stop):
            body.write("muscle_excitation", drive[i, :2])
            body.write("motor_control", drive[i, 2:])
            body.advance((i + 1) * 10 * MS)
            states.append(body.save() + b"".join(body.read(port).tobytes() for port in body.outputs))
        return states

    first, other = (prepared(arm(**options), timestep_ms=1.0) for _ in range(2))
    run(first, 0, 15)
    saved = first.save()
    expected = run(first, 15, 30)
    assert len(set(expected)) == 15
    for body in (first, other):
        body.restore(saved)
        assert run(body, 15, 30) == expected
    assert first.read("contact_force").shape == (2,)


SURFACES = {
    "WrapCylinder": "<radius>0.06</radius><length>1</length>",
    "WrapSphere": "<radius>0.06</radius>",
    "WrapEllipsoid": "<dimensions>0.06 0.05 0.08</dimensions>",
    "WrapTorus": "<inner_radius>0.05</inner_radius><outer_radius>0.1</outer_radius>",
}


@pytest.mark.parametrize("kind", SURFACES)
def test_wrapped_muscles_are_restored_bit_for_bit(kind: str) -> None:
    """OpenSim starts its search for a wrap at the one before it; what it finds must not depend on that."""
    wrap = '<PathWrapSet><objects><PathWrap name="w"><wrap_object>bump</wrap_object></PathWrap></objects></PathWrapSet>'
    wrapping = MILLARD.replace("</PathPointSet>", f"</PathPointSet>{wrap}").replace(
        "0.05 0.1 0", "0.05 0.15 0.01"
    )
    ground = f"""<Ground name="ground"><WrapObjectSet name="wrapobjectset"><objects><{kind} name="bump">
      <xyz_body_rotation>0.1 0.2 0.3</xyz_body_rotation><translation>0.03 0 0</translation>{SURFACES[kind]}</{kind}>
      </objects></WrapObjectSet></Ground>"""
    model = arm(forces=wrapping, model_more=ground)
    first, other = (prepared(model, timestep_ms=1.0) for _ in range(2))
    assert first.read("muscle_length") > np.hypot(0.01, 0.35) + 1e-4, "nothing is wrapped"
    first.write("muscle_excitation", np.array([0.4]))
    first.advance(200 * MS)
    saved = first.save()
    first.advance(300 * MS)
    other.restore(saved)
    other.advance(300 * MS)
    assert first.save() == other.save() != saved


def test_one_long_advance_is_many_short_ones_for_the_forelimb() -> None:
    ends = []
    for stride in (2, 20):
        body = prepared(mouse_forelimb())
        body.write("muscle_excitation", np.linspace(0.02, 0.3, 20))
        for ms in range(stride, 41, stride):
            body.advance(ms * MS)
        ends.append(body.save())
    assert ends[0] == ends[1]


def test_the_time_step_hardly_matters() -> None:
    ends = []
    for timestep_ms in (0.5, 5.0):
        body = prepared(
            arm(forces=MILLARD + DE_GROOTE), timestep_ms=timestep_ms, initial={"elbow_angle": 0.5}
        )
        body.write("muscle_excitation", np.array([0.8, 0.1]))
        body.advance(100 * MS)
        ends.append(body.read("joint_angle"))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-4)
    assert np.abs(ends[0] - [0.0, 0.5]).max() > 0.1


# --- joints -----------------------------------------------------------------------------------------------


def test_a_pendulum_falls_as_it_must() -> None:
    """I q'' = -m g l cos(offset): both hinges at rest, from a right angle, in the first millisecond."""
    body = prepared(arm(), initial={"shoulder_angle": np.pi / 2}, timestep_ms=0.1)
    energy = []
    for ms in range(1, 500):
        body.advance(ms * MS)
        energy.append(_energy(body))
    np.testing.assert_allclose(energy, energy[0], atol=2e-3)


def _energy(body: OpensimBody) -> float:
    model, state = body._body.model, body._body.state  # type: ignore[union-attr]
    return float(model.calcKineticEnergy(state) + model.calcPotentialEnergy(state))


def test_a_constraint_holds_and_the_start_obeys_it() -> None:
    body = prepared(arm(constraints=COUPLED), initial={"shoulder_angle": 0.6})
    for ms in range(10, 1000, 10):
        body.advance(ms * MS)
        shoulder, elbow = body.read("joint_angle")
        assert elbow == pytest.approx(0.5 * shoulder, abs=1e-6)
    assert abs(body.read("joint_velocity")[0]) > 0.1


def test_a_locked_joint_stays_where_it_starts() -> None:
    body = prepared(
        arm(upper_more="<locked>true</locked>"), initial={"shoulder_angle": 0.4, "elbow_angle": 1.0}
    )
    body.advance(500 * MS)
    shoulder, elbow = body.read("joint_angle")
    assert shoulder == pytest.approx(0.4, abs=1e-7)
    assert abs(elbow - 1.0) > 0.5


PRESCRIBED = """<prescribed>true</prescribed><prescribed_function><LinearFunction><coefficients>2 0.1</coefficients>
  </LinearFunction></prescribed_function>"""


def test_a_prescribed_joint_follows_its_function() -> None:
    body = prepared(arm(upper_more=PRESCRIBED))
    body.advance(200 * MS)
    assert body.read("joint_angle")[0] == pytest.approx(0.1 + 2 * 0.2, abs=1e-6)
    assert body.read("joint_velocity")[0] == pytest.approx(2.0, abs=1e-6)
    with pytest.raises(
        BodyError, match=r"joint 'shoulder_angle' follows a function.*remove its initial angle"
    ):
        prepared(arm(upper_more=PRESCRIBED), initial={"shoulder_angle": 0.3})


def test_a_start_that_the_constraints_forbid_is_refused() -> None:
    with pytest.raises(
        BodyError, match=r"joint '(shoulder|elbow)_angle' cannot start at .*constraints of the model"
    ):
        prepared(arm(constraints=COUPLED), initial={"shoulder_angle": 0.6, "elbow_angle": -1.0})


def test_an_initial_angle_outside_the_range_is_refused() -> None:
    with pytest.raises(BodyError, match=r"initial elbow_flexion = 3 is outside -1\.15 to 1"):
        prepared(mouse_forelimb(), initial={"elbow_flexion": 3.0})


def test_a_force_at_the_centre_of_mass() -> None:
    """Weight of both bodies carried by forces: nothing moves."""
    body = prepared(arm(), initial={"shoulder_angle": 0.7})
    body.write("body_force", np.array([[0.0, 9.80665, 0.0], [0.0, 0.5 * 9.80665, 0.0]]))
    body.advance(300 * MS)
    np.testing.assert_allclose(body.read("joint_angle"), [0.7, 0.0], atol=1e-6)


# --- contact ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("touch", [HUNT, SMOOTH], ids=["HuntCrossley", "SmoothSphere"])
def test_contact_carries_the_weight(touch: str) -> None:
    """Both bodies, stiffly joined, slide along x, which is down here, until the sphere of the lower rests on a wall."""
    wall = BALL.replace("0 -0.48 0", "0.06 0 0").replace("0 0 -1.5707963267948966", "0 0 0")
    body = prepared(
        arm(
            forces=touch + DAMPER,
            contacts=wall,
            upper_kind="SliderJoint",
            lower_more="<locked>true</locked>",
            model_more="<gravity>9.8 0 0</gravity>",
        ),
        timestep_ms=1.0,
    )
    assert body.outputs["contact_force"].order == ("upper", "lower")
    body.advance(600 * MS)
    upper, lower = body.read("contact_force")
    assert (upper, lower) == (0.0, pytest.approx(1.5 * 9.8, rel=1e-2))


# --- quiet, and beside others -----------------------------------------------------------------------------


def test_nothing_is_printed_and_no_file_is_left(tmp_path: Path) -> None:
    program = (
        "from sherrington.body.opensim import OpensimBody\n"
        "from sherrington.body.engine import BodyOptions\n"
        "from sherrington.body.models.mouse_forelimb import mouse_forelimb\n"
        "body = OpensimBody()\nbody.prepare(mouse_forelimb(), BodyOptions())\nbody.advance(2_000_000)\nbody.close()\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (answer.stdout, answer.stderr, list(tmp_path.iterdir())) == ("", "", [])


def test_a_missing_package_is_named_with_its_remedy() -> None:
    program = (
        "import sys\nsys.modules['opensim'] = None\nfrom sherrington.errors import BodyError\n"
        "try:\n    import sherrington.body.opensim\nexcept BodyError as error:\n    print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == (
        "body engine 'opensim' needs the package opensim; install it with: pip install 'sherrington[opensim]'"
    )


def test_two_bodies_in_one_process_do_not_touch_each_other() -> None:
    alone, one, two = prepared(one_joint()), prepared(one_joint()), prepared(arm(forces=MILLARD))
    for ms in range(2, 41, 2):
        for body in (alone, one):
            body.write("muscle_excitation", np.array([0.4, 0.1]))
        two.write("muscle_excitation", np.array([0.9]))
        two.advance(ms * MS)
        one.advance(ms * MS)
    two.close()
    alone.advance(40 * MS)
    assert one.save() == alone.save()


def test_it_steps_on_another_thread() -> None:
    body = prepared(one_joint())
    worker = threading.Thread(target=body.advance, args=(20 * MS,))
    worker.start()
    worker.join()
    other = prepared(one_joint())
    other.advance(20 * MS)
    assert body.save() == other.save()


# --- divergence and broken documents ----------------------------------------------------------------------


def test_divergence_names_the_time_and_the_joint() -> None:
    body = prepared(mouse_forelimb())
    body.advance(10 * MS)
    force = np.zeros((6, 3))
    force[body.pose().bodies.index("hand")] = [0.0, 0.0, 1e12]
    body.write("body_force", force)
    with pytest.raises(
        DivergenceError, match=r"mouse_forelimb' diverged at 10\.5 ms: the (speed|position) of joint"
    ):
        body.advance(50 * MS)


def test_a_state_that_is_not_finite_is_named() -> None:
    body = prepared(mouse_forelimb())
    body._stepper.y[8 + 7] = np.nan
    with pytest.raises(DivergenceError, match=r"the activation of 'brachialis_distal' has value nan"):
        body.advance(10 * MS)


@pytest.mark.parametrize("kind", ["DeGrooteFregly2016Muscle", "Thelen2003Muscle"])
def test_a_muscle_that_finds_no_equilibrium_is_named(kind: str) -> None:
    """Its path is 100 times as long as fibres and tendon."""
    short = (
        muscle(kind, "short").replace("fiber_length>0.1<", "fiber_length>0.001<").replace(">0.19<", ">0.001<")
    )
    with pytest.raises(BodyError, match="muscle 'short' finds no equilibrium at the start"):
        prepared(arm(forces=short))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"inertia": "0 0 0 0 0 0"}, r"'lower'.*(inertia|mass)"),
        ({"forces": muscle("FooMuscle", "odd")}, r"<FooMuscle> 'odd' is of an unknown type"),
        ({"forces": muscle("Millard2012EquilibriumMuscle", "lost", body="/bodyset/none")}, "lost"),
        ({"kind": "FooJoint"}, r"<FooJoint> 'elbow' is of an unknown type"),
        ({"forces": MILLARD.replace("<max_isometric_force>200", "<max_isometric_force>-1")}, "millard"),
        ({"forces": MILLARD + MILLARD}, "same name 'millard'"),
        (
            {"contacts": '<ContactMesh name="m"><filename>no.obj</filename></ContactMesh>'},
            r"contact mesh .*no\.obj does not exist",
        ),
    ],
)
def test_a_broken_document_names_the_element(model: dict[str, str], message: str) -> None:
    with pytest.raises(BodyError, match=message) as raised:
        prepared(arm(**model))
    assert "\n" not in str(raised.value)
    assert "Thrown at" not in str(raised.value)


def test_a_state_of_another_model_or_step_is_refused() -> None:
    saved = prepared(one_joint()).save()
    for other in (prepared(one_joint(mass_kg=2e-3)), prepared(one_joint(), timestep_ms=0.25)):
        with pytest.raises(BodyError, match="another model or time step"):
            other.restore(saved)


def test_an_unknown_port_names_those_that_exist() -> None:
    body = prepared(arm())
    with pytest.raises(PortError, match="no input 'muscle_excitation'; there are: joint_torque, body_force"):
        body.write("muscle_excitation", np.zeros(1))
