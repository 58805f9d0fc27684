"""The experiment's own check looks at the finished run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import RunError
from .record.check import Outcome
from .record.folder import write_json
from .record.layout import LOG_FILE, SUMMARY_FILE
from .resolved import Resolved

if TYPE_CHECKING:  # brings HDF5
    from .record.read import Run


def judge(resolved: Resolved, run: Run, folder: Path, say: Callable[[str], None]) -> None:
    """Let the experiment's own check look at the finished run; its verdict goes into the summary."""
    if resolved.check is None or not run.summary["completed"]:
        return
    if resolved.source.document.from_command_line("loop.duration_ms"):
        say("the experiment's check is left out: it was written for another duration")
        return
    outcome = _asked(resolved, run)
    if not isinstance(outcome, Outcome):
        raise RunError(
            f"check '{resolved.experiment.check}' returned {type(outcome).__name__}; return sherrington.Outcome"
        )
    write_json(folder / SUMMARY_FILE, {**run.summary, **outcome.as_summary()})


def _asked(resolved: Resolved, run: Run) -> Any:
    assert resolved.check is not None
    try:
        return resolved.check(run)
    except Exception as error:
        raise RunError(
            f"check '{resolved.experiment.check}' raised {type(error).__name__}: {error}; the run itself is whole: "
            f"mend the check and look at {run.folder}, where {LOG_FILE} says where it raised"
        ) from error
