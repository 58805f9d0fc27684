"""OpenSim documents as text, for tests: short ways to write each element, and a model with published numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def numbers(values: Iterable[float]) -> str:
    return " ".join(f"{x:.15g}" for x in values)


def document(
    *,
    bodies: str = "",
    joints: str = "",
    forces: str = "",
    constraints: str = "",
    markers: str = "",
    rest: str = "",
    ground: str = "",
    version: str = "40600",
) -> str:
    sets = {
        "BodySet": bodies,
        "JointSet": joints,
        "ConstraintSet": constraints,
        "ForceSet": forces,
        "MarkerSet": markers,
    }
    listed = "".join(f"<{k} name='{k.lower()}'><objects>{v}</objects></{k}>" for k, v in sets.items() if v)
    return (
        f"<OpenSimDocument Version='{version}'><Model name='model'><Ground name='ground'>{ground}</Ground>"
        f"<gravity>0 -9.80665 0</gravity>{rest}{listed}</Model></OpenSimDocument>"
    )


def body(
    name: str,
    mass: float = 1.0,
    centre: Sequence[float] = (0.0, -0.1, 0.0),
    inertia: Sequence[float] = (0.01, 0.002, 0.01, 0.0, 0.0, 0.0),
    inside: str = "",
) -> str:
    return (
        f"<Body name='{name}'>{inside}<mass>{mass!r}</mass><mass_center>{numbers(centre)}</mass_center>"
        f"<inertia>{numbers(inertia)}</inertia></Body>"
    )


def coordinate(name: str, low: float = -1.0, high: float = 1.0, default: float = 0.0, more: str = "") -> str:
    return (
        f"<Coordinate name='{name}'><default_value>{default!r}</default_value>"
        f"<range>{numbers((low, high))}</range>{more}</Coordinate>"
    )


def path_to(body: str) -> str:
    return "/ground" if body == "ground" else f"/bodyset/{body}"


def joint(
    kind: str,
    name: str,
    parent: str,
    child: str,
    coordinates: str = "",
    *,
    outer: Sequence[float] = (0.0,) * 6,
    inner: Sequence[float] = (0.0,) * 6,
    inside: str = "",
) -> str:
    """outer, inner: translation and orientation of the joint's frames in the parent and in the child."""
    frames = "".join(
        f"<PhysicalOffsetFrame name='{label}'><socket_parent>{path_to(owner)}</socket_parent>"
        f"<translation>{numbers(place[:3])}</translation><orientation>{numbers(place[3:])}</orientation>"
        "</PhysicalOffsetFrame>"
        for label, owner, place in (("outer", parent, outer), ("inner", child, inner))
    )
    listed = f"<coordinates>{coordinates}</coordinates>" if coordinates else ""
    return (
        f"<{kind} name='{name}'><socket_parent_frame>outer</socket_parent_frame>"
        f"<socket_child_frame>inner</socket_child_frame>{listed}<frames>{frames}</frames>{inside}</{kind}>"
    )


def linear(slope: float, intercept: float = 0.0) -> str:
    both = numbers((slope, intercept))
    return f"<LinearFunction name='function'><coefficients>{both}</coefficients></LinearFunction>"


def constant(value: float) -> str:
    return f"<Constant name='function'><value>{value!r}</value></Constant>"


def spline(x: Sequence[float], y: Sequence[float], kind: str = "SimmSpline", more: str = "") -> str:
    return f"<{kind} name='function'>{more}<x>{numbers(x)}</x><y>{numbers(y)}</y></{kind}>"


Axis = tuple[str, Sequence[float], str]
"""Coordinate or empty, direction, function."""


def spatial_transform(axes: dict[str, Axis]) -> str:
    """axes: by ``rotation1`` to ``translation3``; those left out stay at zero, about x, y or z."""
    unit = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    names = [f"{kind}{i}" for kind in ("rotation", "translation") for i in (1, 2, 3)]
    listed = ""
    for index, name in enumerate(names):
        used, direction, function = axes.get(name, ("", unit[index % 3], constant(0.0)))
        listed += (
            f"<TransformAxis name='{name}'><coordinates>{used}</coordinates><axis>{numbers(direction)}</axis>"
            f"{function}</TransformAxis>"
        )
    return f"<SpatialTransform>{listed}</SpatialTransform>"


