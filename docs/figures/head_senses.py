"""Draw vestibular.png and retina.png beside this file, from the shipped transfer functions.

Run from the root of the repository: python docs/figures/head_senses.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from senses import new, response, save

from sherrington.transfer.retina import Retina
from sherrington.transfer.vestibular import G_M_PER_S2, Otoliths, SemicircularCanals

Floats = NDArray[np.float64]


def draw_vestibular() -> None:
    figure, axes = new(2, 2, 9.0, 5.2, sharex=True)
    frequencies, fine = np.geomspace(0.01, 15.0, 12), np.geomspace(0.01, 20.0, 200)
    s = 2j * np.pi * fine
    for number, (irregular, name) in enumerate(((False, "regular"), (True, "irregular"))):
        got = (
            np.array([_organ(SemicircularCanals(irregular=irregular), f) for f in frequencies])
            * np.pi
            / 180.0
        )
        lead, lag = ((0.0175, 0.0027), (0.03, 0.0006))[number]
        shape = s * (s + 1 / lead) / ((s + 1 / 5.7) * (s + 1 / lag))
        scale = (0.10, 0.25)[number] / np.abs(np.interp(0.5, fine, np.abs(shape)))
        _bode(axes[:, 0], frequencies, got, fine, scale * shape, f"C{number}", name)
    axes[0, 0].errorbar(
        [0.5, 0.5],
        [0.10, 0.25],
        [0.03, 0.11],
        fmt="kD",
        markersize=4,
        capsize=3,
        label="mouse, mean and s.d., Yang & Hullar 2007",
    )
    got = np.array([_organ(Otoliths(), f) for f in frequencies]) * G_M_PER_S2
    published = 59.0 * s**0.0643 * (1 + 0.0138 * s) ** 2.208 / (1 + 0.0255 * s)
    _bode(axes[:, 1], frequencies, got, fine, published, "C0", "regular")
    axes[0, 0].set(
        title="semicircular_canals", ylabel="gain (Hz per degree/s)", yscale="log", ylim=(0.01, 3.0)
    )
    axes[0, 1].set(title="otoliths", ylabel="gain (Hz per g)", ylim=(0.0, 120.0))
    for axis in axes[1]:
        axis.set(xlabel="frequency (Hz)", ylabel="phase lead (degrees)", ylim=(-10.0, 95.0))
    for axis in axes[0]:
        axis.legend(frameon=False, fontsize=7, loc="upper left")
    save(figure, "vestibular")


def _bode(
    axes: NDArray[np.object_],
    frequencies: Floats,
    got: Floats,
    fine: Floats,
    published: Floats,
    color: str,
    name: str,
) -> None:
    axes[0].semilogx(
        fine, np.abs(published), color=color, alpha=0.5, label=f"{name}, formula of Schneider et al. 2015"
    )
    axes[0].semilogx(
        frequencies, np.abs(got), "o", color=color, markersize=4, label=f"{name}, the function stepped"
    )
    axes[1].semilogx(fine, np.degrees(np.angle(published)), color=color, alpha=0.5)
    axes[1].semilogx(frequencies, np.degrees(np.angle(got)), "o", color=color, markersize=4)


def _organ(organ: SemicircularCanals | Otoliths, frequency_hz: float) -> complex:
    along = np.array([1.0, 0.0, 0.0])
    cycles = max(3, round(30.0 * frequency_hz))
    return complex(response(lambda x, dt_s: [organ(x * along, dt_s=dt_s)[0]], frequency_hz, cycles)[0])


def draw_retina() -> None:
    figure, axes = new(1, 3, 10.5, 3.2)
    y, x = np.mgrid[:41, :61]
    dt_s = 0.01
    times = np.arange(-0.2, 1.6, dt_s)
    for radius_deg in (3.0, 6.0, 25.0):
        bright = np.where(np.hypot(y - 20, x - 30) <= radius_deg, 0.8, 0.5)
        retina, middle = Retina(), 20 * 61 + 30
        rates = np.array(
            [
                [r[middle] for r in retina(bright if 0 <= t < 0.8 else np.full((41, 61), 0.5), dt_s=dt_s)]
                for t in times
            ]
        )
        line = axes[0, 0].plot(times, rates[:, 0], label=f"On, spot of {2 * radius_deg:g} degrees")[0]
        axes[0, 0].plot(times, rates[:, 1], ":", color=line.get_color())
    axes[0, 0].axvspan(0.0, 0.8, color="0.93", zorder=0)
    axes[0, 0].set(
        xlabel="time (s)", ylabel="rate (Hz)", title="bright spot for 0.8 s; dotted: Off cells", ylim=(0, 90)
    )
    axes[0, 0].legend(frameon=False, fontsize=8)
    on, off = _edge(dt_s)
    for axis, rates, name in ((axes[0, 1], on, "On"), (axes[0, 2], off, "Off")):
        image = axis.imshow(rates, origin="lower", aspect="auto", extent=(0, 61, 0, 2.0), vmin=0, vmax=60)
        axis.plot([0, 60], [0.25, 1.75], color="w", linewidth=1.0, linestyle="--")
        axis.set(
            xlabel="place (degrees)", ylabel="time (s)", title=f"{name} cells; dashed: a bright bar passes"
        )
        axis.title.set_fontsize(9)
    figure.colorbar(image, ax=axes[0, 2], label="rate (Hz)")
    save(figure, "retina")


def _edge(dt_s: float) -> tuple[Floats, Floats]:
    """Rates of the middle row over time while a bar 10 degrees wide crosses; shape (times, columns)."""
    retina, x = Retina(), np.arange(61.0)
    rows = []
    for t in np.arange(0.0, 2.0, dt_s):
        place = 40.0 * (t - 0.25)
        bar = np.clip(place + 5.5 - x, 0.0, 1.0) * np.clip(x - place + 5.5, 0.0, 1.0)
        rows.append([r.reshape(41, 61)[20] for r in retina(np.tile(0.5 + 0.3 * bar, (41, 1)), dt_s=dt_s)])
    both = np.array(rows)
    return both[:, 0], both[:, 1]


if __name__ == "__main__":
    draw_vestibular()
    draw_retina()
