"""Writes the tendon lengths that MyoSuite's bodies have under MuJoCo 3, for ``test_myo_lengths.py``.

Run it in an environment of its own, which holds nothing of Sherrington; 3.17.0 is the last MuJoCo that the package
asks for::

    python -m venv m3 && m3/bin/pip install mujoco==3.17.0 && m3/bin/pip install --no-deps myo-sim==0.2.4
    m3/bin/python tests/reference/make_myo_lengths.py tests/reference/myo_lengths.json 10

The last word is how many poses to draw for each body. Joints are drawn evenly from their ranges, but for those that
are coupled to others, which are put where their coupling wants them; the first pose has them all at zero.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import mujoco
import myo_sim
import numpy as np

BODIES = {
    "myo_elbow": "myoelbow",
    "myo_elbow_2": "myoelbow_2dof",
    "myo_finger": "myofinger",
    "myo_hand": "myohand_r",
    "myo_torso": "myotorso",
    "myo_legs": "myolegs",
    "myo_arm": "myoarm_r",
    "myo_body": "myofullbody",
}
"""Our name and the package's."""
SEED = 2026
SLIDING = (int(mujoco.mjtJoint.mjJNT_SLIDE), int(mujoco.mjtJoint.mjJNT_HINGE))


def couplings(m: Any) -> list[tuple[int, int, Any]]:
    """(follower, leader, coefficients) of every active coupling of joints; leader is -1 for a joint that is held."""
    chosen = np.flatnonzero((m.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (m.eq_active0 != 0))
    return [(int(m.eq_obj1id[e]), int(m.eq_obj2id[e]), m.eq_data[e, :5]) for e in chosen]


def poses(m: Any, count: int) -> Any:
    """``count`` configurations, shape (count, nq)."""
    rng, found = np.random.default_rng(SEED), []
    followers = {follower for follower, _, _ in couplings(m)}
    for number in range(count):
        qpos = m.qpos0.copy()
        for joint in range(m.njnt):
            if m.jnt_type[joint] in SLIDING and joint not in followers:
                low, high = m.jnt_range[joint] if m.jnt_limited[joint] else (0.0, 0.0)
                qpos[m.jnt_qposadr[joint]] = rng.uniform(low, high) if number else np.clip(0.0, low, high)
        for _ in range(3):
            for follower, leader, weights in couplings(m):
                at = m.jnt_qposadr[leader]
                by = qpos[at] - m.qpos0[at] if leader >= 0 else 0.0
                here = m.jnt_qposadr[follower]
                qpos[here] = m.qpos0[here] + np.polyval(weights[::-1], by)
        found.append(qpos.round(6))
    return np.array(found)


def lengths(m: Any, configurations: Any) -> Any:
    """Tendon lengths, m, shape (poses, ntendon)."""
    d, found = mujoco.MjData(m), []
    for qpos in configurations:
        d.qpos[:] = qpos
        mujoco.mj_kinematics(m, d)
        mujoco.mj_comPos(m, d)
        mujoco.mj_tendon(m, d)
        found.append(d.ten_length.copy())
    return np.array(found)


def measured(name: str, count: int) -> dict[str, Any]:
    """Joints, poses, tendons and lengths of a model of the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        m = myo_sim.load_spec(name).compile()
    drawn = poses(m, count)
    joints = [j for j in range(m.njnt) if m.jnt_type[j] in SLIDING]
    return {
        "joints": [m.joint(j).name for j in joints],
        "poses": drawn[:, m.jnt_qposadr[joints]].round(6).tolist(),
        "tendons": [m.tendon(t).name for t in range(m.ntendon)],
        "lengths_m": lengths(m, drawn).round(8).tolist(),
    }


def main() -> None:
    file, count = Path(sys.argv[1]), int(sys.argv[2])
    said = {
        "mujoco": mujoco.__version__,
        "myo-sim": importlib.metadata.version("myo-sim"),
        "bodies": {ours: measured(theirs, count) for ours, theirs in BODIES.items()},
    }
    file.write_text(json.dumps(said, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