def surface(
    kind: str,
    name: str,
    size: str,
    place: Sequence[float] = (0.0,) * 6,
    quadrant: str = "all",
    more: str = "",
) -> str:
    """place: rotation, then translation. size: its own properties, such as ``<radius>``."""
    return (
        f"<{kind} name='{name}'><xyz_body_rotation>{numbers(place[:3])}</xyz_body_rotation>"
        f"<translation>{numbers(place[3:])}</translation><quadrant>{quadrant}</quadrant>{more}{size}</{kind}>"
    )


def surfaces(inside: str) -> str:
    return f"<WrapObjectSet name='wrapobjectset'><objects>{inside}</objects></WrapObjectSet>"


def point(name: str, body: str, place: Sequence[float], kind: str = "PathPoint", more: str = "") -> str:
    return (
        f"<{kind} name='{name}'><socket_parent_frame>{path_to(body)}</socket_parent_frame>"
        f"<location>{numbers(place)}</location>{more}</{kind}>"
    )


def muscle(
    name: str,
    points: str,
    wraps: Iterable[str] = (),
    *,
    kind: str = "Thelen2003Muscle",
    force: float = 100.0,
    optimal: float = 0.1,
    slack: float = 0.1,
    pennation: float = 0.0,
    more: str = "",
) -> str:
    wrapping = "".join(
        f"<PathWrap name='wrap_{w}'><wrap_object>{w}</wrap_object><range>-1 -1</range></PathWrap>"
        for w in wraps
    )
    return (
        f"<{kind} name='{name}'><GeometryPath name='path'><PathPointSet><objects>{points}</objects></PathPointSet>"
        f"<PathWrapSet><objects>{wrapping}</objects></PathWrapSet></GeometryPath>"
        f"<max_isometric_force>{force!r}</max_isometric_force><optimal_fiber_length>{optimal!r}</optimal_fiber_length>"
        f"<tendon_slack_length>{slack!r}</tendon_slack_length>"
        f"<pennation_angle_at_optimal>{pennation!r}</pennation_angle_at_optimal>{more}</{kind}>"
    )


# --- an arm with published numbers ------------------------------------------------------------------------------

