"""The network, the body and the check of an experiment: found by name, called, and looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import find
from ..body.model import BodyModel
from ..body.models import SHIPPED as SHIPPED_BODIES
from ..brain.models import SHIPPED as SHIPPED_NETWORKS
from ..brain.network import Network
from ..errors import BodyError
from .environment import in_environment
from .findings import Findings
from .parameters import check_parameters


def find_network(findings: Findings) -> Network | None:
    """The network that the experiment describes, or None after a problem."""
    if findings.source.is_broken("brain"):
        return None
    brain = findings.source.experiment.brain
    function = findings.function("network", "brain.network", brain.network, SHIPPED_NETWORKS)
    if function is None:
        return None
    takes = dict(inspect.signature(function).parameters)
    takes_scale = takes.pop("scale", None) is not None
    if "scale" in brain.params:
        findings.add(
            "brain.params.scale", "the scale is not one of the params", "remove it and set brain.scale"
        )
    if not takes_scale and "scale" in brain.model_fields_set:
        remedy = "remove it, or give the function that parameter"
        findings.add("brain.scale", f"'{brain.network}' has no parameter 'scale'", remedy)
    scale = {"scale": brain.scale} if takes_scale else {}
    params = {name: value for name, value in brain.params.items() if name != "scale"}
    if not check_parameters(findings, "brain.params", brain.network, function, takes, params):
        return None
    return findings.made("brain.network", brain.network, lambda: function(**params, **scale), Network)


def find_body(findings: Findings) -> BodyModel | None:
    """The body that the experiment describes, in its environment, or None after a problem."""
    if findings.source.is_broken("body"):
        return None
    model = _body_model(findings)
    model = in_environment(findings, model) if model is not None else None
    if model is not None:
        _check_engine(findings, model)
        for joint in findings.source.experiment.body.initial_rad:
            if joint not in model.joints:
                key = f"body.initial_rad.{joint}"
                findings.unknown(key, f"body '{model.name}' has no joint '{joint}'", joint, model.joints)
    return model


def _check_engine(findings: Findings, model: BodyModel) -> None:
    """Each engine reads documents of its own."""
    engine = findings.source.experiment.body.engine
    if engine == "opensim" and not model.osim:
        message = f"body '{model.name}' has no OpenSim document, which 'opensim' needs"
        findings.add("body.engine", message, "set body.engine: mujoco, or name an .osim file in body.model")
    if engine == "mujoco" and not model.mjcf:
        message = f"body '{model.name}' has no MJCF document, which 'mujoco' needs"
        remedy = "set body.engine: opensim, or turn the .osim file into MJCF with: sherrington convert"
        findings.add("body.engine", message, remedy)


def _body_model(findings: Findings) -> BodyModel | None:
    body = findings.source.experiment.body
    if Path(body.model).suffix in {".xml", ".mjcf", ".osim"}:
        return _body_file(findings, body.model, body.params)
    function = findings.function("body", "body.model", body.model, SHIPPED_BODIES)
    if function is None:
        return None
    takes = inspect.signature(function).parameters
    if not check_parameters(findings, "body.params", body.model, function, takes, body.params):
        return None
    return findings.made("body.model", body.model, lambda: function(**body.params), BodyModel)


def _body_file(findings: Findings, text: str, params: Mapping[str, Any]) -> BodyModel | None:
    for name in params:
        findings.add(f"body.params.{name}", "a model file takes no parameters", "remove it, or edit the file")
    try:
        return BodyModel.from_file(find.file_beside(text, findings.folder, Path(text).suffix))
    except find.NotFoundError as error:
        findings.add("body.model", error.message, error.remedy)
    except BodyError as error:
        findings.add("body.model", str(error), f"correct {text}")
    return None


def find_check(findings: Findings) -> Callable[..., Any] | None:
    """The function that judges the run, or None if there is none or after a problem."""
    text = findings.source.experiment.check
    if text is None:
        return None
    function = findings.function("check", "check", text, {})
    if function is None:
        return None
    try:
        inspect.signature(function).bind(object())
    except TypeError:
        takes = str(inspect.signature(function))
        findings.add("check", f"'{text}' takes {takes}", "give it one argument, the finished run")
        return None
    return function
