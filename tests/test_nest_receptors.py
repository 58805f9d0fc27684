"""Neuron models with conductances and with several receptors: a spike into each receptor, in NEST."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sherrington.brain.engine import BrainOptions, BrainPort, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import AllToAll
from sherrington.errors import NetworkError, PortError
from sherrington.ports import SpikeBatch

MS = 1_000_000
REVERSED = (0.0, -85.0, -90.0)
"""Reversal potentials of three receptors, mV: excitation, and two inhibitions below rest."""
CURRENTS: dict[str, float | tuple[float, ...]] = {"tau_syn": (2.0, 5.0, 20.0)}
CONDUCTANCES: dict[str, float | tuple[float, ...]] = {"E_rev": REVERSED, "tau_syn": (2.0, 5.0, 20.0)}
BETA: dict[str, float | tuple[float, ...]] = {
    "E_rev": REVERSED,
    "tau_rise": (0.5, 1.0, 2.0),
    "tau_decay": (2.0, 5.0, 20.0),
}
SEVERAL: dict[str, dict[str, float | tuple[float, ...]]] = {
    "iaf_psc_exp_multisynapse": CURRENTS,
    "iaf_psc_alpha_multisynapse": CURRENTS,
    "gif_psc_exp_multisynapse": {**CURRENTS, "lambda_0": 0.0},
    "gif_cond_exp_multisynapse": {**CONDUCTANCES, "lambda_0": 0.0},
    "aeif_cond_alpha_multisynapse": CONDUCTANCES,
    "aeif_cond_beta_multisynapse": BETA,
}
RECORDS = {
    "iaf_psc_exp_multisynapse": "I_syn_",
    "iaf_psc_alpha_multisynapse": "I_syn_",
    "aeif_cond_alpha_multisynapse": "g_",
}
"""What can be recorded of a receptor, followed by its number."""


@pytest.fixture
def brain() -> Iterator[NestBrain]:
    made = NestBrain()
    yield made
    made.close()


def spike_into(population: Population, receptor: int, weight: float) -> BrainPort:
    return brain_port(population, "spikes", writes=True, weight=weight, receptor=receptor)


def respond(
    brain: NestBrain, population: Population, receptor: int, weight: float, quantities: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Each quantity every 0.1 ms for 30 ms, minus its first value; one spike, sent at 0.1 ms."""
    out = [brain_port(population, quantity, writes=False) for quantity in quantities]
    port = spike_into(population, receptor, weight)
    brain.prepare(Network("n", [population]), [port], out, 1, BrainOptions(sample_ms=0.1))
    brain.write(port.port.name, SpikeBatch(np.array([MS // 10]), np.array([0])))
    rows: dict[str, list[float]] = {quantity: [] for quantity in quantities}
    for step in range(1, 301):
        brain.advance(step * MS // 10)
        for quantity, p in zip(quantities, out, strict=True):
            rows[quantity].append(float(np.asarray(brain.read(p.port.name))[0]))
    return {quantity: np.array(row) - row[0] for quantity, row in rows.items()}


@pytest.mark.parametrize("receptor", [1, 2, 3])
@pytest.mark.parametrize("model", SEVERAL)
def test_a_spike_into_each_receptor(brain: NestBrain, model: str, receptor: int) -> None:
    """Conductances pull towards their reversal potential, slower ones later; currents push by their sign."""
    population = Population("p", 1, model, SEVERAL[model])
    recorded = f"{RECORDS[model]}{receptor}" if model in RECORDS else None
    sign = 1 if "cond" in model or receptor == 1 else -1
    quantities = ("V_m", recorded) if recorded else ("V_m",)
    found = respond(brain, population, receptor, 5.0 * sign, quantities)
    upwards = receptor == 1
    assert found["V_m"].max() > 0.01 if upwards else found["V_m"].min() < -0.005
    assert abs(found["V_m"].min() if upwards else found["V_m"].max()) < 1e-2 * abs(found["V_m"]).max() + 1e-9
    if recorded:
        assert abs(found[recorded]).max() == pytest.approx(5.0, rel=0.05)  # weights are nS or pA at the peak


@pytest.mark.parametrize(
    "model",
    [
        "iaf_cond_alpha",
        "iaf_cond_exp",
        "iaf_cond_beta",
        "iaf_cond_exp_sfa_rr",
        "aeif_cond_exp",
        "aeif_cond_alpha",
        "gif_cond_exp",
    ],
)
@pytest.mark.parametrize(("weight", "name"), [(2.0, "g_ex"), (-2.0, "g_in")])
def test_the_sign_of_a_weight_chooses_the_conductance(
    brain: NestBrain, model: str, weight: float, name: str
) -> None:
    other = {"g_ex": "g_in", "g_in": "g_ex"}[name]
    found = respond(brain, Population("p", 1, model), 0, weight, ("V_m", name, other))
    assert found[name].max() == pytest.approx(
        2.0, rel=0.2
    )  # nS; an exponential has decayed by up to one step
    assert not found[other].any()
    assert found["V_m"][abs(found["V_m"]).argmax()] * weight > 0
    assert brain_port(Population("p", 1, model), name, writes=False).port.unit == "nS"


def test_a_weight_into_an_izhikevich_neuron_is_in_mv(brain: NestBrain) -> None:
    found = respond(
        brain, Population("p", 1, "izhikevich", initial={"V_m": -65.0, "U_m": -13.0}), 0, 3.0, ("V_m",)
    )
    assert np.diff(found["V_m"]).max() == pytest.approx(3.0, rel=0.1)


def test_rates_projections_and_backgrounds_reach_a_receptor(brain: NestBrain) -> None:
    q = Population("q", 4, "iaf_psc_exp_multisynapse", CURRENTS)
    p = Population("p", 20, "parrot_neuron")
    rate = brain_port(q, "rate", writes=True, weight=1.0, receptor=1)
    drive = brain_port(p, "rate", writes=True)
    out = [brain_port(q, f"I_syn_{r}", writes=False) for r in (1, 2, 3)]
    network = Network(
        "n",
        [p, q],
        [Projection("p", "q", AllToAll(), -1.0, 1.0, receptor=2)],
        backgrounds=[Background("q", 1000.0, 2.0, 1.0, receptor=3)],
    )
    brain.prepare(network, [rate, drive], out, 1, BrainOptions(sample_ms=1.0))
    brain.write(rate.port.name, np.array([1000.0]))
    brain.write(drive.port.name, np.array([50.0]))
    sums = np.zeros(3)
    for step in range(1, 401):
        brain.advance(step * 5 * MS)
        if step > 40:
            sums += [float(np.asarray(brain.read(o.port.name))[0]) / 360 for o in out]
    # Mean of exponential currents: rate x weight x time constant.
    np.testing.assert_allclose(sums, [1000 * 1.0 * 2e-3, -20 * 50 * 5e-3, 1000 * 2.0 * 20e-3], rtol=0.1)


def test_receptors_that_do_not_exist(brain: NestBrain) -> None:
    q = Population("q", 1, "iaf_psc_exp_multisynapse", {"tau_syn": (2.0,)})
    with pytest.raises(
        PortError, match=r"do not take it at receptor 0 .* needs the option 'receptor', 1 or more"
    ):
        brain.prepare(Network("n", [q]), [spike_into(q, 0, 1.0)], [], 1, BrainOptions())
    with pytest.raises(PortError, match="do not take it at receptor 2"):
        brain.prepare(Network("n", [q]), [spike_into(q, 2, 1.0)], [], 1, BrainOptions())
    with pytest.raises(PortError, match=r"no recordable 'I_syn_2'; there are: I_syn, I_syn_1, V_m"):
        brain.prepare(Network("n", [q]), [], [brain_port(q, "I_syn_2", writes=False)], 1, BrainOptions())
    with pytest.raises(NetworkError, match=r"projection 'q->q' .*: cannot connect: NEST says"):
        twice = Projection("q", "q", AllToAll(autapses=True), 1.0, 1.0, receptor=2)
        brain.prepare(Network("n", [q], [twice]), [], [], 1, BrainOptions())
