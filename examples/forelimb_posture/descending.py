"""Descending drive: for every posture one rate per muscle pool, as ``calibrate.py`` found them."""

import json
from pathlib import Path

import numpy as np

from sherrington import transfer

DRIVE = json.loads((Path(__file__).parent / "drive.json").read_text(encoding="utf-8"))


@transfer(outputs={"rate": "Hz"}, low=0.0)
class Descending:
    """Rates for a sequence of postures, moving evenly from one to the next.

    postures: names in ``drive.json``, in order; times_ms: when each begins to be approached; ramp_ms: how long the
    change takes. Gives shape (n_muscles,), Hz, ordered as the body's muscles.
    """

    def __init__(self, *, postures: list[str], times_ms: list[float], ramp_ms: float = 300.0) -> None:
        self._rates = np.array([list(DRIVE["postures"][name]["rate_hz"].values()) for name in postures])
        self._times_s = np.array(times_ms) / 1000
        self._ramp_s = ramp_ms / 1000

    def __call__(self, *, time_s: float) -> np.ndarray:
        current = int(np.searchsorted(self._times_s, time_s, side="right")) - 1
        if current == 0:
            return self._rates[0]
        share = min(1.0, (time_s - self._times_s[current]) / self._ramp_s)
        return (1 - share) * self._rates[current - 1] + share * self._rates[current]
