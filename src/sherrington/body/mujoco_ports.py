"""The ports of a body in MuJoCo: the arrays behind them, and the stage that brings each up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..ports import Kind, Port, Signal
from .engine import INPUTS, OUTPUTS
from .model import BodyModel
from .mujoco_model import labels, muscle_constants, sensor_names
from .mujoco_stages import ALL, FORCE, MOTION, STATE

Ints = NDArray[np.intp]
Reader = Callable[[], Signal]
Writer = Callable[[Signal], None]

_OBJECT = mujoco.mjtObj


@dataclass(frozen=True)
class Names:
    """Everything that has an entry in a port, in MuJoCo's order; its numbers in MuJoCo where they are not 0, 1, 2."""

    joints: tuple[str, ...]
    muscles: tuple[str, ...]
    motors: tuple[str, ...]
    bodies: tuple[str, ...]
    sites: tuple[str, ...]
    cameras: tuple[str, ...]
    joint_ids: Ints
    muscle_ids: Ints
    motor_ids: Ints

    @staticmethod
    def of(m: Any, model: BodyModel) -> Names:
        """Hinge and slide joints; actuators with muscle dynamics and others; bodies but the world; sites; cameras."""
        sliding = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
        is_muscle = m.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE
        joints = np.flatnonzero(np.isin(m.jnt_type, sliding))
        muscles, motors = np.flatnonzero(is_muscle), np.flatnonzero(~is_muscle)
        return Names(
            labels(m, _OBJECT.mjOBJ_JOINT, joints, model.joints, "joint"),
            labels(m, _OBJECT.mjOBJ_ACTUATOR, muscles, model.muscles, "muscle"),
            labels(m, _OBJECT.mjOBJ_ACTUATOR, motors, model.motors, "motor"),
            labels(m, _OBJECT.mjOBJ_BODY, np.arange(1, m.nbody), model.bodies, "body"),
            labels(m, _OBJECT.mjOBJ_SITE, np.arange(m.nsite), model.sites, "site"),
            labels(m, _OBJECT.mjOBJ_CAMERA, np.arange(m.ncam), model.cameras, "camera"),
            joints,
            muscles,
            motors,
        )


def input_ports(m: Any, d: Any, names: Names) -> dict[str, tuple[Port, Writer]]:
    """Every input that the model has something for."""
    table = {
        "muscle_excitation": (names.muscles, _writer(d.ctrl, names.muscle_ids)),
        "motor_control": (names.motors, _writer(d.ctrl, names.motor_ids)),
        "joint_torque": (names.joints, _writer(d.qfrc_applied, m.jnt_dofadr[names.joint_ids])),
        "body_force": (names.bodies, _writer(d.xfrc_applied[:, :3], np.arange(1, m.nbody))),
    }
    found = {}
    for name, (order, write) in table.items():
        if order:
            low, high = _limits(m, name, names.motor_ids)
            shape = (len(order), 3) if name == "body_force" else (len(order),)
            found[name] = (Port(name, Kind.SIGNAL, shape, INPUTS[name], order, low, high), write)
    return found


def output_ports(m: Any, d: Any, names: Names, rest_m: Signal) -> dict[str, tuple[Port, int, Reader]]:
    """Every output that the model has something for. rest_m: where the rest lengths will be, in the muscles' order."""
    found = {}
    for name, (order, stage, read) in _output_table(m, d, names, rest_m).items():
        if order:
            shape = (len(order), 3) if name == "site_position" else (len(order),)
            found[name] = (Port(name, Kind.SIGNAL, shape, OUTPUTS[name], order), stage, read)
    return found


def _output_table(
    m: Any, d: Any, names: Names, rest_m: Signal
) -> dict[str, tuple[tuple[str, ...], int, Reader]]:
    muscles, ids = names.muscles, names.muscle_ids
    gear = m.actuator_gear[ids, 0].copy()
    optimal_m, strongest_n = muscle_constants(m, ids)
    qpos, dofs = m.jnt_qposadr[names.joint_ids], m.jnt_dofadr[names.joint_ids]
    touching = names.bodies if m.npair or (m.geom_contype.any() and m.geom_conaffinity.any()) else ()
    return {
        "muscle_length": (muscles, MOTION, _reader(d.actuator_length, ids, gear)),
        "muscle_velocity": (muscles, MOTION, _reader(d.actuator_velocity, ids, gear)),
        "muscle_force": (muscles, FORCE, _tension(d.actuator_force, ids, gear)),
        "muscle_activation": (muscles, STATE, _reader(d.act, m.actuator_actadr[ids])),
        "muscle_optimal_length": (muscles, STATE, optimal_m.copy),
        "muscle_rest_length": (muscles, STATE, rest_m.copy),
        "muscle_max_force": (muscles, STATE, strongest_n.copy),
        "joint_angle": (names.joints, STATE, _reader(d.qpos, qpos)),
        "joint_velocity": (names.joints, STATE, _reader(d.qvel, dofs)),
        "contact_force": (touching, ALL, partial(_contact_forces, m, d)),
        "site_position": (names.sites, MOTION, d.site_xpos.copy),
        "sensor": (sensor_names(m), _sensor_stage(m), d.sensordata.copy),
    }


def _limits(m: Any, name: str, motors: Ints) -> tuple[float, float]:
    if name == "muscle_excitation":
        return 0.0, 1.0
    if name == "motor_control" and m.actuator_ctrllimited[motors].all():
        limits = m.actuator_ctrlrange[motors]
        return float(limits.min()), float(limits.max())
    return -np.inf, np.inf


def _where(ids: Ints) -> Any:
    """As a slice where the numbers follow one another, which numpy reads and writes three times as fast."""
    first = int(ids[0]) if ids.size else 0
    follow = np.array_equal(ids, np.arange(first, first + ids.size))
    return slice(first, first + ids.size) if follow else ids


def _writer(target: NDArray[np.float64], ids: Ints) -> Writer:
    return partial(target.__setitem__, _where(ids))


def _reader(source: NDArray[np.float64], ids: Ints, divisor: Signal | None = None) -> Reader:
    """A copy of the entries, divided."""
    where = _where(ids)
    if divisor is not None and (divisor != 1.0).any():
        return lambda: source[where] / divisor
    if isinstance(where, slice):
        return source[where].copy
    return partial(source.__getitem__, where)


def _tension(force: NDArray[np.float64], ids: Ints, gear: Signal) -> Reader:
    """Muscles pull where MuJoCo's force, along the lengthening tendon, is negative."""
    where, turned, nothing = _where(ids), -gear, np.zeros(ids.size)

    def read() -> Signal:
        tension: Signal = force[where] * turned
        return np.maximum(tension, nothing, out=tension)

    return read


def _sensor_stage(m: Any) -> int:
    accelerations = (m.sensor_needstage == mujoco.mjtStage.mjSTAGE_ACC).any()
    return ALL if accelerations else MOTION


def _contact_forces(m: Any, d: Any) -> Signal:
    forces, wrench = np.zeros(m.nbody), np.zeros(6)
    for index in range(d.ncon):
        mujoco.mj_contactForce(m, d, index, wrench)
        geoms = d.contact[index].geom
        # Both bodies feel it; a flex has no geom (-1). One body touching itself would count twice.
        forces[np.unique(m.geom_bodyid[geoms[geoms >= 0]])] += wrench[0]
    return forces[1:]
