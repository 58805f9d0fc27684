"""MuJoCo as a body engine: any MJCF file, one GIL-free call of the simulator per ``advance``."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from .. import clock
from ..errors import BodyError, ClockError, DivergenceError, PortError, known
from ..ports import Kind, Port, Signal
from .engine import INPUTS, OUTPUTS, BodyOptions, Pose
from .model import BodyModel
from .mujoco_model import compile_model, culprit, initial_qpos, labels, muscle_constants, sensor_names, setter

Ints = NDArray[np.intp]
Reader = Callable[[], Signal]

_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_OBJECT = mujoco.mjtObj
_WARNING = mujoco.mjtWarning
_HEADER = struct.Struct("<16sqq")
"""Fingerprint of model and time step, ns since the start, number of float64 that follow."""


class MujocoBody:
    """A body in MuJoCo; the contract is ``BodyEngine``.

    ``advance`` makes one ``mj_step(model, data, nstep=k)``: the GIL is free for that whole call, so a brain on
    another thread runs meanwhile. One ``mj_forward`` follows, which brings every output to the end of the
    interval and leaves the integration state untouched (tested), so reading never changes a run.

    A muscle is an actuator with muscle dynamics. Length and force are those of its tendon; a muscle that acts
    on a joint without a tendon reports the joint's rad and N*m instead.
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
        self._alarms: list[Any] = []

    # --- contract ---------------------------------------------------------------------------------------

    def prepare(self, model: BodyModel, options: BodyOptions) -> None:
        """Compile ``model``. Raises BodyError with MuJoCo's message, which names the element; ClockError."""
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
        self._names(model)
        self._initial_qpos = initial_qpos(
            self._model,
            model.name,
            dict(zip(self.joints, self._joint_ids, strict=True)),
            {**model.initial, **options.initial},
        )
        self._resolve()
        self.reset()

    def write(self, port: str, value: Signal) -> None:
        """Set an input, held until written again. Raises PortError with the culprit's name."""
        found = self._port(self.inputs, port, "input")
        fault = found.fault(value)
        if fault:
            raise PortError(f"body input '{port}' of '{self.name}': {fault}")
        self._writers[port](value)
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
        mujoco.mj_step(self._model, self._data, nstep=steps)
        self.kernel_s += time.perf_counter() - start
        if self._diverged():
            self._raise_divergence()
        self.now_ns = until_ns
        mujoco.mj_forward(self._model, self._data)

    def read(self, port: str) -> Signal:
        """A copy of the port's value now. Raises PortError with the ports that exist."""
        self._port(self.outputs, port, "output")
        return self._readers[port]()

    def pose(self) -> Pose:
        """Every body but the world, in MuJoCo's order (depth first)."""
        self._check_prepared()
        return Pose(self.bodies, self._data.xpos[1:].copy(), self._data.xquat[1:].copy())

    def reset(self) -> None:
        """Back to the initial pose, at rest, inputs zero, time zero."""
        self._check_prepared()
        mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = self._initial_qpos
        self.now_ns = 0
        self._before_is_now = False
        mujoco.mj_forward(self._model, self._data)

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
        self._before_is_now = False
        mujoco.mj_forward(self._model, self._data)

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``."""
        self._check_prepared()
        return {
            "engine": "mujoco",
            "version": mujoco.__version__,
            "degrees_of_freedom": int(self._model.nv),
            "muscles": len(self.muscles),
            "bodies": len(self.bodies),
            "mass_kg": float(self._model.body_subtreemass[0]),
            "timestep_ms": clock.ns_to_ms(self.timestep_ns),
        }

    def close(self) -> None:
        """Give back model and data; safe to call twice."""
        self._model = self._data = None
        self._states, self._alarms = (), []
        self.inputs, self.outputs = {}, {}
        self._readers: dict[str, Reader] = {}
        self._writers: dict[str, Callable[[Signal], None]] = {}

    def _check_prepared(self) -> None:
        if self._model is None:
            raise BodyError("the body is not prepared, or was closed; call prepare first")

    # --- names to indices, once -------------------------------------------------------------------------

    def _names(self, model: BodyModel) -> None:
        m = self._model
        sliding = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
        is_muscle = m.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE
        self._joint_ids = np.flatnonzero(np.isin(m.jnt_type, sliding))
        self._muscle_ids = np.flatnonzero(is_muscle)
        self._motor_ids = np.flatnonzero(~is_muscle)
        self.joints = labels(m, _OBJECT.mjOBJ_JOINT, self._joint_ids, model.joints, "joint")
        self.muscles = labels(m, _OBJECT.mjOBJ_ACTUATOR, self._muscle_ids, model.muscles, "muscle")
        self.motors = labels(m, _OBJECT.mjOBJ_ACTUATOR, self._motor_ids, model.motors, "motor")
        self.bodies = labels(m, _OBJECT.mjOBJ_BODY, np.arange(1, m.nbody), model.bodies, "body")
        self.sites = labels(m, _OBJECT.mjOBJ_SITE, np.arange(m.nsite), model.sites, "site")

    def _resolve(self) -> None:
        """Ports with their readers and writers; quantities without a channel are left out."""
        self._before = np.empty(mujoco.mj_stateSize(self._model, _STATE))
        self._states = (self._data.qpos, self._data.qvel, self._data.act)
        bad = (_WARNING.mjWARN_BADQPOS, _WARNING.mjWARN_BADQVEL, _WARNING.mjWARN_BADQACC)
        self._alarms = [self._data.warning[kind] for kind in bad]
        self._writers, self.inputs = {}, {}
        for name, (order, writer) in self._input_table().items():
            if order:
                self._writers[name] = writer
                self.inputs[name] = self._make_port(name, INPUTS[name], order, name == "body_force")
        self._readers, self.outputs = {}, {}
        for name, (order, reader) in self._output_table().items():
            if order:
                self._readers[name] = reader
                self.outputs[name] = self._make_port(name, OUTPUTS[name], order, name == "site_position")

    def _make_port(self, name: str, unit: str, order: tuple[str, ...], vectors: bool) -> Port:
        low, high = -np.inf, np.inf
        if name == "muscle_excitation":
            low, high = 0.0, 1.0
        if name == "motor_control" and self._model.actuator_ctrllimited[self._motor_ids].all():
            low, high = (
                float(limit(self._model.actuator_ctrlrange[self._motor_ids])) for limit in (np.min, np.max)
            )
        shape = (len(order), 3) if vectors else (len(order),)
        return Port(name, Kind.SIGNAL, shape, unit, order, low, high)

    def _input_table(self) -> dict[str, tuple[tuple[str, ...], Callable[[Signal], None]]]:
        d, dofs = self._data, self._model.jnt_dofadr[self._joint_ids]
        return {
            "muscle_excitation": (self.muscles, setter(d.ctrl, self._muscle_ids)),
            "motor_control": (self.motors, setter(d.ctrl, self._motor_ids)),
            "joint_torque": (self.joints, setter(d.qfrc_applied, dofs)),
            "body_force": (self.bodies, setter(d.xfrc_applied[:, :3], np.arange(1, self._model.nbody))),
        }

    def _output_table(self) -> dict[str, tuple[tuple[str, ...], Reader]]:
        m, d, ids = self._model, self._data, self._muscle_ids
        gear = m.actuator_gear[ids, 0].copy()
        acts, qpos = m.actuator_actadr[ids], m.jnt_qposadr[self._joint_ids]
        dofs = m.jnt_dofadr[self._joint_ids]
        optimal, strongest = muscle_constants(m, ids)
        touching = self.bodies if m.geom_contype.any() and m.geom_conaffinity.any() else ()
        return {
            "muscle_length": (self.muscles, lambda: d.actuator_length[ids] / gear),
            "muscle_velocity": (self.muscles, lambda: d.actuator_velocity[ids] / gear),
            "muscle_force": (self.muscles, lambda: np.maximum(-d.actuator_force[ids] * gear, 0.0)),
            "muscle_activation": (self.muscles, lambda: d.act[acts]),
            "muscle_optimal_length": (self.muscles, optimal.copy),
            "muscle_rest_length": (self.muscles, self._rest_lengths().copy),
            "muscle_max_force": (self.muscles, strongest.copy),
            "joint_angle": (self.joints, lambda: d.qpos[qpos]),
            "joint_velocity": (self.joints, lambda: d.qvel[dofs]),
            "contact_force": (touching, self._contact_forces),
            "site_position": (self.sites, d.site_xpos.copy),
            "sensor": (sensor_names(m), d.sensordata.copy),
        }

    def _rest_lengths(self) -> Signal:
        self.reset()
        lengths: Signal = (
            self._data.actuator_length[self._muscle_ids] / self._model.actuator_gear[self._muscle_ids, 0]
        )
        return lengths

    def _port(self, ports: Mapping[str, Port], name: str, direction: str) -> Port:
        if name not in ports:
            raise PortError(f"body '{self.name}' has no {direction} '{name}'; {known(tuple(ports))}")
        return ports[name]

    def _contact_forces(self) -> Signal:
        forces, wrench = np.zeros(self._model.nbody), np.zeros(6)
        for index in range(self._data.ncon):
            mujoco.mj_contactForce(self._model, self._data, index, wrench)
            geoms = self._data.contact[index].geom
            # Both bodies feel it; a flex has no geom (-1). One body touching itself would count twice.
            forces[np.unique(self._model.geom_bodyid[geoms[geoms >= 0]])] += wrench[0]
        return forces[1:]

    # --- divergence -------------------------------------------------------------------------------------

    def _diverged(self) -> bool:
        bad = any(alarm.number for alarm in self._alarms)
        return bad or not all(np.isfinite(state).all() for state in self._states)

    def _raise_divergence(self) -> None:
        """Replay the interval step by step, so that the first step and its culprit can be named."""
        mujoco.mj_resetData(self._model, self._data)
        mujoco.mj_setState(self._model, self._data, self._before, _STATE)
        when_ns = self.now_ns
        while not self._diverged():
            mujoco.mj_step(self._model, self._data)
            when_ns += self.timestep_ns
        who = culprit(self._model, self._data, self.bodies)
        raise DivergenceError(f"body '{self.name}' diverged at {clock.format_ms(when_ns)}: {who}")
