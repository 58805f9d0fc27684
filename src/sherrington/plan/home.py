"""Where what was learned about machines lies: ``$SHERRINGTON_HOME``, or ``~/.local/share/sherrington``."""

from __future__ import annotations

import os
import re
from pathlib import Path

HOME_VARIABLE = "SHERRINGTON_HOME"
CONSTANTS_FILE = "constants.json"
HISTORY_FILE = "history.jsonl"


def home() -> Path:
    """The user's data folder; it need not exist."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "sherrington"


def folder(machine: str) -> Path:
    """Of one machine or target, by its name: constants and history."""
    return home() / "plan" / re.sub(r"[^\w.+-]+", "-", machine).strip("-.")
