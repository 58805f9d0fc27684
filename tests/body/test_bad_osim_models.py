"""OpenSim models that are wrong, each with the whole message that it must give when the model is described.

A document here differs from a sound one in one place.
"""

from __future__ import annotations

import pytest

from sherrington.body.model import BodyModel
from sherrington.errors import BodyError

OSIM_SOUND = {
    "mass": "1",
    "inertia": "1 1 1 0 0 0",
    "joint": "PinJoint",
    "parent": "/ground",
    "bodies": "",
    "more": "",
    "muscle": "Millard2012EquilibriumMuscle",
    "force": "10",
    "second": '<PathPoint name="p1"><socket_parent_frame>/bodyset/arm</socket_parent_frame></PathPoint>',
}
OSIM = """<OpenSimDocument Version="40600"><Model name="m"><Ground name="ground"/>
<BodySet name="bodyset"><objects>
<Body name="arm"><mass>{mass}</mass><inertia>{inertia}</inertia></Body>{bodies}
</objects></BodySet>
<JointSet name="jointset"><objects>
<{joint} name="elbow"><socket_parent_frame>{parent}</socket_parent_frame>
<socket_child_frame>/bodyset/arm</socket_child_frame>
<coordinates><Coordinate name="flexion"/></coordinates></{joint}>{more}
</objects></JointSet>
<ForceSet name="forceset"><objects>
<{muscle} name="flexor"><path><GeometryPath name="path"><PathPointSet name="pathpointset"><objects>
<PathPoint name="p0"><socket_parent_frame>/ground</socket_parent_frame></PathPoint>
{second}
</objects></PathPointSet></GeometryPath></path><max_isometric_force>{force}</max_isometric_force></{muscle}>
</objects></ForceSet></Model></OpenSimDocument>"""

OSIM_FAULTS: dict[str, tuple[dict[str, str], str]] = {
    "unknown muscle": (
        {"muscle": "Hill1938Muscle"},
        "body model 'm': <Hill1938Muscle> 'flexor' is of an unknown type of muscle; there are: "
        "Millard2012EquilibriumMuscle, DeGrooteFregly2016Muscle, Thelen2003Muscle, RigidTendonMuscle,"
        " Millard2012AccelerationMuscle, Schutte1993Muscle_Deprecated, Delp1990Muscle_Deprecated",
    ),
    "no mass": (
        {"mass": "0"},
        "body model 'm': <Body> 'arm' moves but has mass 0 kg and moments of inertia 1 1 1 kg m^2; "
        "give it both, each above zero",
    ),
    "negative inertia": (
        {"inertia": "1 -1 1 0 0 0"},
        "body model 'm': <Body> 'arm' has mass 1 kg and moments of inertia 1 -1 1 kg m^2; none may be negative",
    ),
    "closed chain": (
        {
            "more": (
                "<PinJoint "
                'name="second"><socket_parent_frame>/ground</socket_parent_frame><socket_child_frame>/bodyset/arm</socket_child_frame><coordinates><Coordinate'
                ' name="c2"/></coordinates></PinJoint>'
            ),
        },
        "body model 'm': body 'arm' is moved by 2 joints (elbow, second): a closed chain; keep one "
        "and close the loop with a WeldConstraint or a PointConstraint",
    ),
    "unknown joint": (
        {"joint": "HingeJoint"},
        "body model 'm': <HingeJoint> 'elbow' is of an unknown type; there are: PinJoint, "
        "SliderJoint, UniversalJoint, BallJoint, GimbalJoint, PlanarJoint, EllipsoidJoint, "
        "ScapulothoracicJoint, FreeJoint, CustomJoint, WeldJoint, StationDefinedFrameJoint",
    ),
    "parent that does not exist": (
        {"parent": "/bodyset/trunk"},
        "body model 'm': PinJoint '/jointset/elbow': <socket_parent_frame> names '/bodyset/trunk', "
        "which does not exist; there are: /ground, /bodyset/arm",
    ),
    "hangs on itself": (
        {"parent": "/bodyset/arm"},
        "body model 'm': joint 'elbow': body 'arm' hangs on itself; one body of the ring must hang on ground",
    ),
    "ground moved": (
        {
            "more": (
                "<PinJoint "
                'name="second"><socket_parent_frame>/bodyset/arm</socket_parent_frame><socket_child_frame>/ground</socket_child_frame><coordinates><Coordinate'
                ' name="c2"/></coordinates></PinJoint>'
            ),
        },
        "body model 'm': joint 'second' moves ground, which cannot move; exchange its parent_frame "
        "and child_frame",
    ),
    "one point": (
        {"second": ""},
        "body model 'm': <Millard2012EquilibriumMuscle> 'flexor' needs at least two points to run "
        "through, and has 1",
    ),
    "no force": (
        {"force": "0"},
        "body model 'm': <Millard2012EquilibriumMuscle> 'flexor' has max_isometric_force 0 N; it must"
        " be positive",
    ),
    "same coordinate twice": (
        {
            "bodies": '<Body name="hand"><mass>1</mass><inertia>1 1 1 0 0 0</inertia></Body>',
            "more": (
                "<PinJoint "
                'name="second"><socket_parent_frame>/bodyset/arm</socket_parent_frame><socket_child_frame>/bodyset/hand</socket_child_frame><coordinates><Coordinate'
                ' name="flexion"/></coordinates></PinJoint>'
            ),
        },
        "body model 'm': 2 elements of kind coordinate have the same name 'flexion'; rename all but one",
    ),
}


def test_the_sound_one_is_taken() -> None:
    assert BodyModel("m", osim=OSIM.format(**OSIM_SOUND)).joints == ("flexion",)
    assert len(OSIM_FAULTS) >= 6


@pytest.mark.parametrize("case", OSIM_FAULTS)
def test_seen_in_an_osim_file(case: str) -> None:
    parts, message = OSIM_FAULTS[case]
    with pytest.raises(BodyError) as error:
        BodyModel("m", osim=OSIM.format(**OSIM_SOUND | parts))
    assert str(error.value) == message
