"""One measurement, in as many ranks as it is started with: ``python measure.py OUT.json READOUTS STEPS``.

The experiment is that of ``benchmarks/closed_loop``: neurons that are read through so many ports, each used in every
step, and recorded. Rank 0 writes what it measured.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "closed_loop"))

import experiments
import numpy as np

from sherrington import build
from sherrington.brain.ranks import LeadingBrain
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.recorder import Recorder
from sherrington.parallel import world
from sherrington.record.read import open_run
from sherrington.resolved import Resolved

WARM_UP_STEPS = 20
VIRTUAL_PROCESSES = 2


def main(out: Path, readouts: int, steps: int) -> None:
    duration_ms = experiments.INTERVAL_MS * (WARM_UP_STEPS + steps)
    resolved = experiments.with_readouts(readouts, duration_ms, brain__virtual_processes=VIRTUAL_PROCESSES)
    if world().rank:
        build.build_following(resolved).follow(lambda _folder: None)
    else:
        out.write_text(json.dumps(_lead(resolved, steps)), encoding="utf-8")


def _lead(resolved: Resolved, steps: int) -> dict[str, Any]:
    brain, spikes = build.build_brain(resolved)
    body = build.build_body(resolved)
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as name:
        folder = Path(name)
        if isinstance(brain, LeadingBrain):
            brain.record(folder, build.rank_spikes(resolved, brain, folder))
        loop = build.build_loop(resolved, brain, body, folder / "dump")
        several = world().size > 1
        recorder = Recorder(folder, resolved, loop.wiring, brain, body, spikes, counted=several)
        loop.observers = (recorder,)
        rows = _steps(loop, WARM_UP_STEPS + steps)[WARM_UP_STEPS:]
        if isinstance(brain, LeadingBrain):
            brain.stop_recording()
        recorder.close()
        prints = _prints(folder)
        loop.close()
    names = ("exchange_ms", "outside_ms", "brain_ms")
    return {**dict(zip(names, rows.T.tolist(), strict=True)), "prints": prints}


def _steps(loop: ClosedLoop, count: int) -> np.ndarray[Any, Any]:
    """Of every step, ms: in messages between ranks, outside of both simulators, inside NEST; shape (count, 3)."""
    rows = np.empty((count, 3))
    for row in rows:
        before = _clocks(loop)
        loop.run(loop.now_ns + loop.schedule.interval_ns)
        row[:] = 1e3 * (_clocks(loop) - before)
    return rows


def _clocks(loop: ClosedLoop) -> np.ndarray[Any, Any]:
    spent = loop.spent
    return np.array([world().exchange_s, spent.total - spent.advance, spent.brain])


def _prints(folder: Path) -> dict[str, Any]:
    """How many spikes, and a fingerprint of all spikes and signals."""
    run = open_run(folder)
    digest, total = hashlib.sha256(), 0
    for name in run.populations:
        spikes = run.spikes(name)
        total += len(spikes)
        digest.update(spikes.times_ns.tobytes() + spikes.channels.tobytes())
    for name in run.signals:
        digest.update(run.signal(name)[1].tobytes())
    return {"spikes": total, "digest": digest.hexdigest()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
