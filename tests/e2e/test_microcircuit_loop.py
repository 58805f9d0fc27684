"""The cortical microcircuit in a loop with a body that it has nothing to do with: a thalamic volley moves a joint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.analysis.statistics import statistics
from sherrington.record.read import open_run

EXPERIMENT = """
title: Cortical microcircuit beside one joint
loop: {interval_ms: 5, duration_ms: 400}
brain:
  network: microcircuit
  params: {neurons: 0.02, indegree: 0.1, thalamus: true}
body: {model: one_joint, engine: mujoco}
pathways:
  volley: {function: ends.py:volley, outputs: {rate: brain.TH.rate}}
  drive:
    function: ends.py:drive
    inputs: {rate: brain.L4E.rate}
    outputs: {excitation: {port: body.muscle_excitation, only: [flexor]}}
"""
ENDS = '''
import numpy as np
from sherrington import transfer


@transfer(inputs={}, outputs={"rate": "Hz"}, low=0.0)
def volley(*, time_s, rate_hz=120.0, at_s=0.3, duration_s=0.01):
    """The published one."""
    return np.array([rate_hz if at_s - 1e-9 <= time_s < at_s + duration_s - 1e-9 else 0.0])


@transfer(inputs={"rate": "Hz"}, outputs={"excitation": "1"}, low=0.0, high=1.0)
def drive(rate):
    """Full excitation at 50 Hz."""
    return np.clip(rate / 50.0, 0.0, 1.0)
'''


@pytest.mark.slow
def test_it_runs_in_a_loop(tmp_path: Path, sherrington: Any) -> None:
    folder = tmp_path / "circuit"
    folder.mkdir()
    (folder / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "ends.py").write_text(ENDS, encoding="utf-8")
    made = sherrington("run", folder, "--out", tmp_path / "runs", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    (path,) = (tmp_path / "runs").iterdir()
    run = open_run(path)
    found = statistics(run, start_ms=100)
    assert set(found) == {*(f"L{layer}{kind}" for layer in (23, 4, 5, 6) for kind in "EI"), "TH"}
    assert all(s.rate_hz > 0 for s in found.values())
    assert run.spikes("TH").times_ns.min() > 300_000_000
    _, rate_hz = run.rate_hz("L4E", bin_ms=10)
    assert (
        rate_hz[30:32].max() > 2.5 * rate_hz[10:30].mean()
    )  # 10 ms that begin with the volley or with its end
    assert np.ptp(run.signal("body.joint_angle")[1]) > 0.01
    assert "layer 2/3" in (path / "report.html").read_text(encoding="utf-8")
