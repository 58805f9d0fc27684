"""What is written is read back: every spike, every value, every pose; and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sherrington.body.engine import Pose
from sherrington.errors import PortError
from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record.store import SPIKE_BUFFER, PopulationInfo, RunStore, open_run

INFO = PopulationInfo(100, {"flexor": 60, "extensor": 40}, "ventral horn")


def port(name: str, shape: tuple[int, ...], unit: str = "m") -> Port:
    return Port(name, Kind.SIGNAL, shape, unit, tuple(f"c{i}" for i in range(shape[0])), low=-1.0, high=2.5)


def batch(start_ns: int, size: int, random: np.random.Generator) -> SpikeBatch:
    times = np.sort(start_ns + random.integers(1, 1_000_000, size))
    return SpikeBatch(times, random.integers(0, INFO.size, size))


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(
        st.sampled_from([0, 1, 7, 300, SPIKE_BUFFER - 1, SPIKE_BUFFER, SPIKE_BUFFER + 1]), max_size=12
    ),
    flush_after=st.sets(st.integers(0, 11)),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_spike_comes_back(sizes: list[int], flush_after: set[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    batches = [batch(1_000_000 * i, size, random) for i, size in enumerate(sizes)]
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder), spikes={"motoneurons": INFO, "silent": INFO}, signals={})
        for i, spikes in enumerate(batches):
            store.append_spikes("motoneurons", spikes)
            if i in flush_after:
                store.flush()
        store.close()
        run = open_run(folder)
        found = run.spikes("motoneurons")
        assert np.array_equal(found.times_ns, np.concatenate([[], *(b.times_ns for b in batches)]))
        assert np.array_equal(found.channels, np.concatenate([[], *(b.channels for b in batches)]))
        assert len(run.spikes("silent")) == 0
        assert found.times_ns.dtype == found.channels.dtype == np.int64


@settings(max_examples=20, deadline=None)
@given(
    shapes=st.lists(st.sampled_from([(1,), (3,), (20,), (4, 3), (3000,)]), min_size=1, max_size=4),
    n_samples=st.sampled_from([0, 1, 5, 700, 5000]),
    flush_after=st.sets(st.integers(0, 5000), max_size=3),
)
def test_every_value_comes_back(shapes: list[tuple[int, ...]], n_samples: int, flush_after: set[int]) -> None:
    n_samples = min(n_samples, 700) if (3000,) in shapes else n_samples
    ports = {f"body.s{i}": port(f"s{i}", shape) for i, shape in enumerate(shapes)}
    random = np.random.default_rng(0)
    values = {name: random.normal(size=(n_samples, *p.shape)) for name, p in ports.items()}
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder), spikes={}, signals=ports)
        for i in range(n_samples):
            store.append_signals(1000 * (i + 1), {name: rows[i] for name, rows in values.items()})
            if i in flush_after:
                store.flush()
        store.close()
        run = open_run(folder)
        assert run.signals.keys() == ports.keys()
        for name, rows in values.items():
            time_ns, found = run.signal(name)
            assert np.array_equal(time_ns, 1000 * np.arange(1, n_samples + 1))
            assert np.array_equal(found, rows)  # bit for bit: stored as float64


def test_ports_and_populations_come_back(tmp_path: Path) -> None:
    many = Port("V_m:neuron", Kind.SIGNAL, (12_000,), "mV", tuple(f"neuron[{i}]" for i in range(12_000)))
    ports = {"body.length": port("length", (2,)), "brain.motoneurons.V_m:neuron": many}
    RunStore(tmp_path, spikes={"motoneurons": INFO}, signals=ports).close()
    run = open_run(tmp_path)
    assert run.populations == {"motoneurons": INFO}
    assert list(run.populations["motoneurons"].channels) == ["flexor", "extensor"]
    assert run.unit("brain.motoneurons.V_m:neuron") == "mV"
    assert run.order("brain.motoneurons.V_m:neuron") == many.order
    assert run.signals["body.length"] == Port(
        "body.length", Kind.SIGNAL, (2,), "m", ("c0", "c1"), low=-1.0, high=2.5
    )


def test_names_keep_their_order(tmp_path: Path) -> None:
    names = [f"{letter}{i}" for i in range(20) for letter in "zma"]
    ports = {f"body.{name}": port(name, (1,)) for name in names}
    RunStore(tmp_path, spikes=dict.fromkeys(names, INFO), signals=ports).close()
    run = open_run(tmp_path)
    assert list(run.populations) == names
    assert list(run.signals) == list(ports)


def test_values_are_copied_when_handed_over(tmp_path: Path) -> None:
    store = RunStore(tmp_path, spikes={"motoneurons": INFO}, signals={"body.length": port("length", (2,))})
    value = np.array([1.0, 2.0])
    spikes = SpikeBatch(np.array([5]), np.array([3]))
    store.append_signals(10, {"body.length": value})
    store.append_spikes("motoneurons", spikes)
    value[:] = np.nan
    spikes.times_ns[:] = -1
    store.close()
    run = open_run(tmp_path)
    assert run.signal("body.length")[1].tolist() == [[1.0, 2.0]]
    assert run.spikes("motoneurons").times_ns.tolist() == [5]


@pytest.mark.parametrize("n_muscles", [0, 3])
def test_poses_come_back(tmp_path: Path, n_muscles: int) -> None:
    store = RunStore(tmp_path, spikes={}, signals={})
    store.flush()  # the number of bodies is not known yet, and the file exists already
    random = np.random.default_rng(2)
    poses = [
        Pose(("humerus", "ulna"), random.normal(size=(2, 3)), random.normal(size=(2, 4))) for _ in range(600)
    ]
    activations = random.random((600, n_muscles))
    for i, pose in enumerate(poses):
        store.append_poses(20 * i, pose, activations[i] if n_muscles else None)
    store.close()
    found = open_run(tmp_path).poses()
    assert found.bodies == ("humerus", "ulna")
    assert np.array_equal(found.time_ns, 20 * np.arange(600))
    assert np.array_equal(found.positions, np.array([pose.positions for pose in poses], np.float32))
    assert np.array_equal(found.quaternions, np.array([pose.quaternions for pose in poses], np.float32))
    assert np.array_equal(found.activations, np.float32(activations))


def test_a_run_without_poses_has_none(tmp_path: Path) -> None:
    RunStore(tmp_path, spikes={}, signals={}).close()
    poses = open_run(tmp_path).poses()
    assert (len(poses.time_ns), poses.bodies, poses.positions.shape) == (0, (), (0, 0, 3))


def test_data_is_never_overwritten(tmp_path: Path) -> None:
    RunStore(tmp_path, spikes={}, signals={}).close()
    before = (tmp_path / "data.h5").read_bytes()
    with pytest.raises(FileExistsError):
        RunStore(tmp_path, spikes={}, signals={})
    assert (tmp_path / "data.h5").read_bytes() == before


def test_closing_twice_is_safe(tmp_path: Path) -> None:
    store = RunStore(tmp_path, spikes={}, signals={})
    store.close()
    store.close()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda s: s.append_spikes("renshaw", SpikeBatch(np.array([1]), np.array([0]))),
         "no population 'renshaw' is recorded; there are: motoneurons"),
        (lambda s: s.append_signals(1, {}), r"missing \['body.length'\], not recorded \[\]"),
        (lambda s: s.append_signals(1, {"body.length": np.zeros(2), "body.force": np.zeros(2)}),
         r"missing \[\], not recorded \['body.force'\]; there are: body.length"),
        (lambda s: s.append_signals(1, {"body.length": np.zeros(3)}),
         r"cannot record /signals/body.length/values: expected shape \(2,\), got \(3,\)"),
        (lambda s: s.append_signals(1, {"body.length": np.float64(3)}), r"expected shape \(2,\), got \(\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, act: Callable[[RunStore], None], words: str) -> None:
    store = RunStore(tmp_path, spikes={"motoneurons": INFO}, signals={"body.length": port("length", (2,))})
    with pytest.raises(PortError, match=words):
        act(store)
    store.close()


@pytest.mark.parametrize("name", ["", "a/b", ".", "time_ns"])
def test_a_name_that_hdf5_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PortError, match="cannot be a recorded name"):
        RunStore(tmp_path, spikes={}, signals={name: port("length", (2,))})
    assert not (tmp_path / "data.h5").exists()


def test_a_port_of_spikes_is_no_signal(tmp_path: Path) -> None:
    spikes = Port("motoneurons.spikes", Kind.SPIKES, (1,), "1", ("motoneurons",))
    with pytest.raises(PortError, match="carries spikes; record them by population"):
        RunStore(tmp_path, spikes={}, signals={"brain.motoneurons.spikes": spikes})


LONG_RUN = """
import sys, numpy as np
from pathlib import Path
from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

ports = {f"body.s{i}": Port("s", Kind.SIGNAL, (50,), "m", tuple(map(str, range(50)))) for i in range(20)}
store = RunStore(Path(sys.argv[1]), spikes={"p": PopulationInfo(100, {"p": 100}, "")}, signals=ports)
value, neurons = np.zeros(50), np.arange(100)
for step in range(24_000):
    store.append_spikes("p", SpikeBatch(np.full(100, step), neurons))
    store.append_signals(step, dict.fromkeys(ports, value))
    if step % 3000 == 2999:
        store.flush()
        print(resident_mb())
"""


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    """192 MB of signals and 29 MB of spikes go through; the process holds its buffers and no more."""
    program = subprocess.run(
        [sys.executable, "-c", LONG_RUN, str(tmp_path)], check=True, capture_output=True, text=True
    )
    resident = [float(line) for line in program.stdout.split()]
    assert (tmp_path / "data.h5").stat().st_size > 200e6
    assert max(resident) - resident[1] < 8
