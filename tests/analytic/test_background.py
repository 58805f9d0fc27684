"""Background input against the statistics of Poisson trains. Bounds are 4.5 standard deviations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from sherrington import Background, Network, Population
from sherrington.brain.closed_form import ClosedFormBrain
from sherrington.brain.engine import BrainOptions, Excitability, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.errors import NetworkError, UnsupportedError

MS = 1_000_000


@pytest.fixture
def brain() -> Iterator[NestBrain]:
    made = NestBrain()
    yield made
    made.close()


def counts(brain: NestBrain, network: Network, population: str, seed: int = 1) -> np.ndarray:
    """Spikes of every neuron and 10 ms of one second, shape (100, n)."""
    port = brain_port(network.population(population), "count", writes=False, per="neuron")
    brain.prepare(network, [], [port], seed, BrainOptions())
    rows = []
    for cycle in range(1, 101):
        brain.advance(cycle * 10 * MS)
        rows.append(np.array(brain.read(port.port.name)))
    return np.array(rows)


def parrots(*backgrounds: Background, channels: dict[str, int] | None = None, size: int = 300) -> Network:
    return Network(
        "parrots", [Population("p", size, "parrot_neuron", channels=channels or {})], backgrounds=backgrounds
    )


def test_every_neuron_has_a_poisson_train_of_its_own(brain: NestBrain) -> None:
    found = counts(brain, parrots(Background("p", 200.0, 1.0, 1.0)), "p")
    expected = 300 * 200.0 * 0.999  # the first millisecond is the delay
    assert abs(found.sum() - expected) < 4.5 * np.sqrt(expected)
    per_neuron = found.sum(axis=0)
    assert abs(per_neuron.var(ddof=1) / per_neuron.mean() - 1) < 4.5 * np.sqrt(2 / 299)
    correlation = np.corrcoef(found.T)[np.triu_indices(300, 1)]
    assert abs(correlation.mean()) < 4.5 / np.sqrt(99 * correlation.size)


def test_backgrounds_add_up_and_reach_their_channel_only(brain: NestBrain) -> None:
    network = parrots(
        Background("p", 100.0, 1.0, 1.0),
        Background("p/b", 300.0, 1.0, 1.0),
        channels={"a": 100, "b": 200},
    )
    found = counts(brain, network, "p").sum(axis=0)
    for group, rate in ((found[:100], 100.0), (found[100:], 400.0)):
        expected = group.size * rate * 0.999
        assert abs(group.sum() - expected) < 4.5 * np.sqrt(expected)


def test_mean_potential_is_that_of_the_shot_noise(brain: NestBrain) -> None:
    """Mean of V - E_L under exponential currents: weight * rate * tau_syn * tau_m / C_m (Campbell's theorem)."""
    quiet = {"V_th": 1e6, "E_L": -70.0, "C_m": 250.0, "tau_m": 10.0, "tau_syn_ex": 2.0}
    size, rate, weight = 200, 5000.0, 10.0
    population = Population("q", size, "iaf_psc_exp", params=quiet, initial={"V_m": -70.0})
    network = Network("shot noise", [population], backgrounds=[Background("q", rate, weight, 1.5)])
    port = brain_port(population, "V_m", writes=False)
    brain.prepare(network, [], [port], 1, BrainOptions())
    values = []
    for cycle in range(1, 31):
        brain.advance(cycle * 100 * MS)
        values.append(brain.read("q.V_m")[0] + 70.0)
    mean_mV = weight * rate * 2e-3 * 10.0 / 250.0
    var_mV2 = weight**2 * rate * (2e-3 * 10.0 / 250.0) ** 2 * 1000 / (2 * (2.0 + 10.0))
    settled = np.array(values[2:])
    assert abs(settled.mean() - mean_mV) < 4.5 * np.sqrt(var_mV2 / (size * settled.size))


def test_same_seed_same_trains_and_another_seed_others() -> None:
    found = []
    for seed in (1, 1, 2):
        brain = NestBrain()
        found.append(counts(brain, parrots(Background("p", 50.0, 1.0, 1.0)), "p", seed))
        brain.close()
    assert found[0].sum() > 10_000
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_it_is_no_synapse_of_the_network(brain: NestBrain) -> None:
    network = parrots(Background("p", 50.0, 1.0, 1.0))
    counts(brain, network, "p")
    assert brain.statistics()["synapses"] == network.expected_synapses() == 0


def test_parrots_with_a_background_are_not_silenced(brain: NestBrain) -> None:
    counts(brain, parrots(Background("p", 50.0, 1.0, 1.0)), "p")
    with pytest.raises(UnsupportedError, match="not only ports drive it: its background"):
        brain.set_excitability("p", Excitability(silenced=True))


@pytest.mark.parametrize(
    ("backgrounds", "message"),
    [
        ([("q", 1.0)], "has no population 'q'"),
        ([("p/b", 1.0)], "has no channel 'b'"),
        ([("p", -1.0)], "rate of -1.0 Hz"),
    ],
)
def test_what_cannot_be(backgrounds: Sequence[tuple[str, float]], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        parrots(*(Background(name, rate, 1.0, 1.0) for name, rate in backgrounds))


def test_a_wrong_receptor_names_the_background(brain: NestBrain) -> None:
    population = Population("q", 3, "iaf_psc_exp")
    network = Network("wrong", [population], backgrounds=[Background("q", 1.0, 1.0, 1.0, receptor=7)])
    with pytest.raises(NetworkError, match="background of 'q' \\(iaf_psc_exp\\)"):
        brain.prepare(network, [], [], 1, BrainOptions())


def test_the_closed_form_brain_refuses_it() -> None:
    network = Network("one", [Population("p", 3, "integrator")], backgrounds=[Background("p", 1.0, 1.0, 1.0)])
    with pytest.raises(UnsupportedError, match="Poisson trains have no closed form"):
        ClosedFormBrain().prepare(network, [], [], 1, BrainOptions())
