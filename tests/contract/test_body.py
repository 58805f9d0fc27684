"""One suite for every body engine. What an engine cannot do is listed in UNSUPPORTED with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest

from sherrington.body import closed_form
from sherrington.body.closed_form import ClosedFormBody
from sherrington.body.engine import INPUTS, OUTPUTS, BodyEngine, BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import (
    BodyError,
    ClockError,
    DivergenceError,
    PortError,
    UnsupportedError,
)
from sherrington.ports import Kind

MS = 1_000_000
ENGINES = {"mujoco": MujocoBody, "closed_form": ClosedFormBody}
if find_spec("opensim"):
    from sherrington.body.opensim import OpensimBody

    ENGINES["opensim"] = OpensimBody
UNSUPPORTED = {
    "mujoco": {
        "motor_control": "no input 'motor_control'",  # this model has none; tested with a motor below
        "sensor": "no output 'sensor'",
    },
    "opensim": {
        "motor_control": "no input 'motor_control'",  # this model has none; tested with others in test_body_opensim
        "contact_force": "no output 'contact_force'",  # OpenSim has shapes that touch only where a force names them
        "sensor": "no output 'sensor'",  # OpenSim has no sensors
    },
    "closed_form": closed_form.UNSUPPORTED,
}
SIZES = {"muscle": 2, "joint": 1, "body": 1, "contact": 1, "site": 7}


@pytest.fixture(params=UNSUPPORTED)
def name(request: pytest.FixtureRequest) -> str:
    if request.param not in ENGINES:
        pytest.skip("opensim is not installed; pip install 'sherrington[opensim]'")
    return str(request.param)


@pytest.fixture
def body(name: str) -> Iterator[BodyEngine]:
    engine: BodyEngine = ENGINES[name]()
    engine.prepare(one_joint(), BodyOptions(timestep_ms=0.5, initial={"hinge": 0.3}))
    yield engine
    engine.close()


def drive(body: BodyEngine, from_ms: int, to_ms: int) -> list[bytes]:
    """Two ms at a time under a drive that depends on the time only; every state on the way."""
    states = []
    for ms in range(from_ms, to_ms, 2):
        level = 0.5 + 0.5 * np.sin(ms / 7.0)
        body.write("muscle_excitation", np.array([level, 1.0 - level]))
        body.write("joint_torque", np.array([2e-5 * np.cos(ms / 3.0)]))
        body.advance((ms + 2) * MS)
        states.append(b"".join(body.read(port).tobytes() for port in body.outputs))
    return states


def test_every_port_has_the_shape_unit_and_order_of_the_contract(body: BodyEngine) -> None:
    orders = {"muscle": ("flexor", "extensor"), "joint": ("hinge",), "body": ("rod",), "contact": ("rod",)}
    for ports, table in ((body.inputs, INPUTS), (body.outputs, OUTPUTS)):
        assert ports and list(ports) == [quantity for quantity in table if quantity in ports]
        for quantity, port in ports.items():
            family = quantity.split("_")[0]
            assert (port.name, port.unit, port.kind) == (quantity, table[quantity], Kind.SIGNAL)
            assert port.shape[0] == SIZES[family]
            assert port.order == orders.get(family, port.order)
    for quantity, port in body.outputs.items():
        assert body.read(quantity).shape == port.shape
        assert body.read(quantity).dtype == np.float64


def test_what_is_missing_is_listed_with_its_reason(body: BodyEngine, name: str) -> None:
    missing = (set(INPUTS) | set(OUTPUTS)) - set(body.inputs) - set(body.outputs)
    assert missing == set(UNSUPPORTED[name])
    for quantity, reason in UNSUPPORTED[name].items():
        call = body.read if quantity in OUTPUTS else lambda port: body.write(port, np.zeros(1))
        with pytest.raises((PortError, UnsupportedError), match=reason.replace("'", ".")):
            call(quantity)


def test_starts_at_the_initial_pose_at_rest(body: BodyEngine) -> None:
    assert (body.now_ns, body.timestep_ns, body.kernel_s) == (0, 500_000, 0.0)
    assert body.read("joint_angle") == [0.3]
    assert body.read("joint_velocity") == [0.0]
    np.testing.assert_array_equal(body.read("muscle_activation"), [0.0, 0.0])
    np.testing.assert_array_equal(body.read("muscle_rest_length"), body.read("muscle_length"))


def test_flexor_is_shorter_and_shortens_when_the_joint_turns_up(body: BodyEngine) -> None:
    flexor, extensor = body.read("muscle_length")
    assert extensor - flexor == pytest.approx(2 * 1.5e-3 * 0.3, rel=1e-6)
    body.write("muscle_excitation", np.array([1.0, 0.0]))
    body.advance(10 * MS)
    assert body.read("joint_velocity")[0] > 0
    velocity = body.read("joint_velocity")[0] * 1.5e-3
    np.testing.assert_allclose(body.read("muscle_velocity"), [-velocity, velocity], rtol=1e-6)


def test_constants(body: BodyEngine) -> None:
    np.testing.assert_allclose(body.read("muscle_max_force"), [0.5, 0.5], rtol=1e-9)
    np.testing.assert_allclose(body.read("muscle_optimal_length"), [8e-3, 8e-3], rtol=1e-8)


def test_a_write_holds_until_written_again(body: BodyEngine) -> None:
    body.write("muscle_excitation", np.array([0.7, 0.2]))
    for ms in range(10, 600, 10):
        body.advance(ms * MS)
    np.testing.assert_allclose(body.read("muscle_activation"), [0.7, 0.2], atol=1e-3)


def test_the_engine_keeps_no_reference_to_what_was_written(body: BodyEngine) -> None:
    value = np.array([0.7, 0.2])
    body.write("muscle_excitation", value)
    value[:] = 0.0
    body.advance(200 * MS)
    assert body.read("muscle_activation")[0] > 0.6


def test_one_long_advance_is_many_short_ones(name: str) -> None:
    ends = []
    for stride in (1, 20):
        engine: BodyEngine = ENGINES[name]()
        engine.prepare(one_joint(), BodyOptions(initial={"hinge": 0.3}))
        engine.write("muscle_excitation", np.array([0.4, 0.1]))
        for ms in range(stride, 101, stride):
            engine.advance(ms * MS)
        ends.append(engine.save())
    assert ends[0] == ends[1]


def test_a_time_that_does_not_divide_is_refused(body: BodyEngine) -> None:
    with pytest.raises(ClockError, match=r"at 0 ms cannot advance to 1\.2 ms in steps of 0\.5 ms"):
        body.advance(1_200_000)
    body.advance(2 * MS)
    with pytest.raises(ClockError, match="at 2 ms cannot advance to 1 ms"):
        body.advance(1 * MS)
    before = body.save()
    body.advance(2 * MS)
    assert body.save() == before


@pytest.mark.parametrize("step_ms", [0.0, -1.0])
def test_a_step_that_is_not_positive_is_refused(name: str, step_ms: float) -> None:
    with pytest.raises(ClockError, match="timestep_ms"):
        ENGINES[name]().prepare(one_joint(), BodyOptions(timestep_ms=step_ms))


def test_same_calls_same_bits(name: str) -> None:
    runs = []
    for _ in range(2):
        engine: BodyEngine = ENGINES[name]()
        engine.prepare(one_joint(), BodyOptions(initial={"hinge": 0.3}))
        runs.append(drive(engine, 0, 200))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(runs[0]), "the body did not move"


def test_reading_changes_nothing(name: str) -> None:
    ends = []
    for reads in (0, 3):
        engine: BodyEngine = ENGINES[name]()
        engine.prepare(one_joint(), BodyOptions())
        for ms in range(1, 101):
            engine.write("muscle_excitation", np.array([ms / 100, 0.3]))
            engine.advance(ms * MS)
            for _ in range(reads):
                engine.pose()
                for port in engine.outputs:
                    engine.read(port)
        ends.append(engine.save())
    assert ends[0] == ends[1]


def test_what_was_read_does_not_change_later(body: BodyEngine) -> None:
    kept = {port: body.read(port) for port in body.outputs}
    copies = {port: value.copy() for port, value in kept.items()}
    drive(body, 0, 20)
    for port, value in kept.items():
        np.testing.assert_array_equal(value, copies[port], err_msg=port)


def test_save_and_restore_continue_bit_for_bit(name: str) -> None:
    first: BodyEngine = ENGINES[name]()
    first.prepare(one_joint(), BodyOptions())
    drive(first, 0, 50)
    saved = first.save()
    expected = drive(first, 50, 150)
    first.restore(saved)
    assert (first.now_ns, drive(first, 50, 150)) == (50 * MS, expected)
    other: BodyEngine = ENGINES[name]()
    other.prepare(one_joint(), BodyOptions())
    other.restore(saved)
    assert other.save() == saved
    assert drive(other, 50, 150) == expected


def test_held_inputs_are_part_of_the_state(body: BodyEngine) -> None:
    body.write("muscle_excitation", np.array([1.0, 0.0]))
    saved = body.save()
    body.reset()
    body.restore(saved)
    body.advance(100 * MS)
    assert body.read("muscle_activation")[0] > 0.9


def test_bytes_that_are_no_state_are_refused(body: BodyEngine) -> None:
    for wrong in (b"", b"short", body.save() + b"12345678"):
        with pytest.raises(BodyError, match="cannot restore"):
            body.restore(wrong)


def test_reset_goes_back_to_the_start(body: BodyEngine) -> None:
    start = body.save()
    first = drive(body, 0, 60)
    body.reset()
    assert (body.save(), body.now_ns) == (start, 0)
    assert drive(body, 0, 60) == first


def test_unknown_ports_name_those_that_exist(body: BodyEngine) -> None:
    with pytest.raises(PortError, match="no input 'excitation'; there are: muscle_excitation, joint_torque"):
        body.write("excitation", np.zeros(2))
    with pytest.raises(PortError, match="no output 'length'; there are: muscle_length, muscle_velocity"):
        body.read("length")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([np.nan, 0.0], "not a finite number in channel 'flexor'"),
        ([0.0, 1.5], "1.5 1 in channel 'extensor' is outside 0 to 1"),
        ([0.0, 0.0, 0.0], r"expected shape \(2,\)"),
    ],
)
def test_a_wrong_value_names_the_channel(body: BodyEngine, value: list[float], message: str) -> None:
    before = body.save()
    with pytest.raises(PortError, match=message):
        body.write("muscle_excitation", np.array(value))
    assert body.save() == before


def test_divergence_names_the_joint(body: BodyEngine) -> None:
    body.advance(10 * MS)
    body.write("joint_torque", np.array([1e12]))
    with pytest.raises(DivergenceError, match=r"one_joint.*joint 'hinge'"):
        body.advance(30 * MS)


def test_unknown_initial_joint(name: str) -> None:
    with pytest.raises(BodyError, match="no joint 'elbow'; there are: hinge"):
        ENGINES[name]().prepare(one_joint(), BodyOptions(initial={"elbow": 0.1}))
    with pytest.raises(BodyError, match="initial hinge = nan"):
        ENGINES[name]().prepare(one_joint(), BodyOptions(initial={"hinge": np.nan}))


def test_pose_names_every_body(body: BodyEngine) -> None:
    pose = body.pose()
    assert (pose.bodies, pose.positions.shape, pose.quaternions.shape) == (("rod",), (1, 3), (1, 4))
    np.testing.assert_allclose(pose.quaternions[0], [np.cos(0.15), 0, -np.sin(0.15), 0], atol=1e-12)


def test_statistics_and_kernel_time(body: BodyEngine) -> None:
    body.advance(100 * MS)
    facts = body.statistics()
    assert (facts["degrees_of_freedom"], facts["muscles"], facts["timestep_ms"]) == (1, 2, 0.5)
    assert body.kernel_s > 0


def test_close_twice(name: str) -> None:
    engine: BodyEngine = ENGINES[name]()
    engine.close()
    engine.prepare(one_joint(), BodyOptions())
    engine.close()
    engine.close()
    with pytest.raises(PortError, match="no output 'joint_angle'; there are none"):
        engine.read("joint_angle")


@pytest.mark.parametrize("call", ["advance", "pose", "reset", "save", "restore", "statistics"])
def test_nothing_works_before_prepare_and_after_close(name: str, call: str) -> None:
    arguments: dict[str, tuple[object, ...]] = {"advance": (MS,), "restore": (b"",)}
    engine: BodyEngine = ENGINES[name]()
    with pytest.raises(BodyError, match="not prepared, or was closed"):
        getattr(engine, call)(*arguments.get(call, ()))
    engine.prepare(one_joint(), BodyOptions())
    engine.close()
    with pytest.raises(BodyError, match="not prepared, or was closed"):
        getattr(engine, call)(*arguments.get(call, ()))


# --- one engine only, with the reason ---------------------------------------------------------------------


def test_closed_form_refuses_every_other_body() -> None:
    with pytest.raises(
        UnsupportedError, match="one joint with two muscles, and this has 4 joints, 20 muscles"
    ):
        ClosedFormBody().prepare(mouse_forelimb(), BodyOptions())


def test_closed_form_refuses_impossible_facts() -> None:
    model = one_joint()
    broken = BodyModel(model.name, model.mjcf, facts={**model.facts, "inertia_kg_m2": 0.0})
    with pytest.raises(BodyError, match=r"fact inertia_kg_m2 = 0\.0 must be a positive number"):
        ClosedFormBody().prepare(broken, BodyOptions())
