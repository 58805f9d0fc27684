"""What a person looks at after a run: report, picture and, on request, video, all from what was stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import NotNowError
from .record.folder import write_json
from .record.layout import PICTURE_FILE, REPORT_FILE, SUMMARY_FILE, VIDEO_FILE
from .record.read import open_run
from .record.report import write_report
from .resolved import Resolved


def present(resolved: Resolved, folder: Path, video: bool, say: Callable[[str], None]) -> None:
    """Draw what can be drawn of the run in ``folder``, and write its report."""
    missing = resolved.undrawable
    picture: dict[str, Any] = {"missing": missing}
    if not missing:
        picture = _draw(resolved, folder, video, say)
    write_json(folder / SUMMARY_FILE, {**open_run(folder).summary, "picture": picture})
    write_report(open_run(folder), folder / REPORT_FILE)


def _draw(resolved: Resolved, folder: Path, video: bool, say: Callable[[str], None]) -> dict[str, Any]:
    from .film import draw_picture, draw_video

    try:
        drawing = draw_picture(resolved.body, open_run(folder), folder / PICTURE_FILE)
        if video:
            say("drawing the video")
            draw_video(resolved.body, open_run(folder), folder / VIDEO_FILE)
    except NotNowError as error:
        # A machine without OpenGL can run everything else: the run is whole, and both person and summary are told.
        say(str(error))
        return {"missing": str(error)}
    return {**vars(drawing), "missing": "" if drawing.times_ms else "no poses were recorded"}
