"""Decoders against their closed forms, and motor units against Fuglevand, Winter & Patla 1993."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sherrington.errors import ClockError, NeverError
from sherrington.transfer.decode import (
    LeakyIntegrator,
    MotoneuronPool,
    PopulationVector,
    WindowedRate,
    contraction_times_ms,
    force_frequency,
    twitch_forces,
)

Floats = NDArray[np.float64]

# --- filters ----------------------------------------------------------------------------------------------


@given(tau_ms=st.floats(1.0, 200.0), dt_ms=st.floats(0.1, 200.0), rate_hz=st.floats(0.0, 1000.0))
def test_a_leaky_integrator_rises_as_an_exponential_at_any_interval(
    tau_ms: float, dt_ms: float, rate_hz: float
) -> None:
    integrator, counts = LeakyIntegrator(tau_ms=tau_ms), np.array([rate_hz * dt_ms / 1000])
    for k in range(1, 6):
        expected = rate_hz * -np.expm1(-k * dt_ms / tau_ms)
        assert integrator(counts, dt_s=dt_ms / 1000)[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(
    counts=st.lists(st.integers(0, 20), min_size=1, max_size=8),
    parts=st.integers(2, 7),
    dt_ms=st.floats(0.1, 50.0),
)
def test_splitting_an_interval_changes_nothing(counts: list[int], parts: int, dt_ms: float) -> None:
    whole, split = LeakyIntegrator(tau_ms=20.0), LeakyIntegrator(tau_ms=20.0)
    for count in counts:
        expected = whole(np.array([float(count)]), dt_s=dt_ms / 1000)
        for _ in range(parts):
            got = split(np.array([count / parts]), dt_s=dt_ms / 1000 / parts)
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_leaky_integrator_forgets_as_an_exponential_and_counts_every_spike_once() -> None:
    integrator = LeakyIntegrator(tau_ms=10.0, gain=0.5)
    first = integrator(np.array([3.0]), dt_s=0.001)[0]
    later = [integrator(np.zeros(1), dt_s=0.001)[0] for _ in range(200)]
    assert later[9] == pytest.approx(first * np.exp(-1.0))
    # The integral of the rate over time is the number of spikes, times gain.
    assert (first + sum(later)) * 0.001 == pytest.approx(0.5 * 3.0, rel=1e-6)


def test_decoders_hold_their_output_to_the_maximum() -> None:
    many = np.array([1000.0])
    assert LeakyIntegrator(gain=-1.0, maximum=2.0)(many, dt_s=0.001) == pytest.approx([-2.0])
    assert WindowedRate(window_ms=10.0, maximum=2.0)(many, dt_s=0.001) == pytest.approx([2.0])


def test_a_windowed_rate_is_the_spikes_of_the_last_window() -> None:
    counts = np.random.default_rng(1).poisson(0.5, (60, 3)).astype(float)
    decoder = WindowedRate(window_ms=20.0, gain=2.0)
    for k in range(60):
        expected = 2.0 * counts[max(0, k - 9) : k + 1].sum(axis=0) / 0.020
        assert decoder(counts[k], dt_s=0.002) == pytest.approx(expected, abs=1e-12)
    assert counts.sum() > 50


def test_a_window_that_the_interval_does_not_divide_is_refused() -> None:
    with pytest.raises(ClockError, match=r"window_ms \(50 ms\) is not a whole multiple of the .*\(3 ms\)"):
        WindowedRate()(np.zeros(1), dt_s=0.003)


@pytest.mark.parametrize("tau_ms", [0.0, -1.0, float("nan")])
def test_a_filter_needs_a_positive_time_constant(tau_ms: float) -> None:
    with pytest.raises(NeverError, match="tau_ms must be positive"):
        LeakyIntegrator(tau_ms=tau_ms)


# --- population vector ------------------------------------------------------------------------------------


def ring(n: int) -> Floats:
    angles = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@given(angle=st.floats(-np.pi, np.pi), n=st.integers(3, 40))
def test_a_population_vector_of_cosine_tuned_neurons_is_exact(angle: float, n: int) -> None:
    encoded = np.array([np.cos(angle), np.sin(angle)])
    decoder = PopulationVector(directions=(5.0 * ring(n)).tolist(), baseline_hz=30.0, gain=0.1)
    assert decoder(30.0 + 20.0 * ring(n) @ encoded) == pytest.approx(2.0 * encoded, abs=1e-9)


def test_a_population_vector_finds_a_direction_in_space_from_poisson_spikes() -> None:
    rng = np.random.default_rng(7)
    directions = rng.normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    decoder = PopulationVector(directions=directions.tolist(), baseline_hz=30.0)
    worst_deg = 0.0
    for encoded in rng.normal(size=(50, 3)):
        encoded = encoded / np.linalg.norm(encoded)
        rate = rng.poisson((30.0 + 20.0 * directions @ encoded) * 0.2) / 0.2
        cosine = decoder(rate) @ encoded / np.linalg.norm(decoder(rate))
        worst_deg = max(worst_deg, float(np.degrees(np.arccos(cosine))))
    # Spikes of 200 ms: sd of the vote across the direction is 3 sqrt(30 / 0.2 / (3 n)) = 0.95 Hz a component,
    # of 20.
    assert worst_deg < 12.0


def test_directions_that_point_nowhere_or_do_not_match_are_refused() -> None:
    with pytest.raises(NeverError, match="none of them all zero"):
        PopulationVector(directions=[[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="got 3 rates but 4 directions"):
        PopulationVector(directions=ring(4).tolist())(np.zeros(3))


# --- motor units ------------------------------------------------------------------------------------------


def steady(pool: MotoneuronPool, rates_hz: Floats) -> Floats:
    """Excitation after a second of evenly spread spikes at these rates."""
    for _ in range(1000):
        excitation = pool(rates_hz * 0.001, dt_s=0.001)
    return excitation


def test_twitches_span_the_published_ranges() -> None:
    forces = twitch_forces(120, 100.0)
    times_ms = contraction_times_ms(forces, 100.0, 90.0, 3.0)
    assert forces[-1] == pytest.approx(100.0)
    assert forces[59] == pytest.approx(10.0)
    assert forces[1:] / forces[:-1] == pytest.approx(np.full(119, 100 ** (1 / 120)))
    assert times_ms[-1] == pytest.approx(30.0)
    assert times_ms[59] == pytest.approx(90.0 / np.sqrt(3.0))
    assert (np.diff(times_ms) < 0).all()


@pytest.mark.parametrize("fusion", [0.1, 0.3, 0.4, 0.5, 1.0, 2.0])
def test_force_frequency_is_the_mean_of_summed_twitches_with_fuglevands_gain(fusion: float) -> None:
    """Add up their twitches P t/T exp(1 - t/T), each times their gain, and average over one interval."""

    def sigmoid(x: float) -> float:
        return 1.0 - float(np.exp(-2.0 * x**3))

    gain = 1.0 if fusion < 0.4 else (sigmoid(fusion) / fusion) / (sigmoid(0.4) / 0.4)
    interval = 1.0 / fusion  # in contraction times
    at = np.arange(0.0, interval, interval / 2000)[:, None] + interval * np.arange(int(60 / interval))
    summed = gain * (at * np.exp(1.0 - at)).sum(axis=1).mean()
    assert np.e * force_frequency(np.array(fusion)) == pytest.approx(summed, rel=1e-3)


def test_all_units_at_their_maximum_give_exactly_full_excitation_and_silence_gives_none() -> None:
    rates = np.full(3 * 40, 100.0)
    rates[:40] = 0.0
    rates[80:] = 250.0
    excitation = steady(MotoneuronPool(n_channels=3, units_per_pool=40), rates)
    assert excitation == pytest.approx([0.0, 1.0, 1.0], abs=1e-12)
    assert excitation.max() <= 1.0


def test_regular_spikes_at_the_maximum_give_nearly_full_excitation() -> None:
    pool, units = MotoneuronPool(n_channels=1, units_per_pool=50), np.arange(50)
    seen = [pool((((t + units) % 10) == 0).astype(float), dt_s=0.001)[0] for t in range(500)]
    assert 0.95 < np.mean(seen[200:]) <= 1.0


def test_excitation_grows_with_every_recruited_unit_and_the_last_weighs_most() -> None:
    """Recruitment by size: unit by unit, smallest first, each at full rate."""
    levels = [0.0]
    for recruited in range(1, 21):
        rates = np.where(np.arange(20) < recruited, 100.0, 0.0)
        levels.append(float(steady(MotoneuronPool(n_channels=1, units_per_pool=20), rates)[0]))
    steps = np.diff(levels)
    shares = twitch_forces(20, 100.0) / twitch_forces(20, 100.0).sum()
    assert steps == pytest.approx(shares, rel=1e-9)
    assert steps[-1] / steps[0] == pytest.approx(100.0 ** (19 / 20))
    assert levels[10] < 0.1 < 0.9 < levels[20]


@given(slow=st.floats(0.0, 150.0), more=st.floats(0.0, 50.0))
def test_rate_coding_never_lowers_excitation(slow: float, more: float) -> None:
    def excitation(rate_hz: float) -> float:
        pool = MotoneuronPool(n_channels=1, units_per_pool=5)
        return float(pool(np.full(5, rate_hz), dt_s=1.0)[0])

    assert 0.0 <= excitation(slow) <= excitation(slow + more) + 1e-12 <= 1.0 + 1e-12


def test_pools_are_read_muscle_by_muscle() -> None:
    pool = MotoneuronPool(n_channels=2, units_per_pool=3)
    assert (pool(np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]), dt_s=0.01) > 0).tolist() == [True, False]


def test_counts_that_are_not_one_per_motoneuron_are_refused() -> None:
    with pytest.raises(ValueError, match=r"of 2 neurons for 2 muscles with units_per_pool = 30.*per: neuron"):
        MotoneuronPool(n_channels=2, units_per_pool=30)(np.zeros(2), dt_s=0.001)
    with pytest.raises(NeverError, match="units_per_pool must be at least 1, got 0"):
        MotoneuronPool(n_channels=2, units_per_pool=0)
