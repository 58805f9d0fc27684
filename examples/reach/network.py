"""The brain of this experiment: a premotor population above the spinal cord, driven as ``calibrate.py`` found."""

import json
from collections.abc import Mapping
from pathlib import Path

from sherrington import Network
from sherrington.brain.models.premotor_cord import premotor_cord

DRIVE = Path(__file__).parent / "drive.json"


def reaching(
    *,
    scale: float = 1.0,
    shuffled: int | None = None,
    drive_pA: Mapping[str, Mapping[str, float]] | None = None,
) -> Network:
    """``premotor_cord`` with one goal for the centre and one for each target; drive_pA: in place of ``drive.json``."""
    if drive_pA is None:
        goals = json.loads(DRIVE.read_text(encoding="utf-8"))["goals"]
        drive_pA = {name: goal["drive_pA"] for name, goal in goals.items()}
    return premotor_cord(drive_pA=drive_pA, scale=scale, shuffled=shuffled)
