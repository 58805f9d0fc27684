"""From predictions to a choice: what fits, what is fastest, what is cheapest, and the knee between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import NeverError
from .predict import Planner, Prediction
from .shape import Machine, Shape, shapes

KNEE_COST = 2.0
"""Ours: the knee is the fastest shape that costs at most twice as much as the cheapest. A point of largest curvature
would depend on the axes that the curve is drawn over and on noise between neighbours; this can be checked by
hand."""


@dataclass(frozen=True)
class Plan:
    """asked: the prediction for the shape asked for, None where none was. compared: of every shape that fits, in
    order of shape. too_large: of those that do not."""

    machine: Machine
    asked: Prediction | None
    compared: tuple[Prediction, ...]
    too_large: tuple[Prediction, ...]

    @property
    def fastest(self) -> Prediction:
        return fastest(self.compared)

    @property
    def cheapest(self) -> Prediction:
        return cheapest(self.compared)

    @property
    def knee(self) -> Prediction:
        return knee(self.compared)

    def marks(self, prediction: Prediction) -> tuple[str, ...]:
        """Which of ``asked``, ``fastest``, ``knee``, ``cheapest`` a prediction is."""
        named = {"fastest": self.fastest, "knee": self.knee, "cheapest": self.cheapest}
        asked = ("asked",) if self.asked and self.asked.shape == prediction.shape else ()
        return (*asked, *(name for name, one in named.items() if one.shape == prediction.shape))


def plan(planner: Planner, machine: Machine, asked: Shape | None, name: str) -> Plan:
    """Predictions for the shape asked for and for all others of a machine. name: of the experiment, for messages.

    Raises NeverError for a shape that the machine does not have, for one that does not fit into its memory, and where
    none fits.
    """
    if asked is not None:
        check_shape(asked, machine)
    every = sorted({*shapes(machine), *([asked] if asked else [])})
    predictions = [planner.predict(shape) for shape in every]
    within = tuple(p for p in predictions if fits(p, machine))
    beyond = tuple(p for p in predictions if not fits(p, machine))
    chosen = next((p for p in predictions if p.shape == asked), None)
    if not within or (chosen is not None and not fits(chosen, machine)):
        raise NeverError(_too_large(chosen or min(beyond, key=lambda p: p.node_mib), within, machine, name))
    return Plan(machine, chosen, within, beyond)


def fits(prediction: Prediction, machine: Machine) -> bool:
    """Whether the ranks of a node find room in its memory."""
    return prediction.node_mib <= machine.memory_mib


def is_tight(prediction: Prediction, machine: Machine) -> bool:
    """Whether it fits as predicted, but not at the upper end of the range."""
    return prediction.node_mib * prediction.memory_mib.high / prediction.memory_mib.value > machine.memory_mib


def check_shape(shape: Shape, machine: Machine) -> None:
    """Raises NeverError for more nodes or cores than there are."""
    if shape.nodes > machine.nodes:
        raise NeverError(
            f"{shape.nodes} nodes are asked for, and target '{machine.name}' has {machine.nodes}; ask for fewer"
        )
    used = shape.ranks_per_node * shape.threads
    if used > machine.cores:
        raise NeverError(
            f"{shape.ranks_per_node} ranks of {shape.threads} threads are {used} on a node, and target "
            f"'{machine.name}' has {machine.cores} cores a node; ask for fewer ranks or threads"
        )


def fastest(predictions: Sequence[Prediction]) -> Prediction:
    """Least time to the result; at equal times the cheaper one."""
    return min(predictions, key=lambda p: (p.total_s.value, p.node_hours.value, p.shape))


def cheapest(predictions: Sequence[Prediction]) -> Prediction:
    """Fewest node-hours; at equal ones the faster one."""
    return min(predictions, key=lambda p: (p.node_hours.value, p.total_s.value, p.shape))


def knee(predictions: Sequence[Prediction]) -> Prediction:
    """The fastest of those that cost at most ``KNEE_COST`` times as much as the cheapest."""
    most = KNEE_COST * cheapest(predictions).node_hours.value
    return fastest([p for p in predictions if p.node_hours.value <= most])


def _too_large(wanted: Prediction, within: Sequence[Prediction], machine: Machine, name: str) -> str:
    told = (
        f"'{name}' does not fit on target '{machine.name}' as {wanted.shape} (nodes x ranks x threads): it needs "
        f"{wanted.node_mib:,.0f} MiB on a node, {wanted.memory_mib.value:,.0f} MiB of them in the largest rank, and a "
        f"node has {machine.memory_mib:,.0f} MiB"
    )
    if within:
        least = cheapest(within)
        return f"{told}; {least.shape} fits, with {least.node_mib:,.0f} MiB on a node"
    share = machine.memory_mib / wanted.node_mib
    return (
        f"{told}; no shape of this target fits; take a smaller brain.scale (about {share:.2g} of this one), or a "
        "target with more memory"
    )
