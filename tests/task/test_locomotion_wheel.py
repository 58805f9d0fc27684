"""The wheeled robot's task against scripted drives; every number by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import BODY, Played, play, track

from sherrington.errors import TaskError
from sherrington.task.locomotion_wheel import LocomotionWheel

BEACONS = {"beacon_1": (1.0, 0.0, 0.0), "beacon_2": (0.0, 1.0, 0.0)}
ORDER = ("base", *BEACONS)


def run(task: LocomotionWheel, *points: tuple[float, Any], trial: int = 0) -> Played:
    at = track(*((t, (*place, 0.02)) for t, place in points))
    return play(task, "site_position", ORDER, lambda ms: np.stack([at(ms), *BEACONS.values()]), trial)


def two(**params: Any) -> LocomotionWheel:
    return LocomotionWheel(beacons=tuple(BEACONS), **{"settle_ms": 50.0, "window_ms": 2000.0, **params})


def trial_to(beacon: str) -> int:
    return next(k for k in range(50) if run(two(), (0, (0, 0)), trial=k).condition["beacon"] == beacon)


def test_hit_with_its_time_and_score() -> None:
    """1 m in 1 s from 250 ms on; 0.8 m are driven at 1050 ms, 1 s after the cue."""
    played = run(two(), (250, (0, 0)), (1250, (1, 0)), trial=trial_to("beacon_1"))
    ended = played.ended
    assert (ended.outcome, ended.success) == ("hit", True)
    assert played.end_ms in {1050, 1055}  # 0.2 m is reached to the last bit, or one cycle later
    assert ended.score == pytest.approx(1 - 0.5 * 1.0 / 2.0, abs=2e-3)
    assert ended.measures["path_length_m"] == pytest.approx(0.8, abs=6e-3)
    assert ended.measures["first_distance_m"] == 1.0
    assert played.cue("beacon", 45) == [] and played.cue("beacon", 50) == [1, 0]


def test_wrong_beacon_and_timeout() -> None:
    wrong = run(two(), (250, (0, 0)), (1250, (1, 0)), trial=trial_to("beacon_2")).ended
    assert (wrong.outcome, wrong.score) == ("wrong", 0.0)
    played = run(two(), (250, (0, 0)), (750, (0.5, 0)), trial=trial_to("beacon_1"))
    assert (played.ended.outcome, played.end_ms) == ("timeout", 2050)
    assert played.ended.score == pytest.approx(0.4 * 0.5)


def test_one_beacon_needs_no_cue() -> None:
    played = run(LocomotionWheel(settle_ms=0.0), (0, (0, 0)), (1000, (1, 0)))
    assert played.condition == {"beacon": "beacon_1"} and played.ended.outcome == "hit"


def test_a_start_at_a_beacon_is_refused() -> None:
    with pytest.raises(TaskError, match="from 'beacon_1' at the start already"):
        run(two(), (0, (0.9, 0)))


def test_what_it_refuses() -> None:
    for params, words in (
        ({"beacons": ()}, "at least one site"),
        ({"beacons": ("a", "a")}, "each once"),
        ({"reached_m": 0.0}, "must be above 0"),
    ):
        with pytest.raises(TaskError, match=words):
            LocomotionWheel(**params)  # type: ignore[arg-type]
    two().check(BODY)
    with pytest.raises(TaskError, match="no site 'lamp'; there are"):
        LocomotionWheel(beacons=("lamp",)).check(BODY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2000), st.floats(-2, 2), st.floats(-2, 2)), max_size=10))
def test_any_drive_scores_between_0_and_1(points: list[tuple[int, float, float]]) -> None:
    drive = sorted({t: (x, y) for t, x, y in points}.items())
    ended = run(two(settle_ms=0.0), (0, (0, 0)), *drive).ended
    assert 0.0 <= ended.score <= 1.0
    assert ended.success == (ended.outcome == "hit") == (ended.score >= 0.5)
