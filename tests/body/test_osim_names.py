"""Names read from the XML of an OpenSim document, held against OpenSim's own where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from osim_engines import Original
from osim_texts import (
    arm26,
    body,
    coordinate,
    document,
    joint,
    knee,
    linear,
    muscle,
    path_to,
    point,
    spatial_transform,
)

from sherrington.body.model import BodyModel
from sherrington.body.osim_names import osim_names
from sherrington.errors import BodyError


def every_joint() -> str:
    """One joint of each class beside the other, the last body first in the set of joints."""
    kinds = {
        "PinJoint": 1,
        "SliderJoint": 1,
        "UniversalJoint": 2,
        "BallJoint": 3,
        "GimbalJoint": 3,
        "PlanarJoint": 3,
        "WeldJoint": 0,
        "FreeJoint": 6,
    }
    joints = ""
    for kind, count in reversed(kinds.items()):
        listed = "".join(coordinate(f"{kind}_{i}") for i in range(count))
        joints += joint(kind, f"its_{kind}", "ground", f"on_{kind}", listed)
    moves = spatial_transform({"rotation2": ("first", (0.0, 1.0, 0.0), linear(1.0))})
    joints += joint(
        "CustomJoint", "own", "ground", "on_own", coordinate("first") + coordinate("second"), inside=moves
    )
    return document(bodies="".join(map(body, [*(f"on_{k}" for k in kinds), "on_own"])), joints=joints)


def nameless() -> str:
    points = point("a", "ground", (0.0, 0.1, 0.0)) + point("b", "one", (0.0, 0.0, 0.0))
    forces = muscle("", points) + muscle("", points) + muscle("", points, kind="Millard2012EquilibriumMuscle")
    free = "<Coordinate/>" * 6
    return document(
        bodies=body("one"), joints=joint("FreeJoint", "", "ground", "one", free), forces=forces
    ).replace("name=''", "")


@pytest.mark.parametrize(
    "osim", [arm26(), knee(), every_joint(), nameless()], ids=["arm", "knee", "all", "none"]
)
def test_names_and_their_order_are_those_of_opensim(osim: str, tmp_path: Path) -> None:
    original = Original(osim, tmp_path)
    names = osim_names(osim, "model")
    assert names["joint"] == tuple(original.coordinates)
    assert names["muscle"] == tuple(original.muscles)
    assert names["body"] == tuple(original.bodies)


def test_names_without_opensim() -> None:
    names = osim_names(arm26(), "arm")
    assert names["joint"] == ("shoulder_elevation", "elbow_flexion")
    assert names["muscle"] == ("TRIlong", "TRIlat", "TRImed", "BIClong", "BICshort", "BRA")
    assert names["body"] == ("humerus", "forearm")
    assert names["site"] == ("radius_styloid",)
    assert names["motor"] == names["camera"] == ()
    assert len(osim_names(every_joint(), "all")["joint"]) == 21
    assert osim_names(nameless(), "none")["joint"] == ("coordinate", *(f"coordinate_{i}" for i in range(5)))


@pytest.mark.parametrize(
    "kind",
    [
        "Thelen2003Muscle",
        "Millard2012EquilibriumMuscle",
        "Millard2012AccelerationMuscle",
        "DeGrooteFregly2016Muscle",
        "RigidTendonMuscle",
        "Schutte1993Muscle_Deprecated",
    ],
)
def test_every_class_of_muscle_counts(kind: str) -> None:
    assert osim_names(document(forces=muscle("m", "", kind=kind)), "x")["muscle"] == ("m",)


def test_actuators_are_motors_and_springs_are_neither() -> None:
    kinds = (
        "CoordinateActuator",
        "TorqueActuator",
        "PathActuator",
        "ClutchedPathSpring",
        "PathSpring",
        "Ligament",
    )
    osim = document(forces="".join(f"<{kind} name='{kind}'/>" for kind in kinds))
    names = osim_names(osim, "x")
    assert names["motor"] == kinds[:4]
    assert names["muscle"] == ()


def test_a_body_without_a_joint_is_free(tmp_path: Path) -> None:
    osim = document(bodies=body("ball"))
    names = osim_names(osim, "x")["joint"]
    assert names == tuple(f"free_ball_coord_{i}" for i in range(6))
    assert names == tuple(Original(osim, tmp_path).coordinates)


def test_a_body_model_has_these_names() -> None:
    model = BodyModel("arm", osim=arm26())
    assert model.joints == ("shoulder_elevation", "elbow_flexion")
    assert model.sites == ("radius_styloid",)


@pytest.mark.parametrize("version", ["30000", "20303", ""])
def test_an_old_document_is_to_be_saved_again(version: str) -> None:
    with pytest.raises(
        BodyError, match=r"'old' is written in an older format .*open it with OpenSim 4 and save it"
    ):
        osim_names(document(version=version), "old")


def test_joints_inside_bodies_are_the_older_format() -> None:
    inside = document(bodies="<Body name='b'><Joint><PinJoint name='j'/></Joint></Body>")
    with pytest.raises(BodyError, match="joints inside the bodies"):
        osim_names(inside, "old")


def test_text_that_is_no_document() -> None:
    with pytest.raises(BodyError, match="'x' is not XML"):
        osim_names("<OpenSimDocument", "x")
    with pytest.raises(BodyError, match="'x' starts with <mujoco>"):
        osim_names("<mujoco/>", "x")


def test_a_frame_that_does_not_exist_is_named() -> None:
    osim = document(bodies=body("b"), joints=joint("PinJoint", "hinge", "ground", "b", coordinate("q")))
    wrong = osim.replace(f"<socket_parent>{path_to('b')}", "<socket_parent>/bodyset/c")
    with pytest.raises(
        BodyError, match=r"names '/bodyset/c', which does not exist; there are: /ground, /bodyset/b"
    ):
        osim_names(wrong, "x")
