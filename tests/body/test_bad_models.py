"""Models that are wrong, each with the whole message that it must give: what, where, how to mend it.

The first table is found when the model is described, without an engine; the second by MuJoCo when it compiles, or by
a body that steps. A document here differs from a sound one in one place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sherrington.body.engine import BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError, DivergenceError

SOUND = {
    "top": "",
    "world": '<site name="a" pos="0 0 .1"/>',
    "joint": '<joint name="elbow" axis="0 1 0"/>',
    "geom": '<geom size=".01"/>',
    "inside": '<site name="b" pos="0 .01 -.1"/>',
    "path": '<site site="a"/><site site="b"/>',
    "actuator": '<muscle name="flexor" tendon="t" lengthrange=".1 .3"/>',
}
MJCF = """<mujoco>
{top}
<worldbody>
{world}
<body name="arm">
{joint}
{geom}
{inside}
</body>
</worldbody>
<tendon><spatial name="t">{path}</spatial></tendon>
<actuator>
{actuator}
</actuator>
</mujoco>"""

DESCRIBED: dict[str, tuple[dict[str, str], str]] = {
    "missing mesh": (
        {"top": '<asset><mesh name="bone" file="bone.stl"/></asset>'},
        "body model 'm': <mesh> 'bone' (line 2) needs 'bone.stl': no such file in FOLDER; copy it "
        'there, or name its folder in <compiler meshdir="..."> and texturedir',
    ),
    "missing mesh and texture in a folder": (
        {
            "top": (
                '<compiler assetdir="parts"/><asset><mesh file="bone.stl"/><texture name="skin" type="2d" '
                'file="skin.png"/></asset>'
            ),
        },
        "body model 'm': <mesh> (line 2) needs 'bone.stl'; <texture> 'skin' (line 2) needs "
        "'skin.png': no such file in FOLDER/parts; copy it there, or name its folder in <compiler "
        'meshdir="..."> and texturedir',
    ),
    "no mass": (
        {"geom": ""},
        "body model 'm': <body> 'arm' (line 5) moves but has no mass: no <geom> and no <inertial>; "
        "give it one of them",
    ),
    "zero inertia": (
        {"geom": '<inertial pos="0 0 0" mass="1" diaginertia="1 0 1"/>'},
        "body model 'm': <inertial> of <body> 'arm' (line 5) has diaginertia 1 0 1; each number of it"
        " must be positive",
    ),
    "negative mass": (
        {"geom": '<inertial pos="0 0 0" mass="-1" diaginertia="1 1 1"/>'},
        "body model 'm': <inertial> of <body> 'arm' (line 5) has mass -1; each number of it must be positive",
    ),
    "joint in the world": (
        {"world": '<site name="a"/><joint name="stray"/>'},
        "body model 'm': <joint> 'stray' (line 4) stands in the world, which cannot move; put it into"
        " the <body> it moves",
    ),
    "unknown joint type": (
        {"joint": '<joint name="elbow" type="hing"/>'},
        "body model 'm': <joint> 'elbow' (line 6) has the unknown type 'hing'; did you mean 'hinge'? "
        "there are: hinge, slide, ball, free",
    ),
    "loop joint": (
        {"joint": '<joint name="elbow" type="loop"/>'},
        "body model 'm': <joint> 'elbow' (line 6) is a loop joint, which MJCF has not; close the "
        'chain with <equality><connect body1="..." body2="..." anchor="..."/></equality>',
    ),
    "limits exchanged": (
        {"joint": '<joint name="elbow" range="1 -1"/>'},
        "body model 'm': <joint> 'elbow' (line 6) has range 1 -1, lowest last, which MuJoCo takes for"
        " no limit; write the lower one first",
    ),
    "composite": (
        {"inside": '<site name="b"/><composite type="cable"/>'},
        "body model 'm': <composite> (line 8): MuJoCo 4 has no <composite> any more; make the parts "
        "with <replicate> or <flexcomp>",
    ),
    "unknown site": (
        {"path": '<site site="a"/><site site="bb"/>'},
        "body model 'm': <site> (line 11) in <spatial> 't' (line 11) names the site 'bb', which does "
        "not exist; did you mean 'b'? there are: a, b",
    ),
    "one site": (
        {"path": '<site site="a"/>'},
        "body model 'm': <spatial> 't' (line 11) needs at least two sites to run through, and has 1",
    ),
    "path that ends at a geom": (
        {"path": '<site site="a"/><site site="b"/><geom geom="g"/>'},
        "body model 'm': <spatial> 't' (line 11) must begin and end at a <site>, not at a <geom> or "
        "<pulley> (and 1 more: <geom> (line 11) in <spatial> 't' (line 11) names the geom 'g', which "
        "does not exist; there are none)",
    ),
    "unknown tendon": (
        {"actuator": '<muscle name="flexor" tendon="tt" lengthrange=".1 .3"/>'},
        "body model 'm': <muscle> 'flexor' (line 13) names the tendon 'tt', which does not exist; did"
        " you mean 't'? there are: t",
    ),
    "no target": (
        {"actuator": '<muscle name="flexor" lengthrange=".1 .3"/>'},
        "body model 'm': <muscle> 'flexor' (line 13) acts on nothing; name its joint=, tendon=, site="
        " or body=",
    ),
    "two targets": (
        {"actuator": '<muscle name="flexor" tendon="t" joint="elbow" lengthrange=".1 .3"/>'},
        "body model 'm': <muscle> 'flexor' (line 13) acts on joint and on tendon; one actuator acts "
        "on one thing",
    ),
    "unknown dyntype": (
        {"actuator": '<general name="flexor" tendon="t" dyntype="muscel"/>'},
        "body model 'm': <general> 'flexor' (line 13) has the unknown dyntype 'muscel'; did you mean "
        "'muscle'? there are: none, integrator, filter, filterexact, pid, dcmotor, muscle, user",
    ),
    "unknown actuator": (
        {"actuator": '<mucle name="flexor" tendon="t"/>'},
        "body model 'm': <mucle> 'flexor' (line 13) is an unknown kind of actuator; did you mean "
        "'muscle'? there are: adhesion, cylinder, damper, dcmotor, general, intvelocity, motor, "
        "muscle, orientation, pid, plugin, position, ...",
    ),
    "lengths exchanged": (
        {"actuator": '<muscle name="flexor" tendon="t" lengthrange=".3 .1"/>'},
        "body model 'm': <muscle> 'flexor' (line 13) has lengthrange 0.3 0.1; give the shortest and "
        "the longest length of the muscle, in m, shortest first",
    ),
    "same name twice": (
        {"inside": '<site name="a"/><site name="b"/>'},
        "body model 'm': 2 elements of kind site have the same name: <site> 'a' (line 4), <site> 'a' "
        "(line 8); rename all but one",
    ),
}

COMPILED: dict[str, tuple[dict[str, str], str]] = {
    "unknown mesh": (
        {"geom": '<geom name="bone" type="mesh" mesh="bon"/>'},
        "MuJoCo cannot compile body model 'm': mesh 'bon' not found in geom 0 (element 'bone', line 7)",
    ),
    "massless geom": (
        {"geom": '<geom size=".01" mass="0"/>'},
        "MuJoCo cannot compile body model 'm': mass and inertia of moving bodies must be larger than "
        "mjMINVAL (element 'arm', line 5); give that body a <geom> with a volume or an <inertial>, "
        "each above zero",
    ),
    "impossible inertia": (
        {"geom": '<inertial pos="0 0 0" mass="1" diaginertia="1 1 5"/>'},
        "MuJoCo cannot compile body model 'm': inertia must satisfy A + B >= C; use 'balanceinertia' "
        "to fix (element 'arm', line 5); correct its inertia, or set <compiler "
        'balanceinertia="true"/>',
    ),
    "no length range": (
        {
            "actuator": '<muscle name="flexor" tendon="t"/>',
            "joint": '<joint name="elbow" type="slide" axis="0 0 1"/>',
        },
        "MuJoCo cannot compile body model 'm': Lengthrange computation did not converge in actuator 0"
        " ('flexor'): eval (141.008, 181.203) range (0.010274, 181.203); give the muscle "
        'lengthrange="shortest longest" in m, of its tendon over the joints\' ranges',
    ),
    "unknown attribute": (
        {"geom": '<geom size=".01" maas="1"/>'},
        "MuJoCo cannot compile body model 'm': Schema violation: unrecognized attribute: 'maas' "
        "(<geom>, line 7); did you mean 'mass'?",
    ),
    "unknown element": (
        {"inside": '<site name="b"/><sight name="c"/>'},
        "MuJoCo cannot compile body model 'm': Schema violation: unrecognized element (<sight>, line "
        "8); did you mean 'light'?",
    ),
    "no number": (
        {"geom": '<geom size="thick"/>'},
        "MuJoCo cannot compile body model 'm': bad format in attribute 'size' (<geom>, line 7)",
    ),
    "unknown class": (
        {"geom": '<geom size=".01" class="bone"/>'},
        "MuJoCo cannot compile body model 'm': unknown default class name 'bone' (<geom>, line 7); "
        "write the <default> of that name, or correct the class",
    ),
    "keyframe of another model": (
        {"top": '<keyframe><key name="home" qpos="0 1"/></keyframe>'},
        "MuJoCo cannot compile body model 'm': keyframe 'home': invalid qpos size, expected 1, got 2 "
        "(element 'home'); give as many numbers as the model has, free joints counting seven",
    ),
    "unknown joint in a coupling": (
        {"top": '<equality><joint name="couple" joint1="elbow" joint2="wrist"/></equality>'},
        "MuJoCo cannot compile body model 'm': unknown element 'wrist' in equality constraint 0 "
        "(element 'couple', line 2)",
    ),
}


def test_the_sound_ones_are_taken() -> None:
    model = BodyModel("m", MJCF.format(**SOUND))
    MujocoBody().prepare(model, BodyOptions())
    assert model.muscles == ("flexor",)


def test_there_are_many() -> None:
    assert len(DESCRIBED) + len(COMPILED) >= 15


@pytest.mark.parametrize("case", DESCRIBED)
def test_seen_when_described(case: str, tmp_path: Path) -> None:
    parts, message = DESCRIBED[case]
    with pytest.raises(BodyError) as error:
        BodyModel("m", MJCF.format(**SOUND | parts), folder=tmp_path)
    assert str(error.value).replace(str(tmp_path), "FOLDER") == message


@pytest.mark.parametrize("case", COMPILED)
def test_seen_when_compiled(case: str) -> None:
    parts, message = COMPILED[case]
    model = BodyModel("m", MJCF.format(**SOUND | parts))
    with pytest.raises(BodyError) as error:
        MujocoBody().prepare(model, BodyOptions())
    assert str(error.value) == message


def test_all_faults_at_once() -> None:
    parts = {"joint": '<joint name="elbow" type="hing"/>', "path": '<site site="a"/>'}
    with pytest.raises(BodyError, match=r"unknown type 'hing'.* \(and 1 more: <spatial> 't' .* and has 1\)"):
        BodyModel("m", MJCF.format(**SOUND | parts))


def test_a_fault_in_an_included_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "arm.xml").write_text(
        '<mujocoinclude>\n<body name="arm"><joint type="hing"/><geom size="1"/></body></mujocoinclude>',
        encoding="utf-8",
    )
    with pytest.raises(BodyError, match=r"<joint> \(line 2 of arm\.xml\) has the unknown type 'hing'"):
        BodyModel("m", '<mujoco><worldbody><include file="arm.xml"/></worldbody></mujoco>', folder=tmp_path)


def test_nothing_to_drive_or_read() -> None:
    with pytest.raises(BodyError, match="nothing in it can be driven or read: it has no joint, actuator"):
        BodyModel("m", '<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')


def test_not_a_number_at_the_first_step_names_the_joint() -> None:
    parts = {"joint": '<joint name="elbow" axis="0 1 0" stiffness="1e300" springref="1e10"/>'}
    body = MujocoBody()
    body.prepare(BodyModel("m", MJCF.format(**SOUND | parts)), BodyOptions(timestep_ms=1.0))
    with pytest.raises(DivergenceError) as error:
        body.advance(5_000_000)
    assert str(error.value).startswith("body 'm' diverged at 1 ms: joint 'elbow' of body 'arm' has position ")
    assert "this is the first step, so the model is at fault: look at the stiffness" in str(error.value)
