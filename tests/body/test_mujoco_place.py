"""Drawing from poses: everything that is drawn lies where MuJoCo itself puts it, for every kind of joint."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from sherrington.body.engine import Pose
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.body.models.wheeled_robot import wheeled_robot
from sherrington.body.mujoco_model import compile_model
from sherrington.body.mujoco_place import Placer, matrices

CHAIN = """
<mujoco>
  <worldbody>
    <light pos="0 0 2" dir="0 0 -1"/>
    <site name="far" pos="0.3 0 1"/>
    <body name="torso" pos="0.1 0.2 0.5">
      <freejoint/>
      <geom type="box" size="0.1 0.05 0.02" pos="0.01 0.02 0.03" euler="10 20 30" mass="1"/>
      <light pos="0 0 0.1" dir="0 0 1"/>
      <camera name="eye" pos="0.1 0 0" mode="track"/>
      <body name="arm" pos="0.1 0 0">
        <joint type="ball"/>
        <geom type="capsule" size="0.01" fromto="0 0 0 0.2 0 0" mass="0.2"/>
        <site name="hand" pos="0.2 0 0"/>
        <camera name="watcher" pos="0 0 1" mode="targetbodycom" target="torso"/>
      </body>
    </body>
    <body name="target" mocap="true" pos="1 0 0"><geom type="sphere" size="0.05"/></body>
  </worldbody>
  <tendon><spatial name="band"><site site="far"/><site site="hand"/></spatial></tendon>
</mujoco>
"""
MODELS: dict[str, Callable[[], BodyModel]] = {
    "free, ball and mocap": lambda: BodyModel("chain", CHAIN),
    "wheeled_robot": wheeled_robot,
    "one_joint": one_joint,
    "mouse_forelimb": mouse_forelimb,
}
DRAWN = (
    "geom_xpos", "geom_xmat", "site_xpos", "site_xmat", "cam_xpos", "cam_xmat", "light_xpos", "light_xdir",
    "xipos", "subtree_com", "ten_length", "ten_wrapnum", "wrap_xpos",
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_everything_drawn_is_where_mujoco_puts_it(model: Callable[[], BodyModel]) -> None:
    """Random positions of all joints; the pose alone must give the same places."""
    described = model()
    compiled = compile_model(described)
    data = mujoco.MjData(compiled)
    placer = Placer(compiled, described)
    rng = np.random.default_rng(1)
    for _ in range(3):
        data.qpos[:] = compiled.qpos0
        mujoco.mj_integratePos(compiled, data.qpos, rng.normal(0.0, 0.5, compiled.nv), 1.0)
        data.mocap_pos[:] = rng.normal(size=data.mocap_pos.shape)
        mujoco.mj_forward(compiled, data)
        placer.place(Pose(described.bodies, data.xpos[1:].copy(), data.xquat[1:].copy()))
        for name in DRAWN:
            np.testing.assert_allclose(
                getattr(placer.data, name), getattr(data, name), atol=1e-9, err_msg=name
            )


def test_the_free_bodies_are_those_with_a_free_joint() -> None:
    robot, chain = wheeled_robot(), BodyModel("chain", CHAIN)
    assert [robot.bodies[i] for i in Placer(compile_model(robot), robot).free_bodies] == ["robot"]
    assert [chain.bodies[i] for i in Placer(compile_model(chain), chain).free_bodies] == ["torso"]
    assert Placer(compile_model(one_joint()), one_joint()).free_bodies == ()


def test_matrices_are_those_of_mujoco() -> None:
    quaternions = np.random.default_rng(2).normal(size=(20, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    for quaternion, matrix in zip(quaternions, matrices(quaternions), strict=True):
        expected = np.zeros(9)
        mujoco.mju_quat2Mat(expected, quaternion)
        np.testing.assert_allclose(matrix.ravel(), expected, atol=1e-12)
