"""Fixtures of the link's tests: a real server on this machine, and loops from experiment folders."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "loop"))

from service_rig import LinkedRig, Service, linked_rig

MakeLinked = Callable[..., LinkedRig]


@pytest.fixture
def service() -> Iterator[Service]:
    """A server that behaves, until a test has it behave otherwise."""
    with Service() as running:
        yield running


@pytest.fixture
def linked(tmp_path: Path, service: Service) -> Iterator[MakeLinked]:
    """``linked(duration_ms=..., **options)``: a loop with closed-form engines whose link dials ``service``."""
    made: list[LinkedRig] = []

    def make(url: str = "", **options: object) -> LinkedRig:
        folder = tmp_path / f"experiment{len(made)}"
        made.append(linked_rig(folder, url or service.url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for rig in made:
        rig.close()
