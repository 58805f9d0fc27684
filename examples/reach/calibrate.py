"""Find the premotor drive that brings the paw to each goal and holds it there. Run: ``python calibrate.py``.

1. Inverse kinematics and statics: joint angles of each goal, and activations that balance gravity there.
2. The drive: see ``sherrington.calibrate``. The result is written to ``drive.json``.
"""

import json
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np

from sherrington.body.mujoco_statics import Statics
from sherrington.brain.models.forelimb_muscles import ANTAGONISTS
from sherrington.calibrate import find_drive, mean_held_activation, workers
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
CENTRE_DEG = (105.0, 0.0, 0.0, 10.0)
"""Shoulder adduction, flexion, rotation; elbow flexion."""
RADIUS_M = 5e-3
DIRECTIONS = {
    "forward": (1.0, 0.0, 0.0),
    "up": (0.0, 0.0, 1.0),
    "back": (-1.0, 0.0, 0.0),
    "down": (0.0, 0.0, -1.0),
}
COCONTRACTION = 0.02
LEVELS_PA = (0.0, 20.0, 40.0, 60.0, 80.0, 110.0, 150.0, 220.0, 320.0, 480.0)
CUED_HZ = 2000.0
SEEDS = tuple(range(11, 19))
"""Of the networks that are averaged; none is among those of the benchmark."""
MUSCLES = tuple(ANTAGONISTS)
WITHOUT_TASK = ["task=null"]
ANY_DRIVE = "brain.params={drive_pA: {goal: {}}}"


def goals(statics: Statics) -> dict[str, np.ndarray]:
    """Joint angles in rad of the centre and of every target."""
    centre = np.radians(CENTRE_DEG)
    start_m = statics.position_m("paw", centre)
    found = {"centre": centre}
    for name, direction in DIRECTIONS.items():
        found[name] = statics.angles_rad("paw", start_m + RADIUS_M * np.array(direction), centre)
    return found


def measure(
    executor: Executor, angles_rad: np.ndarray, drive_pA: np.ndarray, duration_ms: float
) -> np.ndarray:
    """Activations under a drive, the body held at a posture; both shape (n_muscles,)."""
    one = json.dumps({"goal": dict(zip(MUSCLES, drive_pA.tolist(), strict=True))})
    output = "{value: {port: brain.premotor.rate, weight: 62.5}}"
    cue = f"{{function: constant, outputs: {output}, params: {{value: {CUED_HZ}}}}}"
    overrides = [f"brain.params={{drive_pA: {one}}}", f"pathways.cue={cue}", *WITHOUT_TASK]
    return mean_held_activation(executor, SEEDS, HERE, overrides, angles_rad, duration_ms)


def main(executor: Executor) -> None:
    body = open_experiment(HERE, [*WITHOUT_TASK, "pathways={}", "record={}", ANY_DRIVE]).body
    statics = Statics(body)
    found = {}
    for name, angles in goals(statics).items():
        balance = statics.balance(angles, cocontraction=COCONTRACTION)
        drive = find_drive(partial(measure, executor, angles), balance, LEVELS_PA)
        print(
            f"{name}: {np.degrees(angles).round(1)} deg, torque wrong by {drive.wrong_N_m * 1e6:.2f} uN m",
            flush=True,
        )
        found[name] = {
            "position_m": statics.position_m("paw", angles).round(6).tolist(),
            "angles_deg": dict(zip(body.joints, np.degrees(angles).round(3), strict=True)),
            "drive_pA": dict(zip(body.muscles, drive.drive.round(2), strict=True)),
            "activation": dict(zip(body.muscles, balance.activation.round(4), strict=True)),
            "activation_reached": dict(zip(body.muscles, drive.activation.round(4), strict=True)),
        }
    (HERE / "drive.json").write_text(json.dumps({"goals": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with workers() as executor:
        main(executor)
