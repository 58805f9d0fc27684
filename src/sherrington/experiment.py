"""The experiment file: its validated form, loading, overrides, JSON Schema. Imports no engine.

A person writes one folder with an ``experiment.yaml``. The classes below are its only definition: the loader, the
error messages, the JSON Schema and the documentation of the keys come from them.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from .errors import ExperimentError, Problem, known

FILE_NAME = "experiment.yaml"
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Base of every section: no unknown keys, no silent conversion, not changed after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Loop(Section):
    """How brain and body are coupled."""

    interval_ms: float = Field(
        ge=0.1, le=200.0, allow_inf_nan=False, description="exchange interval between brain and body, ms"
    )
    duration_ms: Positive = Field(description="biological time to simulate, ms")
    mode: Literal["lockstep", "pipelined"] = Field(
        "lockstep", description="lockstep: one after the other; pipelined: both at once, where delays allow"
    )
    realtime: bool = Field(
        False, description="wait so that biological time never runs ahead of the wall clock"
    )


class Brain(Section):
    """The brain and the engine that simulates it."""

    network: str = Field(description="a shipped network, or file.py:function beside the experiment")
    engine: Literal["nest", "closed_form"] = Field("nest", description="the simulator")
    scale: Positive = Field(1.0, description="fraction of the full-size network")
    params: dict[str, Any] = Field(default_factory=dict, description="arguments of the network's function")
    resolution_ms: Positive = Field(0.1, description="time step of the neurons, ms")
    virtual_processes: int = Field(
        1, ge=1, le=4096, description="random streams of the run; how they split into threads does not matter"
    )


class Body(Section):
    """The body and the engine that simulates it."""

    model: str = Field(description="a shipped body, an .xml file (MJCF), or file.py:function")
    engine: Literal["mujoco", "closed_form"] = Field("mujoco", description="the simulator")
    timestep_ms: Positive = Field(0.5, description="time step of the body, ms")
    params: dict[str, Any] = Field(default_factory=dict, description="arguments of the body's function")
    initial_rad: dict[str, Finite] = Field(
        default_factory=dict, description="joint angles at the start, rad, by joint"
    )


class Reference(Section):
    """A port with options."""

    port: str = Field(description="brain.POPULATION.QUANTITY or body.QUANTITY")
    per: Literal["channel", "population", "neuron"] = Field(
        "channel", description="what one entry of the array stands for"
    )
    tau_ms: Positive = Field(20.0, description="filter of a rate that is read, ms")
    weight: Finite = Field(
        1.0, description="synaptic weight of a rate or of spikes written, unit of the neuron model"
    )


class Noise(Section):
    """Additive Gaussian noise on every output of a pathway, drawn anew at each call from a stream of its own."""

    std: NotNegative = Field(description="standard deviation, in the unit of the output")


class Pathway(Section):
    """One transfer function between ports, with the conduction delay of the nerve it stands for."""

    function: str = Field(description="a shipped transfer function, or file.py:function")
    inputs: dict[str, str | Reference] = Field(default_factory=dict, description="argument to port")
    outputs: dict[str, str | Reference] = Field(min_length=1, description="result to port")
    params: dict[str, Any] = Field(default_factory=dict, description="keyword arguments of the function")
    delay_ms: NotNegative = Field(0.0, description="conduction delay, ms; a multiple of loop.interval_ms")
    interval_ms: Positive | None = Field(
        None, description="how often the function is called, ms; a multiple of loop.interval_ms"
    )
    gain: Finite = Field(1.0, description="factor on every output")
    noise: Noise | None = Field(None, description="noise added to every output")


class Perturbation(Section):
    """A force or torque applied to the body for a while."""

    name: Name
    at_ms: NotNegative = Field(description="start, ms; a multiple of loop.interval_ms")
    duration_ms: Positive = Field(description="how long, ms; a multiple of loop.interval_ms")
    joint_torque_Nm: dict[str, Finite] = Field(default_factory=dict, description="torque by joint, N*m")
    body_force_N: dict[str, Annotated[list[Finite], Field(min_length=3, max_length=3)]] = Field(
        default_factory=dict, description="force at the centre of mass by body, world frame, N"
    )


class Intervention(Section):
    """A change of whole populations at a time."""

    name: Name
    at_ms: NotNegative = Field(description="when, ms; a multiple of loop.interval_ms")
    populations: Annotated[list[str], Field(min_length=1)]
    action: Literal["stimulate", "silence", "lesion", "restore"]
    current_pA: Finite = Field(0.0, description="current into every neuron for stimulate, pA")


class Record(Section):
    """What is kept of a run."""

    spikes: Literal["all", "none"] | list[str] = Field("all", description="populations whose spikes are kept")
    signals: Literal["all", "none"] | list[str] = Field(
        "all", description="ports kept: body.QUANTITY, brain.PORT, pathway.NAME.OUTPUT"
    )
    interval_ms: Positive | None = Field(None, description="interval of the signals kept, ms")
    pose_interval_ms: Positive | None = Field(
        None, description="interval of the poses kept for pictures and video, ms; about 20 when left out"
    )


class Experiment(Section):
    """One experiment: brain, body, the pathways between them, what happens and what is kept."""

    title: str = Field(description="one line for lists and reports")
    description: str = Field("", description="what this shows, for people")
    seed: int = Field(1, ge=0, lt=2**31, description="seed of every random stream")
    loop: Loop
    brain: Brain
    body: Body
    pathways: dict[Name, Pathway] = Field(description="transfer functions by name")
    perturbations: list[Perturbation] = Field(default_factory=list)
    interventions: list[Intervention] = Field(default_factory=list)
    record: Record = Field(default_factory=lambda: Record())
    check: str | None = Field(None, description="file.py:function that judges the finished run")


@dataclass(frozen=True)
class Source:
    """An experiment as loaded: the validated form, where it came from, and the line of every key."""

    experiment: Experiment
    folder: Path
    lines: Mapping[str, int]
    overridden: frozenset[str] = frozenset()

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def problem(self, key: str, message: str, remedy: str) -> Problem:
        """A Problem at ``key``, with the line of the key or of the nearest one above it."""
        return Problem(self.file, _line(self.lines, key), key + self._how(key), message, remedy)

    def _how(self, key: str) -> str:
        return " (from --set)" if key in self.overridden else ""


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``experiment.yaml``, from the same classes that validate it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Experiment.model_json_schema()}


def load(folder: Path, overrides: Sequence[str] = ()) -> Source:
    """Read and validate ``folder/experiment.yaml`` by itself (names of ports and functions: see ``resolve``).

    folder: the experiment's folder, or the yaml file in it. overrides: ``key.path=value`` as given to ``--set``,
    the value written as in YAML. Raises ExperimentError with every problem found.
    """
    path = _file_of(Path(folder))
    raw, lines = _read(path)
    overridden = frozenset(_override(raw, text, path) for text in overrides)
    try:
        experiment = Experiment.model_validate(raw)
    except ValidationError as error:
        problems = [_explain(details, path, lines, overridden) for details in _most_telling(error.errors())]
        raise ExperimentError(problems) from None
    return Source(experiment, path.parent, lines, overridden)


def dump(experiment: Experiment) -> str:
    """The experiment as YAML text; loading it gives an equal experiment."""
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(experiment.model_dump(mode="json", exclude_defaults=True), text)
    return text.getvalue()


# --- reading ----------------------------------------------------------------------------------------------


def _file_of(folder: Path) -> Path:
    path = folder if folder.suffix in {".yaml", ".yml"} else folder / FILE_NAME
    if path.is_file():
        return path
    near = (
        sorted(p.parent.name for p in folder.parent.glob(f"*/{FILE_NAME}")) if folder.parent.is_dir() else []
    )
    raise ExperimentError(
        [
            Problem(
                path,
                0,
                "",
                "no such experiment file",
                f"name a folder with an {FILE_NAME}; beside it {known(near)}, or make one with 'sherrington new'",
            )
        ]
    )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    yaml = YAML(typ="rt")
    try:
        document = yaml.load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        message = f"not valid YAML: {error.problem}"
        remedy = "check indentation, colons and quotes at that line"
        raise ExperimentError([Problem(path, line, "", message, remedy)]) from None
    except UnicodeDecodeError as error:
        problem = Problem(path, 0, "", f"not text in UTF-8: {error.reason}", "save the file as UTF-8")
        raise ExperimentError([problem]) from None
    if not isinstance(document, dict):
        found = "nothing" if document is None else type(document).__name__
        remedy = "write keys such as 'title:', 'loop:', 'brain:', 'body:', 'pathways:'"
        raise ExperimentError([Problem(path, 1, "", f"expected a mapping of keys, found {found}", remedy)])
    lines: dict[str, int] = {}
    _collect_lines(document, "", lines)
    return _plain(document), lines


def _collect_lines(node: Any, prefix: str, lines: dict[str, int]) -> None:
    if not hasattr(node, "lc"):
        return
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        place = node.lc.key(key) if isinstance(node, dict) else node.lc.item(key)
        lines[f"{prefix}{key}"] = place[0] + 1
        _collect_lines(child, f"{prefix}{key}.", lines)


def _plain(node: Any) -> Any:
    """ruamel's round-trip types to the plain ones that strict validation and files expect."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line(lines: Mapping[str, int], key: str) -> int:
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 0


