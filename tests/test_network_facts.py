"""What a run folder keeps of its network: in-degrees that are right, signs, ranges at rest; and each shipped model."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sherrington.brain.distributions import Lognormal
from sherrington.brain.facts import facts
from sherrington.brain.models.microcircuit import microcircuit
from sherrington.brain.models.mouse.basal_ganglia import mouse_basal_ganglia
from sherrington.brain.models.mouse.cerebellum import mouse_cerebellum
from sherrington.brain.models.mouse.m1 import mouse_m1
from sherrington.brain.models.mouse.s1 import mouse_s1
from sherrington.brain.models.mouse.thalamus import mouse_thalamus
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import Bernoulli, FixedIndegree
from sherrington.brain.sheet import Sheet
from sherrington.errors import NetworkError


def small() -> Network:
    cells = Population(
        "cells", 100, channels={"a": 40, "b": 60}, region="here", sheet=Sheet(), rest_hz=(1.0, 2.0)
    )
    two = {"E_rev": (0.0, -85.0), "tau_syn": (0.2, 2.0)}
    others = Population("others", 50, "gif_cond_exp_multisynapse", params=two)
    projections = [
        Projection("cells/a", "cells/b", FixedIndegree(5), 1.0, 1.0),
        Projection("cells/b", "cells/a", FixedIndegree(10), Lognormal(2.0, 1.0, sign=-1), 1.0),
        Projection("cells", "others", Bernoulli(0.1), 1.0, 1.0, receptor=1, name="ampa", stream="one"),
        Projection("cells", "others", Bernoulli(0.1), 3.0, 1.0, receptor=1, name="nmda", stream="one"),
        Projection("others", "others", FixedIndegree(3), 1.0, 1.0, receptor=2),
    ]
    return Network("small", [cells, others], projections, scale=0.5)


def test_connections_are_inputs_per_neuron_by_sign() -> None:
    found = {
        (c["source"], c["target"], c["excitatory"]): c["indegree"] for c in facts(small())["connections"]
    }
    assert found == {
        ("cells", "cells", True): pytest.approx(3.0),
        ("cells", "cells", False): pytest.approx(4.0),
        ("cells", "others", True): pytest.approx(10.0),  # both receptors lie between the same cells
        ("others", "others", False): pytest.approx(3.0),  # by the reversal potential of its receptor
    }


def test_populations() -> None:
    described = json.loads(json.dumps(facts(small())))
    assert (described["name"], described["scale"], described["neurons"]) == ("small", 0.5, 150)
    assert described["populations"] == [
        {
            "name": "cells", "size": 100, "model": "iaf_psc_exp", "region": "here", "rest_hz": [1.0, 2.0],
            "sheet_mm": [1.0, 1.0],
        },
        {
            "name": "others", "size": 50, "model": "gif_cond_exp_multisynapse", "region": "", "rest_hz": None,
            "sheet_mm": None,
        },
    ]  # fmt: skip


@pytest.mark.parametrize("rest_hz", [(2.0, 1.0), (-1.0, 1.0), (math.nan, 1.0)])
def test_a_range_must_be_one(rest_hz: tuple[float, float]) -> None:
    with pytest.raises(NetworkError, match="'p' has rest_hz"):
        Population("p", 1, rest_hz=rest_hz)


@pytest.mark.parametrize(
    ("network", "without"),
    [
        (mouse_m1(scale=0.01), {"M1_L1_ENGC", "M1_L1_SBC"}),
        (mouse_s1(scale=0.01), {"S1_L1_ENGC", "S1_L1_SBC"}),
        (mouse_basal_ganglia(scale=0.01), {"BG_CSN", "BG_PTN", "BG_CMPf"}),
        (mouse_cerebellum(scale=0.002), set()),
        (microcircuit(scale=0.05), set()),
        (mouse_thalamus(scale=0.1), set(mouse_thalamus(scale=0.1).populations)),
    ],
    ids=lambda value: value.name if isinstance(value, Network) else "",
)  # fmt: skip
def test_ranges_of_the_shipped_networks(network: Network, without: set[str]) -> None:
    assert {name for name, p in network.populations.items() if p.rest_hz is None} == without


def test_ranges_of_s1_are_half_a_standard_deviation_either_way() -> None:
    ranges = {name: p.rest_hz for name, p in mouse_s1(scale=0.01).populations.items()}
    assert ranges["S1_L2_Pyr"] == ranges["S1_L3_Pyr"] == pytest.approx((0.85, 4.55))
    assert ranges["S1_L5A_PV"] == ranges["S1_L5B_PV"] == pytest.approx((4.9, 10.1))
    assert ranges["S1_L4_Pyr"] == pytest.approx((0.1, 0.9))


def test_indegrees_are_those_drawn() -> None:
    network = mouse_m1(scale=0.02)
    found = {(c["source"], c["target"]): c["indegree"] for c in facts(network)["connections"]}
    projection = next(p for p in network.projections if (p.source, p.target) == ("M1_L23_CC", "M1_L5B_PT"))
    drawn = network.draw(projection, 1)
    expected = found["M1_L23_CC", "M1_L5B_PT"]
    size = network.population("M1_L5B_PT").size
    assert len(drawn) / size == pytest.approx(expected, abs=5 * np.sqrt(expected / size))
