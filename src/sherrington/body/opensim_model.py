"""Loads a described body into OpenSim and gives it the inputs of the contract."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BodyError, known
from ..ports import Signal
from .model import BodyModel
from .opensim_library import opensim, plain

Ints = NDArray[np.intp]
_LOG = logging.getLogger(__name__)

MISSED_BY_RAD = 1e-3
"""How far constraints may move a start that was asked for; they are solved to 1e-9."""


@dataclass(frozen=True)
class Loaded:
    """A model with its state at the start. Everything is ordered as in the description; sites as in the document.

    model owns all others, so it must outlive them. torques, forces: what we added, one per joint and per body.
    """

    model: Any
    state: Any
    joints: Mapping[str, Any]
    muscles: Mapping[str, Any]
    motors: Mapping[str, Any]
    bodies: Mapping[str, Any]
    sites: Mapping[str, Any]
    torques: tuple[Any, ...]
    forces: tuple[Any, ...]


def load(body: BodyModel, initial: Mapping[str, float]) -> Loaded:
    """The model at its initial pose, muscles in equilibrium. initial: rad (m of a sliding joint), by joint.

    Raises BodyError with OpenSim's message, which names the element.
    """
    model = _read(body)
    joints = _by_name(body, "joint", body.joints, model.getCoordinateSet())
    muscles = _by_name(body, "muscle", body.muscles, model.getForceSet(), opensim.Muscle)
    motors = _by_name(body, "motor", body.motors, model.getForceSet(), opensim.ScalarActuator)
    bodies = _by_name(body, "body", body.bodies, model.getBodySet())
    markers = [model.getMarkerSet().get(i) for i in range(model.getMarkerSet().getSize())]
    _drop_controllers(body, model)
    _start(body, joints, initial)
    torques = tuple(_add_torque(model, name) for name in joints)
    forces = tuple(_add_force(model, found) for found in bodies.values())
    try:
        state = model.initSystem()
        model.realizeVelocity(state)
    except RuntimeError as error:
        raise BodyError(f"OpenSim cannot assemble body model '{body.name}': {plain(error)}") from error
    _check_start(body, joints, initial, state)
    _equilibrate(body, muscles, state)
    sites = {marker.getName(): marker for marker in markers}
    return Loaded(model, state, joints, muscles, motors, bodies, sites, torques, forces)


def control_indices(model: Any, actuators: Mapping[str, Any] | tuple[Any, ...]) -> Ints:
    """Where the controls of these actuators lie among all controls, in order."""
    places = opensim.Vector.createFromMat(np.arange(float(model.getNumControls())))
    found: list[Signal] = []
    for actuator in actuators.values() if isinstance(actuators, Mapping) else actuators:
        own = opensim.Vector(actuator.numControls(), 0.0)
        actuator.getControls(places, own)
        found.append(own.to_numpy())
    return np.concatenate(found).astype(np.intp) if found else np.empty(0, np.intp)


def state_labels(model: Any, state: Any) -> list[str]:
    """What each entry of OpenSim's state vector is, in words."""
    copy = opensim.State(state)
    size = copy.getNY()
    copy.setY(opensim.Vector.createFromMat(np.arange(float(size))))
    names = model.getStateVariableNames()
    labels = [f"state {index}" for index in range(size)]
    for number, place in enumerate(model.getStateVariableValues(copy).to_numpy()):
        labels[round(place)] = _in_words(names.get(number))
    return labels


def _in_words(path: str) -> str:
    *_, owner, variable = path.split("/")
    words = {"value": "the position of joint", "speed": "the speed of joint"}
    return f"{words.get(variable, f'the {variable} of')} '{owner}'"


def _read(body: BodyModel) -> Any:
    with tempfile.TemporaryDirectory(prefix="sherrington-") as folder:
        path = Path(folder) / "model.osim"
        path.write_text(_with_meshes_found(body), encoding="utf-8")
        try:
            return opensim.Model(str(path))
        except RuntimeError as error:
            raise BodyError(f"OpenSim cannot read body model '{body.name}': {plain(error)}") from error


