"""Find the drives that push the stick to a side during the pull. Run: ``python calibrate.py``.

Limb, cord, afferents, and the drives of rest and pull are those of the example ``joystick_pull``.

1. In the closed loop the stick is pulled and held, and every pool in turn receives a little more drive for a while, as
   do its Ia interneurons. How far the stick turns is noted, as a mean over networks of several seeds.
2. A push is the smallest set of such drives, none of them negative, that turns the stick to the side as far as the
   field does, and hardly pulls it farther. The result is ``drive.json``.
"""

import json
from concurrent.futures import Executor
from pathlib import Path
from tempfile import gettempdir

import numpy as np
from scipy.optimize import lsq_linear

from sherrington import build
from sherrington.brain.models.forelimb_muscles import ANTAGONISTS
from sherrington.calibrate import workers
from sherrington.resolve import open_experiment

HERE = Path(__file__).parent
PULL = HERE.parent / "joystick_pull"
FIELD_N_M = 5e-5
"""Torque on the stick that a push withstands."""
RAISED_PA = 100.0
HIGHEST_PA = 200.0
SEGMENT_MS, LAST = 600, 0.6
"""How long a pool has more drive, and the share of that time, at its end, that is averaged."""
ROUNDS = 2
CUED_HZ = 2000.0
SEEDS = (11, 12, 13, 14)
"""Of the networks that are averaged; none is among those of the benchmark."""
CERTAIN = 3.0
"""What a muscle does to the stick counts from so many standard errors on."""
PER_RAD, PER_PA = np.array([300.0, 1000.0]), 0.01
"""A milliradian to the side weighs as much as 100 pA; one of the pull less, since the stop bears part of it."""
MUSCLES = tuple(ANTAGONISTS)
SEGMENTS = ("none", *MUSCLES, "field")


def turned_rad(drive_pA: dict[str, dict[str, float]], seed: int) -> np.ndarray:
    """Mean angles of the stick in each segment, shape (n_rounds, n_segments, 2): pull and sideways, rad."""
    goals = {"pull": drive_pA["pull"], **{muscle: {muscle: RAISED_PA} for muscle in MUSCLES}}
    order = SEGMENTS * ROUNDS
    times = [SEGMENT_MS * i for i in range(len(order))]
    rates = [[CUED_HZ * (goal in ("pull", segment)) for goal in goals] for segment in order]
    torques = [
        {
            "name": f"f{i}",
            "at_ms": t,
            "duration_ms": SEGMENT_MS,
            "joint_torque_Nm": {"stick_sideways": FIELD_N_M},
        }
        for i, (t, segment) in enumerate(zip(times, order, strict=True))
        if segment == "field"
    ]
    cue = {
        "function": "schedule",
        "outputs": {"value": {"port": "brain.premotor.rate", "weight": 62.5}},
        "params": {"times_ms": times, "values": rates},
    }
    changes = {
        "seed": seed,
        "task": None,
        "brain.network": "premotor_cord",
        "brain.resolution_ms": 0.5,
        "brain.params": {"drive_pA": goals},
        "pathways.cue": cue,
        "perturbations": torques,
        "record": {"spikes": "none", "signals": "none"},
        "loop.duration_ms": SEGMENT_MS * len(order),
    }
    angles = _stick_rad([f"{key}={json.dumps(value)}" for key, value in changes.items()])
    segments = angles.reshape(ROUNDS, len(SEGMENTS), -1, 2)
    mean: np.ndarray = segments[:, :, -int(LAST * segments.shape[2]) :].mean(axis=2)
    return mean


def _stick_rad(overrides: list[str]) -> np.ndarray:
    """Angles of the stick in every cycle, shape (n_cycles, 2)."""
    resolved = open_experiment(PULL, overrides)
    brain, _ = build.build_brain(resolved)
    body = build.build_body(resolved)
    order = body.outputs["joint_angle"].order
    at = [order.index(f"stick_{axis}") for axis in ("pull", "sideways")]
    samples: list[np.ndarray] = []
    observe = [lambda _: samples.append(body.read("joint_angle")[at].copy())]
    loop = build.build_loop(resolved, brain, body, Path(gettempdir()) / "dump", observe)
    try:
        loop.run()
    finally:
        loop.close()
    return np.array(samples)


def push_pA(effect_rad_per_pA: np.ndarray, sideways_rad: float) -> np.ndarray:
    """Drives, shape (n_muscles,), that turn the stick to the side. effect_rad_per_pA: shape (2, n_muscles)."""
    rows = np.vstack([PER_RAD[:, None] * effect_rad_per_pA, PER_PA * np.eye(len(MUSCLES))])
    wanted = np.concatenate([[0.0, PER_RAD[1] * sideways_rad], np.zeros(len(MUSCLES))])
    push: np.ndarray = lsq_linear(rows, wanted, bounds=(0.0, HIGHEST_PA)).x
    return push


def main(executor: Executor) -> None:
    goals = json.loads((PULL / "drive.json").read_text(encoding="utf-8"))["goals"]
    drive_pA = {name: goal["drive_pA"] for name, goal in goals.items()}
    runs = [executor.submit(turned_rad, drive_pA, seed) for seed in SEEDS]
    angles = np.concatenate([run.result() for run in runs])
    turns = angles[:, 1:] - angles[:, :1]
    mean, error = turns.mean(axis=0), turns.std(axis=0, ddof=1) / np.sqrt(len(turns))
    for segment, turn, doubt in zip(SEGMENTS[1:], mean, error, strict=True):
        print(f"{segment:24} {turn.round(4)} +- {doubt.round(4)} rad", flush=True)
    certain = np.where(np.abs(mean) > CERTAIN * error, mean, 0.0)
    effect, field_rad = certain[:-1].T / RAISED_PA, mean[-1, 1]
    pushes = {"left": push_pA(effect, field_rad), "right": push_pA(effect, -field_rad)}
    for side, push in pushes.items():
        print(f"{side}: expected to turn the stick by {(effect @ push).round(4)} rad", flush=True)
    result = {
        "goals": drive_pA,
        "pushes": {side: _named(push, 1) for side, push in pushes.items()},
        "turned_rad_by_100_pA": {
            axis: _named(mean[:-1, i], 4) for i, axis in enumerate(("pull", "sideways"))
        },
        "turned_rad_by_field": mean[-1].round(4).tolist(),
    }
    (HERE / "drive.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _named(values: np.ndarray, digits: int) -> dict[str, float]:
    return dict(zip(MUSCLES, values.round(digits).tolist(), strict=True))


if __name__ == "__main__":
    with workers() as executor:
        main(executor)
