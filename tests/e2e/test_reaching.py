"""A reach and a pull by spikes only: wiring and afferents do it. The long one: ``benchmarks/reaching``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sherrington.record.read import open_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CUT = ["pathways.ia.gain=0", "pathways.ii.gain=0", "pathways.ib.gain=0"]
CONDITIONS = {"wired": [], "shuffled": ["brain.params.shuffled=1"], "deafferented": CUT}
QUICKLY = ["record.signals=none", "record.spikes=none", "check=null"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "trials", "most_deafferented"), [("reach", 4, 0.8), ("joystick_pull", 2, 0.8)]
)
def test_the_score_is_owed_to_wiring_and_afferents(
    example: str, trials: int, most_deafferented: float, tmp_path: Path, sherrington: Any
) -> None:
    scores = {}
    for name, changes in CONDITIONS.items():
        sets = [word for text in (*changes, *QUICKLY, f"task.trials={trials}") for word in ("--set", text)]
        done = sherrington(
            "run", EXAMPLES / example, *sets, "--out", tmp_path / name, cwd=tmp_path, timeout=600.0
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (made,) = (tmp_path / name).iterdir()
        run = open_run(made)
        assert len(run.trials) == trials
        scores[name] = run.summary["task"]["mean_score"]
    assert scores["wired"] > 0.6
    assert scores["shuffled"] < 0.3 * scores["wired"]
    assert scores["deafferented"] < most_deafferented * scores["wired"]
