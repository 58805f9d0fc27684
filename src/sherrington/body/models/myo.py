"""Human bodies of MyoSuite, from the installed package ``myo-sim``; nothing of it is copied here.

MyoSuite: Caggiano, Wang, Durandau, Sartori and Kumar 2022, doi 10.48550/arXiv.2205.13600; the package is published
under Apache 2.0. ``docs/bodies.md`` says what was measured.

MuJoCo 4.0.0 changed what a side site means: a tendon now goes round a geom the way a string would that is led
from its one end over the side site to the other. The package was made for the rule before. All tendons but those of
the arm keep their lengths. In the arm, ``SIDE_SITES`` moves three side sites to the middle of the arc that the tendon
touched under the old rule, which is what MuJoCo's notes advise; the positions were searched for by us.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any, Literal

from ...errors import BodyError
from ..aside import ask
from ..model import BodyModel

PACKAGE, VERSION = "myo-sim", "0.2.4"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"
SideSites = Literal["moved", "published"]

SIDE_SITES: dict[str, tuple[float, float, float]] = {
    "TMAJ_LAThum_cylinder_TMAJ_1_sidesite_r": (0.00051, 0.02798, 0.00134),
    "TMAJ_LAThum_cylinder_LAT2_1_sidesite_r": (0.00118, 0.02795, 0.00165),
    "SUP_cylinder_SUP_2_sidesite_r": (0.00027, -0.04525, 0.01712),
}
"""New positions of side sites of the right arm, m, in the frame of their body. The left arm is mirrored in z."""

MOVED = (
    "side sites of teres major, latissimus 2 and supinator are moved, which gives the lengths of MuJoCo 3 but in some "
    "random poses, where the tendon is shorter: in 4 % of them biceps long, by up to 72 mm, in 3 % latissimus 3 and in "
    "2 % teres major, in less than 1 % seven others"
)
PUBLISHED = (
    "side sites are as published: under the rule of MuJoCo 4 teres major is 15 to 49 mm and latissimus 2 is 13 mm "
    "shorter than in MuJoCo 3 in every pose, supinator up to 33 mm in 12 % of poses; so forces and moment arms differ"
)


def myo_elbow(*, degrees_of_freedom: Literal[1, 2] = 1) -> BodyModel:
    """MyoSuite's elbow: flexion, or flexion and pronation, 6 muscles. Needs myo-sim."""
    if degrees_of_freedom not in (1, 2):
        raise BodyError(f"myo_elbow: degrees_of_freedom = {degrees_of_freedom} must be 1 or 2")
    return _from_file("myo_elbow", f"legacy/elbow/myoelbow_{degrees_of_freedom}dof6muscles.xml")


def myo_finger() -> BodyModel:
    """MyoSuite's finger: 4 joints, 5 muscles. Needs myo-sim."""
    return _from_file("myo_finger", "legacy/finger/myofinger_v0.xml")


def myo_hand() -> BodyModel:
    """MyoSuite's right hand and wrist on a resting body: 23 joints, 39 muscles. Needs myo-sim."""
    return _composed("myo_hand", "myohand_r", {}, "as in MuJoCo 3")


def myo_torso() -> BodyModel:
    """MyoSuite's torso: 18 joints, 15 of them coupled, 210 muscles. Needs myo-sim."""
    return _composed("myo_torso", "myotorso", {}, "as in MuJoCo 3")


def myo_legs() -> BodyModel:
    """MyoSuite's two legs under a free, stiff body, standing: 28 joints, 14 of them coupled, 80 muscles."""
    return _composed("myo_legs", "myolegs", {}, "as in MuJoCo 3 wherever the coupled joints are coupled")


def myo_arm(*, side_sites: SideSites = "moved") -> BodyModel:
    """MyoSuite's right arm with hand on a resting body: 38 joints, 11 of them coupled, 63 muscles.

    side_sites: ``moved`` to where MuJoCo 4 gives the tendon lengths of MuJoCo 3, or as ``published``, with other
    lengths than the muscles were scaled for.
    """
    return _with_arms("myo_arm", "myoarm_r", side_sites, _text(SIDE_SITES))


def myo_body(*, side_sites: SideSites = "moved") -> BodyModel:
    """MyoSuite's whole body, free, standing: 122 joints, 51 of them coupled, 416 muscles.

    side_sites: as in ``myo_arm``.
    """
    left = {f"{name[:-2]}_l": (x, y, -z) for name, (x, y, z) in SIDE_SITES.items()}
    return _with_arms("myo_body", "myofullbody", side_sites, _text(SIDE_SITES | left))


def _with_arms(name: str, model: str, side_sites: str, moved: dict[str, str]) -> BodyModel:
    if side_sites not in ("moved", "published"):
        raise BodyError(f"{name}: side_sites = '{side_sites}' must be moved or published")
    if side_sites == "moved":
        return _composed(name, model, moved, MOVED)
    return _composed(name, model, {}, PUBLISHED)


def _text(sites: dict[str, tuple[float, float, float]]) -> dict[str, str]:
    return {name: " ".join(map(str, position)) for name, position in sites.items()}


def _from_file(name: str, file: str) -> BodyModel:
    path = models_folder() / file
    model = BodyModel.from_file(path)
    return BodyModel(name, model.mjcf, path.parent, facts=_facts(path.stem, "as in MuJoCo 3"), file=path.name)


def _composed(name: str, model: str, side_sites: dict[str, str], paths: str) -> BodyModel:
    folder = models_folder()
    text = ask("myo", name=model, side_sites=side_sites)
    return BodyModel(name, text, folder, facts=_facts(model, paths))


def _facts(model: str, paths: str) -> dict[str, Any]:
    return {"package": f"{PACKAGE} {VERSION}", "package_model": model, "tendon_paths": paths}


def models_folder() -> Path:
    """Where the installed package has its models. Raises BodyError, with the command, where it is not installed."""
    found = importlib.util.find_spec("myo_sim")
    if found is None or found.origin is None:
        raise BodyError(
            f"MyoSuite's bodies are in the package {PACKAGE}, which is not installed; {INSTALL} (--no-deps, because it "
            "asks for MuJoCo below 4; the bodies were compared under MuJoCo 4)"
        )
    version = importlib.metadata.version(PACKAGE)
    if version != VERSION:
        raise BodyError(
            f"{PACKAGE} {version} is installed, and the bodies were compared with {VERSION}; {INSTALL}"
        )
    return Path(found.origin).parent / "models"
