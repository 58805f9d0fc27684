"""A region of the mouse brain, described apart from the others, and several of them as one network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...network import Background, Network, Population, Projection


@dataclass(frozen=True)
class Region:
    """Populations of one region, the projections among them, and what reaches them from outside the model.

    Populations are called ``REGION_LAYER_TYPE``, e.g. ``M1_L5B_PT``, or ``REGION_TYPE`` where there are no layers, and
    carry ``region=name``.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = ()
    backgrounds: tuple[Background, ...] = ()


def network(
    name: str, regions: Iterable[Region], between: Iterable[Projection] = (), *, scale: float = 1.0
) -> Network:
    """One network of all regions and the projections ``between`` them. scale: kept as a fact. Raises NetworkError for a
    name that is used twice or does not exist."""
    parts = tuple(regions)
    return Network(
        name,
        [population for part in parts for population in part.populations],
        [*(projection for part in parts for projection in part.projections), *between],
        backgrounds=[background for part in parts for background in part.backgrounds],
        scale=scale,
    )
