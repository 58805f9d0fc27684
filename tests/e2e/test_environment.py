"""The page about environments holds what it says: its experiment runs, its part works, every shipped part is told."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington import find
from sherrington.body.engine import BodyOptions
from sherrington.body.models.mouse_forelimb import mouse_forelimb
from sherrington.body.mujoco import MujocoBody
from sherrington.body.parts import SHIPPED
from sherrington.body.scene import Placed, compose
from sherrington.record.read import open_run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "environment.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_experiment_of_the_page_runs(tmp_path: Path, sherrington: Any) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "experiment.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    (folder / "check.py").write_text(blocks("python")[0], encoding="utf-8")
    done = sherrington("run", folder, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = open_run(next((tmp_path / "out").iterdir()))
    order, (time_ns, angle) = run.order("body.joint_angle"), run.signal("body.joint_angle")
    assert order == (*mouse_forelimb().joints, "stick_pull", "stick_sideways")
    pull = angle[:, 4]
    tugged = (time_ns > 220e6) & (time_ns <= 250e6)
    before = (time_ns > 170e6) & (time_ns <= 200e6)
    assert pull[before].mean() > 0.1
    assert pull[tugged].mean() < pull[before].mean() - 0.005
    summary = json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["picture"].get("missing", "") == "" or "OpenGL" in summary["picture"]["missing"]


def test_the_part_of_the_page_works(tmp_path: Path) -> None:
    (tmp_path / "lever.py").write_text(blocks("python")[-1], encoding="utf-8")
    lever = find.find("part", "lever.py:lever", SHIPPED, tmp_path)
    scene = compose(mouse_forelimb(), [Placed("lever", lever(), (0.05, 0, 0.03))], (0, 0, 0))
    assert (scene.joints[-1], scene.bodies[-1], scene.sites[-1]) == ("lever", "lever_arm", "lever_end")
    body = MujocoBody()
    body.prepare(scene, BodyOptions())
    assert body.outputs["sensor"].order == ("lever_angle",)
    torque = np.zeros(5)
    torque[4] = 4e-5
    body.write("joint_torque", torque)
    body.advance(500_000_000)
    assert body.read("sensor") == pytest.approx([0.2], rel=1e-3)


def test_the_start_of_the_paw_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    body = MujocoBody()
    body.prepare(mouse_forelimb(), BodyOptions())
    paw = body.read("site_position")[body.outputs["site_position"].order.index("paw")]
    told = re.search(r"`mouse_forelimb` starts at\n\[(.*?)\]", PAGE)
    assert told is not None
    np.testing.assert_allclose([float(x) for x in told[1].split(",")], paw, atol=1e-4)
    exec(blocks("python")[1])
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", SHIPPED)
def test_every_part_and_every_parameter_is_told(name: str) -> None:
    assert f"`{name}`" in PAGE
    for parameter in inspect.signature(find.find("part", name, SHIPPED, Path())).parameters:
        assert f"`{parameter}`" in PAGE, parameter
