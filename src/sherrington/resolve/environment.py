"""The environment of the body: parts found by name, made, looked at, and composed with the body."""

from __future__ import annotations

import inspect

from ..body.model import BodyModel
from ..body.parts import SHIPPED
from ..body.scene import Part, Placed, compose, faults
from ..sections import ScenePart
from .findings import Findings
from .parameters import check_parameters

NO_PARTS = {
    "opensim": "a scene is one MJCF document, which OpenSim cannot read",
    "closed_form": "its body has no shape that could touch anything",
}
NO_GRAVITY = {"closed_form": "its equations leave gravity out"}
"""What a body engine cannot do, with the reason."""


def in_environment(findings: Findings, model: BodyModel) -> BodyModel | None:
    """``model`` with gravity and parts of the experiment, or None after a problem."""
    section = findings.source.experiment.environment
    if findings.source.is_broken("environment"):
        return None
    count = len(findings.problems)
    _check_engine(findings)
    made = [_placed(findings, name, part) for name, part in section.parts.items()]
    placed = [one for one in made if one is not None]
    if len(findings.problems) == count:
        for fault in faults(model, placed, section.gravity_m_per_s2):
            where = f"parts.{fault.part}.{fault.key}".rstrip(".") if fault.part else "gravity_m_per_s2"
            what = f"'{fault.part}'" if fault.part else "gravity"
            findings.add(f"environment.{where}", f"{what} {fault.message}", fault.remedy)
    if len(findings.problems) > count:
        return None
    return compose(model, placed, section.gravity_m_per_s2)


def _check_engine(findings: Findings) -> None:
    experiment = findings.source.experiment
    engine, section = experiment.body.engine, experiment.environment
    for key, is_set, reasons in (
        ("parts", bool(section.parts), NO_PARTS),
        ("gravity_m_per_s2", section.gravity_m_per_s2 is not None, NO_GRAVITY),
    ):
        if is_set and engine in reasons:
            message = f"cannot be had from body engine '{engine}': {reasons[engine]}"
            findings.add(f"environment.{key}", message, "remove it, or set body.engine: mujoco")


def _placed(findings: Findings, name: str, part: ScenePart) -> Placed | None:
    key = f"environment.parts.{name}"
    function = findings.function("part", f"{key}.part", part.part, SHIPPED)
    if function is None:
        return None
    takes = inspect.signature(function).parameters
    if not check_parameters(findings, f"{key}.params", part.part, function, takes, part.params):
        return None
    made = findings.made(f"{key}.part", part.part, lambda: function(**part.params), Part)
    if made is None:
        return None
    return Placed(name, made, tuple(part.at_m), tuple(part.turned_deg), part.attached_to or "")
