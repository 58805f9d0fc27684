"""One case in a process of its own: ``python measure.py OUT.json CASE``, CASE the fields of ``variants.Case`` as JSON.

Writes ``Measured`` to OUT.json. NEST has one kernel per process, and a fresh process has a peak of memory of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import experiments
import numpy as np
from numpy.typing import NDArray
from variants import Case, Variant

from sherrington import build
from sherrington.clock import ns_to_s
from sherrington.errors import SherringtonError
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.recorder import Recorder
from sherrington.loop.spent import Spent
from sherrington.resolved import Resolved

PHASES = ("brain", "readout", "transfer", "body", "overhead")


@dataclass(frozen=True)
class Measured:
    """What one case gave.

    construction_s: from the description to a loop that can run, without NEST's ``Prepare``. prepare_s: that, by NEST's
    own clock; part of first_step_s, as in a system that prepares when it is first told to run. Of all steps but the
    first: step_ms, the mean, with its parts brain_ms to overhead_ms by the loop's own timers; record_ms, a part of
    overhead_ms; loop_rtf, wall time per biological time. rate_hz: spikes per neuron and second. read_hz: mean of each
    readout of the brain, ordered as the ports. moved_rad: largest change of a joint's angle. excited: largest
    excitation of a muscle.
    """

    neurons: int
    synapses: int
    import_s: float
    construction_s: float
    prepare_s: float
    first_step_s: float
    loop_s: float
    step_ms: float
    brain_ms: float
    readout_ms: float
    transfer_ms: float
    body_ms: float
    overhead_ms: float
    record_ms: float
    loop_rtf: float
    peak_rss_gb: float
    rate_hz: float
    read_hz: list[float]
    moved_rad: float
    excited: float


def measure(case: Case) -> Measured:
    """Build and run one case. Raises what building and running raise."""
    began = perf_counter()
    resolved = experiments.resolved(case)
    described = perf_counter()
    build.import_brain(resolved)
    build.import_body(resolved)
    imported = perf_counter()
    with _built(resolved) as loop:
        built = perf_counter()
        prepare_s = _prepare_s(resolved)
        seen = Seen(loop, resolved)
        first = _steps(loop, 1, seen)
        rest = _steps(loop, case.steps - 1, seen)
        facts = loop.brain.statistics()
        return Measured(
            neurons=int(facts["neurons"]),
            synapses=int(facts["synapses"]),
            import_s=imported - described,
            construction_s=built - imported + described - began - prepare_s,
            prepare_s=prepare_s,
            first_step_s=prepare_s + first.total,
            loop_s=rest.total,
            **_per_step(rest, case.steps - 1),
            loop_rtf=rest.total / ns_to_s((case.steps - 1) * loop.schedule.interval_ns),
            peak_rss_gb=_peak_bytes() / 1e9,
            **seen.numbers(int(facts["neurons"])),
        )


@contextmanager
def _built(resolved: Resolved) -> Iterator[ClosedLoop]:
    """The loop as a run makes it, recording signals and poses into a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        brain, spike_ports = build.build_brain(resolved)
        loop = build.build_loop(resolved, brain, build.build_body(resolved), Path(folder) / "dump")
        recorder = Recorder(Path(folder), resolved, loop.wiring, brain, loop.body, spike_ports)
        loop.observers = (recorder,)
        try:
            yield loop
        finally:
            recorder.close()
            loop.close()


def _prepare_s(resolved: Resolved) -> float:
    """Wall time of NEST's ``Prepare``, where connections are sorted: that of its slowest thread."""
    if resolved.experiment.brain.engine != "nest":
        return 0.0
    import nest

    return float(np.max(nest.GetKernelStatus("time_communicate_prepare")))


@dataclass
class Seen:
    """Looks at the loop between steps, outside of what is timed: was what was timed right?"""

    loop: ClosedLoop
    resolved: Resolved
    spikes: int = 0
    _rates: list[NDArray[np.float64]] = field(default_factory=list)
    _angles: list[NDArray[np.float64]] = field(default_factory=list)
    _excitations: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        outputs = self.resolved.brain_ports(writes=False)
        self._per_s = 1.0 / ns_to_s(self.resolved.interval_ns)
        self._ports = [(p.port.name, p.quantity) for p in outputs]
        self._angles.append(np.array(self.loop.body.read("joint_angle")))

    def __call__(self) -> None:
        self.spikes += self._spikes()
        self._rates.append(np.array([self._rate_hz(*port) for port in self._ports]))
        self._angles.append(np.array(self.loop.body.read("joint_angle")))
        motor = (np.max(np.asarray(r.values[0])) for r in self.loop.wiring.motor)
        self._excitations += [float(value) for value in motor]

    def _spikes(self) -> int:
        """Of all neurons in the last step, by the simulator's own count; in closed form nobody counts those unread."""
        if self.resolved.experiment.brain.engine != "nest":
            return 0
        import nest

        return int(nest.local_spike_counter)

    def _rate_hz(self, port: str, quantity: str) -> float:
        mean = float(np.mean(np.asarray(self.loop.brain.read(port))))
        return mean * self._per_s if quantity == "count" else mean

    def numbers(self, neurons: int) -> dict[str, Any]:
        """The last fields of ``Measured``."""
        angles = np.array(self._angles)
        return {
            "rate_hz": self.spikes / neurons / ns_to_s(self.loop.now_ns),
            "read_hz": np.mean(self._rates, axis=0).tolist(),
            "moved_rad": float(np.abs(angles - angles[0]).max()),
            "excited": max(self._excitations),
        }


def _steps(loop: ClosedLoop, count: int, seen: Seen) -> Spent:
    """Run ``count`` steps; what they took."""
    before = replace(loop.spent)
    for _ in range(count):
        loop.run(loop.now_ns + loop.schedule.interval_ns)
        seen()
    now = asdict(loop.spent)
    return Spent(**{name: value - getattr(before, name) for name, value in now.items()})


def _per_step(spent: Spent, steps: int) -> dict[str, Any]:
    """Mean step and its parts, ms."""
    parts = [spent.brain, spent.readout, spent.transfer, spent.body, spent.loop_overhead]
    found = {f"{name}_ms": 1e3 * seconds / steps for name, seconds in zip(PHASES, parts, strict=True)}
    return {"step_ms": 1e3 * spent.total / steps, "record_ms": 1e3 * spent.record / steps, **found}


def _peak_bytes() -> int:
    """Most memory that this process has held; ``getrusage`` would also tell that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    out, text = sys.argv[1:]
    fields = json.loads(text)
    try:
        measured = measure(Case(**{**fields, "variant": Variant(**fields["variant"])}))
    except SherringtonError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    Path(out).write_text(json.dumps(asdict(measured)), encoding="utf-8")


if __name__ == "__main__":
    main()
