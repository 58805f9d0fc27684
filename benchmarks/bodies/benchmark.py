"""Steps per second of every shipped body on one core, and what the engine adds to the simulator. See README.md."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from measure import STEPS, TIMESTEP_MS, shipped

from sherrington.bench import Bound, Result
from sherrington.body.models import SHIPPED
from sherrington.errors import BodyError

Numbers = dict[str, Any]
MEASURE = Path(__file__).parent / "measure.py"
LEAST_REAL_TIME = {"mouse_forelimb": 50.0}
MOST_RATIO = 1.10


def run() -> Result:
    """Every body in every engine that has it, each in a process of its own."""
    metrics: dict[str, float] = {}
    bounds: dict[str, Bound] = {}
    checks: dict[str, bool] = {}
    details: dict[str, Any] = {"left_out": {}}
    for name in SHIPPED:
        for engine in _engines(name, details["left_out"]):
            _body(name, engine, _measured(name, engine), metrics, bounds, checks, details)
    return Result(all(checks.values()) and bool(checks), metrics, bounds, {"checks": checks, **details})


def _engines(name: str, left_out: dict[str, str]) -> Iterator[str]:
    try:
        model = shipped(name)
    except BodyError as error:
        left_out[name] = str(error)
        print(f"{name} is left out: {error}", file=sys.stderr)
        return
    if model.mjcf:
        yield "mujoco"
    if model.osim and importlib.util.find_spec("opensim"):
        yield "opensim"
    elif model.osim:
        left_out[f"{name} in opensim"] = "the package opensim is not installed"


def _measured(name: str, engine: str) -> Numbers:
    with tempfile.TemporaryDirectory(prefix="sherrington-bench-") as folder:
        out = Path(folder) / "numbers.npz"
        subprocess.run([sys.executable, str(MEASURE), name, engine, str(out)], check=True)
        with np.load(out) as numbers:
            return {key: numbers[key] for key in numbers.files}


def _body(
    name: str,
    engine: str,
    numbers: Numbers,
    metrics: dict[str, float],
    bounds: dict[str, Bound],
    checks: dict[str, bool],
    details: dict[str, Any],
) -> None:
    label = name if engine == "mujoco" else f"{name}_{engine}"
    whole_s, bare_s = (
        {n: float(np.median(numbers[f"{kind}_{n}"])) for n in STEPS} for kind in ("whole", "bare")
    )
    metrics[f"{label}_steps_per_s"] = 1.0 / whole_s[STEPS[-1]]
    metrics[f"{label}_times_real_time"] = TIMESTEP_MS * 1e-3 / whole_s[STEPS[-1]]
    metrics[f"{label}_ratio"] = _ratio(numbers, STEPS[-1])
    if engine == "mujoco":
        bounds[f"{label}_ratio"] = Bound(high=MOST_RATIO)
        if name in LEAST_REAL_TIME:
            bounds[f"{label}_times_real_time"] = Bound(low=LEAST_REAL_TIME[name])
    checks |= {f"{label}_same_{n}": bool(numbers[f"same_{n}"]) for n in STEPS}
    details[label] = {
        "us_per_step": {n: 1e6 * whole_s[n] for n in STEPS},
        "bare_us_per_step": {n: 1e6 * bare_s[n] for n in STEPS},
        "ratio": {n: _ratio(numbers, n) for n in STEPS},
        "added_us_per_exchange": {n: 1e6 * n * (whole_s[n] - bare_s[n]) for n in STEPS},
    }


def _ratio(numbers: Numbers, steps: int) -> float:
    """Median of the ratios of neighbouring rounds: what slows the machine for a while slows both."""
    return float(np.median(numbers[f"whole_{steps}"] / numbers[f"bare_{steps}"]))
