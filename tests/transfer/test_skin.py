"""Skin: what slowly and rapidly adapting afferents must do, and what they do by construction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sherrington.errors import NeverError
from sherrington.transfer.skin import Skin

Floats = NDArray[np.float64]


def press(forces: Floats, dt_s: float, **params: float) -> tuple[Floats, Floats]:
    skin = Skin(**params)
    both = [skin(np.array([f]), dt_s=dt_s) for f in forces]
    return np.array([sa[0] for sa, _ in both]), np.array([ra[0] for _, ra in both])


def held_press(dt_s: float = 0.001) -> Floats:
    """Nothing for 0.1 s, 0.2 N for 2 s, nothing for 0.5 s; onset and release within 5 ms."""
    return np.interp(np.arange(0.0, 2.6, dt_s), [0.1, 0.105, 2.1, 2.105], [0.0, 0.2, 0.2, 0.0])


def test_slow_afferents_fire_most_at_the_onset_and_on_in_the_hold() -> None:
    sa, _ = press(held_press(), 0.001)
    share = 0.2 / 0.26
    assert sa[99] == 0.0
    assert 85.0 * share < sa.max() < 100.0 * share
    assert sa[2090] == pytest.approx(40.0 * share, rel=1e-3)
    assert sa[2200:].max() == 0.0


def test_rapid_afferents_fire_at_onset_and_release_only() -> None:
    _, ra = press(held_press(), 0.001)
    assert ra[100:150].max() > 60.0
    assert ra[300:2090].max() < 1e-3
    assert ra[2100:2150].max() == pytest.approx(ra[100:150].max(), rel=0.02)
    spikes = ra[100:300].sum() * 0.001
    assert spikes == pytest.approx(200.0 * 0.016 * 0.2 / 0.26, rel=0.02)


def test_rapid_afferents_are_tuned_to_flutter() -> None:
    times = np.arange(0.0, 1.0, 0.0002)

    def strength(frequency_hz: float) -> float:
        return float(press(0.02 + 0.002 * np.sin(2 * np.pi * frequency_hz * times), 0.0002)[1][2500:].mean())

    assert strength(20.0) > max(strength(2.0), strength(200.0))
    assert strength(20.0) > 3.0 * strength(1.0)


def test_splitting_an_interval_changes_nothing() -> None:
    """p, not force, is what runs straight: so with a force small enough for the hyperbola to be a line."""
    forces = 1e-7 * held_press(0.005)
    fine = 1e-7 * np.interp(np.arange(0.0, 2.595, 0.0005), np.arange(0.0, 2.6, 0.005), 1e7 * forces)
    for coarse, split in zip(press(forces, 0.005), press(fine, 0.0005), strict=True):
        assert split[::10] == pytest.approx(coarse[: split[::10].size], rel=1e-5, abs=1e-9)


@given(forces=st.lists(st.floats(-1.0, 1e6), min_size=1, max_size=20), dt_ms=st.floats(0.1, 50.0))
def test_rates_stay_between_zero_and_the_maximum(forces: list[float], dt_ms: float) -> None:
    for rates in press(np.array(forces), dt_ms / 1000.0, maximum_hz=120.0):
        assert rates.min() >= 0.0
        assert rates.max() <= 120.0


def test_time_constants_that_are_none_are_refused() -> None:
    with pytest.raises(NeverError, match="positive time constants that all differ"):
        Skin(ra_tau_ms=0.0)
    with pytest.raises(NeverError, match="positive time constants that all differ"):
        Skin(ra_tau_ms=4.0)
