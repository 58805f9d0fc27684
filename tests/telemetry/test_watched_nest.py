"""NEST and MuJoCo, watched: the same spikes as unwatched; a lesion from outside shows in the rates."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from service_rig import TOKEN, Service, wait_for

from sherrington import build
from sherrington.loop.recorder import Recorder
from sherrington.record.read import Run, open_run
from sherrington.resolve import open_experiment
from sherrington.telemetry import Link

REFLEX = """
title: a reflex
loop: {interval_ms: 1, duration_ms: 200, mode: pipelined}
brain:
  network: spinal_cord
  scale: 0.5
  virtual_processes: 2
  params: {antagonists: {flexor: [extensor], extensor: [flexor]}}
body: {model: one_joint}
pathways:
  ia:
    function: spindle_ia
    inputs:
      length: body.muscle_length
      velocity: body.muscle_velocity
      rest: body.muscle_rest_length
      optimal: body.muscle_optimal_length
    outputs: {rate: brain.Ia.rate}
    noise: {std: 5.0}
    delay_ms: 2
  tone:
    function: constant
    outputs: {value: brain.DC.rate}
    params: {value: 80.0}
  motoneurons:
    function: motoneuron_pool
    inputs: {counts: {port: brain.MN.count, per: neuron}}
    outputs: {excitation: body.muscle_excitation}
    params: {units_per_pool: 30}
    delay_ms: 2
"""


def _run(folder: Path, service: Service | None, steer: Any = None) -> Run:
    """One run in this process; steer: does what it likes through the service meanwhile."""
    resolved = open_experiment(folder)
    out = folder.parent / f"run-{'watched' if service else 'alone'}-{bool(steer)}"
    out.mkdir()
    link = Link.open(service.url, TOKEN, out, resolved) if service else None
    brain, spikes = build.build_brain(resolved)
    loop = build.build_loop(resolved, brain, build.build_body(resolved), out / "dump")
    recorder = Recorder(out, resolved, loop.wiring, brain, loop.body, spikes)
    loop.observers = (recorder, link.watch(loop, recorder)) if link else (recorder,)
    thread = threading.Thread(target=steer, args=(loop,))
    if steer:
        loop.pause()
        thread.start()
    loop.run()
    if link:
        link.ended(loop)
        link.close()
        assert link.summary()["failure"] == ""
    if steer:
        thread.join(30)
    recorder.close()
    loop.close()
    return open_run(out)


def _experiment(tmp_path: Path) -> Path:
    folder = tmp_path / "reflex"
    folder.mkdir()
    (folder / "experiment.yaml").write_text(REFLEX, encoding="utf-8")
    return folder


def test_watched_or_not_the_spikes_are_the_same(tmp_path: Path, service: Service) -> None:
    folder = _experiment(tmp_path)
    alone = _run(folder, None)

    def subscribe(loop: Any) -> None:
        service.done("subscribe", signals=[{"name": "brain.MN.count:neuron", "interval_ms": 1.0}])
        service.done("step", cycles=7)
        wait_for(lambda: loop.cycle_count == 7)
        service.done("resume")

    watched = _run(folder, service, subscribe)
    assert set(watched.populations) == set(alone.populations) and len(alone.spikes("MN")) > 50
    for name in alone.populations:
        np.testing.assert_array_equal(watched.spikes(name).times_ns, alone.spikes(name).times_ns)
        np.testing.assert_array_equal(watched.spikes(name).channels, alone.spikes(name).channels)
    for name in alone.signals:
        np.testing.assert_array_equal(watched.signal(name)[1], alone.signal(name)[1])
    assert service.of("signals") and service.of("spikes") and service.of("poses")


def test_a_lesion_shows_in_the_rates(tmp_path: Path, service: Service) -> None:
    def lesion(loop: Any) -> None:
        service.done("subscribe", populations=["MN", "Ia"], spikes_per_s=200_000)
        service.done("run_until", time_ms=100)
        wait_for(lambda: loop.cycle_count == 100)
        service.done("excite", action="lesion", populations=["MN"], who="Ada")
        wait_for(lambda: any(told.paused for told in service.of("progress")))
        service.done("resume")

    run = _run(_experiment(tmp_path), service, lesion)
    times = run.spikes("MN").times_ns
    assert (times <= 100_000_000).sum() > 20 and not (times > 101_000_000).any()
    last = service.of("rates")[-1]
    assert last.rates_hz.keys() == {"MN", "Ia"}
    late = [r for r in service.of("rates") if r.from_ns >= 101_000_000]
    assert all(r.rates_hz["MN"] == 0.0 for r in late)
    assert "Ada" in (run.folder / "steering.jsonl").read_text(encoding="utf-8")
