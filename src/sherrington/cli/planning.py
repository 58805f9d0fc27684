"""``sherrington plan``: what a run will need, before it starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import NeverError
from ..resolve import open_experiment
from .app import Folder, Set, app


@app.command()
def plan(
    folder: Folder,
    target: Annotated[
        str, typer.Option(help="where it would run: this machine, or one of the targets file")
    ] = "local",
    nodes: Annotated[int | None, typer.Option(min=1, help="nodes")] = None,
    ranks_per_node: Annotated[int | None, typer.Option(min=1, help="MPI ranks on each node")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="threads of each rank")] = None,
    overrides: Set = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    figure: Annotated[Path | None, typer.Option(help="also draw it: a png, svg or pdf file")] = None,
) -> None:
    """Predict memory, time and node-hours of a run, in the shape asked for and in all others that the target has.

    Exit status 2 where it does not fit into memory, with what would.
    """
    from ..launch.target import find_target, machine_of
    from ..plan import table
    from ..plan.choose import plan as make
    from ..plan.predict import planner
    from ..plan.shape import Shape

    if figure is not None and figure.suffix not in (".png", ".svg", ".pdf"):
        raise NeverError(f"cannot draw to '{figure}'; the name must end in .png, .svg or .pdf")
    resolved = open_experiment(folder, overrides or [])
    machine = machine_of(target, find_target(target))
    given = (nodes, ranks_per_node, threads)
    asked = Shape(*(n or 1 for n in given)) if any(given) else None
    made = make(planner(resolved, target), machine, asked, resolved.source.name)
    print(json.dumps(table.as_json(made), indent=2) if as_json else table.as_text(made, resolved.source.name))
    if figure is not None:
        from ..plan.figure import draw

        draw(made, f"{resolved.experiment.title}, on '{machine.name}'", figure)
        if not as_json:
            print(f"figure: {figure}")
