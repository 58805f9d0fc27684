"""The pull through a force field against scripted movements; every number by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from play import BODY, Played, play, track

from sherrington.body.model import BodyModel
from sherrington.errors import TaskError
from sherrington.task.joystick_field import JoystickField

JOINTS = ("elbow", "stick_pull", "stick_sideways")
STICK = BodyModel(
    "stick",
    """<mujoco><worldbody><body name="stick"><joint name="stick_pull"/><joint name="stick_sideways"/>
    <geom size="0.1" mass="1"/></body></worldbody></mujoco>""",
)


def field(**params: Any) -> JoystickField:
    """One trial without the field, one with it; settled at 50 ms, go at 150 ms."""
    given = {"baseline_trials": 1, "field_trials": 1, "settle_ms": 50.0, "wait_ms": (100.0, 100.0), **params}
    return JoystickField(**given)


def pull(task: JoystickField, trial: int, sideways_rad: float, zero: float = 0.0) -> Played:
    """0.4 rad from 200 to 300 ms and back until 400 ms: past 0.05 at 215, at 0.2 at 250; sideways all along from 200 ms
    on, from ``zero``."""
    pulled = track((200, 0.0), (300, 0.4), (400, 0.0))
    across = track((195, 0.0), (200, sideways_rad))
    return play(
        task, "joint_angle", JOINTS, lambda ms: np.array([9.0, pulled(ms)[0], zero + across(ms)[0]]), trial
    )


def torque_Nm(played: Played, at_ms: int) -> float:
    return float(played.steps[at_ms].forces["joint_torque"]["stick_sideways"])  # type: ignore[arg-type]


def test_the_field_acts_in_its_block_while_the_stick_is_pulled() -> None:
    task = field(field_Nm=2e-5)
    baseline, pushed, washout = (pull(task, trial, 0.0) for trial in range(3))
    assert [p.condition["block"] for p in (baseline, pushed, washout)] == ["baseline", "field", "washout"]
    assert [p.condition["field"] for p in (baseline, pushed, washout)] == [0, 1, 0]
    assert not any(torque_Nm(p, ms) for p in (baseline, washout) for ms in p.steps)
    assert [ms for ms in pushed.steps if torque_Nm(pushed, ms)] == list(range(215, 390, 5))
    assert torque_Nm(pushed, 300) == 2e-5


def test_the_error_is_counted_from_the_deviation_of_the_baseline() -> None:
    """Deviations are from where the stick is after settling, 0.5 rad here."""
    task = field()
    baseline = pull(task, 0, 0.03, zero=0.5).ended.measures
    pushed = pull(task, 1, 0.08, zero=0.5).ended.measures
    assert (baseline["deviation_rad"], baseline["error_rad"]) == pytest.approx((0.03, 0.0))
    assert (pushed["deviation_rad"], pushed["error_rad"]) == pytest.approx((0.08, 0.05))
    assert pushed["deviation_mm"] == pytest.approx(18.0 * math.sin(0.08))
    assert pushed["error_mm"] == pytest.approx(18.0 * math.sin(0.05))
    assert pushed["pull_time_s"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("sideways_rad", "told"),
    [(0.05, [0.5, 0.0]), (-0.05, [0.0, 0.5]), (0.2, [1.0, 0.0]), (0.015, [0.0, 0.0])],
)
def test_the_error_is_told_for_a_while_after_the_pull(sideways_rad: float, told: list[float]) -> None:
    task = field(tolerated_rad=0.02, full_error_rad=0.08)
    pull(task, 0, 0.0)
    played = pull(task, 1, sideways_rad)
    assert played.cue("error", 245) == [0.0, 0.0]
    assert played.cue("error", 250) == played.cue("error", 345) == pytest.approx(told)
    assert played.cue("error", 350) == [0.0, 0.0]


def test_no_error_is_told_in_the_baseline_but_in_the_washout() -> None:
    task = field(baseline_trials=2)
    pull(task, 0, 0.0)
    unforeseen = pull(task, 1, 0.3)
    assert unforeseen.ended.measures["error_rad"] == pytest.approx(0.15)
    assert all(played == [0.0, 0.0] for played in (unforeseen.cue("error", ms) for ms in unforeseen.steps))
    assert pull(task, 3, -0.3).cue("error", 250) == [0.0, 1.0]


def test_a_pull_that_never_comes_has_no_error_and_spoils_no_baseline() -> None:
    task = field(baseline_trials=2)
    still = play(task, "joint_angle", JOINTS, lambda ms: np.array([9.0, 0.0, 0.1]))
    assert still.ended.outcome == "miss" and math.isnan(still.ended.measures["error_rad"])
    assert pull(task, 1, 0.03).ended.measures["error_rad"] == 0.0
    missed = play(task, "joint_angle", JOINTS, lambda ms: np.array([9.0, 0.0, 0.1]), trial=2)
    assert missed.cue("error", max(missed.steps)) == [0.0, 0.0]


def test_a_new_run_forgets_the_old_baseline() -> None:
    task = field()
    pull(task, 0, 0.3)
    pull(task, 0, 0.0)
    assert pull(task, 1, 0.05).ended.measures["error_rad"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"baseline_trials": 0}, "baseline_trials = 0 must be at least 1"),
        ({"field_trials": -1}, "field_trials = -1 must not be below 0"),
        ({"error_ms": 0.0}, "error_ms = 0 must be above 0"),
        ({"field_Nm": math.inf}, "field_Nm = inf must be a finite number"),
        ({"full_error_rad": 0.02}, "full_error_rad = 0.02 must be above tolerated_rad = 0.02"),
        ({"threshold_rad": 0.01}, "must be farther from 0 than rest_rad"),
    ],
)
def test_what_it_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words):
        JoystickField(**params)


def test_the_body_must_have_both_joints() -> None:
    JoystickField().check(STICK)
    with pytest.raises(TaskError, match="no joint 'stick_sideways'; there are: elbow, stick_pull"):
        JoystickField().check(BODY)
