"""One experiment in a process of its own: ``[mpiexec -n N] python one_run.py OUT.json REPORT EXPERIMENT [KEY=VALUE
...]``.

Runs it as ``sherrington run`` does, and notes of every phase wall time and processor time of all threads, since
other work on the machine shows in the first and hardly in the second. REPORT: 0 to leave report and picture out."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any

from sherrington import run as runner
from sherrington.follow import follow
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.parallel import world

PARTS = {
    "brain": "brain",
    "body": "body",
    "transfer": "transfer",
    "readout": "readout",
    "record": "loop_overhead",
}
"""Quantities of the plan, and what they are called in a summary."""


@dataclass
class Measured:
    """wall_s, cpu_s: by phase. parts_s: wall time of the loop's parts. spikes: of all neurons. rates_hz: of recorded
    populations. peak_mib, others_peak_mib: of rank 0 and of the largest other one until the loop ended.
    whole_peak_mib: of all of rank 0."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    parts_s: dict[str, float] = field(default_factory=dict)
    spikes: float = 0.0
    synapses: int = 0
    neurons: int = 0
    biological_s: float = 0.0
    cycles: int = 0
    first_cycle_s: float = 0.0
    counting_s: float = 0.0
    prepare_s: float = 0.0
    rates_hz: dict[str, float] = field(default_factory=dict)
    peak_mib: float = 0.0
    others_peak_mib: float = 0.0
    whole_peak_mib: float = 0.0


BUSY_S: dict[str, float] = {}
"""Processor time by phase."""


class Phases(runner.Phases):
    """Measures processor time beside wall time."""

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        busy = process_time()
        with super().measure(name):
            yield
        BUSY_S[name] = process_time() - busy


@dataclass
class Counter:
    """Adds up NEST's own count of spikes, which begins anew with every step; its time is not the loop's."""

    measured: Measured

    def __call__(self, loop: ClosedLoop) -> None:
        began = perf_counter()
        if loop.cycle_count == 1:
            self.measured.first_cycle_s = loop.spent.total
        if "nest" in sys.modules:
            # Of this rank; neurons go round the ranks.
            self.measured.spikes += world().size * _kernel("local_spike_counter")
        self.measured.counting_s += perf_counter() - began


def measure(folder: Path, overrides: list[str], report: bool) -> Measured:
    """Run one experiment. Raises what building and running raise."""
    measured = Measured()
    measured.cpu_s["start"] = measured.wall_s["start"] = process_time()
    vars(runner)["Phases"] = Phases
    if not report:
        # Not even imported: it would bring matplotlib, whose memory is that of no run.
        sys.modules["sherrington.present"] = SimpleNamespace(present=lambda *_: None)  # type: ignore[assignment]

    def watch(_loop: ClosedLoop, _recorder: object) -> Counter:
        measured.prepare_s = _kernel("time_communicate_prepare") if "nest" in sys.modules else 0.0
        return Counter(measured)

    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as out:
        done = runner.run(runner.Request(folder, tuple(overrides), Path(out)), watch)
        _note(done.summary, measured, report)
    measured.whole_peak_mib = _status("VmHWM")
    return measured


def _note(summary: dict[str, Any], measured: Measured, report: bool) -> None:
    for phase in ("validate", "import", "build_body", "loop", *(("report",) if report else ())):
        measured.wall_s[phase], measured.cpu_s[phase] = summary["phases_s"][phase], BUSY_S[phase]
    built_s, busy = summary["phases_s"]["build_brain"], BUSY_S["build_brain"]
    prepare_busy_s = measured.prepare_s * min(1.0, busy / built_s)
    measured.wall_s |= {"build": built_s - measured.prepare_s, "prepare": measured.prepare_s}
    measured.cpu_s |= {"build": busy - prepare_busy_s, "prepare": prepare_busy_s}
    for table in (measured.wall_s, measured.cpu_s):
        table["loop"] -= measured.counting_s
    steps, step_ms = summary["steps"], summary["step_ms"]
    measured.parts_s = {part: step_ms[name] * steps / 1e3 for part, name in PARTS.items()}
    measured.parts_s["record"] -= measured.counting_s
    measured.biological_s, measured.cycles = summary["biological_s"], steps
    measured.neurons, measured.synapses = summary["neurons"], summary["synapses"]
    measured.rates_hz = summary["rates_hz"]
    measured.peak_mib, *others = summary["peak_memory_mib"]
    measured.others_peak_mib = max(others, default=0.0)


def _kernel(name: str) -> float:
    """An entry of NEST's kernel status; of a list, one for each thread, the largest."""
    import nest
    import numpy as np

    return float(np.max(nest.ll_api.nestkernel.llapi_get_kernel_status()[name]))


def _status(name: str) -> float:
    """An entry of /proc/self/status that is in kB, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc/self/status has no {name}")


if __name__ == "__main__":
    target, with_report, experiment, *changes = sys.argv[1:]
    if world().rank > 0:
        follow(runner.Request(Path(experiment), tuple(changes)))
        sys.exit()
    found = asdict(measure(Path(experiment), changes, with_report == "1"))
    Path(target).write_text(json.dumps(found), encoding="utf-8")
