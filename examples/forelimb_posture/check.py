"""Does the limb hold its posture, come back after the push, and reach the postures it is told to?"""

import json
from pathlib import Path

import numpy as np

from sherrington import Check, Outcome, Run

POSTURES = json.loads((Path(__file__).parent / "drive.json").read_text(encoding="utf-8"))["postures"]
SETTLED_MS = {"hold": (1000, 2000), "flexed": (4500, 5500), "reach": (6500, 7500), "hold again": (8500, 9500)}
PUSH_MS, PUSHED_MS, BACK_MS = 2000, (2000, 2300), (3000, 3500)
ELBOW = 3
ERROR_DEG, ELBOW_STEP_DEG, PUSH_DEG, LEFT_SHARE = 8.0, 20.0, 5.0, 0.5
"""Bounds, all ours: the noise of a few small motor units moves the shoulder by several degrees."""


def check(run: Run) -> Outcome:
    """Score: 1 less the mean joint error over the four settled seconds, as a share of the change of posture."""
    means = {name: mean_deg(run, *window) for name, window in SETTLED_MS.items()}
    errors = {name: np.abs(mean - target_deg(name.split()[0])) for name, mean in means.items()}
    error = float(np.mean(list(errors.values())))
    flexed, reach = (float(means[n][ELBOW] - means["hold"][ELBOW]) for n in ("flexed", "reach"))
    pushed, left = push_deg(run)
    asked = np.mean([np.abs(target_deg(n) - target_deg("hold")).max() for n in ("flexed", "reach")])
    return Outcome(
        score=float(1 - error / asked),
        checks=(
            Check("mean joint error, settled, deg", error, f"<= {ERROR_DEG:g} deg", error <= ERROR_DEG),
            Check(
                "elbow from hold to flexed, deg",
                flexed,
                f">= {ELBOW_STEP_DEG:g} deg",
                flexed >= ELBOW_STEP_DEG,
            ),
            Check(
                "elbow from hold to reach, deg",
                reach,
                f"<= -{ELBOW_STEP_DEG:g} deg",
                reach <= -ELBOW_STEP_DEG,
            ),
            Check("moved by the push, deg", pushed, f">= {PUSH_DEG:g} deg", pushed >= PUSH_DEG),
            Check("share of the push left 1 s later", left, f"<= {LEFT_SHARE:g}", left <= LEFT_SHARE),
        ),
    )


def target_deg(posture: str) -> np.ndarray:
    """Shape (4,), ordered as the body's joints."""
    return np.array(list(POSTURES[posture]["angles_deg"].values()))


def mean_deg(run: Run, start_ms: float, end_ms: float) -> np.ndarray:
    """Mean joint angles over a window, shape (4,)."""
    time_ns, angle = run.signal("body.joint_angle")
    inside = (time_ns > start_ms * 1e6) & (time_ns <= end_ms * 1e6)
    return np.degrees(angle[inside].mean(axis=0))


def push_deg(run: Run) -> tuple[float, float]:
    """(largest departure of any joint during the push; the joints' mean departure a second later, as a share of it).

    Both are measured from the mean of the second before the push.
    """
    time_ns, angle = run.signal("body.joint_angle")
    before = mean_deg(run, PUSH_MS - 1000, PUSH_MS)
    during = (time_ns > PUSHED_MS[0] * 1e6) & (time_ns <= PUSHED_MS[1] * 1e6)
    pushed = np.abs(np.degrees(angle[during]) - before).max()
    return float(pushed), float(np.abs(mean_deg(run, *BACK_MS) - before).mean() / pushed)
