"""What a transfer function is: a plain function with declared inputs and outputs, each with a unit.

::

    @transfer(inputs={"length": "m", "rest": "m"}, outputs={"rate": "Hz"}, low=0.0)
    def stretch(length, rest, *, gain_hz_per_m: float = 1e5):
        return gain_hz_per_m * np.maximum(length - rest, 0.0)

Parameters are keyword-only, carry their unit in the name and can be set in the experiment file. Two names are
special: ``time_s`` receives the time at the start of the interval and ``dt_s`` the interval between two
calls. Where there is state, decorate a class instead: it is made once per run with the parameters as keyword
arguments and called like the function; one ``__init__`` parameter is special there, ``n_channels`` (of the
output).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import NeverError

INJECTED = ("time_s", "dt_s")
ANY = "any"
"""The unit of an input or output that takes whatever unit its port has (gains, filters, constants); not spikes.

An input or output with the unit ``ports.SPIKES_UNIT``, ``"spikes"``, is a SpikeBatch instead of an array."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Transfer:
    """A declared transfer function.

    inputs, outputs: names to units, in the order of the arguments and of the returned values. With one output
    the function returns that array; with several, a tuple. low, high: range of every output, both included; a
    value outside stops the run.
    """

    name: str
    call: Callable[..., Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    low: float
    high: float
    doc: str

    @property
    def stateful(self) -> bool:
        return inspect.isclass(self.call)

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What ``params`` in an experiment may set: keyword-only arguments but the injected ones."""
        function = self.call.__init__ if inspect.isclass(self.call) else self.call
        return {
            name: parameter
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in (*INJECTED, "n_channels")
        }

    def make(self, params: Mapping[str, Any], n_channels: int) -> Callable[..., Any]:
        """A callable for one run: ``f(*inputs, time_s=, dt_s=)`` with the injected names it does not want
        left out."""
        if inspect.isclass(self.call):
            extra = {"n_channels": n_channels} if "n_channels" in _names(self.call.__init__) else {}
            instance: Any = self.call(**params, **extra)
            return _injecting(instance, _names(type(instance).__call__), {})
        return _injecting(self.call, _names(self.call), dict(params))


def transfer(
    *,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str],
    low: float = float("-inf"),
    high: float = float("inf"),
) -> Callable[[F], F]:
    """Declare a function or class as a transfer function; the function itself stays callable as it was.

    Raises NeverError when the declared inputs are not the positional arguments, when there is no output, and
    when ``low`` is above ``high``.
    """

    def declare(function: F) -> F:
        _check_ports(function.__name__, inputs or {}, outputs)
        declared = Transfer(
            name=function.__name__,
            call=function,
            inputs=dict(inputs or {}),
            outputs=dict(outputs),
            low=low,
            high=high,
            doc=inspect.getdoc(function) or "",
        )
        _check_arguments(declared)
        function.__transfer__ = declared  # type: ignore[attr-defined]
        return function

    return declare


def _check_ports(name: str, inputs: object, outputs: object) -> None:
    for what, given in (("inputs", inputs), ("outputs", outputs)):
        if not isinstance(given, Mapping) or not all(
            isinstance(text, str) for text in (*given, *given.values())
        ):
            raise NeverError(
                f"transfer function '{name}' declares {what} {given!r}; "
                'write a name and a unit for each, such as {"rate": "Hz"}'
            )


def _check_arguments(declared: Transfer) -> None:
    if inspect.isclass(declared.call) and not any("__call__" in vars(c) for c in declared.call.__mro__):
        raise NeverError(f"transfer function '{declared.name}' is a class without __call__; give it one")
    function = declared.call.__call__ if inspect.isclass(declared.call) else declared.call
    positional = [
        name
        for name, p in inspect.signature(function).parameters.items()
        if p.kind is not inspect.Parameter.KEYWORD_ONLY and name != "self"
    ]
    if positional != list(declared.inputs):
        raise NeverError(
            f"transfer function '{declared.name}' declares inputs {list(declared.inputs)} "
            f"but takes {positional}; parameters must be keyword-only (after *)"
        )
    if not declared.outputs:
        raise NeverError(f"transfer function '{declared.name}' declares no outputs; it could change nothing")
    if not declared.low <= declared.high:
        raise NeverError(
            f"transfer function '{declared.name}' has low = {declared.low:g} above high = {declared.high:g}; "
            "no value could pass"
        )


def _names(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _injecting(
    function: Callable[..., Any], accepts: frozenset[str], fixed: dict[str, Any]
) -> Callable[..., Any]:
    wants_time, wants_dt = "time_s" in accepts, "dt_s" in accepts

    def call(*values: Any, time_s: float, dt_s: float) -> Any:
        if wants_time:
            fixed["time_s"] = time_s
        if wants_dt:
            fixed["dt_s"] = dt_s
        return function(*values, **fixed)

    return call
