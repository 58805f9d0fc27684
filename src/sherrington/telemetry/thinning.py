"""How much is shown when there is more than was asked for. Never silently: every message says ``one_in``.

Of spikes, some neurons are shown with all their spikes: those whose number ``one_in`` divides. The rule is ours: what
may be shown is shared among the populations so that small ones stay whole, and ``one_in`` is a power of two, so that
the neurons shown at 4 are among those shown at 2.
"""

from __future__ import annotations

from collections.abc import Sequence


def share(counts: Sequence[int], allowed: float) -> float:
    """The largest number such that, with every count cut to it, they add up to at most ``allowed``."""
    left = allowed
    ordered = sorted(counts)
    for i, count in enumerate(ordered):
        each = left / (len(ordered) - i)
        if count > each:
            return each
        left -= count
    return float("inf")


def one_in(count: int, level: float) -> int:
    """The power of two that brings ``count`` to ``level`` or below, on average."""
    stride = 1
    while count > level * stride and stride < 1 << 30:
        stride *= 2
    return stride


def steady(count: int, level: float, before: int) -> int:
    """The stride to use after ``before``: up at once, down by half when there is room for twice what that would show,
    so that pictures do not flicker."""
    needed = one_in(count, level)
    if needed >= before:
        return needed
    return before // 2 if one_in(count, level / 2) <= before // 2 else before
