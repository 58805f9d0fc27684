"""A finished run as pictures: the body drawn again from the joint angles and activations that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .body.model import BodyModel
from .body.render import Image, Renderer
from .clock import NS_PER_S
from .ports import Signal
from .record.read import Run
from .record.video import write_video

MOMENTS = 3
"""Pictures side by side, evenly spread over the run, the last one at its end."""
FRAMES_PER_S = 25


def draw_picture(model: BodyModel, run: Run, path: Path) -> tuple[float, ...]:
    """Write a strip of the body at a few moments as PNG; returns their times in ms.

    Empty, and nothing written, when the run kept no joint angles or ended before its first cycle. Raises NotNowError
    where nothing can be drawn.
    """
    if "body.joint_angle" not in run.signals:
        return ()
    time_ns, angle, activation = _recorded(run)
    if not time_ns.size:
        return ()
    chosen = np.linspace(0, time_ns.size - 1, MOMENTS + 1).round().astype(int)[1:]
    renderer = Renderer(model, width=640, height=720)
    try:
        frames = [renderer.frame(angle[i], activation[i]) for i in chosen]
    finally:
        renderer.close()
    _write_png(path, np.concatenate(frames, axis=1))
    return tuple(float(time_ns[i]) / 1e6 for i in chosen)


def draw_video(model: BodyModel, run: Run, path: Path, slow_down: float = 1.0) -> None:
    """Write a video of the whole run at 25 frames a second; slow_down: biological seconds last so many times longer."""
    if "body.joint_angle" in run.signals and _recorded(run)[0].size:
        write_video(_frames(model, run, slow_down), path, FRAMES_PER_S)


def _frames(model: BodyModel, run: Run, slow_down: float) -> Iterator[Image]:
    time_ns, angle, activation = _recorded(run)
    step_ns = NS_PER_S / FRAMES_PER_S / slow_down
    wanted = np.arange(time_ns[0], time_ns[-1] + 1, step_ns)
    renderer = Renderer(model, width=960, height=720)
    try:
        for i in np.searchsorted(time_ns, wanted):
            yield renderer.frame(angle[i], activation[i])
    finally:
        renderer.close()


def _recorded(run: Run) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Signal, Signal]:
    time_ns, angle = run.signal("body.joint_angle")
    if "body.muscle_activation" in run.signals:
        return time_ns, angle, run.signal("body.muscle_activation")[1]
    return time_ns, angle, np.zeros((time_ns.size, 0))


def _write_png(path: Path, image: Image) -> None:
    from PIL import Image as Pillow

    Pillow.fromarray(image).save(path)
