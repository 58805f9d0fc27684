"""The thalamus of the mouse brain: counts, wiring from place to place, corrected inhibition, rates at rest."""

from __future__ import annotations

import numpy as np
import pytest

from sherrington.brain.distributions import Uniform
from sherrington.brain.engine import BrainOptions, Excitability, brain_port
from sherrington.brain.models.mouse.region import network
from sherrington.brain.models.mouse.thalamus import NUCLEI, mouse_thalamus, thalamus
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network
from sherrington.brain.rules import OneToOne
from sherrington.errors import NetworkError
from sherrington.ports import SpikeBatch

FULL = mouse_thalamus()


def one(nucleus: str = "TH_S1_EZ") -> Network:
    return network("one nucleus", [thalamus(scale=0.1, nuclei=(nucleus,))], scale=0.1)


def spikes_of(
    described: Network, end_ms: int, threads: int = 1, changed: dict[str, Excitability] | None = None
) -> dict[str, SpikeBatch]:
    brain = NestBrain()
    ports = [brain_port(p, "spikes", writes=False, per="neuron") for p in described.populations.values()]
    brain.prepare(described, [], ports, seed=1, options=BrainOptions(virtual_processes=threads))
    for name, change in (changed or {}).items():
        brain.set_excitability(name, change)
    brain.advance(end_ms * 1_000_000)
    found = {}
    for port in ports:
        value = brain.read(port.port.name)
        assert isinstance(value, SpikeBatch)
        found[port.population] = value
    brain.close()
    return found


def rates_hz(described: Network, changed: dict[str, Excitability] | None = None) -> dict[str, float]:
    """From 300 to 2300 ms."""
    found = spikes_of(described, 2300, changed=changed)
    return {
        name: float((s.times_ns > 300e6).sum()) / described.population(name).size / 2.0
        for name, s in found.items()
    }


def test_counts() -> None:
    assert FULL.n_neurons == 12_288
    assert {p.size for p in FULL.populations.values()} == {1024}
    assert set(FULL.populations) == {f"{n}_{t}" for n in NUCLEI for t in ("TC", "IN", "RE")}
    assert {p.size for p in mouse_thalamus(scale=0.5).populations.values()} == {512}
    assert {p.size for p in mouse_thalamus(scale=0.01).populations.values()} == {64}
    wide = thalamus(sheet_mm=(2.0, 1.0)).populations
    assert {p.size for p in wide} == {2048}


def test_neurons() -> None:
    for name, population in FULL.populations.items():
        assert population.model == "iaf_cond_alpha"
        assert population.params["g_L"] == (25.0 if name.endswith("IN") else 12.5)
        assert population.params["I_e"] == 15.0
        assert population.params["tau_syn_in"] == 3.33
        assert population.initial["V_m"] == Uniform(-70.0, -50.0)


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_wiring_is_one_to_one_between_cells_at_the_same_place(scale: float) -> None:
    described = mouse_thalamus(scale=scale)
    assert len(described.projections) == 16
    for projection in described.projections:
        assert isinstance(projection.rule, OneToOne)
        assert projection.delay_ms == 1.0
        assert projection.source.rsplit("_", 1)[0] == projection.target.rsplit("_", 1)[0]
        source, target = (described.positions(n, 1) for n in (projection.source, projection.target))
        np.testing.assert_array_equal(source, target)
        assert len(described.draw(projection, 1)) == len(source)


def test_interneurons_and_reticular_cells_inhibit() -> None:
    """The published code gives them +1 nS, which excites."""
    for projection in FULL.projections:
        assert projection.weight == (1.0 if projection.source.endswith("TC") else -1.0)


def test_channels_are_places() -> None:
    name = "TH_M1_IZ_TC"
    places = FULL.positions(name, 1)[:, :2]
    population = FULL.population(name)
    assert list(population.channels) == ["c1", "c2", "c3", "c4", "c5", "c6", "elsewhere"]
    for channel in list(population.channels)[:6]:
        angle = 2 * np.pi * (int(channel[1]) - 1) / 6
        centre = 0.24 * np.array([np.cos(angle), np.sin(angle)])
        apart = np.hypot(*(places[list(population.neurons(channel))] - centre).T)
        assert apart.max() <= 0.12
        assert len(apart) == pytest.approx(1024 * np.pi * 0.12**2, rel=0.1)


def test_background() -> None:
    assert {(b.rate_hz, b.weight) for b in FULL.backgrounds} == {(20.0, 50.0)}
    balanced = {b.population: b.rate_hz for b in thalamus(pallidum=True).backgrounds}
    assert balanced.pop("TH_M1_IZ_TC") == 210.0
    assert set(balanced.values()) == {20.0}


@pytest.mark.parametrize(
    ("params", "message"),
    [({"scale": 0.0}, "scale = 0.0"), ({"scale": 2.0}, "widen the sheet"), ({"nuclei": ("VL",)}, "TH_M1_IZ")],
)
def test_what_makes_no_sense_is_refused(params: dict[str, object], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        thalamus(**params)  # type: ignore[arg-type]


def test_no_volley_at_the_start() -> None:
    """The published cells start at 0 mV, above threshold, and all fire in the first step."""
    found = spikes_of(mouse_thalamus(scale=0.1), 50)
    total = sum(len(s) for s in found.values())
    early = sum(int((s.times_ns < 1e6).sum()) for s in found.values())
    assert total > 200
    assert early < 0.05 * total


def test_rates_at_rest() -> None:
    """TC at about 5 Hz, as measured on the tables in NEST by hand."""
    for name, hz in rates_hz(mouse_thalamus(scale=0.1)).items():
        low, high = (2.0, 3.0) if name.endswith("IN") else (4.3, 6.0)
        assert low < hz < high, name


def test_driven_interneurons_lower_the_rate_of_relay_cells() -> None:
    rest, driven = rates_hz(one()), rates_hz(one(), {"TH_S1_EZ_IN": Excitability(current_pA=1500.0)})
    assert driven["TH_S1_EZ_IN"] > 100
    assert driven["TH_S1_EZ_TC"] < 0.8 * rest["TH_S1_EZ_TC"]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_spikes(threads: int) -> None:
    first, second = (spikes_of(one(), 300, threads) for _ in range(2))
    assert sum(len(s) for s in first.values()) > 200
    for name, spikes in first.items():
        np.testing.assert_array_equal(spikes.times_ns, second[name].times_ns)
        np.testing.assert_array_equal(spikes.channels, second[name].channels)
