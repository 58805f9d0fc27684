"""Composes bodies of the package myo-sim with its own builder, as MJCF. Runs in the process of ``mujoco_aside``.

Nothing of the package is copied. What is added to what its builder makes: a keyframe ``home`` to start from, and
side sites that are moved, see ``models/myo.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ..ports import Signal

POSTURE = "standing"
"""The posture of the package to start from, in the models that have it."""


def composed(name: str, side_sites: Mapping[str, str]) -> str:
    """The model ``name`` of the package. side_sites: new positions, m in the frame of the body, as text, by site."""
    from myo_sim import MODELS_DIR, list_postures, load_spec
    from myo_sim.build.compose import sanitize_spec_xml

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its builder about its own prefixes
        postures = {"postures": [POSTURE]} if POSTURE in list_postures(name) else None
        spec = load_spec(name, build_kwargs=postures)
    for site, position in side_sites.items():
        spec.site(site).pos = [float(x) for x in position.split()]
    model = spec.compile()
    home = spec.keys[0] if spec.keys else spec.add_key(qpos=neutral(model).tolist())
    home.name = "home"
    model = spec.compile()
    return str(sanitize_spec_xml(spec.to_xml(), asset_dir=str(MODELS_DIR), model=model))


def neutral(m: Any) -> Signal:
    """Every joint at zero, or at its limit nearest to zero, and coupled joints where their coupling puts them.

    MuJoCo documentation, "equality/joint": y - y0 = sum a_k (x - x0)^k. ``qpos0`` itself need not obey the couplings.
    """
    qpos: Signal = m.qpos0.copy()
    limited = np.flatnonzero(m.jnt_limited)
    at = m.jnt_qposadr[limited]
    qpos[at] = np.clip(qpos[at], *m.jnt_range[limited].T)
    couplings = np.flatnonzero((m.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (m.eq_active0 != 0))
    for _ in range(len(couplings) and 3):  # a coupled joint may lead another
        for each in couplings:
            follower, leader = (
                m.jnt_qposadr[i] if i >= 0 else -1 for i in (m.eq_obj1id[each], m.eq_obj2id[each])
            )
            by = qpos[leader] - m.qpos0[leader] if leader >= 0 else 0.0
            qpos[follower] = m.qpos0[follower] + np.polyval(m.eq_data[each, 4::-1], by)
    return qpos
