"""From a described network to NEST nodes and connections.

Connections are drawn by ``Network.draw``, so they are the same for every engine and any number of threads,
and handed to NEST as arrays. Projections expected to exceed ``DRAW_LIMIT`` connections use NEST's own
parallel rules, seeded by the projection's name: same statistics, no big arrays, but the connections then also
depend on the number of virtual processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..clock import ns_to_ms
from ..errors import NetworkError
from .distributions import Distribution, Floats, Lognormal, Normal, Quantity, Uniform, stream
from .nest_kernel import check_model, check_parameters, nest, translated, write
from .network import Network, Population, Projection
from .rules import AllToAll, Bernoulli, FixedIndegree, FixedTotal

DRAW_LIMIT = 20_000_000
"""Above this many expected connections, the arrays of a projection (32 bytes each) would exceed 640 MB."""

_WRONG_TYPE = (IndexError, TypeError, ValueError)


def kernel_seed(seed: int, name: str) -> int:
    """NEST's ``rng_seed`` for one purpose: 1 to 2**32 - 2, from the experiment's seed and a name."""
    return int(stream(seed, f"nest/{name}").integers(1, 2**32 - 1))


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


def _constants(table: Mapping[str, Quantity], defaults: Mapping[str, Any]) -> dict[str, Any]:
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
    network: Network, projection: Projection, nodes: Mapping[str, Any], seed: int, resolution_ns: int
) -> None:
    """Make the connections of one projection. Raises NetworkError naming the projection."""
    what = f"projection '{projection.name}'"
    model = _synapse_model(projection, what)
    with translated(NetworkError, f"{what} ({projection.synapse}): cannot connect", _WRONG_TYPE):
        if network.expected_connections(projection) > DRAW_LIMIT:
            _connect_by_rule(network, projection, model, nodes, seed, resolution_ns)
        else:
            _connect_drawn(network, projection, model, nodes, seed, resolution_ns)


def _synapse_model(projection: Projection, what: str) -> str:
    """The synapse model, or a copy that carries this projection's parameters, those common to all synapses
    included."""
    check_model(projection.synapse, nest.synapse_models, what)
    if not projection.synapse_params:
        return projection.synapse
    defaults = nest.GetDefaults(projection.synapse)
    what = f"{what} ({projection.synapse})"
    check_parameters(projection.synapse_params, defaults, what)
    name = f"{projection.synapse} of {projection.name}"
    with translated(NetworkError, f"{what}: cannot set {dict(projection.synapse_params)}", _WRONG_TYPE):
        nest.CopyModel(projection.synapse, name, _constants(projection.synapse_params, defaults))
    return name


def _connect_drawn(
    network: Network, p: Projection, model: str, nodes: Mapping[str, Any], seed: int, resolution_ns: int
) -> None:
    drawn = network.draw(p, seed)
    if not len(drawn):
        return
    resolution_ms = ns_to_ms(resolution_ns)
    steps = np.maximum(np.rint(drawn.delays_ms / resolution_ms), 1.0)
    spec = {"synapse_model": model, "weight": drawn.weights, "delay": steps * resolution_ms}
    if p.receptor:
        spec["receptor_type"] = np.full(len(drawn), p.receptor)
    source, target = (nodes[network.resolve(r)[0].name] for r in (p.source, p.target))
    nest.Connect(drawn.sources + source[0].global_id, drawn.targets + target[0].global_id, "one_to_one", spec)


def _connect_by_rule(
    network: Network, p: Projection, model: str, nodes: Mapping[str, Any], seed: int, resolution_ns: int
) -> None:
    resolution_ms = ns_to_ms(resolution_ns)
    spec = {
        "synapse_model": model,
        "weight": _parameter(p.weight),
        "delay": nest.math.max(_parameter(p.delay_ms), resolution_ms)
        if isinstance(p.delay_ms, Distribution)
        else max(p.delay_ms, resolution_ms),
        "receptor_type": p.receptor,
    }
    ends = []
    for reference in (p.source, p.target):
        population, chosen = network.resolve(reference)
        ends.append(nodes[population.name][chosen.start : chosen.stop])
    nest.rng_seed = kernel_seed(seed, f"projection/{p.name}")
    nest.Connect(*ends, _rule(p), spec)


def _rule(p: Projection) -> dict[str, Any]:
    match p.rule:
        case FixedIndegree(indegree=k, autapses=own):
            return {"rule": "fixed_indegree", "indegree": k, "allow_autapses": own}
        case FixedTotal(total=total):
            return {"rule": "fixed_total_number", "N": total}
        case Bernoulli(probability=probability, autapses=own):
            return {"rule": "pairwise_bernoulli", "p": probability, "allow_autapses": own}
        case AllToAll(autapses=own):
            return {"rule": "all_to_all", "allow_autapses": own}
    raise NetworkError(f"projection '{p.name}': its connections are listed one by one; split the projection")


def _parameter(quantity: Quantity) -> Any:
    """The same distribution as ``network.sample`` in NEST's terms."""
    match quantity:
        case Normal(mean, std, low, high):
            drawn = nest.random.normal(mean, std)
            return nest.math.redraw(drawn, low, high) if np.isfinite([low, high]).any() else drawn
        case Lognormal(mean, std, sign):
            variance = float(np.log1p((std / mean) ** 2))
            return nest.random.lognormal(float(np.log(mean)) - variance / 2, variance**0.5) * sign
        case Uniform(low, high):
            return nest.random.uniform(low, high)
    return quantity
