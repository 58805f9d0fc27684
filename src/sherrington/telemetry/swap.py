"""Another transfer function for a pathway, from Python text, checked as far as it can be without calling it."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import NeverError, TransferError, known
from ..find import find_in_text
from ..ports import SPIKES_UNIT
from ..resolved import Resolved, ResolvedPathway
from ..transfer.function import ANY, Transfer
from .describe import own_file


def load(resolved: Resolved, p: ResolvedPathway, code: str, name: str, params: Mapping[str, Any]) -> Transfer:
    """The function ``name`` of ``code``, which stands for the file that the function is in now.

    Raises NotFoundError for text that cannot be loaded or has no such function, NeverError for one that does not fit
    the pathway.
    """
    found = find_in_text("transfer function", code, name, stands_for(resolved, p), resolved.source.folder)
    transfer: Transfer | None = getattr(found, "__transfer__", None)
    if transfer is None:
        raise NeverError(f"'{name}' does not declare its ports; put @transfer(...) from sherrington above it")
    ends = [e.unit for e in (*p.inputs, *p.outputs)]
    _check_ports("inputs", transfer.inputs, p.transfer.inputs, ends[: len(p.inputs)])
    _check_ports("outputs", transfer.outputs, p.transfer.outputs, ends[len(p.inputs) :])
    _check_parameters(transfer, params)
    return transfer


def stands_for(resolved: Resolved, p: ResolvedPathway) -> Path:
    """The file beside the experiment in which a pathway's function is, or would be."""
    return resolved.source.folder.resolve() / (own_file(p, resolved)[0] or f"{p.name}.py")


def line_of(error: BaseException, file: Path) -> int | None:
    """The line of ``file`` at which an error, or what caused it, was raised."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SyntaxError) and at.filename == str(file):
            return at.lineno
        lines = [f.lineno for f in traceback.extract_tb(at.__traceback__) if f.filename == str(file)]
        if lines:
            return lines[-1]
        at = at.__cause__
    return None


def says(error: BaseException) -> str:
    """What is wrong, for who wrote the code."""
    own = isinstance(error, NeverError | TransferError) or hasattr(error, "remedy")
    return str(error) if own else f"{type(error).__name__}: {error}"


def _check_ports(what: str, new: Mapping[str, str], old: Mapping[str, str], units: list[str]) -> None:
    if list(new) != list(old):
        raise NeverError(f"it declares the {what} {list(new)}; the pathway has {list(old)}, in this order")
    for (name, unit), before, end in zip(new.items(), old.values(), units, strict=True):
        allowed = {before, end} | ({ANY} if SPIKES_UNIT not in (before, end) else set())
        if unit not in allowed:
            raise NeverError(
                f"it declares '{name}' in {unit}; the port is in {end if end != ANY else before}"
            )


def _check_parameters(transfer: Transfer, params: Mapping[str, Any]) -> None:
    takes = transfer.parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    for name in params:
        if name not in takes and not takes_any:
            raise NeverError(f"'{transfer.name}' has no parameter '{name}'; {known(tuple(takes))}")
    for name, described in takes.items():
        if described.default is described.empty and name not in params:
            raise NeverError(f"'{transfer.name}' needs the parameter '{name}'; give it in params")
