"""One run in a process of its own, its outcome as fingerprints: ``python one_run.py EXPERIMENT OUT [OPTION...]``.

Options: ``quiet`` records nothing; ``paused`` pauses, steps and resumes from another thread; everything else is an
override such as ``seed=2``. Prints one line of JSON. Used by ``test_determinism.py``.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from sherrington import build
from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.recorder import Recorder
from sherrington.ports import Signal, SpikeBatch, Value
from sherrington.record.read import open_run
from sherrington.resolve import open_experiment
from sherrington.resolved import Resolved


class Fingerprint:
    """An observer that notes what every pathway saw and gave. It reads no port: both is in the pathways already."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.counted = 0.0

    def __call__(self, loop: ClosedLoop) -> None:
        for runner in (*loop.wiring.sensory, *loop.wiring.motor):
            for value in (*runner.gathered, *runner.values):
                self.hash.update(_signal(value).tobytes())
        self.counted += sum(float(_signal(value).sum()) for r in loop.wiring.motor for value in r.gathered)


def _signal(value: Value) -> Signal:
    assert not isinstance(value, SpikeBatch)
    return value


def main(folder: Path, out: Path, options: set[str]) -> dict[str, Any]:
    flags = {"quiet", "paused"} & options
    overrides = sorted(options - flags)
    if "quiet" in flags:
        overrides += ["record.spikes=none", "record.signals=none"]
    resolved = open_experiment(folder, overrides)
    brain, spikes = build.build_brain(resolved)
    body = build.build_body(resolved)
    seen = Fingerprint()
    loop = build.build_loop(resolved, brain, body, out / "dump")
    recorder = None if "quiet" in flags else Recorder(out, resolved, loop.wiring, brain, body, spikes)
    loop.observers = (seen,) if recorder is None else (recorder, seen)
    stops = interrupted(loop) if "paused" in flags else straight(loop)
    outcome = {
        "cycles": loop.cycle_count,
        "stops": stops,
        "pathways": seen.hash.hexdigest(),
        "counted": seen.counted,
        "body": hashlib.sha256(body.save()).hexdigest(),
        "recorded": recorded(recorder, resolved, out),
    }
    loop.close()
    return outcome


def straight(loop: ClosedLoop) -> int:
    loop.run()
    return 0


def interrupted(loop: ClosedLoop) -> int:
    """Run with a pause at every 20 ms, resumed or stepped on by another thread; gives how often it rested."""
    resting, rests = threading.Event(), 0
    until_ns = loop.schedule.duration_ns

    def pause(loop: ClosedLoop) -> None:
        if loop.now_ns % 20_000_000 == 0:
            loop.pause()
            loop.request(lambda _: resting.set())

    def go_on() -> None:
        nonlocal rests
        while loop.now_ns < until_ns:
            if resting.wait(0.1):
                resting.clear()
                rests += 1
                time.sleep(0.01)
                loop.step(3) if rests % 2 else loop.resume()
                if rests % 2:
                    time.sleep(0.05)
                    loop.resume()

    loop.observers = (*loop.observers, pause)
    other = threading.Thread(target=go_on)
    other.start()
    loop.run()
    other.join()
    return rests


def recorded(recorder: Recorder | None, resolved: Resolved, out: Path) -> dict[str, Any] | None:
    if recorder is None:
        return None
    recorder.close()
    run = open_run(out)
    prints: dict[str, Any] = {}
    for name in run.populations:
        spikes = run.spikes(name)
        prints[name] = [len(spikes), _hash(spikes.times_ns, spikes.channels)]
    for name in run.signals:
        prints[name] = _hash(*run.signal(name))
    assert len(run.populations) == len(resolved.network.populations)
    return prints


def _hash(*arrays: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:]))))
