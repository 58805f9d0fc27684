"""The experiment: the limb of ``examples/mouse_pull`` holds the stick pulled while torque pulses push it back.

A command without end takes the place of the cue and there is no task. See README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from sherrington.brain.models.mouse.somatosensory import ONTO_THALAMUS_NS
from sherrington.experiment import FILE_NAME

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mouse_pull" / FILE_NAME

INTERVAL_MS = 1.25
"""Of the loop and of every pathway: shorter than the example's 2.5 ms, as latencies are what is measured. The delays of
nerves stay as they are."""
BODY_MS = 0.25
SETTLED_MS = 1000.0
"""The first push comes after it: by then the stick is pulled and held."""
PAUSE_MS, JITTER_MS = 320.0, 40.0
"""From a push to the next, and how much earlier or later each comes, at most, so that no rhythm locks to them."""
PUSH_MS, PUSH_N_M = 5.0, -1.5e-3
"""Duration and torque on the stick, against the pull."""
STICK_N_M_PER_RAD = 2.5e-3
"""Six times the example's: the pull then ends well short of the stop, and a push stretches."""
COMMAND_HZ, COMMAND_PA = 1750.0, 62.5
"""A little less than the example's 2000 Hz, which is for a quick pull."""

MUSCLES = ("biceps_long", "biceps_short", "brachialis_proximal", "brachialis_distal")
"""Flexors of the elbow, which pull the stick and which a push lengthens."""
STRIP = "pull"
MAPPED_SHARE = 9 / 29
"""Of the sheet along y: where the thalamic nucleus has the nine muscles that pull, of 29 channels (``map_of``)."""
RECORDED = (
    *("Ia", "MN", "premotor", "CN", "TH_S1_VPL_TC", "S1_L4_Pyr", "S1_L5B_Pyr", "M1_L23_CC", "M1_L5B_PT"),
)
CUT, DEPRIVED = "CN", "TH_S1_VPL_TC"
"""Where the ascending path is cut its cells in the cuneate nucleus are silenced, the only way of the limb's senses to
cortex, and the relay cells get trains instead."""
TRAIN_HZ = 340.0
"""What a relay cell gets in place of its cuneate cells: relay cells, S1 and M1 then fire at their rates of the intact
brain. Without it the command alone does not hold the stick."""


def pushes_ms(seed: int, n_pushes: int) -> list[float]:
    """When each push starts, ms, on the loop's grid."""
    jitter = np.random.default_rng(seed).uniform(-JITTER_MS, JITTER_MS, n_pushes)
    times = SETTLED_MS + PAUSE_MS * np.arange(n_pushes) + jitter
    return [float(INTERVAL_MS * round(t / INTERVAL_MS)) for t in times]


def experiment(seed: int, times_ms: Sequence[float], *, cut: bool, scale: float) -> dict[str, Any]:
    """The content of the experiment's file."""
    made = dict(YAML(typ="safe", pure=True).load(EXAMPLE.read_text(encoding="utf-8")))
    del made["task"], made["check"]
    made["seed"] = seed
    made["title"] = "Pushes against a held stick"
    made["loop"] = {"interval_ms": INTERVAL_MS, "duration_ms": times_ms[-1] + PAUSE_MS, "mode": "pipelined"}
    made["body"]["timestep_ms"] = BODY_MS
    made["brain"] |= {"scale": scale, "params": {"regions": ["M1", "S1", "TH"]}, "virtual_processes": 1}
    made["environment"]["parts"]["stick"]["params"] = {"stiffness_n_m_per_rad": STICK_N_M_PER_RAD}
    made["pathways"] = _pathways(made["pathways"])
    made["perturbations"] = [_push(i, at) for i, at in enumerate(times_ms)]
    if cut:
        made["interventions"] = [{"name": "cut", "at_ms": 0, "populations": [CUT], "action": "silence"}]
        made["pathways"]["trains"] = _constant(DEPRIVED, TRAIN_HZ, ONTO_THALAMUS_NS)
    made["record"] = {
        "spikes": list(RECORDED),
        "signals": ["body.joint_angle", "body.muscle_length", "body.muscle_activation", "pathway.ia.rate"],
    }
    return made


def _pathways(pathways: Mapping[str, Any]) -> dict[str, Any]:
    every = {name: {**one, "interval_ms": INTERVAL_MS} for name, one in pathways.items() if name != "cue"}
    return {"command": _constant("M2", COMMAND_HZ, COMMAND_PA), **every}


def _constant(population: str, rate_hz: float, weight: float) -> dict[str, Any]:
    """A Poisson train for every neuron of the population."""
    return {
        "function": "constant",
        "outputs": {"value": {"port": f"brain.{population}.rate", "weight": weight}},
        "params": {"value": rate_hz},
        "delay_ms": INTERVAL_MS,
    }


def _push(number: int, at_ms: float) -> dict[str, Any]:
    return {
        "name": f"push-{number + 1}",
        "at_ms": at_ms,
        "duration_ms": PUSH_MS,
        "joint_torque_Nm": {"stick_pull": PUSH_N_M},
    }


def write(folder: Path, content: Mapping[str, Any]) -> Path:
    """The experiment's folder, with its file written."""
    folder.mkdir(parents=True, exist_ok=True)
    yaml = YAML(typ="safe", pure=True)
    with (folder / FILE_NAME).open("w", encoding="utf-8") as file:
        yaml.dump(dict(content), file)
    return folder
