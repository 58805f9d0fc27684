"""Draw afferents.png and motor-units.png beside this file, from the shipped transfer functions.

Run from the root of the repository: python docs/figures/transfer.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sherrington.transfer.decode import MotoneuronPool, contraction_times_ms, force_frequency, twitch_forces
from sherrington.transfer.proprioception import spindle_ia, spindle_ii, tendon_organ_ib

Floats = NDArray[np.float64]
FOLDER = Path(__file__).parent
OPTIMAL_M = 0.01
UNITS = 50


def draw_afferents() -> None:
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    _stretch(axes[0])
    _velocity(axes[1])
    _force(axes[2])
    for axis in axes:
        axis.set_ylabel("rate (Hz)")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
    figure.savefig(FOLDER / "afferents.png", dpi=110)
    plt.close(figure)


def _stretch(axis: Axes) -> None:
    strain = np.linspace(-0.3, 0.3, 241)
    one, zero = np.full_like(strain, OPTIMAL_M), np.zeros_like(strain)
    length = one + strain * OPTIMAL_M
    axis.plot(strain, spindle_ia(length, zero, one, one), label="Ia, held still")
    axis.plot(strain, spindle_ii(length, one, one), label="II")
    axis.set(title="stretch", xlabel="stretch beyond rest (L0)")


def _velocity(axis: Axes) -> None:
    speed = np.linspace(-3.0, 3.0, 601)
    one = np.full_like(speed, OPTIMAL_M)
    for dynamic_gain in (0.5, 1.0, 2.0):
        rate = spindle_ia(one, speed * OPTIMAL_M, one, one, dynamic_gain=dynamic_gain)
        axis.plot(speed, rate, label=f"Ia, dynamic_gain {dynamic_gain:g}")
    axis.set(title="velocity, at rest length", xlabel="lengthening velocity (L0/s)")


def _force(axis: Axes) -> None:
    force = np.linspace(0.0, 1.2, 121)
    axis.plot(force, tendon_organ_ib(force, np.ones_like(force)), label="Ib")
    axis.set(title="force", xlabel="force (maximal isometric force)")


def draw_motor_units() -> None:
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    _units(axes[0])
    _force_frequency(axes[1])
    _recruitment(axes[2])
    for axis in axes:
        axis.spines[["top"]].set_visible(False)
    figure.savefig(FOLDER / "motor-units.png", dpi=110)
    plt.close(figure)


def _units(axis: Axes) -> None:
    forces = twitch_forces(UNITS, 100.0)
    numbers = np.arange(1, UNITS + 1)
    axis.plot(numbers, forces, color="C0")
    axis.set(title="units of a pool", xlabel="unit, smallest first")
    axis.set_ylabel("twitch force (relative)", color="C0")
    right = axis.twinx()
    right.plot(numbers, contraction_times_ms(forces, 100.0, 25.0, 2.5), color="C1")
    right.set_ylim(0.0, 28.0)
    right.set_ylabel("contraction time (ms)", color="C1")
    right.spines[["top"]].set_visible(False)


def _force_frequency(axis: Axes) -> None:
    rate_hz = np.linspace(0.0, 150.0, 301)
    for time_ms, name in ((25.0, "slowest"), (10.0, "fastest")):
        full = force_frequency(np.array(time_ms * 0.1))
        used = np.minimum(force_frequency(time_ms / 1000.0 * rate_hz) / full, 1.0)
        axis.plot(rate_hz, used, label=f"{name} unit, {time_ms:g} ms")
    axis.axvline(100.0, color="0.7", linewidth=1.0, linestyle=":")
    axis.set(title="rate coding", xlabel="rate (Hz)", ylabel="share of the unit's force")
    axis.spines[["right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8, loc="lower right")


def _recruitment(axis: Axes) -> None:
    drive = np.linspace(0.0, 1.0, 41)
    for order, name in ((1, "smallest first"), (-1, "largest first")):
        axis.plot(drive, [_excitation(_rates(d)[::order]) for d in drive], label=name)
    axis.set(title="recruitment, then rate", xlabel="drive (full)", ylabel="excitation (1)")
    axis.spines[["right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)


def _rates(drive: float) -> Floats:
    """Thresholds spread over the first 60 % of the drive; from 20 Hz at threshold to 100 Hz at full drive."""
    threshold = 0.6 * np.arange(UNITS) / UNITS
    above = (drive - threshold) / (1.0 - threshold)
    return np.where(above > 0.0, 20.0 + 80.0 * above, 0.0)


def _excitation(rates_hz: Floats) -> float:
    # An interval of many time constants brings the filter to its end at once.
    return float(MotoneuronPool(n_channels=1, units_per_pool=UNITS)(rates_hz * 10.0, dt_s=10.0)[0])


if __name__ == "__main__":
    draw_afferents()
    draw_motor_units()
