"""The same experiment and seed give the same spikes and signals, bit for bit, whatever else is different.

NEST and MuJoCo, each run in a fresh process. Half-size spinal cord, one joint, 300 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("one_run.py")

REFLEX = """
title: a reflex with noise and a push
loop: {interval_ms: 1, duration_ms: 300, mode: pipelined}
brain:
  network: spinal_cord
  scale: 0.5
  virtual_processes: 2
  params: {antagonists: {flexor: [extensor], extensor: [flexor]}}
body: {model: one_joint}
pathways:
  ia:
    function: spindle_ia
    inputs:
      length: body.muscle_length
      velocity: body.muscle_velocity
      rest: body.muscle_rest_length
      optimal: body.muscle_optimal_length
    outputs: {rate: brain.Ia.rate}
    noise: {std: 5.0}
    delay_ms: 2
  tone:
    function: constant
    outputs: {value: brain.DC.rate}
    params: {value: 80.0}
  motoneurons:
    function: motoneuron_pool
    inputs: {counts: {port: brain.MN.count, per: neuron}}
    outputs: {excitation: body.muscle_excitation}
    params: {units_per_pool: 30}
    delay_ms: 2
perturbations:
  - {name: push, at_ms: 100, duration_ms: 50, joint_torque_Nm: {hinge: 1.0e-4}}
"""

# No Poisson generators: NEST draws their spikes from one stream per virtual process, so that with them the number of
# virtual processes is part of what is simulated. Everything else must not depend on it.
CURRENTS = """
title: motoneurons driven by currents
loop: {interval_ms: 1, duration_ms: 300}
brain:
  network: spinal_cord
  scale: 0.5
  params: {antagonists: {flexor: [extensor], extensor: [flexor]}}
body: {model: one_joint}
pathways:
  stretch:
    function: scale
    inputs: {signal: body.muscle_length}
    outputs: {scaled: brain.MN.current}
    params: {gain: 2.0e5, offset: -800.0}
    delay_ms: 1
  motoneurons:
    function: motoneuron_pool
    inputs: {counts: {port: brain.MN.count, per: neuron}}
    outputs: {excitation: body.muscle_excitation}
    params: {units_per_pool: 30}
    delay_ms: 2
"""

RUNS = {
    "first": (REFLEX,),
    "again": (REFLEX,),
    "other seed": (REFLEX, "seed=2"),
    "nothing recorded": (REFLEX, "quiet"),
    "paused": (REFLEX, "paused"),
    "lockstep": (REFLEX, "loop.mode=lockstep"),
    "one thread": (CURRENTS, "brain.virtual_processes=1"),
    "two threads": (CURRENTS, "brain.virtual_processes=2"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each run gave, one after the other; threads that wait sleep, so that they do not disturb each other."""
    top = tmp_path_factory.mktemp("runs")

    def run(name: str) -> Any:
        text, *options = RUNS[name]
        folder = top / name.replace(" ", "-")
        folder.mkdir()
        (folder / "experiment.yaml").write_text(text, encoding="utf-8")
        command = [sys.executable, *map(str, (SCRIPT, folder, folder / "run", *options))]
        environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return {name: run(name) for name in RUNS}


def test_the_runs_were_not_empty(outcomes: dict[str, Any]) -> None:
    for name, outcome in outcomes.items():
        assert outcome["cycles"] == 300, name
        assert outcome["counted"] > 300, name
    spikes = {
        name: print_[0] for name, print_ in outcomes["first"]["recorded"].items() if isinstance(print_, list)
    }
    assert set(spikes) == {"Ia", "II", "Ib", "DC", "IaIN", "IbIN", "PN", "RC", "MN"}
    assert min(spikes[name] for name in ("Ia", "DC", "IaIN", "RC", "MN")) > 50, spikes
    assert {"body.joint_angle", "pathway.ia.rate", "pathway.motoneurons.excitation"} < set(
        outcomes["first"]["recorded"]
    )


def test_the_same_seed_gives_the_same_in_a_fresh_process(outcomes: dict[str, Any]) -> None:
    assert outcomes["again"] == outcomes["first"]


def test_another_seed_gives_something_else_everywhere(outcomes: dict[str, Any]) -> None:
    first, other = outcomes["first"]["recorded"], outcomes["other seed"]["recorded"]
    silent = {name for name, print_ in first.items() if isinstance(print_, list) and not print_[0]}
    constant = {"pathway.tone.value", "body.contact_force"}
    same = {name for name in first if first[name] == other[name]}
    assert same <= silent | constant
    assert outcomes["other seed"]["body"] != outcomes["first"]["body"]


def test_recording_changes_nothing(outcomes: dict[str, Any]) -> None:
    _same_but_for_the_record("nothing recorded", outcomes)
    assert outcomes["nothing recorded"]["recorded"] is None


def _same_but_for_the_record(name: str, outcomes: dict[str, Any]) -> None:
    for key in ("pathways", "body", "counted"):
        assert outcomes[name][key] == outcomes["first"][key], key


def test_pausing_and_stepping_change_nothing(outcomes: dict[str, Any]) -> None:
    assert outcomes["paused"]["stops"] >= 10
    assert {**outcomes["paused"], "stops": 0} == outcomes["first"]


def test_lockstep_and_pipelined_are_the_same(outcomes: dict[str, Any]) -> None:
    """But for what a motor pathway still holds when it is looked at: pipelined, it delivers before it is called."""
    lockstep, pipelined = outcomes["lockstep"], outcomes["first"]
    assert lockstep["recorded"] == pipelined["recorded"]
    assert (lockstep["body"], lockstep["counted"]) == (pipelined["body"], pipelined["counted"])


def test_one_and_two_threads_are_the_same_without_random_input(outcomes: dict[str, Any]) -> None:
    one, two = outcomes["one thread"], outcomes["two threads"]
    assert one["recorded"]["MN"][0] > 300 and one["recorded"]["RC"][0] > 50
    assert one == two
