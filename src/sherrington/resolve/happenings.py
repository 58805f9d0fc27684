"""What happens to body and brain during a run: perturbations and interventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..body.model import BodyModel
from ..brain.engine import Excitability
from ..brain.network import Network
from ..clock import format_ms
from ..ports import Signal
from ..resolved import TimedChange, TimedForce
from ..sections import Intervention, Perturbation
from .clocks import Clocks
from .findings import Findings


def find_forces(findings: Findings, body: BodyModel | None, clocks: Clocks) -> list[TimedForce]:
    """Perturbations as arrays over the joints or bodies of ``body``."""
    forces: list[TimedForce] = []
    entries = list(findings.source.numbered("perturbations", findings.source.experiment.perturbations))
    _check_names(findings, entries)
    for key, p in entries:
        start_ns = findings.multiple(f"{key}.at_ms", p.at_ms, clocks.interval_ns)
        end_ns = start_ns + findings.multiple(f"{key}.duration_ms", p.duration_ms, clocks.interval_ns)
        if not p.joint_torque_Nm and not p.body_force_N:
            example = "joint_torque_Nm: {JOINT: value} or body_force_N: {BODY: [x, y, z]}"
            findings.add(key, f"'{p.name}' applies nothing", f"add {example}")
        values = _values(findings, key, p, body) if body is not None else {}
        if _happens(findings, key, p.name, start_ns, clocks):
            end_ns = _end(findings, key, p, start_ns, end_ns, clocks)
            forces += [TimedForce(p.name, start_ns, end_ns, n, v) for n, v in values.items() if v.any()]
    return forces


def find_changes(findings: Findings, network: Network | None, clocks: Clocks) -> list[TimedChange]:
    """Interventions, in the order of the file."""
    changes: list[TimedChange] = []
    entries = list(findings.source.numbered("interventions", findings.source.experiment.interventions))
    _check_names(findings, entries)
    for key, item in entries:
        at_ns = findings.multiple(f"{key}.at_ms", item.at_ms, clocks.interval_ns)
        _check_current(findings, key, item)
        check_populations(findings, f"{key}.populations", item.populations, network)
        if _happens(findings, key, item.name, at_ns, clocks):
            change = Excitability(item.current_pA, item.action == "silence", item.action == "lesion")
            changes.append(TimedChange(item.name, at_ns, tuple(item.populations), change))
    _check_lesions(findings, entries)
    return changes


def check_populations(findings: Findings, key: str, names: Sequence[str], network: Network | None) -> None:
    """Every name must be a population of ``network``."""
    for i, name in enumerate(names):
        if network is not None and name not in network.populations:
            message = f"network '{network.name}' has no population '{name}'"
            findings.unknown(f"{key}.{i}", message, name, tuple(network.populations))


def _check_names(findings: Findings, entries: Sequence[tuple[str, Perturbation | Intervention]]) -> None:
    first: dict[str, str] = {}
    for key, entry in entries:
        if entry.name in first:
            message = f"'{entry.name}' is also the name of {first[entry.name]}"
            findings.add(f"{key}.name", message, "give each a name of its own")
        first.setdefault(entry.name, key)


def _happens(findings: Findings, key: str, name: str, at_ns: int, clocks: Clocks) -> bool:
    """Whether it begins within the run. A run cut short from the command line may leave things out."""
    if not clocks.duration_ns or at_ns < clocks.duration_ns:
        return True
    if not clocks.is_cut_short:
        findings.add(
            f"{key}.at_ms",
            f"'{name}' begins at {format_ms(at_ns)}, and the run ends at {format_ms(clocks.duration_ns)}",
            "begin earlier, or raise loop.duration_ms",
        )
    return False


def _end(findings: Findings, key: str, p: Perturbation, start_ns: int, end_ns: int, clocks: Clocks) -> int:
    if not clocks.duration_ns or end_ns <= clocks.duration_ns:
        return end_ns
    if not clocks.is_cut_short:
        findings.add(
            f"{key}.duration_ms",
            f"'{p.name}' lasts to {format_ms(end_ns)}, past the end of the run at {format_ms(clocks.duration_ns)}",
            f"use at most {format_ms(clocks.duration_ns - start_ns)}, or raise loop.duration_ms",
        )
    return clocks.duration_ns


def _values(findings: Findings, key: str, p: Perturbation, body: BodyModel) -> dict[str, Signal]:
    """By input of the body: torques (n_joints,) in N*m, forces (n_bodies, 3) in N."""
    n_joints, n_bodies = len(body.joints), len(body.bodies)
    torque_key, force_key = f"{key}.joint_torque_Nm", f"{key}.body_force_N"
    return {
        "joint_torque": _spread(
            findings, torque_key, p.joint_torque_Nm, body.joints, np.zeros(n_joints), "joint"
        ),
        "body_force": _spread(
            findings, force_key, p.body_force_N, body.bodies, np.zeros((n_bodies, 3)), "body"
        ),
    }


def _spread(
    findings: Findings, key: str, given: Mapping[str, Any], names: tuple[str, ...], value: Signal, what: str
) -> Signal:
    for name, amount in given.items():
        if name in names:
            value[names.index(name)] = amount
        else:
            findings.unknown(f"{key}.{name}", f"the body has no {what} '{name}'", name, names)
    return value


def _check_current(findings: Findings, key: str, item: Intervention) -> None:
    if item.action == "stimulate" and item.current_pA == 0.0:
        message = (
            "'stimulate' needs a current"
            if "current_pA" not in item.model_fields_set
            else "stimulates with 0 pA"
        )
        findings.add(f"{key}.current_pA", message, "add current_pA: the current into every neuron, pA; not 0")
    elif item.action != "stimulate" and item.current_pA != 0.0:
        message = f"'{item.action}' takes no current, found {item.current_pA:g} pA"
        findings.add(f"{key}.current_pA", message, "remove it, or use action: stimulate")


def _check_lesions(findings: Findings, entries: Sequence[tuple[str, Intervention]]) -> None:
    """A lesion cannot be undone, so nothing can happen to the population after it."""
    lesions: dict[str, Intervention] = {}
    for key, item in sorted(entries, key=lambda entry: entry[1].at_ms):
        gone = [name for name in item.populations if name in lesions]
        if gone:
            before = lesions[gone[0]]
            message = f"'{gone[0]}' is gone since '{before.name}' at {before.at_ms:g} ms"
            remedy = "take it out of this one, or use action: silence there, which can be undone"
            findings.add(f"{key}.populations", message, remedy)
        if item.action == "lesion":
            lesions.update(dict.fromkeys(item.populations, item))
