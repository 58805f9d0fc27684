"""Draw plan.png beside this file: the plan of the whole mouse brain on 64 nodes, with the shipped constants.

Run from the root of the repository: python docs/figures/plan.py
"""

from __future__ import annotations

from pathlib import Path

from sherrington.plan.choose import plan
from sherrington.plan.constants import shipped
from sherrington.plan.figure import draw
from sherrington.plan.history import History
from sherrington.plan.predict import planner
from sherrington.plan.shape import Machine, Shape
from sherrington.resolve import open_experiment
from sherrington.shipped import examples

WHOLE = ("brain.scale=1", "brain.params={}")
CLUSTER = Machine("cluster", nodes=64, cores=36, memory_mib=64 * 1024.0)
ASKED = Shape(4, 2, 18)


def main() -> None:
    """The picture that ``sherrington plan --figure`` draws."""
    resolved = open_experiment(examples()["mouse_pull"], WHOLE)
    made = plan(planner(resolved, history=History(()), constants=shipped()), CLUSTER, ASKED, "mouse_pull")
    draw(
        made,
        "Mouse brain at full size in the loop, on 64 nodes of 36 cores",
        Path(__file__).with_name("plan.png"),
    )


if __name__ == "__main__":
    main()
