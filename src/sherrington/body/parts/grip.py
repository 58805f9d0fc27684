"""A grip: what a closed paw does, without the digits that would do it. Ours."""

from __future__ import annotations

from ..scene import Part

STIFF = 'solref="0.002 1" solimp="0.95 0.99 0.0001 0.5 2"'
"""It gives way over 0.1 mm and 2 ms, or two time steps where those are longer."""


def grip(*, point: str, holds: str) -> Part:
    """Holds two sites together, such as a paw and the tip of a joystick; free to turn about each other.

    point: a site of the body; holds: a site of a part, such as stick_tip. The bodies that carry them do not collide. It
    pulls them together within about 10 ms; place the part so that they meet at the start.
    """
    return Part(f"""
<mujoco>
  <equality><connect name="" site1="{point}" site2="{holds}" {STIFF}/></equality>
  <contact><exclude name="" site1="{point}" site2="{holds}"/></contact>
</mujoco>""")
