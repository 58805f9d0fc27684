"""From names to things: an experiment with its network, body, functions and ports found and checked.

Everything wrong is collected and raised at once as an ExperimentError; no engine is imported, nothing is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import ExperimentError
from ..experiment import Source, load_in_part
from ..resolved import Resolved, ResolvedPathway
from .clocks import find_clocks
from .findings import Findings
from .happenings import find_changes, find_forces
from .pathways import Pathways
from .recording import recorded_signals, recorded_spikes
from .task import find_task
from .things import find_body, find_check, find_network


def open_experiment(folder: Path, overrides: Sequence[str] = ()) -> Resolved:
    """Load and resolve the experiment in ``folder``.

    overrides: ``key.path=value`` as given to ``--set``. Raises ExperimentError with all problems of the file and, as
    far as it can be made sense of, of everything it names.
    """
    source, problems = load_in_part(folder, overrides)
    findings = Findings(source, problems) if source else None
    resolved = _resolve(findings) if findings else None
    if resolved is None or problems:
        raise ExperimentError(problems)
    return resolved


def resolve(source: Source) -> Resolved:
    """Find and check everything an experiment names. Raises ExperimentError with all problems at once."""
    findings = Findings(source)
    resolved = _resolve(findings)
    if resolved is None or findings.problems:
        raise ExperimentError(findings.problems)
    return resolved


def _resolve(findings: Findings) -> Resolved | None:
    """What was found, or None without a network or a body; what is wrong with it is in ``findings``."""
    clocks = find_clocks(findings)
    network, body = find_network(findings), find_body(findings)
    task = find_task(findings, body, clocks)
    finder = Pathways(findings, network, body, clocks.interval_ns, task)
    found = (finder.resolve(name, p) for name, p in findings.source.experiment.pathways.items())
    pathways = tuple(p for p in found if p is not None)
    forces, changes = find_forces(findings, body, clocks), find_changes(findings, network, clocks)
    spikes = recorded_spikes(findings, network)
    signals = recorded_signals(findings, body, pathways if _all_known(findings, pathways) else (), task)
    check = find_check(findings)
    if network is None or body is None:
        return None
    return Resolved(
        source=findings.source,
        network=network,
        body=body,
        pathways=pathways,
        forces=tuple(forces),
        changes=tuple(changes),
        recorded_spikes=spikes,
        recorded_signals=signals,
        check=check,
        interval_ns=clocks.interval_ns,
        duration_ns=clocks.duration_ns,
        timestep_ns=clocks.timestep_ns,
        resolution_ns=clocks.resolution_ns,
        task=task,
    )


def _all_known(findings: Findings, pathways: Sequence[ResolvedPathway]) -> bool:
    """Whether every pathway of the file was found, with all its ends."""
    whole = (
        len(p.inputs) == len(p.transfer.inputs) and len(p.outputs) == len(p.transfer.outputs)
        for p in pathways
    )
    described = findings.source.experiment.pathways
    return len(pathways) == len(described) and not findings.source.is_broken("pathways") and all(whole)
