"""Things to push: box, ball, cylinder. All ours."""

from __future__ import annotations

from typing import Literal

from ..scene import Part, check_positive, numbers
from .contact import OBJECT, touch

Moves = Literal["free", "upright", "fixed"]
_JOINTS = {
    "free": '<freejoint name="free"/>',
    "upright": (
        '<joint name="x" type="slide" axis="1 0 0" limited="false"/>'
        '<joint name="y" type="slide" axis="0 1 0" limited="false"/>'
        '<joint name="z" type="slide" axis="0 0 1" limited="false"/>'
        '<joint name="turn" type="hinge" axis="0 0 1" limited="false"/>'
    ),
    "fixed": "",
}


def box(
    *,
    size_m: tuple[float, float, float] = (0.006, 0.006, 0.006),
    mass_kg: float = 2e-4,
    friction: float = 0.5,
    moves: Moves = "free",
) -> Part:
    """A box to push.

    Its place is the middle of its lower face. size_m: its edges along x, y, z; friction: Coulomb's, against whatever it
    touches. moves: ``free`` in space; ``upright``, so that it slides and turns but does not tip, with joints x, y, z
    (m) and turn (rad); or ``fixed``. Raises BodyError.
    """
    x, y, z = size_m
    check_positive("box", length=x, width=y, height=z)
    inertia = [mass_kg / 12 * (a * a + b * b) for a, b in ((y, z), (x, z), (x, y))]
    shape = f'type="box" size="{numbers(x / 2, y / 2, z / 2)}"'
    return _thing("box", shape, z / 2, inertia, mass_kg, friction, moves)


def ball(
    *,
    radius_m: float = 0.003,
    mass_kg: float = 1e-4,
    friction: float = 0.5,
    moves: Moves = "free",
) -> Part:
    """A solid ball to push.

    Its place is its lowest point; the parameters are those of ``box``. It rolls without resistance. Raises BodyError.
    """
    check_positive("ball", radius_m=radius_m)
    shape = f'type="sphere" size="{numbers(radius_m)}"'
    return _thing("ball", shape, radius_m, [0.4 * mass_kg * radius_m**2] * 3, mass_kg, friction, moves)


def cylinder(
    *,
    radius_m: float = 0.003,
    height_m: float = 0.008,
    mass_kg: float = 2e-4,
    friction: float = 0.5,
    moves: Moves = "free",
) -> Part:
    """A solid cylinder to push.

    It stands on the middle of its lower face; the parameters are those of ``box``. Raises BodyError.
    """
    check_positive("cylinder", radius_m=radius_m, height_m=height_m)
    across = mass_kg * (radius_m**2 / 4 + height_m**2 / 12)
    inertia = [across, across, mass_kg * radius_m**2 / 2]
    shape = f'type="cylinder" size="{numbers(radius_m, height_m / 2)}"'
    return _thing("cylinder", shape, height_m / 2, inertia, mass_kg, friction, moves)


def _thing(
    part: str, shape: str, middle: float, inertia: list[float], mass_kg: float, friction: float, moves: Moves
) -> Part:
    check_positive(part, mass_kg=mass_kg, friction=friction)
    return Part(f"""
<mujoco>
  <asset><material name="paint" rgba="0.30 0.50 0.64 1" specular="0.25" shininess="0.4"/></asset>
  <worldbody>
    <body name="" pos="{numbers(0, 0, middle)}">
      {_JOINTS[moves]}
      <inertial pos="0 0 0" mass="{numbers(mass_kg)}" diaginertia="{numbers(*inertia)}"/>
      <geom name="" {shape} mass="{numbers(mass_kg)}" material="paint" {touch(friction, OBJECT)}/>
      <site name="centre" pos="0 0 0" size="{numbers(0.1 * middle)}" rgba="0 0 0 0"/>
    </body>
  </worldbody>
</mujoco>""")
