"""The retina: an image to the rates of On and Off ganglion cells, on a grid.

ER66: Enroth-Cugell & Robson 1966, J Physiol 187:517-552, doi 10.1113/jphysiol.1966.sp008107.
See docs/science/vision.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import NeverError
from .filters import RealPoles
from .function import transfer

Floats = NDArray[np.float64]

DARK = 0.02
"""Ours: luminance below which the retina stops adapting, so that nothing is divided by zero."""


@transfer(inputs={"image": "1"}, outputs={"on": "Hz", "off": "Hz"}, low=0.0)
class Retina:
    """On and Off cells with centre and surround, adaptation to light, band-pass in time, saturation.

    1. Centre and surround: the image through two Gaussians, ``d = center - weight * surround`` (ER66).
    2. Adaptation to light: ``c = (d - (1 - weight) b) / (b + 0.02)``, b being the surround's luminance,
       low-passed with ``light_tau``: the response follows contrast, and a uniform image in time gives none.
    3. Time: ``x = (sustained + tau s) / (1 + tau s) / (1 + delay s) c``: low-passed, and adapting to its
       ``sustained`` share.
    4. On cells see the positive part of x, Off cells the negative; ``rate = baseline + (maximum - baseline)
       e / (e + half)``, e the part seen: contrast saturates.

    The filters are exact at any frame interval where c changes in a straight line between frames. The first
    image is taken to have been there for ever. The sequence of steps is a textbook's; the numbers are ours, of
    the order of alpha cells of mice (docs).

    image: shape (height, width), luminance 0 to 1, top row first, e.g. ``body.camera.eye``.
    rows, columns: of the grid of cells, spread evenly over the image; by default one cell per pixel.
    degrees_per_pixel: of the camera: its field of view divided by the number of pixels across; 1.
    center_deg, surround_deg: standard deviations, 3 and 9. surround_weight: 0.9. delay_ms: 30. tau_ms: 150.
    sustained: 0.3. light_tau_ms: 1000. half_contrast: 0.3. baseline_hz: 5. maximum_hz: 100.
    Returns (on, off), shape (rows * columns,) each, Hz, row by row. Raises NeverError for a size that is not
    positive, ValueError when the image is not (height, width).
    """

    def __init__(
        self,
        *,
        rows: int | None = None,
        columns: int | None = None,
        degrees_per_pixel: float = 1.0,
        center_deg: float = 3.0,
        surround_deg: float = 9.0,
        surround_weight: float = 0.9,
        delay_ms: float = 30.0,
        tau_ms: float = 150.0,
        sustained: float = 0.3,
        light_tau_ms: float = 1000.0,
        half_contrast: float = 0.3,
        baseline_hz: float = 5.0,
        maximum_hz: float = 100.0,
    ) -> None:
        sizes = (degrees_per_pixel, center_deg, surround_deg, delay_ms, tau_ms, light_tau_ms, half_contrast)
        if not all(size > 0.0 for size in sizes) or any(n is not None and n < 1 for n in (rows, columns)):
            raise NeverError(
                "rows, columns, degrees, time constants and half_contrast of a retina must be positive"
            )
        self._grid = (rows, columns)
        self._sds_px = (center_deg / degrees_per_pixel, surround_deg / degrees_per_pixel)
        self._weight, self._half = surround_weight, half_contrast
        self._baseline_hz, self._maximum_hz = baseline_hz, maximum_hz
        late, slow, light = (1000.0 / tau for tau in (delay_ms, tau_ms, light_tau_ms))
        self._time = RealPoles(zeros_per_s=[sustained * slow], poles_per_s=[slow, late], gain=late)
        self._light = RealPoles(zeros_per_s=[], poles_per_s=[light], gain=light)
        self._blurs: list[tuple[Floats, Floats]] = []

    def __call__(self, image: Floats, *, dt_s: float) -> tuple[Floats, Floats]:
        if image.ndim != 2:
            raise ValueError(f"image has shape {image.shape}, not (height, width)")
        if not self._blurs:
            self._blurs = [self._blur(sd, image.shape) for sd in self._sds_px]
        center, surround = (down @ image @ across.T for down, across in self._blurs)
        light = self._light(surround, dt_s)
        contrast = (center - self._weight * surround - (1.0 - self._weight) * light) / (light + DARK)
        seen = self._time(contrast, dt_s)
        return self._rate_hz(seen), self._rate_hz(-seen)

    def _rate_hz(self, seen: Floats) -> Floats:
        excited = np.maximum(seen, 0.0)
        share = excited / (excited + self._half)
        return np.asarray(self._baseline_hz + (self._maximum_hz - self._baseline_hz) * share).ravel()

    def _blur(self, sd_px: float, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        down, across = (
            gaussian_rows(n or size, size, sd_px) for n, size in zip(self._grid, shape, strict=True)
        )
        return down, across


def gaussian_rows(cells: int, pixels: int, sd_px: float) -> Floats:
    """Weights of a Gaussian around each of ``cells`` places spread over a line of ``pixels``.

    Shape (cells, pixels); each row adds up to 1, so that the border of an image does not look dark.
    """
    centers = (np.arange(cells) + 0.5) * pixels / cells - 0.5
    away = (np.arange(pixels)[None, :] - centers[:, None]) / sd_px
    weights = np.exp(-0.5 * away**2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
