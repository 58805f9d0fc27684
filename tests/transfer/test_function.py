"""The declaration of transfer functions, and the registry of those that ship."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sherrington.body.engine import INPUTS as BODY_INPUTS
from sherrington.body.engine import OUTPUTS as BODY_OUTPUTS
from sherrington.brain.engine import INPUTS as BRAIN_INPUTS
from sherrington.errors import NeverError
from sherrington.transfer import Transfer, transfer
from sherrington.transfer.function import ANY
from sherrington.transfer.shipped import SHIPPED


def declared(name: str) -> Transfer:
    module, _, attribute = SHIPPED[name].partition(":")
    found: Transfer = getattr(importlib.import_module(module), attribute).__transfer__
    return found


def test_a_declared_function_stays_what_it_was_and_carries_its_ports() -> None:
    @transfer(inputs={"length": "m"}, outputs={"rate": "Hz"}, low=0.0, high=9.0)
    def stretch(length: Any, *, gain_hz_per_m: float = 2.0) -> Any:
        """Doubles."""
        return gain_hz_per_m * length

    ports: Transfer = stretch.__transfer__  # type: ignore[attr-defined]
    assert stretch(3.0) == 6.0
    assert (ports.name, ports.inputs, ports.outputs) == ("stretch", {"length": "m"}, {"rate": "Hz"})
    assert (ports.low, ports.high, ports.doc, ports.stateful) == (0.0, 9.0, "Doubles.", False)
    assert list(ports.parameters) == ["gain_hz_per_m"]
    assert ports.make({"gain_hz_per_m": 5.0}, 1)(3.0, time_s=0.0, dt_s=0.1) == 15.0


def test_time_and_interval_reach_only_who_asks() -> None:
    @transfer(inputs={"x": ANY}, outputs={"y": ANY})
    def timed(x: Any, *, time_s: float, dt_s: float, gain: float = 1.0) -> Any:
        return gain * x + time_s + dt_s

    ports: Transfer = timed.__transfer__  # type: ignore[attr-defined]
    assert list(ports.parameters) == ["gain"]
    assert ports.make({}, 1)(1.0, time_s=2.0, dt_s=0.5) == 3.5


def test_a_class_is_made_anew_for_every_run() -> None:
    @transfer(inputs={"x": ANY}, outputs={"y": ANY})
    class Adder:
        def __init__(self, *, start: float = 0.0, n_channels: int) -> None:
            self.total = np.full(n_channels, start)

        def __call__(self, x: Any) -> Any:
            self.total = self.total + x
            return self.total

    ports: Transfer = Adder.__transfer__  # type: ignore[attr-defined]
    assert ports.stateful
    assert list(ports.parameters) == ["start"]
    first, second = ports.make({"start": 1.0}, 2), ports.make({}, 2)
    first(1.0, time_s=0.0, dt_s=0.1)
    assert first(1.0, time_s=0.1, dt_s=0.1).tolist() == [3.0, 3.0]
    assert second(1.0, time_s=0.0, dt_s=0.1).tolist() == [1.0, 1.0]


def plain(length: Any, rest: Any) -> Any:
    return length - rest


class Mute:
    """A class that cannot be called."""


IN, OUT = {"length": "m", "rest": "m"}, {"rate": "Hz"}


@pytest.mark.parametrize(
    ("thing", "ports", "message"),
    [
        (
            plain,
            {"inputs": {"length": "m"}, "outputs": OUT},
            r"'plain' declares inputs \['length'\] but takes \[",
        ),
        (plain, {"outputs": OUT}, r"takes \['length', 'rest'\]; parameters must be keyword-only"),
        (plain, {"inputs": {"rest": "m", "length": "m"}, "outputs": OUT}, r"\['rest', 'length'\] but takes"),
        (plain, {"inputs": IN, "outputs": {}}, "'plain' declares no outputs; it could change nothing"),
        (plain, {"inputs": IN, "outputs": "Hz"}, r"'plain' declares outputs 'Hz'; write a name and a unit"),
        (plain, {"inputs": ["length", "rest"], "outputs": OUT}, r"inputs \['length', 'rest'\]; write a name"),
        (plain, {"inputs": {"length": 1, "rest": "m"}, "outputs": OUT}, r"inputs {'length': 1.*write a name"),
        (plain, {"inputs": IN, "outputs": OUT, "low": 2.0, "high": 1.0}, r"low = 2 above high = 1; no value"),
        (Mute, {"outputs": OUT}, "'Mute' is a class without __call__; give it one"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(thing: Any, ports: dict[str, Any], message: str) -> None:
    with pytest.raises(NeverError, match=message):
        transfer(**ports)(thing)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_declared_documented_and_fits_ports_that_exist(name: str) -> None:
    ports = declared(name)
    units = {ANY, "1", "Hz", "pA", *BODY_INPUTS.values(), *BODY_OUTPUTS.values(), *BRAIN_INPUTS.values()}
    assert {*ports.inputs.values(), *ports.outputs.values()} <= units
    assert len(ports.doc) > 80
    for parameter in ports.parameters:
        assert parameter in ports.doc, f"{parameter} is not explained"
    assert all(p.annotation is not inspect.Parameter.empty for p in ports.parameters.values())


def test_the_list_of_shipped_functions_is_cheap_to_read() -> None:
    code = "import sys, sherrington.transfer.shipped; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "sherrington.transfer.shipped" in loaded
    assert not {"nest", "mujoco", "h5py", "matplotlib", "scipy", "pynwb"} & loaded
