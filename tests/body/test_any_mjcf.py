"""Any MJCF file: the names read from its text are those that MuJoCo gives its elements, and it runs.

``labels`` refuses to prepare a body whose names differ, so that each case below that can be prepared has passed.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.mujoco import MujocoBody
from sherrington.body.mujoco_model import labels
from sherrington.errors import BodyError

LIMB = '<joint name="{0}" axis="0 1 0"/><geom size=".05"/><site name="{0}_tip" pos="0 0 -.1"/>'
SITES = '<site name="o" pos="0 0 .1"/>'
TENDON = '<tendon><spatial name="t"><site site="o"/><site site="j_tip"/></spatial></tendon>'
GEOM = '<geom size="1"/>'
BALL = f'<body><joint type="ball"/>{GEOM}</body>'


def document(inside: str, *, top: str = "", end: str = "") -> str:
    return f"<mujoco>{top}<worldbody>{SITES}{inside}</worldbody>{end}</mujoco>"


def limb(name: str = "j", more: str = "") -> str:
    return f'<body name="{name}_body">{LIMB.format(name)}{more}</body>'


CASES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "nameless": (
        document(f'<body><joint/>{GEOM}<body><joint type="ball"/><joint type="slide"/>{GEOM}</body></body>'),
        {"joints": ("joint0", "joint1"), "bodies": ("body0", "body1"), "sites": ("o",)},
    ),
    "a body's own elements come before its children's": (
        document(
            f'<body name="a"><body name="b">{LIMB.format("jb")}</body>{LIMB.format("ja")}</body>{limb("jc")}'
        ),
        {"joints": ("ja", "jb", "jc"), "bodies": ("a", "b", "jc_body")},
    ),
    "free and ball joints": (
        document(f'<body name="a"><freejoint name="root"/>{GEOM}{limb("j", BALL)}</body>'),
        {"joints": ("j",), "bodies": ("a", "j_body", "body2")},
    ),
    "joint types from classes": (
        document(
            f'<body childclass="round"><joint/>{GEOM}<body><joint class="straight" name="s"/>{GEOM}</body></body>'
            + limb(),
            top='<default><default class="round"><joint type="ball"/><default class="straight">'
            '<joint type="slide"/></default></default></default>',
        ),
        {"joints": ("s", "j")},
    ),
    "muscles by class": (
        document(
            limb(),
            top='<default><default class="m"><muscle ctrlrange="0 1"/></default>'
            '<default class="g"><general dyntype="muscle"/></default></default>',
            end=f'{TENDON}<actuator><general name="a" class="m" tendon="t" lengthrange=".1 .3"/>'
            '<motor name="b" class="g" joint="j"/><position name="d" joint="j"/>'
            '<general name="c" class="g" tendon="t" lengthrange=".1 .3"/></actuator>',
        ),
        {"muscles": ("a", "c"), "motors": ("b", "d")},
    ),
    "muscle on a joint, servo, damper": (
        document(
            limb(),
            end='<actuator><muscle joint="j" lengthrange="-1 1"/><position joint="j" kp="1"/>'
            '<damper joint="j" kv="1" ctrlrange="0 1"/></actuator>',
        ),
        {"muscles": ("muscle0",), "motors": ("motor0", "motor1")},
    ),
    "replicate": (
        document(f'<replicate count="3" offset="1 0 0" sep="-">{limb("leg")}</replicate>{limb()}'),
        {
            "joints": ("leg-0", "leg-1", "leg-2", "j"),
            "bodies": ("leg_body-0", "leg_body-1", "leg_body-2", "j_body"),
        },
    ),
    "a cloth": (
        document(
            f'<flexcomp name="cloth" type="grid" count="2 2 1" spacing=".1 .1 .1" dim="2" mass="1">'
            f'<edge equality="true"/></flexcomp>{limb()}'
        ),
        {"joints": (*(f"joint{i}" for i in range(12)), "j")},
    ),
    "static bodies fused": (
        document(f'<body name="gone">{GEOM}</body>{limb()}', top='<compiler fusestatic="true"/>'),
        {"bodies": ("j_body",)},
    ),
    "two worlds and frames": (
        f'<mujoco><worldbody><frame pos="0 0 1">{limb("a")}</frame></worldbody>'
        f"<worldbody>{SITES}{limb('b')}</worldbody></mujoco>",
        {"joints": ("a", "b"), "sites": ("o", "a_tip", "b_tip")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_names_are_those_of_mujoco(case: str) -> None:
    text, expected = CASES[case]
    model = BodyModel("odd", text)
    for kind, names in expected.items():
        assert getattr(model, kind) == names
    body = MujocoBody()
    body.prepare(model, BodyOptions())
    body.advance(2_000_000)
    assert np.isfinite(body.read("joint_angle")).all()


def test_names_that_differ_are_refused() -> None:
    """Cannot happen with a document that we know of, so it is brought about."""
    body = MujocoBody()
    body.prepare(BodyModel("odd", document(limb())), BodyOptions())
    with pytest.raises(
        BodyError, match=r"MuJoCo makes 1 elements of kind joint .* names 2; they differ in k; write"
    ):
        labels(body._model, mujoco.mjtObj.mjOBJ_JOINT, np.array([0]), ("j", "k"), "joint")


# --- folders ----------------------------------------------------------------------------------------------


def mesh(path: Path) -> None:
    """A tetrahedron, as binary STL."""
    corners = [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)]
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    packed = [struct.pack("<12fH", 0, 0, 0, *corners[a], *corners[b], *corners[c], 0) for a, b, c in faces]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + b"".join(packed))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_includes_in_folders_and_meshes_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An include is found beside the document, or else beside the file that names it, from wherever it is run."""
    mesh(tmp_path / "model" / "parts" / "bone.stl")
    write(
        tmp_path / "model" / "assets" / "all.xml",
        '<mujocoinclude><asset><mesh name="bone" file="bone.stl"/></asset></mujocoinclude>',
    )
    write(
        tmp_path / "model" / "assets" / "arm.xml",
        '<mujocoinclude><include file="deep/hand.xml"/></mujocoinclude>',
    )
    write(
        tmp_path / "model" / "assets" / "deep" / "hand.xml",
        '<mujocoinclude><body name="hand"><joint name="wrist"/><geom type="mesh" mesh="bone"/></body></mujocoinclude>',
    )
    write(
        tmp_path / "model" / "limb.xml",
        '<mujoco><compiler meshdir="parts"/><include file="assets/all.xml"/>'
        '<worldbody><include file="assets/arm.xml"/></worldbody></mujoco>',
    )
    monkeypatch.chdir(tmp_path)
    model = BodyModel.from_file(tmp_path / "model" / "limb.xml")
    assert model.joints == ("wrist",)
    assert set(model.included) == {"assets/all.xml", "assets/arm.xml", "assets/deep/hand.xml"}
    MujocoBody().prepare(model, BodyOptions())
    with pytest.raises(BodyError, match=r"arm\.xml is included twice"):
        BodyModel(
            "twice",
            '<mujoco><include file="assets/arm.xml"/><include file="assets/arm.xml"/></mujoco>',
            tmp_path / "model",
        )


