"""The plan against the published table: calibrated on its column of one process, how far off is it for 2 to 64?

    python benchmarks/plan/extrapolate.py        # prints the tables of docs/plan.md

Published: Feldotto et al. 2022, Front Neuroinform 16:884180, doi 10.3389/fninf.2022.884180
(``benchmarks/paper/published.py``). What their system does, and ours does not: NEST's own rules draw connections and
initial values on all threads, and the first step sorts the connections. So of our terms for building, those of
drawing are left out, and ``Prepare`` counts to the first step."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "paper"))
from published import PROCESSES, PUBLISHED, THREADS  # noqa: E402

from sherrington.plan.amounts import amounts  # noqa: E402
from sherrington.plan.constants import Constants, shipped  # noqa: E402
from sherrington.plan.rates import expected_rates  # noqa: E402
from sherrington.plan.shape import Shape  # noqa: E402
from sherrington.plan.work import Work, describe  # noqa: E402
from sherrington.resolve import open_experiment  # noqa: E402

STEPS = 50
STEP_S = 0.02
PER_NODE = 2
SETTINGS = {
    "balanced": ("brain.network=hpc_benchmark", "brain.scale=20"),
    "mouse": ("brain.network=mouse", "brain.scale=1"),
}
DRAWN_BY_NEST = ("draw_", "filter", "scan", "neuron_value")
CALLS = ("population", "projection", "distance_projection", "network")
ROWS = {
    "total_s": "total run time, s",
    "construction_s": "construction, s",
    "first_step_s": "first step, s",
    "loop_rtf": "loop RTF",
    "peak_rss_gb": "memory per process, GB",
}
Values = dict[str, float]


@dataclass(frozen=True)
class Bare:
    """Predicted by our constants, before the column of one process is known: s, s per step, bytes. calls_s: of
    construction what does not depend on sizes, the calls for populations and projections; connect_s: the rest of
    it."""

    calls_s: float
    connect_s: float
    prepare_s: float
    step_s: float
    memory: float


def bare(work: Work, constants: Constants, processes: int) -> Bare:
    """What falls on one of so many processes, two of them on a node."""
    shape = Shape(-(-processes // PER_NODE), min(processes, PER_NODE), THREADS)
    counted = amounts(work, shape)
    calls = {t: counted["build"][t] for t in CALLS}
    rest = {t: a for t, a in counted["build"].items() if t not in CALLS and not t.startswith(DRAWN_BY_NEST)}
    brain = {t: a for t, a in counted["brain"].items() if t != "first"}
    return Bare(
        constants.predicted("build", calls),
        constants.predicted("build", rest),
        constants.predicted("prepare", counted["prepare"]),
        constants.predicted("brain", brain) / STEPS,
        constants.predicted("memory", counted["memory"]),
    )


def work_of(experiment: str) -> Work:
    """The published second of biological time, of our network at full size."""
    resolved = open_experiment(
        HERE / "alone", (*SETTINGS[experiment], f"loop.duration_ms={1e3 * STEPS * STEP_S:g}")
    )
    return describe(resolved, expected_rates(resolved, {}))


def predicted(work: Work, experiment: str) -> dict[int, Values]:
    """By number of processes, the published metrics; those of one process are given."""
    known = PUBLISHED[experiment].at(1)
    constants = shipped()
    one = bare(work, constants, 1)
    loop_ms = 1e3 * STEP_S * known["loop_rtf"]
    brain_ms = known.get("brain_ms", loop_ms)
    rest_ms = loop_ms - brain_ms
    other_s = known["total_s"] - known["construction_s"] - known["first_step_s"] - (STEPS - 1) * loop_ms / 1e3
    prepare_s = known["first_step_s"] - loop_ms / 1e3
    found = {}
    for processes in PROCESSES:
        this = bare(work, constants, processes)
        step_s = (brain_ms * this.step_s / one.step_s + rest_ms) / 1e3
        construction_s = (
            this.calls_s + (known["construction_s"] - one.calls_s) * this.connect_s / one.connect_s
        )
        first_s = prepare_s * this.prepare_s / one.prepare_s + step_s
        found[processes] = {
            "construction_s": construction_s,
            "first_step_s": first_s,
            "loop_rtf": step_s / STEP_S,
            "total_s": other_s + construction_s + first_s + (STEPS - 1) * step_s,
            "peak_rss_gb": known["peak_rss_gb"] * this.memory / one.memory,
        }
    return found


def table(experiment: str, found: Mapping[int, Values]) -> str:
    """Markdown: predicted, and how much that is above or below the published value."""
    lines = [
        f"| {experiment} | " + " | ".join(map(str, PROCESSES)) + " |",
        "|---|" + "---|" * len(PROCESSES),
    ]
    for metric, title in ROWS.items():
        told = [found[p][metric] for p in PROCESSES]
        seen = PUBLISHED[experiment].metrics[metric]
        cells = [
            f"{t:.3g}" if i == 0 else f"{t:.3g} ({t / s - 1:+.0%})"
            for i, (t, s) in enumerate(zip(told, seen, strict=True))
        ]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    for experiment in SETTINGS:
        print(table(experiment, predicted(work_of(experiment), experiment)) + "\n")


if __name__ == "__main__":
    main()
