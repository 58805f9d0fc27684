"""The same experiment with the body in MuJoCo and in OpenSim, by changing one word."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.record.read import open_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

if not find_spec("opensim"):
    pytest.skip("opensim is not installed; pip install 'sherrington[opensim]'", allow_module_level=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "ms", "rad"), [("one_joint_reflex", 200, 0.1), ("forelimb_posture", 50, 0.2)]
)
def test_one_word_changes_the_body_engine(
    example: str, ms: int, rad: float, tmp_path: Path, sherrington: Any
) -> None:
    """rad: how far the joints may be apart at the end; the first spikes differ by then."""
    ends = []
    for engine in ("mujoco", "opensim"):
        out = tmp_path / engine
        sets = [f"body.engine={engine}", f"loop.duration_ms={ms}", "perturbations=[]", "interventions=[]"]
        words = [word for text in sets for word in ("--set", text)]
        done = sherrington("run", EXAMPLES / example, *words, "--out", out, cwd=tmp_path, timeout=600.0)
        assert done.returncode == 0, done.stdout + done.stderr
        (made,) = out.iterdir()
        run = open_run(made)
        assert run.summary["completed"] and run.summary["engine"]["body"]["engine"] == engine
        assert sum(run.summary["spikes"].values()) > 200
        ends.append(run.signal("body.joint_angle")[1][-1])
    assert np.abs(ends[0] - ends[1]).max() < rad
    assert not list(tmp_path.glob("*.log"))
