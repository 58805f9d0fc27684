"""Cameras of the body as inputs of pathways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

from sherrington.errors import ExperimentError
from sherrington.ports import Signal

FUNCTIONS = """
@transfer(inputs={"image": "1"}, outputs={"current": "pA"})
def look(image):
    CALLS.append(image.copy())
    return np.full(2, 100.0 * image.mean())

@transfer(inputs={"counts": "1"}, outputs={"excitation": "1"})
def move(counts, *, time_s):
    return np.full(20, time_s / 0.04)
"""
EYE = {"port": "body.camera.side", "pixels": [12, 8]}
MOVE = {
    "function": "control.py:move",
    "inputs": {"counts": "brain.drive.count"},
    "outputs": {"excitation": "body.muscle_excitation"},
    "delay_ms": 1.0,
}
BODY = {"model": "mouse_forelimb", "engine": "mujoco"}


def look(image: object = None, **settings: Any) -> dict[str, Any]:
    return {
        "function": "control.py:look",
        "inputs": {"image": image or EYE},
        "outputs": {"current": "brain.drive.current"},
        **settings,
    }


def made(rig: MakeRig, pathways: dict[str, Any], **sections: Any) -> Rig:
    return rig(FUNCTIONS, pathways, body=BODY, **sections)


def count_drawings(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    drawn: list[str] = []
    cameras = rig.body._cameras  # type: ignore[attr-defined]
    draw = cameras._draw

    def noted(port: str) -> Signal:
        drawn.append(port)
        image: Signal = draw(port)
        return image

    monkeypatch.setattr(cameras, "_draw", noted)
    return drawn


@pytest.mark.usefixtures("opengl")
@pytest.mark.parametrize("mode", ["lockstep", "pipelined"])
def test_an_image_is_drawn_when_its_pathway_is_called(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    loop = made(rig, {"eye": look(interval_ms=5.0), "move": MOVE}, loop={"mode": mode})
    drawn = count_drawings(loop, monkeypatch)
    loop.run()
    images = loop.calls("eye")
    assert (len(drawn), [image.shape for image in images]) == (4, [(8, 12)] * 4)
    assert (images[0] != images[-1]).any(), "the limb did not move"
    assert "body.camera.side" not in loop.recorded().signals


@pytest.mark.usefixtures("opengl")
def test_both_modes_see_the_same(rig: MakeRig) -> None:
    seen = []
    for mode in ("lockstep", "pipelined"):
        loop = made(rig, {"eye": look(interval_ms=5.0), "move": MOVE}, loop={"mode": mode}).run()
        seen.append((np.array(loop.calls("eye")), loop.body.save()))
    np.testing.assert_array_equal(seen[0][0], seen[1][0])
    assert seen[0][1] == seen[1][1]


@pytest.mark.usefixtures("opengl")
def test_a_camera_is_recorded_when_it_is_named(rig: MakeRig) -> None:
    loop = made(rig, {"eye": look(interval_ms=5.0)}, record={"signals": ["body.camera.side"]}).run()
    times_ns, images = loop.recorded().signal("body.camera.side")
    assert images.shape == (len(times_ns), 8, 12)
    assert images.std() > 0.01


@pytest.mark.parametrize(
    ("eye", "message"),
    [
        ({"port": "body.camera.nose", "pixels": [8, 6]}, "has no camera 'nose'.*there are: side, front"),
        ("body.camera.side", "'body.camera.side' has no size.*add pixels: .width, height."),
        ({**EYE, "only": ["row0"]}, "only has no meaning for 'body.camera.side'.*it takes 'pixels'"),
        ({"port": "body.joint_angle", "pixels": [8, 6]}, "pixels has no meaning for 'body.joint_angle'"),
        ({**EYE, "pixels": [8]}, "pixels"),
        ({**EYE, "pixels": [0, 4]}, "pixels"),
    ],
)
def test_a_camera_that_cannot_be_read(rig: MakeRig, eye: object, message: str) -> None:
    with pytest.raises(ExperimentError, match=f"(?s){message}"):
        made(rig, {"eye": look(eye)})


def test_one_camera_has_one_size(rig: MakeRig) -> None:
    two = {"one": look(), "two": look({**EYE, "pixels": [4, 4]})}
    with pytest.raises(ExperimentError, match="camera 'side' is 12 x 8 pixels elsewhere"):
        made(rig, two)


def test_only_a_camera_that_a_pathway_reads_can_be_recorded(rig: MakeRig) -> None:
    with pytest.raises(
        ExperimentError, match=r"(?s)no pathway reads 'camera\.front'.*there are: camera\.side"
    ):
        made(rig, {"eye": look()}, record={"signals": ["body.camera.front"]})
