"""A video that plays: read back with ffmpeg, frame for frame."""

from __future__ import annotations

import builtins
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest

from sherrington.errors import NeverError
from sherrington.record.video import Frame, write_video


def sweep(n_frames: int, height: int = 120, width: int = 160) -> Iterator[Frame]:
    """A white bar that walks from left to right over a blue ground."""
    for i in range(n_frames):
        frame = np.full((height, width, 3), (20, 40, 160), np.uint8)
        left = i * width // n_frames
        frame[:, left : left + 10] = 255
        yield frame


def read(path: Path) -> tuple[str, list[Frame]]:
    """What ffmpeg says of the stream, and its frames."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    answer = subprocess.run(command, check=True, capture_output=True)
    said = next(line for line in answer.stderr.decode().splitlines() if "Video: h264" in line)
    size = re.search(r", (\d+)x(\d+)", said)
    assert size
    width, height = int(size[1]), int(size[2])
    return said, list(np.frombuffer(answer.stdout, np.uint8).reshape(-1, height, width, 3))


def test_every_frame_is_in_the_video(tmp_path: Path) -> None:
    assert write_video(sweep(25), tmp_path / "run.mp4", fps=25) == 25
    said, frames = read(tmp_path / "run.mp4")
    assert "yuv420p" in said
    assert "25 fps" in said
    assert len(frames) == 25
    for found, sent in zip(frames, sweep(25), strict=True):
        assert np.abs(found.astype(int) - sent).mean() < 12  # compressed, and colour at half the resolution


def test_odd_sides_lose_one_line(tmp_path: Path) -> None:
    write_video(sweep(3, height=121, width=163), tmp_path / "run.mp4", fps=10)
    assert read(tmp_path / "run.mp4")[1][0].shape == (120, 162, 3)


def test_no_frames_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NeverError, match=r"no frames to write to .*; were poses recorded\?"):
        write_video(iter(()), tmp_path / "run.mp4", fps=10)


@pytest.mark.parametrize(
    "frame", [np.zeros((120, 160), np.uint8), np.zeros((120, 160, 4), np.uint8), np.zeros((120, 160, 3)),
              np.zeros((60, 160, 3), np.uint8)]
)  # fmt: skip
def test_a_frame_that_does_not_fit_is_an_error(tmp_path: Path, frame: Any) -> None:
    def frames() -> Iterator[Frame]:
        yield from sweep(2)
        yield frame

    with pytest.raises(NeverError, match=r"a frame must be \(height, width, 3\) of uint8 and all alike"):
        write_video(frames(), tmp_path / "run.mp4", fps=10)


def test_a_missing_package_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "imageio_ffmpeg":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(NeverError, match=r"pip install 'sherrington\[video\]'"):
        write_video(sweep(2), tmp_path / "run.mp4", fps=10)
