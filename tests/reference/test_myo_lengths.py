"""MyoSuite's bodies under MuJoCo 4: their tendons are as long as under MuJoCo 3, or listed here with the difference.

``make_myo_lengths.py`` wrote the reference with MuJoCo 3.17.0. For a table over more poses::

    m3/bin/python tests/reference/make_myo_lengths.py many.json 3000
    python tests/reference/test_myo_lengths.py many.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from sherrington.body.model import BodyModel
from sherrington.body.models import myo
from sherrington.body.mujoco_model import compile_model
from sherrington.errors import BodyError

REFERENCE = Path(__file__).with_name("myo_lengths.json")
SAME_M = 1e-6
BODIES: dict[str, Callable[[], BodyModel]] = {
    "myo_elbow": myo.myo_elbow,
    "myo_elbow_2": lambda: myo.myo_elbow(degrees_of_freedom=2),
    "myo_finger": myo.myo_finger,
    "myo_hand": myo.myo_hand,
    "myo_torso": myo.myo_torso,
    "myo_legs": myo.myo_legs,
    "myo_arm": myo.myo_arm,
    "myo_body": myo.myo_body,
}


@cache
def reference(file: Path = REFERENCE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def lengths(model: BodyModel, known: dict[str, Any]) -> Any:
    """Tendon lengths under this MuJoCo, m, shape (poses, tendons), ordered as the reference has them."""
    m = compile_model(model)
    d, found = mujoco.MjData(m), []
    at = [m.jnt_qposadr[m.joint(name).id] for name in known["joints"]]
    tendons = [m.tendon(name).id for name in known["tendons"]]
    for pose in known["poses"]:
        d.qpos[at] = pose
        mujoco.mj_kinematics(m, d)
        mujoco.mj_comPos(m, d)
        mujoco.mj_tendon(m, d)
        found.append(d.ten_length[tendons].copy())
    return np.array(found)


def differences(model: BodyModel, known: dict[str, Any]) -> dict[str, tuple[float, float, int]]:
    """(lowest, highest) of new minus old length, m, and the number of poses, by tendon that changed."""
    off = lengths(model, known) - np.array(known["lengths_m"])
    return {
        name: (float(column.min()), float(column.max()), int((np.abs(column) > SAME_M).sum()))
        for name, column in zip(known["tendons"], off.T, strict=True)
        if np.abs(column).max() > SAME_M
    }


def test_the_reference_is_of_the_versions_that_we_name() -> None:
    assert reference()["mujoco"] == "3.17.0"
    assert reference()["myo-sim"] == myo.VERSION
    assert {len(body["poses"]) for body in reference()["bodies"].values()} == {10}


@pytest.mark.parametrize("name", BODIES)
def test_tendons_are_as_long_as_under_mujoco_3(name: str) -> None:
    known, model = reference()["bodies"][name], BODIES[name]()
    assert len(known["tendons"]) >= len(model.muscles) >= 5
    changed = differences(model, known)
    assert set(changed) == ALLOWED.get(name, set()), changed
    assert all(highest <= SAME_M and poses == 1 for _, highest, poses in changed.values()), changed


ALLOWED = {"myo_arm": {"LAT3_tendon"}, "myo_body": {"LAT3_tendon", "TMAJ_tendon_l"}}
"""Tendons that differ in one of the ten poses although the side sites are moved: there they are shorter."""


@pytest.mark.parametrize("name", ["myo_arm", "myo_body"])
def test_arms_as_published_differ(name: str) -> None:
    """What moving the side sites mends, and that the comparison finds what is there to find."""
    model = getattr(myo, name)(side_sites="published")
    changed = differences(model, reference()["bodies"][name])
    everywhere = {tendon for tendon, (_, _, poses) in changed.items() if poses == 10}
    assert {"TMAJ_tendon", "LAT2_tendon"} <= everywhere
    assert changed["TMAJ_tendon"][1] == pytest.approx(-0.0148, abs=1e-4)
    assert changed["LAT2_tendon"][0] == pytest.approx(-0.0128, abs=1e-4)
    assert "as published" in str(model.facts["tendon_paths"])


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BodyError, match="degrees_of_freedom = 3 must be 1 or 2"):
        myo.myo_elbow(degrees_of_freedom=3)  # type: ignore[arg-type]
    with pytest.raises(BodyError, match="side_sites = 'gone' must be moved or published"):
        myo.myo_arm(side_sites="gone")  # type: ignore[arg-type]


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        BodyError, match=r"not installed; pip install --no-deps myo-sim==0\.2\.4 \(--no-deps, because"
    ):
        myo.myo_finger()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.3.0")
    with pytest.raises(
        BodyError, match=r"myo-sim 0\.3\.0 is installed, and the bodies were compared with 0\.2\.4"
    ):
        myo.myo_finger()


if __name__ == "__main__":
    for body, known in reference(Path(sys.argv[1])).get("bodies", {}).items():
        for sites in ("moved", "published") if body in ("myo_arm", "myo_body") else ("moved",):
            made = getattr(myo, body)(side_sites=sites) if body in ("myo_arm", "myo_body") else BODIES[body]()
            print(body, sites, len(known["tendons"]), "tendons,", len(known["poses"]), "poses")
            for tendon, (low, high, poses) in differences(made, known).items():
                print(f"    {tendon}: {low * 1e3:.1f} to {high * 1e3:.1f} mm in {poses} poses")
