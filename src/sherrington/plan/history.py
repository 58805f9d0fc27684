"""What earlier runs taught: for each, what was predicted and what came out. A bounded file, one line per run.

A correction is a factor on a group of quantities. Of this machine: the median, over networks, of the medians of
measured over predicted. Of a network: the median of what is left in its own last runs. Both are drawn towards 1
where runs are few, and one or two runs change nothing by more than ``MOST_OF_FEW``: one measurement on a busy
machine does not spoil the next prediction, and from three runs on the median leaves it out. Old runs are forgotten:
only the last ``LAST`` of a network count."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from ..record.folder import write_whole
from .constants import LOCAL
from .home import HISTORY_FILE, folder

KEPT = 500
"""Lines of the file; older ones are dropped."""
LAST = 9
MOST_OF_FEW = 1.5
FEW = 2
GAUSSIAN = 1.4826
GROUPS = {
    "start": "start",
    "validate": "start",
    "import": "start",
    "build": "build",
    "prepare": "build",
    "build_body": "build",
    "brain": "brain",
    "readout": "readout",
    "transfer": "transfer",
    "body": "body",
    "record": "record",
    "report": "report",
    "memory": "memory",
    "memory_others": "memory",
    "memory_report": "memory",
}
"""Quantity to the group that one correction is for: what a run's summary tells apart."""

Line = Mapping[str, Any]


@dataclass(frozen=True)
class History:
    """lines: of one machine, oldest first; each as ``line`` in ``learn`` makes it."""

    lines: Sequence[Line]

    def corrections(self, network: str, quantities: Mapping[str, float]) -> dict[str, float]:
        """Factor for each quantity, 1 where nothing was learned."""
        by_group = {group: self.factor(network, group) for group in set(GROUPS.values())}
        return {q: by_group[GROUPS[q]] for q in quantities if q in GROUPS}

    def factor(self, network: str, group: str) -> float:
        """The correction of one group for runs of a network."""
        machine = self._machine(group)
        own = [log - machine for log in self._logs(network, group)[-LAST:]]
        return math.exp(machine + _cautious(own, 1.0))

    def _machine(self, group: str) -> float:
        """The logarithm of the factor that all networks of this machine share."""
        networks = sorted({str(line["network"]) for line in self.lines})
        medians = [median(logs[-LAST:]) for logs in (self._logs(n, group) for n in networks) if logs]
        return _cautious(medians, 2.0)

    def _logs(self, network: str, group: str) -> list[float]:
        ratios = (line["ratio"].get(group) for line in self.lines if line["network"] == network)
        return [math.log(r) for r in ratios if isinstance(r, int | float) and 0 < r < math.inf]

    def spread(self, network: str, quantity: str, otherwise: float) -> float:
        """Robust standard deviation of the logarithm of measured over predicted, of this network once it has five
        runs; otherwise that of the constants."""
        logs = self._logs(network, GROUPS.get(quantity, quantity))[-LAST:]
        if len(logs) < 5:
            return otherwise
        middle = median(logs)
        return max(0.02, GAUSSIAN * median(abs(log - middle) for log in logs))

    def rates_hz(self, network: str, neurons: int) -> dict[str, float]:
        """Median rate of each population over the last runs of a network of this size."""
        found: dict[str, list[float]] = {}
        for line in self.lines:
            if line["network"] == network and line.get("neurons") == neurons:
                for name, rate in line.get("rates_hz", {}).items():
                    found.setdefault(name, []).append(float(rate))
        return {name: median(rates[-LAST:]) for name, rates in found.items()}

    def described(self, network: str) -> str:
        """In words, empty where there is nothing."""
        own = sum(line["network"] == network for line in self.lines)
        if not self.lines:
            return ""
        return f"corrected by {len(self.lines)} earlier runs, {own} of them of this network"


def _cautious(logs: Sequence[float], doubt: float) -> float:
    """The median drawn towards 0, as if ``doubt`` runs had given 0; bounded where there are few."""
    if not logs:
        return 0.0
    value = median(logs) * len(logs) / (len(logs) + doubt)
    most = math.log(MOST_OF_FEW)
    return value if len(logs) > FEW else max(-most, min(most, value))


def read_history(target: str = LOCAL) -> History:
    """Of a machine or target; empty where there is none. Lines that cannot be read are left out: a process may have
    been killed while it wrote."""
    path = folder(target) / HISTORY_FILE
    if not path.is_file():
        return History(())
    lines = [line for line in map(_line, path.read_text(encoding="utf-8").splitlines()) if line]
    return History(tuple(lines[-KEPT:]))


def _line(text: str) -> Line | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    whole = isinstance(found, dict) and isinstance(found.get("ratio"), dict) and "network" in found
    return found if whole else None


def append(line: Line, target: str = LOCAL) -> Path:
    """Add one run, and drop the oldest ones where there are too many. Raises OSError."""
    path = folder(target) / HISTORY_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > KEPT + KEPT // 5:
        write_whole(path, "\n".join(lines[-KEPT:]) + "\n")
    return path
