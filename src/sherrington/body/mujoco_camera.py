"""Cameras of a body in MuJoCo: each an image off screen, drawn when it is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ..errors import BodyError, NotNowError, known
from ..ports import Kind, Port, Signal
from .engine import CAMERA_UNIT

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Weights of red, green and blue: ITU-R BT.709-6 (2015), item 3.2. Applied to the colours as they are drawn."""
PREFIX = "camera."


class Cameras:
    """Draws what cameras of a simulation see.

    Shapes are drawn in their colours, without shadows and mirrors, which take software longer than all else; sites,
    tendons and other marks that only people look at are not. Drawing reads the simulation and leaves it as it is. It
    has to be done on the thread that made this object, as OpenGL wants it.

    names: of the model's cameras, in its order. wanted: name to (width, height) in pixels. Raises BodyError for a
    camera or a size that cannot be, NotNowError where there is no OpenGL.
    """

    def __init__(
        self, body: str, model: Any, data: Any, names: tuple[str, ...], wanted: Mapping[str, tuple[int, int]]
    ) -> None:
        for name, size in wanted.items():
            if name not in names:
                raise BodyError(f"body '{body}' has no camera '{name}'; {known(names)}")
            if min(size) < 1:
                raise BodyError(
                    f"camera '{name}' of body '{body}' has {size[0]} x {size[1]} pixels; give 1 or more"
                )
        self.ports = {f"{PREFIX}{name}": _port(name, *size) for name, size in wanted.items()}
        self._data, self._options = data, _options()
        self._numbers = {f"{PREFIX}{name}": names.index(name) for name in wanted}
        self._images: dict[str, Signal] = {}
        self._renderers: dict[tuple[int, int], Any] = {}
        if wanted:
            _fit(model, wanted)
        for size in set(wanted.values()):
            self._renderers[size] = open_renderer(body, model, *size)
            self._renderers[size].scene.flags[_SLOW] = False

    def image(self, port: str) -> Signal:
        """What a camera sees now: luminance 0 to 1, shape (height, width), top row first. Poses must be up to date."""
        if port not in self._images:
            self._images[port] = self._draw(port)
        return self._images[port].copy()

    def forget(self) -> None:
        """The body has moved: images are to be drawn anew."""
        if self._images:
            self._images.clear()

    def close(self) -> None:
        """Give back OpenGL; safe to call twice."""
        while self._renderers:
            self._renderers.popitem()[1].close()

    def _draw(self, port: str) -> Signal:
        height, width = self.ports[port].shape
        renderer = self._renderers[width, height]
        renderer.update_scene(self._data, self._numbers[port], self._options)
        luminance: Signal = renderer.render() @ (LUMINANCE / 255.0)
        return np.minimum(luminance, 1.0, out=luminance)


def open_renderer(body: str, model: Any, width: int, height: int) -> Any:
    """A ``mujoco.Renderer``. Raises NotNowError where no OpenGL can be had."""
    try:
        return mujoco.Renderer(model, height, width)
    except (RuntimeError, ImportError, AttributeError, mujoco.FatalError) as error:
        raise NotNowError(
            f"no picture of body '{body}': OpenGL '{os.environ.get('MUJOCO_GL')}' cannot be used here "
            f"({error}); install EGL (libegl1) or OSMesa (libosmesa6) and set MUJOCO_GL to egl or osmesa"
        ) from error


_SLOW = [int(mujoco.mjtRndFlag.mjRND_SHADOW), int(mujoco.mjtRndFlag.mjRND_REFLECTION)]


def _port(name: str, width: int, height: int) -> Port:
    rows = tuple(f"row{i}" for i in range(height))
    return Port(f"{PREFIX}{name}", Kind.SIGNAL, (height, width), CAMERA_UNIT, rows, 0.0, 1.0)


def _fit(model: Any, wanted: Mapping[str, tuple[int, int]]) -> None:
    """For images of few pixels drawn in software: the whole off-screen buffer is cleared for each image, shadows have a
    map of their own, and every ball and capsule is made of numslices times numstacks faces (28 x 16 by default)."""
    visual = model.vis
    visual.global_.offwidth = max(width for width, _ in wanted.values())
    visual.global_.offheight = max(height for _, height in wanted.values())
    visual.quality.shadowsize = 0
    visual.quality.numslices, visual.quality.numstacks = 16, 8


def _options() -> Any:
    options = mujoco.MjvOption()
    options.flags[:] = False
    for kind in ("STATIC", "SKIN", "FLEXSKIN", "FLEXFACE", "TEXTURE"):
        options.flags[getattr(mujoco.mjtVisFlag, f"mjVIS_{kind}")] = True
    options.sitegroup[:] = 0
    options.tendongroup[:] = 0
    return options
