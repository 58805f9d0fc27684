"""Find the descending drive that holds each posture, and write ``drive.json``. Run: ``python calibrate.py``.

1. Statics: the least activations, with a little co-contraction, whose muscle forces balance gravity at the posture.
2. The pools' drive: the limb is held at the posture while the spinal cord runs with all its afferents, and each pool's
   descending rate is raised or lowered until the pool gives its muscle the activation wanted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mujoco
import numpy as np
from scipy.optimize import lsq_linear

from sherrington import build
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.mujoco import MujocoBody
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
JOINTS = ("shoulder_adduction", "shoulder_flexion", "shoulder_rotation", "elbow_flexion")
START_DEG = (105.0, 0.0, 0.0, 10.0)
POSTURES_DEG = {
    "hold": START_DEG,
    "flexed": (105.0, 5.0, 0.0, 40.0),
    "reach": (100.0, 15.0, -5.0, -20.0),
}
COCONTRACTION = 0.01
HIGHEST = 0.6
SWEEP_HZ = (0.0, 10.0, 20.0, 30.0, 40.0, 55.0, 75.0, 100.0)


def activations(angles_rad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(activations, shape (20,); torque per activation, shape (4, 20), N*m).

    Least squares around COCONTRACTION, subject (by weight) to the balance of torques.
    """
    model = mujoco.MjModel.from_xml_string(mouse_forelimb().mjcf)
    data = mujoco.MjData(model)
    data.qpos[:] = angles_rad
    mujoco.mj_forward(model, data)
    arms = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        arms, data.actuator_moment.ravel(), data.moment_rownnz, data.moment_rowadr, data.moment_colind.ravel()
    )
    gain, passive = muscle_forces(model, data)
    needed = data.qfrc_bias - data.qfrc_passive - arms.T @ passive
    torque = arms.T * gain
    weight = 1e3 / np.abs(needed).max()
    stacked = np.vstack([weight * torque, np.eye(model.nu)])
    target = np.concatenate([weight * needed, np.full(model.nu, COCONTRACTION)])
    found = lsq_linear(stacked, target, bounds=(0.0, HIGHEST)).x
    rest = torque @ found - needed
    print(
        f"  residual torque {np.abs(rest).max() * 1e6:.2f} of {np.abs(needed).max() * 1e6:.2f} uN m",
        flush=True,
    )
    return found, torque


def muscle_forces(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
    """(force per activation, passive force) of every muscle at rest, N, both negative: MuJoCo's muscles push < 0."""
    pairs = [
        (
            mujoco.mju_muscleGain(
                data.actuator_length[i],
                0.0,
                model.actuator_lengthrange[i],
                model.actuator_acc0[i],
                model.actuator_gainprm[i][:9],
            ),
            mujoco.mju_muscleBias(
                data.actuator_length[i],
                model.actuator_lengthrange[i],
                model.actuator_acc0[i],
                model.actuator_biasprm[i][:9],
            ),
        )
        for i in range(model.nu)
    ]
    return tuple(np.array(pairs).T)  # type: ignore[return-value]


class HeldBody(MujocoBody):
    """The forelimb held in the hand: time passes, nothing moves, activations follow their excitations."""

    def advance(self, until_ns: int) -> None:
        super().advance(until_ns)
        self.hold()

    def hold(self) -> None:
        data = self._data
        data.qpos[:] = self.angles_rad
        data.qvel[:] = 0.0
        mujoco.mj_forward(self._model, data)


def mean_activations(rates_hz: np.ndarray, angles_rad: np.ndarray, duration_ms: float = 600.0) -> np.ndarray:
    """Activations that the spinal cord gives at a held posture, mean over the second half of a run."""
    values = "[" + ", ".join(f"{rate:.4f}" for rate in rates_hz) + "]"
    constant = f"{{function: constant, outputs: {{value: brain.DC.rate}}, params: {{value: {values}}}}}"
    resolved = open_experiment(
        HERE,
        [
            f"loop.duration_ms={duration_ms}",
            "perturbations=[]",
            f"pathways.descending={constant}",
            "brain.virtual_processes=1",
            "record.spikes=none",
            "record.signals=none",
        ],
    )
    brain, _ = build.build_brain(resolved)
    body = HeldBody()
    body.angles_rad = angles_rad
    body.prepare(
        resolved.body,
        build.BodyOptions(resolved.experiment.body.timestep_ms, resolved.experiment.body.initial_rad),
    )
    samples: list[np.ndarray] = []
    loop = build.build_loop(
        resolved,
        brain,
        body,
        HERE / "dump",
        [lambda loop: samples.append(body.read("muscle_activation").copy())],
    )
    loop.run()
    loop.close()
    return np.mean(samples[len(samples) // 2 :], axis=0)


def calibrate(angles_deg: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rates, activations wanted, activations reached), each shape (20,).

    A sweep of one rate for all pools gives every pool's own curve; its inverse is then corrected a few times for what
    the pools do to each other.
    """
    angles_rad = np.radians(angles_deg)
    wanted, torque = activations(angles_rad)
    curves = np.array([mean_activations(np.full(wanted.size, hz), angles_rad) for hz in SWEEP_HZ])
    curves = np.maximum.accumulate(curves, axis=0) + 1e-6 * np.arange(len(SWEEP_HZ))[:, None]
    aim, best = wanted.copy(), (np.inf, wanted, wanted)
    for turn in range(6):
        rates = np.array([np.interp(a, curve, SWEEP_HZ) for a, curve in zip(aim, curves.T, strict=True)])
        reached = mean_activations(rates, angles_rad, 1500.0)
        error_Nm = float(np.abs(torque @ (reached - wanted)).max())
        print(f"  turn {turn}: torque wrong by {error_Nm * 1e6:.2f} uN m", flush=True)
        if error_Nm < best[0]:
            best = (error_Nm, rates, reached)
        # Ever smaller corrections: what is measured is noisy, and chasing the noise does not converge.
        aim = np.clip(aim + (wanted - reached) / (turn + 2), 0.0, 1.0)
    _, rates, reached = best
    return rates, wanted, reached


def main() -> None:
    muscles = mouse_forelimb().muscles
    postures = {}
    for name, angles in POSTURES_DEG.items():
        print(name, flush=True)
        rates, wanted, reached = calibrate(angles)
        postures[name] = {
            "angles_deg": dict(zip(JOINTS, angles, strict=True)),
            "rate_hz": dict(zip(muscles, rates.round(2), strict=True)),
            "activation": dict(zip(muscles, wanted.round(4), strict=True)),
            "activation_reached": dict(zip(muscles, reached.round(4), strict=True)),
        }
    (HERE / "drive.json").write_text(json.dumps({"postures": postures}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
