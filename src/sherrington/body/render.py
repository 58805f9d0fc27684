"""Pictures of a body without a screen: bones and tendons, each muscle coloured by its activation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError, PortError, known
from ..ports import Signal
from .engine import Pose
from .model import BodyModel
from .mujoco_camera import open_renderer
from .mujoco_model import compile_model
from .mujoco_place import Placer

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
"""Activation 0 to 1 in equal steps, sRGB. Lightness falls all the way in near-equal steps, so the order can be seen
in grey and with any colour vision. Ours."""

TRAIL_RGBA = np.array([0.25, 0.85, 0.80, 1.0], np.float32)
TRAIL_SHARE = 0.003
"""Thickness of a trail as a share of the scene's extent. Ours."""


class Renderer:
    """Draws a body of ``model`` from where its bodies were; it keeps a MuJoCo of its own, so that drawing never
    touches a simulation.

    camera: a camera of the model by name; without one the one called ``picture``, else the first that stands in the
    world, else the first, and a free view of the whole where it has none.
    Raises BodyError for a camera that does not exist, NotNowError when no OpenGL can be had.
    """

    def __init__(
        self, model: BodyModel, width: int = 1280, height: int = 720, camera: str | None = None
    ) -> None:
        self._model = compile_model(model)
        self._placer = Placer(self._model, model)
        self._camera = self._find_camera(model.name, camera)
        self._model.vis.global_.offwidth = max(width, self._model.vis.global_.offwidth)
        self._model.vis.global_.offheight = max(height, self._model.vis.global_.offheight)
        self._muscles = np.flatnonzero(self._model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE)
        self._options = _options()
        self._renderer = open_renderer(model.name, self._model, width, height)

    @property
    def extent_m(self) -> float:
        """Size of the scene."""
        return float(self._model.stat.extent)

    @property
    def free_bodies(self) -> tuple[int, ...]:
        """The bodies that nothing holds, as positions in ``Pose.bodies``."""
        return self._placer.free_bodies

    def _find_camera(self, body: str, camera: str | None) -> int:
        names = [self._model.camera(i).name for i in range(self._model.ncam)]
        if camera is None:
            return _default_camera(self._model, names)
        if camera not in names:
            raise BodyError(f"body '{body}' has no camera '{camera}'; {known(names)}")
        return names.index(camera)

    def frame(
        self, pose: Pose, muscle_activation: Signal | None = None, trails: Sequence[Signal] = ()
    ) -> Image:
        """One picture, shape (height, width, 3), 0 to 255.

        pose: as the body engine gives it; muscle_activation: 0 to 1, at rest without, or with an empty array.
        trails: lines to draw, each shape (n_points, 3), m, world frame. Raises PortError when the pose or the
        number of activations is not that of the model.
        """
        self._placer.place(pose)
        levels = np.asarray([] if muscle_activation is None else muscle_activation, float)
        if levels.size == 0:
            levels = np.zeros(len(self._muscles))
        if levels.shape != (len(self._muscles),):
            raise PortError(f"expected {len(self._muscles)} activations, got shape {levels.shape}")
        self._paint(levels)
        self._renderer.update_scene(self._placer.data, self._camera, self._options)
        for trail in trails:
            self._draw_line(np.asarray(trail, float))
        return np.array(self._renderer.render())

    def _paint(self, levels: Signal) -> None:
        for muscle, colour in zip(self._muscles, ramp(levels), strict=True):
            if self._model.actuator_trntype[muscle] == mujoco.mjtTrn.mjTRN_TENDON:
                self._model.tendon_rgba[self._model.actuator_trnid[muscle, 0]] = [*colour, 1.0]

    def _draw_line(self, points: Signal) -> None:
        """Add a line to the scene, as far as the scene has room."""
        scene, capsule = self._renderer.scene, mujoco.mjtGeom.mjGEOM_CAPSULE
        for start, end in pairwise(points):
            if scene.ngeom >= scene.maxgeom:
                return
            geom = scene.geoms[scene.ngeom]
            mujoco.mjv_initGeom(geom, capsule, np.zeros(3), np.zeros(3), np.eye(3).ravel(), TRAIL_RGBA)
            mujoco.mjv_connector(geom, capsule, TRAIL_SHARE * self.extent_m, start, end)
            geom.emission = 0.6
            scene.ngeom += 1

    def close(self) -> None:
        """Give back the OpenGL context; safe to call twice."""
        self._renderer.close()


def _default_camera(model: Any, names: list[str]) -> int:
    """The one called ``picture``, else the first that stands in the world, else the first; -1 for a free view."""
    fixed = [i for i in range(len(names)) if model.cam_bodyid[i] == 0]
    return names.index("picture") if "picture" in names else min(fixed or range(len(names)), default=-1)


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
