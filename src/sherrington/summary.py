"""What a run came to, in numbers, once its loop has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import ns_to_ms, ns_to_s
from .loop.closed_loop import ClosedLoop
from .loop.trials import summary as trial_summary
from .resolved import Resolved

if TYPE_CHECKING:  # brings HDF5, and an experiment is checked before anything heavy is imported
    from .loop.recorder import Recorder


def summary(
    resolved: Resolved,
    loop: ClosedLoop,
    recorder: Recorder,
    phases_s: dict[str, float],
    engines: dict[str, dict[str, Any]],
    peak_memory_mib: list[float],
    error: str,
) -> dict[str, Any]:
    """``summary.json``; every key is explained in ``docs/run-folder.md``.

    phases_s: wall time of each phase so far. engines: facts about both. peak_memory_mib: of each rank. error: what
    ended the loop, if it was one.
    """
    biological_s = ns_to_s(loop.now_ns)
    wall_s = loop.spent.total
    sizes = recorder.store.populations
    counts = recorder.tap.spike_counts
    task = (
        trial_summary(resolved.task, loop.wiring.trials.rows)
        if resolved.task and loop.wiring.trials
        else None
    )
    return {
        "name": resolved.source.name,
        "title": resolved.experiment.title,
        "seed": resolved.experiment.seed,
        "duration_ms": resolved.experiment.loop.duration_ms,
        "biological_s": biological_s,
        "wall_s": wall_s,
        "rtf": (wall_s - loop.spent.waiting) / biological_s if biological_s else None,
        "completed": _completed(loop),
        "stopped_because": error or loop.stopped_because,
        "phases_s": {**phases_s},
        "steps": loop.cycle_count,
        "step_ms": step_ms(loop),
        "spikes": counts,
        "rates_hz": {
            n: c / sizes[n].size / biological_s if biological_s else None for n, c in counts.items()
        },
        "neurons": resolved.network.n_neurons,
        "synapses": engines["brain"].get("synapses", resolved.network.expected_synapses()),
        "muscles": len(resolved.body.muscles),
        "task": task,
        # An experiment's own check gives another.
        "score": task["mean_score"] if task and _completed(loop) else None,
        "checks": [],
        "perturbations": [
            {"name": f.name, "start_ms": ns_to_ms(f.start_ns), "end_ms": ns_to_ms(f.end_ns)}
            for f in resolved.forces
        ],
        "interventions": [
            {"name": c.name, "at_ms": ns_to_ms(c.at_ns), "populations": c.populations}
            for c in resolved.changes
        ],
        "engine": engines,
        "peak_memory_mib": peak_memory_mib,
        "lag_ms": loop.worst_lag_s * 1e3 if loop.realtime else None,
    }


def _completed(loop: ClosedLoop) -> bool:
    return loop.now_ns >= loop.schedule.duration_ns or loop.trials_done


def step_ms(loop: ClosedLoop) -> dict[str, float]:
    """Mean wall time per step, ms, by what it was spent on; ``record`` is part of ``loop_overhead``."""
    spent, steps = loop.spent, max(loop.cycle_count, 1)
    parts = {
        "brain": spent.brain,
        "body": spent.body,
        "transfer": spent.transfer,
        "readout": spent.readout,
        "record": spent.record,
        "loop_overhead": spent.loop_overhead,
        "total": spent.total - spent.waiting,
    }
    return {name: 1e3 * seconds / steps for name, seconds in parts.items()}
