"""Learning in a force field, in short: what reaches the olive, and that it changes the pull. The long one:
``benchmarks/force_field``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.record.read import Run, open_run
from sherrington.resolve import open_experiment

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "force_field"
TRIALS = ["task.trials=13", "task.params.baseline_trials=3", "task.params.field_trials=10"]
QUICKLY = [
    "record.signals=none",
    "record.spikes=[CB_M1_IO, RN]",
    "check=null",
    "brain.params.learning_rate=0.03",
]


def test_an_error_reaches_the_olive_of_the_zone_that_pushes_back() -> None:
    resolved = open_experiment(EXAMPLE)
    assert resolved.task is not None
    assert resolved.task.cues["error"].order == ("left", "right")
    for cells in ("CB_M1_PKJ", "CB_M1_VN", "CB_M1_IO", "RN"):
        assert tuple(resolved.network.populations[cells].channels) == ("pushes_right", "pushes_left")
    pathway = resolved.experiment.pathways["error"]
    assert pathway.inputs == {"signal": "task.error"} and pathway.delay_ms == 25.0


def test_without_plasticity_nothing_but_the_synapse_changes() -> None:
    plastic, fixed = (
        open_experiment(EXAMPLE, [f"brain.params.plastic={answer}"]).network for answer in ("true", "false")
    )
    synapses = [{p.name: p.synapse for p in network.projections} for network in (plastic, fixed)]
    changed = {name for name in synapses[0] if synapses[0][name] != synapses[1][name]}
    assert changed == {f"CB_M1_GR->CB_M1_PKJ/{zone}" for zone in ("pushes_right", "pushes_left")}
    assert synapses[0].keys() == synapses[1].keys()


@pytest.mark.slow
def test_the_error_falls_with_plasticity_only(tmp_path: Path, sherrington: Any) -> None:
    last = {}
    for plastic in ("true", "false"):
        changes = [*TRIALS, *QUICKLY, f"brain.params.plastic={plastic}"]
        sets = [word for text in changes for word in ("--set", text)]
        out = tmp_path / plastic
        done = sherrington("run", EXAMPLE, *sets, "--out", out, cwd=tmp_path, timeout=900.0)
        assert done.returncode == 0, done.stdout + done.stderr
        run = open_run(next(out.iterdir()))
        errors = [row["error_rad"] for row in run.trials if row["block"] == "field"]
        last[plastic] = np.mean(errors[-5:]), _rubral_spikes(run)
    assert last["false"][0] < -0.02, "the field pushes the stick to the right"
    assert last["true"][0] > 0.6 * last["false"][0], "the error has fallen"
    assert last["true"][1] > 1.3 * last["false"][1], "the red nucleus has come to push to the left"


def _rubral_spikes(run: Run) -> int:
    """Of the channel that pushes to the left, in the trials with the field."""
    spikes = run.spikes("RN")
    inside = np.zeros(len(spikes), bool)
    for row in run.trials:
        if row["block"] == "field":
            times_ms = spikes.times_ns / 1e6
            inside |= (times_ms >= row["start_ms"]) & (times_ms < row["end_ms"])
    return int(np.sum(inside & (spikes.channels >= 40)))
