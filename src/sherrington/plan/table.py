"""A plan in words and in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from .choose import KNEE_COST, Plan, fastest, is_tight
from .predict import PHASES, STEP, Prediction, Range

SHOWN = 24
"""More shapes than this are reduced to the fastest of each number of nodes."""


def as_json(plan: Plan) -> dict[str, Any]:
    """Everything, for programs. Times in s, memory in MiB, ranges as value, low and high."""
    return {
        "machine": asdict(plan.machine),
        "asked": _one(plan, plan.asked) if plan.asked else None,
        "fastest": _one(plan, plan.fastest),
        "knee": _one(plan, plan.knee),
        "cheapest": _one(plan, plan.cheapest),
        "shapes": [_one(plan, p) for p in plan.compared],
        "too_large": [_one(plan, p) for p in plan.too_large],
        "notes": list(plan.fastest.notes),
    }


def _one(plan: Plan, p: Prediction) -> dict[str, Any]:
    return {
        "shape": asdict(p.shape),
        "processes": p.shape.processes,
        "memory_mib": asdict(p.memory_mib),
        "others_mib": p.others_mib,
        "node_mib": p.node_mib,
        "phases_s": dict(p.phases_s),
        "build_s": asdict(p.build_s),
        "first_step_s": p.first_step_s,
        "step_ms": dict(p.step_ms),
        "rtf": asdict(p.rtf),
        "total_s": asdict(p.total_s),
        "node_hours": asdict(p.node_hours),
        "price": _price(plan, p),
    }


def _price(plan: Plan, p: Prediction) -> float | None:
    return None if plan.machine.price is None else p.node_hours.value * plan.machine.price


def as_text(plan: Plan, name: str) -> str:
    """For people: the shape asked for, or the knee, in full; then all shapes in one table."""
    shown = plan.asked or plan.knee
    return "\n".join(
        [*_heading(plan, name), "", *_details(plan, shown), "", *_shapes(plan), "", *_legend(plan, shown)]
    )


def _heading(plan: Plan, name: str) -> Iterator[str]:
    m = plan.machine
    nodes = "1 node" if m.nodes == 1 else f"{m.nodes} nodes"
    yield f"{name} on '{m.name}': {nodes} of {m.cores} cores and {m.memory_mib / 1024:,.1f} GiB"


def _details(plan: Plan, p: Prediction) -> Iterator[str]:
    marks = ", ".join(plan.marks(p))
    yield f"{p.shape} (nodes x ranks a node x threads): {marks}"
    yield f"  memory            {_memory(p.memory_mib)} in the largest rank, {_mib(p.node_mib)} on a node"
    yield f"  construction      {_range(p.build_s, _time)}"
    yield f"  first step        {_time(p.first_step_s)}, with NEST's Prepare"
    yield f"  real-time factor  {_range(p.rtf, _number)}"
    yield f"  time to result    {_range(p.total_s, _time)}: " + ", ".join(
        f"{phase} {_time(p.phases_s[phase])}"
        for phase in PHASES
        if p.phases_s[phase] >= 0.005 * p.total_s.value
    )
    yield f"  node-hours        {_range(p.node_hours, _number)}{_cost(plan, p)}"
    steps = ", ".join(f"{part} {_number(p.step_ms[part])}" for part in STEP)
    yield f"  a step            {_number(p.step_ms['total'])} ms: {steps}"


def _shapes(plan: Plan) -> Iterator[str]:
    price = plan.machine.currency if plan.machine.price is not None else ""
    heads = (("memory", 10), ("build", 9), ("RTF", 9), ("result", 9), ("node-h", 9), (price, 9))
    yield f"{'nodes x ranks x threads':24}" + "".join(f"{h:>{w}}" for h, w in heads if h)
    for p in _chosen(plan):
        cells = [
            f"{_mib(p.memory_mib.value):>10}",
            f"{_time(p.build_s.value):>9}",
            f"{_number(p.rtf.value):>9}",
            f"{_time(p.total_s.value):>9}",
            f"{_number(p.node_hours.value):>9}",
        ]
        if price:
            cells.append(f"{_number(_price(plan, p) or 0.0):>9}")
        yield f"{p.shape!s:24}{''.join(cells)}  {', '.join(plan.marks(p))}".rstrip()
    if plan.too_large:
        least = min(p.node_mib for p in plan.too_large)
        yield f"{len(plan.too_large)} more shapes do not fit; they need {_mib(least)} on a node or more"


def _chosen(plan: Plan) -> list[Prediction]:
    if len(plan.compared) <= SHOWN:
        return list(plan.compared)
    best: dict[int, list[Prediction]] = {}
    for p in plan.compared:
        best.setdefault(p.shape.nodes, []).append(p)
    return [p for p in plan.compared if plan.marks(p) or p is fastest(best[p.shape.nodes])]


def _legend(plan: Plan, shown: Prediction) -> Iterator[str]:
    if is_tight(shown, plan.machine):
        yield "memory is tight: at the upper end of the range it would not fit"
    yield f"knee: the fastest that costs at most {KNEE_COST:g} times as much as the cheapest"
    yield "ranges: where nine of ten runs are expected"
    yield from shown.notes


def _cost(plan: Plan, p: Prediction) -> str:
    price = _price(plan, p)
    return "" if price is None else f", {_number(price)} {plan.machine.currency}"


def _range(r: Range, text: Any) -> str:
    return f"{text(r.value)} ({text(r.low)} to {text(r.high)})"


def _memory(r: Range) -> str:
    return _range(r, _mib)


def _mib(value: float) -> str:
    return f"{value / 1024:,.1f} GiB" if value >= 10_240 else f"{value:,.0f} MiB"


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{_number(seconds)} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
