"""The pull through a force field in the loop with MuJoCo, by a controller that learns from the error, and by one that
does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig

LEARNER = """
@transfer(inputs={"go": "1", "error": "1"}, outputs={"torque": "N*m"})
class Learner:
    def __init__(self, *, rate: float):
        self.rate, self.push = rate, 0.0

    def __call__(self, go, error):
        self.push += self.rate * (error[1] - error[0])
        return np.array([1.6e-4 * go[0], self.push * go[0]])
"""
FIELD_NM, STIFFNESS = 1e-4, 4e-4
BLOCKS = {"baseline": 2, "field": 12, "washout": 6}


@pytest.mark.parametrize("rate", [0.0, 1e-6])
def test_who_learns_from_the_error_pulls_straight_and_then_to_the_other_side(
    rig: MakeRig, rate: float
) -> None:
    learner = {
        "learner": {
            "function": "control.py:Learner",
            "inputs": {"go": "task.go", "error": "task.error"},
            "outputs": {"torque": {"port": "body.joint_torque", "only": ["stick_pull", "stick_sideways"]}},
            "params": {"rate": rate},
        }
    }
    params = {
        "threshold_rad": 0.2, "settle_ms": 50.0, "wait_ms": [50.0, 100.0], "field_Nm": FIELD_NM,
        "baseline_trials": BLOCKS["baseline"], "field_trials": BLOCKS["field"],
        "tolerated_rad": 0.002, "full_error_rad": 0.05,
    }  # fmt: skip
    made = rig(
        LEARNER, learner,
        body={"model": "mouse_forelimb", "engine": "mujoco"},
        environment={"parts": {"stick": {"part": "joystick", "at_m": [0.1, 0.1, 0.0]}}},
        loop={"duration_ms": 30000.0},
        task={"name": "joystick_field", "trials": sum(BLOCKS.values()), "params": params, "pause_ms": 100.0},
        record={"spikes": "none", "signals": "none"},
    ).run()  # fmt: skip
    assert made.loop.wiring.trials is not None
    rows: list[dict[str, Any]] = made.loop.wiring.trials.rows
    errors = {block: [row["error_rad"] for row in rows if row["block"] == block] for block in BLOCKS}
    assert {block: len(found) for block, found in errors.items()} == BLOCKS
    assert all(row["outcome"] == "hit" for row in rows)
    pushed = errors["field"][0]
    assert 0.1 < pushed / (FIELD_NM / STIFFNESS) < 1.0, "on the way to torque / stiffness"
    last, after = np.mean(errors["field"][-3:]), errors["washout"][0]
    if rate:
        assert last < 0.6 * pushed and after < -0.3 * pushed and abs(errors["washout"][-1]) < abs(after)
    else:
        assert last == pytest.approx(pushed, rel=0.1) and abs(after) < 0.1 * pushed
