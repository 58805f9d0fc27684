"""Primary somatosensory cortex, S1: 22 populations in 7 layers.

One excitatory type, Pyr, in each of L2 to L6; those of L4 receive the senses, and L5A and L5B project out.
"""

from __future__ import annotations

from ...network import Network
from .cortex import Area, Calibration, calibration
from .region import Region, network


def s1(
    *,
    scale: float = 1.0,
    sheet_mm: tuple[float, float] = (1.0, 1.0),
    calibrated: Calibration | None = None,
) -> Region:
    """Populations ``S1_L1_SBC`` to ``S1_L6_SST``: 94,396 neurons and 140 million synapses per mm2 at scale 1.

    scale: share of the neurons, on the same sheet; in-degrees shrink less, and weights and leak make up for them
    (``docs/science/mouse.md``). calibrated: in place of the shipped calibration; ``Calibration()`` takes the tables as
    printed. Raises NetworkError.
    """
    return Area("S1", calibrated or calibration("S1"), scale, sheet_mm).region()


def mouse_s1(*, scale: float = 1.0, sheet_mm: tuple[float, float] = (1.0, 1.0)) -> Network:
    """S1 alone. scale, sheet_mm: see ``s1``."""
    return network("mouse_s1", [s1(scale=scale, sheet_mm=sheet_mm)], scale=scale)
