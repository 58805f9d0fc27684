"""The constants that amounts are multiplied with: measured on this machine, or shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import NeverError
from ..record.folder import read_json, write_json
from .home import CONSTANTS_FILE, folder

SHIPPED_FILE = Path(__file__).with_name("default.json")
PRIOR_FILE = Path(__file__).with_name("prior.json")
LOCAL = "local"
"""The machine that asks, as a target is called."""


@dataclass(frozen=True)
class Constants:
    """values: by quantity and term, s or bytes each. spread: by quantity, the standard deviation of the logarithm of
    measured over predicted. origin: in words, for people."""

    values: Mapping[str, Mapping[str, float]]
    spread: Mapping[str, float]
    origin: str

    def predicted(self, quantity: str, amounts: Mapping[str, float]) -> float:
        """Sum of amount times constant. Raises NeverError for a term that the file lacks."""
        known = self.values.get(quantity, {})
        missing = [term for term, amount in amounts.items() if amount and term not in known]
        if missing:
            raise NeverError(
                f"{self.origin}: no constant '{quantity}.{missing[0]}'; measure them again with: sherrington bench "
                "calibrate"
            )
        return sum(known[term] * amount for term, amount in amounts.items() if amount)


def load(machine: str = LOCAL) -> Constants:
    """Those measured for a machine or target; else those of this machine, else the shipped ones. Raises NeverError
    for a file that is not what ``save`` writes."""
    for name in dict.fromkeys((machine, LOCAL)):
        path = folder(name) / CONSTANTS_FILE
        if path.is_file():
            return _read(path, read_json(path), f"measured on '{name}'")
    return shipped()


@cache
def shipped() -> Constants:
    """The constants of the machine that Sherrington was developed on."""
    return _read(
        SHIPPED_FILE, json.loads(SHIPPED_FILE.read_text(encoding="utf-8")), "shipped, not measured here"
    )


def prior() -> dict[str, dict[str, float]]:
    """By quantity and term, what calibration starts from: all terms that there are."""
    values: dict[str, dict[str, float]] = json.loads(PRIOR_FILE.read_text(encoding="utf-8"))["values"]
    return values


def save(
    values: Mapping[str, Mapping[str, float]],
    spread: Mapping[str, float],
    facts: Mapping[str, Any],
    path: Path,
) -> None:
    """Write constants as ``load`` reads them. facts: machine, versions, when and how they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rounded = {q: {t: float(f"{v:.4g}") for t, v in terms.items()} for q, terms in values.items()}
    write_json(path, {**facts, "spread": {q: round(s, 4) for q, s in spread.items()}, "values": rounded})


def _read(path: Path, found: Mapping[str, Any], how: str) -> Constants:
    try:
        machine = found["machine"]
        origin = f"constants {how}: {machine['cpu']}, {machine['cores']} cores, {str(found['when'])[:10]}"
        values = {q: {t: float(v) for t, v in terms.items()} for q, terms in found["values"].items()}
        return Constants(values, {q: float(s) for q, s in found["spread"].items()}, origin)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NeverError(
            f"{path} is no file of constants ({type(error).__name__}: {error}); remove it, or measure again with: "
            "sherrington bench calibrate"
        ) from error
