"""MuJoCo as a body engine: any MJCF file."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Mapping
from functools import partial
from math import isfinite
from typing import Any

import mujoco
import numpy as np

from .. import clock
from ..errors import BodyError, ClockError, DivergenceError, PortError, known
from ..ports import Port, Signal
from .engine import BodyOptions, Pose
from .model import BodyModel
from .mujoco_camera import Cameras
from .mujoco_grips import check_grips
from .mujoco_model import compile_model, culprit, initial_qpos
from .mujoco_ports import Names, Reader, Writer, input_ports, output_ports
from .mujoco_stages import MOTION, Stages

_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_BAD_STATE = slice(int(mujoco.mjtWarning.mjWARN_BADQPOS), int(mujoco.mjtWarning.mjWARN_BADQACC) + 1)
"""MuJoCo's counters of impossible positions, velocities and accelerations."""
_HEADER = struct.Struct("<16sqq")
"""Fingerprint of model and time step, ns since the start, number of float64 that follow."""


class MujocoBody:
    """A body in MuJoCo; the contract is ``BodyEngine``.

    ``advance`` steps to the end of the interval and stops there. What a port needs beyond the state itself is computed
    when it is read (``Stages``), for the end of the interval and without touching the state (tested), so reading never
    changes a run. The GIL is free while MuJoCo steps. With ``BodyOptions.pipelined`` there is one call of it for the
    whole interval, so that a brain on another thread that keeps the GIL runs meanwhile.

    A muscle is an actuator with muscle dynamics. Length and force are those of its tendon; a muscle that acts
    on a joint without a tendon reports the joint's rad and N*m instead. Forces, accelerations and contacts that are
    read after a write are those with the new inputs.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self.timestep_ns = 0
        self.kernel_s = 0.0
        self.inputs: Mapping[str, Port] = {}
        self.outputs: Mapping[str, Port] = {}
        self.name = ""
        self._model: Any = None
        self._data: Any = None
        self._before_is_now = False
        self._states: tuple[Signal, ...] = ()
        self._alarms: Any = None
        self._readers: dict[str, tuple[int, Reader]] = {}
        self._writers: dict[str, Writer] = {}

    # --- contract ---------------------------------------------------------------------------------------

    def prepare(self, model: BodyModel, options: BodyOptions) -> None:
        """Compile ``model``. Raises BodyError with MuJoCo's message, which names the element; ClockError; NotNowError
        when a camera is wanted and there is no OpenGL."""
        self.timestep_ns = clock.ms_to_ns(options.timestep_ms, "body.timestep_ms")
        if self.timestep_ns <= 0:
            raise ClockError(f"body.timestep_ms = {options.timestep_ms} must be positive")
        self.name = model.name
        self._model = compile_model(model)
        self._model.opt.timestep = clock.ns_to_s(self.timestep_ns)
        # A reset in mid-run would look like a body that teleports home: divergence must stop the run instead.
        self._model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
        self._data = mujoco.MjData(self._model)
        self._fingerprint = hashlib.sha256(f"{self.timestep_ns}{model.mjcf}".encode()).digest()[:16]
        self.names = Names.of(self._model, model)
        self._initial_qpos = initial_qpos(
            self._model,
            model.name,
            dict(zip(self.names.joints, self.names.joint_ids, strict=True)),
            {**model.initial, **options.initial},
        )
        self._data.qpos[:] = self._initial_qpos
        mujoco.mj_kinematics(self._model, self._data)
        check_grips(self._model, self._data, model.name)
        self._resolve(model, options)
        self.reset()
        if self.names.muscles:
            self._rest_m[:] = self.read("muscle_length")

    def write(self, port: str, value: Signal) -> None:
        """Set an input, held until written again. Raises PortError with the culprit's name."""
        found = self.inputs.get(port)
        if found is None:
            raise self._missing(self.inputs, port, "input")
        fault = found.fault(value)
        if fault:
            raise PortError(f"body input '{port}' of '{self.name}': {fault}")
        self._writers[port](value)
        self._stages.inputs_changed()
        self._before_is_now = False

    def advance(self, until_ns: int) -> None:
        """Step to ``until_ns``. Raises ClockError when it is no whole number of steps ahead, DivergenceError."""
        self._check_prepared()
        steps, rest = divmod(until_ns - self.now_ns, self.timestep_ns)
        if rest or steps < 0:
            raise ClockError(
                f"body '{self.name}' at {clock.format_ms(self.now_ns)} cannot advance to "
                f"{clock.format_ms(until_ns)} in steps of {clock.format_ms(self.timestep_ns)}"
            )
        if steps == 0:
            return
        if not self._before_is_now:
            self._remember()
        self._before_is_now = False
        start = time.perf_counter()
        self._stages.step(steps)
        self.kernel_s += time.perf_counter() - start
        self._cameras.forget()
        if self._diverged():
            self._raise_divergence()
        self.now_ns = until_ns

    def read(self, port: str) -> Signal:
        """A copy of the port's value now. Raises PortError with the ports that exist."""
        found = self._readers.get(port)
        if found is None:
            raise self._missing(self.outputs, port, "output")
        stage, reader = found
        if self._stages.reached < stage:
            self._stages.bring(stage)
        return reader()

    def pose(self) -> Pose:
        """Every body but the world, in MuJoCo's order (depth first)."""
        self._check_prepared()
        if self._stages.reached < MOTION:
            self._stages.bring(MOTION)
        return Pose(self.names.bodies, self._data.xpos[1:].copy(), self._data.xquat[1:].copy())

    def reset(self, at_ns: int = 0) -> None:
        """Back to the initial pose, at rest, inputs zero; the time is then ``at_ns``."""
        self._check_prepared()
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = self._initial_qpos
        self.now_ns = at_ns
        self._state_changed()

    def save(self) -> bytes:
        """The integration state of MuJoCo: positions, velocities, activations, warm start and held inputs."""
        self._check_prepared()
        self._remember()
        return _HEADER.pack(self._fingerprint, self.now_ns, self._before.size) + self._before.tobytes()

    def _remember(self) -> None:
        """Keep the state for a replay. Every call of MuJoCo gives up the GIL, this one too: in a thread beside a brain,
        ``advance`` would not come back from it before the brain is done. So it does without after a ``save``."""
        mujoco.mj_getState(self._model, self._data, self._before, _STATE)
        self._before_is_now = True

    def restore(self, state: bytes) -> None:
        """Continue from ``save``. Raises BodyError for bytes of another model or another time step."""
        self._check_prepared()
        if len(state) < _HEADER.size:
            raise BodyError(f"body '{self.name}' cannot restore {len(state)} bytes: not a saved state")
        fingerprint, now_ns, size = _HEADER.unpack_from(state)
        values = np.frombuffer(state, np.float64, offset=_HEADER.size)
        if fingerprint != self._fingerprint or size != self._before.size or values.size != size:
            raise BodyError(f"body '{self.name}' cannot restore the state of another model or time step")
        mujoco.mj_resetData(self._model, self._data)
        mujoco.mj_setState(self._model, self._data, values, _STATE)
        self.now_ns = now_ns
        self._state_changed()

    def _state_changed(self) -> None:
        self._before_is_now = False
        self._stages.state_changed()
        self._cameras.forget()

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``."""
        self._check_prepared()
        return {
            "engine": "mujoco",
            "version": mujoco.__version__,
            "degrees_of_freedom": int(self._model.nv),
            "muscles": len(self.names.muscles),
            "bodies": len(self.names.bodies),
            "mass_kg": float(self._model.body_subtreemass[0]),
            "timestep_ms": clock.ns_to_ms(self.timestep_ns),
        }

    def close(self) -> None:
        """Give back model and data; safe to call twice."""
        if self._model is not None:
            self._cameras.close()
            del self._stages, self._cameras
        self._model = self._data = None
        self._states, self._alarms = (), None
        self.inputs, self.outputs = {}, {}
        self._readers, self._writers = {}, {}

    def _check_prepared(self) -> None:
        if self._model is None:
            raise BodyError("the body is not prepared, or was closed; call prepare first")

    # --- names to indices, once -------------------------------------------------------------------------

    def _resolve(self, model: BodyModel, options: BodyOptions) -> None:
        """Ports with their readers and writers; quantities without a channel are left out."""
        m, d = self._model, self._data
        self._before = np.empty(mujoco.mj_stateSize(m, _STATE))
        self._states = (d.qpos, d.qvel, d.act)
        self._alarms = d.warning.number[_BAD_STATE]
        self._stages = Stages(m, d, one_call=options.pipelined)
        self._rest_m = np.empty(len(self.names.muscles))
        written, read = input_ports(m, d, self.names), output_ports(m, d, self.names, self._rest_m)
        self.inputs = {name: port for name, (port, _) in written.items()}
        self._writers = {name: writer for name, (_, writer) in written.items()}
        self._cameras = Cameras(model.name, m, d, self.names.cameras, options.cameras)
        self.outputs = {name: port for name, (port, _, _) in read.items()} | self._cameras.ports
        self._readers = {name: (stage, reader) for name, (_, stage, reader) in read.items()}
        for name in self._cameras.ports:
            self._readers[name] = (MOTION, partial(self._cameras.image, name))

    def _missing(self, ports: Mapping[str, Port], name: str, direction: str) -> PortError:
        return PortError(f"body '{self.name}' has no {direction} '{name}'; {known(tuple(ports))}")

    # --- divergence -------------------------------------------------------------------------------------

    def _diverged(self) -> bool:
        """A sum is finite only if everything in it is. Numpy would take longer for the few numbers of a body."""
        position, velocity, activation = self._states
        total = sum(position.tolist()) + sum(velocity.tolist()) + sum(activation.tolist())
        return not isfinite(total) or any(self._alarms.tolist())

    def _raise_divergence(self) -> None:
        """Replay the interval step by step, so that the first step and its culprit can be named."""
        mujoco.mj_resetData(self._model, self._data)
        mujoco.mj_setState(self._model, self._data, self._before, _STATE)
        when_ns = self.now_ns
        while not self._diverged():
            mujoco.mj_step(self._model, self._data)
            when_ns += self.timestep_ns
        who = culprit(self._model, self._data, self.names.bodies)
        raise DivergenceError(f"body '{self.name}' diverged at {clock.format_ms(when_ns)}: {who}")
