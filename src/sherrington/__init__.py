"""Sherrington: embodied simulation of large spiking neural networks."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from .body.model import BodyModel
from .body.scene import Part
from .brain.distributions import DelayFromDistance, Lognormal, Normal, Uniform, Values
from .brain.kernels import Box, Disc, Exponential, Flat, Gaussian
from .brain.network import Background, Network, Population, Projection
from .brain.rules import (
    AllToAll,
    Bernoulli,
    DistanceBernoulli,
    DistanceIndegree,
    Explicit,
    FixedIndegree,
    FixedTotal,
    OneToOne,
)
from .brain.sheet import Points, Sheet
from .errors import SherringtonError
from .ports import SpikeBatch
from .record.check import Check, Outcome
from .transfer.function import transfer

if TYPE_CHECKING:
    from .record.read import Run, open_run

try:
    __version__ = version("sherrington")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    """Reading runs needs HDF5, which the rest of the package does without: it is imported when first used."""
    if name in {"Run", "open_run"}:
        from .record import read

        return getattr(read, name)
    raise AttributeError(f"module 'sherrington' has no attribute '{name}'")


__all__ = [
    "AllToAll",
    "Background",
    "Bernoulli",
    "BodyModel",
    "Box",
    "Check",
    "DelayFromDistance",
    "Disc",
    "DistanceBernoulli",
    "DistanceIndegree",
    "Explicit",
    "Exponential",
    "FixedIndegree",
    "FixedTotal",
    "Flat",
    "Gaussian",
    "Lognormal",
    "Network",
    "Normal",
    "OneToOne",
    "Outcome",
    "Part",
    "Points",
    "Population",
    "Projection",
    "Run",
    "Sheet",
    "SherringtonError",
    "SpikeBatch",
    "Uniform",
    "Values",
    "open_run",
    "transfer",
]
