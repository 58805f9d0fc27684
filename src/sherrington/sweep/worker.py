"""One run of a sweep: a process that the sweep starts, with one line of JSON on its input.

It ends as after Ctrl-C when its input ends, which also happens when the sweep's own process is killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .. import run as runner
from ..errors import SherringtonError
from ..request import Request

INTERRUPTED = 130


def main() -> int:
    # Started from a job in the background of a shell, a process would ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(0, "rb", buffering=0, closefd=False) as standard_input:
        request = json.loads(standard_input.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    # The run folder tells with which command the same run can be had alone.
    sys.argv[:] = _command(request)
    try:
        done = runner.run(_request(request), say=lambda text: print(text, flush=True))
    except KeyboardInterrupt:
        print("interrupted")
        return INTERRUPTED
    except SherringtonError as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        print(f"error: {error}{notes}")
        return error.exit_status
    return 0 if done.summary["completed"] else INTERRUPTED


def _request(request: dict[str, Any]) -> Request:
    return Request(
        Path(request["folder"]),
        tuple(request["overrides"]),
        Path(request["out"]),
        request["video"],
        request["name"],
    )


def _command(request: dict[str, Any]) -> list[str]:
    sets = [word for text in request["overrides"] for word in ("--set", text)]
    return ["sherrington", "run", request["folder"], *sets, *["--video"] * request["video"]]


def _end_with_input() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
