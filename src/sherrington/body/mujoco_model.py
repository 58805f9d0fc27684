"""Compiles a described body with MuJoCo and reads names and constants from the result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError, known
from ..ports import Signal
from .model import BodyModel
from .mujoco_errors import explained

Ints = NDArray[np.intp]
_LOG = logging.getLogger(__name__)

# MuJoCo's own handler appends to a file in whatever folder the process happens to run in. The counters that
# go with each warning are read after every advance, so nothing is lost by sending the text to the log.
mujoco.set_mju_user_warning(lambda text: _LOG.info("%s", text))


def compile_model(model: BodyModel) -> Any:
    """The compiled ``mujoco.MjModel``. Raises BodyError: what is wrong, with which element, how to mend it."""
    return compile_text(model.name, model.mjcf, model.folder, model.file, model.included)


def compile_text(name: str, mjcf: str, folder: Path, file: str, included: Mapping[str, str]) -> Any:
    """As ``compile_model``, from the parts of a BodyModel."""
    actuators: list[str] = []
    try:
        # The files that <model file=...> names are found beside a document only if it is a file itself.
        if file:
            spec = mujoco.MjSpec.from_file(str(folder / file))
        else:
            texts = {name: text.encode() for name, text in included.items()}
            spec = mujoco.MjSpec.from_string(mjcf, include=texts)
            spec.modelfiledir = str(folder)
        actuators = [actuator.name for actuator in spec.actuators]
        return spec.compile()
    except ValueError as error:
        raise BodyError(
            f"MuJoCo cannot compile body model '{name}': {explained(str(error), actuators)}"
        ) from error


def labels(m: Any, kind: Any, ids: Ints, described: tuple[str, ...], word: str) -> tuple[str, ...]:
    """The described names of compiled elements; one without a name is called as the description calls it.

    Raises BodyError where the two differ: an experiment was then checked against names that do not exist.
    """
    names = [mujoco.mj_id2name(m, kind, int(i)) for i in ids]
    if len(names) != len(described) or any(n and n != d for n, d in zip(names, described, strict=True)):
        unlike = sorted(set(filter(None, names)) ^ set(described))[:5]
        raise BodyError(
            f"MuJoCo makes {len(names)} elements of kind {word} from the document, where its text names "
            f"{len(described)}; they differ in {', '.join(unlike) or 'their order'}; write these elements out"
        )
    return described


def initial_qpos(m: Any, body: str, joints: Mapping[str, int], angles: Mapping[str, float]) -> Signal:
    """Where the body starts: the keyframe ``home`` of the model, else ``qpos0``, with the given angles in rad.

    joints: MuJoCo's number of each. Raises BodyError.
    """
    home = mujoco.mj_name2id(m, mujoco.mjtObj.mjOBJ_KEY, "home")
    qpos: Signal = (m.qpos0 if home < 0 else m.key_qpos[home]).copy()
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
        f"and acceleration {d.qacc[dof]:.3g}; {_advice(m, d)}"
    )


def _advice(m: Any, d: Any) -> str:
    if d.time < 1.5 * m.opt.timestep:
        return (
            "this is the first step, so the model is at fault: look at the stiffness, damping, mass and range of that "
            "joint, at what touches there, and try a smaller body.timestep_ms"
        )
    return "try a smaller body.timestep_ms, or look at what drives it"


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
