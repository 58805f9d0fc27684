"""The same poses in OpenSim and in the converted MJCF, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from sherrington.body.osim_to_mjcf import Converted, convert

Floats = NDArray[np.float64]


def in_opensim(osim: str, folder: Path) -> Any:
    """The model in OpenSim, or skips the test where OpenSim is not installed."""
    opensim = pytest.importorskip("opensim", reason="OpenSim is not installed: pip install opensim")
    opensim.Logger.setLevelString("error")
    file = folder / "model.osim"
    file.write_text(osim, encoding="utf-8")
    return opensim.Model(str(file))


class Original:
    """OpenSim's answers."""

    def __init__(self, osim: str, folder: Path) -> None:
        self.model = in_opensim(osim, folder)
        self.state = self.model.initSystem()
        listed = self.model.getCoordinateSet()
        self.coordinates = {listed.get(i).getName(): listed.get(i) for i in range(listed.getSize())}
        self.muscles = {m.getName(): m for m in self.model.getMuscles()}
        self.bodies = {b.getName(): b for b in self.model.getBodyList()}

    def pose(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            if not self.coordinates[name].getLocked(self.state):
                self.coordinates[name].setValue(self.state, value, False)
        self.model.assemble(self.state)
        self.model.realizePosition(self.state)

    def values(self) -> dict[str, float]:
        return {name: c.getValue(self.state) for name, c in self.coordinates.items()}

    def place(self, body: str) -> Floats:
        """Shape (3, 4): rotation and position."""
        found = self.bodies[body].getTransformInGround(self.state)
        rotation, position = found.R(), found.p()
        return np.array([[*(rotation.get(i, j) for j in range(3)), position.get(i)] for i in range(3)])

    def length(self, muscle: str) -> float:
        return float(self.muscles[muscle].getLength(self.state))

    def moment_arm(self, muscle: str, coordinate: str) -> float:
        found = (
            self.muscles[muscle].getGeometryPath().computeMomentArm(self.state, self.coordinates[coordinate])
        )
        return float(found)

    def mass(self) -> float:
        return float(self.model.getTotalMass(self.state))


class Copy:
    """MuJoCo's answers about the converted document."""

    def __init__(self, osim: str) -> None:
        self.converted: Converted = convert(osim, "model")
        self.model = mujoco.MjModel.from_xml_string(self.converted.mjcf)
        self.data = mujoco.MjData(self.model)

    def joint(self, name: str) -> int:
        return int(self.model.joint(name).qposadr[0])

    def pose(self, values: dict[str, float]) -> None:
        """Joints that follow others through an equality are put where it wants them."""
        m, d = self.model, self.data
        d.qpos[:] = m.qpos0
        names = {m.joint(i).name for i in range(m.njnt)}
        for name, value in values.items():
            if name in names:
                d.qpos[self.joint(name)] = value
        for _ in range(m.neq):
            for i in range(m.neq):
                y, x = (int(m.jnt_qposadr[j]) for j in (m.eq_obj1id[i], m.eq_obj2id[i]))
                way = d.qpos[x] - m.qpos0[x]
                d.qpos[y] = m.qpos0[y] + np.polynomial.polynomial.polyval(way, m.eq_data[i, :5])
        mujoco.mj_kinematics(m, d)
        mujoco.mj_comPos(m, d)
        mujoco.mj_tendon(m, d)

    def place(self, body: str) -> Floats:
        found = self.data.body(body)
        return np.column_stack([found.xmat.reshape(3, 3), found.xpos])

    def length(self, muscle: str) -> float:
        return float(self.data.tendon(muscle).length[0])

    def moment_arm(self, muscle: str, coordinate: str, values: dict[str, float], step: float = 1e-5) -> float:
        """Minus the change of length with the coordinate, every follower moved along."""
        lengths = []
        for sign in (1, -1):
            self.pose({**values, coordinate: values[coordinate] + sign * step})
            lengths.append(self.length(muscle))
        self.pose(values)
        return -(lengths[0] - lengths[1]) / (2 * step)

    def mass(self) -> float:
        return float(self.model.body_subtreemass[0])


def random_poses(ranges: dict[str, tuple[float, float]], count: int) -> list[dict[str, float]]:
    random = np.random.default_rng(1)
    return [{name: random.uniform(*limits) for name, limits in ranges.items()} for _ in range(count)]
