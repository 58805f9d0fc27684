"""Statics of a body in MuJoCo: joint angles that bring a point to a place, activations that hold it there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mujoco
import numpy as np
from scipy.optimize import least_squares, lsq_linear

from ..errors import BodyError, known
from ..ports import Signal
from .model import BodyModel
from .mujoco_model import compile_model

METRES_PER_RAD = 3e-5
"""How far a point may stay from its place to bring all joints one radian nearer to the posture asked for."""
MARGIN_RAD = 0.02


@dataclass(frozen=True)
class Balance:
    """Muscles that hold a posture at rest. activation: shape (n_muscles,), 0 to 1; torque_per_activation: shape
    (n_joints, n_muscles), N*m; missing_N_m: largest torque that no activation could balance."""

    activation: Signal
    torque_per_activation: Signal
    missing_N_m: float


class Statics:
    """Statics of a fixed-base body whose joints are hinges and slides. Raises BodyError for any other."""

    def __init__(self, body: BodyModel) -> None:
        self.model: Any = compile_model(body)
        self.data: Any = mujoco.MjData(self.model)
        self._body = body
        if self.model.nq != len(body.joints):
            raise BodyError(f"body '{body.name}' has free or ball joints; its statics cannot be solved here")
        self._muscles = np.flatnonzero(self.model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE)

    def position_m(self, site: str, angles_rad: Signal) -> Signal:
        """Where a site is at these joint angles, shape (3,), world frame."""
        self._at(angles_rad)
        place: Signal = self.data.site_xpos[self._site(site)].copy()
        return place

    def angles_rad(self, site: str, position_m: Signal, near_rad: Signal) -> Signal:
        """Joint angles within their ranges that bring a site to a place; of many, those nearest to ``near_rad``.

        Raises BodyError when the place is out of reach by more than 0.1 mm.
        """

        def miss(angles: Signal) -> Signal:
            return np.concatenate(
                [(self.position_m(site, angles) - position_m) / METRES_PER_RAD, angles - near_rad]
            )

        low, high = self.model.jnt_range.T
        found: Signal = least_squares(miss, near_rad, bounds=(low + MARGIN_RAD, high - MARGIN_RAD)).x
        away_m = float(np.linalg.norm(self.position_m(site, found) - position_m))
        if away_m > 1e-4:
            raise BodyError(
                f"body '{self._body.name}': '{site}' stays {1e3 * away_m:.2f} mm or more from {position_m}"
            )
        return found

    def balance(
        self,
        angles_rad: Signal,
        *,
        cocontraction: float = 0.01,
        highest: float = 0.6,
        site: str = "",
        force_N: Sequence[float] = (0.0, 0.0, 0.0),
        held_along: Sequence[float] | None = None,
    ) -> Balance:
        """The activations nearest to ``cocontraction`` that balance gravity, passive forces and a force at a site.

        force_N: what acts on the body at ``site``, world frame. held_along: a direction in which what the site holds on
        to can bear any force, such as the length of a joystick. Least squares, with the balance weighted so far above
        the co-contraction that it is met wherever the muscles can.
        """
        self._at(angles_rad)
        arms = self._moment_arms_m()
        gain, passive = self._forces_N()
        needed = self.data.qfrc_bias - self.data.qfrc_passive - arms.T @ passive
        borne = np.zeros(self.model.nv)
        if site:
            jacobian = np.zeros((3, self.model.nv))
            mujoco.mj_jacSite(self.model, self.data, jacobian, None, self._site(site))
            needed = needed - jacobian.T @ np.asarray(force_N, float)
            borne = jacobian.T @ np.asarray((0.0, 0.0, 0.0) if held_along is None else held_along, float)
        torque = arms.T * gain
        found, force = _nearest(torque, borne, needed, cocontraction, highest)
        return Balance(found, torque, float(np.abs(torque @ found + borne * force - needed).max()))

    def _at(self, angles_rad: Signal) -> None:
        self.data.qpos[:] = angles_rad
        mujoco.mj_forward(self.model, self.data)

    def _site(self, name: str) -> int:
        names = [self.model.site(i).name for i in range(self.model.nsite)]
        if name not in names:
            raise BodyError(f"body '{self._body.name}' has no site '{name}'; {known(tuple(names))}")
        return names.index(name)

    def _moment_arms_m(self) -> Signal:
        """Shape (n_muscles, n_joints): change of length by angle."""
        arms = np.zeros((self.model.nu, self.model.nv))
        mujoco.mju_sparse2dense(
            arms,
            self.data.actuator_moment.ravel(),
            self.data.moment_rownnz,
            self.data.moment_rowadr,
            self.data.moment_colind.ravel(),
        )
        return arms[self._muscles]

    def _forces_N(self) -> tuple[Signal, Signal]:
        """(force at full activation, passive force) of every muscle at rest; both negative, as a pull is."""
        m, d = self.model, self.data
        gain = [
            mujoco.mju_muscleGain(
                d.actuator_length[i],
                0.0,
                m.actuator_lengthrange[i],
                m.actuator_acc0[i],
                m.actuator_gainprm[i][:9],
            )
            for i in self._muscles
        ]
        passive = [
            mujoco.mju_muscleBias(
                d.actuator_length[i], m.actuator_lengthrange[i], m.actuator_acc0[i], m.actuator_biasprm[i][:9]
            )
            for i in self._muscles
        ]
        return np.array(gain), np.array(passive)


def _nearest(
    torque: Signal, borne: Signal, needed: Signal, cocontraction: float, highest: float
) -> tuple[Signal, float]:
    """(activations, force borne by what is held on to): bounded least squares; the force itself costs nothing."""
    muscles = torque.shape[1]
    scale = max(float(np.abs(needed).max()), 1e-12)
    weight, unit = 1e3 / scale, scale / max(float(np.abs(borne).max()), 1e-12)
    rows = np.vstack(
        [
            weight * np.column_stack([torque, borne * unit]),
            np.column_stack([np.eye(muscles), np.zeros(muscles)]),
        ]
    )
    target = np.concatenate([weight * needed, np.full(muscles, cocontraction)])
    low, high = np.zeros(muscles + 1), np.full(muscles + 1, highest)
    low[-1], high[-1] = -np.inf, np.inf
    found: Signal = lsq_linear(rows, target, bounds=(low, high)).x
    return found[:-1], float(found[-1]) * unit


def held(body: BodyModel, angles_rad: Signal) -> BodyModel:
    """The same body with a stiff constraint at every joint that brings it to an angle and keeps it there.

    It still starts at its initial pose, where the muscles' rest lengths are measured, and is at the angles after some
    ten milliseconds.
    """
    root = ET.fromstring(body.mjcf)
    equality = ET.SubElement(root, "equality")
    for joint, angle in zip(body.joints, angles_rad, strict=True):
        attributes = {
            "joint1": joint,
            "polycoef": f"{float(angle):.10g} 0 0 0 0",
            "solref": "0.005 1",
            "solimp": "0.999 0.9999 0.001",
        }
        ET.SubElement(equality, "joint", attributes)
    return replace(body, mjcf=ET.tostring(root, encoding="unicode"))
