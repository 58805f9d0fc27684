"""What is fastest, cheapest and between the two; what is refused, and in which words."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sherrington.errors import NeverError
from sherrington.plan.choose import cheapest, check_shape, fastest, fits, is_tight, knee, plan
from sherrington.plan.predict import Planner, Prediction, Range
from sherrington.plan.shape import Machine, Shape

LAPTOP = Machine("laptop", 1, 2, 1000.0)


def prediction(
    shape: Shape, total_s: float, node_hours: float, memory_mib: float = 100.0, others_mib: float = 50.0
) -> Prediction:
    def exact(value: float) -> Range:
        return Range.of(value, 0.05)

    return Prediction(
        shape, "network", exact(memory_mib), memory_mib, others_mib, {}, exact(1.0), 1.0, {}, exact(1.0), exact(1.0),
        exact(total_s), exact(node_hours), {}, {}, (),
    )  # fmt: skip


def curve(serial_s: float, parallel_s: float) -> list[Prediction]:
    """Amdahl's law over 1 to 64 nodes: t = s + p / n, cost n t."""
    nodes = [2**i for i in range(7)]
    times = [serial_s + parallel_s / n for n in nodes]
    return [prediction(Shape(n), t, n * t) for n, t in zip(nodes, times, strict=True)]


def test_choice_on_a_known_curve() -> None:
    """t = 10 + 100 / n: cost 10 n + 100, at most twice 110 up to n = 12, so n = 8 of the powers of two."""
    told = curve(10.0, 100.0)
    assert fastest(told).shape == Shape(64)
    assert cheapest(told).shape == Shape(1)
    assert knee(told).shape == Shape(8)


def test_where_all_is_shared_the_knee_is_the_fastest() -> None:
    told = curve(0.0, 100.0)
    assert knee(told).shape == fastest(told).shape == Shape(64)


def test_where_nothing_is_shared_the_knee_is_the_cheapest() -> None:
    told = curve(100.0, 0.0)
    assert knee(told).shape == fastest(told).shape == cheapest(told).shape == Shape(1)


def test_a_node_must_hold_all_of_its_ranks() -> None:
    told = prediction(Shape(1, 3), 1.0, 1.0, memory_mib=500.0, others_mib=240.0)
    assert told.node_mib == 980.0
    assert fits(told, LAPTOP)
    assert is_tight(told, LAPTOP)
    assert not fits(replace(told, others_mib=260.0), LAPTOP)


class Table:
    """Predicts what it is told to, by shape."""

    def __init__(self, memory_mib: dict[Shape, float]) -> None:
        self.memory_mib = memory_mib

    def predict(self, shape: Shape) -> Prediction:
        return prediction(shape, 100.0 / shape.processes, 1.0, self.memory_mib[shape], 0.0)


def planned(asked: Shape | None, **memory: float) -> Any:
    one, threads, ranks = memory["one"], memory["threads"], memory["ranks"]
    table = Table({Shape(1, 1, 1): one, Shape(1, 1, 2): threads, Shape(1, 2, 1): ranks})
    return plan(cast(Planner, table), LAPTOP, asked, "reach")


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    with pytest.raises(NeverError) as refused:
        planned(Shape(1, 1, 2), one=800.0, threads=1200.0, ranks=900.0)
    assert str(refused.value) == (
        "'reach' does not fit on target 'laptop' as 1 x 1 x 2 (nodes x ranks x threads): it needs 1,200 MiB on a node, "
        "1,200 MiB of them in the largest rank, and a node has 1,000 MiB; 1 x 2 x 1 fits, with 900 MiB on a node"
    )


def test_where_nothing_fits_the_size_that_would_is_told() -> None:
    with pytest.raises(NeverError) as refused:
        planned(None, one=4000.0, threads=4200.0, ranks=4400.0)
    assert str(refused.value) == (
        "'reach' does not fit on target 'laptop' as 1 x 1 x 1 (nodes x ranks x threads): it needs 4,000 MiB on a node, "
        "4,000 MiB of them in the largest rank, and a node has 1,000 MiB; no shape of this target fits; take a smaller "
        "brain.scale (about 0.25 of this one), or a target with more memory"
    )


def test_shapes_that_do_not_fit_are_no_choice() -> None:
    made = planned(None, one=800.0, threads=1200.0, ranks=900.0)
    assert [p.shape for p in made.compared] == [Shape(1, 1, 1), Shape(1, 2, 1)]
    assert [p.shape for p in made.too_large] == [Shape(1, 1, 2)]
    assert made.marks(made.fastest) == ("fastest", "knee", "cheapest")


def test_more_than_the_target_has_is_refused() -> None:
    with pytest.raises(NeverError) as nodes:
        check_shape(Shape(2), LAPTOP)
    assert str(nodes.value) == "2 nodes are asked for, and target 'laptop' has 1; ask for fewer"
    with pytest.raises(NeverError) as cores:
        check_shape(Shape(1, 2, 2), LAPTOP)
    assert str(cores.value) == (
        "2 ranks of 2 threads are 4 on a node, and target 'laptop' has 2 cores a node; ask for fewer ranks or threads"
    )


def test_price() -> None:
    from sherrington.plan.table import as_json

    made = planned(None, one=800.0, threads=800.0, ranks=900.0)
    assert as_json(made)["fastest"]["price"] is None
    priced = replace(made, machine=replace(LAPTOP, price=3.0, currency="EUR"))
    told = SimpleNamespace(**as_json(priced)["fastest"])
    assert told.price == pytest.approx(3.0 * told.node_hours["value"])
