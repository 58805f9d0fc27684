"""A robot on wheels drives to the beacon that it was told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..body.model import BodyModel
from ..errors import TaskError
from ..ports import Signal
from .needs import exists, not_negative, positive, share
from .task import Cue, Ended, Readings, Step

SLOWEST_HIT = 0.5
"""Score of an arrival in the last moment."""
NEAREST_MISS = 0.4
"""What a drive can score that ends just short of its beacon."""
_LATE_S = 1e-9


@dataclass(kw_only=True)
class LocomotionWheel:
    """Drive to a beacon: the base of a robot on wheels must come near the one of several beacons that is cued.

    base: site of the robot. beacons: sites of the arena; the one to go to is drawn from each trial's own stream. With
    one beacon no cue is needed: the robot sees it with its camera. reached_m: horizontal distance of the base that
    counts as arrived.

    A trial: settle_ms without any cue; then the cue ``beacon``, 1 at the entry of the beacon to go to, for at most
    ``window_ms``. Outcomes: hit; wrong (arrived at another beacon); timeout.

    Score of a hit: 1 - 0.5 t / window, so 0.5 to 1; of a timeout: 0.4 of the share of the distance that is gone at the
    end; wrong: 0. Reward: 1 at a hit.
    """

    base: str = "base"
    beacons: Sequence[str] = ("beacon_1",)
    reached_m: float = 0.2
    settle_ms: float = 100.0
    window_ms: float = 10000.0
    reads: Sequence[str] = field(default=("site_position",), init=False)
    forces: Sequence[str] = field(default=(), init=False)
    cues: Mapping[str, Cue] = field(init=False)

    def __post_init__(self) -> None:
        positive(reached_m=self.reached_m, window_ms=self.window_ms)
        not_negative(settle_ms=self.settle_ms)
        if not self.beacons or len(set(self.beacons)) < len(self.beacons):
            raise TaskError(f"beacons = {list(self.beacons)} must name at least one site, each once")
        self.cues = {"beacon": Cue("1", tuple(self.beacons))}

    def check(self, body: BodyModel) -> None:
        """Raises TaskError where the body has no such site."""
        for site in (self.base, *self.beacons):
            exists("site", site, body.sites, body.name)

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """The condition is the name of the beacon."""
        self._target = int(rng.integers(len(self.beacons)))
        self._first_m = math.nan
        self._last: Signal = np.zeros(2)
        self._length_m = 0.0
        return {"beacon": self.beacons[self._target]}

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle: settling or driving."""
        driven_s = time_s - self.settle_ms / 1000
        if driven_s < 0:
            return Step()
        sites = body["site_position"]
        base = np.array(sites.of(self.base)[:2])
        distances = [math.dist(base, sites.of(beacon)[:2]) for beacon in self.beacons]
        if math.isnan(self._first_m):
            self._start(distances)
        else:
            self._length_m += math.dist(base, self._last)
        self._last = base
        nearest = int(np.argmin(distances))
        if distances[nearest] <= self.reached_m:
            return self._end("hit" if nearest == self._target else "wrong", driven_s, distances)
        if driven_s >= self.window_ms / 1000 - _LATE_S:
            return self._end("timeout", driven_s, distances)
        cue = np.zeros(len(self.beacons))
        cue[self._target] = 1.0
        return Step({"beacon": cue})

    def _start(self, distances: Sequence[float]) -> None:
        self._first_m = distances[self._target]
        for beacon, distance in zip(self.beacons, distances, strict=True):
            if distance <= self.reached_m:
                raise TaskError(
                    f"'{self.base}' is {distance:.3g} m from '{beacon}' at the start already, and {self.reached_m:g} m "
                    "counts as arrived; start farther away, or lower reached_m"
                )

    def _end(self, outcome: str, driven_s: float, distances: Sequence[float]) -> Step:
        hit = outcome == "hit"
        left_m = distances[self._target]
        scores = {
            "hit": 1.0 - (1.0 - SLOWEST_HIT) * share(driven_s * 1000, self.window_ms),
            "timeout": NEAREST_MISS * share(self._first_m - left_m, self._first_m),
            "wrong": 0.0,
        }
        measures = {
            "time_to_beacon_s": driven_s if hit else math.nan,
            "first_distance_m": self._first_m,
            "last_distance_m": left_m,
            "path_length_m": self._length_m,
        }
        return Step(reward=float(hit), ended=Ended(outcome, hit, scores[outcome], measures))
