"""The same experiment on one process with two threads and on two ranks: the same spikes, signals and postures.

Every run is started as a person starts it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sherrington.install.mpi import Build
from sherrington.record.read import Run, open_run
from sherrington.record.state import State, read_state

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "sherrington.cli")
SOURCE = Path(__file__).resolve().parents[2] / "src"
RANKS = 2
MIXED = """
title: every kind of port, several models, plasticity and interventions
seed: 5
loop: {interval_ms: 2, duration_ms: 300}
brain: {network: "parts.py:mixed", virtual_processes: 2}
body: {model: one_joint}
pathways:
  stretch:
    function: scale
    inputs: {signal: body.muscle_length}
    outputs: {scaled: brain.flexor_in.current}
    params: {gain: 2.0e4, offset: 0.0}
    delay_ms: 2
  tone:
    function: constant
    outputs: {value: {port: brain.relay.rate, per: neuron}}
    params: {value: 60.0}
  bursts:
    function: parts.py:bursts
    outputs: {spikes: {port: brain.cue.spikes, per: neuron}}
  membrane:
    function: parts.py:from_potential
    inputs: {potential: {port: brain.E.V_m, per: population}}
    outputs: {rate: {port: brain.relay.rate, per: neuron}}
  timed:
    function: parts.py:from_spikes
    inputs: {spikes: {port: brain.MN.spikes, per: neuron}}
    outputs: {rate: {port: brain.relay.rate, per: neuron}}
  motoneurons:
    function: motoneuron_pool
    inputs: {counts: {port: brain.MN.count, per: neuron}}
    outputs: {excitation: body.muscle_excitation}
    params: {units_per_pool: 10}
    delay_ms: 2
interventions:
  - {name: cut, at_ms: 150, populations: [I2], action: lesion}
  - {name: hush, at_ms: 200, populations: [E], action: silence}
  - {name: speak, at_ms: 240, populations: [E], action: stimulate, current_pA: 50.0}
"""
PARTS = """
import numpy as np

from sherrington import Background, FixedIndegree, Network, Population, Projection, transfer
from sherrington.brain.distributions import Lognormal, Normal
from sherrington.brain.rules import Bernoulli, OneToOne
from sherrington.ports import SpikeBatch


def mixed(scale=1.0):
    populations = [
        Population("E", 101, "iaf_psc_exp", {"V_th": Normal(-52.0, 1.0)}, {"V_m": Normal(-65.0, 3.0)}),
        Population("I2", 37, "iaf_cond_exp"),
        Population("relay", 20, "parrot_neuron"),
        Population("cue", 3, "parrot_neuron"),
        Population("flexor_in", 2, "iaf_psc_alpha", {"I_e": 380.0}, channels={"flexor": 1, "extensor": 1}),
        Population("MN", 20, "iaf_psc_alpha", {"I_e": 350.0}, channels={"flexor": 10, "extensor": 10}),
    ]
    projections = [
        Projection("relay", "E", FixedIndegree(8), Lognormal(60.0, 20.0), Normal(2.0, 0.5, low=0.2)),
        Projection("E", "E", FixedIndegree(20), 30.0, 1.5, synapse="stdp_synapse", synapse_params={"Wmax": 60.0}),
        Projection("E", "I2", Bernoulli(0.2), 2.0, 1.0),
        Projection("I2", "E", Bernoulli(0.3), -40.0, 0.8),
        Projection("E", "MN", FixedIndegree(12), 40.0, 1.0),
        Projection("cue", "MN", FixedIndegree(2), 300.0, 1.0),
        Projection("flexor_in", "MN", FixedIndegree(1), 100.0, 1.0),
    ]
    backgrounds = [Background("E", 6000.0, 25.0, 0.5), Background("I2", 2500.0, 8.0, 0.5)]
    return Network("mixed", populations, projections, backgrounds=backgrounds, scale=scale)


@transfer(outputs={"spikes": "spikes"})
def bursts(*, time_s, dt_s):
    if round(time_s * 1e3) % 50:
        return SpikeBatch.empty()
    times = np.array([0.4, 0.4, 1.1]) * 1e6 + round(time_s * 1e9)
    return SpikeBatch(times.astype(np.int64), np.array([0, 2, 1]))


@transfer(inputs={"potential": "mV"}, outputs={"rate": "Hz"}, low=0.0)
def from_potential(potential):
    return np.full(20, max(0.0, float(potential[0]) + 70.0) * 2.0)


@transfer(inputs={"spikes": "spikes"}, outputs={"rate": "Hz"}, low=0.0)
def from_spikes(spikes):
    weight = float(np.sum(spikes.times_ns % 7_000) + spikes.channels.sum()) if len(spikes) else 0.0
    return np.full(20, weight % 31)
"""


def environment() -> dict[str, str]:
    """As here, with this checkout first; threads that wait sleep, as other tests may want the processors."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "experiment.yaml").write_text(MIXED, encoding="utf-8")
    (folder / "parts.py").write_text(PARTS, encoding="utf-8")
    return folder


def prints(run: Run) -> dict[str, str]:
    """A fingerprint of every recorded population and signal."""
    found = {}
    for name in run.populations:
        spikes = run.spikes(name)
        found[name] = _hash(spikes.times_ns, spikes.channels)
    for name in run.signals:
        found[name] = _hash(*run.signal(name))
    return found


def _hash(*arrays: np.ndarray) -> str:  # type: ignore[type-arg]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def made(out: Path) -> Path:
    """The one run folder in ``out``."""
    (folder,) = out.iterdir()
    return folder


@pytest.fixture(scope="module")
def alone(experiment: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One process, two threads."""
    out = tmp_path_factory.mktemp("alone")
    command = [*COMMAND, "run", str(experiment), "--out", str(out)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return open_run(made(out))


def over_ranks(mpi_nest: Build, *arguments: object, ranks: int = RANKS) -> list[str]:
    return [str(mpi_nest.mpiexec), "-n", str(ranks), *COMMAND, "run", *map(str, arguments)]


@pytest.fixture(scope="module")
def together(experiment: Path, mpi_nest: Build, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two ranks, one thread each."""
    out = tmp_path_factory.mktemp("together")
    command = over_ranks(mpi_nest, experiment, "--out", out)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return open_run(made(out))


def test_the_runs_were_not_empty(alone: Run) -> None:
    counts = {name: alone.spike_count(name) for name in alone.populations}
    assert min(counts.values()) > 10, counts
    for port in ("pathway.timed.rate", "pathway.membrane.rate", "pathway.motoneurons.excitation"):
        assert np.ptp(alone.signal(port)[1]) > 0, port


def test_two_ranks_do_what_two_threads_do(alone: Run, together: Run) -> None:
    first, second = prints(alone), prints(together)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert alone.summary["spikes"] == together.summary["spikes"]
    assert alone.summary["synapses"] == together.summary["synapses"]


def test_the_run_folder_is_that_of_one_process(alone: Run, together: Run) -> None:
    names = [sorted(path.name for path in run.folder.iterdir()) for run in (alone, together)]
    assert names[0] == names[1]
    facts = together.summary["engine"]["brain"]
    assert (facts["ranks"], facts["threads"]) == (2, 1)
    assert len(together.summary["peak_memory_mib"]) == 2
    state = read_state(together.folder)
    assert state is not None
    assert state.state is State.DONE
