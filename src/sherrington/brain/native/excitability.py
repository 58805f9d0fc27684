"""Stimulate, silence and lesion a population of the native engine.

stimulate: the current is added to ``I_e`` and acts from the next step on. silence: the threshold is out of reach, so
neurons keep integrating; on restoring, every neuron above its threshold fires in the next step. A silenced parrot
repeats nothing. lesion: the neurons are no longer updated, and what arrives at them is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ..engine import Excitability
from ..network import Network
from .building import Built
from .core import core
from .model import FAR


class Excitabilities:
    """The present excitability of every population."""

    def __init__(self, network: Network, built: Mapping[str, Built], engine: core.Engine) -> None:
        self._network, self._built, self._engine = network, built, engine
        self._now = {name: Excitability() for name in network.populations}

    def set(self, population: str, change: Excitability) -> None:
        """Nothing has changed when UnsupportedError is raised."""
        model = self._network.population(population).model
        before = self._now[population]
        if before.lesioned and not change.lesioned:
            raise UnsupportedError(
                f"population '{population}' was lesioned, which lasts for the rest of the run; silence a "
                f"population that is to come back"
            )
        if change.current_pA and "I_e" not in self._built[population].constants:
            raise UnsupportedError(
                f"population '{population}' ({model}) cannot be stimulated: its model has no constant current 'I_e'"
            )
        self._apply(population, change)

    def _apply(self, population: str, change: Excitability) -> None:
        built = self._built[population]
        self._put(built, "theta", np.array([FAR]) if change.silenced else built.constants["theta"])
        if "I_e" in built.constants:
            self._put(built, "I_e", built.constants["I_e"] + change.current_pA)
        self._engine.set_frozen(built.number, change.lesioned)
        self._now[population] = change

    def _put(self, built: Built, name: str, values: np.ndarray) -> None:
        self._engine.set_constant(
            built.number, built.constant(name), np.ascontiguousarray(values, np.float64)
        )

    def state(self) -> dict[str, Any]:
        return {"excitability": json.dumps({name: asdict(now) for name, now in self._now.items()})}

    def restore(self, saved: Mapping[str, Any]) -> None:
        for population, now in json.loads(str(saved["excitability"])).items():
            self._apply(population, Excitability(**now))
