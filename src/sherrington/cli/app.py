"""The application that commands join, what they share, and the entry point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SherringtonError
from ..parallel import started_rank

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Embodied simulation of spiking neural networks: brain, body and the closed loop between them.",
)

STOPPED = 130
"""Exit status of a run that was ended on request, as of a program ended by Ctrl-C. What it recorded is kept."""

Folder = Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="folder with an experiment.yaml")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="run folder")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="override a key, may be repeated")
]


def main() -> None:
    """Entry point: errors made on purpose become one message and their exit status, without a traceback."""
    try:
        app(standalone_mode=True)
    except SherringtonError as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        if started_rank() == 0:  # all say the same
            print(f"error: {error}{notes}", file=sys.stderr)
        sys.exit(error.exit_status)
