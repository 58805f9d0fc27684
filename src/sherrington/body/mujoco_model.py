"""Compiles a described body with MuJoCo and reads names and constants from the result."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError, known
from ..ports import Signal
from .model import BodyModel

Ints = NDArray[np.intp]
_LOG = logging.getLogger(__name__)

# MuJoCo's own handler appends to a file in whatever folder the process happens to run in. The counters that
# go with each warning are read after every advance, so nothing is lost by sending the text to the log.
mujoco.set_mju_user_warning(lambda text: _LOG.info("%s", text))


def compile_model(model: BodyModel) -> Any:
    """The compiled ``mujoco.MjModel``. Raises BodyError with MuJoCo's message: element, name and line."""
    included = {name: text.encode() for name, text in model.included.items()}
    names: list[str] = []
    try:
        spec = mujoco.MjSpec.from_string(model.mjcf, include=included)
        names = [actuator.name for actuator in spec.actuators]
        spec.modelfiledir = str(model.folder)
        return spec.compile()
    except ValueError as error:
        message = _ACTUATOR.sub(lambda found: _with_name(found, names), " ".join(str(error).split()))
        raise BodyError(f"MuJoCo cannot compile body model '{model.name}': {message}") from error


_ACTUATOR = re.compile(r"\bactuator (\d+)")


def _with_name(found: re.Match[str], names: list[str]) -> str:
    """Some of MuJoCo's messages only count actuators."""
    index = int(found[1])
    return f"{found[0]} ('{names[index]}')" if index < len(names) and names[index] else found[0]


def labels(m: Any, kind: Any, ids: Ints, described: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Compiled names; an element without one is called as the description calls it."""
    names = [mujoco.mj_id2name(m, kind, int(i)) for i in ids]
    spare = described if len(described) == len(names) else tuple(f"{word}{i}" for i in range(len(names)))
    return tuple(name or spare[i] for i, name in enumerate(names))


def initial_qpos(m: Any, body: str, joints: Mapping[str, int], angles: Mapping[str, float]) -> Signal:
    """``qpos0`` with the given joint angles in rad. joints: MuJoCo's number of each. Raises BodyError."""
    qpos: Signal = m.qpos0.copy()
    for joint, angle in angles.items():
        if joint not in joints:
            raise BodyError(f"body '{body}' has no joint '{joint}'; {known(tuple(joints))}")
        index = joints[joint]
        low, high = m.jnt_range[index]
        if not np.isfinite(angle) or (m.jnt_limited[index] and not low <= angle <= high):
            raise BodyError(f"body '{body}': initial {joint} = {angle:g} is outside {low:g} to {high:g}")
        qpos[m.jnt_qposadr[index]] = angle
    return qpos


def setter(target: NDArray[np.float64], index: Ints) -> Callable[[Signal], None]:
    def assign(value: Signal) -> None:
        target[index] = value

    return assign


def muscle_constants(m: Any, ids: Ints) -> tuple[Signal, Signal]:
    """Optimal fibre length L0 = (Lmax - Lmin) / (range1 - range0), m, and peak isometric force, N.

    MuJoCo documentation, "Muscle actuators": a negative force parameter means scale / acc0.
    """
    gain, gear = m.actuator_gainprm[ids], m.actuator_gear[ids, 0]
    span = np.diff(m.actuator_lengthrange[ids], axis=1)[:, 0] / gear
    force = np.where(
        gain[:, 2] < 0, gain[:, 3] / np.maximum(m.actuator_acc0[ids], mujoco.mjMINVAL), gain[:, 2]
    )
    return span / (gain[:, 1] - gain[:, 0]), force * gear


def sensor_names(m: Any) -> tuple[str, ...]:
    names: list[str] = []
    for index in range(m.nsensor):
        name = mujoco.mj_id2name(m, mujoco.mjtObj.mjOBJ_SENSOR, index) or f"sensor{index}"
        size = int(m.sensor_dim[index])
        names += [name] if size == 1 else [f"{name}[{i}]" for i in range(size)]
    return tuple(names)


def culprit(m: Any, d: Any, bodies: tuple[str, ...]) -> str:
    """Which actuator or joint is not finite or ran away, and how far, after a bad step."""
    for actuator, (first, count) in enumerate(zip(m.actuator_actadr, m.actuator_actnum, strict=True)):
        if not np.isfinite(d.act[first : first + count]).all():
            name = mujoco.mj_id2name(m, mujoco.mjtObj.mjOBJ_ACTUATOR, actuator) or f"number {actuator}"
            return f"the activation of muscle or actuator '{name}' is not finite"
    dof = _bad_dof(m, d)
    joint = int(m.dof_jntid[dof])
    owner = bodies[int(m.jnt_bodyid[joint]) - 1]
    name = mujoco.mj_id2name(m, mujoco.mjtObj.mjOBJ_JOINT, joint)
    where = f"joint '{name}' of body '{owner}'" if name else f"body '{owner}'"
    return (
        f"{where} has position {d.qpos[m.jnt_qposadr[joint]]:.3g}, velocity {d.qvel[dof]:.3g} "
        f"and acceleration {d.qacc[dof]:.3g}; try a smaller body.timestep_ms, or look at what drives it"
    )


def _bad_dof(m: Any, d: Any) -> int:
    """The degree of freedom that MuJoCo's own check named, else the first that is not finite."""
    for kind in (mujoco.mjtWarning.mjWARN_BADQACC, mujoco.mjtWarning.mjWARN_BADQVEL):
        if d.warning[kind].number:
            return int(d.warning[kind].lastinfo)
    position = d.warning[mujoco.mjtWarning.mjWARN_BADQPOS]
    if position.number:
        joint = int(np.flatnonzero(m.jnt_qposadr <= position.lastinfo)[-1])
        return int(m.jnt_dofadr[joint])
    return int(np.flatnonzero(~np.isfinite(d.qvel))[0])
