"""A small wheeled robot with an eye, a bumper and a sense of balance, in an arena with lights.

Two driven wheels on one axle, ball casters behind and in front, a free base: x points forward, y to the left, z up.
Its size is that of the Khepera IV (Soares, Navarro & Martinoli 2016, Robot 2015: Second Iberian Robotics
Conference, 767-781, doi 10.1007/978-3-319-27146-0_59; user manual 1.1, K-Team 2015): 0.0704 m radius, 0.0577 m
high, 4.7 mm above the ground, 0.54 kg, wheels of 0.021 m radius, 0.1054 m apart, about 0.8 m/s at most. Ours: how
the mass is spread, the motors' torque and damping, friction, the bumper's two halves, where eye and head sit,
everything in the arena.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...errors import BodyError, known
from ..model import BodyModel
from .wheeled_robot_mjcf import TRACK_M as TRACK_M
from .wheeled_robot_mjcf import WHEEL_RADIUS_M as WHEEL_RADIUS_M
from .wheeled_robot_mjcf import arena, robot

RADIUS_M = 0.0704
MASS_KG = 0.54
MAX_SPEED_RAD_PER_S = 38.0
"""0.8 m/s at the rim."""
MAX_TORQUE_N_M = 0.03
"""Of each wheel; ours. Both together push with 2.9 N, little more than half the robot's weight: it hardly spins its
wheels."""
SERVO_N_M_S_PER_RAD = 0.005
"""Torque of a speed servo for each rad/s that the wheel lacks; ours. The robot reaches its speed with a time
constant of m R^2 / (2 gain) = 24 ms."""
DAMPING_N_M_S_PER_RAD = MAX_TORQUE_N_M / MAX_SPEED_RAD_PER_S
"""Gear and back-EMF of a torque motor: full torque gives full speed. The time constant is then 0.15 s."""
DRIVES = ("speed", "torque")


def wheeled_robot(
    *,
    drive: str = "speed",
    position_m: Sequence[float] = (0.0, 0.0),
    heading_deg: float = 0.0,
    arena_m: float = 2.0,
    beacons_m: Sequence[Sequence[float]] = ((0.7, 0.0),),
    pillars_m: Sequence[Sequence[float]] = (),
    eye_fovy_deg: float = 50.0,
) -> BodyModel:
    """A robot on two wheels with camera, bumper and gyroscope in a walled arena with lights.

    drive: ``speed``, the control of the motors ``left`` and ``right`` is the wheel's speed in rad/s, followed by a
    servo; or ``torque``, it is the torque in N*m. position_m, heading_deg: [x, y] of the base and where it looks at
    the start, counted counter-clockwise from x. arena_m: side of the square floor. beacons_m, pillars_m: [x, y] of
    every light and every dark column; they are the bodies, and sites, ``beacon_1``, ``beacon_2``, ... and
    ``pillar_1``, ... Raises BodyError for a drive that does not exist, and for a place outside the arena.

    Camera ``eye`` looks forward. Bodies ``bumper_left`` and ``bumper_right`` feel what they touch. Sensors ``gyro``
    (rad/s) and ``accelerometer`` (m/s^2, gravity felt as +9.81 along z) are at the site ``head``; the site ``base``
    is the point of the ground between the wheels.
    """
    if drive not in DRIVES:
        raise BodyError(f"wheeled_robot: no drive '{drive}'; {known(DRIVES)}")
    start = _place("position_m", position_m, arena_m)
    beacons = [_place(f"beacons_m[{i}]", place, arena_m) for i, place in enumerate(beacons_m)]
    pillars = [_place(f"pillars_m[{i}]", place, arena_m) for i, place in enumerate(pillars_m)]
    if not 1.0 <= eye_fovy_deg <= 150.0:
        raise BodyError(f"wheeled_robot: eye_fovy_deg = {eye_fovy_deg:g} is outside 1 to 150")
    text = _MJCF.format(
        arena=arena(arena_m, beacons, pillars),
        robot=robot(start, math.radians(heading_deg), eye_fovy_deg),
        damping=DAMPING_N_M_S_PER_RAD if drive == "torque" else 0.0,
        left=_motor(drive, "left"),
        right=_motor(drive, "right"),
        extent=arena_m,
    )
    return BodyModel("wheeled_robot", text, facts=_facts(drive))


def _motor(drive: str, side: str) -> str:
    joint = f'name="{side}" joint="{side}_wheel" ctrllimited="true"'
    if drive == "torque":
        return f'<motor {joint} ctrlrange="-{MAX_TORQUE_N_M} {MAX_TORQUE_N_M}"/>'
    limits = f'forcelimited="true" forcerange="-{MAX_TORQUE_N_M} {MAX_TORQUE_N_M}"'
    speeds = f'ctrlrange="-{MAX_SPEED_RAD_PER_S} {MAX_SPEED_RAD_PER_S}"'
    return f'<velocity {joint} kv="{SERVO_N_M_S_PER_RAD}" {limits} {speeds}/>'


def _place(name: str, place: Sequence[float], arena_m: float) -> tuple[float, float]:
    """(x, y); inside the arena, a robot's radius from its walls."""
    reach = arena_m / 2 - RADIUS_M
    if len(place) != 2 or not all(math.isfinite(x) and abs(x) <= reach for x in place):
        raise BodyError(
            f"wheeled_robot: {name} = {list(place)} must be [x, y], each between {-reach:g} and {reach:g} m"
        )
    return float(place[0]), float(place[1])


def _facts(drive: str) -> dict[str, object]:
    return {
        "drive": drive,
        "mass_kg": MASS_KG,
        "radius_m": RADIUS_M,
        "wheel_radius_m": WHEEL_RADIUS_M,
        "track_m": TRACK_M,
        "max_speed_rad_per_s": MAX_SPEED_RAD_PER_S,
        "max_torque_n_m": MAX_TORQUE_N_M,
    }


_MJCF = """\
<mujoco model="wheeled_robot">
  <compiler angle="radian"/>
  <option integrator="implicitfast" cone="elliptic" timestep="0.001"/>
  <statistic center="0 0 0" extent="{extent:.10g}"/>
  <visual>
    <global offwidth="1920" offheight="1080"/>
    <headlight ambient="0.25 0.25 0.27" diffuse="0.15 0.15 0.15" specular="0 0 0"/>
    <map znear="0.003" zfar="20"/>
  </visual>
  <default>
    <geom solref="0.004 1"/>
    <default class="wheel"><joint axis="0 1 0" damping="{damping:.10g}"/></default>
  </default>
{arena}
{robot}
  <actuator>
    {left}
    {right}
  </actuator>
  <sensor>
    <gyro name="gyro" site="head"/>
    <accelerometer name="accelerometer" site="head"/>
  </sensor>
</mujoco>
"""
