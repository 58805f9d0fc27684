"""Afferents against the published formulas, at points worked out by hand, and in the large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington.transfer.proprioception import (
    contact_receptor,
    joint_receptor,
    spindle_ia,
    spindle_ia_coactive,
    spindle_ii,
    tendon_organ_ib,
)

# A muscle of 100 mm is one of reference size for Ia: its mm are the mm of the published formula.
CAT_M = np.array([0.1])
REST = np.array([0.12])
STILL = np.array([0.0])


def ia(stretch_mm: float, velocity_mm_per_s: float, **params: float) -> float:
    stretched, moving = REST + stretch_mm * 1e-3, np.array([velocity_mm_per_s * 1e-3])
    return float(spindle_ia(stretched, moving, REST, CAT_M, **params)[0])


@pytest.mark.parametrize(
    ("stretch_mm", "velocity_mm_per_s", "rate_hz"),
    [
        (0.0, 0.0, 82.0),
        (10.0, 0.0, 102.0),
        (-10.0, 0.0, 62.0),
        (0.0, 1.0, 86.3),
        (0.0, -1.0, 77.7),
        (0.0, 32.0, 82.0 + 4.3 * 8.0),  # 32^0.6 = 8
        (5.0, 243.0, 82.0 + 10.0 + 4.3 * 27.0),  # 243^0.6 = 27
    ],
)
def test_ia_is_the_published_formula(stretch_mm: float, velocity_mm_per_s: float, rate_hz: float) -> None:
    assert ia(stretch_mm, velocity_mm_per_s) == pytest.approx(rate_hz, rel=1e-12)


def test_ia_is_silent_in_fast_shortening_and_saturates_in_fast_stretch() -> None:
    assert ia(0.0, -243.0) == 0.0
    assert ia(-50.0, 0.0) == 0.0
    assert ia(0.0, 2000.0) == 300.0
    assert ia(0.0, 2000.0, maximum_hz=500.0) == pytest.approx(82.0 + 4.3 * 2000**0.6)


def test_ia_gains_act_on_their_own_term() -> None:
    assert ia(10.0, 32.0, dynamic_gain=2.0) - ia(10.0, 32.0) == pytest.approx(4.3 * 8.0)
    assert ia(10.0, 32.0, static_gain=2.0) - ia(10.0, 32.0) == pytest.approx(20.0)
    assert ia(10.0, 32.0, gain=0.5) == pytest.approx(ia(10.0, 32.0) / 2)


@given(scale=st.floats(0.01, 10.0), strain=st.floats(-0.3, 0.3), speed=st.floats(-1.0, 1.0))
def test_spindles_see_strain_not_size(scale: float, strain: float, speed: float) -> None:
    """A mouse's muscle and a cat's, strained alike, drive their afferents alike."""

    def rates(optimal: float) -> tuple[float, float]:
        one, rest = np.array([optimal]), np.array([1.3 * optimal])
        length, velocity = rest + strain * optimal, np.array([speed * optimal])
        return float(spindle_ia(length, velocity, rest, one)[0]), float(spindle_ii(length, rest, one)[0])

    assert rates(0.1 * scale) == pytest.approx(rates(0.1), rel=1e-6, abs=1e-6)


@given(
    low=st.floats(-0.05, 0.05),
    more=st.floats(0.0, 0.05),
    velocity=st.floats(-0.5, 0.5),
    faster=st.floats(0.0, 0.5),
)
def test_longer_or_faster_never_lowers_a_spindle_rate(
    low: float, more: float, velocity: float, faster: float
) -> None:
    length, v = REST + low, np.array([velocity])
    before = spindle_ia(length, v, REST, CAT_M)
    assert (spindle_ia(length + more, v, REST, CAT_M) >= before).all()
    assert (spindle_ia(length, v + faster, REST, CAT_M) >= before).all()
    assert (spindle_ii(length + more, REST, CAT_M) >= spindle_ii(length, REST, CAT_M)).all()
    assert 0.0 <= before[0] <= 300.0


def test_coactivation_adds_fifty_hz_at_full_excitation() -> None:
    """Moraud et al. 2016: 50 + 2 d + 4.3 sign(v)|v|^0.6 + 50 EMG."""

    def rate(stretch_mm: float, excitation: float) -> float:
        stretched = REST + stretch_mm * 1e-3
        return float(spindle_ia_coactive(stretched, STILL, REST, CAT_M, np.array([excitation]))[0])

    assert rate(0.0, 0.0) == pytest.approx(50.0)
    assert rate(0.0, 1.0) == pytest.approx(100.0)
    assert rate(10.0, 0.5) == pytest.approx(50.0 + 20.0 + 25.0)
    # A muscle that shortens by 25 mm falls silent; coactivation keeps its spindles firing.
    assert rate(-25.0, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert rate(-25.0, 1.0) == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("stretch_mm", "rate_hz"), [(0.0, 80.0), (2.0, 107.0), (-2.0, 53.0), (-6.0, 0.0), (9.0, 200.0)]
)
def test_ii_is_the_published_formula(stretch_mm: float, rate_hz: float) -> None:
    forty = np.array([0.04])
    assert spindle_ii(REST + stretch_mm * 1e-3, REST, forty)[0] == pytest.approx(rate_hz)


def test_ib_is_linear_in_force_silent_when_slack_and_saturated_above_maximum() -> None:
    force = np.array([0.0, 0.25, 0.5, 1.0, 1.4])
    rate = tendon_organ_ib(force, np.ones(5))
    assert rate == pytest.approx([0.0, 83.25, 166.5, 333.0, 333.0])
    assert tendon_organ_ib(force * 0.3, np.full(5, 0.3)) == pytest.approx(rate)


def test_a_muscle_without_size_is_refused_by_name() -> None:
    two = np.array([0.1, 0.1])
    with pytest.raises(ValueError, match=r"optimal must be positive, got 0 in channel 1"):
        spindle_ia(two, two, two, np.array([0.01, 0.0]))
    with pytest.raises(ValueError, match=r"max_force must be positive, got -1 in channel 0"):
        tendon_organ_ib(two, np.array([-1.0, 1.0]))


def test_joint_pairs_come_joint_by_joint_and_never_fire_together_at_rest() -> None:
    angle = np.array([0.5, -0.25])
    rate = joint_receptor(angle, np.zeros(2))
    assert rate == pytest.approx([20.0, 0.0, 0.0, 10.0])
    rate = joint_receptor(angle, np.zeros(2), center_rad=[0.5, 0.0], baseline_hz=5.0)
    assert rate == pytest.approx([5.0, 5.0, 5.0, 15.0])
    moving = joint_receptor(np.zeros(2), np.array([1.0, -3.0]), velocity_hz_s_per_rad=2.0)
    assert moving == pytest.approx([2.0, 0.0, 0.0, 6.0])


def test_joint_receptors_with_a_silent_middle_fire_only_near_the_limits() -> None:
    angles = np.linspace(-1.0, 1.0, 9)
    rate = joint_receptor(angles, np.zeros(9), silent_rad=0.6).reshape(9, 2)
    assert (rate[np.abs(angles) <= 0.6] == 0.0).all()
    assert rate[-1] == pytest.approx([16.0, 0.0])
    assert rate[0] == pytest.approx([0.0, 16.0])
    assert joint_receptor(np.array([100.0]), np.zeros(1)) == pytest.approx([150.0, 0.0])


def test_contact_saturates_and_is_half_at_half_force() -> None:
    rate = contact_receptor(np.array([0.0, 0.06, 0.12, 1e6]))
    assert rate == pytest.approx([0.0, 100.0, 400.0 / 3.0, 200.0], rel=1e-6)
    assert rate.max() <= 200.0
