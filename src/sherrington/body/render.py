"""Pictures of a body without a screen: bones and tendons, each muscle coloured by its activation."""

from __future__ import annotations

import os
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError, NotNowError, PortError, known
from ..ports import Signal
from .model import BodyModel
from .mujoco_model import compile_model

Image = NDArray[np.uint8]

RAMP = np.array(
    [
        [0.86, 0.74, 0.72],
        [0.90, 0.60, 0.52],
        [0.87, 0.44, 0.34],
        [0.77, 0.25, 0.21],
        [0.60, 0.11, 0.17],
        [0.42, 0.03, 0.13],
    ]
)
"""Activation 0 to 1 in equal steps, sRGB. Lightness falls all the way in near-equal steps, so the order can be seen in
grey and with any colour vision. Ours."""


class Renderer:
    """Draws a body of ``model`` at given joint angles and activations; it keeps a MuJoCo of its own, so that
    drawing never touches a simulation.

    camera: a camera of the model by name; without one its first, and a free view of the whole where it has none.
    Raises BodyError for a camera that does not exist, NotNowError when no OpenGL can be had.
    """

    def __init__(
        self, model: BodyModel, width: int = 1280, height: int = 720, camera: str | None = None
    ) -> None:
        self._model = compile_model(model)
        self._data = mujoco.MjData(self._model)
        self._camera = self._find_camera(model.name, camera)
        self._model.vis.global_.offwidth = max(width, self._model.vis.global_.offwidth)
        self._model.vis.global_.offheight = max(height, self._model.vis.global_.offheight)
        self._muscles = np.flatnonzero(self._model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE)
        sliding = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
        self._joints = np.flatnonzero(np.isin(self._model.jnt_type, sliding))
        self._options = _options()
        try:
            self._renderer = mujoco.Renderer(self._model, height, width)
        except (RuntimeError, ImportError, AttributeError, mujoco.FatalError) as error:
            raise NotNowError(
                f"no picture of body '{model.name}': OpenGL '{os.environ.get('MUJOCO_GL')}' cannot be used here "
                f"({error}); install EGL (libegl1) or OSMesa (libosmesa6) and set MUJOCO_GL to egl or osmesa"
            ) from error

    def _find_camera(self, body: str, camera: str | None) -> int:
        names = [self._model.camera(i).name for i in range(self._model.ncam)]
        if camera is None:
            return 0 if names else -1
        if camera not in names:
            raise BodyError(f"body '{body}' has no camera '{camera}'; {known(names)}")
        return names.index(camera)

    def frame(self, joint_angle: Signal, muscle_activation: Signal | None = None) -> Image:
        """One picture, shape (height, width, 3), 0 to 255.

        joint_angle: rad, as ``MujocoBody`` reads it; muscle_activation: 0 to 1, at rest without, or with
        an empty array. Raises PortError when their numbers are not those of the model.
        """
        self._pose(joint_angle)
        levels = np.asarray([] if muscle_activation is None else muscle_activation, float)
        if levels.size == 0:
            levels = np.zeros(len(self._muscles))
        if levels.shape != (len(self._muscles),):
            raise PortError(f"expected {len(self._muscles)} activations, got shape {levels.shape}")
        self._paint(levels)
        self._renderer.update_scene(self._data, self._camera, self._options)
        return np.array(self._renderer.render())

    def _pose(self, joint_angle: Signal) -> None:
        angles = np.asarray(joint_angle, float)
        if angles.shape != (len(self._joints),):
            raise PortError(f"expected {len(self._joints)} joint angles, got shape {angles.shape}")
        self._data.qpos[self._model.jnt_qposadr[self._joints]] = angles
        mujoco.mj_forward(self._model, self._data)

    def _paint(self, levels: Signal) -> None:
        for muscle, colour in zip(self._muscles, ramp(levels), strict=True):
            if self._model.actuator_trntype[muscle] == mujoco.mjtTrn.mjTRN_TENDON:
                self._model.tendon_rgba[self._model.actuator_trnid[muscle, 0]] = [*colour, 1.0]

    def close(self) -> None:
        """Give back the OpenGL context; safe to call twice."""
        self._renderer.close()


def ramp(levels: Signal) -> Signal:
    """Colours of activations 0 to 1: shape (n, 3), sRGB 0 to 1; values outside take the ends."""
    places = np.linspace(0.0, 1.0, len(RAMP))
    return np.stack([np.interp(levels, places, channel) for channel in RAMP.T], axis=1)


def _options() -> Any:
    """MuJoCo would colour tendons by itself; the wrapping and path sites are not for the eye."""
    options = mujoco.MjvOption()
    options.flags[mujoco.mjtVisFlag.mjVIS_ACTUATOR] = False
    options.flags[mujoco.mjtVisFlag.mjVIS_TENDON] = True
    options.sitegroup[:] = 0
    return options
