"""The coordinates of an OpenSim document: defaults, limits, springs, and how one drives another."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..errors import BodyError
from .osim_document import OsimModel, names_of
from .osim_to_mjcf_functions import Function, read_function
from .osim_to_mjcf_joints import ROTATION, Joint

UNBOUNDED = {True: math.pi, False: 1.0}
"""How far a coordinate without a range is followed to both sides: rad of a rotation, m of a translation."""


@dataclass(frozen=True)
class Coordinate:
    """default, low, high: rad or m; low and high are infinite where there is no limit. stiffness, damping: N*m/rad
    and N*m*s/rad, or N/m and N*s/m; the spring is at rest at ``rest``."""

    name: str
    rotates: bool
    default: float
    low: float = -math.inf
    high: float = math.inf
    locked: bool = False
    stiffness: float = 0.0
    rest: float = 0.0
    damping: float = 0.0

    @property
    def limited(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    def reach(self) -> tuple[float, float]:
        """The interval that counts: its range, or some way round its default."""
        if self.limited:
            return self.low, self.high
        around = UNBOUNDED[self.rotates]
        return self.default - around, self.default + around


@dataclass(frozen=True)
class Coupler:
    """``dependent = function(independent)``."""

    name: str
    dependent: str
    independent: str
    function: Function


def read_coordinates(
    document: OsimModel, joints: Mapping[str, Joint], warnings: list[str]
) -> dict[str, Coordinate]:
    """By name, in the order of the joints. Raises BodyError where two have one name."""
    listed = {name: joint for joint in joints.values() for name in joint.coordinates}
    total = sum(len(joint.coordinates) for joint in joints.values())
    elements = _elements(document)
    if len(listed) != total:
        names = [name for joint in joints.values() for name in joint.coordinates]
        double = next(name for name in names if names.count(name) > 1)
        raise BodyError(f"body model '{document.name}': two coordinates are called '{double}'; rename one")
    found = {name: _coordinate(document, elements.get(name), name, joint) for name, joint in listed.items()}
    for name in list(found):
        _tell(document, elements.get(name), found[name], listed[name], warnings)
    _add_springs(document, found, warnings)
    _add_limits(document, found, warnings)
    for name, coordinate in found.items():
        found[name] = _without_broken_limit(coordinate, warnings)
    return found


def read_couplers(
    document: OsimModel, coordinates: Mapping[str, Coordinate], warnings: list[str]
) -> list[Coupler]:
    """Every CoordinateCouplerConstraint; warns about all other constraints."""
    found = []
    for element in document.objects("ConstraintSet"):
        label = f"{element.tag} '{document.name_of(element)}'"
        if element.tag != "CoordinateCouplerConstraint":
            warnings.append(f"{label}: left out; only CoordinateCouplerConstraint is converted")
        elif not document.flag(element, "isEnforced", True):
            warnings.append(f"{label}: left out; it is not enforced")
        else:
            found += _coupler(document, element, label, coordinates, warnings)
    return found


def with_coupled_defaults(
    coordinates: Mapping[str, Coordinate], couplers: Iterable[Coupler]
) -> dict[str, Coordinate]:
    """Dependent coordinates start where their function puts them, chains of couplers included."""
    found = dict(coordinates)
    listed = list(couplers)
    for _ in listed:
        for c in listed:
            found[c.dependent] = replace(found[c.dependent], default=c.function(found[c.independent].default))
    return found


def _elements(document: OsimModel) -> dict[str, ET.Element]:
    found: dict[str, ET.Element] = {}
    for joint in document.objects("JointSet"):
        listed = joint.find("coordinates")
        if listed is not None:
            found |= dict(zip(names_of(listed), listed, strict=True))
    return found


def _coordinate(document: OsimModel, element: ET.Element | None, name: str, joint: Joint) -> Coordinate:
    used = [axis for axis in joint.axes if axis.coordinate == name]
    rotates = any(axis.kind == ROTATION for axis in used)
    if element is None:
        return Coordinate(name, rotates, 0.0)
    low, high = document.numbers(element, "range", (-math.inf, math.inf))
    default = document.number(element, "default_value", 0.0)
    return Coordinate(name, rotates, default, low, high, document.flag(element, "locked", False))


def _tell(
    document: OsimModel, element: ET.Element | None, coordinate: Coordinate, joint: Joint, warnings: list[str]
) -> None:
    label = f"Coordinate '{coordinate.name}'"
    if coordinate.locked:
        warnings.append(f"{label}: locked; it is fixed at its default of {coordinate.default:g}")
    if element is not None and document.flag(element, "prescribed", False):
        warnings.append(f"{label}: its prescribed motion is left out; it moves freely")
    if not any(axis.coordinate == coordinate.name for axis in joint.axes):
        warnings.append(f"{label}: left out; no axis of joint '{joint.name}' follows it")


def _without_broken_limit(coordinate: Coordinate, warnings: list[str]) -> Coordinate:
    inside = coordinate.low - 1e-9 <= coordinate.default <= coordinate.high + 1e-9
    if not coordinate.limited or (coordinate.low < coordinate.high and inside):
        return coordinate
    warnings.append(
        f"Coordinate '{coordinate.name}': its limits {coordinate.low:g} to {coordinate.high:g} are left out; its "
        f"default {coordinate.default:g} is not between them"
    )
    return replace(coordinate, low=-math.inf, high=math.inf)


def _add_springs(document: OsimModel, found: dict[str, Coordinate], warnings: list[str]) -> None:
    for force in document.objects("ForceSet"):
        if force.tag != "SpringGeneralizedForce" or not document.flag(force, "appliesForce", True):
            continue
        label = f"SpringGeneralizedForce '{document.name_of(force)}'"
        coordinate = _named(found, document.text(force, "coordinate"), label, document)
        stiffness = document.number(force, "stiffness", 0.0)
        rest = document.number(force, "rest_length", 0.0)
        total = coordinate.stiffness + stiffness
        if total and coordinate.stiffness:
            rest = (coordinate.stiffness * coordinate.rest + stiffness * rest) / total
        damping = coordinate.damping + document.number(force, "viscosity", 0.0)
        found[coordinate.name] = replace(coordinate, stiffness=total, rest=rest, damping=damping)
        if coordinate.locked:
            warnings.append(f"{label}: left out; coordinate '{coordinate.name}' is locked")


def _add_limits(document: OsimModel, found: dict[str, Coordinate], warnings: list[str]) -> None:
    """A CoordinateLimitForce counts in degrees where its coordinate is a rotation."""
    for force in document.objects("ForceSet"):
        if force.tag != "CoordinateLimitForce" or not document.flag(force, "appliesForce", True):
            continue
        label = f"CoordinateLimitForce '{document.name_of(force)}'"
        coordinate = _named(found, document.text(force, "coordinate"), label, document)
        unit = math.pi / 180 if coordinate.rotates else 1.0
        low = max(coordinate.low, unit * document.number(force, "lower_limit", 0.0))
        high = min(coordinate.high, unit * document.number(force, "upper_limit", 0.0))
        found[coordinate.name] = replace(coordinate, low=low, high=high)
        warnings.append(
            f"{label}: approximated; MuJoCo's own joint limit at {low:g} and {high:g} takes the place of its springs"
        )


def _named(coordinates: Mapping[str, Coordinate], name: str, label: str, document: OsimModel) -> Coordinate:
    if name not in coordinates:
        raise BodyError(f"body model '{document.name}': {label}: there is no coordinate '{name}'")
    return coordinates[name]


def _coupler(
    document: OsimModel,
    element: ET.Element,
    label: str,
    coordinates: Mapping[str, Coordinate],
    warnings: list[str],
) -> list[Coupler]:
    drivers = document.text(element, "independent_coordinate_names").split()
    dependent = _named(coordinates, document.text(element, "dependent_coordinate_name"), label, document)
    if len(drivers) != 1:
        warnings.append(
            f"{label}: left out; it has {len(drivers)} independent coordinates and MuJoCo takes one"
        )
        return []
    independent = _named(coordinates, drivers[0], label, document)
    if dependent.locked or independent.locked:
        warnings.append(f"{label}: left out; one of its coordinates is locked")
        return []
    holder = element.find("coupled_coordinates_function")
    inside = [] if holder is None else list(holder)
    if not inside:
        raise BodyError(f"{document.where(element)}: it has no coupled_coordinates_function")
    function = read_function(document, inside[0]).scaled(document.number(element, "scale_factor", 1.0))
    return [Coupler(document.name_of(element), dependent.name, independent.name, function)]
