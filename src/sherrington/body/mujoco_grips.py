"""Whether what a model holds together is together at the start; a jerk would be the first thing to happen otherwise."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from ..errors import BodyError

FAR_SHARE = 0.05
"""Points further apart than this share of the scene's extent are not together. Ours."""


def check_grips(m: Any, d: Any, body: str) -> None:
    """Raises BodyError for two sites that an equality joins and that lie far apart in ``d``, kinematics done."""
    joins = np.isin(m.eq_type, (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD))
    of_sites = joins & (m.eq_objtype == mujoco.mjtObj.mjOBJ_SITE) & m.eq_active0.astype(bool)
    for index in np.flatnonzero(of_sites):
        sites = m.eq_obj1id[index], m.eq_obj2id[index]
        places = [d.site_xpos[site] for site in sites]
        apart = float(np.linalg.norm(places[1] - places[0]))
        if apart > FAR_SHARE * m.stat.extent:
            grip = m.equality(index).name or f"number {index}"
            ends = (f"'{m.site(s).name}' at {_place(p)}" for s, p in zip(sites, places, strict=True))
            raise BodyError(
                f"body '{body}': '{grip}' holds two sites together that are {1000 * apart:.3g} mm apart at the start: "
                f"{' and '.join(ends)} m; move one of them there, or change body.initial_rad"
            )


def _place(point: Any) -> str:
    return f"[{', '.join(f'{x:.4f}' for x in point)}]"