ARM26_MUSCLES: dict[
    str, tuple[tuple[float, float, float, float], tuple[tuple[str, float, float, float], ...]]
] = {
    "TRIlong": (
        (798.52, 0.134, 0.143, 0.20943951),
        (
            ("ground", -0.05365, -0.01373, 0.14723),
            ("humerus", -0.02714, -0.11441, -0.00664),
            ("humerus", -0.03184, -0.22637, -0.01217),
            ("humerus", -0.01743, -0.26757, -0.01208),
            ("forearm", -0.0219, 0.01046, -0.00078),
        ),
    ),
    "TRIlat": (
        (624.3, 0.1138, 0.098, 0.15707963),
        (
            ("humerus", -0.00599, -0.12646, 0.00428),
            ("humerus", -0.02344, -0.14528, 0.00928),
            ("humerus", -0.03184, -0.22637, -0.01217),
            ("humerus", -0.01743, -0.26757, -0.01208),
            ("forearm", -0.0219, 0.01046, -0.00078),
        ),
    ),
    "TRImed": (
        (624.3, 0.1138, 0.0908, 0.15707963),
        (
            ("humerus", -0.00838, -0.13695, -0.00906),
            ("humerus", -0.02601, -0.15139, -0.0108),
            ("humerus", -0.03184, -0.22637, -0.01217),
            ("humerus", -0.01743, -0.26757, -0.01208),
            ("forearm", -0.0219, 0.01046, -0.00078),
        ),
    ),
    "BIClong": (
        (624.3, 0.1157, 0.2723, 0.0),
        (
            ("ground", -0.039235, 0.00347, 0.14795),
            ("ground", -0.028945, 0.01391, 0.15639),
            ("humerus", 0.02131, 0.01793, 0.01028),
            ("humerus", 0.02378, -0.00511, 0.01201),
            ("humerus", 0.01345, -0.02827, 0.00136),
            ("humerus", 0.01068, -0.07736, -0.00165),
            ("humerus", 0.01703, -0.12125, 0.00024),
            ("humerus", 0.0228, -0.1754, -0.0063),
            ("forearm", 0.00751, -0.04839, 0.02179),
        ),
    ),
    "BICshort": (
        (435.56, 0.1321, 0.1923, 0.0),
        (
            ("ground", 0.004675, -0.01231, 0.13475),
            ("ground", -0.007075, -0.04004, 0.14507),
            ("humerus", 0.01117, -0.07576, -0.01101),
            ("humerus", 0.01703, -0.12125, -0.01079),
            ("humerus", 0.0228, -0.1754, -0.0063),
            ("forearm", 0.00751, -0.04839, 0.02179),
        ),
    ),
    "BRA": (
        (987.26, 0.0858, 0.0535, 0.0),
        (("humerus", 0.0068, -0.1739, -0.0036), ("forearm", -0.0032, -0.0239, 0.0009)),
    ),
}
"""Peak force N, optimal fibre length m, tendon slack length m, pennation rad; then the path, m. Numbers of arm26
(the OpenSim team, CC BY 3.0), from Holzbaur, Murray & Delp 2005, Ann Biomed Eng 33:829-840, doi
10.1007/s10439-005-3320-7; ground lies 1 m higher here."""


def arm26(*, kind: str = "Thelen2003Muscle", head: bool = False) -> str:
    """Two joints, six muscles, an elbow cylinder round which triceps and brachialis pass. head: also the ellipsoid of
    the humeral head, under the long head of biceps."""
    elbow = surface(
        "WrapCylinder",
        "TRI",
        "<radius>0.016</radius><length>0.05</length>",
        (-0.14015, -0.00628319, 0.154985, 0.0028, -0.2919, -0.0069),
    )
    ball = surface(
        "WrapEllipsoid",
        "BIClonghh",
        "<dimensions>0.025 0.02 0.02</dimensions>",
        (-2.00434, -1.00164, 0.975465, 0.0033, 0.0073, 0.0003),
    )
    bodies = body(
        "humerus",
        1.864572,
        (0.0, -0.180496, 0.0),
        (0.01481, 0.004551, 0.013193, 0.0, 0.0, 0.0),
        surfaces(elbow + ball * head),
    ) + body("forearm", 1.534315, (0.0, -0.181479, 0.0), (0.019281, 0.001571, 0.020062, 0.0, 0.0, 0.0))
    shoulder = spatial_transform(
        {"rotation1": ("shoulder_elevation", (-0.05889802, 0.0023, 0.99826136), linear(1.0))}
    )
    elbow_turn = spatial_transform(
        {"rotation1": ("elbow_flexion", (0.04940001, 0.03660001, 0.99810825), linear(1.0))}
    )
    joints = joint(
        "CustomJoint",
        "shoulder",
        "ground",
        "humerus",
        coordinate("shoulder_elevation", -1.57079633, 3.14159265),
        outer=(-0.017545, -0.007, 0.17, 0.0, 0.0, 0.0),
        inside=shoulder,
    ) + joint(
        "CustomJoint",
        "elbow",
        "humerus",
        "forearm",
        coordinate("elbow_flexion", 0.0, 2.26892803),
        outer=(0.0061, -0.2904, -0.0123, 0.0, 0.0, 0.0),
        inside=elbow_turn,
    )
    round_elbow = {"TRIlong", "TRIlat", "TRImed", "BRA"}
    forces = ""
    for name, ((force, optimal, slack, pennation), places) in ARM26_MUSCLES.items():
        points = "".join(point(f"{name}-P{i}", b, xyz) for i, (b, *xyz) in enumerate(places, 1))
        wraps = ["TRI"] * (name in round_elbow) + ["BIClonghh"] * (head and name == "BIClong")
        forces += muscle(
            name, points, wraps, kind=kind, force=force, optimal=optimal, slack=slack, pennation=pennation
        )
    styloid = (
        "<Marker name='radius_styloid'><socket_parent_frame>/bodyset/forearm</socket_parent_frame>"
        "<location>-0.0011 -0.23559 0.0943</location></Marker>"
    )
    return document(bodies=bodies, joints=joints, forces=forces, markers=styloid)


