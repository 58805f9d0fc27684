"""Draw spindle-ramps, spindle-sines, tendon-organs and skin (.png) beside this file, from the shipped functions.

What is drawn as published is the published formula; where it is given from memory, its label says so.

Run from the root of the repository: python docs/figures/senses.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sherrington.transfer.skin import Skin
from sherrington.transfer.spindle import MuscleSpindle
from sherrington.transfer.tendon import TendonOrganIbDynamic

Floats = NDArray[np.float64]
FOLDER = Path(__file__).parent
ONE = np.ones(1)
DRIVES = {"no fusimotor drive": (0.0, 0.0), "dynamic, 70 Hz": (70.0, 0.0), "static, 70 Hz": (0.0, 70.0)}
FROM_L0, BY_L0 = 0.95, 0.13


def new(
    rows: int, columns: int, width: float, height: float, **more: object
) -> tuple[plt.Figure, NDArray[np.object_]]:
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False, **more
    )
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(figure: plt.Figure, name: str) -> None:
    figure.savefig(FOLDER / f"{name}.png", dpi=100)
    plt.close(figure)


def response(rate_hz: Callable[[float, float], Sequence[float]], frequency_hz: float, cycles: int) -> Floats:
    """Complex response to a sine of amplitude 1, of each rate that ``rate_hz(sine, dt_s)`` gives."""
    n = 400
    angles = 2.0 * np.pi * np.arange(n * cycles) / n
    rates = np.array([rate_hz(float(np.sin(a)), 1.0 / frequency_hz / n) for a in angles])[-n:]
    return np.asarray(2.0 * (rates * np.exp(-1j * angles[-n:, None])).mean(axis=0) / -1j)


# --- spindles ---------------------------------------------------------------------------------------------


def spindle(lengths_l0: Floats, dt_s: float, drive: tuple[float, float]) -> Floats:
    """Ia and II, shape (times, 2)."""
    one = MuscleSpindle(gamma_dynamic_hz=drive[0], gamma_static_hz=drive[1])
    return np.array([np.ravel(one(ONE * length, ONE, ONE, dt_s=dt_s)) for length in lengths_l0])


def ramp(speed: float, times: Floats) -> Floats:
    return np.asarray(FROM_L0 + np.clip(speed * (times - 0.5), 0.0, BY_L0))


def draw_ramps() -> None:
    figure, axes = new(3, 3, 9.0, 6.4, sharex=True, sharey="row", height_ratios=[3, 3, 1])
    times = np.arange(0.0, 3.0, 0.0025)
    for column, speed in enumerate((0.11, 0.66, 1.55)):
        for name, drive in DRIVES.items():
            rates = spindle(ramp(speed, times), 0.0025, drive)
            for row in (0, 1):
                style = "--" if drive[0] else "-"
                axes[row, column].plot(times, rates[:, row], style, label=name, linewidth=1.2)
        axes[2, column].plot(times, ramp(speed, times), color="0.3")
        axes[0, column].set_title(f"stretch at {speed:g} L0/s", fontsize=10)
        axes[2, column].set_xlabel("time (s)")
    for row, label in enumerate(("Ia (Hz)", "II (Hz)", "length (L0)")):
        axes[row, 0].set_ylabel(label)
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left")
    save(figure, "spindle-ramps")


def poppele_bowman(frequency_hz: Floats) -> tuple[Floats, Floats]:
    """Primary and secondary ending, passive, small stretches, without their gains; from memory."""
    s = 2j * np.pi * frequency_hz
    secondary = (s + 0.44) * (s + 11.3) / (s + 0.816)
    return s * (s + 44.0) / (s + 0.04) * secondary, secondary


def draw_sines() -> None:
    figure, axes = new(1, 3, 10.5, 3.4)
    frequencies = np.geomspace(0.1, 10.0, 9)
    for name, drive in DRIVES.items():
        got = np.array([_sine(f, drive) for f in frequencies])
        for ending, style in ((0, "-o"), (1, ":s")):
            label = f"{('Ia', 'II')[ending]}, {name}"
            color = f"C{list(DRIVES).index(name)}"
            axes[0, 0].loglog(
                frequencies, np.abs(got[:, ending]), style, color=color, label=label, markersize=3
            )
            phase = np.degrees(np.angle(got[:, ending]))
            axes[0, 1].semilogx(frequencies, phase, style, color=color, markersize=3)
    for curve, style, label in zip(poppele_bowman(frequencies), ("-", ":"), ("Ia", "II"), strict=True):
        phase = np.degrees(np.unwrap(np.angle(curve)))
        axes[0, 1].semilogx(
            frequencies,
            phase,
            style,
            color="k",
            label=f"{label}, passive, Poppele & Bowman 1970\n(from memory)",
        )
    axes[0, 0].set(xlabel="frequency (Hz)", ylabel="gain (Hz per L0)", title="sines of 0.001 L0: gain")
    axes[0, 0].set_ylim(1e3, 1e6)
    axes[0, 1].set(xlabel="frequency (Hz)", ylabel="phase lead (degrees)", title="phase", ylim=(0.0, 150.0))
    _velocity(axes[0, 2])
    for axis in axes.flat:
        axis.legend(frameon=False, fontsize=6.5, loc="upper left")
    save(figure, "spindle-sines")


def _sine(frequency_hz: float, drive: tuple[float, float]) -> Floats:
    one = MuscleSpindle(gamma_dynamic_hz=drive[0], gamma_static_hz=drive[1])
    size = 0.001

    def rate_hz(sine: float, dt_s: float) -> Sequence[float]:
        return [float(r[0]) for r in one(ONE * (1.05 + size * sine), ONE, ONE, dt_s=dt_s)]

    return response(rate_hz, frequency_hz, 3) / size


def _velocity(axis: Axes) -> None:
    speeds = np.geomspace(0.03, 3.0, 7)
    for number, drive in enumerate(DRIVES.values()):
        for ending, style in ((0, "-o"), (1, ":s")):
            extra = [_dynamic(speed, drive)[ending] for speed in speeds]
            axis.loglog(speeds, extra, style, color=f"C{number}", markersize=3)
    axis.loglog(speeds, 150.0 * speeds**0.3, color="k", label="slope 0.3, Houk et al. 1981")
    axis.set(
        xlabel="velocity (L0/s)",
        ylabel="dynamic response (Hz)",
        title="end of a ramp less held",
        ylim=(5.0, 900.0),
    )


def _dynamic(speed: float, drive: tuple[float, float]) -> Floats:
    times = np.linspace(0.0, BY_L0 / speed, 400)
    rates = spindle(FROM_L0 + speed * times, float(times[1]), drive)
    return np.asarray(rates[-1] - spindle(ONE * (FROM_L0 + BY_L0), 1.0, drive)[0])


# --- tendon organs, skin ----------------------------------------------------------------------------------


def draw_tendon_organs() -> None:
    figure, axes = new(1, 3, 10.0, 3.0)
    dt_s = 0.005
    times = np.arange(-0.5, 6.0, dt_s)
    for name, rise_s in (("step", 0.01), ("ramp of 1 s", 1.0)):
        force = 0.5 * np.clip(times / rise_s, 0.0, 1.0)
        organ = TendonOrganIbDynamic()
        axes[0, 0].plot(times, [organ(ONE * f, ONE, dt_s=dt_s)[0] for f in force], label=name)
    axes[0, 0].axhline(0.5 * 333.0, color="0.6", linestyle=":", label="tendon_organ_ib")
    axes[0, 0].set(xlabel="time (s)", ylabel="Ib (Hz)", title="to half the maximal force")
    frequencies, fine = np.geomspace(0.01, 10.0, 10), np.geomspace(0.01, 10.0, 200)
    got = np.array([_ib(f) for f in frequencies]) / 333.0
    s = 2j * np.pi * fine
    published = (1.7 * s**2 + 2.58 * s + 0.4) / (s**2 + 2.2 * s + 0.4)
    label = "Houk & Simon 1967,\nas in Lin & Crago 2002"
    axes[0, 1].semilogx(fine, np.abs(published), color="k", label=label)
    axes[0, 1].semilogx(frequencies, np.abs(got), "o", markersize=4, label="tendon_organ_ib_dynamic")
    axes[0, 1].set(xlabel="frequency (Hz)", ylabel="gain (of the steady one)", title="gain", ylim=(0.9, 2.0))
    axes[0, 2].semilogx(fine, np.degrees(np.angle(published)), color="k")
    axes[0, 2].semilogx(frequencies, np.degrees(np.angle(got)), "o", markersize=4)
    axes[0, 2].set(xlabel="frequency (Hz)", ylabel="phase lead (degrees)", title="phase")
    for axis in axes[0, :2]:
        axis.legend(frameon=False, fontsize=8)
    save(figure, "tendon-organs")


def _ib(frequency_hz: float) -> complex:
    organ, size = TendonOrganIbDynamic(), 0.2

    def rate_hz(sine: float, dt_s: float) -> Sequence[float]:
        return [float(organ(ONE * (0.5 + size * sine), ONE, dt_s=dt_s)[0])]

    return complex(response(rate_hz, frequency_hz, max(3, round(40 * frequency_hz)))[0] / size)


def draw_skin() -> None:
    figure, axes = new(3, 2, 9.0, 4.6, sharex="col", sharey="row", height_ratios=[2, 2, 1])
    dt_s = 0.001
    times = np.arange(0.0, 1.5, dt_s)
    for force_n in (0.02, 0.06, 0.2):
        for column, rise_s in enumerate((0.005, 0.2)):
            skin, force = (
                Skin(),
                np.interp(times, [0.1, 0.1 + rise_s, 1.1, 1.1 + rise_s], [0, force_n, force_n, 0]),
            )
            rates = np.array([np.ravel(skin(ONE * f, dt_s=dt_s)) for f in force])
            for row, values in enumerate((rates[:, 0], rates[:, 1], force)):
                axes[row, column].plot(times, values, label=f"{force_n:g} N", linewidth=1.2)
            axes[0, column].set_title(f"pressed and released within {1000 * rise_s:g} ms", fontsize=10)
            axes[2, column].set_xlabel("time (s)")
    for row, label in enumerate(("SA (Hz)", "RA (Hz)", "force (N)")):
        axes[row, 0].set_ylabel(label)
    axes[0, 0].legend(frameon=False, fontsize=8)
    save(figure, "skin")


if __name__ == "__main__":
    draw_ramps()
    draw_sines()
    draw_tendon_organs()
    draw_skin()
