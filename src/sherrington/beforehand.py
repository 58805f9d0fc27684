"""What must be known before hours are spent: that there is a place for the run folder, that a video can be drawn."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from .errors import NeverError
from .record.folder import new_run_folder
from .resolved import Resolved


def check_out(out: Path) -> None:
    """Raises NeverError now for what would otherwise be found after building the brain."""
    there = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    if not there.is_dir():
        raise NeverError(
            f"cannot make a run folder in {out}: {there} is a file; choose another folder with --out"
        )
    if not os.access(there, os.W_OK):
        raise NeverError(
            f"cannot make a run folder in {out}: {there} is read-only; choose another folder with --out"
        )


def check_video(resolved: Resolved) -> None:
    """Raises NeverError now for what would otherwise be missed after the whole run."""
    if resolved.undrawable:
        raise NeverError(f"--video: {resolved.undrawable}")
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        raise NeverError(
            "--video needs the package imageio-ffmpeg; install it with: pip install 'sherrington[video]'"
        )


def make_run_folder(out: Path, name: str) -> Path:
    """A new run folder in ``out``. Raises NeverError where there can be none."""
    try:
        return new_run_folder(out, name)
    except OSError as error:
        raise NeverError(
            f"cannot make a run folder in {out}: {error.strerror or error}; choose another folder with --out"
        ) from error
