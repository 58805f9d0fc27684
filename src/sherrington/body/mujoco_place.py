"""Puts a MuJoCo model where its bodies were, whatever joints it has: for drawing, not for physics."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import PortError
from ..ports import Signal
from .engine import Pose
from .model import BodyModel
from .mujoco_model import labels


class Placer:
    """Everything that is drawn follows from where the bodies are: joint angles, which a free or ball joint has none
    of and a loop of joints has too many of, are not needed. ``data`` then has the places of bodies, geoms, sites,
    tendons, cameras and lights, and no other quantity of that moment.
    """

    def __init__(self, compiled: Any, model: BodyModel) -> None:
        self._model = compiled
        self.data = mujoco.MjData(compiled)
        mujoco.mj_forward(compiled, self.data)
        self._name = model.name
        everyone = np.arange(1, compiled.nbody)
        self._bodies = labels(compiled, mujoco.mjtObj.mjOBJ_BODY, everyone, model.bodies, "body")
        m, d = compiled, self.data
        self._fixed = [
            (m.geom_bodyid, m.geom_pos, matrices(m.geom_quat), d.geom_xpos, d.geom_xmat),
            (m.site_bodyid, m.site_pos, matrices(m.site_quat), d.site_xpos, d.site_xmat),
            (np.arange(m.nbody), m.body_ipos, matrices(m.body_iquat), d.xipos, d.ximat),
        ]
        """What is fixed to a body: (its body, place and turn in the body, place and turn in the world)."""

    @property
    def free_bodies(self) -> tuple[int, ...]:
        """The bodies with a free joint, as positions in ``Pose.bodies``."""
        free = self._model.jnt_type == mujoco.mjtJoint.mjJNT_FREE
        return tuple(int(body) - 1 for body in self._model.jnt_bodyid[free])

    def place(self, pose: Pose) -> None:
        """Raises PortError when the bodies of ``pose`` are not those of the model."""
        if tuple(pose.bodies) != self._bodies:
            raise PortError(
                f"a pose of {len(pose.bodies)} bodies ({', '.join(pose.bodies)}) is none of body '{self._name}', "
                f"which has {len(self._bodies)}: {', '.join(self._bodies)}"
            )
        m, d = self._model, self.data
        quaternions = np.asarray(pose.quaternions, float)
        d.xpos[1:] = pose.positions
        d.xquat[1:] = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
        turns = matrices(d.xquat)
        d.xmat[:] = turns.reshape(-1, 9)
        for body, place, turn, world_place, world_turn in self._fixed:
            world_place[:] = d.xpos[body] + np.einsum("nij,nj->ni", turns[body], place)
            world_turn[:] = (turns[body] @ turn).reshape(-1, 9)
        for derive in (mujoco.mj_comPos, mujoco.mj_camlight, mujoco.mj_flex, mujoco.mj_tendon):
            derive(m, d)


def matrices(quaternions: NDArray[np.float64]) -> Signal:
    """Rotation matrices, shape (n, 3, 3), of unit quaternions, shape (n, 4), w first."""
    w, x, y, z = np.asarray(quaternions, float).reshape(-1, 4).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)
