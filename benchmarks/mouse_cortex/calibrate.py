"""Find what the tables of M1 and S1 leave open, and write it to ``calibration.json`` of the model.

    python benchmarks/mouse_cortex/calibrate.py S1            # calibrate, write, and show before and after
    python benchmarks/mouse_cortex/calibrate.py S1 --gain 0.6 # only: the gain among excitatory cells with that factor
    python benchmarks/mouse_cortex/calibrate.py S1 --show 0.1 # only: the shipped calibration, at this scale

Two factors are chosen: on weights among excitatory cells, whose gain among each other shall be near 1 (``--gain``), and
on their weights onto inhibitory cells, so that PV cells fire in no common rhythm at scale 0.2 (``--show 0.2``).
The background of each population then follows from the rate that it should have: first in open loop, where it is one
number for one number, then corrected in the network. Reasons and results: ``docs/science/mouse.md``.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from open_loop import OpenLoop
from simulate import simulate

from sherrington.analysis.statistics import Statistics
from sherrington.brain.models.mouse import cortex
from sherrington.brain.models.mouse.cortex import Calibration

EXCITATION, RECRUITMENT = 0.3, 0.25
SCALE = 0.05
ROUNDS = 6
STEP = 0.09
"""Relative change of a drive per e-fold error of the rate."""
FILE = Path(cortex.__file__).with_name("calibration.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("area", choices=["M1", "S1"])
    parser.add_argument("--gain", type=float, metavar="FACTOR")
    parser.add_argument("--show", type=float, metavar="SCALE")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    shipped = cortex.calibration(chosen.area)
    if chosen.gain is not None:
        show_gain(chosen.area, replace(shipped, excitation=chosen.gain))
    elif chosen.show is not None:
        show(run(chosen.area, shipped, chosen.show, chosen.seed), shipped)
    else:
        found = calibrate(chosen.area, replace(shipped, excitation=EXCITATION, recruitment=RECRUITMENT))
        write(chosen.area, found)
        show(run(chosen.area, found, SCALE, seed=ROUNDS + 1), found)


def calibrate(area: str, start: Calibration) -> Calibration:
    """The drives for the rates of ``start``: open loop, then corrected in the network, by half in the last rounds."""
    assert start.rates_hz is not None
    loop = OpenLoop(area, start, start.rates_hz)
    found = replace(start, drive_hz=loop.drives_hz(np.random.default_rng(1)))
    for attempt in range(ROUNDS):
        step = STEP if attempt < ROUNDS // 2 else STEP / 2
        errors = errors_of(run(area, found, SCALE, seed=attempt + 1), start)
        print(
            f"round {attempt}: rms error of log(rate) {np.sqrt(np.mean(np.square(list(errors.values())))):.2f}"
        )
        assert found.drive_hz is not None
        drives = {name: hz * math.exp(-step * errors[name]) for name, hz in found.drive_hz.items()}
        found = replace(found, drive_hz=drives)
    return found


def errors_of(found: dict[str, Statistics], wanted: Calibration) -> dict[str, float]:
    """Logarithm of rate over wanted rate, by population, at most 1.5 either way; 0.1 Hz keeps silence finite."""
    assert wanted.rates_hz is not None
    return {
        name: max(-1.5, min(1.5, math.log((found[name].rate_hz + 0.1) / (hz + 0.1))))
        for name, hz in wanted.rates_hz.items()
    }


def run(area: str, calibrated: Calibration, scale: float, seed: int) -> dict[str, Statistics]:
    return simulate(area, calibrated, scale=scale, seed=seed, start_ms=300.0, end_ms=1300.0)


def write(area: str, found: Calibration) -> None:
    everything = json.loads(FILE.read_text(encoding="utf-8"))
    assert found.drive_hz is not None
    drives = {name: float(f"{hz:.3g}") for name, hz in found.drive_hz.items()}
    everything[area] = {**asdict(found), "drive_hz": drives}
    FILE.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def show(found: dict[str, Statistics], calibrated: Calibration) -> None:
    """A table for the page of the science."""
    wanted, printed = calibrated.rates_hz or {}, calibrated.drive_hz or {}
    print("| population | wanted Hz | rate Hz | CV | correlation | drive Hz |\n|---|---|---|---|---|---|")
    for name, one in found.items():
        print(
            f"| {name} | {wanted.get(name, math.nan):g} | {one.rate_hz:.1f} | {one.interval_cv:.2f} | "
            f"{one.correlation:.4f} | {printed.get(name, math.nan):.0f} |"
        )


def show_gain(area: str, calibrated: Calibration) -> None:
    assert calibrated.rates_hz is not None
    rng = np.random.default_rng(1)
    loop = OpenLoop(area, calibrated, calibrated.rates_hz)
    gains = loop.gains(loop.drives_hz(rng), rng)
    print(
        f"{area}, factor {calibrated.excitation:g}: gain among excitatory cells {loop.excitatory_gain(gains):.2f}, "
        f"of all populations {np.linalg.eigvals(gains).real.max():.2f}"
    )


if __name__ == "__main__":
    main()