def _override(raw: dict[str, Any], text: str, path: Path) -> str:
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        remedy = "write --set key.path=value, for example --set loop.interval_ms=1"
        raise ExperimentError([Problem(path, 0, f"--set {text}", "not of the form key.path=value", remedy)])
    node: Any = raw
    for depth, part in enumerate(parts[:-1]):
        node = _descend(node, part, ".".join(parts[: depth + 1]), path)
    _place(node, parts[-1], _plain(YAML(typ="safe").load(value)), key.strip(), path)
    return key.strip()


def _descend(node: Any, part: str, key: str, path: Path) -> Any:
    if isinstance(node, dict):
        if node.get(part) is None:
            node[part] = {}
        return node[part]
    return node[_position(node, part, key, path)]


def _place(node: Any, part: str, value: Any, key: str, path: Path) -> None:
    if isinstance(node, dict):
        node[part] = value
    else:
        node[_position(node, part, key, path)] = value


def _position(node: Any, part: str, key: str, path: Path) -> int:
    if isinstance(node, list) and part.isdigit() and int(part) < len(node):
        return int(part)
    found = f"a list of {len(node)}" if isinstance(node, list) else repr(node)
    remedy = "check the path: list entries are numbered from 0, and a value has no keys below it"
    raise ExperimentError(
        [Problem(path, 0, f"{key} (from --set)", f"'{part}' is not inside {found}", remedy)]
    )


