"""What each muscle of the forelimb can do: which published number is used, and where and why we depart from it.

Sources, as in ``docs/science/mouse_forelimb.md``: Gilmer et al. 2025 (doi 10.1152/jn.00499.2024) for everything
per muscle; Mathewson et al. 2012 (doi 10.1111/j.1469-7580.2012.01559.x) for the ratio of extensors to flexors;
De Groote et al. 2016 (doi 10.1007/s10439-016-1591-9) for the force-length curve of the published muscle model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from . import mouse_forelimb_geometry as geometry
from . import mouse_forelimb_skeleton as skeleton
from .mouse_forelimb_skeleton import Floats

NAMES = {
    "Pectoralis_Clavicle_Head": "pectoralis_clavicular",
    "Biceps_Short_Head": "biceps_short",
    "Biceps_Long_Head": "biceps_long",
    "Deltoid_Medial": "deltoid_medial",
    "Triceps_Lat_Head": "triceps_lateral",
    "Triceps_Long_Head": "triceps_long",
    "Brachialis_Proximal_Head": "brachialis_proximal",
    "Brachialis_Distal_Head": "brachialis_distal",
    "Anconeus": "anconeus",
    "Deltoid_Posterior": "deltoid_posterior",
    "Anconeus_Short_Head": "anconeus_short",
    "Subscapularis_SuperiorHead": "subscapularis",
    "Infraspinatus": "infraspinatus",
    "PronatorTeres": "pronator_teres",
    "FlexorCarpiRadialis": "flexor_carpi_radialis",
    "Triceps_Medial_Head": "triceps_medial",
    "Latissimus_Dorsi_Rostral": "latissimus_rostral",
    "Latissimus_Dorsi_Caudal": "latissimus_caudal",
    "Pectoralis_Major_Anterior": "pectoralis_anterior",
    "Pectoralis_Major_Posterior": "pectoralis_posterior",
}
"""Published name to ours, in the published order, which is the order of ``BodyModel.muscles``."""

RANGE_RAD = np.array([[0.3, 2.2], [-1.0, 1.3], [-0.9, 0.5], [-1.15, 1.0]])
"""Limits of the joints, shape (4, 2), ordered as ``JOINTS``; inside the published ones (-0.5 to 2.75, -1.46 to 2.2,
-1.0 to 0.5, -1.25 to 1.0). At the published extremes taken together the pectorals shorten to 0.28 of their optimal
fibre length, where they have no force, and triceps medial bends the elbow. Inside ours every muscle of the elbow
keeps its action and every fibre stays between 0.34 and 1.27 of its optimum."""

FORCE_LENGTH_LOW, FORCE_LENGTH_HIGH = 0.33, 1.71
"""Ends of MuJoCo's active force-length curve, optimal lengths: least squares to the curve of De Groote et al. 2016
(the muscle model of the source) between 0.4 and 1.6; largest difference 0.09 of the peak. MuJoCo's own 0.5 and 1.6
would take 70 % of the force of deltoid medial, which works at 0.63."""

MATHEWSON_EXTENSOR_TO_FLEXOR = 2.7
PUBLISHED_TENSION_N_PER_CM2 = 22.5
"""The specific tension with which we read published forces as areas: Powell et al. 1984, J Appl Physiol 57:1715
(guinea pig hindlimb; measured against predicted force r = 0.99). Gilmer et al. do not print areas."""

ELBOW_EXTENSORS = (
    "Triceps_Lat_Head",
    "Triceps_Long_Head",
    "Triceps_Medial_Head",
    "Anconeus",
    "Anconeus_Short_Head",
)
ELBOW_FLEXORS = (
    "Biceps_Long_Head",
    "Brachialis_Proximal_Head",
    "Brachialis_Distal_Head",
    "Biceps_Short_Head",
    "PronatorTeres",
    "FlexorCarpiRadialis",
)
DOUBTFUL_FLEXORS = ("Biceps_Short_Head", "PronatorTeres", "FlexorCarpiRadialis")
"""0.0178 N on a path that could not be right, and twice exactly 0.02 N, the value of the four placeholders."""


@dataclass(frozen=True)
class Muscle:
    """One muscle at scale 1. pcsa_cm2: physiological cross-section. pennation_rad: at the optimal length.
    shortest_m, longest_m: musculotendon lengths over the range of motion."""

    name: str
    published_name: str
    pcsa_cm2: float
    pennation_rad: float
    optimal_length_m: float
    slack_length_m: float
    max_velocity_l0_per_s: float
    shortest_m: float
    longest_m: float


@cache
def muscles() -> tuple[Muscle, ...]:
    """The 20 muscles, in the published order."""
    entries = {m["name"]: m for m in skeleton.facts()["muscles"]}
    areas = _areas_cm2(entries)
    grid = geometry.lengths_m(pose_grid())
    neutral = geometry.lengths_m(skeleton.PUBLISHED_POSE[None])[0]
    return tuple(
        Muscle(
            name=NAMES[published],
            published_name=published,
            pcsa_cm2=areas[published],
            pennation_rad=entries[published]["pennation_at_optimal_rad"],
            optimal_length_m=entries[published]["optimal_fiber_length_m"],
            slack_length_m=_slack_m(entries[published], float(neutral[i])),
            max_velocity_l0_per_s=min(entries[published]["max_contraction_velocity_l0_per_s"], 10.0),
            shortest_m=float(grid[:, i].min()),
            longest_m=float(grid[:, i].max()),
        )
        for i, published in enumerate(geometry.paths())
    )


def pose_grid(per_joint: int = 9) -> Floats:
    """Every combination of equally spaced angles in the range of motion: shape (per_joint**4, 4), rad."""
    axes = [np.linspace(low, high, per_joint) for low, high in RANGE_RAD]
    grid: Floats = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return grid


def _areas_cm2(entries: Mapping[str, Any]) -> dict[str, float]:
    """Published forces as areas; the doubtful flexors share what Mathewson's ratio leaves for them.

    Their forces are equal, because nothing readable says how they differ.
    """
    forces = {name: entries[name]["max_isometric_force_N"] for name in geometry.paths()}
    wanted = sum(forces[name] for name in ELBOW_EXTENSORS) / MATHEWSON_EXTENSOR_TO_FLEXOR
    trusted = sum(forces[name] for name in ELBOW_FLEXORS if name not in DOUBTFUL_FLEXORS)
    for name in DOUBTFUL_FLEXORS:
        forces[name] = (wanted - trusted) / len(DOUBTFUL_FLEXORS)
    return {name: force / PUBLISHED_TENSION_N_PER_CM2 for name, force in forces.items()}


def _slack_m(entry: Mapping[str, Any], neutral_length_m: float) -> float:
    """Published, but for the repaired biceps short head: with the published 0.5 mm its fibres would be at 1.6 of
    their optimum in the default pose, so its tendon is what is left when they are at their optimum there."""
    if entry["name"] == "Biceps_Short_Head":
        return neutral_length_m - float(entry["optimal_fiber_length_m"])
    return float(entry["tendon_slack_length_m"])
