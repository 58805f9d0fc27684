"""The joystick task against scripted pulls; every number by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import BODY, Played, play, track

from sherrington.errors import TaskError
from sherrington.task.joystick import Joystick


def run(*points: tuple[float, float], zero: float = 0.0, **params: Any) -> Played:
    """The joystick turns through ``points``: (ms, rad); settled at 50 ms, go at 150 ms."""
    task = Joystick(**{"settle_ms": 50.0, "wait_ms": (100.0, 100.0), **params})
    at = track(*points)
    return play(task, "joint_angle", ("elbow", "stick_pull"), lambda ms: np.array([9.0, zero + at(ms)[0]]))


def test_hit_with_its_times_and_score() -> None:
    """0.4 rad in 100 ms from 200 ms on: past 0.05 at 212.5, seen at 215; at 0.2 at 250. Back from 300 to 400 ms: below
    0.2 at 350, seen at 355; at rest at 387.5, seen at 390; and 50 ms of rest."""
    played = run((200, 0.0), (300, 0.4), (400, 0.0))
    ended = played.ended
    assert (ended.outcome, ended.success, played.end_ms) == ("hit", True, 440)
    assert ended.score == pytest.approx(1 - 0.5 * 0.100)
    assert ended.measures == pytest.approx(
        {
            "reaction_time_s": 0.065,
            "pull_time_s": 0.100,
            "peak_angle_rad": 0.4,
            "time_above_threshold_s": 0.105,
            "return_time_s": 0.140,
        }
    )
    assert played.steps[440].reward == 1.0 and sum(s.reward for s in played.steps.values()) == 1.0


def test_cues() -> None:
    played = run((200, 0.0), (300, 0.4), (400, 0.0))
    assert played.cue("ready", 45) == [] and played.cue("ready", 50) == [1]
    assert played.cue("go", 145) == [0] and played.cue("go", 150) == [1] and played.cue("ready", 150) == [0]
    assert played.cue("go", 245) == [1] and played.cue("go", 255) == [0]


def test_early_pull_ends_the_trial() -> None:
    played = run((60, 0.0), (100, 0.4))
    assert (played.ended.outcome, played.ended.score, played.end_ms) == ("early", 0.0, 80)
    assert all(math.isnan(value) for value in played.ended.measures.values())


def test_miss_scores_how_near_it_came() -> None:
    played = run((200, 0.0), (250, 0.1), (300, 0.0))
    assert (played.ended.outcome, played.end_ms) == ("miss", 1150)
    assert played.ended.score == pytest.approx(0.1 * 0.5)
    assert run((0, 0.0)).ended.score == 0.0


def test_a_pull_that_never_returns() -> None:
    played = run((200, 0.0), (300, 0.4))
    assert (played.ended.outcome, played.ended.score, played.end_ms) == ("no_return", 0.25, 1250)
    assert math.isnan(played.ended.measures["return_time_s"])


def test_a_rest_must_last() -> None:
    """Through rest without stopping there, to the other side, and back: only then is it at rest."""
    played = run((200, 0.0), (300, 0.4), (400, -0.4), (500, 0.0))
    assert (played.ended.outcome, played.end_ms) == ("hit", 540)


def test_pulling_the_other_way_and_an_offset() -> None:
    assert run((200, 0.0), (300, -0.4), (400, 0.0), threshold_rad=-0.2).ended.outcome == "hit"
    assert run((200, 0.0), (300, 0.4), (400, 0.0), threshold_rad=-0.2).ended.outcome == "miss"
    assert run((200, 0.0), (300, 0.4), (400, 0.0), zero=0.7).ended.outcome == "hit"


def test_the_wait_is_drawn_within_its_bounds() -> None:
    task = Joystick(wait_ms=(300.0, 700.0))
    waits = [task.begin(np.random.default_rng(i), i)["wait_s"] for i in range(200)]
    assert 0.3 <= min(waits) < 0.32 and 0.68 < max(waits) <= 0.7  # type: ignore[type-var]


@pytest.mark.parametrize(
    "params, words",
    [
        ({"threshold_rad": 0.04}, "must be farther from 0 than rest_rad"),
        ({"wait_ms": [300.0]}, "must be \\[shortest, longest\\]"),
        ({"wait_ms": [300.0, 200.0]}, "must be \\[shortest, longest\\]"),
        ({"window_ms": 0.0}, "window_ms = 0 must be above 0"),
    ],
)
def test_what_it_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words):
        Joystick(**params)


def test_the_body_must_have_the_joint() -> None:
    Joystick().check(BODY)
    with pytest.raises(TaskError, match="no joint 'stick'; there are: elbow, stick_pull"):
        Joystick(joint="stick").check(BODY)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(-1, 1)), min_size=1, max_size=12))
def test_any_movement_scores_between_0_and_1(points: list[tuple[int, float]]) -> None:
    ended = run(*sorted(dict(points).items())).ended
    assert 0.0 <= ended.score <= 1.0
    assert ended.success == (ended.outcome == "hit") == (ended.score >= 0.5)
