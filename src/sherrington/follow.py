"""The ranks of a run that are not 0: they build their share of the brain, and simulate what rank 0 says."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path

from . import build
from .parallel import Patience, world
from .record.layout import LOG_FILE, STACKS_FILE
from .record.state import State, write_state
from .request import Request
from .resolve import open_experiment


def follow(request: Request) -> None:
    """What every rank but 0 does in ``run``: it builds its share of the same brain, and simulates what rank 0 says."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # all ranks get them, and rank 0 decides
    patience = world().patience = Patience(request.rank_timeout_s)
    place = [request.into]
    with world().together():
        resolved = open_experiment(request.folder, request.overrides)
    with world().together():
        build.import_brain(resolved)
    following = build.build_following(resolved)

    def log(folder: Path) -> None:
        place[0] = folder
        patience.write_to(folder / STACKS_FILE.format(world().rank))

    try:
        following.follow(log)
    except Exception as error:
        _end_all(error, place[0])
        raise
    patience.close()


def _end_all(error: Exception, folder: Path | None) -> None:
    """Say in the run folder why this rank cannot go on, and end the others, which may wait for it where nothing else
    reaches them."""
    what = f"rank {world().rank}: {type(error).__name__}: {error}"
    if folder is None:
        print(f"error: {what}", file=sys.stderr, flush=True)
    else:
        with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(f"rank {world().rank}:\n{traceback.format_exc()}")
        write_state(folder, State.FAILED, what)
    world().abort(1)