def knee() -> str:
    """A knee whose shank slides as it turns, and a patella that follows it through a coupler. The tables are those
    of gait2354 (the OpenSim team, CC BY 3.0), from Yamaguchi & Zajac 1989, J Biomech 22:1; the patella's are ours."""
    slide_x = spline(
        (
            -2.0944,
            -1.74533,
            -1.39626,
            -1.0472,
            -0.698132,
            -0.349066,
            -0.174533,
            0.197344,
            0.337395,
            0.490178,
            1.52146,
            2.0944,
        ),
        (
            -0.0032,
            0.00179,
            0.00411,
            0.0041,
            0.00212,
            -0.001,
            -0.0031,
            -0.005227,
            -0.005435,
            -0.005574,
            -0.005435,
            -0.00525,
        ),
    )
    slide_y = spline(
        (-2.0944, -1.22173, -0.523599, -0.349066, -0.174533, 0.159149, 2.0944),
        (-0.4226, -0.4082, -0.399, -0.3976, -0.3966, -0.395264, -0.396),
    )
    shank = spatial_transform(
        {
            "rotation3": ("knee_angle", (0.0, 0.0, 1.0), linear(1.0)),
            "translation1": ("knee_angle", (1.0, 0.0, 0.0), slide_x),
            "translation2": ("knee_angle", (0.0, 1.0, 0.0), slide_y),
        }
    )
    turn = spline((-2.0, -1.0, 0.0, 0.5), (1.1, 0.6, 0.05, 0.0))
    forward = spline((-2.0, -1.0, 0.0, 0.5), (0.01, 0.03, 0.05, 0.05), "PiecewiseLinearFunction")
    patella = spatial_transform(
        {
            "rotation3": ("patella_angle", (0.0, 0.0, 1.0), turn),
            "translation1": ("patella_angle", (1.0, 0.0, 0.0), forward),
            "translation2": ("", (0.0, 1.0, 0.0), constant(-0.4)),
        }
    )
    joints = (
        joint("PinJoint", "hip", "ground", "femur", coordinate("hip_angle"))
        + joint(
            "CustomJoint", "knee", "femur", "tibia", coordinate("knee_angle", -2.0, 0.2, -0.3), inside=shank
        )
        + joint(
            "CustomJoint",
            "kneecap",
            "femur",
            "patella",
            coordinate("patella_angle", -2.0, 0.2),
            inside=patella,
        )
    )
    coupler = (
        "<CoordinateCouplerConstraint name='kneecap_follows'><coupled_coordinates_function>"
        f"{linear(1.0)}</coupled_coordinates_function>"
        "<independent_coordinate_names>knee_angle</independent_coordinate_names>"
        "<dependent_coordinate_name>patella_angle</dependent_coordinate_name></CoordinateCouplerConstraint>"
    )
    points = (
        point("p1", "femur", (0.03, -0.1, 0.0))
        + point("p2", "patella", (0.02, 0.03, 0.0))
        + point("p3", "tibia", (0.04, -0.05, 0.0))
    )
    return document(
        bodies=body("femur") + body("tibia") + body("patella", 0.05, (0.0,) * 3, (1e-5,) * 3 + (0.0,) * 3),
        joints=joints,
        constraints=coupler,
        forces=muscle("quadriceps", points, kind="Millard2012EquilibriumMuscle"),
    )
