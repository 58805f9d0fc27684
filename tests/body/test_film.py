"""Pictures of a run: a body with a free base is drawn where it went, with its way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sherrington.body.engine import BodyOptions, Pose
from sherrington.body.model import BodyModel
from sherrington.body.models.one_joint import one_joint
from sherrington.body.models.wheeled_robot import wheeled_robot
from sherrington.body.mujoco import MujocoBody
from sherrington.film import MOMENTS, draw_picture, draw_video
from sherrington.record.layout import TRIALS_FILE
from sherrington.record.read import Run, open_run
from sherrington.record.store import RunStore

MS = 1_000_000
FEW = 20
"""Pixels. Drawn in software with several threads, the edge of a line differs now and then in one or two."""


def recorded(folder: Path, model: BodyModel, drive: Callable[[MujocoBody], None], until_ms: int) -> Run:
    """A run of the body alone, with a pose every 20 ms."""
    body = MujocoBody()
    body.prepare(model, BodyOptions(timestep_ms=1.0))
    drive(body)
    store = RunStore(folder, spikes={}, signals={})
    for now_ms in range(20, until_ms + 1, 20):
        body.advance(now_ms * MS)
        activation = body.read("muscle_activation") if "muscle_activation" in body.outputs else None
        store.append_poses(now_ms * MS, body.pose(), activation)
    store.close()
    return open_run(folder)


def ahead(body: MujocoBody) -> None:
    body.write("motor_control", np.array([15.0, 15.0]))


def parts(picture: Path) -> list[np.ndarray]:
    return np.split(np.asarray(Image.open(picture)).astype(int), MOMENTS, axis=1)


def differing(one: np.ndarray, other: np.ndarray) -> int:
    """The number of pixels that are not the same."""
    return int((one != other).any(axis=2).sum())


def pale(image: np.ndarray) -> float:
    """The column, in pixels, of the robot: the only thing that is nearly white."""
    columns = np.nonzero((image > 120).all(axis=2) & (np.ptp(image, axis=2) < 40))[1]
    assert columns.size > 20
    return float(columns.mean())


@pytest.mark.usefixtures("opengl")
def test_a_free_base_is_drawn_where_it_went(tmp_path: Path) -> None:
    run = recorded(tmp_path, wheeled_robot(position_m=[-0.8, 0.0]), ahead, 2000)
    drawing = draw_picture(wheeled_robot(), run, tmp_path / "picture.png")
    assert drawing.times_ms == (520.0, 1020.0, 1500.0, 2000.0)
    assert drawing.trails and not drawing.muscles
    steps = np.diff([pale(part) for part in parts(tmp_path / "picture.png")])
    assert (steps > 20).all(), "it moves on from picture to picture"


@pytest.mark.usefixtures("opengl")
def test_the_way_begins_anew_where_the_body_was_put(tmp_path: Path) -> None:
    """Put back between two poses: no line across the arena."""
    model = wheeled_robot(position_m=[-0.8, 0.0])
    run = recorded(tmp_path / "run", model, ahead, 1000)
    poses = run.poses()
    store = RunStore(tmp_path / "twice", spikes={}, signals={})
    for turn in (0, 1):
        for i, time_ns in enumerate(poses.time_ns):
            pose = Pose(poses.bodies, poses.positions[i], poses.quaternions[i])
            store.append_poses(turn * 10**9 + int(time_ns), pose)
    store.close()
    draw_picture(model, run, tmp_path / "once.png")
    draw_picture(model, open_run(tmp_path / "twice"), tmp_path / "twice.png")
    once, twice = parts(tmp_path / "once.png"), parts(tmp_path / "twice.png")
    assert differing(once[1], twice[2]) < FEW and differing(once[-1], twice[-1]) < FEW
    assert differing(once[0], once[-1]) > 20 * FEW, "so few pixels are no line"


@pytest.mark.usefixtures("opengl")
def test_with_trials_their_ends_are_shown(tmp_path: Path) -> None:
    """Seven trials of 200 ms: the first, the last, and two between."""
    model = wheeled_robot(position_m=[-0.8, 0.0])
    recorded(tmp_path, model, ahead, 1400)
    rows = [f"{i},{200.0 * i},{200.0 * (i + 1) - 5.0}" for i in range(7)]
    (tmp_path / TRIALS_FILE).write_text("\n".join(["trial,start_ms,end_ms", *rows, ""]), encoding="utf-8")
    drawing = draw_picture(model, open_run(tmp_path), tmp_path / "picture.png")
    assert drawing.times_ms == (180.0, 580.0, 980.0, 1380.0)


@pytest.mark.usefixtures("opengl")
def test_a_fixed_body_has_muscles_and_no_trail(tmp_path: Path) -> None:
    def pull(body: MujocoBody) -> None:
        body.write("muscle_excitation", np.array([1.0, 0.0]))

    run = recorded(tmp_path, one_joint(), pull, 200)
    drawing = draw_picture(one_joint(), run, tmp_path / "picture.png")
    assert drawing.muscles and not drawing.trails and drawing.full_colour > 0.5
    first, *_, last = parts(tmp_path / "picture.png")
    assert np.abs(first - last).max() > 50


def test_a_run_without_poses_has_no_picture(tmp_path: Path) -> None:
    RunStore(tmp_path, spikes={}, signals={}).close()
    assert draw_picture(one_joint(), open_run(tmp_path), tmp_path / "picture.png").times_ms == ()
    draw_video(one_joint(), open_run(tmp_path), tmp_path / "video.mp4")
    assert not {"picture.png", "video.mp4"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.usefixtures("opengl")
def test_the_video_shows_it_moving(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    run = recorded(tmp_path, wheeled_robot(position_m=[-0.8, 0.0]), ahead, 200)
    draw_video(wheeled_robot(), run, tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").stat().st_size > 1000
