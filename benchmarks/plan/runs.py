"""The runs that predictions are compared with: none of them is among those of ``benchmarks/calibrate``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ALONE = HERE / "alone"
EXAMPLES = HERE.parents[1] / "examples"


@dataclass(frozen=True)
class Run:
    """changes: as on the command line. threads: of each rank."""

    name: str
    folder: Path
    changes: tuple[str, ...]
    threads: int = 1
    ranks: int = 1

    @property
    def overrides(self) -> tuple[str, ...]:
        return (*self.changes, f"brain.virtual_processes={self.threads * self.ranks}")


def alone(name: str, network: str, ms: float, *changes: str, threads: int = 1, ranks: int = 1) -> Run:
    """A shipped network without a body to speak of."""
    set_ = (f"brain.network={network}", f"loop.duration_ms={ms:g}", *changes)
    return Run(name, ALONE, set_, threads, ranks)


def example(name: str, ms: float, *changes: str, threads: int = 1, label: str = "") -> Run:
    """A shipped example, shortened."""
    label = name.replace("_", " ") + (f", {threads} threads" if threads > 1 else label)
    return Run(label, EXAMPLES / name, (f"loop.duration_ms={ms:g}", *changes), threads)


def balanced(
    scale: float, ms: float, *changes: str, threads: int = 1, ranks: int = 1, label: str = ""
) -> Run:
    """``hpc_benchmark`` with a tenth of all neurons as inputs of each, as it has at scale 10."""
    name = f"balanced {scale:g}{label}"
    reduced = f"brain.params.indegree_fraction={scale / 10:g}"
    return alone(
        name, "hpc_benchmark", ms, f"brain.scale={scale:g}", reduced, *changes, threads=threads, ranks=ranks
    )


TRIPLE = "pathways.motoneurons.params.units_per_pool=180"
KEPT = "record.spikes=all"
REGIONS = "brain.params.regions=[M1, TH]"
RUNS = (
    balanced(0.1, 400),
    balanced(0.3, 200),
    balanced(0.3, 200, threads=2, label=", 2 threads"),
    balanced(0.6, 100, "brain.params.plastic=false", label=", static"),
    alone("microcircuit 0.05", "microcircuit", 400, "brain.scale=0.05"),
    alone("microcircuit 0.1, recorded", "microcircuit", 400, "brain.scale=0.1", KEPT),
    alone("microcircuit 0.1, 2 threads", "microcircuit", 400, "brain.scale=0.1", threads=2),
    alone("microcircuit 0.2", "microcircuit", 100, "brain.scale=0.2"),
    alone("mouse, M1 and thalamus", "mouse", 200, "brain.scale=0.02", REGIONS, "brain.resolution_ms=0.25"),
    example("mouse_pull", 250),
    example("forelimb_posture", 2000),
    example("forelimb_posture", 1000, threads=2),
    example(
        "forelimb_posture",
        1000,
        "brain.scale=3",
        TRIPLE,
        "record.spikes=none",
        label=", three times the cord",
    ),
    example("one_joint_reflex", 2000),
    example("light_seeker", 2000),
    example("force_field", 1000),
)
OVER_RANKS = (
    balanced(0.3, 200, ranks=2, label=", 2 ranks"),
    alone("microcircuit 0.1, 2 ranks", "microcircuit", 400, "brain.scale=0.1", ranks=2),
)
"""These need NEST with MPI."""
