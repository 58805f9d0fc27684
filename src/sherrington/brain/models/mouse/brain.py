"""The mouse sensorimotor brain, assembled: cord, M1, S1, thalamus, basal ganglia, cerebellum, closed with a forelimb.

Every region is described in a file of its own; here they are joined by name. A region that is left out is replaced, for
those that stay, by trains at its resting rates, so that what is calibrated stays calibrated. See
``docs/science/mouse.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from ....errors import NetworkError, known
from ...network import Network, Population, Projection
from . import motor
from .basal_ganglia import Shares, basal_ganglia, from_cortex, to_thalamus
from .between import join
from .cerebellum import MODULES, ZONES, cerebellum
from .cortex import Calibration
from .m1 import m1
from .paths import PATHS, REST_HZ
from .red_nucleus import cerebello_rubral, commanded, red_nucleus, rubrospinal
from .region import Region, network
from .s1 import s1
from .somatosensory import afferents, map_of, somatosensory
from .thalamus import thalamus

REGIONS = ("M1", "S1", "TH", "BG", "CB")
"""Those that can be left out; the cord cannot. TH also holds the ascending path of the senses."""
SHEET_MM = (1.5, 1.5)
"""With this sheet the published rules give the published number of connections, 1.588e9; the caudal forelimb area of
a mouse is about as large."""
RELAYS: Mapping[str, Shares] = MappingProxyType(
    {
        "CSN": {"M1_L5A_CS": 1 / 12, "S1_L5A_Pyr": 1 / 12},
        "PTN": {"M1_L5B_PT": 1 / 12, "S1_L5B_Pyr": 1 / 12},
    }
)
"""Published: 1,000 of the 12,000 cells of each input of the basal ganglia repeat one population of cortex."""

Drives = Mapping[str, Mapping[str, float]]


@cache
def pull() -> Drives:
    """Drives that hold the joystick at rest and that pull it, pA by goal and muscle; found by the ``calibrate.py`` of
    the example ``joystick_pull``."""
    found: Drives = json.loads(files(__package__).joinpath("pull.json").read_text(encoding="utf-8"))
    return found


@cache
def calibration(area: str) -> Calibration:
    """Of M1 or S1 in the assembled brain, from ``assembled.json``."""
    everything = json.loads(files(__package__).joinpath("assembled.json").read_text(encoding="utf-8"))
    return Calibration(**everything[area])


def mouse(
    *,
    scale: float = 1.0,
    regions: Sequence[str] = REGIONS,
    sheet_mm: Sequence[float] = SHEET_MM,
    plastic: bool = False,
    drive_pA: Drives | None = None,
    shuffled: int | None = None,
    pushes_pA: Drives | None = None,
    calibrated: Mapping[str, Calibration] | None = None,
) -> Network:
    """The assembled brain: 2.4 million neurons and 1.6e9 synapses at scale 1.

    scale: share of the neurons of cortex, thalamus, basal ganglia and cerebellum on the same sheets, each as its region
    says; the cord stays whole. regions: of ``REGIONS``, any; ``BG`` needs M1 and TH. sheet_mm: sides of all sheets;
    calibrated for the default. plastic: whether the cerebellum learns. drive_pA: for each goal, rest first, the drive
    of each muscle (see ``premotor_cord``), by default the joystick pull's; every goal but rest has a strip of M1 and
    a channel of ``M2``. shuffled: a number permutes the muscles that premotor neurons reach. pushes_pA: microzones of
    ``CB_M1``, and the drive of each muscle by which their cells of the red nucleus push (see ``red_nucleus``); by
    default there are none, and the cerebellum acts through the thalamus alone. calibrated: in place of
    ``assembled.json``. Raises NetworkError.
    """
    _check(regions, sheet_mm)
    side = (float(sheet_mm[0]), float(sheet_mm[1]))
    drives = pull() if drive_pA is None else drive_pA
    build = _Build(tuple(regions), scale, side, drives, pushes_pA or {}, calibrated or {})
    here = list(build.regions(plastic, shuffled))
    full = _populations(replace(build, present=REGIONS, scale=1.0).regions(plastic, shuffled))
    populations = _populations(here)
    projections, trains = join(PATHS, populations, full)
    here.append(Region("between", (), (*projections, *build.special(here, populations)), tuple(trains)))
    return network("mouse", here, scale=scale)


def _check(regions: Sequence[str], sheet_mm: Sequence[float]) -> None:
    unknown = [name for name in regions if name not in REGIONS]
    if unknown:
        raise NetworkError(f"mouse: no region '{unknown[0]}'; {known(REGIONS)}")
    if len(set(regions)) != len(regions):
        raise NetworkError(f"mouse: regions {list(regions)}; name each once")
    if "BG" in regions and not {"M1", "TH"} <= set(regions):
        raise NetworkError(
            f"mouse: regions {list(regions)}: BG needs M1 and TH, which close its loop; add them"
        )
    if len(sheet_mm) != 2 or not min(sheet_mm) > 0:
        raise NetworkError(f"mouse: sheet_mm = {list(sheet_mm)}; it must be two lengths above 0")


def _populations(regions: Iterator[Region] | list[Region]) -> dict[str, Population]:
    return {population.name: population for region in regions for population in region.populations}


@dataclass(frozen=True)
class _Build:
    """The regions that are present, on sheets of this size."""

    present: tuple[str, ...]
    scale: float
    sheet_mm: tuple[float, float]
    drive_pA: Drives
    pushes_pA: Drives
    calibrated: Mapping[str, Calibration]

    def regions(self, plastic: bool, shuffled: int | None) -> Iterator[Region]:
        scale, sheet_mm = self.scale, self.sheet_mm
        cord = motor.descending(self.drive_pA, shuffled=shuffled, cortex="M1" in self.present)
        yield cord
        yield afferents()
        if "M1" in self.present:
            yield self._in_strips(m1(scale=scale, sheet_mm=sheet_mm, calibrated=self._of("M1")))
        if "S1" in self.present:
            yield s1(scale=scale, sheet_mm=sheet_mm, calibrated=self._of("S1"))
        if "TH" in self.present:
            muscles = tuple(next(p for p in cord.populations if p.name == "MN").channels)
            yield somatosensory(map_of(muscles, self.drive_pA), scale=scale, sheet_mm=sheet_mm)
            yield thalamus(scale=scale, sheet_mm=sheet_mm, pallidum="BG" in self.present)
        if "BG" in self.present:
            yield basal_ganglia(scale=scale, sheet_mm=sheet_mm, relays=self.relays, relayed_hz=REST_HZ)
        if "CB" in self.present:
            yield from (self._module(name, plastic) for name in MODULES)
            if self.pushes_pA:
                yield red_nucleus(tuple(self.pushes_pA))

    def _module(self, name: str, plastic: bool) -> Region:
        zones = tuple(self.pushes_pA) if self.pushes_pA and name == "CB_M1" else ZONES
        # Where its cortex is absent ``join`` gives the pons the trains that stand for it.
        return cerebellum(
            name, scale=self.scale, sheet_mm=self.sheet_mm, zones=zones, cortex=True, plastic=plastic
        )

    @property
    def goals(self) -> tuple[str, ...]:
        return motor.goals_of(self.drive_pA)

    def special(self, regions: Sequence[Region], here: Mapping[str, Population]) -> Iterator[Projection]:
        """What is no path of ``PATHS``."""
        if "M1" in self.present:
            yield from motor.through_cortex(self.goals, here["M1_L5B_PT"])
        if "BG" in self.present:
            yield from from_cortex(self.relays)
            yield to_thalamus()
        if "CB" in self.present and self.pushes_pA:
            yield from self._pushes({region.name: region for region in regions}, here)

    def _pushes(self, regions: Mapping[str, Region], here: Mapping[str, Population]) -> Iterator[Projection]:
        rubral = regions["RN"]
        yield from cerebello_rubral(regions["CB_M1"], rubral)
        for goal in self.goals:
            yield commanded(f"premotor/{goal}", here["premotor"].channels[goal], rubral)
        yield from rubrospinal(rubral, tuple(here["MN"].channels), self.pushes_pA)

    @property
    def relays(self) -> Mapping[str, Shares]:
        """Those of the areas that are present."""
        return {
            name: {source: share for source, share in shares.items() if source[:2] in self.present}
            for name, shares in RELAYS.items()
        }

    def _of(self, area: str) -> Calibration:
        return self.calibrated.get(area) or calibration(area)

    def _in_strips(self, region: Region) -> Region:
        striped = {f"M1_{name}" for name in motor.STRIPS}
        populations = tuple(
            motor.in_strips(p, self.goals) if p.name in striped else p for p in region.populations
        )
        return replace(region, populations=populations)
