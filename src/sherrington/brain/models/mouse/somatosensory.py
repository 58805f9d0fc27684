"""The ascending path of the body's senses: afferents, cuneate nucleus, and the thalamic nucleus of touch and posture.

Ours, as the published brain has none of it. That it exists, and its order, is anatomy: collaterals of the forelimb's
muscle afferents and cutaneous afferents end in the cuneate nucleus, whose cells drive the ventral posterior lateral
nucleus (VPL) through few, strong synapses. Numbers and reasons: ``docs/science/mouse.md``.

The body is mapped along y: one strip of the nucleus for each muscle, joint direction and patch of skin, in the order
that ``map_of`` gives. S1 and, from there, M1 inherit the map, since their inputs fall off with distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...distributions import Lognormal, Normal
from ...network import Background, Population, Projection
from ...rules import FixedIndegree
from ...sheet import Sheet
from ..spinal_cord import TAU_EXCITATORY_MS, interneurons
from .region import Region
from .thalamus import backgrounds, cells, cells_of, intrinsic

NUCLEUS = "TH_S1_VPL"
JOINTS = ("shoulder_adduction", "shoulder_flexion", "shoulder_rotation", "elbow_flexion")
JOINT_DIRECTIONS = tuple(f"{joint}_{sign}" for joint in JOINTS for sign in ("up", "down"))
"""Channels of ``JA``: joint afferents that fire at one end of the range each (``push_pull``)."""
SKIN = ("paw",)
"""Channels of ``CUT``: patches of skin."""
AFFERENTS = {"JA": (JOINT_DIRECTIONS, 10), "CUT": (SKIN, 20)}
"""Populations of afferents that the cord does not have: channels, and cells of each."""
CUNEATE_CELLS = 12
"""Of each channel."""


@dataclass(frozen=True)
class Onto:
    """Afferents onto cuneate cells of the same channel: mean current per Hz of the afferents, and delay from the
    dorsal root entry of the neck to the brainstem, about 12 mm of dorsal column."""

    afferents: str
    strength_pA_per_hz: float
    delay_ms: float


ONTO_CUNEATE = (
    Onto("Ia", 2.5, 1.5),
    Onto("II", 1.0, 2.5),
    Onto("Ib", 0.5, 1.5),
    Onto("JA", 5.0, 2.0),
    Onto("CUT", 5.0, 2.0),
)
ONTO_CUNEATE_MUSCLE_INDEGREE = 7
"""From each kind of a muscle's afferents, of which there are 10 to 20; from joints and skin two thirds of a channel."""
ONTO_THALAMUS_INDEGREE = 8
ONTO_THALAMUS_NS = 6.8
RELAY_BACKGROUND_HZ = 5.0
"""Of the nucleus' relay cells: a quarter of that of other nuclei, so that what they say comes from the body."""
ONTO_THALAMUS_MS = 1.5


def map_of(muscles: Sequence[str], drive_pA: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    """The channels of the map in their order along y: first the muscles that the first goal drives more than rest does,
    most first, then those of the next goal; then the others; then joints and skin. So the muscles that a strip of M1
    moves are felt at the same place.

    drive_pA: drives by goal, rest first.
    """
    rest, *goals = drive_pA.values()

    def place(muscle: str) -> tuple[int, float]:
        gains = [goal.get(muscle, 0.0) - rest.get(muscle, 0.0) for goal in goals]
        most = max(gains, default=0.0)
        return (gains.index(most), -most) if most > 0 else (len(goals), -most)

    return (*sorted(muscles, key=place), *JOINT_DIRECTIONS, *SKIN)


def afferents() -> Region:
    """Populations ``JA`` (joints) and ``CUT`` (skin), parrots; the muscles' afferents are the cord's."""
    return Region(
        "afferents",
        tuple(
            Population(
                name,
                n * len(channels),
                "parrot_neuron",
                channels=dict.fromkeys(channels, n),
                region="afferents",
            )
            for name, (channels, n) in AFFERENTS.items()
        ),
    )


def somatosensory(
    mapped: Sequence[str], *, scale: float = 1.0, sheet_mm: tuple[float, float] = (1.0, 1.0)
) -> Region:
    """Populations ``CN`` and ``TH_S1_VPL_TC``, ``_IN``, ``_RE``.

    mapped: from ``map_of``; the channels of the nucleus. scale: as of ``thalamus``, with at least five cells of each
    type for a channel. Raises NetworkError.
    """
    size = max(cells(scale, sheet_mm), 5 * len(mapped))
    edges = [size * i // len(mapped) for i in range(len(mapped) + 1)]
    strips = {name: b - a for name, a, b in zip(mapped, edges, edges[1:], strict=False)}
    cuneate = interneurons("CN", mapped, CUNEATE_CELLS, "CN")
    return Region(
        "ascending",
        (cuneate, *cells_of(NUCLEUS, Sheet(sheet_mm, "grid"), strips)),
        (*_onto_cuneate(mapped), *_onto_thalamus(mapped), *intrinsic(NUCLEUS)),
        tuple(_backgrounds()),
    )


def _backgrounds() -> Iterator[Background]:
    for train in backgrounds((NUCLEUS,)):
        relay = train.population == f"{NUCLEUS}_TC"
        yield replace(train, rate_hz=RELAY_BACKGROUND_HZ) if relay else train


def _onto_cuneate(mapped: Sequence[str]) -> Iterator[Projection]:
    muscles = tuple(name for name in mapped if name not in (*JOINT_DIRECTIONS, *SKIN))
    for path in ONTO_CUNEATE:
        channels, cells_each = AFFERENTS.get(path.afferents, (muscles, 0))
        indegree = round(2 * cells_each / 3) if cells_each else ONTO_CUNEATE_MUSCLE_INDEGREE
        mean_pA = path.strength_pA_per_hz / (indegree * TAU_EXCITATORY_MS / 1000)
        for channel in channels:
            yield Projection(
                f"{path.afferents}/{channel}",
                f"CN/{channel}",
                FixedIndegree(indegree),
                Lognormal(mean_pA, 0.3 * mean_pA),
                Normal(path.delay_ms, 0.2, 0.5, 5.0),
            )


def _onto_thalamus(mapped: Sequence[str]) -> Iterator[Projection]:
    for channel in mapped:
        rule = FixedIndegree(ONTO_THALAMUS_INDEGREE)
        weight = Lognormal(ONTO_THALAMUS_NS, 0.3 * ONTO_THALAMUS_NS)
        yield Projection(f"CN/{channel}", f"{NUCLEUS}_TC/{channel}", rule, weight, ONTO_THALAMUS_MS)
