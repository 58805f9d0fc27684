"""The page about robots: its cart runs, its table of numbers is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sherrington.body.models import wheeled_robot as robot
from sherrington.record.read import open_run
from sherrington.request import Request
from sherrington.run import run

PAGE = (Path(__file__).parents[2] / "docs" / "robots.md").read_text(encoding="utf-8")


def test_the_cart_drives_about_and_touches_no_wall(tmp_path: Path) -> None:
    (cart,) = re.findall(r"```xml\n(.*?)```", PAGE, re.DOTALL)
    (experiment,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "cart.xml").write_text(cart, encoding="utf-8")
    (tmp_path / "experiment.yaml").write_text(experiment, encoding="utf-8")
    done = open_run(run(Request(tmp_path, out=tmp_path / "runs")).folder)
    _, base = done.signal("body.site_position", "base")
    assert np.linalg.norm(np.diff(base, axis=0), axis=1).sum() > 1.0, "m"
    assert np.abs(base[:, :2]).max() < 0.72, "0.8 m less the cart's nose"
    assert base[:, 2].std() < 1e-3
    assert sum(done.summary["spikes"].values()) > 1000


def test_the_table_has_the_numbers_of_the_code() -> None:
    """Each number as the page writes it."""
    for row in (
        f"| mass | {robot.MASS_KG:g} kg |",
        f"| radius of the wheels, distance between them | {robot.WHEEL_RADIUS_M:g}, {robot.TRACK_M:g} m |",
        f"| torque of a wheel, at most | {robot.MAX_TORQUE_N_M:g} N*m |",
        f"| gain of the speed servo | {robot.SERVO_N_M_S_PER_RAD:g} N*m*s/rad |",
        f"| highest speed | {robot.MAX_SPEED_RAD_PER_S:g} rad/s, ",
        f"| radius, height, ground clearance | {robot.RADIUS_M:g}, ",
    ):
        assert row in PAGE, row
