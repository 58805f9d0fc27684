"""A finished run as pictures: the body drawn again from the joint angles and activations that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .body.model import BodyModel
from .body.render import Image, Renderer
from .clock import NS_PER_S
from .ports import Signal
from .record.read import Run
from .record.video import write_video

MOMENTS = 4
"""Pictures side by side, evenly spread over the run, the last one at its end."""
FRAMES_PER_S = 25
LEAST_FULL_COLOUR = 0.05
"""A muscle takes the full colour at the run's highest activation, or at this one in a run that hardly had any."""


@dataclass(frozen=True)
class Drawing:
    """What a picture shows. times_ms: of its frames, left to right; full_colour: activation of the full colour."""

    times_ms: tuple[float, ...] = ()
    full_colour: float = 1.0


def draw_picture(model: BodyModel, run: Run, path: Path) -> Drawing:
    """Write a strip of the body at a few moments as PNG.

    Nothing is written, and no times are given, when the run kept no joint angles or ended before its first cycle.
    Raises NotNowError where nothing can be drawn.
    """
    if not _can_be_drawn(run):
        return Drawing()
    time_ns, angle, activation, full = _recorded(run)
    chosen = np.linspace(0, time_ns.size - 1, MOMENTS + 1).round().astype(int)[1:]
    renderer = Renderer(model, width=600, height=560)
    try:
        frames = [renderer.frame(angle[i], activation[i] / full) for i in chosen]
    finally:
        renderer.close()
    _write_png(path, np.concatenate(frames, axis=1))
    return Drawing(tuple(float(time_ns[i]) / 1e6 for i in chosen), full)


def draw_video(model: BodyModel, run: Run, path: Path) -> None:
    """Write a video of the whole run in real time, 25 frames a second."""
    if _can_be_drawn(run):
        write_video(_frames(model, run), path, FRAMES_PER_S)


def _can_be_drawn(run: Run) -> bool:
    return "body.joint_angle" in run.signals and run.signal("body.joint_angle")[0].size > 0


def _frames(model: BodyModel, run: Run) -> Iterator[Image]:
    time_ns, angle, activation, full = _recorded(run)
    wanted = np.arange(time_ns[0], time_ns[-1] + 1, NS_PER_S // FRAMES_PER_S)
    renderer = Renderer(model, width=960, height=720)
    try:
        for i in np.searchsorted(time_ns, wanted):
            yield renderer.frame(angle[i], activation[i] / full)
    finally:
        renderer.close()


def _recorded(run: Run) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Signal, Signal, float]:
    """(time in ns, joint angles, activations, activation of the full colour)."""
    time_ns, angle = run.signal("body.joint_angle")
    if "body.muscle_activation" not in run.signals:
        return time_ns, angle, np.zeros((time_ns.size, 0)), 1.0
    activation = run.signal("body.muscle_activation")[1]
    return time_ns, angle, activation, max(LEAST_FULL_COLOUR, float(activation.max(initial=0.0)))


def _write_png(path: Path, image: Image) -> None:
    from PIL import Image as Pillow

    Pillow.fromarray(image).save(path)
