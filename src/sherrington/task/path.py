"""Measures of a movement towards a target, taken sample by sample."""

from __future__ import annotations

import math

import numpy as np

from ..ports import Signal
from .needs import share


class PathMeasures:
    """Follows a point towards ``target`` (m, or None for no target) from the go cue on.

    centre, radius_m: the movement begins when the point leaves this sphere.
    """

    def __init__(self, target: Signal | None, centre: Signal, radius_m: float) -> None:
        self._target, self._centre, self._radius_m = target, centre, radius_m
        self._first: Signal | None = None
        self._last: Signal = centre
        self._last_s = 0.0
        self._length_m = 0.0
        self._peak_m_per_s = 0.0
        self._reaction_s = math.nan

    def add(self, time_s: float, place: Signal) -> None:
        """One sample, ``time_s`` after the go cue."""
        if self._first is None:
            self._first = place
        else:
            way = math.dist(place, self._last)
            self._length_m += way
            self._peak_m_per_s = max(self._peak_m_per_s, way / (time_s - self._last_s))
        if math.isnan(self._reaction_s) and math.dist(place, self._centre) > self._radius_m:
            self._reaction_s = time_s
        self._last, self._last_s = place, time_s

    @property
    def gained(self) -> float:
        """The share of the first distance that is gone now, 0 to 1."""
        if self._target is None or self._first is None:
            return 0.0
        first = math.dist(self._first, self._target)
        return share(first - math.dist(self._last, self._target), first)

    def measures(self) -> dict[str, float]:
        """reaction_time_s: until the centre was left. endpoint_error_m: distance to the target. direction_error_rad:
        between the way gone and the way to the target, as seen from the start. path_length_m; straightness: distance
        between both ends of the path over its length. peak_speed_m_per_s: the largest between two samples. NaN where
        there was no go cue or no movement."""
        if self._target is None or self._first is None:
            return dict.fromkeys(_NAMES, math.nan)
        gone, wanted = self._last - self._first, self._target - self._first
        direct = float(np.linalg.norm(gone))
        values = (
            self._reaction_s,
            math.dist(self._last, self._target),
            _angle(gone, wanted),
            self._length_m,
            direct / self._length_m if self._length_m else math.nan,
            self._peak_m_per_s,
        )
        return dict(zip(_NAMES, values, strict=True))


_NAMES = (
    "reaction_time_s",
    "endpoint_error_m",
    "direction_error_rad",
    "path_length_m",
    "straightness",
    "peak_speed_m_per_s",
)


def _angle(a: Signal, b: Signal) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return math.acos(max(-1.0, min(1.0, float(a @ b) / lengths))) if lengths else math.nan
