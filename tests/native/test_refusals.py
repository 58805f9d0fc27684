"""What the native engine cannot do is said in words, before or when it is met."""

from __future__ import annotations

import numpy as np
import pytest
from side_by_side import MS, SEED

from sherrington.brain.engine import BrainOptions, BrainPort, brain_port
from sherrington.brain.native.brain import NativeBrain
from sherrington.brain.native.support import why_not
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import AllToAll
from sherrington.errors import NetworkError, PortError, RunError, SherringtonError, UnsupportedError

P = Population("p", 3)
R = Population("r", 2, "iaf_psc_exp_multisynapse", params={"tau_syn": (1.0, 2.0)})


def to(target: Population, **how: object) -> Network:
    return Network(
        "n",
        [P, target] if target is not P else [P],
        [Projection("p", target.name, AllToAll(), **{"weight": 1.0, "delay_ms": 1.0, **how})],
    )  # type: ignore[arg-type]


def prepared(network: Network, inputs: tuple[BrainPort, ...] = ()) -> NativeBrain:
    brain = NativeBrain()
    brain.prepare(network, inputs, [], SEED, BrainOptions())
    return brain


CASES = {
    "plasticity": (
        to(P, synapse="stdp_synapse"),
        UnsupportedError,
        "no synapse 'stdp_synapse' yet.*use engine: nest",
    ),
    "parameters": (to(P, synapse_params={"w": 1.0}), UnsupportedError, "a static synapse has no parameters"),
    "modules": (
        Network("n", [P], modules=("mine",)),
        UnsupportedError,
        "'mine', an extension module of NEST",
    ),
    "no receptor": (to(P, receptor=1), UnsupportedError, "there is no receptor 1; excitation and inhibition"),
    "receptor 0": (
        to(R),
        UnsupportedError,
        r"no receptor 0, only 1 to 2 \(population 'r', iaf_psc_exp_multi",
    ),
    "receptor 3": (to(R, receptor=3), UnsupportedError, "no receptor 3, only 1 to 2"),
    "background": (
        Network("n", [R], backgrounds=[Background("r", 1.0, 1.0, 1.0)]),
        NetworkError,
        "no receptor 0",
    ),
    "receptors": (
        Network("n", [Population("x", 1, R.model, params={"tau_syn": (1.0,) * 7})]),
        NetworkError,
        "'tau_syn' is .* it must be a tuple of 1 to 6",
    ),
    "delay": (
        to(P, delay_ms=7000.0),
        NetworkError,
        "a delay of 7000 ms; the native engine has room for 6553.5 ms",
    ),
    "list": (
        Network("n", [Population("x", 1, params={"tau_m": (1.0, 2.0)})]),
        NetworkError,
        "'tau_m' is a list",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_network_must_not_have(case: str) -> None:
    network, kind, message = CASES[case]
    with pytest.raises(kind, match=message):
        prepared(network)
    if kind is UnsupportedError:
        assert why_not(network)


def test_what_a_port_must_not_ask() -> None:
    parrots = Population("x", 2, "parrot_neuron")
    network = Network("n", [parrots, R])
    for port, message in (
        (brain_port(parrots, "current", writes=True), "neurons of model 'parrot_neuron' take no current"),
        (brain_port(R, "rate", writes=True), "port 'r.rate': there is no receptor 0"),
        (brain_port(parrots, "spikes", writes=True, receptor=2), "there is no receptor 2"),
    ):
        with pytest.raises(PortError, match=message):
            prepared(network, (port,))


def test_a_parrot_says_at_most_so_many_spikes_in_a_step() -> None:
    p = Population("p", 2, "parrot_neuron")
    port = brain_port(p, "rate", writes=True)
    brain = prepared(Network("n", [p]), (port,))
    brain.write("p.rate", np.array([2e6]))
    with pytest.raises(
        RunError, match=r"received .* spikes in one step; the native engine passes on at most 64"
    ):
        brain.advance(10 * MS)
    with pytest.raises(SherringtonError, match="not running"):
        brain.advance(10 * MS)
