"""One page about one run: what it was, whether its checks hold, what happened, where the time went."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..clock import NS_PER_S
from . import report_figures as figures
from .layout import DATA_FILE, PICTURE_FILE
from .read import Run
from .report_brain import BrainContent, brain_content
from .report_page import number, render
from .report_style import Panel, Perturbation, TimeAxis
from .report_trials import trial_panels, trial_table

TEMPLATE = "report.html.j2"
BODY_SIGNALS = {
    "body.joint_angle": "Joint angles",
    "body.joint_velocity": "Joint velocities",
    "body.joint_torque": "Torques applied to the joints",
    "body.muscle_excitation": "Muscle excitation",
    "body.muscle_activation": "Muscle activation",
    "body.muscle_length": "Muscle lengths",
    "body.muscle_velocity": "Muscle velocities",
    "body.muscle_force": "Muscle forces",
    "body.contact_force": "Contact forces",
}
"""Signals of the body that are drawn, in this order, when they were recorded."""
MAX_PANELS = 12
"""Signals drawn in one section; the page says how many more were recorded."""
DRAWING = (
    f"Lines of more than {2 * figures.MAX_COLUMNS:,} samples run through the least and the largest value of each "
    f"of {figures.MAX_COLUMNS} stretches of time; maps show the mean of each. All values are in {DATA_FILE}."
)
STEP_PARTS = {
    "brain": "brain",
    "body": "body",
    "transfer": "transfer functions",
    "readout": "reading and writing ports",
    "record": "recording",
    "loop_overhead": "loop overhead",
}


def write_report(run: Run, path: Path) -> None:
    """Write ``path``, a single HTML file that needs nothing else, not even a network.

    A run that was killed, or that recorded little, gets a page of what there is.
    """
    path.write_text(render(TEMPLATE, _content(run)), encoding="utf-8")


def _content(run: Run) -> dict[str, Any]:
    axis = TimeAxis(run.duration_ns, _perturbations(run))
    brain = brain_content(run, axis)
    return {
        "name": run.name,
        "folder": run.folder.name,
        "title": run.summary.get("title") or "",
        "state": _state(run),
        "tiles": list(_tiles(run)),
        "checks": run.summary.get("checks", []),
        "perturbations": axis.perturbations,
        "picture": _picture(run.folder / PICTURE_FILE),
        "picture_caption": _caption(run.summary.get("picture") or {}),
        "sections": [(title, panels) for title, panels in _sections(run, axis, brain) if panels],
        "populations": brain.populations if brain else None,
        "trials": trial_table(run),
        "step": _step(run.summary.get("step_ms", {})) if run.summary.get("steps") else [],
        "phases": _phases(run.summary.get("phases_s", {})),
        "steps": run.summary.get("steps"),
        "facts": list(_facts(run)),
    }


def _state(run: Run) -> tuple[str, str]:
    """(kind, sentence): how the run ended; the kind is a CSS class."""
    if not run.summary:
        return "bad", "This run never came to its end; what it recorded until then is shown."
    if not run.summary.get("completed", False):
        return "bad", f"Stopped before its end: {run.summary.get('stopped_because') or 'no reason given'}"
    if any(not check["holds"] for check in run.summary.get("checks", [])):
        return "bad", "Completed, but not every check holds."
    return "good", "Completed." + (" Every check holds." if run.summary.get("checks") else "")


def _tiles(run: Run) -> Iterator[tuple[str, str, str]]:
    """(what, value, remark) for the head of the page."""
    summary = run.summary
    if summary.get("score") is not None:
        yield "score", number(summary["score"]), ""
    yield "biological time", f"{number(run.duration_ns / NS_PER_S)} s", ""
    if summary.get("wall_s") is not None:
        yield "wall time", f"{number(summary['wall_s'])} s", ""
    if summary.get("rtf") is not None:
        pace = "faster than real time" if summary["rtf"] < 1 else "slower than real time"
        yield "rtf", number(summary["rtf"]), pace
    for key in ("neurons", "synapses", "muscles", "seed"):
        if summary.get(key) is not None and (key, summary[key]) != ("muscles", 0):
            yield key, str(summary[key]) if key == "seed" else number(summary[key]), ""
    if summary.get("lag_ms") is not None:
        yield "lag behind real time", f"{number(summary['lag_ms'])} ms", ""


def _sections(run: Run, axis: TimeAxis, brain: BrainContent | None) -> Iterator[tuple[str, list[Panel]]]:
    if not axis.end_ns:
        return
    yield "Task", trial_panels(run, axis) + _panels(run, _named(run, "task."), axis)
    yield "Brain", (brain.panels if brain else []) + _panels(run, _named(run, "brain."), axis)
    yield (
        "Body",
        _panels(run, {port: title for port, title in BODY_SIGNALS.items() if port in run.signals}, axis),
    )
    others = [port for port in run.signals if not port.startswith(("brain.", "body.", "task."))]
    yield "Pathways", _panels(run, {port: port.removeprefix("pathway.") for port in others}, axis)


def _named(run: Run, prefix: str) -> dict[str, str]:
    return {port: port.removeprefix(prefix) for port in run.signals if port.startswith(prefix)}


def _panels(run: Run, titles: Mapping[str, str], axis: TimeAxis) -> list[Panel]:
    """One panel for each of the first MAX_PANELS signals; the last one says how many more there are."""
    shown = list(titles)[:MAX_PANELS]
    drawn = [figures.signal(run, port, titles[port], axis, port == "body.muscle_length") for port in shown]
    panels = [panel for panel in drawn if panel is not None]
    if panels and len(titles) > MAX_PANELS:
        more = f"{len(titles) - MAX_PANELS} more signals like these are in {DATA_FILE}."
        panels[-1] = replace(panels[-1], caption=f"{panels[-1].caption} {more}".strip())
    return panels


def _perturbations(run: Run) -> tuple[Perturbation, ...]:
    """What was done to body and brain, in the order of time; a change of the brain is a moment."""
    listed = run.summary.get("perturbations", [])
    lasting = [Perturbation(p["name"], float(p["start_ms"]), float(p["end_ms"])) for p in listed]
    changes = run.summary.get("interventions", [])
    sudden = [Perturbation(c["name"], float(c["at_ms"]), float(c["at_ms"])) for c in changes]
    return tuple(sorted(lasting + sudden, key=lambda marked: marked.start_ms))


def _picture(path: Path) -> str:
    """The picture as a data address, or nothing when there is none."""
    if not path.exists():
        return ""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _caption(picture: dict[str, Any]) -> str:
    times = ", ".join(f"{t / 1000:g}" for t in picture.get("times_ms") or ())
    if not times:
        return str(picture.get("missing", ""))
    said = [f"At {times} s."]
    if picture.get("muscles"):
        said.append(
            f"Muscles from pale, at rest, to dark red, at an activation of {picture['full_colour']:.2g}."
        )
    if picture.get("trails"):
        said.append("The line is the way since the start, or since the body was last put somewhere.")
    return " ".join(said)


def _step(step_ms: dict[str, float]) -> list[dict[str, Any]]:
    """Parts of one step, each with its share of the whole; empty when nothing was measured."""
    parts = {key: step_ms.get(key) or 0.0 for key in STEP_PARTS}
    # The summary counts recording as part of the overhead; the parts of a stack must not overlap.
    parts["loop_overhead"] = max(0.0, parts["loop_overhead"] - parts["record"])
    total = sum(parts.values())
    if not total:
        return []
    return [
        {"name": STEP_PARTS[key], "ms": value, "share": value / total, "color": f"--series-{i}"}
        for i, (key, value) in enumerate(parts.items())
    ]


def _phases(phases_s: dict[str, float]) -> list[dict[str, Any]]:
    longest = max((value or 0.0 for value in phases_s.values()), default=0.0) or 1.0
    return [
        {"name": name.replace("_", " "), "s": value or 0.0, "share": (value or 0.0) / longest}
        for name, value in phases_s.items()
    ]


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    """(what, value) for the foot of the page: engines, versions, machine, git, command line."""
    for engine, facts in run.summary.get("engine", {}).items():
        yield f"{engine} engine", _listed(facts)
    origin = run.provenance
    if "versions" in origin:
        yield "versions", _listed({k: v for k, v in origin["versions"].items() if v})
    if "machine" in origin:
        yield "machine", _listed(origin["machine"])
    if origin.get("git", {}).get("commit"):
        yield "git", origin["git"]["commit"] + (", with local changes" if origin["git"]["dirty"] else "")
    if "command_line" in origin:
        yield "command line", " ".join(map(str, origin["command_line"]))
    if "started" in origin:
        yield "started", str(origin["started"])
    yield "drawing", DRAWING


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in facts.items())
