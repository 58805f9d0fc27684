"""Spindles with fusimotor drive against published findings and equations, and against themselves at other intervals."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from sherrington.transfer.spindle import (
    BETA0,
    K_PR,
    K_SR,
    Intrafusal,
    MuscleSpindle,
    MuscleSpindleGamma,
)

Floats = NDArray[np.float64]
ONE = np.ones(1)
START, AMPLITUDE = 0.95, 0.13  # of MBLL06's ramps, L0


def afferents(lengths: Floats, dt_s: float, dynamic_hz: float = 0.0, static_hz: float = 0.0) -> Floats:
    """Ia and II, shape (times, 2), of one muscle whose length is given in L0."""
    spindle = MuscleSpindle(gamma_dynamic_hz=dynamic_hz, gamma_static_hz=static_hz)
    return np.array([np.ravel(spindle(ONE * length, ONE, ONE, dt_s=dt_s)) for length in lengths])


def ramp(speed: float, dt_s: float, hold_s: float = 1.0) -> Floats:
    """From 0.95 to 1.08 L0 after 0.1 s, then held."""
    times = np.arange(0.0, 0.1 + AMPLITUDE / speed + hold_s, dt_s)
    return START + np.clip(speed * (times - 0.1), 0.0, AMPLITUDE)


def dynamic_index(speed: float, dynamic_hz: float = 0.0, static_hz: float = 0.0, ending: int = 0) -> float:
    """Peak at the end of the ramp less the rate half a second later (Crowe & Matthews 1964)."""
    rates = afferents(ramp(speed, 0.0025), 0.0025, dynamic_hz, static_hz)[:, ending]
    later = round((0.6 + AMPLITUDE / speed) / 0.0025)
    return float(rates.max() - rates[later])


def steady(length: float, dynamic_hz: float = 0.0, static_hz: float = 0.0) -> Floats:
    return afferents(np.array([length]), 0.001, dynamic_hz, static_hz)[0]


# --- published findings -----------------------------------------------------------------------------------


def test_dynamic_drive_raises_the_dynamic_index_and_static_drive_lowers_it() -> None:
    """Crowe & Matthews 1964: what tells the two kinds of fusimotor fibre apart, in the primary ending."""
    for speed in (0.11, 0.66, 1.55):
        passive = dynamic_index(speed)
        assert dynamic_index(speed, dynamic_hz=70.0) > 1.5 * passive
        assert dynamic_index(speed, static_hz=70.0) < 0.9 * passive


def test_static_drive_biases_both_endings_and_dynamic_drive_the_primary_only() -> None:
    passive, dynamic, static = steady(1.0), steady(1.0, dynamic_hz=70.0), steady(1.0, static_hz=70.0)
    assert dynamic[0] > passive[0] + 20.0
    assert dynamic[1] == passive[1]
    assert (static > passive + 20.0).all()


def test_the_dynamic_response_grows_with_velocity_to_the_power_0_3() -> None:
    """Houk, Rymer & Crago 1981: about v^0.3 in primary and secondary endings, with drive and without.

    Compared with the rate of the same length held still, after the transient, as they did.
    """

    def response(speed: float, **drive: float) -> Floats:
        rates = afferents(ramp(speed, 0.001), 0.001, **drive)
        end = round((0.1 + AMPLITUDE / speed) / 0.001) - 1
        return rates[end] - steady(ramp(speed, 0.001)[end], **drive)

    for drive in ({}, {"dynamic_hz": 70.0}, {"static_hz": 70.0}):
        exponents = np.log(response(0.8, **drive) / response(0.1, **drive)) / np.log(8.0)
        assert exponents == pytest.approx([0.3, 0.3], abs=0.03)


def test_the_secondary_ending_is_less_dynamic_than_the_primary() -> None:
    for speed in (0.11, 0.66, 1.55):
        assert dynamic_index(speed, ending=1) < 0.6 * dynamic_index(speed)


def test_static_rates_are_linear_in_length() -> None:
    """Linear in mice, 2.5 to 7.5 % of rest length (Wilkinson et al. 2012). The slopes are those of the equations."""
    rates = np.array([steady(length) for length in (1.0, 1.025, 1.05, 1.075)])
    slopes = np.diff(rates, axis=0) / 0.025
    assert slopes.std(axis=0) / slopes.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    per_l0 = K_PR / (K_SR + K_PR)
    polar = 0.3 * 0.04 / 0.76 * (1.0 - per_l0)
    expected = [20000.0 * 1.156 * per_l0, 2 * 7250.0 * (0.7 * per_l0 + polar)]
    assert slopes.mean(axis=0) == pytest.approx(expected)
    assert slopes.mean(axis=0) == pytest.approx([326.7, 369.2], abs=0.5)


def test_the_primary_leads_a_sine_and_the_secondary_leads_less() -> None:
    """Both lead, as all published sinusoidal responses do (Matthews & Stein 1969; Poppele & Bowman 1970)."""
    for frequency_hz in (0.3, 1.0, 3.0):
        gain, phase_deg = fundamental(frequency_hz, 0.005, static_hz=50.0)
        assert 20.0 < phase_deg[0] < 90.0
        assert 5.0 < phase_deg[1] < phase_deg[0]
        assert gain[0] > gain[1]


def test_small_stretches_count_for_more_than_large_ones() -> None:
    """Hulliger, Matthews & Noth 1977; Matthews & Stein 1969: per unit of stretch."""
    small, large = (fundamental(1.0, amplitude, static_hz=70.0)[0][0] for amplitude in (0.0005, 0.02))
    assert small > 3.0 * large


def fundamental(frequency_hz: float, amplitude: float, **drive: float) -> tuple[Floats, Floats]:
    """Gain, Hz per L0, and phase lead, degrees, of Ia and II in the last of four cycles."""
    per_cycle = 400
    dt_s = 1.0 / frequency_hz / per_cycle
    angles = 2.0 * np.pi * np.arange(4 * per_cycle + 1) / per_cycle
    rates = afferents(1.05 + amplitude * np.sin(angles), dt_s, **drive)[-per_cycle:]
    wave = np.exp(-1j * angles[-per_cycle:])[:, None]
    response = 2.0 * (rates * wave).mean(axis=0) / (-1j * amplitude)
    return np.abs(response), np.degrees(np.angle(response))


def test_dynamic_drive_comes_and_goes_with_the_lag_of_its_fibre() -> None:
    spindle, silent = MuscleSpindleGamma(), np.zeros(1)
    rates = [spindle(ONE, ONE, ONE, silent, silent, dt_s=0.005)[0][0]]
    rates += [spindle(ONE, ONE, ONE, ONE * 70.0, silent, dt_s=0.005)[0][0] for _ in range(400)]
    end, start = steady(1.0, dynamic_hz=70.0)[0], rates[0]
    share = (np.array(rates) - start) / (end - start)
    assert (np.diff(share) >= 0.0).all()
    assert share[10] < 0.2
    assert share[100] > 0.5
    assert 0.8 < share[-1] < 1.0  # the damper lets it come ever more slowly


# --- the published equations ------------------------------------------------------------------------------


def published(speed: float, mass: float) -> tuple[Floats, Floats]:
    """Times and Hz of bag1 in a passive ramp, by the published equation, which is of second order in tension.

    The power 0.3, infinitely steep at rest, is rounded off below 1e-5 L0/s so that a solver can pass it.
    """
    rest = K_PR * (START - 0.8) * K_SR / (K_SR + K_PR)
    end_s = 0.1 + AMPLITUDE / speed

    def slope(t: float, y: Floats) -> list[float]:
        length = START + min(max(speed * (t - 0.1), 0.0), AMPLITUDE)
        x = length - 0.04 - y[0] / K_SR
        v = speed * (0.1 < t < end_s) - y[1] / K_SR
        damper = BETA0[0, 0] * (1.0 if v >= 0.0 else 0.42) * v / (abs(v) + 1e-5) ** 0.7 * (x - 0.46)
        return [y[1], K_SR / mass * (damper + K_PR * (x - 0.76) - y[0])]

    times = np.arange(0.0, 0.4, 0.001)
    done = solve_ivp(slope, (0.0, 0.4), [rest, 0.0], "Radau", times, rtol=1e-6, atol=1e-9, max_step=0.002)
    return times, 20000.0 * done.y[0] / K_SR


@pytest.mark.parametrize("speed", [0.66, 1.55])
def test_the_fibre_is_the_published_equation_without_its_mass(speed: float) -> None:
    """With a hundredth of the mass the published equation is ours; with all of it, it rings about ours."""
    times, light = published(speed, 2e-6)
    _, heavy = published(speed, 2e-4)
    fibres, silent = Intrafusal(), np.zeros(1)
    ours = np.empty(times.size)
    for k, t in enumerate(times):
        length = START + np.clip(speed * (t - 0.1), 0.0, AMPLITUDE)
        fibres.advance(ONE * length, silent, silent, 0.001)
        ours[k] = 20000.0 * fibres._stretch[0, 0]
    assert np.abs(ours - light).max() < 2.5
    assert np.abs(ours - light).mean() < 0.1
    assert np.abs(ours - heavy).mean() < 6.0
    assert heavy.max() == pytest.approx(ours.max(), rel=0.07)


# --- numerics ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drive", [(0.0, 0.0), (70.0, 0.0), (0.0, 70.0), (100.0, 100.0)])
def test_the_interval_does_not_matter(drive: tuple[float, float]) -> None:
    """Points 5 ms apart, in straight lines between: seen every 0.5, 2.5 and 5 ms."""
    times = np.arange(0.0, 1.0, 0.005)
    lengths = 1.0 + 0.05 * np.sin(2 * np.pi * 3.0 * times) + 0.03 * np.sin(2 * np.pi * 11.0 * times)
    coarse = afferents(lengths, 0.005, *drive)
    for parts in (2, 10):
        fine_times = np.arange(times.size * parts - parts + 1) * 0.005 / parts
        fine = afferents(np.interp(fine_times, times, lengths), 0.005 / parts, *drive)
        assert np.abs(fine[::parts] - coarse).max() < 1e-6


def test_the_sub_steps_are_short_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("sherrington.transfer.spindle")
    lengths = ramp(1.55, 0.0025)
    shipped = afferents(lengths, 0.0025, 70.0, 30.0)
    errors = []
    for step_ms in (0.5, 0.25):
        monkeypatch.setattr(module, "STEP_MS", step_ms)
        rates = afferents(lengths, 0.0025, 70.0, 30.0)
        monkeypatch.setattr(module, "STEP_MS", 0.01)
        errors.append(np.abs(rates - afferents(lengths, 0.0025, 70.0, 30.0)).max())
    assert shipped.max() > 200.0
    assert errors[0] < 1.0
    assert errors[1] < errors[0] / 2.5


def test_a_muscle_at_rest_stays_at_rest() -> None:
    rates = afferents(np.full(200, 1.07), 0.0025, 40.0, 40.0)
    assert np.ptp(rates, axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)


@settings(max_examples=60)
@given(
    lengths=st.lists(st.floats(-3.0, 5.0), min_size=1, max_size=12),
    dynamic_hz=st.floats(0.0, 500.0),
    static_hz=st.floats(0.0, 500.0),
    dt_ms=st.floats(0.1, 20.0),
)
def test_rates_stay_between_zero_and_the_maximum(
    lengths: list[float], dynamic_hz: float, static_hz: float, dt_ms: float
) -> None:
    """For any stretch: faster and farther than any muscle."""
    spindle = MuscleSpindle(gamma_dynamic_hz=dynamic_hz, gamma_static_hz=static_hz, maximum_hz=400.0)
    for length in [*lengths, 1.0, 1.0]:
        for rate in spindle(ONE * length, ONE, ONE, dt_s=dt_ms / 1000.0):
            assert 0.0 <= rate[0] <= 400.0


def test_muscles_do_not_know_each_other_and_see_strain_not_size() -> None:
    both, one = MuscleSpindle(), MuscleSpindle()
    rest, optimal = np.array([0.012, 0.3]), np.array([0.01, 0.2])
    for strain in (0.0, 0.02, 0.08, 0.03):
        two = both(rest + strain * optimal * np.array([1.0, -1.0]), rest, optimal, dt_s=0.0025)
        single = one(rest[:1] + strain * optimal[:1], rest[:1], optimal[:1], dt_s=0.0025)
        assert [r[0] for r in two] == pytest.approx([r[0] for r in single])


def test_constant_drive_is_the_same_rate_on_the_inputs() -> None:
    constant, driven = MuscleSpindle(gamma_dynamic_hz=30.0, gamma_static_hz=60.0), MuscleSpindleGamma()
    for length in (1.0, 1.02, 1.01):
        a = constant(ONE * length, ONE, ONE, dt_s=0.001)
        b = driven(ONE * length, ONE, ONE, ONE * 30.0, ONE * 60.0, dt_s=0.001)
        assert [r[0] for r in a] == [r[0] for r in b]


def test_a_muscle_without_optimal_length_is_refused() -> None:
    with pytest.raises(ValueError, match="optimal must be positive, got 0 in channel 0"):
        MuscleSpindle()(ONE, ONE, np.zeros(1), dt_s=0.001)
