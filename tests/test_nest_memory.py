"""What NEST's structures cost: the recorder's share of each neuron, and the smaller form of a synapse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.brain import nest_build
from sherrington.brain.distributions import Lognormal, Uniform
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.brain.nest_kernel import nest
from sherrington.brain.network import Background, Network, Population, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.ports import SpikeBatch

MS = 1_000_000
NEURONS = 20_000
RESIDENT = """
import sys
from pathlib import Path
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population

network = Network("n", [Population("p", int(sys.argv[1]))])
ports = [brain_port(network.population("p"), "spikes", writes=False, per="neuron")] if sys.argv[2] == "read" else []
NestBrain().prepare(network, [], ports, 1, BrainOptions())
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(pages * 4096)
"""


@pytest.fixture
def brain() -> Iterator[NestBrain]:
    made = NestBrain()
    yield made
    made.close()


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not say how much is resident"
)
def test_recording_a_neuron_takes_less_than_ten_kilobytes() -> None:
    unread, read = (_resident(how) for how in ("unread", "read"))
    assert 0 < (read - unread) / NEURONS < 10_000


def _resident(how: str) -> int:
    command = [sys.executable, "-c", RESIDENT, str(NEURONS), how]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


@pytest.mark.parametrize("synapse", ["static_synapse", "stdp_synapse"])
def test_small_and_plain_synapses_give_the_same_spikes(monkeypatch: pytest.MonkeyPatch, synapse: str) -> None:
    with closing(NestBrain()) as brain:
        small, forms = _spikes(brain, synapse)
    assert forms == {f"{synapse}_hpc"}
    monkeypatch.setattr(nest_build, "HPC_NODES", 0)
    with closing(NestBrain()) as brain:
        plain, forms = _spikes(brain, synapse)
    assert forms == {synapse}
    assert len(small) > 300
    np.testing.assert_array_equal(small.times_ns, plain.times_ns)
    np.testing.assert_array_equal(small.channels, plain.channels)


def test_populations_out_of_reach_keep_the_plain_form(
    brain: NestBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nest_build, "HPC_NODES", 120)
    _, forms = _spikes(brain, "stdp_synapse")
    assert forms == {"stdp_synapse", "stdp_synapse_hpc"}
    made = _made().get(["target", "synapse_model", "Wmax"])
    assert {*made["Wmax"]} == {500.0}
    small = [t for t, m in zip(made["target"], made["synapse_model"], strict=True) if m.endswith("hpc")]
    assert max(small) <= 101 < min({*made["target"]} - {*small})


def test_a_receptor_keeps_the_plain_form(brain: NestBrain) -> None:
    cells = Population("b", 3, "iaf_psc_exp_multisynapse", params={"tau_syn": (2.0, 20.0)})
    p = Projection("b", "b", FixedIndegree(1), 10.0, 1.0, receptor=2)
    brain.prepare(Network("n", [cells], [p]), [], [], 1, BrainOptions())
    assert {*nest.GetConnections().get("synapse_model")} == {"static_synapse"}


def _spikes(brain: NestBrain, synapse: str) -> tuple[SpikeBatch, set[str]]:
    """Spikes of 100 + 100 neurons with noise, and the forms of their synapses."""
    params = {"Wmax": 500.0} if synapse.startswith("stdp") else {}
    cells = [Population(name, 100, "iaf_psc_exp") for name in "ab"]
    weight, delay_ms = Lognormal(30.0, 20.0), Uniform(0.5, 3.0)
    joined = [
        Projection(a, b, FixedIndegree(20), weight, delay_ms, synapse, params) for a in "ab" for b in "ab"
    ]
    network = Network("n", cells, joined, backgrounds=[Background(n, 8000.0, 60.0, 1.0) for n in "ab"])
    port = brain_port(network.population("b"), "spikes", writes=False, per="neuron")
    brain.prepare(network, [], [port], 1, BrainOptions())
    brain.advance(300 * MS)
    batch = brain.read(port.port.name)
    assert isinstance(batch, SpikeBatch)
    forms = {_form(name) for name in _made().get("synapse_model")}
    return SpikeBatch(batch.times_ns.copy(), batch.channels.copy()), forms


def _made() -> Any:
    """The connections among the neurons: node 1 is the recorder."""
    neurons = nest.NodeCollection(range(2, 202))
    return nest.GetConnections(neurons, neurons)


def _form(model: str) -> str:
    """The name of a copy begins with the model's and ends with its form."""
    return model.split()[0] + ("_hpc" if " " in model and model.endswith("_hpc") else "")


def test_more_connections_than_a_model_takes_go_to_copies_of_it(
    brain: NestBrain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nest_build, "CONNECTIONS_PER_MODEL", 5_000)
    few, _ = _spikes(brain, "stdp_synapse")
    names = sorted({*_made().get("synapse_model")})
    assert len(names) == 2
    assert {*_made().get("Wmax")} == {500.0}
    brain.close()
    monkeypatch.undo()
    with closing(NestBrain()) as other:
        many, _ = _spikes(other, "stdp_synapse")
    assert len(few) == pytest.approx(len(many), rel=0.02)  # inputs of one step arrive in another order
