"""From projections to the core: rules that it draws itself, and connections that are listed for it.

What the core draws depends on the seed and the projection's stream, as ``Network.draw`` does, but comes from other
random numbers: another network of the same kind. With ``exact`` it is given the very connections of ``Network.draw``.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from ...clock import ns_to_ms
from ...errors import NetworkError
from ..distributions import DelayFromDistance, Distribution, Floats, Lognormal, Normal, Quantity, Uniform
from ..network import Connections, Network, Projection
from ..rules import AllToAll, Bernoulli, FixedIndegree, FixedTotal, OneToOne, Rule
from .core import core
from .support import model_of

LONGEST_DELAY = 65_535
"""In steps."""

Delay = Quantity | DelayFromDistance
_RULES = {
    AllToAll: core.RuleKind.all_to_all,
    OneToOne: core.RuleKind.one_to_one,
    FixedIndegree: core.RuleKind.fixed_indegree,
    FixedTotal: core.RuleKind.fixed_total,
    Bernoulli: core.RuleKind.bernoulli,
}


def key(seed: int, name: str) -> int:
    """The key of the counter-based random numbers of the thing of that name: 64 bits."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/native/{name}".encode(), digest_size=8).digest(), "little")


class Connector:
    """Makes the projections of one network in a core. numbers: of its populations, by name."""

    def __init__(
        self, engine: core.Engine, network: Network, numbers: dict[str, int], seed: int, resolution_ns: int
    ) -> None:
        self._engine, self._network, self._numbers = engine, network, numbers
        self._seed, self._step_ms = seed, ns_to_ms(resolution_ns)

    def connect(self, projection: Projection, *, exact: bool) -> None:
        """Raises NetworkError naming the projection."""
        if exact or not self._is_drawn_by_the_core(projection):
            self._list(projection)
        else:
            self._draw(projection)

    def _is_drawn_by_the_core(self, projection: Projection) -> bool:
        return (
            type(projection.rule) in _RULES
            and _sign(projection.weight) != 0
            and isinstance(projection.delay_ms, float | int | Uniform | Normal | Lognormal)
        )

    def _ends(self, projection: Projection) -> core.Projection:
        """Both ends as the whole of their populations."""
        source, target = (self._network.resolve(r)[0] for r in (projection.source, projection.target))
        made = core.Projection()
        made.source, made.target = self._numbers[source.name], self._numbers[target.name]
        made.n_sources, made.n_targets = source.size, target.size
        return made

    def _draw(self, projection: Projection) -> None:
        made = self._ends(projection)
        (source, sources), (target, targets) = map(
            self._network.resolve, (projection.source, projection.target)
        )
        made.first_source, made.n_sources = sources.start, len(sources)
        made.first_target, made.n_targets = targets.start, len(targets)
        made.rule = _rule(projection.rule, source is target, targets.start - sources.start)
        if made.rule.kind == core.RuleKind.fixed_indegree and made.rule.no_autapses and len(sources) == 1:
            raise NetworkError(
                f"projection '{projection.name}': a fixed in-degree without autapses needs more than one neuron"
            )
        made.key = key(self._seed, f"projection/{projection.stream}")
        made.weight = _values(1.0 if model_of(target).is_relay else projection.weight, 1.0)
        made.delay = self._delay(projection)
        made.channel = model_of(target).channel(_sign(projection.weight), projection.receptor)
        self._engine.add_projection(made)

    def _delay(self, projection: Projection) -> core.Values:
        assert not isinstance(projection.delay_ms, DelayFromDistance)
        values = _values(projection.delay_ms, 1 / self._step_ms)
        if values.kind == core.ValueKind.constant:
            values.a = float(self._steps(np.array([float(values.a)]) * self._step_ms, projection)[0])
        return values

    def _steps(self, delays_ms: Floats, projection: Projection) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Rounded to the grid, at least one step."""
        steps = np.maximum(np.rint(delays_ms / self._step_ms), 1.0).astype(np.int64)
        if steps.max(initial=0) > LONGEST_DELAY:
            raise NetworkError(
                f"projection '{projection.name}' has a delay of {delays_ms.max():g} ms; the native engine has room for "
                f"{LONGEST_DELAY * self._step_ms:g} ms at this resolution"
            )
        return steps

    def _list(self, projection: Projection) -> None:
        """A projection of the core for each sign of the weights, as they arrive in different channels."""
        model = model_of(self._network.resolve(projection.target)[0])
        made: dict[int, int] = {}
        for block in self._network.blocks(projection, self._seed):
            base = model.channel(1.0, projection.receptor)
            channels = base + (block.weights < 0).astype(np.int64) * model.splits_signs
            for channel in np.unique(channels).tolist():
                if channel not in made:
                    made[channel] = self._listed(projection, channel, model.is_relay)
                mine = np.flatnonzero(channels == channel)
                self._hand_over(projection, made[channel], block.part(mine), model.is_relay)

    def _listed(self, projection: Projection, channel: int, is_relay: bool) -> int:
        made = self._ends(projection)
        made.channel = channel
        varies = isinstance(projection.weight, Distribution) and not is_relay
        made.weight = _varying() if varies else _constant(1.0 if is_relay else float(projection.weight))  # type: ignore[arg-type]
        constant_delay = isinstance(projection.delay_ms, float | int)
        made.delay = self._delay(projection) if constant_delay else _varying()
        return self._engine.add_projection(made)

    def _hand_over(self, projection: Projection, number: int, drawn: Connections, is_relay: bool) -> None:
        varies = isinstance(projection.weight, Distribution) and not is_relay
        constant_delay = isinstance(projection.delay_ms, float | int)
        self._engine.list(
            number,
            np.ascontiguousarray(drawn.sources, np.int64),
            np.ascontiguousarray(drawn.targets, np.int64),
            np.ascontiguousarray(drawn.weights, np.float64) if varies else None,
            None if constant_delay else self._steps(drawn.delays_ms, projection),
        )


def _rule(rule: Rule, same: bool, shift: int) -> core.Rule:
    made = core.Rule()
    made.kind = _RULES[type(rule)]
    made.no_autapses = same and not getattr(rule, "autapses", True)
    made.shift = shift
    match rule:
        case FixedIndegree(indegree=k):
            made.indegree = k
        case FixedTotal(total=total):
            made.total = total
        case Bernoulli(probability=p):
            made.probability = p
    return made


def _constant(value: float) -> core.Values:
    made = core.Values()
    made.a = value
    return made


def _varying() -> core.Values:
    """Values that are listed."""
    made = core.Values()
    made.kind = core.ValueKind.uniform
    return made


def _values(quantity: Quantity, factor: float) -> core.Values:
    """A number or distribution, times a factor above 0."""
    made = core.Values()
    match quantity:
        case Normal(mean, std, low, high):
            made.kind = core.ValueKind.normal
            made.a, made.b, made.low, made.high = (x * factor for x in (mean, std, low, high))
        case Lognormal(mean, std, sign):
            variance = math.log1p((std / mean) ** 2)
            made.kind, made.sign = core.ValueKind.lognormal, float(sign)
            made.a, made.b = math.log(mean * factor) - variance / 2, math.sqrt(variance)
        case Uniform(low, high):
            made.kind = core.ValueKind.uniform
            made.a, made.b = low * factor, high * factor
        case _:
            made.a = float(quantity) * factor  # type: ignore[arg-type]
    return made


def _sign(quantity: Quantity) -> int:
    """1 or -1 where all values are on that side of 0 (or 0), else 0."""
    match quantity:
        case Normal(low=low, high=high) | Uniform(low=low, high=high):
            return 1 if low >= 0 else -1 if high <= 0 else 0
        case Lognormal(sign=sign):
            return sign
        case float() | int():
            return -1 if quantity < 0 else 1
    return 0