# --- explaining -------------------------------------------------------------------------------------------

_BRANCH = {"str", "Reference", "list[str]", "literal['all','none']"}


def _most_telling(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Of a choice between forms, keep the errors of the form that was meant: one about a key inside it."""
    kept: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        branch = next((i for i, part in enumerate(error["loc"]) if part in _BRANCH), None)
        place = ".".join(map(str, error["loc"] if branch is None else error["loc"][:branch]))
        kept.setdefault(place, []).append(error)
    chosen: list[ErrorDetails] = []
    for group in kept.values():
        inner = [
            e for e in group if e["type"] not in {"string_type", "model_type", "list_type", "literal_error"}
        ]
        chosen.extend(inner or group[:1])
    return chosen


def _explain(
    error: ErrorDetails, path: Path, lines: Mapping[str, int], overridden: frozenset[str]
) -> Problem:
    loc = [part for part in error["loc"] if part not in _BRANCH and part != "[key]"]
    key = ".".join(map(str, loc))
    section, field = _schema_of(loc)
    message, remedy = _words(error, loc, section, field)
    suffix = " (from --set)" if key in overridden else ""
    return Problem(path, _line(lines, key), key + suffix, message, remedy)


def _words(error: ErrorDetails, loc: list[Any], section: list[str], about: str) -> tuple[str, str]:
    context: dict[str, Any] = error.get("ctx", {})
    found = _shown(error["input"])
    meaning = f": {about}" if about else ""
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(loc[-1]), section, n=1, cutoff=0.6)
            guess = f"did you mean '{near[0]}'? " if near else ""
            return f"unknown key '{loc[-1]}'", f"{guess}{known(section)}"
        case "missing":
            return f"required key '{loc[-1]}' is missing", f"add '{loc[-1]}'{meaning}"
        case "literal_error":
            return f"{found} is not allowed", f"choose one of {context['expected']}"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            limit = next(iter(context.values()))
            sign = {
                "greater_than": ">",
                "greater_than_equal": ">=",
                "less_than": "<",
                "less_than_equal": "<=",
            }
            return f"{found} is out of range", f"give a value {sign[error['type']]} {limit}{meaning}"
        case "float_type" | "int_type":
            kind = "a number" if error["type"] == "float_type" else "a whole number"
            return f"expected {kind}, found {found}", f"write a bare number, without quotes or unit{meaning}"
        case "string_pattern_mismatch":
            return f"{found} is not a name", "use letters, digits, '_' and '-', starting with a letter"
        case "finite_number":
            return f"{found} is not a finite number", f"give a finite number{meaning}"
        case "too_short" | "too_long":
            need = context.get("min_length", context.get("max_length"))
            return f"has {context['actual_length']} entries, needs {need}", f"give {need}{meaning}"
        case "string_type":
            return f"expected text, found {found}", f"write text{meaning}"
        case "bool_type":
            return f"expected true or false, found {found}", f"write true or false{meaning}"
        case "model_type" | "dict_type":
            return f"expected keys below this one, found {found}", f"indent its keys below it{meaning}"
        case "list_type":
            return f"expected a list, found {found}", f"write one entry per line, each after '- '{meaning}"
        case _:
            return f"{error['msg']}, found {found}", f"see 'sherrington schema'{meaning}"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f"text '{value}'"
    if isinstance(value, dict):
        return f"the keys {', '.join(map(str, value))}" if value else "an empty section"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _schema_of(loc: list[Any]) -> tuple[list[str], str]:
    """The keys that exist where ``loc`` points into, and what its last key means."""
    model: type[BaseModel] = Experiment
    about = ""
    for part in loc:
        info = model.model_fields.get(str(part))
        if info is None:
            if str(part) in {str(p) for p in loc[-1:]}:
                about = ""
            continue
        about = info.description or ""
        inner = _section_in(info.annotation)
        if part is loc[-1]:
            break
        model = inner or model
    return list(model.model_fields), about


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)
