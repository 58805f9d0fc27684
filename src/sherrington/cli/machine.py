"""The commands about a machine: what it can do, and NEST with MPI for it."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .app import STOPPED, app


@app.command(name="install-mpi")
def install_mpi(
    mpicc: Annotated[
        Path | None, typer.Option(help="C compiler of a site's own MPI; else the package mpich, or mpicc")
    ] = None,
    mpicxx: Annotated[Path | None, typer.Option(help="its C++ compiler; else the one beside mpicc")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="compilers at once; 0: as cores and memory allow")] = 0,
    launch: Annotated[
        str, typer.Option(metavar="COMMAND", help="starts 2 ranks for the check: 'srun --mpi=pmi2 -n 2'")
    ] = "",
) -> None:
    """Build NEST with MPI, for brains over several ranks; once per machine, 15 to 30 minutes on two cores.

    It lies in $SHERRINGTON_CACHE or ~/.cache/sherrington; NEST as installed stays as it is. Interrupted, the same
    command goes on where it stopped. Exit status: 0; 3 when something is missing, with the command that mends it.
    """
    from ..install.mpi_build import Listener, Request, make
    from ..install.progress import BuildProgress

    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # being ended is as Ctrl-C: the compilers end too
    try:
        with BuildProgress(Console(stderr=True)) as progress:
            build = make(Request(mpicc, mpicxx, jobs, launch), Listener(progress.say, progress.line))
    except KeyboardInterrupt:
        print("interrupted; what is compiled is kept, the same command goes on from there", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    print(f"NEST {build.nest} with {build.library}: {build.site}")


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="print the findings as JSON")] = False,
) -> None:
    """What this machine and its cluster can do, what is missing, and the command that mends it.

    Exit status: 0 where an ordinary run works, 1 where something that it needs is missing.
    """
    from ..install.doctor import examine, works

    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    if as_json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False))
    if not works(findings):
        raise typer.Exit(1)
