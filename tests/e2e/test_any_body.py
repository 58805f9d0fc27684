"""Bodies that people bring: an experiment folder with a model file of any kind runs, and its run holds all it needs."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from sherrington.record.read import open_run

EXPERIMENT = """
title: A body that somebody brought
loop: {{interval_ms: 1, duration_ms: 20}}
brain: {{network: relay, params: {{n_channels: {channels}}}}}
body: {{model: {model}}}
pathways:
  drive: {{function: constant, outputs: {{value: brain.input.rate}}, params: {{value: 400.0}}}}
  move:
    function: leaky_integrator
    inputs: {{counts: brain.output.count}}
    outputs: {{value: {target}}}
    params: {{gain: 0.01, maximum: 1.0}}
"""
LIMB = """
<mujoco>
  <compiler meshdir="meshes"/>
  <asset><mesh name="bone" file="bone.stl"/></asset>
  <worldbody><include file="parts/limb.xml"/></worldbody>
  <actuator><motor name="drive" joint="elbow"/><position name="servo" joint="wrist" kp="0.01"/></actuator>
  <keyframe><key name="home" qpos="0.5 -0.5"/></keyframe>
</mujoco>
"""
PART = """
<mujocoinclude>
  <body name="arm">
    <joint name="elbow" axis="0 1 0"/><geom type="mesh" mesh="bone"/>
    <body name="hand" pos="0 0 -0.1"><joint name="wrist" axis="0 1 0"/><geom size="0.02"/></body>
  </body>
</mujocoinclude>
"""


def mesh() -> bytes:
    """A tetrahedron, as binary STL."""
    corners = [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)]
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    packed = [struct.pack("<12fH", 0, 0, 0, *corners[a], *corners[b], *corners[c], 0) for a, b, c in faces]
    return bytes(80) + struct.pack("<I", len(faces)) + b"".join(packed)


def test_a_file_with_an_include_and_a_mesh_in_folders(tmp_path: Path, sherrington: Any) -> None:
    folder = tmp_path / "brought"
    for name in ("meshes", "parts"):
        (folder / name).mkdir(parents=True)
    (folder / "meshes" / "bone.stl").write_bytes(mesh())
    (folder / "parts" / "limb.xml").write_text(PART, encoding="utf-8")
    (folder / "limb.xml").write_text(LIMB, encoding="utf-8")
    text = EXPERIMENT.format(channels=2, model="limb.xml", target="body.motor_control")
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    answer = sherrington("run", folder, "--out", tmp_path / "runs", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    (kept,) = (tmp_path / "runs").iterdir()
    run = open_run(kept)
    assert run.signal("body.joint_angle")[1][0].tolist() == pytest.approx([0.5, -0.5], abs=0.05)
    assert run.spikes("output").times_ns.size > 0
    for name in ("limb.xml", "parts/limb.xml", "meshes/bone.stl"):
        assert (kept / "experiment" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.slow
def test_a_body_of_myosuite(tmp_path: Path, sherrington: Any) -> None:
    text = EXPERIMENT.format(channels=5, model="myo_finger", target="body.muscle_excitation")
    (tmp_path / "experiment.yaml").write_text(text, encoding="utf-8")
    answer = sherrington("run", tmp_path, "--out", tmp_path / "runs", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    (kept,) = (tmp_path / "runs").iterdir()
    activation = open_run(kept).signal("body.muscle_activation")[1]
    assert activation.shape[1] == 5
    assert activation[-1].max() > 0.0
