"""A finished run as pictures: the body drawn again from the poses and activations that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .body.engine import Pose
from .body.model import BodyModel
from .body.render import Image, Renderer
from .clock import NS_PER_S, ms_to_ns
from .ports import Signal
from .record.read import Poses, Run
from .record.video import write_video

MOMENTS = 4
"""Pictures side by side: evenly spread over the run, the last one at its end; or the ends of trials, where there
are as many, of the first, the last, and some between."""
FRAMES_PER_S = 25
LEAST_FULL_COLOUR = 0.05
"""A muscle takes the full colour at the run's highest activation, or at this one in a run that hardly had any."""
JUMP_SHARE = 0.05
"""A free body that moves by more than this share of the scene from one pose to the next did not go there: it was
put."""
TRAIL_POINTS = 300


@dataclass(frozen=True)
class Drawing:
    """What a picture shows. times_ms: of its frames, left to right; muscles: whether there are any; full_colour:
    activation of their full colour; trails: whether the way of free bodies is drawn."""

    times_ms: tuple[float, ...] = ()
    full_colour: float = 1.0
    muscles: bool = False
    trails: bool = False


def draw_picture(model: BodyModel, run: Run, path: Path) -> Drawing:
    """Write a strip of the body at a few moments as PNG.

    Nothing is written, and no times are given, when the run ended before its first pose was recorded. Raises
    NotNowError where nothing can be drawn.
    """
    poses = run.poses()
    if not poses.time_ns.size:
        return Drawing()
    chosen = _moments(run, poses)
    renderer = Renderer(model, width=600, height=560)
    try:
        _write_png(path, np.concatenate([_frame(renderer, poses, i) for i in chosen.tolist()], axis=1))
        return Drawing(
            times_ms=tuple(float(poses.time_ns[i]) / 1e6 for i in chosen),
            full_colour=_full_colour(poses),
            muscles=poses.activations.shape[1] > 0,
            trails=bool(renderer.free_bodies),
        )
    finally:
        renderer.close()


def _moments(run: Run, poses: Poses) -> NDArray[np.int64]:
    """The poses to draw, as their numbers, shape (MOMENTS,)."""
    if len(run.trials) < MOMENTS:
        return np.linspace(0, poses.time_ns.size - 1, MOMENTS + 1).round().astype(np.int64)[1:]
    shown = np.linspace(0, len(run.trials) - 1, MOMENTS).round().astype(int)
    ends_ns = [ms_to_ns(run.trials[i]["end_ms"]) for i in shown]
    # The last pose of the trial: in the cycle after it the body is put back.
    return np.maximum(np.searchsorted(poses.time_ns, ends_ns, side="right") - 1, 0)


def draw_video(model: BodyModel, run: Run, path: Path) -> None:
    """Write a video of the whole run in real time, 25 frames a second."""
    poses = run.poses()
    if poses.time_ns.size:
        write_video(_frames(model, poses), path, FRAMES_PER_S)


def _frames(model: BodyModel, poses: Poses) -> Iterator[Image]:
    time_ns = poses.time_ns
    wanted = np.arange(time_ns[0], time_ns[-1] + 1, NS_PER_S // FRAMES_PER_S)
    renderer = Renderer(model, width=960, height=720)
    try:
        for i in np.searchsorted(time_ns, wanted):
            yield _frame(renderer, poses, int(i))
    finally:
        renderer.close()


def _frame(renderer: Renderer, poses: Poses, i: int) -> Image:
    pose = Pose(poses.bodies, poses.positions[i], poses.quaternions[i])
    longest = JUMP_SHARE * renderer.extent_m
    ways = [_way(poses.positions[: i + 1, body], longest) for body in renderer.free_bodies]
    return renderer.frame(pose, poses.activations[i] / _full_colour(poses), ways)


def _way(places: NDArray[np.float32], longest_m: float) -> Signal:
    """The last part of a way, since the body was last put somewhere, in at most TRAIL_POINTS points. Shape
    (n_points, 3)."""
    jumps = np.flatnonzero(np.linalg.norm(np.diff(places, axis=0), axis=1) > longest_m)
    way = places[jumps[-1] + 1 :] if jumps.size else places
    return np.asarray(way[:: -(-len(way) // TRAIL_POINTS)], np.float64)


def _full_colour(poses: Poses) -> float:
    return max(LEAST_FULL_COLOUR, float(poses.activations.max(initial=0.0)))


def _write_png(path: Path, image: Image) -> None:
    from PIL import Image as Pillow

    Pillow.fromarray(image).save(path)
