"""Find the premotor drive that holds the joystick at rest, and the one that pulls it. Run: ``python calibrate.py``.

1. Inverse kinematics and statics: joint angles with the paw at the tip, and activations that balance gravity, soft
   tissue and the spring of the stick there. The length of the stick bears any force along it.
2. The drive: see ``sherrington.calibrate``. The stick is taken away and the limb held. The result is ``drive.json``.
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
PULL_RAD = {"rest": 0.0, "pull": 0.3}
"""Angle of the stick at which each goal is in balance by statics. In the loop the pull goes on to its stop, to 0.34 to
0.36 rad, and passes the task's threshold of 0.325."""
STICK_M, STIFFNESS_N_M_PER_RAD = 0.018, 4e-4
"""Of the part ``joystick``."""
COCONTRACTION = 0.02
LEVELS_PA = (0.0, 20.0, 40.0, 60.0, 80.0, 110.0, 150.0, 220.0, 320.0, 480.0)
CUED_HZ = 2000.0
SEEDS = (11, 12, 13, 14)
"""Of the networks that are averaged; none is among those of the benchmark."""
MUSCLES = tuple(ANTAGONISTS)
WITHOUT_STICK = ["environment={}", "task=null"]
ANY_DRIVE = "brain.params={drive_pA: {goal: {}}}"


def measure(
    executor: Executor, angles_rad: np.ndarray, drive_pA: np.ndarray, duration_ms: float
) -> np.ndarray:
    """Activations under a drive, the body held at a posture; both shape (n_muscles,)."""
    one = json.dumps({"goal": dict(zip(MUSCLES, drive_pA.tolist(), strict=True))})
    output = "{value: {port: brain.premotor.rate, weight: 62.5}}"
    cue = f"{{function: constant, outputs: {output}, params: {{value: {CUED_HZ}}}}}"
    overrides = [f"brain.params={{drive_pA: {one}}}", f"pathways.cue={cue}", *WITHOUT_STICK]
    return mean_held_activation(executor, SEEDS, HERE, overrides, angles_rad, duration_ms)


def main(executor: Executor) -> None:
    bare = open_experiment(HERE, [*WITHOUT_STICK, "pathways={}", "record={}", ANY_DRIVE])
    body, statics = bare.body, Statics(bare.body)
    rest = np.array([bare.experiment.body.initial_rad[joint] for joint in body.joints])
    start_m = statics.position_m("paw", rest)
    found = {}
    for name, angle in PULL_RAD.items():
        along = np.array([-np.sin(angle), 0.0, np.cos(angle)])
        across = np.array([np.cos(angle), 0.0, np.sin(angle)])
        angles = statics.angles_rad("paw", start_m + STICK_M * (along - [0.0, 0.0, 1.0]), rest)
        balance = statics.balance(
            angles,
            cocontraction=COCONTRACTION,
            site="paw",
            force_N=STIFFNESS_N_M_PER_RAD * angle / STICK_M * across,
            held_along=along,
        )
        drive = find_drive(partial(measure, executor, angles), balance, LEVELS_PA)
        print(
            f"{name}: {np.degrees(angles).round(1)} deg, torque wrong by {drive.wrong_N_m * 1e6:.2f} uN m",
            flush=True,
        )
        found[name] = {
            "angles_deg": dict(zip(body.joints, np.degrees(angles).round(3), strict=True)),
            "drive_pA": dict(zip(body.muscles, drive.drive.round(2), strict=True)),
            "activation": dict(zip(body.muscles, balance.activation.round(4), strict=True)),
            "activation_reached": dict(zip(body.muscles, drive.activation.round(4), strict=True)),
        }
    (HERE / "drive.json").write_text(json.dumps({"goals": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with workers() as executor:
        main(executor)
