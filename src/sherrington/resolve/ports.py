"""One end of a pathway: a port of the brain or of the body, by its name in the experiment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..body import engine as body_engine
from ..body.model import BodyModel
from ..brain import engine as brain_engine
from ..brain.engine import BrainPort, brain_port
from ..brain.network import Network, Population
from ..explain import near
from ..resolved import Endpoint, ResolvedTask
from ..sections import Reference
from ..task.task import REWARD
from ..transfer.function import ANY
from .findings import Findings

FORMS = "write brain.POPULATION.QUANTITY or body.QUANTITY"
READ_FORMS = "write brain.POPULATION.QUANTITY, body.QUANTITY or, to read, task.CUE"
MODEL_UNITS = {"sensor", "motor_control"}
"""Quantities of a body whose unit is that of the model's own sensor or actuator."""
_PARTS = {
    "muscle": "muscles",
    "joint": "joints",
    "motor": "motors",
    "site": "sites",
    "contact": "bodies",
    "body": "bodies",
}
"""First word of a body's quantity to the names that it has one entry for."""


def body_parts(body: BodyModel, quantity: str) -> tuple[str, tuple[str, ...]]:
    """("muscles", their names): what ``quantity`` has one entry for each; ("", ()) where a description does not say."""
    what = _PARTS.get(quantity.partition("_")[0], "")
    return what, getattr(body, what) if what else ()


def task_cues(task: ResolvedTask | None) -> dict[str, tuple[str, tuple[str, ...]]]:
    """(unit, order) of all that can be read from a task, by name; nothing without one."""
    if task is None:
        return {}
    return {n: (c.unit, tuple(c.order)) for n, c in task.cues.items()} | {REWARD: ("1", (REWARD,))}


