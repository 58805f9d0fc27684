"""The retina: On and Off, centre and surround, adaptation, and its grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sherrington.errors import NeverError
from sherrington.transfer.retina import Retina, gaussian_rows

Floats = NDArray[np.float64]
GREY = np.full((40, 60), 0.5)


def looking(retina: Retina, image: Floats, seconds: float, dt_s: float = 0.02) -> tuple[Floats, Floats]:
    for _ in range(round(seconds / dt_s)):
        on, off = retina(image, dt_s=dt_s)
    return on, off


def spot(radius_deg: float, luminance: float = 0.8) -> Floats:
    y, x = np.mgrid[:40, :60]
    return np.where(np.hypot(y - 19.5, x - 29.5) < radius_deg, luminance, 0.5)


def peak(image: Floats, side: int = 0) -> float:
    """Highest rate of the cells in the middle after the image came on."""
    retina = Retina()
    looking(retina, GREY, 0.1)
    return max(float(retina(image, dt_s=0.02)[side].reshape(40, 60)[20, 30]) for _ in range(20))


@pytest.mark.parametrize("luminance", [0.0, 0.05, 0.5, 1.0])
def test_a_uniform_image_gives_the_baseline_whatever_its_luminance(luminance: float) -> None:
    on, off = looking(Retina(), luminance * np.ones((8, 9)), 0.5)
    assert on == pytest.approx(5.0)
    assert off == pytest.approx(5.0)


def test_a_bright_spot_excites_on_cells_and_a_dark_one_off_cells() -> None:
    assert peak(spot(4.0, 0.9)) > 30.0
    assert peak(spot(4.0, 0.9), side=1) == pytest.approx(5.0)
    assert peak(spot(4.0, 0.1), side=1) == pytest.approx(peak(spot(4.0, 0.9)), rel=0.02)


def test_the_surround_counts_against_the_center() -> None:
    """A spot the size of the centre does best; a wide one recruits the surround (Enroth-Cugell & Robson 1966)."""
    rates = [peak(spot(radius)) for radius in (1.0, 6.0, 18.0)]
    assert rates[1] > 1.5 * rates[0]
    assert rates[1] > 1.3 * rates[2]


def test_a_step_is_answered_late_and_adapted_to() -> None:
    retina, image = Retina(), spot(6.0)
    looking(retina, GREY, 0.1)
    rates = np.array([retina(image, dt_s=0.005)[0].max() for _ in range(1000)]) - 5.0
    assert 0.03 < 0.005 * rates.argmax() < 0.15
    assert rates[0] < 0.25 * rates.max()
    assert 0.15 < rates[-1] / rates.max() < 0.6


def test_contrast_counts_not_luminance() -> None:
    """A tenth of the light, the same contrast: nearly the same response (Shapley & Enroth-Cugell 1984)."""
    bright, dim = Retina(), Retina()
    looking(bright, GREY, 0.1)
    looking(dim, 0.1 * GREY, 0.1)
    rates = [looking(r, k * spot(6.0), 0.08)[0].max() - 5.0 for r, k in ((bright, 1.0), (dim, 0.1))]
    assert rates[1] == pytest.approx(rates[0], rel=0.25)
    assert rates[0] > 20.0


def test_the_frame_interval_does_not_matter_for_what_stands_still_or_changes_evenly() -> None:
    """Over a step of light the filters' input is a straight line only within the shorter interval."""
    coarse, fine, image = Retina(), Retina(), spot(6.0)
    for _ in range(2):
        coarse(GREY, dt_s=0.04)
        fine(GREY, dt_s=0.01)
    for k in range(1, 5):
        a = coarse(GREY + (image - GREY) * k / 4, dt_s=0.04)
        for j in range(4):
            b = fine(GREY + (image - GREY) * (k - 1 + (j + 1) / 4) / 4, dt_s=0.01)
    assert a[0] == pytest.approx(b[0], abs=0.5)
    for _ in range(10):
        a = coarse(image, dt_s=0.04)
        for _ in range(4):
            b = fine(image, dt_s=0.01)
    assert a[0] == pytest.approx(b[0], abs=0.5)
    assert a[0].max() > 20.0


def test_a_grid_is_read_row_by_row_and_covers_the_image() -> None:
    retina = Retina(rows=4, columns=6)
    looking(retina, GREY, 0.1)
    image = GREY.copy()
    image[:10, 50:] = 1.0  # row 0, column 5 of the grid
    on, off = looking(retina, image, 0.1)
    assert on.shape == off.shape == (24,)
    assert on.argmax() == 5
    weights = gaussian_rows(4, 40, 3.0)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert weights @ np.arange(40.0) == pytest.approx([4.5, 14.5, 24.5, 34.5], abs=1.0)


def test_degrees_scale_with_the_camera() -> None:
    """Twice the pixels for the same field of view: the same rates on the same grid."""
    small, large = spot(6.0), np.kron(spot(6.0), np.ones((2, 2)))
    a, b = (Retina(rows=10, columns=15, degrees_per_pixel=d) for d in (1.0, 0.5))
    looking(a, GREY, 0.1)
    looking(b, np.full((80, 120), 0.5), 0.1)
    assert looking(b, large, 0.1)[0] == pytest.approx(looking(a, small, 0.1)[0], abs=0.5)


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), dt_ms=st.floats(1.0, 200.0))
def test_rates_stay_between_baseline_and_maximum(seed: int, dt_ms: float) -> None:
    rng, retina = np.random.default_rng(seed), Retina(maximum_hz=80.0)
    for _ in range(8):
        image = rng.choice([0.0, 1.0], (6, 7)) * rng.choice([0.0, 1e-3, 1.0])
        for rates in retina(image, dt_s=dt_ms / 1000.0):
            assert rates.min() >= 5.0
            assert rates.max() <= 80.0


def test_impossible_retinas_and_images_are_refused() -> None:
    for params in ({"rows": 0}, {"center_deg": 0.0}, {"tau_ms": -1.0}, {"tau_ms": 30.0}):
        with pytest.raises(NeverError):
            Retina(**params)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"image has shape \(12,\), not \(height, width\)"):
        Retina()(np.zeros(12), dt_s=0.02)
