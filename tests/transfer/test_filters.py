"""The exact filters against scipy's simulation, and their invariance to the interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from sherrington.errors import NeverError
from sherrington.transfer.filters import RealPoles

Floats = NDArray[np.float64]


def output(filter_: RealPoles, inputs: Floats, dt_s: float) -> Floats:
    return np.array([filter_(np.array([u]), dt_s)[0] for u in inputs])


@given(
    zeros=st.lists(st.floats(0.0, 50.0), max_size=3),
    dt_ms=st.floats(0.1, 50.0),
    seed=st.integers(0, 100),
)
def test_a_filter_is_its_transfer_function_for_straight_lines(
    zeros: list[float], dt_ms: float, seed: int
) -> None:
    """scipy's lsim holds by straight lines too, and starts at rest: so does ours when the input starts at 0."""
    poles, dt_s = [0.5, 7.0, 90.0], dt_ms / 1000.0
    inputs = np.append(0.0, np.random.default_rng(seed).normal(size=60))
    system = signal.ZerosPolesGain([-z for z in zeros], [-p for p in poles], 3.0)
    _, expected, _ = signal.lsim(system, inputs, np.arange(inputs.size) * dt_s)
    got = output(RealPoles(zeros_per_s=zeros, poles_per_s=poles, gain=3.0), inputs, dt_s)
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.abs(expected).max())


def test_a_filter_starts_as_if_its_first_input_had_lasted_for_ever() -> None:
    filter_ = RealPoles(zeros_per_s=[3.0], poles_per_s=[1.0, 20.0], gain=10.0)
    assert output(filter_, np.full(5, 2.0), 0.01) == pytest.approx(np.full(5, 2.0 * 10.0 * 3.0 / 20.0))


def test_splitting_a_straight_line_changes_nothing_and_the_interval_may_change() -> None:
    ramp = np.linspace(0.0, 1.0, 13)
    fine = output(RealPoles(zeros_per_s=[], poles_per_s=[30.0], gain=30.0), ramp, 0.005)
    coarse = RealPoles(zeros_per_s=[], poles_per_s=[30.0], gain=30.0)
    got = [coarse(np.array([u]), dt)[0] for u, dt in ((0.0, 0.015), (ramp[3], 0.015), (ramp[12], 0.045))]
    assert got == pytest.approx(fine[[0, 3, 12]])


@pytest.mark.parametrize(
    ("zeros", "poles"), [([], [0.0]), ([], [2.0, 2.0]), ([1.0, 1.0], [3.0]), ([], [-1.0])]
)
def test_filters_without_such_a_form_are_refused(zeros: list[float], poles: list[float]) -> None:
    with pytest.raises(NeverError, match="positive time constants that all differ"):
        RealPoles(zeros_per_s=zeros, poles_per_s=poles, gain=1.0)
