"""The brain of this experiment: premotor population and spinal cord, and a cerebellar module that corrects the pull.

The premotor neurons tell the pons what they command (an efference copy); the cerebellar nucleus reaches the motoneurons
by way of the red nucleus. ``calibrate.py`` found the drives.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sherrington import Network, Projection
from sherrington.brain.distributions import stream
from sherrington.brain.models.mouse.cerebellum import cerebellum
from sherrington.brain.models.mouse.red_nucleus import cerebello_rubral, commanded, red_nucleus, rubrospinal
from sherrington.brain.models.mouse.region import Region
from sherrington.brain.models.premotor_cord import premotor_cord
from sherrington.brain.rules import Explicit

DRIVE = Path(__file__).parent / "drive.json"
ZONES = ("pushes_right", "pushes_left")
"""Microzones by what their red nucleus does, in the order of the errors that reach their olive: left, right."""
CEREBELLUM_SCALE = 0.003
PULL = "premotor/pull"
COPY_SHARE = 1 / 3
"""Of the pontine cells: those that hear of the pull."""
COPY_INPUTS, COPY_NS = 5, 0.35
"""Premotor neurons per such cell; together some 350 Hz at 0.35 nS, beside the 80 Hz at 0.5 nS of its rest."""


def adapting(*, scale: float = 1.0, plastic: bool = True, learning_rate: float = 0.015) -> Network:
    """The network of the example. scale: of premotor population and cord; the module stays at its own.

    plastic: whether synapses of parallel fibres learn, at ``learning_rate``.
    """
    found = json.loads(DRIVE.read_text(encoding="utf-8"))
    cord = premotor_cord(drive_pA=found["goals"], scale=scale)
    module = cerebellum(
        "CB_M1", scale=CEREBELLUM_SCALE, zones=ZONES, plastic=plastic, learning_rate=learning_rate
    )
    rubral = red_nucleus(ZONES)
    goal = len(cord.resolve(PULL)[1])
    pushes = {f"pushes_{side}": push for side, push in found["pushes"].items()}
    return Network(
        "adapting",
        [*cord.populations.values(), *module.populations, *rubral.populations],
        [
            *cord.projections,
            *module.projections,
            _efference_copy(goal, module),
            commanded(PULL, goal, rubral),
            *cerebello_rubral(module, rubral),
            *rubrospinal(rubral, tuple(cord.population("MN").channels), pushes),
        ],
        backgrounds=module.backgrounds,
        scale=scale,
    )


def _efference_copy(goal: int, module: Region) -> Projection:
    """From the premotor neurons of the pull to a third of the pontine cells, drawn at random over the sheet."""
    pons = next(p for p in module.populations if p.name.endswith("_PONS"))
    rng = stream(1, "force_field/efference copy")
    pairs: Iterator[tuple[int, int]] = (
        (int(source), int(target))
        for target in rng.choice(pons.size, round(COPY_SHARE * pons.size), replace=False)
        for source in rng.choice(goal, min(COPY_INPUTS, goal), replace=False)
    )
    sources, targets = zip(*pairs, strict=True)
    return Projection(PULL, pons.name, Explicit(sources, targets), COPY_NS, 2.0)
