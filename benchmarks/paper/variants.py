"""What is run: each experiment as a whole, and with parts of it left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """readouts: ports of the brain read in every step. body: whether the forelimb is there; a hinge in closed form
    takes its place. brain: whether NEST is; unconnected neurons in closed form take its place. transfer: whether
    anything passes between brain and body."""

    readouts: int
    body: bool = True
    brain: bool = True
    transfer: bool = True


WHOLE = {"balanced": Variant(0, body=False, transfer=False), "mouse": Variant(20)}
"""As published: the balanced network runs without body and readout, the mouse brain with about 20 readouts."""
ABLATIONS = {
    "balanced": {f"readouts_{n}": Variant(n, body=False) for n in (1, 20, 1000)},
    "mouse": {
        "no_body": Variant(20, body=False),
        "no_brain": Variant(20, brain=False),
        "no_transfer": Variant(0, transfer=False),
        "readouts_1": Variant(1),
        "readouts_1000": Variant(1000),
    },
}


@dataclass(frozen=True)
class Case:
    """One measurement, in a process of its own. threads: of NEST, its virtual processes; steps: of 20 ms, the first one
    included."""

    experiment: str
    scale: float
    threads: int
    steps: int
    variant: Variant
