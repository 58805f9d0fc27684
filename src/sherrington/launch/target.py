"""Targets: where runs can be launched. This machine, and what the targets file describes.

The file is ``~/.config/sherrington/targets.yaml``, or what ``$SHERRINGTON_TARGETS`` names. It is read as strictly as an
experiment; every key is explained in ``docs/launching.md``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from ..errors import ExperimentError, NeverError, Problem, known
from ..explain import explain, near
from ..plan.shape import Machine, this_machine
from ..sections import Name, NotNegative, Positive, Section
from ..yaml_file import Document, read
from .slurm import partition
from .times import seconds_of

VARIABLE = "SHERRINGTON_TARGETS"
LOCAL = "local"
Executor = Literal["local", "slurm", "pbs", "pbs_classic", "lsf"]


class Target(Section):
    """One place where runs can be launched."""

    executor: Executor = Field(description="what starts jobs there")
    queue: str | None = Field(
        None, description="queue to submit to, on Slurm the partition; its default if left out"
    )
    account: str | None = Field(None, description="account or project that is charged")
    launcher: Literal["srun", "mpiexec"] | None = Field(
        None, description="what starts the ranks of a run; srun on Slurm, else mpiexec"
    )
    mpi: Literal["pmi2", "pmix", "none"] = Field(
        "pmi2", description="how ranks that srun starts find each other: pmi2 (MPICH), pmix (Open MPI)"
    )
    nodes: int | None = Field(None, ge=1, description="nodes that one job can have")
    cores_per_node: int | None = Field(None, ge=1, description="cores of one node")
    memory_gib_per_node: Positive | None = Field(None, description="memory of one node, GiB")
    longest: str | None = Field(None, description="longest time of a job, [D-]HH:MM:SS")
    setup: list[str] = Field(
        default_factory=list, description="lines of bash to run first, such as 'module load gcc'"
    )
    environment: dict[str, str] = Field(default_factory=dict, description="environment variables of the run")
    options: dict[str, str | int] = Field(
        default_factory=dict,
        description="further options of the scheduler, on Slurm as of #SBATCH --KEY=VALUE",
    )
    program: list[str] = Field(
        default_factory=list,
        description="words that start Sherrington there, such as those of a container; else this installation",
    )
    scratch: str | None = Field(
        None, description="folder that every node sees; run folders are made there unless --out names another"
    )
    price_per_node_hour: NotNegative | None = Field(None, description="price of one node for one hour")
    currency: str = Field("EUR", description="of the price")

    @property
    def starts_with(self) -> str:
        """The launcher, ``srun`` or ``mpiexec``."""
        return self.launcher or ("srun" if self.executor == "slurm" else "mpiexec")


class TargetsFile(Section):
    """The targets file."""

    targets: dict[Name, Target] = Field(description="targets by name")


def targets_path() -> Path:
    """Where the targets file lies, or would lie."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path.home() / ".config" / "sherrington" / "targets.yaml"


def load_targets() -> Mapping[str, Target]:
    """Every target by name: ``local``, unless the file describes another one, and those of the file.

    Raises ExperimentError with every problem in the file, and NeverError where $SHERRINGTON_TARGETS names no file.
    """
    path = targets_path()
    if not path.is_file():
        if os.environ.get(VARIABLE):
            raise NeverError(
                f"${VARIABLE} names {path}, and there is no such file; write it, or unset the variable"
            )
        return {LOCAL: _this_machine()}
    return {LOCAL: _this_machine(), **_read(path)}


def find_target(name: str) -> Target:
    """Raises NeverError for a name that no target has."""
    targets = load_targets()
    if name not in targets:
        message = f"no target '{name}'; {near(name, tuple(targets))}{known(tuple(targets))}"
        raise NeverError(f"{message}; describe it in {targets_path()}")
    return targets[name]


def machine_of(name: str, target: Target) -> Machine:
    """What the target has, as the plan counts it; a Slurm is asked for what the file leaves out.

    Raises NeverError where nobody says it, NotNowError where a Slurm does not answer.
    """
    if target.executor == LOCAL and target.nodes is None and target.cores_per_node is None:
        return this_machine()
    memory_mib = target.memory_gib_per_node and target.memory_gib_per_node * 1024
    nodes, cores = target.nodes, target.cores_per_node
    if target.executor == "slurm" and None in (nodes, cores, memory_mib):
        there = partition(target.queue)
        nodes, cores = nodes or there.nodes, cores or there.cores
        memory_mib = memory_mib or there.memory_mib
    if nodes is None or cores is None or memory_mib is None:
        given = {"nodes": nodes, "cores_per_node": cores, "memory_gib_per_node": memory_mib}
        missing = ", ".join(key for key, value in given.items() if value is None)
        raise NeverError(f"target '{name}' does not say its {missing}; add that to {targets_path()}")
    price = target.price_per_node_hour
    return Machine(
        name, nodes, cores, memory_mib, price, target.currency if price else "", target.executor == LOCAL
    )


def _this_machine() -> Target:
    machine = this_machine()
    return Target(
        executor="local",
        nodes=1,
        cores_per_node=machine.cores,
        memory_gib_per_node=round(machine.memory_mib / 1024, 1),
    )


def _read(path: Path) -> dict[str, Target]:
    what = "targets file"
    try:
        document = read(path, "'targets:'")
    except ExperimentError as error:
        raise ExperimentError(error.problems, what) from None
    try:
        file = TargetsFile.model_validate(document.values)
    except ValidationError as error:
        wrong = explain(error.errors(), TargetsFile, document.values)
        problems = [*document.problems, *(document.problem(*one) for one in wrong)]
        raise ExperimentError(problems, what) from None
    problems = [*document.problems, *_contradictions(document, file)]
    if problems:
        raise ExperimentError(problems, what)
    return dict(file.targets)


def _contradictions(document: Document, file: TargetsFile) -> Iterator[Problem]:
    for name, target in file.targets.items():
        for key, message, remedy in _contradicts(target):
            yield document.problem(f"targets.{name}.{key}", message, remedy)


def _contradicts(target: Target) -> Iterator[tuple[str, str, str]]:
    if target.executor == LOCAL:
        for key in ("queue", "account", "options"):
            if getattr(target, key):
                yield key, f"this machine has no scheduler, and so no {key}", "remove it"
        if (target.nodes or 1) > 1:
            yield "nodes", f"this machine is 1 node, not {target.nodes}", "remove it"
    if target.launcher == "srun" and target.executor != "slurm":
        yield "launcher", f"srun belongs to Slurm, and the executor is {target.executor}", "write mpiexec"
    if target.longest is not None:
        try:
            seconds_of(target.longest)
        except NeverError:
            message = f"text '{target.longest}' is no time"
            yield "longest", message, "write hours, minutes and seconds: 24:00:00"
