"""A camera, or an eye."""

from __future__ import annotations

from ...errors import BodyError
from ..scene import Part, numbers


def camera(*, fovy_deg: float = 60.0, back_m: float = 0.0) -> Part:
    """A camera that looks along its x axis, with z up; fixed, or attached to a body as an eye.

    fovy_deg: vertical field of view. back_m: it stands so far back from its place, which it then looks at. In the scene
    it has the name of the part; one called ``picture`` takes the pictures of reports and videos. Raises BodyError.
    """
    if not 0 < fovy_deg < 180:
        raise BodyError(f"camera: fovy_deg = {fovy_deg:g} must lie between 0 and 180")
    place = f'pos="{numbers(-back_m, 0, 0)}" xyaxes="0 -1 0 0 0 1"'
    return Part(
        f'<mujoco><worldbody><camera name="" {place} fovy="{numbers(fovy_deg)}"/></worldbody></mujoco>'
    )
