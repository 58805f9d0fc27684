"""From a described network to NEST nodes and connections.

Connections are drawn by ``Network.blocks``, so they are the same for every engine and any number of threads or
ranks, and handed to NEST as arrays, one block after the other; each rank draws all and keeps those to its own neurons.
What that costs beside NEST's own rules is in ``docs/science/nest-engine.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import ns_to_ms
from ..errors import NetworkError
from .distributions import Distribution, Floats, Quantity, stream
from .nest_kernel import check_model, check_parameters, nest, translated, write
from .network import Background, Connections, Network, Population, Projection

_WRONG_TYPE = (IndexError, TypeError, ValueError)

SHORTEST_DELAYS = 100
"""After how many of the network's shortest delays NEST brings modulated synapses up to date that carry no spikes. It
keeps the history of the modulator short, and changes no weight at a spike."""


def kernel_seed(seed: int, name: str) -> int:
    """NEST's ``rng_seed`` for one purpose: 1 to 2**32 - 2, from the experiment's seed and a name."""
    return int(stream(seed, f"nest/{name}").integers(1, 2**32 - 1))


HPC_NODES = 65_534
"""So many nodes of a thread, the first ones, can be targets of NEST's ``..._hpc`` synapses."""


CONNECTIONS_PER_MODEL = 0.95 * (2**27 - 2)
"""NEST's limit for each virtual process and synapse model, less a margin: neurons go round the virtual processes, so
that each has nearly the same number of connections."""


