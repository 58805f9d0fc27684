"""The posture task against scripted angles; every number by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import BODY, Played, play, track

from sherrington.errors import TaskError
from sherrington.task.posture import Posture

ORDER = ("elbow", "stick_pull")
SHORT = {"settle_ms": 50.0, "hold_ms": 100.0}
PUSH = {"push_from_ms": 60.0, "push_until_ms": 100.0, "push_ms": 20.0}


def run(task: Posture, *points: tuple[float, Any], trial: int = 0) -> Played:
    return play(task, "joint_angle", ORDER, track(*points), trial)


def test_held_without_error() -> None:
    played = run(Posture(**SHORT), (0, (0.3, -0.2)))
    assert (played.ended.outcome, played.ended.score, played.end_ms) == ("held", 1.0, 150)
    assert played.steps[150].reward == 1.0
    assert played.cue("hold", 45) == [] and played.cue("hold", 50) == [1]
    assert played.condition == {} and not any(step.forces for step in played.steps.values())


def test_errors_by_hand() -> None:
    """One of two joints is 0.2 rad off in 10 of 21 cycles: 0.2 / sqrt 2 each."""
    played = run(Posture(**SHORT), (0, (0.3, 0)), (100, (0.3, 0)), (101, (0.5, 0)))
    off = 0.2 / np.sqrt(2)
    assert played.ended.measures["mean_error_rad"] == pytest.approx(off * 10 / 21)
    assert played.ended.measures["final_error_rad"] == pytest.approx(off)
    assert played.ended.measures["peak_error_rad"] == pytest.approx(off)
    assert played.ended.score == pytest.approx(1 - off * 10 / 21 / 0.3)
    assert played.ended.outcome == "held"


def test_lost_at_the_end_or_on_the_way() -> None:
    late = run(Posture(**SHORT), (145, (0, 0)), (150, (0.9, 0))).ended
    assert (late.outcome, late.success) == ("lost", False) and late.score > 0.5
    assert late.measures["last_beyond_bound_s"] == pytest.approx(0.15)
    far = run(Posture(**SHORT), (50, (0, 0)), (55, (0.9, 0)), (145, (0.9, 0)), (150, (0, 0))).ended
    assert (far.outcome, far.score) == ("lost", 0.0)


def test_given_angles_and_some_joints() -> None:
    given = Posture(angles_rad={"stick_pull": 0.1}, **SHORT)
    assert run(given, (0, (5.0, 0.2))).ended.measures["mean_error_rad"] == pytest.approx(0.1)
    some = Posture(joints=["elbow"], **SHORT)
    assert run(some, (0, (0.0, 0.0)), (50, (0.0, 0.0)), (55, (0.0, 9.0))).ended.score == 1.0


def test_the_push_lies_where_its_condition_says() -> None:
    task = Posture(push_body="limb", push_N=0.5, **SHORT, **PUSH)
    assert task.forces == ("body_force",)
    starts = set()
    for trial in range(20):
        played = run(task, (0, (0, 0)), trial=trial)
        begin_s, direction = played.condition["push_s"], np.array(played.condition["push_direction"])
        starts.add(begin_s)
        assert 0.06 <= begin_s <= 0.1 and np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-5)
        for ms, step in played.steps.items():
            pushed = begin_s <= ms / 1000 < begin_s + 0.02
            assert bool(step.forces) == pushed
            if pushed:
                np.testing.assert_allclose(step.forces["body_force"]["limb"], 0.5 * direction, atol=1e-6)
    assert len(starts) == 20


def test_the_push_at_a_joint_has_both_signs() -> None:
    task = Posture(push_joint="elbow", push_Nm=1e-3, **SHORT, **PUSH)
    signs = []
    for trial in range(20):
        played = run(task, (0, (0, 0)), trial=trial)
        torques = {step.forces["joint_torque"]["elbow"] for step in played.steps.values() if step.forces}
        assert torques == {played.condition["push_sign"] * 1e-3}
        signs.append(played.condition["push_sign"])
    assert set(signs) == {-1, 1}


@pytest.mark.parametrize(
    "params, words",
    [
        ({"bound_rad": 0.0}, "bound_rad = 0 must be above 0"),
        ({"push_body": "limb"}, "push_body and push_N belong together"),
        ({"push_Nm": 1.0}, "push_joint and push_Nm belong together"),
        ({"push_body": "a", "push_N": 1.0, "push_joint": "b", "push_Nm": 1.0}, "both given"),
        ({"joints": ["a"], "angles_rad": {"a": 0.0}}, "both given"),
        ({"push_body": "a", "push_N": 1.0, "push_until_ms": 5000.0}, "must lie between"),
    ],
)
def test_what_it_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words):
        Posture(**params)


def test_the_body_must_have_what_is_held_and_pushed() -> None:
    Posture(angles_rad={"elbow": 0.0}, push_body="limb", push_N=1.0).check(BODY)
    for params, word in (
        ({"joints": ["knee"]}, "joint 'knee'"),
        ({"push_body": "leg", "push_N": 1.0}, "body 'leg'"),
        ({"push_joint": "hip", "push_Nm": 1.0}, "joint 'hip'"),
    ):
        with pytest.raises(TaskError, match=f"no {word}; there are"):
            Posture(**params).check(BODY)  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 150), st.floats(-9, 9)), min_size=1, max_size=8))
def test_any_movement_scores_between_0_and_1(points: list[tuple[int, float]]) -> None:
    ended = run(Posture(**SHORT), *((t, (a, -a)) for t, a in sorted(dict(points).items()))).ended
    assert 0.0 <= ended.score <= 1.0
