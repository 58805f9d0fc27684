"""Every shipped task in the loop with MuJoCo, done by a controller that can do it, and by one that cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

FREE = {"model": "one_joint", "engine": "mujoco", "params": {"gravity": False}}
NOTHING = {"spikes": "none", "signals": "none"}


def rows(made: Rig) -> list[dict[str, Any]]:
    assert made.loop.wiring.trials is not None
    return made.loop.wiring.trials.rows


SPRING = """
@transfer(inputs={"target": "1", "go": "1", "angle": "rad", "velocity": "rad/s"}, outputs={"torque": "N*m"})
def spring(target, go, angle, velocity, *, shuffled: bool = False):
    wanted = 0.5 * go[0] * (target[1] - target[0]) * (-1.0 if shuffled else 1.0)
    return 2e-3 * (wanted - angle) - 4e-5 * velocity
"""


@pytest.mark.parametrize("shuffled", [False, True])
def test_reaching_with_a_spring_to_the_cued_target(rig: MakeRig, shuffled: bool) -> None:
    """The tip of the rod is pulled to the target, 0.5 rad to either side; with the cues swapped, to the other one."""
    tip = {side: [0.02 * np.sin(side * 0.5), 0.0, -0.02 * np.cos(0.5)] for side in (-1, 1)}
    spring = {
        "spring": {
            "function": "control.py:spring",
            "inputs": {
                "target": "task.target",
                "go": "task.go",
                "angle": "body.joint_angle",
                "velocity": "body.joint_velocity",
            },
            "outputs": {"torque": "body.joint_torque"},
            "params": {"shuffled": shuffled},
        }
    }
    params = {"site": "tip", "targets_m": [list(map(float, tip[s])) for s in (-1, 1)], "settle_ms": 50.0}
    made = rig(
        SPRING,
        spring,
        body=FREE,
        loop={"duration_ms": 20000.0},
        task={"name": "reach", "trials": 6, "params": params | {"hold_ms": 50.0, "dwell_ms": 50.0}},
        record=NOTHING,
    ).run()
    found = rows(made)
    assert len(found) == 6 and {row["target"] for row in found} == {0, 1}
    assert {row["outcome"] for row in found} == {"wrong" if shuffled else "hit"}
    scores = [row["score"] for row in found]
    assert max(scores) == 0.0 if shuffled else min(scores) > 0.9


PULL = """
@transfer(inputs={"go": "1", "angle": "rad", "velocity": "rad/s"}, outputs={"torque": "N*m"})
def pull(go, angle, velocity, *, to_rad: float = 0.3):
    return 2e-3 * (to_rad * go[0] - angle) - 4e-5 * velocity
"""


@pytest.mark.parametrize("to_rad, outcome", [(0.3, "hit"), (0.15, "miss"), (-0.3, "miss")])
def test_pulling_a_joint_past_its_threshold(rig: MakeRig, to_rad: float, outcome: str) -> None:
    pull = {
        "pull": {
            "function": "control.py:pull",
            "inputs": {"go": "task.go", "angle": "body.joint_angle", "velocity": "body.joint_velocity"},
            "outputs": {"torque": "body.joint_torque"},
            "params": {"to_rad": to_rad},
        }
    }
    params = {"joint": "hinge", "settle_ms": 20.0, "wait_ms": [50.0, 100.0], "window_ms": 500.0}
    made = rig(
        PULL, pull, body=FREE, loop={"duration_ms": 9000.0}, record=NOTHING,
        task={"name": "joystick", "trials": 4, "params": params},
    ).run()  # fmt: skip
    found = rows(made)
    assert [row["outcome"] for row in found] == [outcome] * 4
    assert len({row["wait_s"] for row in found}) == 4
    assert all((row["score"] >= 0.5) == (outcome == "hit") for row in found)
    if outcome == "hit":
        assert all(row["pull_time_s"] < 0.2 and row["return_time_s"] > 0 for row in found)


HOLD = """
@transfer(inputs={"angle": "rad", "velocity": "rad/s"}, outputs={"torque": "N*m"})
def hold(angle, velocity, *, stiffness: float = 1e-3):
    return -stiffness * angle - 2e-5 * np.sqrt(stiffness / 1e-3) * velocity
"""


def test_a_stiffer_joint_holds_its_posture_better(rig: MakeRig) -> None:
    """The same four pushes each time; 2e-4 N*m turn the joint to torque / (its own 1e-4 + 3e-4), by 0.5 rad."""
    scores = []
    for stiffness in (0.0, 3e-4, 3e-3):
        hold = {
            "hold": {
                "function": "control.py:hold",
                "inputs": {"angle": "body.joint_angle", "velocity": "body.joint_velocity"},
                "outputs": {"torque": "body.joint_torque"},
                "params": {"stiffness": stiffness},
            }
        }
        params = {
            "settle_ms": 50.0, "hold_ms": 400.0, "push_joint": "hinge", "push_Nm": 2e-4, "push_ms": 150.0,
            "push_from_ms": 100.0, "push_until_ms": 200.0,
        }  # fmt: skip
        made = rig(
            HOLD, hold, body=FREE, loop={"duration_ms": 9000.0}, record=NOTHING,
            task={"name": "posture", "trials": 4, "params": params},
        ).run()  # fmt: skip
        found = rows(made)
        scores.append([row["score"] for row in found])
        if stiffness == 3e-4:
            assert max(row["peak_error_rad"] for row in found) == pytest.approx(0.5, rel=0.1)
    assert (np.diff(scores, axis=0) > 0).all() and min(scores[2]) > 0.9


STEER = """
@transfer(inputs={"places": "m", "beacon": "1"}, outputs={"speed": "rad/s"})
def steer(places, beacon, *, lost: bool = False):
    # Sites in the order of the model: beacons first, then base and head.
    base, head = places[2], places[3]
    ahead, aim = (head - base)[:2], (places[:2].T @ beacon)[:2] - base[:2]
    turn = np.arctan2(ahead[0] * aim[1] - ahead[1] * aim[0], ahead @ aim)
    drive = 10.0 * beacon.any()
    return np.array([drive, drive]) + (0.0 if lost else 4.0 * turn * beacon.any()) * np.array([-1.0, 1.0])
"""


@pytest.mark.parametrize("lost", [False, True])
def test_a_robot_drives_to_the_beacon_that_is_cued(rig: MakeRig, lost: bool) -> None:
    steer = {
        "steer": {
            "function": "control.py:steer",
            "inputs": {
                "places": {"port": "body.site_position", "only": ["beacon_1", "beacon_2", "base", "head"]},
                "beacon": "task.beacon",
            },
            "outputs": {"speed": "body.motor_control"},
            "params": {"lost": lost},
        }
    }
    beacons = [[0.3, 0.4], [0.3, -0.4]]
    made = rig(
        STEER, steer, record=NOTHING, loop={"interval_ms": 20.0, "duration_ms": 40000.0},
        body={"model": "wheeled_robot", "engine": "mujoco", "timestep_ms": 1.0, "params": {"beacons_m": beacons}},
        task={
            "name": "locomotion_wheel", "trials": 4,
            "params": {"beacons": ["beacon_1", "beacon_2"], "window_ms": 4000.0},
        },
    ).run()  # fmt: skip
    found = rows(made)
    assert {row["beacon"] for row in found} == {"beacon_1", "beacon_2"}
    assert [row["first_distance_m"] for row in found] == pytest.approx([0.5] * 4, abs=1e-3)
    assert {row["outcome"] for row in found} == {"timeout" if lost else "hit"}
