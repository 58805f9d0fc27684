"""Dynamic tendon organs: the published transfer function."""

from __future__ import annotations

import numpy as np
import pytest

from sherrington.transfer.proprioception import tendon_organ_ib
from sherrington.transfer.tendon import TendonOrganIbDynamic

ONE = np.ones(1)


def test_a_step_overshoots_1_7_times_and_adapts_with_the_published_time_constants() -> None:
    """Partial fractions of the published function by hand: 1 + 0.567 e^(-t / 0.5 s) + 0.133 e^(-t / 5 s)."""
    organ, dt_s = TendonOrganIbDynamic(), 1e-4
    organ(0.0 * ONE, ONE, dt_s=dt_s)
    rates = [organ(0.5 * ONE, ONE, dt_s=dt_s)[0]]
    assert rates[0] == pytest.approx(1.7 * 333.0 / 2, rel=1e-3)
    rates += [organ(0.5 * ONE, ONE, dt_s=0.05)[0] for _ in range(200)]
    times = 0.05 * np.arange(201)
    expected = 1.0 + 17 / 30 * np.exp(-2.0 * times) + 4 / 30 * np.exp(-0.2 * times)
    assert rates == pytest.approx(333.0 / 2 * expected, rel=1e-3)


@pytest.mark.parametrize("frequency_hz", [0.01, 0.1, 0.5, 2.0])
def test_sines_are_answered_as_published(frequency_hz: float) -> None:
    s = 2j * np.pi * frequency_hz
    published = 333.0 * (1.7 * s**2 + 2.58 * s + 0.4) / (s**2 + 2.2 * s + 0.4)
    n, cycles = 500, max(3, round(40.0 * frequency_hz))
    angles = 2 * np.pi * np.arange(n * cycles) / n
    organ, dt_s = TendonOrganIbDynamic(), 1.0 / frequency_hz / n
    rates = np.array([organ((0.4 + 0.1 * np.sin(a)) * ONE, ONE, dt_s=dt_s)[0] for a in angles])[-n:]
    response = 2.0 * (rates * np.exp(-1j * angles[-n:])).mean() / (-0.1j)
    assert response == pytest.approx(published, rel=0.02)


def test_a_steady_force_gives_the_static_rate() -> None:
    force, full = np.array([0.0, 0.3, 1.0]), np.array([1.0, 2.0, 1.0])
    organ = TendonOrganIbDynamic()
    for _ in range(3):
        assert organ(force, full, dt_s=0.0025) == pytest.approx(tendon_organ_ib(force, full))


def test_a_fast_release_silences_and_the_rate_is_held() -> None:
    organ = TendonOrganIbDynamic(maximum_hz=300.0)
    assert organ(ONE, ONE, dt_s=0.001)[0] == 300.0
    assert organ(0.2 * ONE, ONE, dt_s=0.001)[0] == 0.0
    with pytest.raises(ValueError, match="max_force must be positive"):
        organ(ONE, 0.0 * ONE, dt_s=0.001)
