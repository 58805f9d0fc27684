"""Forces act exactly from their start to their end; interventions at their time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig

FUNCTIONS = """
@transfer(inputs={"counts": "1"}, outputs={"torque": "N*m"})
def twist(counts):
    return np.array([5e-6])
"""
TWIST = {
    "twist": {
        "function": "control.py:twist",
        "inputs": {"counts": "brain.drive.count"},
        "outputs": {"torque": "body.joint_torque"},
        "delay_ms": 2.0,
    }
}
DRIVE = {
    "drive": {"function": "constant", "outputs": {"value": "brain.drive.rate"}, "params": {"value": 500.0}}
}
MODES = ["lockstep", "pipelined"]


def push(name: str, at_ms: float, duration_ms: float, torque: float) -> dict[str, Any]:
    return {"name": name, "at_ms": at_ms, "duration_ms": duration_ms, "joint_torque_Nm": {"hinge": torque}}


def torques(made: Rig) -> np.ndarray[Any, Any]:
    """N*m, what acted in each cycle."""
    return np.array(list(made.body.torques.values()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pathways", [{}, TWIST], ids=["alone", "with a pathway"])
def test_forces_act_from_start_to_end_and_add_up(rig: MakeRig, mode: str, pathways: dict[str, Any]) -> None:
    pushes = [push("a", 3, 5, 1e-5), push("b", 6, 4, -4e-5), push("c", 10, 1, 7e-5), push("d", 0, 2, 2e-5)]
    made = rig(
        FUNCTIONS, DRIVE | pathways, loop={"mode": mode, "duration_ms": 15.0}, perturbations=pushes
    ).run()
    expected = np.zeros(15)
    expected[3:8] += 1e-5
    expected[6:10] -= 4e-5
    expected[10] += 7e-5
    expected[0:2] += 2e-5
    expected[2:] += 5e-6 if pathways else 0.0
    np.testing.assert_allclose(torques(made), expected, rtol=0, atol=1e-18)


def test_a_push_moves_the_body_while_it_lasts_and_not_before(rig: MakeRig) -> None:
    still = rig(FUNCTIONS, DRIVE).run().recorded().signal("body.joint_angle")[1]
    made = rig(FUNCTIONS, DRIVE, perturbations=[push("a", 5, 3, 2e-5)]).run()
    pushed = made.recorded().signal("body.joint_angle")[1]
    np.testing.assert_array_equal(pushed[:5], still[:5])
    assert (np.diff(pushed[4:8, 0]) > 0).all()


def test_the_force_on_a_body_of_mujoco_reaches_only_that_body(rig: MakeRig) -> None:
    force = {"name": "pull", "at_ms": 2, "duration_ms": 3, "body_force_N": {"rod": [1e-3, 0.0, 0.0]}}
    body = {"model": "one_joint", "engine": "mujoco", "params": {"gravity": False}}
    angles = (
        rig(FUNCTIONS, DRIVE, body=body, perturbations=[force]).run().recorded().signal("body.joint_angle")[1]
    )
    assert (angles[:2] == 0.0).all() and (np.diff(angles[1:6, 0]) > 1e-6).all()


def intervention(name: str, at_ms: float, action: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "at_ms": at_ms, "populations": ["drive"], "action": action, **more}


@pytest.mark.parametrize("mode", MODES)
def test_interventions_come_at_their_time(rig: MakeRig, mode: str) -> None:
    """Without input a closed-form neuron fires at 0.1 Hz per pA: 4000 pA add 400 Hz to the 500 Hz of the drive."""
    changes = [
        intervention("quiet", 10, "silence"),
        intervention("back", 20, "restore"),
        intervention("more", 30, "stimulate", current_pA=4000.0),
        intervention("gone", 40, "lesion"),
    ]
    made = rig(FUNCTIONS, DRIVE, loop={"mode": mode, "duration_ms": 50.0}, interventions=changes).run()
    times = made.recorded().spikes("drive").times_ns
    counts = [int(((times > a * 10_000_000) & (times <= (a + 1) * 10_000_000)).sum()) for a in range(5)]
    assert counts == [100, 0, 100, 180, 0]
    assert [call for call in made.log if "excitability" in call] == ["brain.set_excitability drive"] * 4
