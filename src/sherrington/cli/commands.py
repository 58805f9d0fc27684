"""The commands around one experiment and its runs. Thin: every command is a function of the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from .. import __version__, experiment
from ..errors import NeverError
from ..parallel import world
from ..resolve import open_experiment
from .app import STOPPED, Folder, RunFolder, Set, app


@app.command()
def run(
    folder: Annotated[
        Path | None, typer.Argument(metavar="EXPERIMENT", help="folder with an experiment.yaml")
    ] = None,
    overrides: Set = None,
    duration_ms: Annotated[float | None, typer.Option(help="biological time to simulate, ms")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of every random stream")] = None,
    out: Annotated[Path, typer.Option(help="parent of the new run folder")] = Path("runs"),
    video: Annotated[bool, typer.Option("--video", help="also draw a video of the body")] = False,
    into: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="use this run folder, made by a launcher, not a new one"),
    ] = None,
    rank_timeout_s: Annotated[
        float, typer.Option(help="of several ranks: end all when one waits longer than this for the others")
    ] = 600.0,
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
    sweep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="make many runs, as this sweep file says")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="with --sweep: also runs done with another experiment")
    ] = False,
) -> None:
    """Run an experiment; Ctrl-C ends it cleanly and keeps what was recorded.

    Exit status: 0; 1 when a check does not hold or the run had to stop; 2 for a wrong description; 130 after Ctrl-C.
    Of a sweep: 1 when a run had to stop; a check that does not hold is a result.
    """
    changes = list(overrides or [])
    if duration_ms is not None:
        changes.append(f"loop.duration_ms={duration_ms}")
    if seed is not None:
        changes.append(f"seed={seed}")
    if sweep is not None:
        raise typer.Exit(_sweep(sweep, folder, tuple(changes), out, video, again))
    if again:
        raise NeverError("--again is for a sweep: a run never takes the place of another one; leave it out")
    if folder is None:
        raise NeverError("no experiment is named; give its folder: sherrington run EXPERIMENT")
    from ..follow import follow
    from ..request import Dial, Request

    dial = Dial(connect, allow_code, allow_plain) if connect else None
    request = Request(folder, tuple(changes), out, video, into=into, rank_timeout_s=rank_timeout_s, dial=dial)
    if world().rank > 0:
        follow(request)
    else:
        _run(request)


def _sweep(
    file: Path, folder: Path | None, changes: tuple[str, ...], out: Path, video: bool, again: bool
) -> int:
    from ..sweep.command import run_and_print
    from ..sweep.sweep import Request

    if world().size > 1:
        raise NeverError("a sweep starts processes of its own: run it without mpiexec or srun")
    return run_and_print(Request(file, folder, changes, out, video, again))


def _run(request: Any) -> None:
    from .. import run as runner
    from ..progress import Progress

    console = Console(stderr=True)
    shown: list[Progress] = []

    def watch(loop: Any, recorder: Any) -> Progress:
        shown.append(Progress(console, loop, recorder))
        return shown[-1]

    try:
        finished = runner.run(
            request, watch, lambda text: console.print(text, highlight=False, markup=False, soft_wrap=True)
        )
    except KeyboardInterrupt:
        # While building or drawing; the loop itself turns Ctrl-C into an orderly end.
        print("interrupted", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    finally:
        for progress in shown:
            progress.close()
    _print_outcome(finished)
    if not finished.summary["completed"]:
        raise typer.Exit(STOPPED)


@app.command()
def validate(folder: Folder, overrides: Set = None) -> None:
    """Check an experiment as a whole, without building anything; all problems at once, exit status 2."""
    resolved = open_experiment(folder, overrides or [])
    print(
        f"{resolved.source.file}: valid; {len(resolved.network.populations)} populations, "
        f"{resolved.network.n_neurons:,} neurons, {len(resolved.body.muscles)} muscles, "
        f"{len(resolved.pathways)} pathways"
    )


@app.command()
def info(
    folder: Folder,
    overrides: Set = None,
    schedule: Annotated[bool, typer.Option("--schedule", help="the order of one cycle")] = False,
) -> None:
    """What an experiment consists of."""
    from ..parts import parts

    resolved = open_experiment(folder, overrides or [])
    if schedule:
        from ..loop.schedule import describe

        print(describe(resolved))
        return
    Console().print(*parts(resolved), sep="\n")


@app.command(name="list")
def list_() -> None:
    """What ships: examples, networks, bodies, transfer functions, tasks, benchmarks."""
    from .. import bench, shipped

    for heading, things in (*shipped.catalogue(), ("benchmarks", dict.fromkeys(bench.names(), ""))):
        print(f"{heading}:")
        for name, text in things.items():
            print(f"  {name:24} {text}".rstrip())


@app.command()
def schema() -> None:
    """JSON Schema of experiment.yaml, for editors."""
    print(json.dumps(experiment.json_schema(), indent=2))


@app.command()
def new(
    name: Annotated[Path, typer.Argument(help="folder to make")],
    like: Annotated[str, typer.Option(help="the shipped example to start from")] = "one_joint_reflex",
) -> None:
    """Make a working experiment to edit."""
    from .. import shipped

    folder = shipped.new_experiment(name, like)
    print(f"made {folder}; run it with: sherrington run {folder}")


@app.command()
def export(
    folder: RunFolder,
    to: Annotated[str, typer.Option("--to", help="format: nwb")] = "nwb",
    out: Annotated[Path | None, typer.Option(help="file to write")] = None,
) -> None:
    """Export a run, also one that was stopped or killed."""
    from ..record.export import export_nwb
    from ..record.read import open_run

    if to != "nwb":
        raise NeverError(f"cannot export to '{to}'; there are: nwb")
    path = out or folder / "data.nwb"
    export_nwb(open_run(folder), path)
    print(f"wrote {path}")


@app.command()
def report(folder: RunFolder) -> None:
    """Write the report of a run again, also of one that was stopped or killed."""
    from ..record.layout import REPORT_FILE
    from ..record.read import open_run
    from ..record.report import write_report

    write_report(open_run(folder), folder / REPORT_FILE)
    print(f"wrote {folder / REPORT_FILE}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="a folder of benchmarks/; options of its own come after it, see its README")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="print the result as JSON on the last line")
    ] = False,
) -> None:
    """Run a benchmark and append its result to the results file beside it."""
    from .. import bench as benches

    line = benches.run(name, context.args, print)
    table = Table(title=f"{name}  (results {'checked' if line['checked'] else 'WRONG'})")
    for column in ("metric", "value", "must be"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for metric, value in line["metrics"].items():
        table.add_row(metric, f"{value:.4g}", line["bounds"].get(metric, ""))
    Console().print(table)
    if as_json:
        keys = ("benchmark", "commit", "machine", "checked", "metrics")
        print(json.dumps({key: line[key] for key in keys}))
    if not line["checked"]:
        raise typer.Exit(1)


@app.command()
def convert(
    osim: Annotated[Path, typer.Argument(metavar="OSIM", help="an OpenSim 4 model, .osim")],
    mjcf: Annotated[
        Path | None, typer.Argument(metavar="MJCF", help="file to write; beside OSIM if left out")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the file")] = False,
) -> None:
    """Convert an OpenSim model to MJCF, and say what could not be kept. OpenSim is not needed."""
    from ..body.osim_to_mjcf import convert_file

    target = mjcf or osim.with_suffix(".xml")
    warnings = convert_file(osim, target, force)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"wrote {target}; {len(warnings)} warning{'' if len(warnings) == 1 else 's'}")


@app.command()
def version() -> None:
    """The version of this installation."""
    print(__version__)


def _print_outcome(finished: Any) -> None:
    facts = finished.summary
    step = facts["step_ms"]
    if facts["stopped_because"]:
        print(f"{facts['stopped_because']} at {facts['biological_s']:g} s; what was recorded is kept")
    if facts["rtf"] is not None:
        print(
            f"{facts['biological_s']:g} s in {facts['wall_s']:.2f} s, real-time factor {facts['rtf']:.3f}; per step: "
            f"brain {step['brain']:.2f}, body {step['body']:.2f}, transfer {step['transfer']:.2f}, "
            f"readout {step['readout']:.2f}, loop {step['loop_overhead']:.2f} ms"
        )
    for check in facts["checks"]:
        value = "not a number" if check["value"] is None else f"{check['value']:.4g}"
        print(f"  {'holds' if check['holds'] else 'FAILS'}  {check['name']}: {value} ({check['bound']})")
    if facts["score"] is not None:
        print(f"score {facts['score']:.3f}")
    for what, file in (("report", "report.html"), ("picture", "picture.png"), ("video", "video.mp4")):
        if (finished.folder / file).exists():
            print(f"{what}: {finished.folder / file}")
    if any(not check["holds"] for check in facts["checks"]):
        raise typer.Exit(1)
