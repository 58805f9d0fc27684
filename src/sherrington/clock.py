"""Time is an integer number of nanoseconds; every other unit is converted here, exactly or not at all."""

from __future__ import annotations

from fractions import Fraction

from .errors import ClockError

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def ms_to_ns(value_ms: float, what: str = "time") -> int:
    """Whole nanoseconds of ``value_ms`` as a person wrote it: 0.1 means one tenth, not its binary neighbour.

    Raises ClockError when that is not a whole number of nanoseconds.
    """
    try:
        exact = Fraction(repr(float(value_ms))) * NS_PER_MS
    except ValueError:
        raise ClockError(f"{what} = {value_ms} ms is not a finite time") from None
    if exact.denominator != 1:
        raise ClockError(f"{what} = {value_ms} ms is not a whole number of nanoseconds")
    return int(exact)


def ns_to_ms(time_ns: int) -> float:
    """Milliseconds, for people and files; never fed back into the clock."""
    return time_ns / NS_PER_MS


def ns_to_s(time_ns: int) -> float:
    """Seconds, for formulas and files; never fed back into the clock."""
    return time_ns / NS_PER_S


def format_ms(time_ns: int) -> str:
    """``"2.5 ms"``: the shortest decimal that is exact."""
    return f"{ns_to_ms(time_ns):.6f}".rstrip("0").rstrip(".") + " ms"


def ratio(long_ns: int, short_ns: int, long_name: str, short_name: str) -> int:
    """How many times the short clock ticks in one tick of the long one.

    Raises ClockError naming both numbers when the answer is not a positive whole number.
    """
    if short_ns <= 0 or long_ns <= 0:
        raise ClockError(
            f"{long_name} ({format_ms(long_ns)}) and {short_name} ({format_ms(short_ns)}) must be positive"
        )
    count, rest = divmod(long_ns, short_ns)
    if rest:
        raise ClockError(
            f"{long_name} ({format_ms(long_ns)}) is not a whole multiple of {short_name} ({format_ms(short_ns)})"
        )
    return count
