"""Centre-out reaching with the paw: hold still at the centre, then reach the target that was shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..body.model import BodyModel
from ..errors import TaskError
from ..ports import Signal
from .needs import exists, not_negative, positive, share
from .path import PathMeasures
from .task import Cue, Ended, Readings, Step

AXES = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}
SLOWEST_HIT = 0.5
"""Score of a hit in the last moment; one that took no time at all would have 1."""
NEAREST_MISS = 0.2
"""What a reach can score that ends arbitrarily near to its target and never dwells there."""
_LATE_S = 1e-9
"""Durations are differences of times; this keeps rounding from adding a cycle."""


@dataclass(kw_only=True)
class Reach:
    """Centre-out reach: hold the paw at the centre, reach the cued target after the go cue and dwell there.

    site: what reaches. Targets: ``targets_m`` in the world frame, or ``n_targets`` on a circle of ``radius_m`` about
    the centre in ``plane``, the first at ``first_deg`` from its first axis, counted towards the second. centre_m:
    in the world frame; where the site is after ``settle_ms`` if left out. order: of the targets, drawn from each
    trial's own stream, or in_turn.

    A trial: settle_ms without any cue; the cue ``target`` is given from then on; the site must stay within
    ``centre_tolerance_m`` of the centre for ``hold_ms``; ``go``; within ``window_ms`` it must come within
    ``tolerance_m`` of the target and stay for ``dwell_ms``. Outcomes: hit; wrong (dwelt at another target); timeout;
    early (left the centre before go); no_start (never came to the centre, within ``window_ms``).

    Score of a hit: 1 - 0.5 t / window, t from go to the entry of the target, so 0.5 to 1. Score of a timeout: 0.2
    of the share of the distance at go that is gone at the end. Everything else scores 0. Reward: 1 at a hit.
    """

    site: str = "paw"
    targets_m: Sequence[Sequence[float]] | None = None
    centre_m: Sequence[float] | None = None
    radius_m: float = 0.006
    n_targets: int = 8
    plane: Literal["xy", "xz", "yz"] = "xz"
    first_deg: float = 0.0
    order: Literal["random", "in_turn"] = "random"
    settle_ms: float = 200.0
    hold_ms: float = 300.0
    window_ms: float = 1000.0
    dwell_ms: float = 100.0
    tolerance_m: float = 0.002
    centre_tolerance_m: float = 0.002
    reads: Sequence[str] = field(default=("site_position",), init=False)
    forces: Sequence[str] = field(default=(), init=False)
    cues: Mapping[str, Cue] = field(init=False)

    def __post_init__(self) -> None:
        positive(
            radius_m=self.radius_m,
            window_ms=self.window_ms,
            tolerance_m=self.tolerance_m,
            centre_tolerance_m=self.centre_tolerance_m,
        )
        not_negative(settle_ms=self.settle_ms, hold_ms=self.hold_ms, dwell_ms=self.dwell_ms)
        self._check_targets()
        count = self.n_targets if self.targets_m is None else len(self.targets_m)
        self.cues = {
            "target": Cue("1", tuple(f"target_{i}" for i in range(count))),
            "go": Cue("1", ("go",)),
        }

    def _check_targets(self) -> None:
        if self.targets_m is None and self.n_targets < 1:
            raise TaskError(f"n_targets = {self.n_targets} must be at least 1")
        if self.targets_m is not None and not len(self.targets_m):
            raise TaskError("targets_m is empty; give at least one position [x, y, z]")
        for point in (*(self.targets_m or ()), *([self.centre_m] if self.centre_m is not None else [])):
            if len(point) != 3 or not np.isfinite(point).all():
                raise TaskError(f"{list(point)} is no position; give [x, y, z] in m")

    def check(self, body: BodyModel) -> None:
        """Raises TaskError where the body has no such site."""
        exists("site", self.site, body.sites, body.name)

    def begin(self, rng: np.random.Generator, trial: int) -> Mapping[str, object]:
        """The condition is the number of the target, from 0."""
        count = len(self.cues["target"].order)
        self._target = int(rng.integers(count)) if self.order == "random" else trial % count
        self._centre: Signal | None = None if self.centre_m is None else np.array(self.centre_m, float)
        self._held_since_s: float | None = None
        self._path: PathMeasures | None = None
        self._at, self._at_since_s = -1, 0.0
        return {"target": self._target}

    def step(self, time_s: float, body: Readings) -> Step:
        """One cycle: settling, holding or reaching."""
        place = np.array(body["site_position"].of(self.site))
        settled_s = self.settle_ms / 1000
        if time_s < settled_s:
            return Step()
        if self._path is None:
            return self._hold(time_s, time_s - settled_s, place)
        return self._reach(time_s, place)

    def _hold(self, time_s: float, cued_s: float, place: Signal) -> Step:
        if self._centre is None:
            self._centre = place
        inside = math.dist(place, self._centre) <= self.centre_tolerance_m
        if not inside and self._held_since_s is not None:
            return self._end("early", place, time_s)
        if not inside and cued_s >= self.window_ms / 1000:
            return self._end("no_start", place, time_s)
        if inside and self._held_since_s is None:
            self._held_since_s = time_s
        if self._held_since_s is not None and _lasted(time_s - self._held_since_s, self.hold_ms):
            return self._go(time_s, place)
        return Step(self._cued(go=False))

    def _go(self, time_s: float, place: Signal) -> Step:
        assert self._centre is not None
        self._places = self._positions(self._centre)
        self._go_s = time_s
        self._path = PathMeasures(self._places[self._target], self._centre, self.centre_tolerance_m)
        self._path.add(0.0, place)
        if math.dist(place, self._places[self._target]) <= self.tolerance_m:
            raise TaskError(
                f"target {self._target} at {np.round(self._places[self._target], 6).tolist()} m holds the site already "
                "at the go cue; place it farther from the centre than tolerance_m + centre_tolerance_m"
            )
        return Step(self._cued(go=True))

    def _reach(self, time_s: float, place: Signal) -> Step:
        assert self._path is not None
        since_go_s = time_s - self._go_s
        self._path.add(since_go_s, place)
        at = self._target_at(place)
        if at != self._at:
            self._at, self._at_since_s = at, since_go_s
        if at >= 0 and _lasted(since_go_s - self._at_since_s, self.dwell_ms):
            return self._end("hit" if at == self._target else "wrong", place, time_s)
        # A target entered within the window may be dwelt at beyond it.
        if _lasted(since_go_s, self.window_ms) and (at < 0 or self._at_since_s * 1000 > self.window_ms):
            return self._end("timeout", place, time_s)
        return Step(self._cued(go=True))

    def _target_at(self, place: Signal) -> int:
        """The nearest target within the tolerance, -1 for none."""
        distances = np.linalg.norm(self._places - place, axis=1)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= self.tolerance_m else -1

    def _positions(self, centre: Signal) -> Signal:
        """Of all targets, shape (n_targets, 3), m."""
        if self.targets_m is not None:
            return np.array(self.targets_m, float)
        places = np.tile(centre, (self.n_targets, 1))
        angles = math.radians(self.first_deg) + 2 * math.pi * np.arange(self.n_targets) / self.n_targets
        first, second = AXES[self.plane]
        places[:, first] += self.radius_m * np.cos(angles)
        places[:, second] += self.radius_m * np.sin(angles)
        return places

    def _cued(self, *, go: bool) -> Mapping[str, Signal]:
        target = np.zeros(len(self.cues["target"].order))
        target[self._target] = 1.0
        return {"target": target, "go": np.array([float(go)])}

    def _end(self, outcome: str, place: Signal, time_s: float) -> Step:
        hit = outcome == "hit"
        path = self._path or PathMeasures(None, place, self.centre_tolerance_m)
        entry_s = self._at_since_s if hit else math.nan
        score = 0.0
        if hit:
            score = 1.0 - (1.0 - SLOWEST_HIT) * share(entry_s * 1000, self.window_ms)
        elif outcome == "timeout":
            score = NEAREST_MISS * path.gained
        measures = {"time_to_target_s": entry_s, **path.measures()}
        return Step(reward=float(hit), ended=Ended(outcome, hit, score, measures))


def _lasted(elapsed_s: float, asked_ms: float) -> bool:
    return elapsed_s >= asked_ms / 1000 - _LATE_S
