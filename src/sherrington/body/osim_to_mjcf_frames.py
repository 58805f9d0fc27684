"""Rigid transforms as matrices of shape (4, 4), and the frames of an OpenSim document."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from .osim_document import OsimModel

Floats = NDArray[np.float64]


def transform(rotation: Floats | None = None, position: ArrayLike = (0.0, 0.0, 0.0)) -> Floats:
    """rotation: (3, 3); position: (3,), m."""
    matrix = np.eye(4)
    if rotation is not None:
        matrix[:3, :3] = rotation
    matrix[:3, 3] = position
    return matrix


def turn(axis: ArrayLike, angle_rad: float) -> Floats:
    """Rotation matrix about a unit vector."""
    return np.asarray(Rotation.from_rotvec(angle_rad * np.asarray(axis, float)).as_matrix())


def body_fixed_xyz(angles_rad: ArrayLike) -> Floats:
    """OpenSim's orientations: about x, then the new y, then the new z."""
    return np.asarray(Rotation.from_euler("XYZ", np.asarray(angles_rad, float)).as_matrix())


def quaternion(rotation: Floats) -> Floats:
    """w first, as MuJoCo has it."""
    return np.asarray(Rotation.from_matrix(rotation).as_quat(scalar_first=True))


def at(frame: Floats, point: ArrayLike) -> Floats:
    """A point given in ``frame``, in the frame's own reference."""
    return np.asarray(frame[:3, :3] @ np.asarray(point, float) + frame[:3, 3])


def offset(document: OsimModel, path: str) -> Floats:
    """A frame in the body, or in ground, that it is fixed to."""
    found = np.eye(4)
    while document.paths[path].tag == "PhysicalOffsetFrame":
        frame = document.paths[path]
        found = _own(document, frame) @ found
        path = document.connectee(frame, "parent", path)
    return found


def placed(document: OsimModel, element: ET.Element, owner: str) -> Floats:
    """A wrap object in its body: ``xyz_body_rotation`` and ``translation`` in the frame that has it."""
    angles = document.numbers(element, "xyz_body_rotation", (0.0, 0.0, 0.0))
    position = document.numbers(element, "translation", (0.0, 0.0, 0.0))
    return offset(document, owner) @ transform(body_fixed_xyz(angles), position)


def _own(document: OsimModel, frame: ET.Element) -> Floats:
    angles = document.numbers(frame, "orientation", (0.0, 0.0, 0.0))
    return transform(body_fixed_xyz(angles), document.numbers(frame, "translation", (0.0, 0.0, 0.0)))