@dataclass
class Ports:
    """Finds ports. network, body: None where they are not known; then only the form of a name is checked."""

    findings: Findings
    network: Network | None
    body: BodyModel | None
    task: ResolvedTask | None = None

    def __post_init__(self) -> None:
        self._pixels: dict[str, tuple[int, int]] = {}

    def end(self, key: str, given: str | Reference, *, writes: bool) -> Endpoint | None:
        """The port that ``given`` names, or None after a problem or where it cannot be known."""
        reference = given if isinstance(given, Reference) else Reference(port=given)
        side, _, rest = reference.port.partition(".")
        if side == "body":
            if rest.startswith("camera.") and not writes:
                return self._camera_end(key, rest, reference)
            self._options(key, reference, {"only"}, f"'{reference.port}'")
            return self._body_end(key, rest, reference.only, writes=writes)
        if side == "brain":
            return self._brain_end(key, rest, reference, writes=writes)
        if side == "task":
            return self._task_end(key, rest, reference, writes=writes)
        self.findings.add(
            key, f"'{reference.port}' is no port", f"{near(side, ('brain', 'body', 'task'))}{READ_FORMS}"
        )
        return None

    def size(self, end: Endpoint) -> int:
        """Number of channels; 0 where it is not known."""
        if end.brain is not None:
            return end.brain.port.size
        if end.only is not None:
            return len(end.only)
        return len(body_parts(self.body, end.port)[1]) if self.body is not None else 0

    # --- the body's side ---

    def _body_end(self, key: str, quantity: str, only: list[str] | None, *, writes: bool) -> Endpoint | None:
        table = body_engine.INPUTS if writes else body_engine.OUTPUTS
        if quantity not in table:
            verb = "written to" if writes else "read from"
            message = f"'{quantity}' cannot be {verb} a body" if quantity else "names no quantity of the body"
            self.findings.unknown(key, message, quantity, tuple(table))
            return None
        if self.body is not None:
            what, names = body_parts(self.body, quantity)
            if what and not names:
                self.findings.add(key, f"body '{self.body.name}' has no {what}", _instead(self.body, writes))
                return None
            self._check_only(f"{key}.only", only or [], what, names)
        unit = ANY if quantity in MODEL_UNITS else table[quantity]
        return Endpoint("body", quantity, unit, only=None if only is None else tuple(only))

    def _check_only(
        self, key: str, only: list[str], what: str, names: tuple[str, ...], whose: str = "the body"
    ) -> None:
        """Names of the model's sensors are known to the engine only, which checks them when it is built."""
        for i, name in enumerate(only):
            if name in only[:i]:
                self.findings.add(f"{key}.{i}", f"'{name}' is there twice", "remove one of them")
            elif what and name not in names:
                self.findings.unknown(f"{key}.{i}", f"{whose} has no '{name}' among its {what}", name, names)

    def _camera_end(self, key: str, port: str, reference: Reference) -> Endpoint | None:
        self._options(key, reference, {"pixels"}, f"'{reference.port}'")
        name = port.partition(".")[2]
        if self.body is not None and name not in self.body.cameras:
            message = f"body '{self.body.name}' has no camera '{name}'"
            self.findings.unknown(key, message, name, self.body.cameras)
            return None
        if reference.pixels is None:
            self.findings.add(key, f"'{reference.port}' has no size", "add pixels: [width, height]")
            return None
        width, height = reference.pixels
        first = self._pixels.setdefault(name, (width, height))
        if first != (width, height):
            message = f"camera '{name}' is {first[0]} x {first[1]} pixels elsewhere"
            self.findings.add(f"{key}.pixels", message, "give the same, or add a camera to the body")
        return Endpoint("body", port, body_engine.CAMERA_UNIT, pixels=first)

    # --- the task's side ---

    def _task_end(self, key: str, name: str, reference: Reference, *, writes: bool) -> Endpoint | None:
        self._options(key, reference, {"only"}, f"'{reference.port}'")
        cues = task_cues(self.task)
        if writes:
            self.findings.add(key, "a task cannot be written to", FORMS)
        elif self.findings.source.experiment.task is None:
            self.findings.add(
                key, f"'{reference.port}' belongs to a task, and there is none", "add a section task"
            )
        elif self.task is not None and name not in cues:
            self.findings.unknown(key, f"task '{self.task.name}' has no cue '{name}'", name, tuple(cues))
        elif self.task is not None:
            unit, order = cues[name]
            self._check_only(f"{key}.only", reference.only or [], name, order, f"task '{self.task.name}'")
            return Endpoint(
                "task", name, unit, only=None if reference.only is None else tuple(reference.only)
            )
        return None

    # --- the brain's side ---

    def _brain_end(self, key: str, rest: str, reference: Reference, *, writes: bool) -> Endpoint | None:
        name, _, quantity = rest.partition(".")
        table = tuple(brain_engine.INPUTS if writes else brain_engine.OUTPUTS)
        if not quantity:
            remedy = f"write brain.{name or 'POPULATION'}.QUANTITY with one of: {', '.join(table)}"
            self.findings.add(key, f"'{reference.port}' names no quantity of a population", remedy)
            return None
        if writes and quantity not in table:
            self.findings.unknown(key, f"'{quantity}' cannot be written to a population", quantity, table)
            return None
        takes = {"tau_ms"} if quantity == "rate" and not writes else set()
        takes |= {"weight", "receptor"} if writes and quantity in {"rate", "spikes"} else set()
        self._options(key, reference, {"per", *takes}, f"'{quantity}' {'written' if writes else 'read'}")
        population = self._population(key, name)
        if population is None or not (writes or self._can_be_read(key, population, quantity)):
            return None
        return _endpoint(population, quantity, reference, writes=writes)

    def _population(self, key: str, name: str) -> Population | None:
        if self.network is None:
            return None
        there = tuple(self.network.populations)
        if name not in there:
            message = f"network '{self.network.name}' has no population '{name}'"
            self.findings.unknown(key, message, name, there)
        return self.network.populations.get(name)

    def _can_be_read(self, key: str, population: Population, quantity: str) -> bool:
        """Recordables are known to the engine only; a slip in the name of what every population has is caught here."""
        there = tuple(brain_engine.OUTPUTS)
        guess = near(quantity, there, cutoff=0.75)
        if quantity in there or not (guess or population.model == "parrot_neuron"):
            return True
        model = f"or a recordable of {population.model}" if population.model != "parrot_neuron" else ""
        message = f"'{quantity}' cannot be read from population '{population.name}'"
        self.findings.add(key, message, f"{guess}there are: {', '.join(there)} {model}".rstrip())
        return False

    def _options(self, key: str, reference: Reference, taken: set[str], what: str) -> None:
        for option in sorted(reference.model_fields_set - taken - {"port"}):
            options = " and ".join(f"'{name}'" for name in sorted(taken))
            takes = f"it takes {options}" if taken else "it takes no options"
            self.findings.add(f"{key}.{option}", f"{option} has no meaning for {what}", f"remove it; {takes}")


def _endpoint(population: Population, quantity: str, reference: Reference, *, writes: bool) -> Endpoint:
    found = brain_port(
        population,
        quantity,
        writes=writes,
        per=reference.per,
        tau_ms=reference.tau_ms,
        weight=reference.weight,
        receptor=reference.receptor,
    )
    port = replace(found.port, name=found.port.name + _suffix(reference))
    known_unit = quantity in {**brain_engine.INPUTS, **brain_engine.OUTPUTS, **brain_engine.RECORDABLE_UNITS}
    resolved: BrainPort = replace(found, port=port)
    return Endpoint("brain", port.name, port.unit if known_unit else ANY, resolved)


def _suffix(reference: Reference) -> str:
    """Tells ports of one quantity apart that differ in an option."""
    options = {n: getattr(reference, n) for n in ("tau_ms", "weight", "receptor")}
    changed = {n: v for n, v in options.items() if v != Reference.model_fields[n].default}
    return "".join(f":{name}={value!r}" for name, value in changed.items())


def _instead(body: BodyModel, writes: bool) -> str:
    read = {"muscles": "muscle_length", "joints": "joint_angle", "sites": "site_position"}
    written = {"muscles": "muscle_excitation", "motors": "motor_control", "joints": "joint_torque"}
    has = {what: quantity for what, quantity in (written if writes else read).items() if getattr(body, what)}
    return (
        f"it has {' and '.join(f'{what} (body.{quantity})' for what, quantity in has.items()) or 'nothing'}"
    )
