"""The wheeled robot and its arena as MJCF. Lengths in m, masses in kg; sources: ``wheeled_robot``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

Place = tuple[float, float]

WHEEL_RADIUS_M = 0.021
TRACK_M = 0.1054
"""Distance of the wheels. Turning in place: the base turns by 2 R w / track when the wheels turn by w and -w."""
SHELL_R, BUMPER_R = 0.066, 0.0682
"""The shell, and the middle of the bumper's 4.4 mm around it: the bumper's rim is the published radius."""
BUMPER_DEG = (4.0, 24.0, 44.0, 64.0, 84.0)
"""Edges of the flat pieces of each half of the bumper, from straight ahead."""
WALL_H, BEACON_H, BEACON_R = 0.12, 0.30, 0.05


def arena(side: float, beacons: Sequence[Place], pillars: Sequence[Place]) -> str:
    """Floor, four walls, lights and columns: the world without the robot."""
    return "\n".join([_ASSETS.format(repeat=side * 5), *_world(side, beacons, pillars)])


def robot(start: Place, heading: float, eye_fovy_deg: float) -> str:
    """The robot's body; heading in rad."""
    return _ROBOT.format(
        x=start[0],
        y=start[1],
        z=WHEEL_RADIUS_M,
        w=math.cos(heading / 2),
        s=math.sin(heading / 2),
        fovy=eye_fovy_deg,
        left_wheel=_wheel("left", TRACK_M / 2),
        right_wheel=_wheel("right", -TRACK_M / 2),
        bumper_left=_bumper("left", 1.0),
        bumper_right=_bumper("right", -1.0),
        ground=-WHEEL_RADIUS_M,
        caster_rear=0.004 - WHEEL_RADIUS_M,
        caster_front=0.005 - WHEEL_RADIUS_M,
        shell=SHELL_R,
    )


def _world(side: float, beacons: Sequence[Place], pillars: Sequence[Place]) -> Iterator[str]:
    half = side / 2
    yield _FLOOR.format(half=half, height=1.6 * side, back=-1.02 * side - 0.02)
    for name, x, y, long, wide in (
        ("wall_front", half, 0.0, 0.01, half),
        ("wall_back", -half, 0.0, 0.01, half),
        ("wall_left", 0.0, half, half, 0.01),
        ("wall_right", 0.0, -half, half, 0.01),
    ):
        size, pos = f"{long:.10g} {wide:.10g} {WALL_H / 2}", f"{x:.10g} {y:.10g} {WALL_H / 2}"
        yield f'    <geom name="{name}" type="box" size="{size}" pos="{pos}" material="wall"/>'
    for kind, places in (("beacon", beacons), ("pillar", pillars)):
        for i, (x, y) in enumerate(places, start=1):
            yield _COLUMN.format(name=f"{kind}_{i}", kind=kind, x=x, y=y, r=BEACON_R, half=BEACON_H / 2)
    yield "  </worldbody>"


def _wheel(side: str, y: float) -> str:
    return _WHEEL.format(side=side, y=y, r=WHEEL_RADIUS_M)


def _bumper(side: str, sign: float) -> str:
    """Half a bumper: flat pieces along a quarter of a circle."""
    pieces = []
    for begin, end in pairwise(BUMPER_DEG):
        angle, width = math.radians((begin + end) / 2), math.radians(end - begin)
        half = BUMPER_R * math.tan(width / 2)
        x, y = BUMPER_R * math.cos(angle), sign * BUMPER_R * math.sin(angle)
        pieces.append(
            f'<geom class="bumper" size="0.0022 {half:.5g} 0.009" pos="{x:.5g} {y:.5g} 0" '
            f'euler="0 0 {sign * angle:.5g}"/>'
        )
    inside = "\n        ".join(pieces)
    return f'<body name="bumper_{side}">\n        {inside}\n      </body>'


