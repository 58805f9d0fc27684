"""The process that ``aside`` starts: one request as JSON on the input, one answer as JSON on the output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mujoco

from ..errors import BodyError
from .mujoco_model import compile_text
from .mujoco_myo import composed


def names(request: dict[str, Any]) -> dict[str, list[str]]:
    """Names by kind of all that a document becomes, an empty one where there is none."""
    model = compile_text(
        request["name"], request["mjcf"], Path(request["folder"]), request["file"], request["included"]
    )
    sliding = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
    muscle = int(mujoco.mjtDyn.mjDYN_MUSCLE)
    actuators = [(model.actuator(i).name, model.actuator_dyntype[i] == muscle) for i in range(model.nu)]
    return {
        "joint": [model.joint(i).name for i in range(model.njnt) if model.jnt_type[i] in sliding],
        "muscle": [name for name, is_muscle in actuators if is_muscle],
        "motor": [name for name, is_muscle in actuators if not is_muscle],
        "body": [model.body(i).name for i in range(1, model.nbody)],
        "site": [model.site(i).name for i in range(model.nsite)],
        "camera": [model.camera(i).name for i in range(model.ncam)],
    }


def myo(request: dict[str, Any]) -> str:
    """A body of the package myo-sim, as MJCF."""
    return composed(request["name"], request["side_sites"])


TASKS = {"names": names, "myo": myo}


def main() -> None:
    request = json.load(sys.stdin)
    try:
        said = {"answer": TASKS[request["task"]](request)}
    except BodyError as error:
        said = {"error": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
