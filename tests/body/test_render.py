"""Pictures of bodies: they show the pose and the activations, and say clearly when they cannot be drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from sherrington.body.engine import BodyOptions, Pose
from sherrington.body.model import BodyModel
from sherrington.body.models.mouse_forelimb import INITIAL_RAD, mouse_forelimb
from sherrington.body.models.one_joint import one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.body.render import RAMP, Renderer, ramp
from sherrington.errors import BodyError, NotNowError, PortError

FORELIMB = mouse_forelimb()


def pose_of(body: BodyModel, angles_rad: Sequence[float] = ()) -> Pose:
    """Where a body is at these joint angles, as the engine says it."""
    engine = MujocoBody()
    engine.prepare(body, BodyOptions(initial=dict(zip(body.joints, angles_rad, strict=False))))
    return engine.pose()


POSE = pose_of(FORELIMB, INITIAL_RAD)
BENT = pose_of(FORELIMB, [*INITIAL_RAD[:3], INITIAL_RAD[3] + 0.8])


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    try:
        made = Renderer(mouse_forelimb(), width=320, height=240, camera="side")
    except NotNowError as error:
        pytest.skip(str(error))
    yield made
    made.close()
    made.close()


def test_a_picture_has_size_type_and_contrast(renderer: Renderer) -> None:
    image = renderer.frame(POSE)
    assert (image.shape, image.dtype) == ((240, 320, 3), np.uint8)
    assert image.std() > 10


def test_the_same_state_gives_the_same_picture(renderer: Renderer) -> None:
    first = renderer.frame(POSE, np.full(20, 0.5))
    renderer.frame(BENT)
    np.testing.assert_array_equal(renderer.frame(POSE, np.full(20, 0.5)), first)


def test_activation_darkens_muscles_and_moves_nothing(renderer: Renderer) -> None:
    rest, active = (renderer.frame(POSE, np.full(20, level)).astype(float) for level in (0.0, 1.0))
    changed = np.abs(active - rest).max(axis=2) > 20
    assert 0.005 < changed.mean() < 0.2
    assert active[changed].mean() < rest[changed].mean() - 30
    np.testing.assert_array_equal(renderer.frame(POSE, np.empty(0)), rest.astype(np.uint8))


def test_a_pose_moves_the_limb(renderer: Renderer) -> None:
    assert (renderer.frame(POSE) != renderer.frame(BENT)).any(axis=2).mean() > 0.01


def test_wrong_numbers_are_refused(renderer: Renderer) -> None:
    with pytest.raises(
        PortError, match=r"a pose of 1 bodies \(rod\) is none of body 'mouse_forelimb', which has \d"
    ):
        renderer.frame(pose_of(one_joint()))
    with pytest.raises(PortError, match=r"expected 20 activations, got shape \(2,\)"):
        renderer.frame(POSE, np.zeros(2))


def test_an_unknown_camera_names_those_that_exist() -> None:
    with pytest.raises(BodyError, match="body 'one_joint' has no camera 'top'; there are: side"):
        Renderer(one_joint(), camera="top")


def test_the_ramp_falls_in_lightness_in_near_equal_steps() -> None:
    """CIE lightness of sRGB: one perceptual order, so that the picture can be read in grey."""
    linear = np.where(RAMP <= 0.04045, RAMP / 12.92, ((RAMP + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    steps = -np.diff(lightness)
    assert 8 < steps.min() < steps.max() < 14
    np.testing.assert_allclose(ramp(np.array([-1.0, 0.1, 2.0])), [RAMP[0], RAMP[:2].mean(axis=0), RAMP[-1]])


def test_without_opengl_bodies_run_and_pictures_say_what_is_missing() -> None:
    program = (
        "from sherrington.body.engine import BodyOptions\n"
        "from sherrington.body.models.one_joint import one_joint\n"
        "from sherrington.body.mujoco import MujocoBody\n"
        "body = MujocoBody(); body.prepare(one_joint(), BodyOptions()); body.advance(10_000_000)\n"
        "from sherrington.body.render import Renderer\n"
        "Renderer(one_joint())\n"
    )
    environment = {**os.environ, "MUJOCO_GL": "disabled"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "NotNowError: no picture of body 'one_joint': OpenGL 'disabled' cannot be used" in done.stderr
    assert "install EGL" in done.stderr
