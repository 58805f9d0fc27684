"""The reach task against scripted movements of the paw; every number by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import BODY, Played, play, track

from sherrington.body.model import BodyModel
from sherrington.errors import TaskError
from sherrington.task.reach import Reach

CENTRE = np.array([0.1, 0.2, 0.3])


def reach(**params: Any) -> Reach:
    return Reach(**{"settle_ms": 50.0, "hold_ms": 100.0, "order": "in_turn", "n_targets": 4, **params})


def run(task: Reach, *points: tuple[float, Any], trial: int = 0) -> Played:
    """The paw moves through ``points``: (ms, offset from the centre in m)."""
    at = track(*((t, CENTRE + np.array(offset)) for t, offset in points))
    return play(task, "site_position", ("other", "paw"), lambda ms: np.stack([np.zeros(3), at(ms)]), trial)


def test_hit_with_its_time_and_score() -> None:
    """Go at 150 ms. The paw goes 6 mm from 198 to 318 ms; at 278 ms, after 4 mm, it is at the target."""
    played = run(reach(), (198, (0, 0, 0)), (318, (0.006, 0, 0)))
    ended = played.ended
    assert (ended.outcome, ended.success, played.end_ms) == ("hit", True, 380)
    assert ended.measures["time_to_target_s"] == pytest.approx(0.130)
    assert ended.score == pytest.approx(1 - 0.5 * 0.130)
    assert ended.measures["reaction_time_s"] == pytest.approx(0.090)  # 2 mm are passed at 238 ms
    assert ended.measures["endpoint_error_m"] == pytest.approx(0.0, abs=1e-12)
    assert ended.measures["path_length_m"] == pytest.approx(0.006)
    assert ended.measures["straightness"] == pytest.approx(1.0)
    assert ended.measures["peak_speed_m_per_s"] == pytest.approx(0.05)
    assert ended.measures["direction_error_rad"] == pytest.approx(0.0, abs=1e-6)
    assert [step.reward for step in played.steps.values()].count(1.0) == 1
    assert played.steps[380].reward == 1.0


def test_cues_come_one_after_the_other() -> None:
    played = run(reach(), (200, (0, 0, 0)), (320, (0, 0, 0.006)), trial=1)
    assert played.condition == {"target": 1}
    assert played.cue("target", 45) == []
    assert played.cue("target", 50) == [0, 1, 0, 0] and played.cue("go", 50) == [0]
    assert played.cue("go", 145) == [0] and played.cue("go", 150) == [1]
    assert played.cue("target", 300) == [0, 1, 0, 0]


def test_wrong_target() -> None:
    ended = run(reach(), (200, (0, 0, 0)), (320, (0, 0, 0.006)), trial=0).ended
    assert (ended.outcome, ended.success, ended.score) == ("wrong", False, 0.0)
    assert ended.measures["direction_error_rad"] == pytest.approx(math.pi / 2)


def test_timeout_scores_the_distance_gained() -> None:
    """From 6 mm to 3 mm: half of it is gone, half of 0.2."""
    played = run(reach(), (200, (0, 0, 0)), (260, (0.003, 0, 0)))
    assert (played.ended.outcome, played.end_ms) == ("timeout", 1150)
    assert played.ended.score == pytest.approx(0.1)
    assert math.isnan(played.ended.measures["time_to_target_s"])


def test_passing_through_a_target_is_no_hit() -> None:
    played = run(reach(), (200, (0, 0, 0)), (300, (0.012, 0, 0)))
    assert played.ended.outcome == "timeout" and played.ended.score == pytest.approx(0.0, abs=1e-9)


def test_entered_in_time_and_dwelt_at_beyond_the_window() -> None:
    played = run(reach(), (1078, (0, 0, 0)), (1138, (0.006, 0, 0)))
    assert (played.ended.outcome, played.end_ms) == ("hit", 1220)
    assert played.ended.score == pytest.approx(1 - 0.5 * 0.97)


def test_early_and_no_start() -> None:
    early = run(reach(), (98, (0, 0, 0)), (158, (0.006, 0, 0)))
    assert (early.ended.outcome, early.ended.score) == ("early", 0.0)
    assert early.end_ms == 120  # 2 mm are passed at 118 ms
    assert all(math.isnan(value) for value in early.ended.measures.values())
    away = run(reach(centre_m=(0.0, 0.0, 0.0)), (0, (0, 0, 0)))
    assert (away.ended.outcome, away.end_ms) == ("no_start", 1050)


def test_a_fixed_centre_is_waited_for() -> None:
    task = reach(centre_m=CENTRE.tolist())
    played = run(
        task, (0, (0.01, 0, 0)), (100, (0.01, 0, 0)), (200, (0, 0, 0)), (400, (0, 0, 0)), (500, (0.006, 0, 0))
    )
    assert played.ended.outcome == "hit"
    assert played.cue("go", 275) == [0] and played.cue("go", 285) == [1]


@pytest.mark.parametrize("plane, axes", [("xy", (0, 1)), ("xz", (0, 2)), ("yz", (1, 2))])
def test_targets_lie_on_the_circle(plane: str, axes: tuple[int, int]) -> None:
    places = reach(plane=plane, n_targets=4, first_deg=90.0)._positions(CENTRE) - CENTRE
    expected = np.zeros((4, 3))
    expected[:, axes[0]] = [0, -0.006, 0, 0.006]
    expected[:, axes[1]] = [0.006, 0, -0.006, 0]
    np.testing.assert_allclose(places, expected, atol=1e-15)


def test_given_targets_are_places_in_the_world() -> None:
    task = reach(targets_m=[[0.1, 0.2, 0.31], [0.1, 0.21, 0.3]])
    assert task.cues["target"].order == ("target_0", "target_1")
    assert run(task, (200, (0, 0, 0)), (300, (0, 0, 0.01))).ended.outcome == "hit"


def test_a_target_at_the_centre_is_refused() -> None:
    task = reach(targets_m=[CENTRE.tolist()])
    with pytest.raises(TaskError, match="holds the site already"):
        run(task, (0, (0, 0, 0)))


def test_targets_are_drawn_from_the_trials_own_stream() -> None:
    task = Reach()
    drawn = [play_condition(task, trial) for trial in range(400)]
    assert drawn == [play_condition(task, trial) for trial in range(400)]
    counts = np.bincount(drawn, minlength=8)
    assert (counts > 25).all() and counts.sum() == 400  # 50 +- 3.8 standard deviations


def play_condition(task: Reach, trial: int) -> int:
    from sherrington.brain.distributions import stream

    return int(task.begin(stream(7, f"task/trial/{trial}"), trial)["target"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "params, words",
    [
        ({"radius_m": 0.0}, "radius_m = 0 must be above 0"),
        ({"hold_ms": -1.0}, "hold_ms = -1 must not be below 0"),
        ({"n_targets": 0}, "n_targets = 0"),
        ({"targets_m": []}, "targets_m is empty"),
        ({"targets_m": [[1.0, 2.0]]}, "is no position"),
        ({"centre_m": [1.0, math.inf, 2.0]}, "is no position"),
    ],
)
def test_what_it_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError, match=words):
        Reach(**params)


def test_the_body_must_have_the_site() -> None:
    Reach().check(BODY)
    with pytest.raises(TaskError, match="no site 'hand'; there are: paw, base"):
        Reach(site="hand").check(BODY)


def test_sites_of_the_shipped_forelimb() -> None:
    from sherrington.body.models.mouse_forelimb import mouse_forelimb

    body: BodyModel = mouse_forelimb()
    Reach().check(body)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.004))
def test_any_wandering_scores_between_0_and_1(seed: int, step_m: float) -> None:
    rng = np.random.default_rng(seed)
    walk = CENTRE + np.cumsum(rng.normal(0, step_m, (400, 3)), axis=0)
    walk[:40] = CENTRE
    task = reach()
    played = play(task, "site_position", ("paw",), lambda ms: walk[min(ms // 5, 399)][None], trial=seed % 9)
    ended = played.ended
    assert 0.0 <= ended.score <= 1.0
    assert ended.success == (ended.outcome == "hit") == (ended.score >= 0.5)
    assert ended.outcome in {"hit", "wrong", "timeout"}
