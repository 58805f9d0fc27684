"""The wheeled robot against the arithmetic of two wheels on an axle, and against Newton."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.wheeled_robot import (
    DAMPING_N_M_S_PER_RAD,
    MASS_KG,
    MAX_SPEED_RAD_PER_S,
    MAX_TORQUE_N_M,
    RADIUS_M,
    SERVO_N_M_S_PER_RAD,
    TRACK_M,
    WHEEL_RADIUS_M,
    wheeled_robot,
)
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError

GRAVITY_M_PER_S2 = 9.81


class Robot:
    """The robot on its own: drive it, ask where it is."""

    def __init__(self, model: BodyModel | None = None) -> None:
        self.model = model or wheeled_robot()
        self.body = MujocoBody()
        self.body.prepare(self.model, BodyOptions(timestep_ms=1.0))

    def drive(self, left: float, right: float, for_s: float) -> None:
        self.body.write("motor_control", np.array([left, right]))
        self.body.advance(self.body.now_ns + round(for_s * 1e9))

    @property
    def place(self) -> np.ndarray[Any, Any]:
        """x, y, z of the point on the ground between the wheels, m."""
        at: np.ndarray[Any, Any] = self.body.read("site_position")[self.model.sites.index("base")]
        return at

    @property
    def quaternion(self) -> np.ndarray[Any, Any]:
        turned: np.ndarray[Any, Any] = self.body.pose().quaternions[self.model.bodies.index("robot")]
        return turned

    @property
    def heading(self) -> float:
        """rad, counter-clockwise from x."""
        w, _, _, z = self.quaternion
        return 2.0 * math.atan2(z, w)

    @property
    def tilt_deg(self) -> float:
        _, x, y, _ = self.quaternion
        return math.degrees(math.acos(1.0 - 2.0 * (x * x + y * y)))

    def sensed(self, name: str) -> float:
        port = self.body.outputs["sensor"]
        return float(self.body.read("sensor")[port.index(name)])

    def felt(self, side: str) -> float:
        """N."""
        return float(self.body.read("contact_force")[self.model.bodies.index(f"bumper_{side}")])


def test_it_has_the_size_and_mass_it_says() -> None:
    robot = Robot()
    assert robot.body.statistics()["mass_kg"] == pytest.approx(MASS_KG)
    assert (robot.model.motors, robot.model.cameras) == (("left", "right"), ("arena", "eye"))
    assert {"base", "head", "beacon_1"} <= set(robot.model.sites)
    model = robot.body._model
    left, right = (model.body(f"{side}_wheel").pos[1] for side in ("left", "right"))
    assert left - right == pytest.approx(TRACK_M)


def test_at_rest_it_stands_and_its_weight_rests_on_wheels_and_caster() -> None:
    robot = Robot()
    robot.drive(0.0, 0.0, 1.0)
    names = ("robot", "left_wheel", "right_wheel", "bumper_left", "bumper_right")
    forces = dict(zip(robot.model.bodies, robot.body.read("contact_force"), strict=True))
    assert sum(forces[name] for name in names) == pytest.approx(MASS_KG * GRAVITY_M_PER_S2, rel=1e-3)
    assert forces["left_wheel"] == pytest.approx(forces["right_wheel"], rel=1e-3)
    assert robot.sensed("accelerometer[2]") == pytest.approx(GRAVITY_M_PER_S2, rel=1e-3)
    np.testing.assert_allclose(robot.place, 0.0, atol=5e-4)
    assert robot.tilt_deg < 0.1


@pytest.mark.parametrize("speed", [2.0, 10.0, -10.0, 20.0])
def test_it_drives_straight_as_fast_as_its_wheels_roll(speed: float) -> None:
    """v = R w, to half a percent: the tyres are a little soft."""
    robot = Robot(wheeled_robot(beacons_m=[], arena_m=4.0))
    robot.drive(speed, speed, 0.5)
    before = robot.place
    robot.drive(speed, speed, 1.0)
    gone = robot.place - before
    assert gone[0] == pytest.approx(WHEEL_RADIUS_M * speed, rel=5e-3)
    assert abs(gone[1]) < 1e-6 and abs(gone[2]) < 1e-4
    assert abs(robot.heading) < 1e-6


@pytest.mark.parametrize("speed", [3.0, -5.0])
def test_it_turns_in_place_as_wheels_and_track_say(speed: float) -> None:
    """Left back and right forward turn it to the left by 2 R w / track; the gyroscope says so too."""
    robot = Robot()
    robot.drive(-speed, speed, 0.5)
    before, heading = robot.place, robot.heading
    robot.drive(-speed, speed, 0.3)
    expected = 2.0 * WHEEL_RADIUS_M * speed / TRACK_M
    assert (robot.heading - heading) / 0.3 == pytest.approx(expected, rel=0.01)
    assert robot.sensed("gyro[2]") == pytest.approx(expected, rel=0.01)
    assert np.linalg.norm(robot.place - before) < 2e-3


def test_one_wheel_alone_drives_a_circle_about_the_other() -> None:
    robot = Robot()
    robot.drive(0.0, 10.0, 0.3)
    places = []
    for _ in range(20):
        robot.drive(0.0, 10.0, 0.1)
        places.append(robot.place[:2])
    x, y = np.array(places).T
    rows = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1)
    cx, cy, rest = np.linalg.lstsq(rows, x * x + y * y, rcond=None)[0]
    assert math.sqrt(rest + cx * cx + cy * cy) == pytest.approx(TRACK_M / 2, rel=0.02)


def test_the_servo_speeds_it_up_with_the_time_constant_of_its_gain() -> None:
    """2 K (u - w) / R = (m + 2 I / R^2) dv/dt as long as the torque is below its limit; the wheels' own inertia is
    small."""
    robot = Robot(wheeled_robot(beacons_m=[]))
    robot.drive(0.0, 0.0, 0.2)
    inertia = robot.body._model.body("left_wheel").inertia.max()
    mass = MASS_KG + 2.0 * inertia / WHEEL_RADIUS_M**2
    tau_s = mass * WHEEL_RADIUS_M**2 / (2.0 * SERVO_N_M_S_PER_RAD)
    robot.drive(4.0, 4.0, 0.02)
    speed = robot.body.read("joint_velocity")
    np.testing.assert_allclose(speed, 4.0 * (1.0 - math.exp(-0.02 / tau_s)), rtol=0.05)


def test_a_torque_drive_obeys_newton_and_reaches_torque_over_damping() -> None:
    robot = Robot(wheeled_robot(drive="torque", beacons_m=[], arena_m=10.0, position_m=[-4.0, 0.0]))
    robot.drive(0.0, 0.0, 0.2)
    port = robot.body.inputs["motor_control"]
    assert (port.low, port.high) == (-MAX_TORQUE_N_M, MAX_TORQUE_N_M)
    torque = MAX_TORQUE_N_M / 3
    robot.drive(torque, torque, 0.01)
    inertia = robot.body._model.body("left_wheel").inertia.max()
    mass = MASS_KG + 2.0 * inertia / WHEEL_RADIUS_M**2
    tau_s = mass * WHEEL_RADIUS_M**2 / (2.0 * DAMPING_N_M_S_PER_RAD)
    full = torque / DAMPING_N_M_S_PER_RAD
    assert full == pytest.approx(MAX_SPEED_RAD_PER_S / 3)
    np.testing.assert_allclose(
        robot.body.read("joint_velocity"), full * (1.0 - math.exp(-0.01 / tau_s)), rtol=0.05
    )
    robot.drive(torque, torque, 2.0)
    np.testing.assert_allclose(robot.body.read("joint_velocity"), full, rtol=0.01)


def test_a_wall_stops_it_and_the_bumper_feels_the_push_of_the_wheels() -> None:
    """Against the wall both motors push with K (u - 0) / R each, half on each side of the bumper."""
    robot = Robot(wheeled_robot(position_m=[0.8, 0.0], beacons_m=[]))
    robot.drive(2.0, 2.0, 0.1)
    assert robot.felt("left") == robot.felt("right") == 0.0
    robot.drive(2.0, 2.0, 5.0)
    assert robot.place[0] == pytest.approx(1.0 - 0.01 - RADIUS_M, abs=2e-3)
    push = 2.0 * SERVO_N_M_S_PER_RAD * 2.0 / WHEEL_RADIUS_M
    assert robot.felt("left") + robot.felt("right") == pytest.approx(push, rel=0.05)
    assert robot.tilt_deg < 0.5


@pytest.mark.parametrize(("side", "heading_deg"), [("left", -40.0), ("right", 40.0)])
def test_the_side_that_touches_is_the_side_that_feels(side: str, heading_deg: float) -> None:
    """Going to the wall in front while looking to the right of it, the left half of the bumper meets it."""
    other = {"left": "right", "right": "left"}[side]
    robot = Robot(wheeled_robot(position_m=[0.85, 0.0], heading_deg=heading_deg, beacons_m=[]))
    felt = {"left": 0.0, "right": 0.0}
    for _ in range(100):
        robot.drive(5.0, 5.0, 0.01)
        felt = {name: max(most, robot.felt(name)) for name, most in felt.items()}
    assert felt[side] > 0.2 and felt[other] == 0.0


def test_it_stays_upright_in_a_crash_at_full_speed() -> None:
    robot = Robot(wheeled_robot(position_m=[-0.8, 0.1], beacons_m=[[0.5, 0.05]]))
    worst = 0.0
    for left, right in ([1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [1.0, 0.7]):
        for _ in range(100):
            robot.drive(MAX_SPEED_RAD_PER_S * left, MAX_SPEED_RAD_PER_S * right, 0.02)
            worst = max(worst, robot.tilt_deg)
    assert worst < 10.0
    assert (np.abs(robot.place[:2]) < 1.0).all()


def test_the_same_drive_gives_the_same_state_bit_for_bit() -> None:
    states = []
    for _ in range(2):
        robot = Robot(wheeled_robot(position_m=[0.7, 0.1], heading_deg=20.0))
        for i in range(50):
            robot.drive(10.0 * math.sin(i), 12.0, 0.05)
        states.append(robot.body.save())
    assert states[0] == states[1]


def test_beacons_and_pillars_stand_where_they_are_told() -> None:
    robot = Robot(
        wheeled_robot(beacons_m=[[0.5, 0.2], [-0.3, 0.4]], pillars_m=[[0.0, -0.6]], heading_deg=90.0)
    )
    places = dict(zip(robot.model.sites, robot.body.read("site_position"), strict=True))
    np.testing.assert_allclose(places["beacon_2"], [-0.3, 0.4, 0.0])
    np.testing.assert_allclose(places["pillar_1"], [0.0, -0.6, 0.0])
    assert robot.heading == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"drive": "steam"}, "no drive 'steam'; there are: speed, torque"),
        ({"position_m": [0.95, 0.0]}, r"\[0.95, 0.0\] must be \[x, y\], each between -0.9296 and 0.9296 m"),
        ({"beacons_m": [[0.1, 0.2, 0.3]]}, r"beacons_m\[0\] = "),
        ({"pillars_m": [[0.1, 0.1], [math.nan, 0.0]]}, r"pillars_m\[1\] = "),
        ({"eye_fovy_deg": 0.0}, "eye_fovy_deg = 0 is outside 1 to 150"),
    ],
)
def test_what_cannot_be_built_is_said(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(BodyError, match=message):
        wheeled_robot(**wrong)
