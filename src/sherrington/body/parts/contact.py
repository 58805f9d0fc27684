"""How parts touch: one place for the numbers of contact. All ours.

MuJoCo's own contacts give way over 1 mm and 20 ms, which a mouse's paw would sink into. These take 0.1 mm and 5 ms: a
thing at rest sinks in by less than 0.02 mm; one that slides trembles by up to 0.1 mm in steps of 0.5 ms, and more with
2 ms. Where two shapes meet, the friction of the one with the higher priority counts, and the larger one of equals: an
object's own before a surface's, a surface's before that of a body.
"""

from __future__ import annotations

SURFACE, OBJECT = 1, 2
"""Priorities."""
SEEN_ONLY = 'contype="0" conaffinity="0" mass="0"'


def touch(friction: float, priority: int) -> str:
    """Attributes of a shape that touches everything, with Coulomb friction."""
    rub = f'friction="{friction:.10g} 0.0001 0.00001"'
    give = 'solref="0.005 1" solimp="0.95 0.99 0.0001 0.5 2"'
    return f'contype="1" conaffinity="1" condim="3" priority="{priority}" {rub} {give}'
