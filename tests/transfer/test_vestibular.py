"""Canals and otoliths against the published transfer functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sherrington.errors import NeverError
from sherrington.transfer.vestibular import G_M_PER_S2, Otoliths, SemicircularCanals

Floats = NDArray[np.float64]


def response(organ: SemicircularCanals | Otoliths, frequency_hz: float, amplitude: float) -> complex:
    """Of the first pair's positive side, per unit of a sine along the first axis."""
    n, cycles = 1000, max(3, round(60.0 * frequency_hz))
    angles = 2 * np.pi * np.arange(n * cycles) / n
    along = np.array([1.0, 0.0, 0.0])
    dt_s = 1.0 / frequency_hz / n
    rates = np.array([organ(amplitude * np.sin(a) * along, dt_s=dt_s)[0] for a in angles[-3 * n :]])[-n:]
    return complex(2.0 * (rates * np.exp(-1j * angles[-n:])).mean() / (-1j * amplitude))


@pytest.mark.parametrize(("irregular", "per_deg_per_s"), [(False, 0.10), (True, 0.25)])
def test_canals_have_the_sensitivity_of_mice_at_half_a_hertz(irregular: bool, per_deg_per_s: float) -> None:
    """Yang & Hullar 2007."""
    canals = SemicircularCanals(irregular=irregular, cupula_s=1.0)  # forgets its start in three cycles
    assert abs(response(canals, 0.5, 1.0)) == pytest.approx(np.degrees(per_deg_per_s), rel=0.02)


@pytest.mark.parametrize("frequency_hz", [1.0, 4.0, 16.0])
def test_canals_lead_at_high_frequencies_as_published(frequency_hz: float) -> None:
    """Schneider et al. 2015, regular: 2.83 s (s + 1 / 0.0175) / ((s + 1 / 5.7) (s + 1 / 0.0027))."""

    def published(f: float) -> complex:
        s = 2j * np.pi * f
        return complex(2.83 * s * (s + 1 / 0.0175) / ((s + 1 / 5.7) * (s + 1 / 0.0027)))

    got = response(SemicircularCanals(), frequency_hz, 1.0)
    expected = published(frequency_hz) / abs(published(0.5)) * np.degrees(0.10)
    assert abs(got) == pytest.approx(abs(expected), rel=0.03)
    assert np.degrees(np.angle(got / expected)) == pytest.approx(0.0, abs=3.0)


def test_a_constant_rotation_is_forgotten_with_the_cupulas_time_constant() -> None:
    canals = SemicircularCanals(cupula_s=5.7)
    canals(np.zeros(3), dt_s=0.01)
    turn = np.array([0.0, 0.0, 2.0])
    early = canals(turn, dt_s=0.01)
    for _ in range(40):
        early = canals(turn, dt_s=0.01)
    late = early
    for _ in range(570):
        late = canals(turn, dt_s=0.01)
    assert (late[4] - 60.0) / (early[4] - 60.0) == pytest.approx(np.exp(-1.0), rel=1e-3)
    assert late[4] - 60.0 == pytest.approx(60.0 - late[5])
    assert late[:4] == pytest.approx(60.0)


def test_axes_turn_the_pairs_and_their_length_does_not_count() -> None:
    canals = SemicircularCanals(axes=[[0.0, 3.0, 3.0], [0.0, 5.0, -5.0]])
    canals(np.zeros(3), dt_s=0.01)
    rates = canals(np.array([7.0, 0.5, 0.5]), dt_s=0.01)
    assert rates[0] > 60.0 > rates[1]
    assert rates[2:] == pytest.approx(60.0)


@pytest.mark.parametrize("frequency_hz", [0.2, 0.5, 2.0, 8.0])
def test_otoliths_are_near_the_published_function(frequency_hz: float) -> None:
    """Schneider et al. 2015, regular, whose fractional powers our three poles stand for."""
    s = 2j * np.pi * frequency_hz
    published = 59.0 * s**0.0643 * (1 + 0.0138 * s) ** 2.208 / (1 + 0.0255 * s)
    got = response(Otoliths(), frequency_hz, 1.0) * G_M_PER_S2
    assert abs(got) == pytest.approx(abs(published), rel=0.10)
    assert np.degrees(np.angle(got / published)) == pytest.approx(0.0, abs=5.0)


def test_otoliths_tell_which_way_is_up() -> None:
    upright = Otoliths()(np.array([0.0, 0.0, G_M_PER_S2]), dt_s=0.01)
    assert upright == pytest.approx([60.0, 60.0, 60.0, 60.0, 60.0 + 0.79 * 59.0, 60.0 - 0.79 * 59.0])


@given(
    motion=st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 3), min_size=1, max_size=10),
    dt_ms=st.floats(0.1, 50.0),
)
def test_rates_stay_between_zero_and_the_maximum(
    motion: list[tuple[float, float, float]], dt_ms: float
) -> None:
    for organ in (SemicircularCanals(irregular=True), Otoliths()):
        for vector in motion:
            rates = organ(np.array(vector), dt_s=dt_ms / 1000.0)
            assert rates.shape == (6,)
            assert rates.min() >= 0.0
            assert rates.max() <= 300.0


def test_other_vectors_and_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"angular_velocity has shape \(4,\), not \(3,\)"):
        SemicircularCanals()(np.zeros(4), dt_s=0.01)
    with pytest.raises(ValueError, match=r"specific_force has shape \(2,\)"):
        Otoliths()(np.zeros(2), dt_s=0.01)
    for axes in ([[0.0, 0.0, 0.0]], [[1.0, 0.0]]):
        with pytest.raises(NeverError, match="axes must be vectors of three numbers"):
            Otoliths(axes=axes)
    with pytest.raises(NeverError, match="cupula_s must be positive"):
        SemicircularCanals(cupula_s=0.0)
