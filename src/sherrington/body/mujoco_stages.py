"""How far MuJoCo's quantities have followed the state, and steps that compute none of them twice."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import mujoco
from mujoco import mj_forwardSkip, mj_fwdActuation, mj_step, mj_step1, mj_step2

_UP_TO_VELOCITY = int(mujoco.mjtStage.mjSTAGE_VEL)


def _stop_profiling() -> None:
    """MuJoCo's Python package makes it read the clock some twenty times in each step, for ``mjData.timer``: 6 to 10 %
    of the time of a small body. Nothing here reads these timers. To C a null pointer says that there is no clock;
    Python cannot say so."""
    for library in Path(mujoco.__file__).parent.glob("libmujoco.*"):
        ctypes.c_void_p.in_dll(ctypes.CDLL(str(library)), "mjcb_time").value = None


_stop_profiling()

STATE, MOTION, FORCE, ALL = range(4)
"""What belongs to the present state. STATE: joint angles and velocities, activations; they are the state. MOTION: also
all that follows from them without forces: poses, lengths, velocities. FORCE: also the forces of actuators. ALL: also
accelerations, contact forces and every sensor. Plain numbers, because they are compared in every read."""


class Stages:
    """Steps a simulation and brings quantities up to date when they are asked for.

    A step of MuJoCo begins with the quantities that follow from the state, and ends with a new state for which they are
    not known. Whoever reads them after a step has them computed, and the next step would compute them again. So a step
    that finds them goes on from there (``mj_step2``). Its result is the same bit for bit.

    one_call: make one call of MuJoCo for all steps instead. Each call gives up the GIL, and beside a brain that keeps
    it the next one would only begin when the brain is done.
    """

    def __init__(self, model: Any, data: Any, *, one_call: bool) -> None:
        self.reached: int = STATE
        self._model, self._data = model, data
        self._goes_on = not one_call and _can_go_on(model)

    def bring(self, stage: int) -> None:
        """Compute what is missing up to ``stage``. The state stays as it is."""
        if self.reached < MOTION:
            mj_step1(self._model, self._data)
        if stage == FORCE:
            mj_fwdActuation(self._model, self._data)
        elif stage == ALL:
            mj_forwardSkip(self._model, self._data, _UP_TO_VELOCITY, 0)
        self.reached = stage

    def step(self, count: int) -> None:
        """``count`` time steps, at least one."""
        if self._goes_on and self.reached:
            mj_step2(self._model, self._data)
            count -= 1
        if count:
            mj_step(self._model, self._data, nstep=count)
        self.reached = STATE

    def inputs_changed(self) -> None:
        """Forces have to be computed again before they are read."""
        if self.reached > MOTION:
            self.reached = MOTION

    def state_changed(self) -> None:
        """Everything has."""
        self.reached = STATE


def _can_go_on(model: Any) -> bool:
    """``mj_step2`` knows no Runge-Kutta; bodies asleep and delayed signals depend on how often a stage was computed."""
    runge_kutta = model.opt.integrator == mujoco.mjtIntegrator.mjINT_RK4
    sleeps = model.opt.enableflags & mujoco.mjtEnableBit.mjENBL_SLEEP
    return not (runge_kutta or sleeps or model.nhistory)
