"""Where the parts of the resolver put what they find wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .. import find
from ..clock import format_ms, ms_to_ns
from ..errors import Problem, SherringtonError, known
from ..experiment import Source
from ..explain import near

Made = TypeVar("Made")


@dataclass
class Findings:
    """The problems of one experiment, and the ways of asking that add to them."""

    source: Source
    problems: list[Problem] = field(default_factory=list)

    def add(self, key: str, message: str, remedy: str) -> None:
        self.problems.append(self.source.problem(key, message, remedy))

    def unknown(self, key: str, message: str, name: str, there: Sequence[str]) -> None:
        """A name that is none of those ``there``."""
        self.add(key, message, f"{near(name, there, cutoff=0.7)}{known(there)}")

    @property
    def folder(self) -> Path:
        return self.source.folder

    # --- times ---

    def ns(self, key: str, value_ms: float) -> int:
        """``value_ms`` in ns; 0, which no check looks at, when it is no whole number of them."""
        try:
            return ms_to_ns(value_ms, key)
        except SherringtonError:
            self.add(key, f"{value_ms} ms is not a whole number of nanoseconds", "use at most six decimals")
            return 0

    def divides(
        self, long_key: str, long_ns: int, short_key: str, short_ns: int, *, is_step: bool = False
    ) -> None:
        """``long_ns`` must be a whole multiple of ``short_ns``; 0 stands for a time that is not known.

        is_step: the short one is a simulator's own step, for which any shorter value will do.
        """
        if not long_ns or not short_ns or long_ns % short_ns == 0:
            return
        below = long_ns // short_ns * short_ns
        near_by = " or ".join(format_ms(ns) for ns in (below, below + short_ns) if ns)
        other = (
            f"set {short_key} to {format_ms(_largest_divisor(long_ns, short_ns))}"
            if is_step
            else f"change {short_key}"
        )
        self.add(
            long_key,
            f"{format_ms(long_ns)} is not a whole multiple of {short_key} ({format_ms(short_ns)})",
            f"use {near_by}, or {other}",
        )

    def multiple(self, key: str, value_ms: float, interval_ns: int) -> int:
        """``value_ms`` in ns, which must be a whole number of exchange intervals."""
        value_ns = self.ns(key, value_ms)
        self.divides(key, value_ns, "loop.interval_ms", interval_ns)
        return value_ns

    # --- things by name ---

    def function(
        self, kind: str, key: str, text: str, shipped: Mapping[str, str]
    ) -> Callable[..., Any] | None:
        """What ``text`` names, or None."""
        try:
            return find.find(kind, text, shipped, self.folder)
        except find.NotFoundError as error:
            self.add(key, error.message, error.remedy)
            return None

    def call(self, key: str, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` returns; None when it raises, as a person's code may. name: what is being called."""
        try:
            return make()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - reported to the person, not hidden
            verb = "refuses" if isinstance(error, SherringtonError) else "raised"
            message = f"'{name}' {verb}: {find.raised(error, self.folder)}"
            self.add(key, message, "correct its parameters, or the function itself")
            return None

    def made(self, key: str, name: str, make: Callable[[], Any], wanted: type[Made]) -> Made | None:
        """What ``make`` returns, which must be a ``wanted``; None after a problem. name: what is being called."""
        count = len(self.problems)
        made = self.call(key, name, make)
        if isinstance(made, wanted):
            return made
        if len(self.problems) == count:
            found = "nothing" if made is None else f"a {type(made).__name__}"
            self.add(key, f"'{name}' returned {found}", f"return a sherrington.{wanted.__name__} from it")
        return None


def _largest_divisor(long_ns: int, limit_ns: int) -> int:
    """The largest whole number of ns, at most ``limit_ns``, that divides ``long_ns``."""
    parts = -(-long_ns // limit_ns)
    while long_ns % parts:
        parts += 1
    return long_ns // parts
