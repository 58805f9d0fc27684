"""What a watched run tells: whole, in order, and without a trace in the run itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from service_rig import SESSION, TOKEN, LinkedRig, Service, wait_for

from sherrington.record.state import State
from sherrington.service.frames import Frame

MakeLinked = Any


def _spikes(service: Service, population: str) -> tuple[Any, Any]:
    """Times in ns and neurons of all that was told."""
    times, neurons = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for frame in service.frames:
        for train, its_times, its_neurons in _trains(frame):
            if train.population == population:
                times.append(its_times)
                neurons.append(its_neurons)
    return np.concatenate(times), np.concatenate(neurons)


def _trains(frame: Frame) -> Iterator[tuple[Any, Any, Any]]:
    """Each train of a message with its times in ns and its neurons."""
    if frame.message.kind != "spikes":
        return
    times = frame.array(frame.message.times).astype(np.int64) + frame.message.from_ns
    neurons = frame.array(frame.message.neurons).astype(np.int64)
    ends = np.cumsum([train.shown for train in frame.message.trains]).tolist()
    assert (ends or [0])[-1] == times.size == neurons.size
    for train, end in zip(frame.message.trains, ends, strict=True):
        yield train, times[end - train.shown : end], neurons[end - train.shown : end]


def test_a_whole_run_arrives(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 400.0})
    rig.link.state(State.RUNNING)
    rig.held()
    service.done("subscribe", spikes_per_s=200_000)
    service.done("resume")
    rig.join()
    rig.link.state(State.DONE)
    summary = rig.finish()
    first = service.hellos[0]
    assert (first["token"], first["session"], first["protocol"]) == (TOKEN, None, 1)
    assert [m.state for m in service.of("state")] == ["running", "done"]
    run = rig.rig.recorded()
    times, neurons = _spikes(service, "drive")
    recorded = run.spikes("drive")
    assert len(recorded) > 200
    np.testing.assert_array_equal(times, recorded.times_ns)
    np.testing.assert_array_equal(neurons, recorded.channels)
    assert all(t.one_in == 1 for m in service.of("spikes") for t in m.trains)
    assert summary["dropped"] == {} and summary["lost"] == {"events": 0, "data": 0}
    assert summary["connections"] == 1 and summary["failure"] == "" == summary["gave_up"]
    assert summary["sent"]["spikes"] == len(service.of("spikes"))
    assert service.of("progress")[-1].time_ns == 400_000_000


def test_it_says_what_it_is(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked()
    rig.watched().begin().join()
    rig.finish()
    (experiment,), (functions,), (ports,) = (service.of(k) for k in ("experiment", "functions", "ports"))
    sense = experiment.populations[0]
    assert (sense.name, sense.size, sense.channels) == ("sense", 20, {"flexor": 10, "extensor": 10})
    assert experiment.muscles == ["flexor", "extensor"] and experiment.interval_ns == 1_000_000
    (stretch,) = (p for p in functions.pathways if p.pathway == "stretch")
    assert stretch.own and stretch.file == "control.py" and "def stretch" in stretch.source
    assert stretch.inputs == {"angle": "body.joint_angle"} and stretch.outputs == {"rate": "brain.drive.rate"}
    by_name = {p.name: p for p in ports.signals}
    assert by_name["body.muscle_length"].unit == "m" and by_name["body.muscle_length"].order == [
        "flexor",
        "extensor",
    ]
    assert {"brain.drive.count", "pathway.stretch.rate", "pathway.move.excitation"} <= by_name.keys()
    assert ports.bodies == list(rig.rig.body.pose().bodies)


def test_poses_rates_and_progress(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 60_000.0})
    with rig.running():
        wait_for(lambda: len(service.of("poses")) > 5 and len(service.of("rates")) > 2, "poses and rates")
    rig.finish()
    frame = next(f for f in service.frames if f.message.kind == "poses")
    assert frame.array(frame.message.positions).shape == (len(rig.rig.body.pose().bodies), 3)
    assert frame.array(frame.message.quaternions).shape[1] == 4
    assert frame.array(frame.message.activations).shape == (2,)
    for before, after in zip(service.of("rates"), service.of("rates")[1:], strict=False):
        assert before.time_ns <= after.from_ns < after.time_ns
    assert any(r.rates_hz["drive"] > 1.0 for r in service.of("rates"))
    progress = service.of("progress")[-1]
    assert progress.rtf > 0 and set(progress.step_ms) == {
        "brain", "body", "transfer", "readout", "record", "waiting", "other",
    }  # fmt: skip


def test_signals_are_those_that_are_recorded(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 300.0})
    rig.held()
    wanted = {"body.joint_angle": 2.0, "pathway.stretch.rate": 1}
    service.done("subscribe", signals=[{"name": n, "interval_ms": i} for n, i in wanted.items()])
    service.done("resume")
    rig.join()
    rig.finish()
    run = rig.rig.recorded()
    for name, every in wanted.items():
        times, values = [], []
        for frame in service.frames:
            for part in getattr(frame.message, "parts", ()):
                if part.name == name:
                    assert part.one_in >= 1
                    times.append(frame.array(part.times).astype(np.int64) + frame.message.from_ns)
                    values.append(frame.array(part.values))
        time_ns, recorded = run.signal(name)
        told = np.concatenate(times)
        chosen = np.isin(time_ns, told)
        assert chosen.sum() == told.size > 0 and (told % (every * 1_000_000) == 0).all()
        np.testing.assert_array_equal(np.concatenate(values), recorded[chosen].astype(np.float32))


def test_more_spikes_than_asked_for_are_thinned_and_it_is_said(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 400.0})
    rig.held()
    service.done("subscribe", spikes_per_s=40)
    for time_ms in range(100, 401, 100):
        service.done("run_until", time_ms=float(time_ms))
        if time_ms < 400:
            wait_for(lambda time_ms=time_ms: service.of("progress")[-1].time_ns == time_ms * 1_000_000)
    rig.join()
    rig.finish()
    recorded = rig.rig.recorded().spikes("drive")
    trains = [(f, *t) for f in service.frames for t in _trains(f)]
    assert sum(t.count for _, t, _, _ in trains) == len(recorded) > 200
    thinned = [each for each in trains if each[1].one_in > 1]
    assert thinned
    for frame, train, times, neurons in thinned:
        low, high = frame.message.from_ns, frame.message.time_ns
        mine = (
            (recorded.times_ns > low) & (recorded.times_ns <= high) & (recorded.channels % train.one_in == 0)
        )
        np.testing.assert_array_equal(times, recorded.times_ns[mine])
        np.testing.assert_array_equal(neurons, recorded.channels[mine])


def test_no_secret_but_in_the_first_hello(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 50.0})
    rig.watched().begin().join()
    summary = rig.finish()
    assert TOKEN in str(service.hellos[0]) and SESSION not in str(service.hellos[0])
    assert TOKEN not in str(service.messages) and SESSION not in str(service.messages)
    assert TOKEN not in str(summary) and SESSION not in str(summary) and TOKEN not in repr(rig.link)
    for file in rig.rig.folder.rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes() and SESSION.encode() not in file.read_bytes()


def test_watched_and_unwatched_runs_are_the_same(service: Service, linked: MakeLinked) -> None:
    watched: LinkedRig = linked(loop={"duration_ms": 200.0})
    alone: LinkedRig = linked(url="ws://127.0.0.1:9/", loop={"duration_ms": 200.0})
    watched.held()
    service.done("subscribe", signals=[{"name": "body.muscle_force", "interval_ms": 1.0}])
    for _ in range(5):
        service.done("step", cycles=3)
    service.done("resume")
    watched.join()
    alone.rig.run()
    one, other = watched.rig.recorded(), alone.rig.recorded()
    assert len(one.spikes("drive")) > 100 and service.of("signals")
    for name in one.populations:
        np.testing.assert_array_equal(one.spikes(name).times_ns, other.spikes(name).times_ns)
        np.testing.assert_array_equal(one.spikes(name).channels, other.spikes(name).channels)
    for name in one.signals:
        np.testing.assert_array_equal(one.signal(name)[1], other.signal(name)[1])
    assert watched.rig.body.save() == alone.rig.body.save()


def test_a_frame_that_points_outside_of_itself_is_refused(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(loop={"duration_ms": 50.0})
    rig.watched().begin().join()
    rig.finish()
    frame = next(f for f in service.frames if f.message.kind == "poses")
    for place in ({"shape": [10**6, 3]}, {"offset": 10**9}, {"offset": -8}, {"shape": [-1, 3]}):
        wrong = frame.message.positions.model_copy(update=place)
        try:
            frame.array(wrong)
        except ValueError as error:
            assert "outside" in str(error)
        else:
            raise AssertionError(place)
    for data in (b"", b"\xff\xff\xff\x7f{}", b"\x02\0\0\0{}"):
        try:
            Frame(data)
        except ValueError:
            continue
        raise AssertionError(data)
