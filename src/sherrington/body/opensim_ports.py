"""The ports of a body in OpenSim: which controls an input sets, and which of OpenSim's numbers an output is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..ports import Kind, Port, Signal
from .engine import INPUTS, OUTPUTS
from .opensim_contact import contact_reader
from .opensim_model import Ints, Loaded, control_indices

Reader = Callable[[], Signal]


def input_ports(body: Loaded) -> dict[str, tuple[Port, Ints]]:
    """Every input that the model has something for, and which of its controls it sets."""
    # Of the six controls of a body's actuator the first three are torques.
    forces = control_indices(body.model, body.forces).reshape(-1, 6)[:, 3:]
    table = {
        "muscle_excitation": (tuple(body.muscles), control_indices(body.model, body.muscles)),
        "motor_control": (tuple(body.motors), control_indices(body.model, body.motors)),
        "joint_torque": (tuple(body.joints), control_indices(body.model, body.torques)),
        "body_force": (tuple(body.bodies), forces),
    }
    found = {}
    for name, (order, places) in table.items():
        if order:
            low, high = _limits(name, body.motors)
            found[name] = (Port(name, Kind.SIGNAL, places.shape, INPUTS[name], order, low, high), places)
    return found


def output_ports(body: Loaded) -> dict[str, tuple[Port, Reader]]:
    """Every output that the model has something for; read when the state is up to date."""
    state, muscles, joints = body.state, body.muscles.values(), body.joints.values()
    touching, contact_forces = contact_reader(body)
    names = tuple(body.muscles)
    rest = _of(state, muscles, "getLength")().copy
    table: dict[str, tuple[Iterable[str], Reader]] = {
        "muscle_length": (names, _of(state, muscles, "getLength")),
        "muscle_velocity": (names, _of(state, muscles, "getLengtheningSpeed")),
        "muscle_force": (names, _of(state, muscles, "getActuation")),
        "muscle_activation": (names, _of(state, muscles, "getActivation")),
        "muscle_optimal_length": (names, _constants(muscles, "getOptimalFiberLength")),
        "muscle_rest_length": (names, rest),
        "muscle_max_force": (names, _constants(muscles, "getMaxIsometricForce")),
        "joint_angle": (body.joints, _of(state, joints, "getValue")),
        "joint_velocity": (body.joints, _of(state, joints, "getSpeedValue")),
        "contact_force": (touching, contact_forces),
        "site_position": (body.sites, lambda: positions(state, body.sites)),
    }
    found = {}
    for name, (listed, read) in table.items():
        order = tuple(listed)
        if order:
            shape = (len(order), 3) if name == "site_position" else (len(order),)
            found[name] = (Port(name, Kind.SIGNAL, shape, OUTPUTS[name], order), read)
    return found


def positions(state: Any, sites: Mapping[str, Any]) -> Signal:
    """Shape (n_sites, 3), m, world frame."""
    found = [site.getLocationInGround(state) for site in sites.values()]
    return np.array([[at.get(0), at.get(1), at.get(2)] for at in found])


def _of(state: Any, components: Iterable[Any], method: str) -> Reader:
    """One number of each component at the present state."""
    calls = [getattr(component, method) for component in components]
    return lambda: np.array([call(state) for call in calls], np.float64)


def _constants(components: Iterable[Any], method: str) -> Reader:
    values = np.array([getattr(component, method)() for component in components], np.float64)
    return values.copy


def _limits(name: str, motors: Mapping[str, Any]) -> tuple[float, float]:
    if name == "muscle_excitation":
        return 0.0, 1.0
    if name == "motor_control":
        low = [motor.getMinControl() for motor in motors.values()]
        high = [motor.getMaxControl() for motor in motors.values()]
        if np.isfinite([*low, *high]).all():
            return min(low), max(high)
    return -np.inf, np.inf
