"""A body in closed form, without a simulator: one hinge, two antagonist muscles, all linear.

It stands where MuJoCo would stand, for tests and to measure what the loop itself costs. The model is ours:

    I q'' = -k q - b q' + r (F_flexor - F_extensor) + torque,   F = F_max a,   a' = (excitation - a) / tau

Between two writes the inputs are constant, so one step of h is exactly x(t + h) = A x(t) + B u with (A, B) from
one matrix exponential (Van Loan 1978, IEEE Trans Autom Control 23:395). No step is ever approximate.
"""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from .. import clock
from ..errors import BodyError, ClockError, DivergenceError, PortError, UnsupportedError, known
from ..ports import Kind, Port, Signal
from .engine import INPUTS, OUTPUTS, BodyOptions, Pose
from .model import BodyModel

UNSUPPORTED = {
    "motor_control": "it has muscles and no other actuator",
    "body_force": "its only coordinate is the joint; use joint_torque",
    "contact_force": "it has no shape that could touch anything",
    "site_position": "it has no sites in space",
    "sensor": "it has no sensor section",
}
"""What this engine cannot do, with the reason."""

DEFAULTS = {
    "inertia_kg_m2": 1e-3 * 0.02**2 / 3,
    "stiffness_n_m_per_rad": 1e-4,
    "damping_n_m_s_per_rad": 1.5e-6,
    "moment_arm_m": 1.5e-3,
    "max_force_n": 0.5,
    "activation_s": 0.01,
    "optimal_length_m": 8e-3,
    "rest_length_m": 8.894e-3,
}
"""Used for what ``BodyModel.facts`` does not say; the values of ``one_joint``."""

_STATE = struct.Struct("<q7d")
"""Time in ns, then angle, velocity, two activations and three held inputs."""


