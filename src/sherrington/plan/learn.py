"""What a run says about its own prediction: both side by side for its summary, and one line for the next
predictions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .constants import LOCAL
from .history import append
from .predict import Prediction

LEAST_S = 0.02
"""Shorter phases say nothing: they are mostly noise."""
STEP_PARTS = {
    "brain": "brain",
    "readout": "readout",
    "transfer": "transfer",
    "body": "body",
    "record": "loop_overhead",
}
"""Groups, and what they are called in a summary."""
LEAST_BIOLOGICAL_S = 0.2
"""Shorter loops have not settled."""


def outcome(prediction: Prediction, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Prediction and outcome side by side, for ``summary.json``. summary: with ``phases_s``, ``step_ms``,
    ``biological_s``, and ``peak_memory_mib``, of each rank until the loop ended; what is missing is left out.

    predicted, measured: s, MiB, real-time factor. ratio: measured over predicted before corrections, by group.
    """
    measured = _measured(summary)
    predicted = _predicted(prediction, summary)
    groups = _groups(prediction, summary)
    return {
        "shape": {
            "nodes": prediction.shape.nodes,
            "ranks": prediction.shape.ranks,
            "threads": prediction.shape.threads,
        },
        "network": prediction.network,
        "constants": prediction.notes[0] if prediction.notes else "",
        "predicted": predicted,
        "measured": measured,
        "error": {k: predicted[k] / measured[k] - 1.0 for k in predicted if measured.get(k)},
        "ratio": groups,
    }


def learn(summary: Mapping[str, Any], target: str = LOCAL) -> str:
    """Append what ``summary['plan']`` compares, for later predictions. Returns why it did not, or nothing."""
    compared = summary.get("plan")
    if not isinstance(compared, Mapping) or not compared.get("ratio"):
        return "this run has no comparison with its plan"
    line = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "experiment": summary.get("name"),
        "network": compared["network"],
        "neurons": summary.get("neurons"),
        "shape": compared["shape"],
        "ratio": compared["ratio"],
        "rates_hz": {k: v for k, v in (summary.get("rates_hz") or {}).items() if v is not None},
    }
    try:
        append(line, target)
    except OSError as error:
        return f"what this run taught could not be kept: {error}"
    return ""


def _predicted(prediction: Prediction, summary: Mapping[str, Any]) -> dict[str, float]:
    """At the length that the run had, should it have ended early."""
    shorter = _share(summary)
    phases = prediction.phases_s
    return {
        "memory_mib": prediction.loop_memory_mib,
        "build_s": prediction.build_s.value,
        "loop_s": prediction.loop_s.value * shorter,
        "rtf": prediction.rtf.value,
        "report_s": phases["report"],
        "total_s": prediction.total_s.value - (1.0 - shorter) * prediction.loop_s.value - phases["start"],
    }


def _share(summary: Mapping[str, Any]) -> float:
    """Biological time that the run had, over what it was asked for."""
    asked_s = float(summary.get("duration_ms") or 0.0) / 1e3
    return float(summary.get("biological_s") or 0.0) / asked_s if asked_s else 1.0


def _measured(summary: Mapping[str, Any]) -> dict[str, float]:
    phases = dict(summary.get("phases_s") or {})
    found = {
        "build_s": phases.get("build_brain", 0.0) + phases.get("build_body", 0.0),
        "loop_s": phases.get("loop", 0.0),
        "rtf": summary.get("rtf") or 0.0,
        "report_s": phases.get("report", 0.0),
        "total_s": sum(phases.values()),
    }
    memory = summary.get("peak_memory_mib")
    if memory:
        found["memory_mib"] = max(memory)
    return {name: float(value) for name, value in found.items() if value}


def _groups(prediction: Prediction, summary: Mapping[str, Any]) -> dict[str, float]:
    """Measured over predicted, before corrections, of each group of ``history.GROUPS`` that lasted long enough."""
    raw, phases = prediction.raw, dict(summary.get("phases_s") or {})
    steps, step_ms = float(summary.get("steps") or 0), dict(summary.get("step_ms") or {})
    shorter = _share(summary)
    pairs = {
        "start": (phases.get("validate", 0.0) + phases.get("import", 0.0), raw["validate"] + raw["import"]),
        "build": (
            phases.get("build_brain", 0.0) + phases.get("build_body", 0.0),
            raw["build"] + raw["prepare"] + raw["build_body"],
        ),
        "report": (phases.get("report", 0.0), raw["report"]),
    }
    if float(summary.get("biological_s") or 0.0) >= LEAST_BIOLOGICAL_S:
        for name, part in STEP_PARTS.items():
            pairs[name] = (step_ms.get(part, 0.0) * steps / 1e3, raw[name] * shorter)
    found = {n: seen / told for n, (seen, told) in pairs.items() if seen >= LEAST_S and told > 0}
    memory = summary.get("peak_memory_mib")
    if memory:
        found["memory"] = max(memory) * 2**20 / raw["memory"]
    return found