def test_attached_models_with_files_of_their_own(tmp_path: Path) -> None:
    mesh(tmp_path / "arm" / "meshes" / "bone.stl")
    write(
        tmp_path / "arm" / "arm.xml",
        '<mujoco><compiler meshdir="meshes"/><asset><mesh name="bone" file="bone.stl"/></asset><worldbody>'
        '<body name="arm"><joint name="elbow"/><geom type="mesh" mesh="bone"/></body></worldbody>'
        '<actuator><motor name="drive" joint="elbow"/></actuator></mujoco>',
    )
    write(
        tmp_path / "two.xml",
        '<mujoco><asset><model name="arm" file="arm/arm.xml"/></asset><worldbody><body name="trunk"><geom size="1"/>'
        '<attach model="arm" body="arm" prefix="L_"/>'
        '<attach model="arm" body="arm" prefix="R_"/></body></worldbody></mujoco>',
    )
    model = BodyModel.from_file(tmp_path / "two.xml")
    assert model.joints == ("L_elbow", "R_elbow")
    assert model.motors == ("L_drive", "R_drive")
    MujocoBody().prepare(model, BodyOptions())


def test_what_mujoco_says_of_a_made_part_comes_when_it_is_described() -> None:
    made = f'<replicate count="2" offset="1 0 0">{limb("leg")}</replicate>'
    text = document(made, end='<actuator><motor name="m" joint="knee"/></actuator>')
    with pytest.raises(
        BodyError, match=r"MuJoCo cannot compile body model 'odd': unknown transmission target 'knee'"
    ):
        BodyModel("odd", text)


def test_describing_imports_no_engine() -> None:
    text = document(f'<replicate count="2" offset="1 0 0">{limb("leg")}</replicate>')
    program = f"""
import sys
from sherrington.body.model import BodyModel
print(BodyModel("m", {text!r}).joints, "mujoco" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "('leg0', 'leg1') False"


# --- keyframes --------------------------------------------------------------------------------------------


def test_a_body_starts_at_its_keyframe_home() -> None:
    text = document(
        limb("a") + limb("b"),
        end='<keyframe><key name="rest" qpos="1 1"/><key name="home" qpos=".3 .4"/></keyframe>',
    )
    body = MujocoBody()
    body.prepare(BodyModel("odd", text), BodyOptions(initial={"b": -0.2}))
    assert body.read("joint_angle").tolist() == [0.3, -0.2]
    body.advance(5_000_000)
    body.reset()
    assert body.read("joint_angle").tolist() == [0.3, -0.2]
