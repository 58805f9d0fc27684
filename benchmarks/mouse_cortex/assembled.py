"""Calibrate M1 and S1 within the assembled brain, and show every population's rate beside its target or range.

    python benchmarks/mouse_cortex/assembled.py open          # open loop: drives that make up for the other regions
    python benchmarks/mouse_cortex/assembled.py network       # then corrected in the network; writes assembled.json
    python benchmarks/mouse_cortex/assembled.py show 0.01     # rates of the shipped brain at rest, at this scale

As ``calibrate.py``, with the sheet of the assembled brain and with trains for all that other regions send at rest. No
body: the cord's afferents are trains at the rates that the limb at rest gives them. ``docs/science/mouse.md``.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from open_loop import OpenLoop
from simulate import statistics_of

from sherrington.analysis.statistics import Statistics
from sherrington.brain.models.mouse import brain, cortex
from sherrington.brain.models.mouse.between import train
from sherrington.brain.models.mouse.brain import SHEET_MM, mouse
from sherrington.brain.models.mouse.cortex import Calibration
from sherrington.brain.models.mouse.paths import PATHS
from sherrington.brain.network import Background, Network

AREAS = ("M1", "S1")
AFFERENTS_HZ = {"Ia": 45.0, "II": 60.0, "Ib": 5.0, "JA": 20.0, "CUT": 5.0}
"""Of the limb at rest in the example ``mouse_pull``."""
EXCITATION, RECRUITMENT = 0.2, 0.18
"""Those of ``calibrate.py`` by the ratio of in-degrees: the larger sheet has 1.44 times the inputs, and with 0.3 the
gain among excitatory cells of M1 is 1.57."""
SCALE, ROUNDS, STEP = 0.05, 6, 0.09
WITHOUT_CEREBELLUM = ("M1", "S1", "TH", "BG")
"""Its modules take ten times as long as all else together; trains at the rate of their nuclei replace them here."""
FILE = Path(brain.__file__).with_name("assembled.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["open", "network", "show"])
    parser.add_argument("scale", type=float, nargs="?", default=SCALE)
    parser.add_argument("--regions", nargs="*", default=list(brain.REGIONS))
    parser.add_argument("--areas", nargs="*", default=list(AREAS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ms", type=float, default=1000.0, help="biological time, after 300 ms")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.what == "open":
        chosen_areas = {area: open_loop(area, cortex.calibration(area)) for area in chosen.areas}
        write({**{area: brain.calibration(area) for area in AREAS}, **chosen_areas})
    elif chosen.what == "network":
        write(corrected({area: brain.calibration(area) for area in AREAS}, chosen.scale, chosen.threads))
    else:
        found = at_rest({}, chosen.scale, chosen.regions, chosen.seed, chosen.ms, chosen.threads)
        show(found, {area: brain.calibration(area) for area in AREAS})


def open_loop(area: str, start: Calibration) -> Calibration:
    """The drives at which each population alone fires at its target rate, with trains for all that reaches it."""
    start = replace(start, excitation=EXCITATION, recruitment=RECRUITMENT)
    assert start.rates_hz is not None
    full = mouse().populations
    trains = [train(path, full) for path in PATHS if path.target.startswith(area)]
    loop = OpenLoop(area, start, start.rates_hz, sheet_mm=SHEET_MM, trains=trains)
    rng = np.random.default_rng(1)
    found = loop.drives_hz(rng)
    print(
        f"{area}: gain among excitatory cells {loop.excitatory_gain(loop.gains(found, rng)):.2f}", flush=True
    )
    return replace(start, drive_hz=found)


def corrected(calibrated: dict[str, Calibration], scale: float, threads: int) -> dict[str, Calibration]:
    """Drives after rounds in the network, each changed by its rate's error, by half in the last rounds."""
    for attempt in range(ROUNDS):
        found = at_rest(calibrated, scale, WITHOUT_CEREBELLUM, attempt + 1, 1000.0, threads)
        step = STEP if attempt < ROUNDS // 2 else STEP / 2
        errors = {area: errors_of(found, area, calibrated[area]) for area in AREAS}
        rms = {area: float(np.sqrt(np.mean(np.square(list(e.values()))))) for area, e in errors.items()}
        print(f"round {attempt}: rms error of log(rate) {rms}", flush=True)
        calibrated = {area: moved(calibrated[area], errors[area], step) for area in AREAS}
    return calibrated


def errors_of(found: Mapping[str, Statistics], area: str, wanted: Calibration) -> dict[str, float]:
    """Logarithm of rate over wanted rate, by population, at most 1.5 either way; 0.1 Hz keeps silence finite."""
    assert wanted.rates_hz is not None
    return {
        name: max(-1.5, min(1.5, math.log((found[f"{area}_{name}"].rate_hz + 0.1) / (hz + 0.1))))
        for name, hz in wanted.rates_hz.items()
    }


def moved(calibrated: Calibration, errors: Mapping[str, float], step: float) -> Calibration:
    assert calibrated.drive_hz is not None
    drives = {name: hz * math.exp(-step * errors[name]) for name, hz in calibrated.drive_hz.items()}
    return replace(calibrated, drive_hz=drives)


def at_rest(
    calibrated: Mapping[str, Calibration],
    scale: float,
    regions: tuple[str, ...],
    seed: int,
    duration_ms: float,
    threads: int,
) -> dict[str, Statistics]:
    described = with_afferents(mouse(scale=scale, regions=regions, calibrated=calibrated))
    return statistics_of(
        described, seed=seed, start_ms=300.0, end_ms=300.0 + duration_ms, threads=threads, resolution_ms=0.1
    )


def with_afferents(described: Network) -> Network:
    """The same network with trains in place of the body's senses."""
    trains = [Background(p, hz, 1.0, 1.0) for p, hz in AFFERENTS_HZ.items() if p in described.populations]
    return Network(
        described.name,
        list(described.populations.values()),
        described.projections,
        backgrounds=(*described.backgrounds, *trains),
        scale=described.scale,
    )


def write(found: Mapping[str, Calibration]) -> None:
    rounded = {
        area: {**asdict(one), "drive_hz": {n: float(f"{hz:.3g}") for n, hz in (one.drive_hz or {}).items()}}
        for area, one in found.items()
    }
    FILE.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")


def show(found: Mapping[str, Statistics], calibrated: Mapping[str, Calibration]) -> None:
    """A table for the page of the science."""
    wanted = {f"{a}_{n}": hz for a, one in calibrated.items() for n, hz in (one.rates_hz or {}).items()}
    print("| population | neurons | wanted Hz | rate Hz | CV | correlation |\n|---|---|---|---|---|---|")
    for name, one in found.items():
        print(
            f"| {name} | {one.rates_hz.size} | {wanted.get(name, math.nan):g} | {one.rate_hz:.1f} | "
            f"{one.interval_cv:.2f} | {one.correlation:.4f} |"
        )


if __name__ == "__main__":
    main()