_ASSETS = """\
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="0.21 0.23 0.28" rgb2="0.16 0.18 0.22"
             width="64" height="384"/>
    <texture name="tiles" type="2d" builtin="checker" rgb1="0.42 0.45 0.50" rgb2="0.37 0.40 0.45"
             mark="edge" markrgb="0.47 0.50 0.55" width="256" height="256"/>
    <material name="floor" texture="tiles" texrepeat="{repeat:.10g} {repeat:.10g}" reflectance="0.05"/>
    <material name="wall" rgba="0.30 0.35 0.46 1"/>
    <material name="beacon" rgba="1.0 0.86 0.45 1" emission="1"/>
    <material name="pillar" rgba="0.10 0.10 0.12 1"/>
    <material name="shell" rgba="0.80 0.82 0.85 1" specular="0.4" shininess="0.6"/>
    <material name="rubber" rgba="0.08 0.08 0.09 1"/>
    <material name="bumper" rgba="0.85 0.30 0.20 1"/>
    <material name="hub" rgba="0.75 0.76 0.80 1"/>
  </asset>
  <default>
    <default class="bumper">
      <geom type="box" material="bumper" mass="0.002" priority="1" friction="0.2 0.005 0.0001"/>
    </default>
    <default class="drawn"><geom contype="0" conaffinity="0" mass="0"/></default>
  </default>"""

_FLOOR = """\
  <worldbody>
    <light pos="0 0 3" dir="0 0 -1" diffuse="0.5 0.5 0.52" specular="0.1 0.1 0.1"/>
    <camera name="arena" pos="0 {back:.10g} {height:.10g}" xyaxes="1 0 0 0 0.843 0.538" fovy="36"/>
    <geom name="floor" type="plane" size="{half:.10g} {half:.10g} 0.1" material="floor" friction="1 0.005 0.0001"/>"""

_COLUMN = """\
    <body name="{name}" pos="{x:.10g} {y:.10g} 0">
      <geom type="cylinder" size="{r} {half}" pos="0 0 {half}" material="{kind}" mass="0"/>
      <site name="{name}" size="0.01" group="3"/>
    </body>"""

_WHEEL = """\
<body name="{side}_wheel" pos="0 {y:.10g} 0">
        <joint name="{side}_wheel" class="wheel"/>
        <geom type="ellipsoid" size="{r} 0.004 {r}" material="rubber" mass="0.02" friction="1 0.005 0.0001"/>
      </body>"""

_ROBOT = """\
  <worldbody>
    <body name="robot" pos="{x:.10g} {y:.10g} {z:.10g}" quat="{w:.10g} 0 0 {s:.10g}">
      <freejoint name="robot"/>
      <geom name="shell" type="cylinder" size="{shell} 0.0265" pos="0 0 0.0102" mass="0.374" material="shell"
            priority="1" friction="0.2 0.005 0.0001"/>
      <geom name="battery" type="box" size="0.02 0.035 0.008" pos="-0.04 0 -0.004" mass="0.11" material="rubber"
            contype="0" conaffinity="0"/>
      <geom name="caster_rear" type="sphere" size="0.004" pos="-0.056 0 {caster_rear:.10g}" mass="0" priority="2"
            condim="1" material="hub"/>
      <geom name="caster_front" type="sphere" size="0.004" pos="0.056 0 {caster_front:.10g}" mass="0" priority="2"
            condim="1" material="hub"/>
      <geom class="drawn" type="cylinder" size="0.012 0.004" pos="0.045 0 0.0407" material="rubber"/>
      <geom class="drawn" type="capsule" size="0.004" fromto="-0.045 0 0.037 0.02 0 0.037" material="bumper"/>
      <camera name="eye" pos="0.060 0 0.0407" xyaxes="0 -1 0 0 0 1" fovy="{fovy:.10g}"/>
      <site name="base" pos="0 0 {ground:.10g}" size="0.005" group="3"/>
      <site name="head" pos="0.045 0 0.0407" size="0.005" group="3"/>
      {left_wheel}
      {right_wheel}
      {bumper_left}
      {bumper_right}
    </body>
  </worldbody>"""
