"""Finding the drive that makes a network hold a body at a posture; used by the examples' ``calibrate.py``.

The body is held at the posture while the network runs with all its afferents, and each muscle's drive is raised or
lowered until the network gives the activation that statics asks for. What one network gives, another one drawn from the
same description does not quite: a drive found for one seed misses by a third in others. So several seeds are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from . import build
from .body.mujoco_statics import Balance, held
from .ports import Signal
from .resolve import open_experiment

TURNS = 6

Measure = Callable[[Signal, float], Signal]
"""(drive of each muscle, ms to run) to mean activations, both shape (n_muscles,)."""


@dataclass(frozen=True)
class Drive:
    """What was found. drive: in the unit of the levels asked for; activation: reached with it; wrong_N_m: the largest
    error of a joint's torque that remains."""

    drive: Signal
    activation: Signal
    wrong_N_m: float


def workers(count: int = 2) -> Executor:
    """Processes for ``mean_held_activation``: a NEST kernel each."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def mean_held_activation(
    executor: Executor,
    seeds: Sequence[int],
    folder: Path,
    overrides: Sequence[str],
    angles_rad: Signal,
    duration_ms: float,
) -> Signal:
    """``held_activation`` averaged over the networks of several seeds, shape (n_muscles,)."""
    runs = [
        executor.submit(held_activation, folder, [*overrides, f"seed={seed}"], angles_rad, duration_ms)
        for seed in seeds
    ]
    mean: Signal = np.mean([run.result() for run in runs], axis=0)
    return mean


def held_activation(folder: Path, overrides: Sequence[str], angles_rad: Signal, duration_ms: float) -> Signal:
    """Mean muscle activations over the second half of a run with the body held at a posture, shape (n_muscles,)."""
    keep_nothing = ["record.spikes=none", "record.signals=none", "perturbations=[]", "interventions=[]"]
    settings = [f"loop.duration_ms={duration_ms}", *keep_nothing, *overrides]
    resolved = open_experiment(folder, settings)
    resolved = replace(resolved, body=held(resolved.body, angles_rad))
    brain, _ = build.build_brain(resolved)
    body = build.build_body(resolved)
    samples: list[Signal] = []
    loop = build.build_loop(
        resolved,
        brain,
        body,
        folder / "dump",
        [lambda _: samples.append(body.read("muscle_activation").copy())],
    )
    try:
        loop.run()
    finally:
        loop.close()
    mean: Signal = np.mean(samples[len(samples) // 2 :], axis=0)
    return mean


def find_drive(measure: Measure, balance: Balance, levels: Sequence[float]) -> Drive:
    """The drive of each muscle that gives the activations of ``balance``.

    A sweep of one level for all muscles gives every muscle's own curve; its inverse is then corrected a few times for
    what the pools do to each other. levels: drives to sweep, ascending from 0.
    """
    wanted = balance.activation
    curves = np.array([measure(np.full(wanted.size, level), 600.0) for level in levels])
    curves = np.maximum.accumulate(curves, axis=0) + 1e-6 * np.arange(len(levels))[:, None]
    aim, best = wanted.copy(), Drive(wanted, wanted, np.inf)
    for turn in range(TURNS):
        drive = np.array([np.interp(a, curve, levels) for a, curve in zip(aim, curves.T, strict=True)])
        reached = measure(drive, 1500.0)
        wrong_N_m = float(np.abs(balance.torque_per_activation @ (reached - wanted)).max())
        if wrong_N_m < best.wrong_N_m:
            best = Drive(drive, reached, wrong_N_m)
        # Ever smaller corrections: what is measured is noisy, and chasing the noise does not converge.
        aim = np.clip(aim + (wanted - reached) / (turn + 2), 0.0, 1.0)
    return best
