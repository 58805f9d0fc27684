"""What an experiment consists of, in tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from .resolved import Resolved


def parts(resolved: Resolved) -> Iterator[RenderableType]:
    """Title, description, populations, pathways."""
    yield f"[bold]{escape(resolved.experiment.title)}[/bold]"
    if resolved.experiment.description:
        yield escape(resolved.experiment.description.strip())
    yield _populations(resolved)
    yield _pathways(resolved)


def _populations(resolved: Resolved) -> Table:
    network = resolved.network
    table = Table(
        title=f"{network.name}: {network.n_neurons:,} neurons, {network.expected_synapses():,} synapses"
    )
    for column in ("population", "neurons", "model", "channels"):
        table.add_column(column, justify="right" if column == "neurons" else "left")
    for p in network.populations.values():
        table.add_row(p.name, f"{p.size:,}", p.model, str(len(p.channels)))
    return table


def _pathways(resolved: Resolved) -> Table:
    table = Table(title=f"pathways to and from '{resolved.body.name}' ({len(resolved.body.muscles)} muscles)")
    for column in ("pathway", "function", "from", "to", "delay"):
        table.add_column(column)
    for p in resolved.pathways:
        inputs = "\n".join(f"{e.side}.{e.port}" for e in p.inputs) or "time"
        outputs = "\n".join(f"{e.side}.{e.port}" for e in p.outputs)
        table.add_row(p.name, p.transfer.name, inputs, outputs, f"{p.delay_ns / 1e6:g} ms")
    return table
