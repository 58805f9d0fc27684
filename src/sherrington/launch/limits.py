"""Requests that can never run, refused before they are submitted: all that is wrong with one, at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..errors import NeverError, NotNowError
from ..plan.shape import Shape
from ..request import TOKEN_VARIABLE, Dial
from ..resolved import Resolved
from . import slurm
from .command import find_mpiexec
from .target import Target, targets_path
from .times import seconds_of, time_text


def check(name: str, target: Target, shape: Shape, limit_s: int, dial: Dial | None = None) -> None:
    """Whether the target can have a job of that shape for that long. A Slurm is asked what its partition has.

    Raises NeverError with everything that is wrong, NotNowError where a Slurm does not answer.
    """
    if dial is not None:
        _check_dial(dial)
    wrong = [*_of_target(name, target, shape, limit_s)]
    if not wrong and target.executor == "slurm":
        wrong += _of_partition(name, target, shape, limit_s)
    if not wrong and shape.ranks > 1 and target.executor == "local" and find_mpiexec() is None:
        wrong.append(
            "there is no mpiexec here, and several ranks need one: pip install 'sherrington[mpi]', or --threads"
        )
    if wrong:
        raise NeverError("\n".join([f"target '{name}' cannot run this:", *(f"  {one}" for one in wrong)]))


def _check_dial(dial: Dial) -> None:
    from ..telemetry.address import check_url

    check_url(dial.url, dial.allow_plain)
    if not os.environ.get(TOKEN_VARIABLE):
        raise NeverError(f"--connect needs a one-time token; put it into the environment as {TOKEN_VARIABLE}")


def check_split(resolved: Resolved, shape: Shape) -> None:
    """Whether the experiment can be split like that. Raises NeverError, with how to mend it."""
    brain = resolved.experiment.brain
    if brain.engine != "nest" and shape.processes > 1:
        raise NeverError(
            f"brain.engine: {brain.engine} runs on one rank with one thread, asked were {_words(shape)}; "
            "leave out --nodes, --ranks-per-node and --threads"
        )
    if shape.processes != brain.virtual_processes:
        raise NeverError(
            f"{_words(shape)} make {shape.processes} virtual processes, and the experiment has "
            f"brain.virtual_processes: {brain.virtual_processes}; choose a shape with {brain.virtual_processes}, or "
            f"--set brain.virtual_processes={shape.processes}, which draws other random numbers"
        )


def _words(shape: Shape) -> str:
    return f"--nodes {shape.nodes} x --ranks-per-node {shape.ranks_per_node} x --threads {shape.threads}"


def _of_target(name: str, target: Target, shape: Shape, limit_s: int) -> Iterator[str]:
    """By what the targets file says, or this machine."""
    where = "this machine" if target.executor == "local" else f"{targets_path()}"
    nodes = 1 if target.executor == "local" else target.nodes
    if nodes is not None and shape.nodes > nodes:
        yield f"--nodes {shape.nodes}: there {_is(nodes, 'node')} ({where})"
    cores = target.cores_per_node
    if cores is not None and shape.ranks_per_node * shape.threads > cores:
        yield _too_many_cores(shape, cores, where)
    if target.longest is not None and limit_s > seconds_of(target.longest):
        yield f"--time {time_text(limit_s)}: the longest is {time_text(seconds_of(target.longest))} ({where})"


def _of_partition(name: str, target: Target, shape: Shape, limit_s: int) -> Iterator[str]:
    try:
        found = slurm.partition(target.queue)
    except NotNowError as error:
        raise NotNowError(f"target '{name}': {error}") from None
    where = f"partition '{found.name}'"
    if shape.nodes > found.nodes:
        yield f"--nodes {shape.nodes}: there {_is(found.nodes, 'node')} ({where})"
    if shape.ranks_per_node * shape.threads > found.cores:
        yield _too_many_cores(shape, found.cores, where)
    if found.limit_s is not None and limit_s > found.limit_s:
        yield f"--time {time_text(limit_s)}: the longest is {time_text(found.limit_s)} ({where})"


def _too_many_cores(shape: Shape, cores: int, where: str) -> str:
    used = shape.ranks_per_node * shape.threads
    return (
        f"--ranks-per-node {shape.ranks_per_node} x --threads {shape.threads} take {used} cores of a node: "
        f"it has {cores} ({where})"
    )


def _is(count: int, what: str) -> str:
    return f"is 1 {what}" if count == 1 else f"are {count} {what}s"
