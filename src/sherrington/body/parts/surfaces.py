"""What stands still to stand on: ground, table, treadmill. All ours."""

from __future__ import annotations

from ..scene import Part, check_positive, numbers
from .contact import SURFACE, touch


def ground(*, friction: float = 1.0, square_m: float = 0.01) -> Part:
    """An endless plane with a faint pattern of squares.

    It lies at the height of its place, facing its z axis. square_m: edge of a square. Raises BodyError.
    """
    check_positive("ground", friction=friction, square_m=square_m)
    return Part(f"""
<mujoco>
  <asset>
    <texture name="squares" type="2d" builtin="checker" rgb1="0.95 0.95 0.96" rgb2="0.91 0.92 0.93" width="256"
             height="256"/>
    <material name="squares" texture="squares" texuniform="true" specular="0" shininess="0"
              texrepeat="{numbers(0.5 / square_m, 0.5 / square_m)}"/>
  </asset>
  <worldbody>
    <geom name="surface" type="plane" size="0 0 0.01" material="squares" {touch(friction, SURFACE)}/>
  </worldbody>
</mujoco>""")


def table(
    *,
    size_m: tuple[float, float] = (0.04, 0.03),
    thickness_m: float = 0.002,
    legs_m: float = 0.0,
    friction: float = 1.0,
) -> Part:
    """A plate to put things on, with four legs if wanted.

    Its place is the middle of the upper face. size_m: along x and y; legs_m: length of the legs below the plate, 0 for
    none. Raises BodyError.
    """
    check_positive("table", length=size_m[0], width=size_m[1], thickness_m=thickness_m, friction=friction)
    x, y, half = size_m[0] / 2, size_m[1] / 2, thickness_m / 2
    leg = 0.04 * min(size_m)
    corners = (
        [(sx * (x - 2 * leg), sy * (y - 2 * leg)) for sx in (-1, 1) for sy in (-1, 1)] if legs_m > 0 else []
    )
    legs = "\n".join(
        f'<geom type="cylinder" size="{numbers(leg, legs_m / 2)}" pos="{numbers(cx, cy, -thickness_m - legs_m / 2)}" '
        f'material="wood" {touch(friction, SURFACE)}/>'
        for cx, cy in corners
    )
    return Part(f"""
<mujoco>
  <asset><material name="wood" rgba="0.80 0.70 0.57 1" specular="0.1" shininess="0.1"/></asset>
  <worldbody>
    <geom name="top" type="box" size="{numbers(x, y, half)}" pos="{numbers(0, 0, -half)}" material="wood"
          {touch(friction, SURFACE)}/>
    {legs}
  </worldbody>
</mujoco>""")


def treadmill(
    *,
    speed_m_per_s: float = 0.1,
    length_m: float = 0.1,
    width_m: float = 0.04,
    thickness_m: float = 0.004,
    friction: float = 1.0,
) -> Part:
    """A belt that runs towards its -x at constant speed, so that what faces +x has to walk.

    Its place is the middle of the upper face; length_m: between the axles of its two rollers. The belt's surface has
    the velocity and its shape stands still (``surfacevel`` of MuJoCo 4), so it runs for any time. A negative speed runs
    forward. Raises BodyError.
    """
    check_positive(
        "treadmill", length_m=length_m, width_m=width_m, thickness_m=thickness_m, friction=friction
    )
    half, wide, radius = length_m / 2, width_m / 2, thickness_m / 2
    belt = f'material="belt" {touch(friction, SURFACE)}'
    rail = f'type="box" size="{numbers(half + radius, 0.08 * wide, 0.6 * radius)}" material="rail"'
    roller = f'type="cylinder" size="{numbers(radius, wide)}" zaxis="0 1 0"'
    turning = f'surfacevel="{numbers(0, 0, 0, 0, 0, -speed_m_per_s / radius)}"'
    return Part(f"""
<mujoco>
  <asset>
    <material name="belt" rgba="0.36 0.38 0.42 1" specular="0.05" shininess="0.05"/>
    <material name="rail" rgba="0.82 0.84 0.86 1" specular="0.3" shininess="0.4"/>
  </asset>
  <worldbody>
    <geom name="belt" type="box" size="{numbers(half, wide, radius)}" pos="{numbers(0, 0, -radius)}"
          surfacevel="{numbers(-speed_m_per_s, 0, 0)}" {belt}/>
    <geom name="front" {roller} pos="{numbers(half, 0, -radius)}" {turning} {belt}/>
    <geom name="back" {roller} pos="{numbers(-half, 0, -radius)}" {turning} {belt}/>
    <geom name="left" {rail} pos="{numbers(0, 1.08 * wide, -radius)}" {touch(friction, SURFACE)}/>
    <geom name="right" {rail} pos="{numbers(0, -1.08 * wide, -radius)}" {touch(friction, SURFACE)}/>
  </worldbody>
</mujoco>""")
