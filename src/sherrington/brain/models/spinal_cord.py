"""A segment of spinal cord: for every muscle its afferents, its motoneuron pool and the interneurons between.

Circuits and sources are in ``docs/science/spinal_cord.md``. Connections are stated as mean current per firing rate,
so that the number of neurons (``scale``) changes the noise and not the drive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ...errors import NetworkError, known
from ..distributions import Lognormal, Normal, Quantity, Uniform, Values
from ..network import Network, Population, Projection
from ..rules import FixedIndegree
from .forelimb_muscles import ANTAGONISTS, REFLEX_GAIN

TAU_EXCITATORY_MS = 2.0
TAU_INHIBITORY_MS = 3.0
REST_MV, THRESHOLD_MV, RESET_MV = -70.0, -55.0, -70.0
MEMBRANE_MS = 8.0
AFFERENTS = {"Ia": 20, "II": 12, "Ib": 10, "DC": 20}
"""Neurons per muscle at scale 1: primary and secondary spindle afferents, tendon organs, descending command."""
INTERNEURONS = {"IaIN": 20, "IbIN": 15, "PN": 20, "RC": 12}
"""Neurons per muscle at scale 1: Ia inhibitory, Ib inhibitory, excitatory group II (propriospinal), Renshaw."""
MOTONEURONS = 60
SMALLEST_PF, LARGEST_PF = 100.0, 300.0
"""Capacitance of the smallest and largest motoneuron of a pool. At one membrane time constant the rheobase is
proportional to it, so the same synaptic current recruits small motoneurons first (Henneman)."""
MN_REFRACTORY_MS = 6.0


@dataclass(frozen=True)
class Path:
    """Connections between two kinds of neuron. strength: mean current into a target per Hz of its sources, pA/Hz,
    negative if inhibitory. onto: the ``same`` muscle, or its ``antagonists``; a target with several antagonists
    receives the strength for their mean rate."""

    source: str
    target: str
    strength_pA_per_hz: float
    onto: str = "same"
    delay_ms: float = 0.8


PATHS = (
    Path("Ia", "MN", 2.0),
    Path("Ia", "IaIN", 2.5),
    Path("IaIN", "MN", -1.5, onto="antagonists"),
    Path("IaIN", "IaIN", -0.6, onto="antagonists"),
    Path("II", "PN", 2.5),
    Path("PN", "MN", 0.6),
    Path("Ib", "IbIN", 2.5),
    Path("IbIN", "MN", -0.6),
    Path("MN", "RC", 4.0),
    Path("RC", "MN", -0.8),
    Path("RC", "IaIN", -0.8),
    Path("DC", "MN", 3.0),
    Path("DC", "IaIN", 1.5),
)

STRETCH_REFLEX = {("Ia", "MN"), ("PN", "MN")}


def spinal_cord(
    *,
    scale: float = 1.0,
    antagonists: Mapping[str, Sequence[str]] | None = None,
    strengths: Mapping[str, float] | None = None,
    reflex_gain: Mapping[str, float] | None = None,
) -> Network:
    """Spinal reflex circuits of the mouse forelimb, or of the muscles given.

    scale: multiplies every number of neurons. antagonists: for each muscle, in the body's order, the muscles it is
    reciprocally inhibited with; by default those of ``mouse_forelimb``. strengths: replaces the strength of a path
    ``SOURCE->TARGET``, pA/Hz. reflex_gain: factor on the stretch reflex (Ia and group II) of a muscle, 1 where none
    is given, by default that of ``mouse_forelimb``. Raises NetworkError for a muscle or a path that does not exist.
    """
    if reflex_gain is None:
        reflex_gain = REFLEX_GAIN if antagonists is None else {}
    antagonists = ANTAGONISTS if antagonists is None else antagonists
    muscles = tuple(antagonists)
    _check_muscles(muscles, [*(m for others in antagonists.values() for m in others), *reflex_gain])
    paths = _paths(strengths or {})
    populations = _populations(muscles, scale)
    sizes = {p.name: p.size // len(muscles) for p in populations}
    projections = [
        q for path in paths for m in muscles for q in _projections(path, m, antagonists, sizes, reflex_gain)
    ]
    return Network("spinal_cord", populations, projections, scale=scale)


def _check_muscles(muscles: tuple[str, ...], named: Sequence[str]) -> None:
    for name in named:
        if name not in muscles:
            raise NetworkError(f"'{name}' is no muscle of this spinal cord; {known(muscles)}")


def _paths(strengths: Mapping[str, float]) -> list[Path]:
    names = [f"{p.source}->{p.target}" for p in PATHS]
    for name in strengths:
        if name not in names:
            raise NetworkError(f"no path '{name}' in the spinal cord; {known(names)}")
    return [
        Path(p.source, p.target, float(strengths.get(name, p.strength_pA_per_hz)), p.onto, p.delay_ms)
        for name, p in zip(names, PATHS, strict=True)
    ]


def _populations(muscles: tuple[str, ...], scale: float) -> list[Population]:
    def population(
        name: str,
        count: int,
        model: str,
        params: Mapping[str, Quantity] = MappingProxyType({}),
        initial: Mapping[str, Quantity] = MappingProxyType({}),
    ) -> Population:
        n = max(1, round(count * scale))
        channels = dict.fromkeys(muscles, n)
        return Population(name, n * len(muscles), model, params, initial, channels, region="spinal cord")

    n_pool = max(1, round(MOTONEURONS * scale))
    voltage = {"V_m": Uniform(REST_MV, THRESHOLD_MV)}
    return [
        *(population(name, n, "parrot_neuron") for name, n in AFFERENTS.items()),
        *(
            interneurons(name, muscles, max(1, round(count * scale)), "spinal cord")
            for name, count in INTERNEURONS.items()
        ),
        population(
            "MN",
            MOTONEURONS,
            "iaf_psc_exp",
            params=neuron(Values(_size_gradient(n_pool) * len(muscles)), MN_REFRACTORY_MS),
            initial=voltage,
        ),
    ]


def _size_gradient(n: int) -> tuple[float, ...]:
    """Capacitance in pF, smallest first: few large motoneurons and many small ones (exponential in rank)."""
    ratio = LARGEST_PF / SMALLEST_PF
    return tuple(SMALLEST_PF * ratio ** (i / max(1, n - 1)) for i in range(n))


def interneurons(name: str, channels: Sequence[str], each: int, region: str) -> Population:
    """A population of the cord's interneurons, ``each`` of them in every channel."""
    return Population(
        name,
        each * len(channels),
        "iaf_psc_exp",
        params=neuron(Normal(100.0, 15.0, 60.0, 140.0), 2.0),
        initial={"V_m": Uniform(REST_MV, THRESHOLD_MV)},
        channels=dict.fromkeys(channels, each),
        region=region,
    )


