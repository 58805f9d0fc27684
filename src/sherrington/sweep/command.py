"""What the command line does with a sweep: run it, print what it came to, and say how it ended."""

from __future__ import annotations

import sys

from rich.console import Console

from .sweep import Request, sweep
from .watch import group_table

INTERRUPTED = 130
WIDTH = 160
"""Letters in a line of the table where it goes to a file: that has no width, and 80 would cut the names of measures."""


def run_and_print(request: Request) -> int:
    """Returns the exit status. Raises what ``sweep`` raises."""
    try:
        swept = sweep(request, Console(stderr=True))
    except KeyboardInterrupt:
        # Before the first run or after the last one; in between, Ctrl-C ends the runs in order.
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    Console(width=None if sys.stdout.isatty() else WIDTH).print(group_table(swept.results))
    print(f"table: {swept.folder.table}\nreport: {swept.folder.report}")
    if swept.interrupted:
        print("interrupted; the same command goes on from here", file=sys.stderr)
    return swept.exit_status
