"""Primary motor cortex, M1: 19 populations in 5 layers and no layer 4.

Excitatory cells are told apart by where they project: CC to other cortex, CS to the striatum, CT to the thalamus, PT
down the pyramidal tract. L5B_PT is the output to pons and cord.
"""

from __future__ import annotations

from ...network import Network
from .cortex import Area, Calibration, calibration
from .region import Region, network


def m1(
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    calibrated: Calibration | None = None,
) -> Region:
    """Populations ``M1_L1_SBC`` to ``M1_L6_SST``: 58,805 neurons and 172 million synapses per mm2 at scale 1.

    scale: share of the neurons, on the same sheet; in-degrees shrink less, and weights and leak make up for them
    (``docs/science/mouse.md``). calibrated: in place of the shipped calibration; ``Calibration()`` takes the tables as
    printed. Raises NetworkError.
    """
    return Area("M1", calibrated or calibration("M1"), scale, sheet_mm).region()


def mouse_m1(*, scale: float = 1.0, sheet_mm: tuple[float, float] = (1.0, 1.0)) -> Network:
    """M1 alone. scale, sheet_mm: see ``m1``."""
    return network("mouse_m1", [m1(scale=scale, sheet_mm=sheet_mm)], scale=scale)
