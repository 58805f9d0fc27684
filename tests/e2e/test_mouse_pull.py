"""The mouse brain pulls the joystick through its motor cortex, and without it does not. The long one:
``benchmarks/mouse_pull``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sherrington.record.read import open_run

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "mouse_pull"
SWEEP: dict[str, Any] = yaml.safe_load((ROOT / "benchmarks" / "mouse_pull" / "sweep.yaml").read_text())
SILENCED = f"interventions={SWEEP['cases']['silenced']['interventions']}"
QUICKLY = [
    "record.signals=none",
    "record.spikes=[MN]",
    "check=null",
    "task.trials=2",
    "brain.virtual_processes=1",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("regions", "changes", "hits"), [("[]", [], 2), ("[M1]", [], 2), ("[M1]", [SILENCED], 0)],
    ids=["cord alone", "with M1", "M1 silenced"],
)  # fmt: skip
def test_the_pull_goes_through_motor_cortex(
    regions: str, changes: list[str], hits: int, tmp_path: Path, sherrington: Any
) -> None:
    """The same experiment, with the knob of regions: a command without M1 reaches the premotor neurons directly."""
    settings = [*QUICKLY, f"brain.params.regions={regions}", *changes]
    sets = [word for text in settings for word in ("--set", text)]
    done = sherrington("run", EXAMPLE, *sets, "--out", tmp_path / "runs", cwd=tmp_path, timeout=600.0)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = (tmp_path / "runs").iterdir()
    run = open_run(made)
    assert run.spike_count("MN") > 1000
    assert sum(row["success"] for row in run.trials) == hits
