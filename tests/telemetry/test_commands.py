"""What a run does that is asked from outside, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from service_rig import NETWORK_FUNCTIONS, LinkedRig, Service, wait_for

MakeLinked = Any
LONG = {"loop": {"duration_ms": 600_000.0}}
HEAD = "import numpy as np\nfrom sherrington import transfer\n"


def _rests_at(service: Service, cycles: int) -> bool:
    told = service.of("progress")
    return bool(told) and told[-1].paused and told[-1].cycles == cycles


def test_pause_step_run_until_resume_and_stop(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    rig.held()
    loop = rig.rig.loop
    service.done("pause")
    wait_for(lambda: _rests_at(service, 0))
    service.done("step", cycles=3)
    wait_for(lambda: _rests_at(service, 3))
    service.done("step")
    wait_for(lambda: _rests_at(service, 4))
    service.done("run_until", time_ms=20.5)
    wait_for(lambda: _rests_at(service, 21))
    assert loop.now_ns == 21_000_000
    assert "already" in service.refused("run_until", time_ms=5).message
    service.done("resume")
    wait_for(lambda: loop.cycle_count > 60)
    service.done("pause")
    wait_for(lambda: service.of("progress")[-1].paused)
    # Each kind is a message of its own, and they arrive one after the other.
    wait_for(lambda: service.of("spikes")[-1].time_ns == loop.now_ns == service.of("progress")[-1].time_ns)
    service.done("stop", who="Ada\x1b[31m")
    rig.join()
    assert loop.stopped_because == "stopped by Ada[31m"
    rig.link.ended(loop)
    assert "ended" in service.refused("resume").message


def test_early_commands_wait_for_the_loop(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    paused, wish = service.ask("pause"), service.ask("subscribe", poses_hz=0)
    assert "building" in service.refused("step").message
    assert "building" in service.refused("excite", action="lesion", populations=["drive"]).message
    rig.watched().begin()
    assert service.answer(paused).ok and service.answer(wish).ok
    assert rig.rig.loop.cycle_count == 0
    service.done("stop")
    rig.join()


def test_stop_ends_the_build(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked()
    service.done("stop", who="Ada")
    assert rig.interrupted == [True]
    (line,) = _steering(rig)
    assert (line["kind"], line["who"], line["time_ns"]) == ("stop", "Ada", 0)


def test_lesion_silence_stimulate_restore(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    rig.held()
    service.done("subscribe", populations=["drive"])
    rig.advance(service, 100)
    service.done("excite", action="silence", populations=["drive"])
    rig.advance(service, 100)
    service.done("excite", action="restore", populations=["drive", "sense"])
    service.done("excite", action="stimulate", populations=["sense"], current_pA=1000.0)
    rig.advance(service, 100)
    service.done("excite", action="lesion", populations=["drive"])
    rig.advance(service, 100)
    refusal = service.refused("excite", action="restore", populations=["drive"])
    assert "lesioned" in refusal.message and refusal.time_ns == 400_000_000
    service.done("stop")
    rig.join()
    run = rig.rig.recorded()
    bins = np.histogram(run.spikes("drive").times_ns, np.arange(5) * 100_000_001)[0].tolist()
    assert bins[0] > 100 and bins[1] == 0 and bins[2] > 100 and bins[3] == 0
    assert run.spikes("sense").times_ns.size > 50
    noted = _steering(rig)
    assert [line.get("action") for line in noted if line.get("kind") == "excite"] == [
        "silence", "restore", "restore", "stimulate", "lesion", "restore",
    ]  # fmt: skip
    assert "lesioned" in noted[-2]["refused"] and noted[-1]["kind"] == "stop"


def _steering(rig: LinkedRig) -> list[dict[str, Any]]:
    text = (rig.rig.folder / "steering.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("excite", {"action": "lesion", "populations": ["thalamus"]}, "there are: sense, drive"),
    ("excite", {"action": "lesion", "populations": []}, "populations"),
    ("excite", {"action": "stimulate", "populations": ["drive"]}, "current_pA"),
    ("excite", {"action": "stimulate", "populations": ["drive"], "current_pA": "much"}, "number"),
    ("excite", {"action": "silence", "populations": ["drive"], "current_pA": 5.0}, "current"),
    ("excite", {"action": "explode", "populations": ["drive"]}, "lesion"),
    ("push", {"body": "hinge", "force_N": [1.0, 0.0, 0.0], "duration_ms": 5}, "takes no forces"),
    ("push", {"body": "hinge", "force_N": [1.0, 0.0], "duration_ms": 5}, "force_N"),
    ("push", {"body": "hinge", "force_N": [1.0, 0.0, 0.0], "duration_ms": -1}, "greater than 0"),
    ("step", {"cycles": 0}, "cycles"),
    ("step", {"cycles": 1.5}, "integer"),
    ("step", {"cycles": 10**12}, "cycles"),
    ("step", {"twice": 1}, "twice"),
    ("run_until", {"time_ms": 1e300}, "time_ms"),
    ("subscribe", {"populations": ["thalamus"]}, "thalamus"),
    ("subscribe", {"signals": [{"name": "body.mood", "interval_ms": 1}]}, "body.joint_angle"),
    ("subscribe", {"poses_hz": 1000}, "30"),
    ("subscribe", {"signals": [{"name": "body.joint_angle", "interval_ms": 0}]}, "greater than 0"),
    ("swap", {"pathway": "stretch", "code": "", "function": "f"}, "--allow-code"),
]


@pytest.fixture
def held(service: Service, linked: MakeLinked) -> LinkedRig:
    rig: LinkedRig = linked(**LONG)
    return rig.held()


def test_wrong_commands_are_refused_with_the_reason(service: Service, held: LinkedRig) -> None:
    for kind, keys, reason in WRONG:
        asked = service.ask(kind, **keys)
        answer = wait_for(lambda asked=asked: _answered(service, asked), f"{kind} {keys}")
        assert not answer.ok and reason in answer.message, (kind, keys, answer.message)
        service.messages.clear()
    service.done("step")
    service.done("stop")
    held.join()
    assert held.rig.loop.cycle_count == 1


def _answered(service: Service, asked: str) -> Any:
    """An answer to it; one that could not be read is answered without its id."""
    return next((m for m in service.of("answer") if m.id in (asked, "")), None)


def test_a_push_acts_for_its_time_and_replaces_the_one_before(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(body={"model": "one_joint", "engine": "mujoco"}, **LONG)
    rig.held()
    rig.advance(service, 10)
    body = rig.rig.body
    name = body.inputs["body_force"].order[-1]
    assert "there are" in service.refused("push", body="nose", force_N=[0.0, 0.0, 1.0], duration_ms=5).message
    service.done("push", body=name, force_N=[0.0, 0.0, 1e-3], duration_ms=50)
    service.done("push", body=name, force_N=[1e-3, 0.0, 0.0], duration_ms=3.5)
    pushes = [f for f in rig.rig.loop.forces if f.name == f"push {name}"]
    assert [(f.start_ns, f.end_ns) for f in pushes] == [(10_000_000, 14_000_000)]
    np.testing.assert_array_equal(pushes[0].value[-1], [1e-3, 0.0, 0.0])
    rig.advance(service, 20)
    service.done("stop")
    rig.join()
    angle = rig.rig.recorded().signal("body.joint_angle")[1]
    assert np.isfinite(angle).all()


def test_pushing_changes_the_motion_and_only_from_then_on(service: Service, linked: MakeLinked) -> None:
    body = {"model": "one_joint", "engine": "mujoco"}
    alone: LinkedRig = linked(url="ws://127.0.0.1:9/", body=body, loop={"duration_ms": 40.0})
    pushed: LinkedRig = linked(body=body, loop={"duration_ms": 40.0})
    alone.rig.run()
    pushed.held()
    service.done("run_until", time_ms=20)
    wait_for(lambda: pushed.rig.loop.cycle_count == 20)
    name = pushed.rig.body.inputs["body_force"].order[-1]
    service.done("push", body=name, force_N=[5e-3, 5e-3, 5e-3], duration_ms=10)
    service.done("resume")
    pushed.join()
    one, other = (rig.rig.recorded().signal("body.joint_angle") for rig in (alone, pushed))
    before = one[0] <= 20_000_000
    np.testing.assert_array_equal(one[1][before], other[1][before])
    assert not np.array_equal(one[1], other[1])


# --- swapping a transfer function ---

LOUD = HEAD + NETWORK_FUNCTIONS.replace("100.0 + gain", "400.0 + 0.0 * gain").replace("500.0", "400.0")


def test_a_function_is_swapped_between_two_cycles(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(allow_code=True, **LONG)
    rig.held()
    service.done("run_until", time_ms=50)
    assert service.hellos[0]["allow_code"]
    wait_for(lambda: rig.rig.loop.cycle_count == 50)
    service.done("swap", pathway="stretch", code=LOUD, function="stretch")
    service.done("run_until", time_ms=100)
    wait_for(lambda: rig.rig.loop.cycle_count == 100)
    told = wait_for(lambda: next((m for m in service.of("functions")[1:]), None))
    facts = next(p for p in told.pathways if p.pathway == "stretch")
    assert facts.swapped and facts.source == LOUD and facts.own
    service.done("stop")
    rig.join()
    times, rates = rig.rig.recorded().signal("pathway.stretch.rate")
    # noise of 20 Hz stays, and so does the delay of 2 ms: what was in the line still arrives
    assert rates[(times > 10e6) & (times <= 52e6)].mean() < 250 < 380 < rates[times > 53e6].mean() < 420
    (line, _) = _steering(rig)
    assert line["kind"] == "swap" and line["code"] == LOUD and line["time_ns"] == 50_000_000


SWAPS: list[tuple[str, str, int | None]] = [
    ("def stretch(:\n", "SyntaxError", 1),
    (HEAD + "1 / 0\n", "ZeroDivisionError", 3),
    (HEAD + "raise SystemExit(3)\n", "SystemExit", 3),
    (HEAD + "import muscles_of_nobody\n", "muscles_of_nobody", 3),
    (HEAD + "def stretch(angle):\n    return angle\n", "@transfer", None),
    (HEAD + "x = 1\n", "no function 'stretch'", None),
    (LOUD.replace('"angle": "rad"', '"angle": "m"'), "in m; the port is in rad", None),
    (LOUD.replace('{"angle": "rad"}', "{}"), "declares inputs", 4),
    (LOUD.replace("gain: float = 2e3", "gain: float"), "needs the parameter 'gain'", None),
    (LOUD.replace("return np.clip(400.0", "return 1 / 0 + np.clip(400.0"), "ZeroDivisionError", 6),
    (LOUD.replace("return np.clip(400.0", "return np.nan * np.clip(400.0"), "not a finite number", None),
    (LOUD.replace("return np.clip(400.0", "return -np.clip(400.0"), "outside", None),
]


def test_a_wrong_function_is_refused_at_its_line_and_the_old_one_stays(
    service: Service, linked: MakeLinked
) -> None:
    rig: LinkedRig = linked(allow_code=True, **LONG)
    rig.held()
    rig.advance(service, 10)
    for code, reason, line in SWAPS:
        answer = service.refused("swap", pathway="stretch", code=code, function="stretch")
        assert reason in answer.message, (code, answer.message)
        assert answer.line == line, (code, answer.message)
    assert (
        "no parameter 'tone'"
        in service.refused(
            "swap", pathway="stretch", code=LOUD, function="stretch", params={"tone": 1.0}
        ).message
    )
    assert "no pathway" in service.refused("swap", pathway="x", code=LOUD, function="stretch").message
    rig.advance(service, 10)
    service.done("stop")
    rig.join()
    rates = rig.rig.recorded().signal("pathway.stretch.rate")[1]
    assert 0 < rates.mean() < 350 and len(service.of("functions")) == 1
