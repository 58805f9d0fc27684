"""The cluster, as far as this machine sees it: batch systems, partitions, how ranks start, containers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from .finding import Finding, ask

PARTITIONS = ("sinfo", "--noheader", "--format=%P|%a|%l|%D|%c|%m|%t")
"""Partition, up or down, time limit, nodes, cores and MB of memory each, state of these nodes."""
OTHERS = {"PBS": ("qstat", "-Q"), "LSF": ("bqueues",)}
"""Batch systems beside Slurm, and the command that lists their queues."""
CONTAINERS = ("apptainer", "singularity", "podman", "docker")
QUESTION_S = 15.0


def findings() -> Iterator[Finding]:
    yield from slurm()
    for name, command in OTHERS.items():
        if shutil.which(command[0]):
            answer = ask(command, QUESTION_S)
            text = (
                answer.problem
                or f"{len(answer.output.splitlines())} lines of queues from {' '.join(command)}"
            )
            yield Finding(name, "missing" if answer.problem else "ok", text)
    yield containers()


def slurm() -> Iterator[Finding]:
    commands = ("sbatch", "srun", "squeue", "scancel", "sinfo")
    absent = [name for name in commands if shutil.which(name) is None]
    if len(absent) == len(commands):
        yield Finding("Slurm", "note", "no client commands here: this machine is no part of a Slurm cluster")
        return
    if absent:
        mend = "apt-get install --no-install-recommends slurm-client   (as root)"
        yield Finding("Slurm", "missing", f"no {', '.join(absent)} on the path", mend)
    if "sinfo" not in absent:
        yield from partitions()
    if "srun" not in absent:
        yield launchers()


def partitions() -> Iterator[Finding]:
    """One line each for the partitions, and the nodes in each state."""
    answer = ask(PARTITIONS, QUESTION_S)
    if answer.problem:
        mend = "check that slurmctld runs (scontrol ping) and that SLURM_CONF names its configuration"
        yield Finding("Slurm", "missing", f"its controller does not answer: {answer.problem}", mend)
        return
    for line in answer.output.split():
        name, up, limit, nodes, cores, megabytes, state = line.split("|")
        text = f"{nodes} nodes {state}, {cores} cores and {megabytes} MB each, at most {limit}"
        yield Finding(f"Slurm {name}", "ok" if up == "up" else "missing", text)


def launchers() -> Finding:
    """How srun can start ranks: MPICH and its relatives speak PMI2, Open MPI speaks PMIx."""
    answer = ask(("srun", "--mpi=list"), QUESTION_S)
    if answer.problem:
        return Finding("srun --mpi", "missing", answer.problem)
    words = {word.strip(":,") for word in answer.output.split()}
    plugins = sorted(word for word in words if word.startswith(("pmi", "cray", "none", "openmpi")))
    for_mpich = [name for name in ("pmi2", "pmix", "cray_shasta") if name in plugins]
    best = f"; for MPICH: --mpi={for_mpich[0]}" if for_mpich else "; none of them suits MPICH"
    return Finding("srun --mpi", "ok" if for_mpich else "missing", f"{', '.join(plugins) or 'none'}{best}")


def containers() -> Finding:
    """The first tool that works; Docker is here only where its engine answers."""
    problems = []
    for name in (name for name in CONTAINERS if shutil.which(name)):
        answer = ask((name, "version"), QUESTION_S)
        if not answer.problem:
            return Finding("containers", "ok", name)
        problems.append(answer.problem)
    found = "; ".join(problems) or f"none of {', '.join(CONTAINERS)} is here"
    return Finding("containers", "note", f"{found}; a run needs none")
