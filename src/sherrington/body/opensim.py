"""OpenSim as a body engine: any .osim file of OpenSim 4."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import clock
from ..errors import BodyError, ClockError, DivergenceError, PortError, UnsupportedError, known
from ..ports import Port, Signal
from .engine import BodyOptions, Pose
from .model import BodyModel
from .opensim_library import opensim
from .opensim_model import Ints, Loaded, control_indices, load, state_labels
from .opensim_ports import Reader, input_ports, output_ports
from .opensim_stepper import Stepper, StuckError

RUNAWAY = 1e10
"""A position, speed or state beyond this has run away; MuJoCo's own bound."""
_HEADER = struct.Struct("<16sqqq")
"""Fingerprint of model and time step, ns since the start, numbers of states and of controls; the size of the next
step, the states and the controls follow as float64."""


class OpensimBody:
    """A body in OpenSim; the contract is ``BodyEngine``.

    Each time step is integrated by ``Stepper``; outputs are OpenSim's own at the end of the last one. Reading never
    changes a run. OpenSim keeps the GIL, so in pipelined mode only a brain that gives it up runs meanwhile.

    muscle_length and muscle_velocity are of the path, muscle_force is the tension of the tendon. Inputs are controls
    of the model: of its muscles, of its other actuators with one control, and of one actuator that is added for each
    coordinate and each body. Outputs that are read after a write are those before it, until ``advance``.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self.timestep_ns = 0
        self.kernel_s = 0.0
        self.inputs: Mapping[str, Port] = {}
        self.outputs: Mapping[str, Port] = {}
        self.name = ""
        self._body: Loaded | None = None
        self._places: dict[str, Ints] = {}
        self._readers: dict[str, Reader] = {}

    # --- contract ---------------------------------------------------------------------------------------

    def prepare(self, model: BodyModel, options: BodyOptions) -> None:
        """Load ``model``. Raises BodyError with OpenSim's message, which names the element; ClockError;
        UnsupportedError for a body without an OpenSim document and for cameras."""
        self.timestep_ns = clock.ms_to_ns(options.timestep_ms, "body.timestep_ms")
        if self.timestep_ns <= 0:
            raise ClockError(f"body.timestep_ms = {options.timestep_ms} must be positive")
        _check_supported(model, options)
        self.name = model.name
        self._body = load(model, {**model.initial, **options.initial})
        self._fingerprint = hashlib.sha256(f"{self.timestep_ns}{model.osim}".encode()).digest()[:16]
        self._controls = np.zeros(self._body.model.getNumControls())
        self._pushers = _pushers(self._body)
        self._labels = state_labels(self._body.model, self._body.state)
        self._step_s = clock.ns_to_s(self.timestep_ns)
        self._start: Signal = self._body.state.getY().to_numpy()
        self._set_controls()
        self._stepper = Stepper(self._body.model, self._body.state, self._step_s)
        self._check_start()
        inputs, outputs = input_ports(self._body), output_ports(self._body)
        self.inputs = {name: port for name, (port, _) in inputs.items()}
        self.outputs = {name: port for name, (port, _) in outputs.items()}
        self._places = {name: places for name, (_, places) in inputs.items()}
        self._readers = {name: read for name, (_, read) in outputs.items()}
        self.reset()

    def write(self, port: str, value: Signal) -> None:
        """Set an input, held until written again. Raises PortError with the culprit's name."""
        found = self.inputs.get(port)
        if found is None:
            raise self._missing(self.inputs, port, "input")
        fault = found.fault(value)
        if fault:
            raise PortError(f"body input '{port}' of '{self.name}': {fault}")
        self._controls[self._places[port]] = value
        self._written = True

    def advance(self, until_ns: int) -> None:
        """Step to ``until_ns``. Raises ClockError when it is no whole number of steps ahead, DivergenceError."""
        self._prepared()
        steps, rest = divmod(until_ns - self.now_ns, self.timestep_ns)
        if rest or steps < 0:
            raise ClockError(
                f"body '{self.name}' at {clock.format_ms(self.now_ns)} cannot advance to "
                f"{clock.format_ms(until_ns)} in steps of {clock.format_ms(self.timestep_ns)}"
            )
        start = time.perf_counter()
        if self._written and steps:
            self._set_controls()
            self._stepper.inputs_changed()
        for _ in range(steps):
            self._step()
        self.kernel_s += time.perf_counter() - start

    def read(self, port: str) -> Signal:
        """The port's value now. Raises PortError with the ports that exist."""
        reader = self._readers.get(port)
        if reader is None:
            raise self._missing(self.outputs, port, "output")
        return reader()

    def pose(self) -> Pose:
        """Every body but ground, as ordered in the document."""
        body = self._prepared()
        placed = [found.getTransformInGround(body.state) for found in body.bodies.values()]
        turned = [transform.R().convertRotationToQuaternion() for transform in placed]
        positions = np.array([[transform.p().get(i) for i in range(3)] for transform in placed])
        return Pose(tuple(body.bodies), positions, np.array([[q.get(i) for i in range(4)] for q in turned]))

    def reset(self, at_ns: int = 0) -> None:
        """Back to the initial pose, at rest, inputs zero; the time is then ``at_ns``."""
        self._prepared()
        self._put(at_ns, self._start.copy(), np.zeros(self._controls.size), self._step_s)

    def save(self) -> bytes:
        """Time, size of the next step, states of OpenSim and held inputs."""
        self._prepared()
        y, controls = self._stepper.y, self._controls
        header = _HEADER.pack(self._fingerprint, self.now_ns, y.size, controls.size)
        return header + np.concatenate([[self._stepper.substep_s], y, controls]).tobytes()

    def restore(self, state: bytes) -> None:
        """Continue from ``save``. Raises BodyError for bytes of another model or another time step."""
        self._prepared()
        n_states, n_controls = self._stepper.y.size, self._controls.size
        if len(state) != _HEADER.size + 8 * (1 + n_states + n_controls):
            raise BodyError(
                f"body '{self.name}' cannot restore {len(state)} bytes: not a saved state of this model"
            )
        fingerprint, now_ns, *sizes = _HEADER.unpack_from(state)
        if fingerprint != self._fingerprint or sizes != [n_states, n_controls]:
            raise BodyError(f"body '{self.name}' cannot restore the state of another model or time step")
        values = np.frombuffer(state, np.float64, offset=_HEADER.size)
        self._put(now_ns, values[1 : 1 + n_states].copy(), values[1 + n_states :].copy(), float(values[0]))

    def statistics(self) -> Mapping[str, Any]:
        """Facts for ``summary.json``. evaluations: of the equations of motion, so far."""
        body = self._prepared()
        return {
            "engine": "opensim",
            "version": opensim.GetVersion(),
            "degrees_of_freedom": int(body.state.getNU()),
            "muscles": len(body.muscles),
            "bodies": len(body.bodies),
            "mass_kg": float(body.model.getTotalMass(body.state)),
            "timestep_ms": clock.ns_to_ms(self.timestep_ns),
            "evaluations": self._stepper.evaluations,
        }

    def close(self) -> None:
        """Give back the model; safe to call twice."""
        self.inputs, self.outputs = {}, {}
        self._places, self._readers = {}, {}
        self.__dict__.pop("_stepper", None)
        self._body = None

    # --- inside -----------------------------------------------------------------------------------------

    def _prepared(self) -> Loaded:
        if self._body is None:
            raise BodyError("the body is not prepared, or was closed; call prepare first")
        return self._body

    def _missing(self, ports: Mapping[str, Port], name: str, direction: str) -> PortError:
        return PortError(f"body '{self.name}' has no {direction} '{name}'; {known(tuple(ports))}")

    def _put(self, now_ns: int, y: Signal, controls: Signal, substep_s: float) -> None:
        self.now_ns, self._controls = now_ns, controls
        self._set_controls()
        self._stepper.set(clock.ns_to_s(now_ns), y, substep_s)

    def _set_controls(self) -> None:
        """Controls of actuators that no controller sets are the model's defaults. What pushes with nothing is left out
        of the evaluation: a quarter of it for a small body."""
        body = self._prepared()
        body.model.setDefaultControls(opensim.Vector.createFromMat(self._controls))
        for pusher in self._pushers:
            pushes = bool(self._controls[pusher.places].any())
            if pushes != pusher.pushes:
                pusher.switch(body.state, pushes)
        self._written = False

    def _step(self) -> None:
        end_ns = self.now_ns + self.timestep_ns
        try:
            self._stepper.advance(clock.ns_to_s(end_ns))
        except StuckError as error:
            raise self._diverged(error.index, f" ({error.reason})") from error
        y = self._stepper.y
        # Comparing this way round is true for NaN as well.
        bad = ~(np.abs(y) < RUNAWAY)
        if bad.any():
            raise self._diverged(int(np.argmax(bad)), "")
        self.now_ns = end_ns

    def _diverged(self, index: int, reason: str) -> DivergenceError:
        when = clock.format_ms(self.now_ns + self.timestep_ns)
        return DivergenceError(
            f"body '{self.name}' diverged at {when}: {self._labels[index]} has value {self._stepper.y[index]:.3g} and "
            f"rate {self._stepper.slope[index]:.3g}{reason}; look at what drives it"
        )

    def _check_start(self) -> None:
        bad = ~np.isfinite(self._stepper.slope)
        if bad.any():
            why = self._stepper.complaint or "has it mass and inertia?"
            raise BodyError(
                f"body '{self.name}' cannot move from its start: the rate of {self._labels[int(np.argmax(bad))]} is "
                f"not finite; {why}"
            )


@dataclass
class _Pushers:
    """Actuators that were added for one input. places: of their controls."""

    actuators: tuple[Any, ...]
    places: Ints
    pushes: bool = True

    def switch(self, state: Any, on: bool) -> None:
        self.pushes = on
        for actuator in self.actuators:
            actuator.setAppliesForce(state, on)


def _pushers(body: Loaded) -> tuple[_Pushers, ...]:
    return tuple(_Pushers(a, control_indices(body.model, a)) for a in (body.torques, body.forces))


def _check_supported(model: BodyModel, options: BodyOptions) -> None:
    if not model.osim:
        raise UnsupportedError(f"body '{model.name}' has no OpenSim document; use body.engine: mujoco")
    if options.cameras:
        raise UnsupportedError(
            f"OpenSim draws no images, and body '{model.name}' is asked for camera "
            f"'{next(iter(options.cameras))}'; use body.engine: mujoco"
        )