def neuron(capacitance_pF: Quantity, refractory_ms: float) -> dict[str, Quantity]:
    """Parameters of an integrate-and-fire neuron (``iaf_psc_exp``) of this cord."""
    return {
        "C_m": capacitance_pF,
        "tau_m": MEMBRANE_MS,
        "E_L": REST_MV,
        "V_th": THRESHOLD_MV,
        "V_reset": RESET_MV,
        "t_ref": refractory_ms,
        "tau_syn_ex": TAU_EXCITATORY_MS,
        "tau_syn_in": TAU_INHIBITORY_MS,
    }


def _projections(
    path: Path,
    muscle: str,
    antagonists: Mapping[str, Sequence[str]],
    sizes: Mapping[str, int],
    reflex_gain: Mapping[str, float],
) -> list[Projection]:
    """All connections of one kind onto the target neurons of one muscle."""
    sources = [muscle] if path.onto == "same" else list(antagonists[muscle])
    if not sources or path.strength_pA_per_hz == 0.0:
        return []
    # Two thirds of the sources, as group Ia reaches most but not all motoneurons of its pool; it also keeps the
    # neurons of a pool from all receiving the very same input.
    indegree = max(1, round(2 * sizes[path.source] / 3))
    tau_s = (TAU_EXCITATORY_MS if path.strength_pA_per_hz > 0 else TAU_INHIBITORY_MS) / 1000
    gain = reflex_gain.get(muscle, 1.0) if (path.source, path.target) in STRETCH_REFLEX else 1.0
    mean_pA = gain * abs(path.strength_pA_per_hz) / (indegree * tau_s * len(sources))
    weight = Lognormal(mean_pA, 0.3 * mean_pA, sign=1 if path.strength_pA_per_hz > 0 else -1)
    delay = Normal(path.delay_ms, 0.15, 0.3, 2.0)
    return [
        Projection(f"{path.source}/{s}", f"{path.target}/{muscle}", FixedIndegree(indegree), weight, delay)
        for s in sources
    ]
