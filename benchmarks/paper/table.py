"""The table: ours in the shape of the published one, Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from published import PUBLISHED, THREADS

SHOWN = (1, 8, 64)
"""Published numbers of processes that the table has a column for."""
ROWS = {
    "threads": "threads of each process",
    "neurons": "neurons",
    "synapses": "synapses",
    "total_s": "total run time, s",
    "construction_s": "network construction, s",
    "first_step_s": "first step, s",
    "brain_ms": "brain, ms per 20 ms step",
    "readout_ms": "reading and writing, ms per step",
    "transfer_ms": "transfer functions, ms per step",
    "body_ms": "body, ms per step",
    "overhead_ms": "rest of the loop, ms per step",
    "record_ms": "recording, in that rest",
    "loop_rtf": "loop RTF",
    "process_hours": "process-hours",
    "peak_rss_gb": "memory per process, GB",
    "rate_hz": "spikes per neuron and s",
    "start_us": "construction and first step, us per synapse",
    "bytes": "memory, bytes per synapse",
}
NOTE = (
    "Two machines, two sizes and different networks: the columns do not say how much faster one program is than the "
    "other. They do say, each for itself, what a step is spent on."
)

Metrics = Mapping[str, float]


def table(
    experiment: str, scale: float, threads: int, whole: Metrics, ablations: Mapping[str, Metrics]
) -> str:
    """Published columns, then ours at a scale, then ours with parts left out."""
    published = PUBLISHED[experiment]
    columns = {
        f"published, {n} process{'' if n == 1 else 'es'}": _derived(published.at(n), n, THREADS)
        for n in SHOWN
    }
    columns[f"ours, scale {scale:g}"] = _derived(whole, 1, threads)
    columns |= {name: _derived(found, 1, threads) for name, found in ablations.items()}
    rows = [["", *columns], ["---", *("---:" for _ in columns)]]
    rows += [[title, *(_text(c.get(name)) for c in columns.values())] for name, title in ROWS.items()]
    lines = ("| " + " | ".join(row) + " |" for row in _aligned(rows))
    return "\n".join([f"{published.title}; published: Feldotto et al. 2022", "", *lines, "", NOTE])


def _derived(metrics: Metrics, processes: int, threads: int) -> dict[str, float]:
    """With what does not grow with the network: bytes of all processes and wall time, by synapse; none without any."""
    synapses = metrics["synapses"]
    if not synapses:
        return {**metrics, "threads": threads}
    start_us = 1e6 * (metrics["construction_s"] + metrics["first_step_s"]) / synapses
    per_synapse = 1e9 * metrics["peak_rss_gb"] * processes / synapses
    return {**metrics, "threads": threads, "start_us": start_us, "bytes": per_synapse}


def _text(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _aligned(rows: list[list[str]]) -> list[list[str]]:
    """Cells padded to the width of their column, the first to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        for row in rows
    ]
