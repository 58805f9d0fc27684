"""Draws ``environment.png``: the mouse forelimb at a joystick, and beside a bench with things and a treadmill.

Run as ``python docs/figures/environment.py`` where MuJoCo can draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from sherrington.body.engine import BodyOptions
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.mujoco import MujocoBody
from sherrington.body.parts.camera import camera
from sherrington.body.parts.grip import grip
from sherrington.body.parts.joystick import joystick
from sherrington.body.parts.objects import ball, box, cylinder
from sherrington.body.parts.surfaces import table, treadmill
from sherrington.body.render import Renderer
from sherrington.body.scene import Placed, compose

PULLED = (
    Placed("stick", joystick(), (0.0159, -0.0086, 0.0015)),
    Placed("grip", grip(point="paw", holds="stick_tip")),
    Placed("picture", camera(fovy_deg=40, back_m=0.056), (0.007, -0.004, 0.0165), (0, 14, 60)),
)
THINGS = (
    Placed("bench", table(size_m=(0.03, 0.03), legs_m=0.004), (0.025, 0.006, 0.006)),
    Placed("brick", box(), (0.02, 0.011, 0.006)),
    Placed("marble", ball(), (0.026, 0.001, 0.006)),
    Placed("post", cylinder(), (0.033, 0.010, 0.006)),
    Placed("belt", treadmill(length_m=0.06, width_m=0.025), (0.02, 0.042, 0.006)),
    Placed("picture", camera(fovy_deg=40, back_m=0.095), (0.015, 0.014, 0.012), (0, 24, 70)),
)


def picture(parts: Sequence[Placed], excitation: float) -> np.ndarray:
    model, body = compose(mouse_forelimb(), parts), MujocoBody()
    body.prepare(model, BodyOptions())
    body.write("muscle_excitation", np.full(20, excitation))
    body.advance(60_000_000)
    renderer = Renderer(model, width=640, height=480)
    try:
        return renderer.frame(body.pose(), body.read("muscle_activation") * 2)
    finally:
        renderer.close()


if __name__ == "__main__":
    both = np.concatenate([picture(PULLED, 0.3), picture(THINGS, 0.0)], axis=1)
    Image.fromarray(both).quantize(128).save(Path(__file__).with_name("environment.png"), optimize=True)
