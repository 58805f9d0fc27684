"""The arithmetic of the plan: cases small enough to be worked out by hand, and what must hold for any network."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sherrington.brain.distributions import Normal, Uniform
from sherrington.brain.models.mouse.brain import mouse
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.experiment import Source
from sherrington.plan import families
from sherrington.plan.amounts import amounts
from sherrington.plan.connections import connections
from sherrington.plan.constants import Constants, prior, shipped
from sherrington.plan.delays import extremes_ms
from sherrington.plan.history import History
from sherrington.plan.memory import synapse_bytes_of_rank
from sherrington.plan.predict import Planner
from sherrington.plan.rates import Rates, expected_rates
from sherrington.plan.shape import Machine, Shape, shapes
from sherrington.plan.work import Work, describe
from sherrington.resolve import resolve
from sherrington.resolved import Resolved
from sherrington.sections import Experiment
from sherrington.yaml_file import Document

DESCRIBED: dict[str, Any] = {
    "title": "plan",
    "loop": {"interval_ms": 10.0, "duration_ms": 1000.0},
    "brain": {"network": "spinal_cord"},
    "body": {"model": "one_joint", "engine": "closed_form"},
    "pathways": {},
    "record": {"spikes": "none", "signals": "none"},
}


def resolved(network: Network, **changes: Any) -> Resolved:
    """An experiment of this network alone."""
    document = Document(Path("experiment.yaml"))
    source = Source(Experiment.model_validate({**DESCRIBED, **changes}), Path(), document)
    return replace(resolve(source), network=network)


def two(
    size: int = 1000,
    indegree: int = 100,
    delay: Any = 1.5,
    synapse: str = "static_synapse",
    rate_hz: float = 0.0,
) -> Network:
    """A drives B."""
    backgrounds = [Background("A", rate_hz, 1.0, 1.5)] if rate_hz else []
    return Network(
        "two",
        [Population("A", size, "parrot_neuron"), Population("B", size, "iaf_psc_exp")],
        [Projection("A", "B", FixedIndegree(indegree), 1.0, delay, synapse)],
        backgrounds=backgrounds,
    )


def work(network: Network, hz: float = 10.0, **changes: Any) -> Work:
    rates = Rates(dict.fromkeys(network.populations, hz), {})
    return describe(resolved(network, **changes), rates)


def total(quantity: str, of: Work, shape: Shape) -> float:
    return shipped().predicted(quantity, amounts(of, shape)[quantity])


def test_amounts_of_a_network_by_hand() -> None:
    found = amounts(work(two(rate_hz=20.0)), Shape(1, 1, 2))
    brain = found["brain"]
    assert (
        brain["update_parrot"] == brain["update_exp"] == 1000 * 10_000 / 2
    )  # neurons x steps of 0.1 ms, two threads
    assert brain["event"] == 100_000 * 10 * 1.0 / 2
    assert brain["event_plastic"] == 0
    assert brain["train"] == 1000 * 10_000 / 2
    assert brain["train_event"] == pytest.approx(1000 * 20 * 1e-4 * 10_000 / 2)
    assert brain["run"] == 100
    # Intervals of 10 ms hold six shortest delays of 1.5 ms and a part of a seventh.
    assert brain["slice"] == 100 * 7
    assert brain["slice_threads"] == 100 * 7 * 1.0
    assert brain["slice_ranks"] == brain["byte_ranks"] == 0
    assert found["build"]["draw_indegree"] == 100_000, "every rank draws all connections"
    assert found["build"]["connect"] == 100_000 / 2
    assert found["build"]["filter"] == 0


def test_spikes_that_arrive_thin_out_over_processes() -> None:
    few = work(two(indegree=2))
    one, many = (amounts(few, Shape(1, 1, t))["brain"]["spike"] for t in (1, 64))
    assert one == pytest.approx(1000 * 10 * -math.expm1(-2))
    assert many == pytest.approx(1000 * 10 * -math.expm1(-2 / 64))


def test_ranks_keep_their_own_connections_and_know_all_neurons() -> None:
    found = amounts(work(two()), Shape(2, 1, 1))
    assert found["build"]["filter"] == 100_000
    assert found["memory"]["neuron"] == 1000
    assert found["memory"]["node_elsewhere"] == 1000
    assert found["brain"]["slice_nodes"] == found["brain"]["slice_ranks"] == 700
    leaving = 1000 * 10 * -math.expm1(-100 / 2) / 2
    assert found["brain"]["byte_ranks"] == pytest.approx(8 * (leaving + 700 * 2))


@pytest.mark.parametrize(
    ("synapse", "receptor", "bytes_"),
    [
        ("static_synapse", 0, 24),
        ("static_synapse_hpc", 0, 24),
        ("static_synapse", 2, 40),
        ("stdp_pl_synapse_hom_hpc", 0, 40),
        ("stdp_synapse", 0, 88),
        ("stdp_dopamine_synapse", 0, 72),
        ("no_such_synapse", 0, 104),
    ],
)
def test_bytes_of_a_synapse_as_measured(synapse: str, receptor: int, bytes_: int) -> None:
    p = Projection("A", "B", FixedIndegree(1), 1.0, 1.5, synapse, receptor=receptor)
    assert families.synapse_bytes(p, 2000, 1) == bytes_


def test_a_target_that_two_bytes_cannot_number_has_larger_synapses() -> None:
    large = two(size=40_000, indegree=1)
    assert synapse_bytes_of_rank(work(large), Shape()) == 40_000 * 40
    assert synapse_bytes_of_rank(work(large), Shape(1, 1, 2)) == 40_000 * 24, (
        "two threads number them separately"
    )


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("iaf_psc_alpha", "alpha"),
        ("iaf_psc_alpha_multisynapse", "multisynapse"),
        ("iaf_cond_exp", "conductance_exp"),
        ("iaf_cond_alpha", "conductance"),
        ("aeif_cond_exp", "adaptive"),
        ("hh_psc_alpha", "adaptive"),
        ("parrot_neuron", "parrot"),
        ("something_new", families.OTHER),
    ],
)
def test_families(model: str, kind: str) -> None:
    assert families.family(model) == kind


def test_shortest_delay_of_a_distribution() -> None:
    network = two(delay=Normal(1.0, 0.1, low=0.05))
    shortest, longest = extremes_ms(network, [100_000.0], 0.1, False)
    # One in 100,000 lies 4.26 standard deviations below the mean.
    assert shortest == pytest.approx(0.6)
    assert longest == pytest.approx(1.4)
    assert extremes_ms(two(delay=Uniform(2.0, 3.0)), [1.0], 0.1, True) == pytest.approx((1.0, 3.0)), (
        "ports: 1 ms"
    )


def test_connections_are_those_that_the_network_expects() -> None:
    network = mouse(scale=0.02, regions=["M1", "TH"])
    assert connections(network) == tuple(network.expected_connections(p) for p in network.projections)


def test_every_amount_has_a_constant() -> None:
    counted = amounts(work(two(rate_hz=20.0)), Shape(2, 2, 2))
    for quantity, terms in counted.items():
        assert terms.keys() <= prior()[quantity].keys() | {"base_nest"}
        assert terms.keys() <= shipped().values[quantity].keys()


def test_a_constant_that_is_missing_is_named() -> None:
    with pytest.raises(Exception, match=r"no constant 'brain.event'.*bench calibrate"):
        Constants({"brain": {}}, {}, "constants").predicted("brain", {"event": 1.0})


SIZES = st.integers(10, 5000)
SHAPES = st.builds(Shape, st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))


@settings(max_examples=40, deadline=None)
@given(SIZES, st.integers(1, 500), st.integers(1, 500), SHAPES)
def test_more_synapses_never_cost_less(size: int, indegree: int, more: int, shape: Shape) -> None:
    less, most = (work(two(size, k)) for k in (indegree, indegree + more))
    for quantity in ("memory", "build", "prepare", "brain"):
        assert total(quantity, most, shape) >= total(quantity, less, shape)


@settings(max_examples=40, deadline=None)
@given(SIZES, st.integers(1, 500), SHAPES)
def test_more_ranks_never_need_more_memory_each_but_for_mpi_itself(
    size: int, indegree: int, shape: Shape
) -> None:
    told = work(two(size, indegree))
    more = replace(shape, ranks_per_node=shape.ranks_per_node + 1)
    once = shipped().values["memory"]["ranks"] + 0.5 * size * 2
    allowance = once if shape.ranks == 1 else size * 2
    assert total("memory", told, more) <= total("memory", told, shape) + allowance


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 100), st.floats(0, 100), SHAPES)
def test_higher_rates_never_run_faster(low: float, more: float, shape: Shape) -> None:
    slow, fast = (total("brain", work(two(), hz), shape) for hz in (low + more, low))
    assert slow >= fast


@settings(max_examples=25, deadline=None)
@given(SIZES, st.floats(20, 5000), SHAPES)
def test_longer_runs_cost_more_time_and_as_much_memory(size: int, ms: float, shape: Shape) -> None:
    ms = 10.0 * round(ms / 10)
    loop = {"interval_ms": 10.0}
    short, long = (work(two(size), loop={**loop, "duration_ms": d}) for d in (ms, 2 * ms))
    assert total("brain", long, shape) == pytest.approx(2 * total("brain", short, shape), rel=1e-3, abs=1e-2)
    assert total("memory", long, shape) == total("memory", short, shape)


def planned(network: Network, **changes: Any) -> Planner:
    told = resolved(network, **changes)
    rates = expected_rates(told, {})
    return Planner(describe(told, rates), shipped(), History(()), told.experiment.loop.realtime, ())


def test_phases_add_up_to_the_result() -> None:
    told = planned(two(rate_hz=20.0)).predict(Shape(2, 2, 4))
    assert sum(told.phases_s.values()) == pytest.approx(told.total_s.value)
    assert told.node_hours.value == pytest.approx(2 * told.total_s.value / 3600)
    assert told.rtf.value == pytest.approx(told.phases_s["loop"] / 1.0)
    assert told.total_s.low < told.total_s.value < told.total_s.high


def test_brain_and_body_at_once_take_as_long_as_the_longer() -> None:
    loop = {"interval_ms": 10.0, "duration_ms": 1000.0}
    alone, both = (
        planned(two(rate_hz=20.0), loop={**loop, "mode": mode}).predict(Shape())
        for mode in ("lockstep", "pipelined")
    )
    shorter = min(alone.step_ms["brain"], alone.step_ms["body"])
    assert alone.step_ms["total"] - both.step_ms["total"] == pytest.approx(shorter, rel=0.02)


def test_a_run_in_real_time_is_not_faster() -> None:
    loop = {"interval_ms": 10.0, "duration_ms": 1000.0, "realtime": True}
    assert planned(two(size=10, indegree=1), loop=loop).predict(Shape()).rtf.value == 1.0


def test_shapes_of_a_laptop_and_of_a_cluster() -> None:
    laptop = set(shapes(Machine("laptop", 1, 2, 8000.0)))
    assert laptop == {Shape(1, 1, 1), Shape(1, 1, 2), Shape(1, 2, 1)}
    cluster = set(shapes(Machine("cluster", 3, 4, 8000.0)))
    assert {s for s in cluster if s.nodes == 3} == {Shape(3, 1, 4), Shape(3, 2, 2), Shape(3, 4, 1)}
    assert {s.nodes for s in cluster} == {1, 2, 3}