def _with_meshes_found(body: BodyModel) -> str:
    """The document with the whole path of each contact mesh, for it is read from another folder."""

    def located(found: re.Match[str]) -> str:
        places = (body.folder / found[2], body.folder / "Geometry" / found[2])
        there = next((p.resolve() for p in places if p.is_file()), None)
        if there is None:
            raise BodyError(
                f"body model '{body.name}': contact mesh {places[0]} does not exist; copy it there"
            )
        return f"{found[1]}{there}{found[3]}"

    return re.sub(r"(<filename>)\s*([^<\s][^<]*?)\s*(</filename>)", located, body.osim)


def _by_name(
    body: BodyModel, kind: str, names: tuple[str, ...], there: Any, cls: Any = None
) -> dict[str, Any]:
    """The components of these names. Raises BodyError for one that OpenSim left out, or that is of another class."""
    exist = [there.get(i).getName() for i in range(there.getSize())]
    found = {}
    for name in names:
        if name not in exist:
            raise BodyError(f"OpenSim has no {kind} '{name}' in body model '{body.name}'; {known(exist)}")
        component = there.get(name)
        found[name] = component if cls is None else cls.safeDownCast(component)
        if found[name] is None:
            raise BodyError(
                f"body model '{body.name}': {kind} '{name}' is a {component.getConcreteClassName()}, which is no "
                f"{cls.__name__} with one control; remove it, or push with body_force and joint_torque"
            )
    return found


def _drop_controllers(body: BodyModel, model: Any) -> None:
    """The loop is what controls the body: a controller of the document would add to every excitation."""
    controllers = model.updControllerSet()
    if controllers.getSize():
        names = ", ".join(controllers.get(i).getName() for i in range(controllers.getSize()))
        _LOG.warning("body model '%s': its own controllers are left out: %s", body.name, names)
        controllers.clearAndDestroy()


def _start(body: BodyModel, joints: Mapping[str, Any], initial: Mapping[str, float]) -> None:
    """Defaults rather than values: so a locked joint is locked where it starts."""
    for name, angle in initial.items():
        if name not in joints:
            raise BodyError(f"body '{body.name}' has no joint '{name}'; {known(tuple(joints))}")
        joint = joints[name]
        low, high = joint.getRangeMin(), joint.getRangeMax()
        if not low <= angle <= high:
            raise BodyError(f"body '{body.name}': initial {name} = {angle:g} is outside {low:g} to {high:g}")
        if joint.get_prescribed():
            raise BodyError(
                f"body '{body.name}': joint '{name}' follows a function of the document (prescribed) and cannot "
                "start elsewhere; remove its initial angle"
            )
        joint.setDefaultValue(float(angle))


def _add_torque(model: Any, joint: str) -> Any:
    actuator = opensim.CoordinateActuator(joint)
    actuator.setName(f"sherrington_torque_{joint}")
    actuator.setOptimalForce(1.0)
    model.addForce(actuator)
    return actuator


def _add_force(model: Any, body: Any) -> Any:
    """Force and torque at the centre of mass, in the world's directions."""
    actuator = opensim.BodyActuator(body, body.get_mass_center(), False, True)
    actuator.setName(f"sherrington_force_{body.getName()}")
    model.addForce(actuator)
    return actuator


def _check_start(
    body: BodyModel, joints: Mapping[str, Any], initial: Mapping[str, float], state: Any
) -> None:
    for name, angle in initial.items():
        got = joints[name].getValue(state)
        if abs(got - angle) > MISSED_BY_RAD:
            raise BodyError(
                f"body '{body.name}': joint '{name}' cannot start at {angle:g}: the constraints of the model "
                f"put it at {got:g}"
            )


def _equilibrate(body: BodyModel, muscles: Mapping[str, Any], state: Any) -> None:
    """Fibres at the length at which they balance their tendons."""
    for name, muscle in muscles.items():
        try:
            muscle.computeEquilibrium(state)
        except RuntimeError as error:
            raise BodyError(
                f"body '{body.name}': muscle '{name}' finds no equilibrium at the start: {plain(error)}"
            ) from error
