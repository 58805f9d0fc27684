"""Compiles a described body with MuJoCo and reads names and constants from the result."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError
from ..ports import Signal
from .model import BodyModel

Ints = NDArray[np.intp]
_LOG = logging.getLogger(__name__)

# MuJoCo's own handler appends to a file in whatever folder the process happens to run in. The counters that
# go with each warning are read after every advance, so nothing is lost by sending the text to the log.
mujoco.set_mju_user_warning(lambda text: _LOG.info("%s", text))


def compile_model(model: BodyModel) -> Any:
    """The compiled ``mujoco.MjModel``. Raises BodyError with MuJoCo's message: element, name and line."""
    try:
        spec = mujoco.MjSpec.from_string(
            model.mjcf, include={name: text.encode() for name, text in model.included.items()}
        )
        spec.modelfiledir = str(model.folder)
        return spec.compile()
    except ValueError as error:
        raise BodyError(
            f"MuJoCo cannot compile body model '{model.name}': {' '.join(str(error).split())}"
        ) from error


def labels(m: Any, kind: Any, ids: Ints, described: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Compiled names; an element without one is called as the description calls it."""
    names = [mujoco.mj_id2name(m, kind, int(i)) for i in ids]
    spare = described if len(described) == len(names) else tuple(f"{word}{i}" for i in range(len(names)))
    return tuple(name or spare[i] for i, name in enumerate(names))


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