@dataclass
class Share:
    """What of a network is on this rank. NEST deals node numbers out to the virtual processes in turn, and these to the
    ranks. made: connections so far on all ranks, by synapse model: the same on every rank, as all must choose alike."""

    rank: int
    ranks: int
    virtual_processes: int
    made: dict[str, int] = field(default_factory=dict)

    def holds(self, node_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the nodes of these numbers are on this rank."""
        return np.equal(node_ids % self.virtual_processes % self.ranks, self.rank)


def create_recorder(virtual_processes: int) -> Any:
    """The recorder of all spikes, to be made before any neuron, so that ``record_spikes`` can use an ``_hpc`` synapse.

    Idle ones fill the round, so that every neuron is on the same virtual process as without them.
    """
    return nest.Create("spike_recorder", virtual_processes)[0]


def record_spikes(recorder: Any, nodes: Any, delay_ms: float) -> None:
    """NEST keeps a block of 1,024 synapses for every neuron that has a device for a target, even for one: 32 kB of
    ``static_synapse``, 8 kB of this one, which has no weight of its own."""
    nest.Connect(
        nodes, recorder, "all_to_all", {"synapse_model": "static_synapse_hom_w_hpc", "delay": delay_ms}
    )


def create_population(network: Network, population: Population, seed: int) -> Any:
    """The population's NodeCollection. Raises NetworkError naming the population and the parameter at fault."""
    what = f"population '{population.name}'"
    check_model(population.model, nest.node_models, what)
    defaults = nest.GetDefaults(population.model)
    if defaults.get("element_type") != "neuron":
        raise NetworkError(
            f"{what}: '{population.model}' is a {defaults.get('element_type')}, not a neuron model; "
            f"inputs and outputs are ports, e.g. {population.name}.rate"
        )
    what = f"{what} ({population.model})"
    check_parameters((*population.params, *population.initial), defaults, what)
    with translated(NetworkError, f"{what}: cannot create it", _WRONG_TYPE):
        nodes = nest.Create(population.model, population.size)
    varied = dict(network.initial_values(population, seed))
    for table in (
        population.params,
        population.initial,
    ):  # a state may be relative to a parameter, e.g. V_m to E_L
        _set(nodes, _constants(table, defaults), what)
        _set_each(nodes, {name: varied[name] for name in table if name in varied}, what)
    return nodes


def _constants(
    table: Mapping[str, Quantity | tuple[float, ...]], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    return {n: _as(v, defaults[n]) for n, v in table.items() if not isinstance(v, Distribution)}


def _as(value: Any, default: Any) -> Any:
    """A number in the type that NEST insists on: truth, whole number or float; anything else as it is."""
    if isinstance(default, (bool, np.bool_)):
        return bool(value)
    if not isinstance(value, (int, float)):
        return value
    whole = isinstance(default, (int, np.integer)) and float(value).is_integer()
    return int(value) if whole else float(value)


def _set(nodes: Any, values: Mapping[str, Any], what: str) -> None:
    if values:
        with translated(NetworkError, f"{what}: cannot set {values}", _WRONG_TYPE):
            write(nodes, values)


def _set_each(nodes: Any, values: Mapping[str, Floats], what: str) -> None:
    if not values:
        return
    rows = zip(*(column.tolist() for column in values.values()), strict=True)
    with translated(NetworkError, f"{what}: cannot set {', '.join(values)} of each neuron", _WRONG_TYPE):
        write(nodes, [dict(zip(values, row, strict=True)) for row in rows])


def connect(
    network: Network,
    projection: Projection,
    nodes: Mapping[str, Any],
    seed: int,
    resolution_ns: int,
    share: Share,
    alive: Callable[[], None],
) -> None:
    """Make the connections of one projection to the neurons of this rank. Raises NetworkError naming the projection.

    alive: called after each block; a large network takes minutes.
    """
    what = f"projection '{projection.name}'"
    model = _synapse_model(network, projection, nodes, share.virtual_processes, what)
    source, target = (nodes[network.resolve(r)[0].name] for r in (projection.source, projection.target))
    first = source[0].global_id, target[0].global_id
    with translated(NetworkError, f"{what} ({projection.synapse}): cannot connect", _WRONG_TYPE):
        for block in network.blocks(projection, seed):
            form = _with_room(model, len(block), share)
            _connect_block(_own(block, first[1], share), *first, projection.receptor, form, resolution_ns)
            alive()


def _with_room(model: str, connections: int, share: Share) -> str:
    """The synapse model, or its first copy that still takes so many connections."""
    room = round(CONNECTIONS_PER_MODEL * share.virtual_processes)
    for name in chain([model], (f"{model} {n}" for n in count(2))):
        if name != model and name not in nest.synapse_models:
            nest.CopyModel(model, name)
        if share.made.get(name, 0) + connections <= room:
            break
    share.made[name] = share.made.get(name, 0) + connections
    return name


def _own(drawn: Connections, first_target: int, share: Share) -> Connections:
    """The connections to neurons of this rank. Never none of some: NEST's ranks must all know that there are new ones,
    and one to a neuron elsewhere is not made."""
    if share.ranks == 1 or not len(drawn):
        return drawn
    chosen = np.flatnonzero(share.holds(drawn.targets + first_target))
    return drawn.part(chosen if chosen.size else np.zeros(1, np.int64))


def _connect_block(
    drawn: Connections, source: int, target: int, receptor: int, model: str, resolution_ns: int
) -> None:
    """Straight to NEST's kernel: ``nest.Connect`` copies every array once more, half as long again."""
    if not len(drawn):
        return
    resolution_ms = ns_to_ms(resolution_ns)
    delays_ms = np.maximum(np.rint(drawn.delays_ms / resolution_ms), 1.0) * resolution_ms
    names = np.array(["receptor_type"]) if receptor else None
    values = np.full((1, len(drawn)), float(receptor)) if receptor else None
    nest.ll_api.nestkernel.llapi_connect_arrays(
        drawn.sources + source, drawn.targets + target, drawn.weights, delays_ms, model, names, values
    )


def _synapse_model(
    network: Network, projection: Projection, nodes: Mapping[str, Any], virtual_processes: int, what: str
) -> str:
    """The synapse model, or a copy that carries the projection's parameters, those common to all synapses included.

    Projections with the same parameters and modulator share one copy: NEST has room for some 400 synapse models.
    """
    check_model(projection.synapse, nest.synapse_models, what)
    model = _smallest(projection, nodes[network.resolve(projection.target)[0].name], virtual_processes)
    if not projection.synapse_params and not projection.modulator:
        return model
    defaults = nest.GetDefaults(model)
    what = f"{what} ({projection.synapse})"
    check_parameters(projection.synapse_params, defaults, what)
    form = model.removeprefix(projection.synapse)
    name = f"{projection.synapse} {sorted(projection.synapse_params.items())} {projection.modulator} {form}".rstrip()
    if name in nest.synapse_models:
        return name
    values = _constants(projection.synapse_params, defaults)
    if projection.modulator:
        values["volume_transmitter"] = _volume_transmitter(
            network, projection.modulator, nodes, defaults, what
        )
    with translated(NetworkError, f"{what}: cannot set {dict(projection.synapse_params)}", _WRONG_TYPE):
        nest.CopyModel(model, name, values)
    return name


def _smallest(projection: Projection, targets: Any, virtual_processes: int) -> str:
    """The synapse model, or its ``_hpc`` version, which does the same in 16 bytes less where it can reach the targets:
    it numbers the nodes of a thread in two bytes, and knows no receptors."""
    compact = f"{projection.synapse}_hpc"
    # Its number on its thread, which has every recorder.
    last = targets[-1].global_id // virtual_processes + virtual_processes
    reachable = last <= HPC_NODES and not projection.receptor
    return compact if reachable and compact in nest.synapse_models else projection.synapse


def _volume_transmitter(
    network: Network, modulator: str, nodes: Mapping[str, Any], defaults: Mapping[str, Any], what: str
) -> Any:
    """The node that carries the spikes of the modulator to all synapses of a model."""
    if "volume_transmitter" not in defaults:
        raise NetworkError(f"{what}: no modulator can reach this synapse model; use 'stdp_dopamine_synapse'")
    population, chosen = network.resolve(modulator)
    transmitter = nest.Create("volume_transmitter", params={"deliver_interval": SHORTEST_DELAYS})
    with translated(NetworkError, f"{what}: cannot be modulated by '{modulator}'", _WRONG_TYPE):
        nest.Connect(nodes[population.name][chosen.start : chosen.stop], transmitter)
    return transmitter


def connect_background(
    network: Network, background: Background, nodes: Mapping[str, Any], resolution_ns: int
) -> None:
    """One generator for the whole background: NEST's ``poisson_generator`` sends every target a train of its own."""
    population, chosen = network.resolve(background.population)
    spec = {
        "weight": background.weight,
        "delay": max(background.delay_ms, ns_to_ms(resolution_ns)),
        "receptor_type": background.receptor,
    }
    what = f"background of '{background.population}' ({population.model})"
    with translated(NetworkError, f"{what}: cannot connect", _WRONG_TYPE):
        generator = nest.Create("poisson_generator", params={"rate": background.rate_hz})
        nest.Connect(generator, nodes[population.name][chosen.start : chosen.stop], "all_to_all", spec)
