"""What a NEST model is like: the kind of work of a neuron, the bytes of a synapse. Tables, no engine.

Bytes of synapses: measured with NEST 3.10 (``docs/science/nest-engine.md``), the object and NEST's table of sources.
"""

from __future__ import annotations

from ..brain.network import Population, Projection

FAMILIES = (
    ("parrot", "parrot"),
    ("multisynapse", "multisynapse"),
    ("cond_exp", "conductance_exp"),
    ("cond", "conductance"),
    ("psc_delta", "delta"),
    ("psc_alpha", "alpha"),
    ("psc_exp", "exp"),
    ("aeif", "adaptive"),
    ("hh_", "adaptive"),
    ("gif", "exp"),
    ("izhikevich", "delta"),
)
"""The first part of a model's name that fits decides; ``aeif_cond`` and ``hh_cond`` come before ``cond``."""
OTHER = "conductance"
"""Of models that no part fits: rather too much than too little."""
LONGEST_HPC = 65_534
"""So many nodes of a thread, the first ones, can be targets of NEST's ``..._hpc`` synapses."""
SYNAPSE_BYTES = {
    "static_synapse": 40,
    "static_synapse_hom_w": 32,
    "stdp_pl_synapse_hom": 56,
    "stdp_synapse_hom": 56,
    "stdp_dopamine_synapse": 88,
    "stdp_synapse": 104,
    "tsodyks_synapse": 104,
    "tsodyks2_synapse": 96,
}
OTHER_BYTES = 104
SAVED_BYTES = 16
"""What the ``_hpc`` form saves."""
HAVE_HPC = frozenset(SYNAPSE_BYTES)


def family(model: str) -> str:
    """The kind of work of a neuron model, one of the terms ``update_...``."""
    if model.startswith(("aeif", "hh_")):
        return "adaptive"
    return next((kind for part, kind in FAMILIES if part in model), OTHER)


def known(model: str) -> bool:
    """Whether the family is more than a guess."""
    return any(part in model for part, _ in FAMILIES)


def receptors(population: Population) -> int:
    """Receptors of a multi-receptor model, from the longest list among its parameters; else 2."""
    lists = [len(value) for value in population.params.values() if isinstance(value, tuple)]
    return max(lists, default=2)


def is_plastic(projection: Projection) -> bool:
    return not projection.synapse.startswith("static")


def synapse_bytes(projection: Projection, last_node: int, processes: int) -> int:
    """Bytes of one synapse as the engine makes it. last_node: number of the last target in the order of creation."""
    plain = projection.synapse.removesuffix("_hpc")
    size = SYNAPSE_BYTES.get(plain, OTHER_BYTES)
    reachable = last_node // processes + processes <= LONGEST_HPC and not projection.receptor
    compact = projection.synapse.endswith("_hpc") or (reachable and plain in HAVE_HPC)
    return size - SAVED_BYTES if compact else size
