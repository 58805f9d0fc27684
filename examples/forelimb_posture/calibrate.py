"""Find the descending drive that holds each posture, and write ``drive.json``. Run: ``python calibrate.py``.

1. Statics: the least activations, with a little co-contraction, whose muscle forces balance gravity at the posture.
2. The drive: see ``sherrington.calibrate``.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np

from sherrington.body.mujoco_statics import Statics
from sherrington.calibrate import find_drive, held_activation
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
POSTURES_DEG = {
    "hold": (105.0, 0.0, 0.0, 10.0),
    "flexed": (105.0, 5.0, 0.0, 40.0),
    "reach": (100.0, 15.0, -5.0, -20.0),
}
"""Shoulder adduction, flexion, rotation; elbow flexion."""
COCONTRACTION = 0.01
LEVELS_HZ = (0.0, 10.0, 20.0, 30.0, 40.0, 55.0, 75.0, 100.0)


def measure(angles_rad: np.ndarray, rates_hz: np.ndarray, duration_ms: float) -> np.ndarray:
    """Activations under descending rates, the body held at a posture; both shape (n_muscles,)."""
    constant = (
        f"{{function: constant, outputs: {{value: brain.DC.rate}}, params: {{value: {rates_hz.tolist()}}}}}"
    )
    overrides = [f"pathways.descending={constant}"]
    return held_activation(HERE, overrides, angles_rad, duration_ms)


def main() -> None:
    body = open_experiment(HERE).body
    statics = Statics(body)
    postures = {}
    for name, angles_deg in POSTURES_DEG.items():
        angles = np.radians(angles_deg)
        balance = statics.balance(angles, cocontraction=COCONTRACTION)
        found = find_drive(partial(measure, angles), balance, LEVELS_HZ)
        print(f"{name}: torque wrong by {found.wrong_N_m * 1e6:.2f} uN m", flush=True)
        postures[name] = {
            "angles_deg": dict(zip(body.joints, angles_deg, strict=True)),
            "rate_hz": dict(zip(body.muscles, found.drive.round(2), strict=True)),
            "activation": dict(zip(body.muscles, balance.activation.round(4), strict=True)),
            "activation_reached": dict(zip(body.muscles, found.activation.round(4), strict=True)),
        }
    (HERE / "drive.json").write_text(json.dumps({"postures": postures}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
