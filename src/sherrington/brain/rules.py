"""Connection rules: which neurons of two groups are joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import NetworkError
from .distributions import Ints
from .kernels import Kernel


@dataclass(frozen=True)
class AllToAll:
    """Every source to every target; a neuron connects to itself only with ``autapses``."""

    autapses: bool = False


@dataclass(frozen=True)
class OneToOne:
    """Source i to target i; both sides must have the same number of neurons."""


@dataclass(frozen=True)
class FixedIndegree:
    """Each target draws ``indegree`` sources with replacement (multapses allowed, as in NEST's rule)."""

    indegree: int
    autapses: bool = False


@dataclass(frozen=True)
class FixedTotal:
    """``total`` connections drawn uniformly over all pairs, with replacement."""

    total: int


@dataclass(frozen=True)
class Bernoulli:
    """Each pair connects independently with ``probability``."""

    probability: float
    autapses: bool = False


@dataclass(frozen=True)
class Explicit:
    """Connections listed by index within source and target; shape (n,) each."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True)
class DistanceBernoulli:
    """Each pair connects independently with ``probability``, that at distance 0, times ``kernel`` at its distance.

    Distance is horizontal, on the sheets of the two populations; depth plays no part.
    """

    probability: float
    kernel: Kernel
    autapses: bool = False


@dataclass(frozen=True)
class DistanceIndegree:
    """Each target draws ``indegree`` sources with replacement, with chances in proportion to ``kernel``."""

    indegree: int
    kernel: Kernel
    autapses: bool = False


Rule = (
    AllToAll
    | OneToOne
    | FixedIndegree
    | FixedTotal
    | Bernoulli
    | Explicit
    | DistanceBernoulli
    | DistanceIndegree
)


def parts(rule: Rule, n: int, m: int, size: int) -> list[tuple[Rule, range]]:
    """The rule between n sources and m targets cut into (rule, targets) of about ``size`` connections each.

    Drawn one after the other they have the statistics of the whole. A listed or one-to-one rule stays whole.
    """
    match rule:
        case OneToOne() | Explicit():
            return [(rule, range(m))]
        case FixedTotal(total=total):
            return [(FixedTotal(min(size, total - done)), range(m)) for done in range(0, max(total, 1), size)]
        case FixedIndegree(indegree=k):
            each = float(k)
        case Bernoulli(probability=p):
            each = p * n
        case _:
            each = float(n)
    step = max(1, int(size // max(each, 1.0)))
    return [(rule, range(m)[start : start + step]) for start in range(0, m, step)]


def pairs(
    rule: Rule, n: int, m: int, rng: np.random.Generator, *, same: bool, first: int = 0
) -> tuple[Ints, Ints]:
    """(sources, targets) of the connections that ``rule`` draws between n sources and m targets.

    same: target i is the very neuron that is source ``first`` + i, so that a rule without autapses must not join
    the two. An in-degree stays exact then; of the other rules the caller takes autapses out. Raises NetworkError.
    """
    distinct = same and not getattr(rule, "autapses", True)
    match rule:
        case OneToOne():
            return np.arange(n), np.arange(m)
        case FixedIndegree(indegree=k):
            return _indegree(n, m, k, rng, first if distinct else None)
        case FixedTotal(total=total):
            return rng.integers(0, n, total), rng.integers(0, m, total)
        case Bernoulli(probability=p):
            return _bernoulli(n, m, p, rng)
        case Explicit(sources=s, targets=t):
            return np.asarray(s, np.int64), np.asarray(t, np.int64)
        case _:
            return np.tile(np.arange(n), m), np.repeat(np.arange(m), n)


def _indegree(n: int, m: int, k: int, rng: np.random.Generator, first: int | None) -> tuple[Ints, Ints]:
    """first: the source that is target 0, and so on; None where a target may be its own source."""
    targets = np.repeat(np.arange(m), k)
    sources = rng.integers(0, n, m * k)
    if first is None:
        return sources, targets
    if n == 1:
        raise NetworkError("a fixed in-degree without autapses needs more than one neuron")
    # Redrawing from the n - 1 others keeps the in-degree exact and every other source equally likely.
    own = np.flatnonzero(sources == targets + first)
    sources[own] = (sources[own] + rng.integers(1, n, own.size)) % n
    return sources, targets


def _bernoulli(n: int, m: int, p: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Each target's in-degree is binomial and its sources are a subset: exact, and O(connections) in memory."""
    degrees = rng.binomial(n, p, m)
    chosen = [rng.choice(n, int(k), replace=False, shuffle=False) for k in degrees]
    sources = np.concatenate(chosen).astype(np.int64) if chosen else np.empty(0, np.int64)
    return sources, np.repeat(np.arange(m), degrees)
