"""Fatigue: nothing is lost, endurance is that of the published model, and off means off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from sherrington.errors import NeverError
from sherrington.transfer.decode import MotoneuronPool
from sherrington.transfer.fatigue import Fatigue

ANKLE, SHOULDER = (0.00589, 0.00058), (0.0182, 0.00168)
"""F and R, 1/s, of Frey-Law, Looft & Heitsman 2012."""


def endurance_s(drive: float, rates: tuple[float, float], dt_s: float = 0.1) -> float:
    """Until less than the drive is active."""
    muscle, steps = Fatigue(*rates), 0
    while muscle.active(np.array([drive]), dt_s)[0] >= drive:
        steps += 1
    return steps * dt_s


@pytest.mark.parametrize("rates", [ANKLE, SHOULDER])
@pytest.mark.parametrize("drive", [0.2, 0.5, 0.8])
def test_endurance_is_that_of_the_published_model(rates: tuple[float, float], drive: float) -> None:
    """Xia & Frey Law 2008 in full, with their controller of gain 10 1/s between resting and active."""
    f, r = rates

    def slope(_: float, y: np.ndarray) -> list[float]:
        resting, active, fatigued = y
        asked = drive - active
        flow = 10.0 * (min(asked, resting) if asked > 0.0 else asked)
        return [-flow + r * fatigued, flow - f * active, f * active - r * fatigued]

    def exhausted(_: float, y: np.ndarray) -> float:
        return float(y[1] - 0.99 * drive)

    exhausted.terminal = True  # type: ignore[attr-defined]
    start = [1.0 - drive, drive, 0.0]
    done = solve_ivp(slope, (0.0, 3000.0), start, "LSODA", events=exhausted, max_step=2.0, rtol=1e-7)
    assert done.t_events[0].size == 1
    assert endurance_s(drive, rates) == pytest.approx(done.t_events[0][0], rel=0.05)
    closed = -np.log(1.0 - r * (1.0 - drive) / (f * drive)) / r
    assert endurance_s(drive, rates) == pytest.approx(closed, rel=1e-2)


def test_stronger_contractions_last_shorter_and_weak_ones_for_ever() -> None:
    times = [endurance_s(drive, SHOULDER) for drive in (0.2, 0.4, 0.6, 0.8)]
    assert (np.diff(times) < 0.0).all()
    muscle, weak = Fatigue(*SHOULDER), 0.9 * SHOULDER[1] / sum(SHOULDER)
    for _ in range(1000):
        held = muscle.active(np.array([weak]), 60.0)
    assert held == pytest.approx([weak])


def test_a_full_contraction_ends_where_fatigue_and_recovery_balance() -> None:
    muscle = Fatigue(*ANKLE)
    for _ in range(100):
        active = muscle.active(np.ones(1), 60.0)
    assert active == pytest.approx([ANKLE[1] / sum(ANKLE)])


@given(
    drives=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30),
    f=st.floats(0.0, 100.0),
    r=st.floats(0.0, 100.0),
    dt_s=st.floats(1e-4, 100.0),
)
def test_active_and_fatigued_never_exceed_the_muscle(
    drives: list[float], f: float, r: float, dt_s: float
) -> None:
    """The rest is the resting share, so that the three add up to one."""
    muscle = Fatigue(f, r)
    for drive in drives:
        active = muscle.active(np.array([drive]), dt_s)
        fatigued = np.asarray(muscle.fatigued)
        assert 0.0 <= active[0] <= drive
        assert 0.0 <= fatigued[0] <= 1.0
        assert active[0] + fatigued[0] <= 1.0 + 1e-12


def test_a_rested_muscle_recovers() -> None:
    muscle = Fatigue(*SHOULDER)
    tired = [muscle.active(np.ones(1), 0.1)[0] for _ in range(1000)][-1]
    muscle.active(np.zeros(1), 1.0 / SHOULDER[1])
    assert tired < 0.3
    assert 1.0 - np.asarray(muscle.fatigued)[0] == pytest.approx(1.0 - (1.0 - tired) * np.exp(-1.0), rel=0.01)


def test_a_pool_that_does_not_tire_is_the_same_bit_for_bit_and_one_that_does_weakens() -> None:
    rng = np.random.default_rng(3)
    plain, off, tiring = (
        MotoneuronPool(n_channels=2, units_per_pool=20, **params)
        for params in ({}, {"fatigue_per_s": 0.0, "recovery_per_s": 0.5}, {"fatigue_per_s": 0.5})
    )
    for _ in range(2000):
        counts = rng.poisson(0.2, 40).astype(float)
        first, second, third = (pool(counts, dt_s=0.0025) for pool in (plain, off, tiring))
        assert (first == second).all()
        assert (third <= first).all()
    assert (third < 0.5 * first).all()


def test_negative_rates_are_refused() -> None:
    with pytest.raises(NeverError, match="must not be negative"):
        MotoneuronPool(n_channels=1, units_per_pool=2, fatigue_per_s=-0.1)
