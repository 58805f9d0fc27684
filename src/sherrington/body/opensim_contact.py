"""Contact forces in OpenSim: each contact force of a model tells the whole force on each body that it can touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ports import Signal
from .opensim_library import opensim
from .opensim_model import Loaded

_SMOOTH = "SmoothSphereHalfSpaceForce"
_GEOMETRY = re.compile(r"<geometry>([^<]*)</geometry>")
_KINDS = {"HuntCrossleyForce", "ElasticFoundationForce", _SMOOTH}


@dataclass(frozen=True)
class _Contact:
    """One contact force. rows: place among its values of the force on each body, shape (n, 3); bodies: which those
    are; normal: of the half space that takes part, in the world; None where there is none or more than one."""

    force: Any
    rows: Signal
    bodies: tuple[int, ...]
    normal: Signal | None

    def add(self, state: Any, forces: Signal) -> None:
        values = self.force.getRecordValues(state)
        vectors = np.array([[values.get(int(i)) for i in row] for row in self.rows])
        size = np.linalg.norm(vectors, axis=1) if self.normal is None else np.abs(vectors @ self.normal)
        np.add.at(forces, list(self.bodies), size)


def contact_reader(body: Loaded) -> tuple[tuple[str, ...], Callable[[], Signal]]:
    """Names of the bodies, none where the model has no contact, and what reads the force on each, N."""
    forces = body.model.getForceSet()
    found = [forces.get(i) for i in range(forces.getSize())]
    contacts = [_contact(body, f) for f in found if f.getConcreteClassName() in _KINDS]

    def read() -> Signal:
        total = np.zeros(len(body.bodies))
        for contact in contacts:
            contact.add(body.state, total)
        return total

    return tuple(body.bodies) if contacts else (), read


def _contact(body: Loaded, force: Any) -> _Contact:
    concrete = getattr(opensim, force.getConcreteClassName()).safeDownCast(force)
    sphere = _sphere_body(body, concrete) if force.getConcreteClassName() == _SMOOTH else ""
    labels = concrete.getRecordLabels()
    rows, bodies, order = [], [], list(body.bodies)
    for index in range(labels.getSize()):
        label = labels.get(index).removeprefix(f"{force.getName()}.")
        touched = label.removesuffix(".force.X")
        touched = sphere if touched == "Sphere" and sphere else touched
        if label.endswith(".force.X") and touched in order:
            rows.append(range(index, index + 3))
            bodies.append(order.index(touched))
    return _Contact(concrete, np.array(rows).reshape(-1, 3), tuple(bodies), _normal(body, concrete))


def _sphere_body(body: Loaded, force: Any) -> str:
    geometry = _geometry(body)[force.getConnectee("sphere").getName()]
    return str(geometry.getFrame().findBaseFrame().getName())


def _normal(body: Loaded, force: Any) -> Signal | None:
    """Of the only half space in this contact; OpenSim's are filled where their own x is positive."""
    planes = [g for g in _taking_part(body, force) if g.getConcreteClassName() == "ContactHalfSpace"]
    if len(planes) != 1 or planes[0].getFrame().findBaseFrame().getName() != "ground":
        return None
    inward = planes[0].getTransform().xformFrameVecToBase(opensim.Vec3(1.0, 0.0, 0.0))
    inward = planes[0].getFrame().getTransformInGround(body.state).xformFrameVecToBase(inward)
    return -np.array([inward.get(i) for i in range(3)])


def _taking_part(body: Loaded, force: Any) -> list[Any]:
    every = _geometry(body)
    if force.getConcreteClassName() == _SMOOTH:
        return [every[force.getConnectee("half_space").getName()]]
    # The set of contact parameters is not open to Python; the written form of the force has it.
    names = [name for listed in _GEOMETRY.findall(force.dump()) for name in listed.split()]
    return [every[name] for name in names]


def _geometry(body: Loaded) -> Mapping[str, Any]:
    there = body.model.getContactGeometrySet()
    found = [there.get(i) for i in range(there.getSize())]
    return {geometry.getName(): geometry for geometry in found}