class ClosedFormBody:
    """The contract of ``BodyEngine`` for one hinge and two muscles; the first muscle turns the joint up.

    Names come from the model, numbers from its ``facts``; gravity, joint limits and the curves of real muscle are
    left out. Any other model, and the quantities in ``UNSUPPORTED``, raise UnsupportedError.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self.timestep_ns = 0
        self.kernel_s = 0.0
        self.inputs: Mapping[str, Port] = {}
        self.outputs: Mapping[str, Port] = {}
        self.name = ""
        self._prepared = False
        self._state: Signal = np.zeros(4)
        self._held: Signal = np.zeros(3)

    def prepare(self, model: BodyModel, options: BodyOptions) -> None:
        """Take names and numbers from ``model``. Raises UnsupportedError, BodyError, ClockError."""
        if len(model.joints) != 1 or len(model.muscles) != 2 or model.motors:
            raise UnsupportedError(
                f"ClosedFormBody cannot run body '{model.name}': it solves one joint with two muscles, and this "
                f"has {len(model.joints)} joints, {len(model.muscles)} muscles and {len(model.motors)} motors"
            )
        self.timestep_ns = clock.ms_to_ns(options.timestep_ms, "body.timestep_ms")
        if self.timestep_ns <= 0:
            raise ClockError(f"body.timestep_ms = {options.timestep_ms} must be positive")
        self.name = model.name
        self._muscles, self._joints, self._bodies = model.muscles, model.joints, model.bodies
        self._facts = {key: _number(model, key, value) for key, value in DEFAULTS.items()}
        self._start_rad = self._initial({**model.initial, **options.initial})
        self._step_state, self._step_input = self._discretise()
        self._make_ports()
        self._readers = self._make_readers()
        self._prepared = True
        self.reset()

    def write(self, port: str, value: Signal) -> None:
        """Set an input, held until written again. Raises PortError, or UnsupportedError with the reason."""
        found = self._port(self.inputs, port, "input")
        fault = found.fault(value)
        if fault:
            raise PortError(f"body input '{port}' of '{self.name}': {fault}")
        self._held[slice(0, 2) if port == "muscle_excitation" else slice(2, 3)] = value

    def advance(self, until_ns: int) -> None:
        """Step to ``until_ns``. Raises ClockError when it is no whole number of steps ahead, DivergenceError."""
        self._check_prepared()
        steps, rest = divmod(until_ns - self.now_ns, self.timestep_ns)
        if rest or steps < 0:
            raise ClockError(
                f"body '{self.name}' at {clock.format_ms(self.now_ns)} cannot advance to "
                f"{clock.format_ms(until_ns)} in steps of {clock.format_ms(self.timestep_ns)}"
            )
        start = time.perf_counter()
        push = self._step_input @ self._held
        state = self._state
        for _ in range(steps):
            state = self._step_state @ state + push
        self.kernel_s += time.perf_counter() - start
        self._state = state
        if not (np.isfinite(state).all() and abs(state[0]) < 1e10):
            raise DivergenceError(
                f"body '{self.name}' diverged before {clock.format_ms(until_ns)}: joint '{self._joints[0]}' has "
                f"angle {state[0]:.3g} and velocity {state[1]:.3g}"
            )
        self.now_ns = until_ns

    def read(self, port: str) -> Signal:
        """The port's value now. Raises PortError with the ports that exist, or UnsupportedError with the reason."""
        self._port(self.outputs, port, "output")
        return self._readers[port]()

    def pose(self) -> Pose:
        """Every body at the origin, the joint's turn about y as in ``one_joint``."""
        self._check_prepared()
        count = len(self._bodies)
        half = -self._state[0] / 2
        turned = np.array([[math.cos(half), 0.0, math.sin(half), 0.0]] * count)
        return Pose(self._bodies, np.zeros((count, 3)), turned)

    def reset(self, at_ns: int = 0) -> None:
        """Back to the initial angle, at rest, inputs zero; the time is then ``at_ns``."""
        self._check_prepared()
        self.now_ns = at_ns
        self._state = np.array([self._start_rad, 0.0, 0.0, 0.0])
        self._held = np.zeros(3)

    def save(self) -> bytes:
        """Time, state and held inputs."""
        self._check_prepared()
        return _STATE.pack(self.now_ns, *self._state, *self._held)

    def restore(self, state: bytes) -> None:
        """Continue from ``save``. Raises BodyError for anything else."""
        self._check_prepared()
        if len(state) != _STATE.size:
            raise BodyError(f"body '{self.name}' cannot restore {len(state)} bytes: not a saved state")
        self.now_ns, *values = _STATE.unpack(state)
        self._state, self._held = np.array(values[:4]), np.array(values[4:])

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``."""
        self._check_prepared()
        return {
            "engine": "closed_form",
            "degrees_of_freedom": 1,
            "muscles": 2,
            "bodies": len(self._bodies),
            "timestep_ms": clock.ns_to_ms(self.timestep_ns),
        }

    def close(self) -> None:
        """Nothing is held; safe to call twice."""
        self._prepared = False
        self.inputs, self.outputs = {}, {}

    def _check_prepared(self) -> None:
        if not self._prepared:
            raise BodyError("the body is not prepared, or was closed; call prepare first")

    # --- inside -----------------------------------------------------------------------------------------

    def _discretise(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        f = self._facts
        torque = f["moment_arm_m"] * f["max_force_n"] / f["inertia_kg_m2"]
        system = np.zeros((7, 7))
        system[0, 1] = 1.0
        system[1, :4] = [
            -f["stiffness_n_m_per_rad"] / f["inertia_kg_m2"],
            -f["damping_n_m_s_per_rad"] / f["inertia_kg_m2"],
            torque,
            -torque,
        ]
        system[1, 6] = 1.0 / f["inertia_kg_m2"]
        system[[2, 3], [2, 3]] = -1.0 / f["activation_s"]
        system[[2, 3], [4, 5]] = 1.0 / f["activation_s"]
        step = expm(system * clock.ns_to_s(self.timestep_ns))
        return step[:4, :4], step[:4, 4:]

    def _initial(self, angles: Mapping[str, float]) -> float:
        for joint, angle in angles.items():
            if joint not in self._joints:
                raise BodyError(f"body '{self.name}' has no joint '{joint}'; {known(self._joints)}")
            if not np.isfinite(angle):
                raise BodyError(f"body '{self.name}': initial {joint} = {angle:g} is not a finite angle")
        return float(angles.get(self._joints[0], 0.0))

    def _make_ports(self) -> None:
        orders = {"joint": self._joints, "muscle": self._muscles}
        made = {
            name: Port(
                name,
                Kind.SIGNAL,
                (len(orders[name.split("_")[0]]),),
                unit,
                orders[name.split("_")[0]],
                *((0.0, 1.0) if name == "muscle_excitation" else ()),
            )
            for name, unit in {**INPUTS, **OUTPUTS}.items()
            if name not in UNSUPPORTED
        }
        self.inputs = {name: port for name, port in made.items() if name in INPUTS}
        self.outputs = {name: port for name, port in made.items() if name in OUTPUTS}

    def _port(self, ports: Mapping[str, Port], name: str, direction: str) -> Port:
        if name in UNSUPPORTED:
            raise UnsupportedError(f"ClosedFormBody has no {direction} '{name}': {UNSUPPORTED[name]}")
        if name not in ports:
            raise PortError(f"body '{self.name}' has no {direction} '{name}'; {known(tuple(ports))}")
        return ports[name]

    def _make_readers(self) -> dict[str, Callable[[], Signal]]:
        f, pair = self._facts, np.ones(2)
        pull = np.array([-f["moment_arm_m"], f["moment_arm_m"]])
        return {
            "joint_angle": lambda: self._state[:1].copy(),
            "joint_velocity": lambda: self._state[1:2].copy(),
            "muscle_length": lambda: pull * self._state[0] + f["rest_length_m"],
            "muscle_velocity": lambda: pull * self._state[1],
            "muscle_force": lambda: self._state[2:] * f["max_force_n"],
            "muscle_activation": lambda: self._state[2:].copy(),
            "muscle_rest_length": lambda: pull * self._start_rad + f["rest_length_m"],
            "muscle_optimal_length": lambda: pair * f["optimal_length_m"],
            "muscle_max_force": lambda: pair * f["max_force_n"],
        }


def _number(model: BodyModel, key: str, default: float) -> float:
    value = model.facts.get(key, default)
    if isinstance(value, int | float) and np.isfinite(value) and value > 0:
        return float(value)
    raise BodyError(f"body '{model.name}': fact {key} = {value!r} must be a positive number")
