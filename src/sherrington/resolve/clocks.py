"""The clocks of an experiment in ns, compared with each other."""

from __future__ import annotations

from dataclasses import dataclass

from .findings import Findings


@dataclass(frozen=True)
class Clocks:
    """Times in ns; 0 where one is not known. is_cut_short: the duration was given on the command line."""

    interval_ns: int
    duration_ns: int
    resolution_ns: int
    timestep_ns: int
    is_cut_short: bool


def find_clocks(findings: Findings) -> Clocks:
    """Every clock; those that do not divide become problems."""
    interval_ns = _clock(findings, "loop", "interval_ms")
    duration_ns = _clock(findings, "loop", "duration_ms")
    resolution_ns = _clock(findings, "brain", "resolution_ms")
    timestep_ns = _clock(findings, "body", "timestep_ms")
    findings.divides("loop.duration_ms", duration_ns, "loop.interval_ms", interval_ns)
    findings.divides("loop.interval_ms", interval_ns, "brain.resolution_ms", resolution_ns, is_step=True)
    findings.divides("loop.interval_ms", interval_ns, "body.timestep_ms", timestep_ns, is_step=True)
    for key in ("interval_ms", "pose_interval_ms"):
        value = getattr(findings.source.experiment.record, key)
        if value is not None:
            findings.multiple(f"record.{key}", value, interval_ns)
    cut_short = findings.source.document.from_command_line("loop.duration_ms")
    return Clocks(interval_ns, duration_ns, resolution_ns, timestep_ns, cut_short)


def _clock(findings: Findings, section: str, key: str) -> int:
    if findings.source.is_broken(section):
        return 0
    return findings.ns(f"{section}.{key}", getattr(getattr(findings.source.experiment, section), key))
