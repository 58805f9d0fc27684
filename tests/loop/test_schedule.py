"""The order of one cycle, as it is printed, is the order in which the engines are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Any

import pytest
from loop_rig import MakeRig, Rig

from sherrington.loop.closed_loop import ClosedLoop
from sherrington.loop.schedule import describe

FUNCTIONS = """
@transfer(inputs={"angle": "rad"}, outputs={"rate": "Hz"})
def sense(angle):
    CALLS.append("sense")
    return np.full(2, 50.0)

@transfer(inputs={"counts": "1"}, outputs={"current": "pA"})
def inner(counts):
    CALLS.append("inner")
    return 10.0 * counts

@transfer(inputs={"counts": "1", "velocity": "rad/s"}, outputs={"excitation": "1"})
def move(counts, velocity):
    CALLS.append("move")
    return np.full(2, 0.2)
"""
PATHWAYS = {
    "sense": {
        "function": "control.py:sense",
        "inputs": {"angle": "body.joint_angle"},
        "outputs": {"rate": "brain.sense.rate"},
    },
    "inner": {
        "function": "control.py:inner",
        "inputs": {"counts": "brain.sense.count"},
        "outputs": {"current": "brain.drive.current"},
    },
    "move": {
        "function": "control.py:move",
        "inputs": {"counts": "brain.drive.count", "velocity": "body.joint_velocity"},
        "outputs": {"excitation": "body.muscle_excitation"},
        "delay_ms": 1.0,
    },
}
HAPPENINGS = {
    "perturbations": [{"name": "push", "at_ms": 2.0, "duration_ms": 5.0, "joint_torque_Nm": {"hinge": 1e-5}}],
    "interventions": [{"name": "quiet", "at_ms": 2.0, "populations": ["sense"], "action": "silence"}],
}


@pytest.fixture(params=["lockstep", "pipelined"])
def ready(request: pytest.FixtureRequest, rig: MakeRig) -> Rig:
    made: Rig = rig(FUNCTIONS, PATHWAYS, loop={"mode": request.param}, **HAPPENINGS)
    return made


def test_the_printed_order_is_the_order_of_the_calls(ready: Rig) -> None:
    log = _log_of_third_cycle(ready)
    happened = [step for step in map(_step_of_call, log) if step]
    printed = [_steps_of_line(line) for line in _lines(describe(ready.resolved))]
    in_order = [step for step, _ in groupby(happened)]
    assert len(in_order) == sum(map(len, printed)) == 11
    for steps in printed:
        assert set(in_order[: len(steps)]) == steps, (in_order, printed)
        del in_order[: len(steps)]


def test_the_body_is_read_before_it_moves_and_the_brain_after(ready: Rig) -> None:
    log = _log_of_third_cycle(ready)
    tap = log.index("tap")
    assert log.index("body.read joint_velocity") < min(log.index("brain.advance"), log.index("body.advance"))
    assert not [call for call in log[log.index("body.advance") : tap] if call.startswith("body.read")]
    assert (
        log.index("brain.read sense.count") < log.index("brain.advance") < log.index("brain.read drive.count")
    )


def test_the_table_says_clocks_ports_and_delays(ready: Rig) -> None:
    text = describe(ready.resolved)
    mode = ready.resolved.experiment.loop.mode
    assert text.startswith(f"One cycle every 1 ms, {mode}, 20 cycles in 20 ms.\n\n  1  perturbations")
    assert "body.joint_angle -> sense (sense every 1 ms) -> delay 0 ms -> brain.sense.rate" in text
    assert "-> move (move every 1 ms) -> delay 1 ms -> body.muscle_excitation" in text
    assert ("at the same time" in text) == (mode == "pipelined")
    numbers = [int(line.split()[0]) for line in _lines(text)]
    assert all(after == before + 1 for before, after in pairwise(numbers))


def _log_of_third_cycle(ready: Rig) -> list[str]:
    """Calls to engines, functions, observers and requests of the cycle in which everything happens."""
    log = ready.log
    calls = ready.calls("sense")
    calls.clear()
    tap = lambda loop: log.append("tap")  # noqa: E731
    for runner in (*ready.loop.wiring.sensory, *ready.loop.wiring.motor):
        runner._function = _noting(runner._function, runner.name, log)
    ready.loop.observers = (tap,)
    ready.run(2_000_000)
    log.clear()
    ready.loop.observers = (tap, lambda loop: _ask(loop, log))
    ready.run(4_000_000)
    return log[: log.index("request") + 1]


def _ask(loop: ClosedLoop, log: list[str]) -> None:
    if loop.cycle_count == 3:
        loop.request(lambda _: log.append("request"))


def _noting(function: Callable[..., Any], name: str, log: list[str]) -> Callable[..., Any]:
    def call(*values: Any, **injected: Any) -> Any:
        log.append(f"call {name}")
        return function(*values, **injected)

    return call


def _step_of_call(call: str) -> str | None:
    if call.startswith("brain.set_excitability") or call == "body.write joint_torque":
        return "happenings"
    if call == "body.read joint_velocity":
        return "kept"
    return None if ".read" in call else call.replace("call ", "").partition(" ")[0]


def _steps_of_line(line: str) -> set[str]:
    text = line.split(maxsplit=1)[1]
    pathway = re.search(r"-> (\w+) \(", text)
    if pathway:
        return {pathway[1]}
    if ", kept for " in text:
        return {"kept"}
    words = {"perturbations": "happenings", "taps:": "tap", "requests:": "request"}
    return {
        words.get(part.split()[0], part.split()[0]) for part in text.split("|") if "same time" not in part
    }


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r" *\d+  ", line)]
