"""The commands around launched runs: submit, targets, jobs, attach, log, cancel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import NeverError
from .app import STOPPED, RunFolder, Set, app

WIDTH = 200
"""Letters in a line of a table that goes to a file."""
Runs = Annotated[Path, typer.Option("--out", help="folder of the run folders")]


@app.command()
def submit(
    experiment: Annotated[
        Path | None, typer.Argument(metavar="EXPERIMENT", help="folder with an experiment.yaml")
    ] = None,
    target: Annotated[str, typer.Option(help="where to run; see 'sherrington targets'")] = "local",
    nodes: Annotated[int, typer.Option(min=1, help="nodes")] = 1,
    ranks_per_node: Annotated[int, typer.Option(min=1, help="processes of the brain on each node")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="threads of each of them")] = 1,
    time: Annotated[
        str, typer.Option(metavar="HH:MM:SS", help="wall time after which it is ended")
    ] = "01:00:00",
    overrides: Set = None,
    duration_ms: Annotated[float | None, typer.Option(help="biological time to simulate, ms")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of every random stream")] = None,
    out: Annotated[
        Path | None, typer.Option(help="parent of the new run folder; the target's scratch, or runs")
    ] = None,
    into: Annotated[Path | None, typer.Option(metavar="FOLDER", help="exactly this new run folder")] = None,
    video: Annotated[bool, typer.Option("--video", help="also draw a video of the body")] = False,
    sweep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a job array: many runs, as this sweep file says")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="with --sweep: also runs done with another experiment")
    ] = False,
    connect: Annotated[
        str, typer.Option(metavar="URL", help="dial out to this service; its token is in SHERRINGTON_TOKEN")
    ] = "",
    allow_code: Annotated[
        bool,
        typer.Option("--allow-code", help="with --connect: transfer functions may be swapped from there"),
    ] = False,
    allow_plain: Annotated[
        bool, typer.Option("--allow-plain", help="with --connect: also unencrypted to another machine")
    ] = False,
) -> None:
    """Launch a run on a target and return at once.

    Exit status: 0 when it was submitted; 2 for what can never run; 3 when the target does not answer or refuses.
    """
    from ..launch.submit import Request, submit
    from ..launch.times import seconds_of
    from ..plan.shape import Shape
    from ..request import Dial

    changes = list(overrides or [])
    if duration_ms is not None:
        changes.append(f"loop.duration_ms={duration_ms}")
    if seed is not None:
        changes.append(f"seed={seed}")
    shape, limit_s = Shape(nodes, ranks_per_node, threads), seconds_of(time)
    if sweep is not None:
        from ..launch import array

        if into is not None or connect:
            raise NeverError("--into and --connect are for one run, and a sweep has many; leave them out")
        many = array.Request(sweep, experiment, target, shape, limit_s, tuple(changes), out, video, again)
        _print_submitted(array.submit_array(many), target)
        return
    if again:
        raise NeverError("--again is for a sweep: a run never takes the place of another one; leave it out")
    if experiment is None:
        raise NeverError("no experiment is named; give its folder: sherrington submit EXPERIMENT")
    dial = Dial(connect, allow_code, allow_plain) if connect else None
    request = Request(experiment, target, shape, limit_s, tuple(changes), out, into, video, dial)
    _print_submitted(submit(request), target)


def _print_submitted(submitted: Any, target: str) -> None:
    print(f"run folder {submitted.folder}\njob {submitted.native_id} on {target}")


@app.command()
def targets() -> None:
    """Where runs can be launched."""
    from ..launch.target import load_targets, targets_path

    table = Table(box=None, pad_edge=False)
    for heading in (
        "target",
        "executor",
        "queue",
        "nodes",
        "cores",
        "memory GiB",
        "longest",
        "price a node-hour",
    ):
        table.add_column(heading)
    for name, target in load_targets().items():
        price = target.price_per_node_hour
        facts = (
            target.queue,
            target.nodes,
            target.cores_per_node,
            target.memory_gib_per_node,
            target.longest,
        )
        cost = "" if price is None else f"{price:g} {target.currency}"
        table.add_row(name, target.executor, *("" if fact is None else str(fact) for fact in facts), cost)
    _console().print(table)
    print(f"described in {targets_path()}{'' if targets_path().is_file() else ', which is not there yet'}")


@app.command()
def jobs(out: Runs = Path("runs")) -> None:
    """The runs in a folder and what they are doing."""
    from ..launch.states import listed

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "state", "target", "shape", "job", "cause"):
        table.add_column(heading, overflow="fold")
    for one in listed(out):
        again = f" ({one.state.attempt})" if one.state.attempt > 1 else ""
        job = one.job
        facts = (job.target_name, str(job.shape), job.native_id) if job else ("", "", "")
        table.add_row(str(one.folder.relative_to(out)), f"{one.state.state}{again}", *facts, one.state.cause)
    _console().print(table)


@app.command()
def attach(folder: RunFolder) -> None:
    """Follow a launched run until it ends; Ctrl-C lets go and leaves it alone. Exit status: that of the run."""
    from ..launch.array import find_array
    from ..launch.follow import exit_status, follow, follow_array

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    array = find_array(folder)
    try:
        if array is not None:
            results = follow_array(folder, array, say)
            print(f"table: {folder / 'sweep.csv'}\nreport: {folder / 'report.html'}")
            raise typer.Exit(1 if results.with_status("failed") or results.with_status("interrupted") else 0)
        state = follow(folder, _write, say)
    except KeyboardInterrupt:
        print(f"let go; the run goes on: sherrington attach {folder}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    raise typer.Exit(exit_status(folder, state))


@app.command()
def log(
    folder: RunFolder,
    follow: Annotated[bool, typer.Option("--follow", help="go on until the run ends")] = False,
) -> None:
    """What a launched run printed, and the traceback of an error."""
    from ..launch import follow as following

    if not follow:
        _write(following.log_of(folder))
        return
    try:
        following.follow(folder, _write, lambda _: None)
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED) from None


@app.command()
def cancel(folder: RunFolder) -> None:
    """End a launched run in order, or take it out of the queue; what it recorded is kept."""
    from ..launch.array import find_array
    from ..launch.cancel import cancel as end
    from ..launch.cancel import cancel_array
    from ..launch.follow import line_of_state

    array = find_array(folder)
    for state in [end(folder)] if array is None else cancel_array(array):
        print(line_of_state(state))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDTH)
