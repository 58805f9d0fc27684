"""Frames to an MP4 that any browser plays (H.264, 4:2:0), through the ffmpeg of imageio-ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import NeverError, RunError

Frame = NDArray[np.uint8]


def write_video(frames: Iterator[Frame], path: Path, fps: float) -> int:
    """Write frames, each (height, width, 3), uint8, RGB, to ``path``; one frame is held at a time.

    Sides of odd length lose their last line of pixels: the format wants even ones. Returns how many frames it
    wrote. Raises NeverError when the extra is missing or a frame does not fit, RunError when ffmpeg fails.
    """
    ffmpeg = _ffmpeg()
    first = next(frames, None)
    if first is None:
        raise NeverError(f"no frames to write to {path}; were poses recorded?")
    shape = _even(_checked(first, np.shape(first))).shape
    writer = ffmpeg.write_frames(
        str(path), (shape[1], shape[0]), fps=fps, codec="libx264", quality=7, macro_block_size=2,
        output_params=["-movflags", "+faststart"], ffmpeg_log_level="error",
    )  # fmt: skip
    with closing(writer):
        writer.send(None)
        count = _send(writer, first, path)
        for frame in frames:
            count += _send(writer, _checked(frame, first.shape), path)
    return count


def _send(writer: Any, frame: Frame, path: Path) -> int:
    try:
        writer.send(np.ascontiguousarray(_even(frame)))
    except OSError as error:
        raise RunError(f"ffmpeg stopped while writing {path}: {error}") from error
    return 1


def _checked(frame: Frame, shape: tuple[int, ...]) -> Frame:
    if frame.shape != shape or frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise NeverError(
            f"a frame must be (height, width, 3) of uint8 and all alike: got {frame.shape} of {frame.dtype}"
            f" after {shape}"
        )
    return frame


def _even(frame: Frame) -> Frame:
    return frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]


def _ffmpeg() -> Any:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise NeverError(
            "writing a video needs the package imageio-ffmpeg; "
            "install it with: pip install 'sherrington[video]'"
        ) from None
    return imageio_ffmpeg
