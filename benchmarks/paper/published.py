"""The published figures, by experiment, metric and number of MPI processes.

Feldotto et al. 2022, Front Neuroinform 16:884180, doi 10.3389/fninf.2022.884180, recomputed from the logs of every step
that the authors published: 8 repetitions, 1 s of biological time in 50 steps of 20 ms, Piz Daint, 2 MPI processes of 36
threads on each node of 36 cores, and one node more for the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROCESSES = (1, 2, 4, 8, 16, 32, 64)
THREADS = 36
"""Of each process."""


@dataclass(frozen=True)
class Published:
    """title: what ran. metrics: by the names of ours, one value for each of ``PROCESSES``; memory is that of one
    process, loop_rtf wall time per biological time."""

    title: str
    neurons: float
    synapses: float
    metrics: Mapping[str, tuple[float, ...]]

    def at(self, processes: int) -> dict[str, float]:
        """All metrics at one number of processes."""
        place = PROCESSES.index(processes)
        found = {name: values[place] for name, values in self.metrics.items()}
        return {"neurons": self.neurons, "synapses": self.synapses, **found}


PUBLISHED = {
    "balanced": Published(
        "balanced network, hpc_benchmark at scale 20, no readout",
        225_000,
        2.531e9,
        {
            "total_s": (501, 300, 161, 99.8, 67.6, 52.1, 46.5),
            "construction_s": (63.9, 32.0, 15.9, 7.97, 4.02, 2.04, 1.05),
            "first_step_s": (150, 144, 95.7, 62, 43.9, 33.4, 20.8),
            "loop_rtf": (280, 112, 41, 18, 10.3, 7.4, 6.61),
            "process_hours": (0.139, 0.167, 0.179, 0.222, 0.300, 0.463, 0.827),
            "peak_rss_gb": (87.4, 44.4, 23.0, 12.2, 6.8, 4.1, 2.6),
        },
    ),
    "mouse": Published(
        "five regions of the mouse brain with the mouse forelimb, about 20 devices read",
        1_089_147,
        1.588e9,
        {
            "total_s": (596, 373, 236, 158, 127, 106, 116),
            "construction_s": (262, 136, 73.0, 40.1, 24.3, 17.9, 15.8),
            "first_step_s": (127, 110, 74.4, 46.1, 31.9, 22.7, 14.4),
            "brain_ms": (2670, 1310, 674, 361, 207, 133, 120),
            "readout_ms": (193, 195, 208, 211, 223, 231, 266),
            "transfer_ms": (46, 46, 48, 48, 51, 52, 56),
            "body_ms": (34, 35, 34, 34, 35, 31, 35),
            "loop_rtf": (145, 78, 47, 31, 24, 20.8, 21.9),
            "process_hours": (0.165, 0.207, 0.262, 0.350, 0.564, 0.946, 2.05),
            "peak_rss_gb": (73.4, 39.2, 21.4, 12.2, 7.9, 5.6, 4.2),
        },
    ),
}
