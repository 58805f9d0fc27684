"""The one NEST kernel of this process: a silent import, who holds it, fast writes, one kind of error.

The only place where ``nest`` is imported.
"""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import EngineBusyError, NetworkError, SherringtonError, known


def _import_nest() -> Any:
    """NEST prints a banner, reads the program's arguments and warns on newer Pythons: none of it is ours."""
    arguments, quiet = sys.argv, os.environ.get("PYNEST_QUIET")
    sys.argv, os.environ["PYNEST_QUIET"] = arguments[:1] or [""], "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nest as module
    finally:
        sys.argv = arguments
        if quiet is None:
            del os.environ["PYNEST_QUIET"]
        else:
            os.environ["PYNEST_QUIET"] = quiet
    module.verbosity = module.VerbosityLevel.ERROR
    return module


nest: Any = _import_nest()
NestError: type[Exception] = nest.NESTError
_write = nest.ll_api.nestkernel.llapi_set_nc_status
_holder: list[object] = []


def claim(owner: object) -> None:
    """Take the kernel. Raises EngineBusyError while another brain holds it."""
    if _holder and _holder[0] is not owner:
        raise EngineBusyError(
            "NEST has one kernel per process and another brain of this process uses it; "
            "close() that one first, or run this experiment in a process of its own"
        )
    _holder[:] = [owner]


def holds(owner: object) -> bool:
    return bool(_holder) and _holder[0] is owner


def release(owner: object) -> None:
    if holds(owner):
        _holder.clear()


def write(nodes: Any, values: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    """Set the status of a NodeCollection: one dictionary for all nodes, or one each.

    ``NodeCollection.set`` first reads the whole status back, which is 6 times slower for 1,000 nodes.
    """
    _write(nodes._datum, values if isinstance(values, list) else [dict(values)])


@contextmanager
def translated(
    kind: type[SherringtonError], doing: str, also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """NEST's errors become ours, saying what was being done."""
    try:
        yield
    except (NestError, *also) as error:
        raise kind(f"{doing}: NEST says: {str(error).strip()}") from error


def check_model(model: str, available: Iterable[str], what: str) -> None:
    """Raises NetworkError with the nearest models when NEST does not have this one."""
    names = sorted(available)
    if model not in names:
        near = difflib.get_close_matches(model, names, 5, 0.5)
        hint = f"did you mean: {', '.join(near)}?" if near else known(tuple(names))
        raise NetworkError(f"{what}: NEST has no model '{model}'; {hint}")


READ_ONLY = frozenset(
    {
        "archiver_length",
        "available",
        "capacity",
        "element_type",
        "elementsize",
        "global_id",
        "instantiations",
        "local",
        "model",
        "model_id",
        "node_uses_wfr",
        "recordables",
        "thread",
        "thread_local_id",
        "type_id",
        "vp",
        "synaptic_elements",
        "t_spike",
        "frozen",
        "events",
        "n_events",
        "synapse_model",
        "synapse_modelid",
        "num_connections",
        "sizeof",
        "requires_symmetric",
        "has_delay",
        "source",
        "target",
        "port",
        "receptor_type",
        "weight_recorder",
        "synapse_id",
        "weight",
        "delay",
    }
)


def check_parameters(names: Iterable[str], defaults: Mapping[str, Any], what: str) -> None:
    """Raises NetworkError naming the parameter and the ones that the model has."""
    exist = sorted(set(defaults) - READ_ONLY)
    for name in names:
        if name not in exist:
            near = difflib.get_close_matches(name, exist, 3, 0.6)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise NetworkError(f"{what} has no parameter '{name}'; {hint}{known(tuple(exist))}")
