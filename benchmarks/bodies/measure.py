"""Steps one body on one core, through the engine and without it, in turns; run as a process by ``benchmark.py``."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sherrington.body.engine import BodyEngine, BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models import SHIPPED

READ = ("muscle_length", "muscle_velocity", "muscle_force", "joint_angle", "joint_velocity")
WRITTEN = ("muscle_excitation", "motor_control")
TIMESTEP_MS = BodyOptions().timestep_ms
"""What an experiment takes if it says nothing: 0.5 ms."""
STEPS = (1, 2, 5, 20, 40)
"""Time steps from one exchange to the next; the last is 20 ms, as in Feldotto et al. 2022."""
ROUNDS = {"mujoco": 75, "opensim": 9}
ROUND_S = 0.01
"""Processor time of a round, about."""
DRIVE = 0.1
"""Excitation of every muscle; motors are driven with nothing."""

Numbers = dict[str, Any]
Cycle = Callable[[], None]


def shipped(name: str) -> BodyModel:
    """A shipped body. Raises BodyError when a package that it needs is missing."""
    module, _, function = SHIPPED[name].partition(":")
    model: BodyModel = getattr(importlib.import_module(module), function)()
    return model


def mujoco(model: BodyModel) -> Numbers:
    """The engine against ``mj_step``: the same document, inputs and pieces of time."""
    from sherrington.body.mujoco import MujocoBody

    found: Numbers = {}
    for steps in STEPS:
        engine = MujocoBody()
        engine.prepare(model, BodyOptions(TIMESTEP_MS))
        bare, angles = _bare_mujoco(model, steps)
        found |= _in_turns(_whole(engine, steps), bare, steps, ROUNDS["mujoco"])
        found[f"same_{steps}"] = np.array_equal(engine.read("joint_angle"), angles())
        engine.close()
    return found


def _bare_mujoco(model: BodyModel, steps: int) -> tuple[Cycle, Callable[[], Any]]:
    """Model and data are those of a second engine, which is not called any more."""
    import mujoco as mj

    from sherrington.body.mujoco import MujocoBody

    twin = MujocoBody()
    twin.prepare(model, BodyOptions(TIMESTEP_MS))
    m, d = twin._model, twin._data
    muscles = twin.names.muscle_ids

    def cycle() -> None:
        d.ctrl[muscles] = DRIVE
        mj.mj_step(m, d, nstep=steps)

    return cycle, lambda: d.qpos[m.jnt_qposadr[twin.names.joint_ids]]


def opensim(model: BodyModel) -> Numbers:
    """The engine against ``Manager.integrate`` of the same pieces of time, with the integrator that OpenSim chooses."""
    from sherrington.body.opensim import OpensimBody

    found: Numbers = {}
    for steps in STEPS:
        engine = OpensimBody()
        engine.prepare(model, BodyOptions(TIMESTEP_MS))
        bare, angles = _bare_opensim(model, steps * TIMESTEP_MS * 1e-3)
        found |= _in_turns(_whole(engine, steps), bare, steps, ROUNDS["opensim"])
        found[f"same_{steps}"] = np.allclose(engine.read("joint_angle"), angles(), atol=0.02)
        engine.close()
    return found


def _bare_opensim(model: BodyModel, interval_s: float) -> tuple[Cycle, Callable[[], Any]]:
    from sherrington.body.opensim_library import opensim as osim

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body.osim"
        path.write_text(model.osim, encoding="utf-8")
        loaded = osim.Model(str(path))
    controller = osim.PrescribedController()
    for name in model.muscles:
        controller.addActuator(loaded.getMuscles().get(name))
        controller.prescribeControlForActuator(name, osim.Constant(DRIVE))
    loaded.addController(controller)
    for name, angle in model.initial.items():
        loaded.getCoordinateSet().get(name).setDefaultValue(angle)
    state = loaded.initSystem()
    loaded.equilibrateMuscles(state)
    manager = osim.Manager(loaded)
    manager.initialize(state)
    now = [state]

    def cycle() -> None:
        now[0] = manager.integrate(now[0].getTime() + interval_s)

    coordinates = [loaded.getCoordinateSet().get(name) for name in model.joints]
    keep = (loaded, controller, manager)
    return cycle, lambda: [c.getValue(now[0]) for c in coordinates if keep]


def _whole(engine: BodyEngine, steps: int) -> Cycle:
    drives = [
        (name, np.full(engine.inputs[name].shape, DRIVE if name == "muscle_excitation" else 0.0))
        for name in WRITTEN
        if name in engine.inputs
    ]
    read = [name for name in READ if name in engine.outputs]
    interval_ns = steps * engine.timestep_ns

    def cycle() -> None:
        for name, value in drives:
            engine.write(name, value)
        engine.advance(engine.now_ns + interval_ns)
        for name in read:
            engine.read(name)

    return cycle


def _in_turns(whole: Cycle, bare: Cycle, steps: int, rounds: int) -> Numbers:
    """Processor time in s per step, of each round: shape (rounds,)."""
    count = max(1, round(ROUND_S / _timed(bare, 3)))
    _timed(whole, 3)  # as often as the other, so that both end in the same state
    rows = [(_timed(whole, count), _timed(bare, count)) for _ in range(rounds)]
    times: NDArray[np.float64] = np.array(rows) / steps
    return {f"whole_{steps}": times[:, 0], f"bare_{steps}": times[:, 1]}


def _timed(cycle: Cycle, count: int) -> float:
    """Processor time in s of a cycle: what else runs on the core is not in it."""
    began = time.process_time()
    for _ in range(count):
        cycle()
    return (time.process_time() - began) / count


def main() -> None:
    name, engine, out = sys.argv[1:]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    model = shipped(name)
    np.savez(out, **{"mujoco": mujoco, "opensim": opensim}[engine](model))


if __name__ == "__main__":
    main()
