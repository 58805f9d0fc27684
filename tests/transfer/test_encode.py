"""Encoders and sources against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington.errors import ClockError, NeverError
from sherrington.transfer.encode import Constant, Schedule, gaussian_tuning, linear_rate, push_pull, scale


def test_linear_rate_is_a_line_held_to_its_range() -> None:
    rate = linear_rate(np.array([-2.0, 0.0, 1.0, 100.0]), slope_hz_per_unit=10.0, baseline_hz=5.0)
    assert rate == pytest.approx([0.0, 5.0, 15.0, 200.0])


def test_push_pull_doubles_the_channels_signal_by_signal() -> None:
    rate = push_pull(np.array([1.0, -2.0]), slope_hz_per_unit=10.0, baseline_hz=5.0)
    assert rate == pytest.approx([15.0, 0.0, 0.0, 25.0])
    rate = push_pull(np.array([1.0, -2.0]), center=[1.0, -3.0], slope_hz_per_unit=10.0)
    assert rate == pytest.approx([0.0, 0.0, 10.0, 0.0])
    assert push_pull(np.ones((4, 3))).shape == (24,)


@given(st.floats(-5.0, 5.0))
def test_a_push_pull_pair_can_be_read_back(value: float) -> None:
    on, off = push_pull(np.array([value]), slope_hz_per_unit=10.0, baseline_hz=60.0)
    assert (on - off) / 20.0 == pytest.approx(value, abs=1e-12)


def test_gaussian_tuning_peaks_at_the_preferred_value_and_falls_as_a_gaussian() -> None:
    rate = gaussian_tuning(np.array([0.0, 1.0]), preferred=[-1.0, 0.0, 1.0], width=0.5, baseline_hz=10.0)
    assert rate.shape == (6,)
    one, two = 10.0 + 90.0 * np.exp(-2.0), 10.0 + 90.0 * np.exp(-8.0)
    assert rate == pytest.approx([one, 100.0, one, two, one, 100.0])


@given(st.floats(-1.0, 1.0))
def test_the_sum_of_a_gaussian_population_hardly_depends_on_the_signal(value: float) -> None:
    preferred = np.arange(-3.0, 3.01, 0.25).tolist()
    rate = gaussian_tuning(np.array([value]), preferred=preferred, width=0.25)
    assert rate.sum() == pytest.approx(100.0 * np.sqrt(2.0 * np.pi), rel=1e-6)
    assert np.average(preferred, weights=rate) == pytest.approx(value, abs=1e-6)


def test_scale_keeps_the_shape() -> None:
    assert scale(np.ones((2, 3)), gain=2.0, offset=-1.0) == pytest.approx(np.ones((2, 3)))


def test_a_constant_is_one_for_all_channels_or_one_each() -> None:
    assert Constant(value=3.0, n_channels=2)() == pytest.approx([3.0, 3.0])
    assert Constant(value=[1.0, 2.0], n_channels=2)() == pytest.approx([1.0, 2.0])
    with pytest.raises(NeverError, match=r"value has shape \(3,\); give one number, or 2: one per channel"):
        Constant(value=[1.0, 2.0, 3.0], n_channels=2)


def test_a_schedule_holds_each_value_from_its_own_time() -> None:
    schedule = Schedule(times_ms=[0, 300, 300.1], values=[1.0, [2.0, 3.0], 4.0], n_channels=2)
    times_s = [0.0, 0.1, 0.2999, 0.1 + 0.2, 0.3, 0.3001, 1e6]
    seen = [schedule(time_s=t).tolist() for t in times_s]
    assert seen == [[1, 1], [1, 1], [1, 1], [2, 3], [2, 3], [4, 4], [4, 4]]


@pytest.mark.parametrize(
    ("times_ms", "values", "message"),
    [
        ([], [], r"must start at 0 and increase, got \[\]"),
        ([1.0], [0.0], r"must start at 0 and increase, got \[1.0\]"),
        ([0, 5, 5], [0, 0, 0], r"must start at 0 and increase, got \[0, 5, 5\]"),
        ([0, 5], [0.0], "one value per time: 2 times, 1 values"),
        ([0, 5], [0.0, [1.0, 2.0]], r"values\[1\] has shape \(2,\); give one number, or 3"),
    ],
)
def test_a_schedule_that_does_not_fit_together_is_refused(
    times_ms: list[float], values: list[float | list[float]], message: str
) -> None:
    with pytest.raises(NeverError, match=message):
        Schedule(times_ms=times_ms, values=values, n_channels=3)


def test_a_schedule_refuses_a_time_that_is_no_whole_nanosecond() -> None:
    with pytest.raises(ClockError, match="not a whole number of nanoseconds"):
        Schedule(times_ms=[0, 1e-7], values=[0.0, 1.0], n_channels=1)
