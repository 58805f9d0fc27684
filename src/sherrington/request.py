"""What a person or a launcher asks of one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOKEN_VARIABLE = "SHERRINGTON_TOKEN"
"""Holds the one-time token for ``Dial.url``: a command line can be read by everybody on the machine."""


@dataclass(frozen=True)
class Dial:
    """Where a run dials out to. allow_code: whoever answers may swap transfer functions; allow_plain: also without
    encryption to another machine."""

    url: str
    allow_code: bool = False
    allow_plain: bool = False


@dataclass(frozen=True)
class Request:
    """What to run and where to put it. out: parent of the new run folder; video: also draw one; name: what the run
    folder's name begins with, in place of the experiment's; into: a run folder that a launcher made, in place of a new
    one; rank_timeout_s: how long a rank may wait for the others before all end; dial: who may watch and steer."""

    folder: Path
    overrides: tuple[str, ...] = ()
    out: Path = Path("runs")
    video: bool = False
    name: str = ""
    into: Path | None = None
    rank_timeout_s: float = 600.0
    dial: Dial | None = None
