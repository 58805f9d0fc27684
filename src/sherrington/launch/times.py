"""Wall time as schedulers write it: ``[D-]HH:MM:SS``."""

from __future__ import annotations

import re

from ..errors import NeverError

_TIME = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")


def seconds_of(text: str) -> int:
    """Seconds of ``"00:30:00"`` or ``"1-12:00:00"``. Raises NeverError for anything else, and for no time at all."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise NeverError(f"'{text}' is no time; write hours, minutes and seconds: 00:30:00, or 1-12:00:00")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total == 0:
        raise NeverError(f"'{text}' leaves no time; give at least a second: 00:00:01")
    return total


def time_text(seconds: float) -> str:
    """``"00:30:00"``; hours beyond a day are not broken into days."""
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
