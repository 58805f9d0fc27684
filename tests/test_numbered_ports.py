"""Ports with an entry for each neuron: names and groups that are made when they are asked for."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington.brain.engine import BrainPort, brain_port
from sherrington.brain.groups import Singles
from sherrington.brain.network import Network, Population
from sherrington.brain.readout import Readout, check_ports
from sherrington.errors import PortError, known
from sherrington.ports import Kind, Numbered, Port, SpikeBatch
from sherrington.record.store import RunStore

MILLION = 1_000_000


def per_neuron(size: int, quantity: str = "count") -> BrainPort:
    return brain_port(Population("p", size), quantity, writes=False, per="neuron")


@given(st.integers(0, 30), st.integers(-40, 40), st.integers(-40, 40), st.sampled_from([1, 2, -1]))
def test_names_and_groups_are_like_tuples(size: int, first: int, stop: int, step: int) -> None:
    names, plain = Numbered("p", size), tuple(f"p[{i}]" for i in range(size))
    groups, ranges = Singles(size), tuple(range(i, i + 1) for i in range(size))
    assert tuple(names) == plain and len(names) == size and tuple(groups) == ranges and len(groups) == size
    assert (
        names[first:stop:step] == plain[first:stop:step]
        and groups[first:stop:step] == ranges[first:stop:step]
    )
    if -size <= first < size:
        assert names[first] == plain[first] and groups[first] == ranges[first]
        assert names[first] in names and names.index(names[first]) == plain.index(names[first])
    else:
        with pytest.raises(IndexError):
            names[first]
    for other in (f"p[{size}]", "p", "p[01]", "p[-1]", "q[0]", "p[0]x", 3):
        assert other not in names
        with pytest.raises(ValueError, match="is not among"):
            names.index(other)


def test_a_million_neurons_take_no_memory_until_they_are_named() -> None:
    tracemalloc.start()
    try:
        ports = [per_neuron(MILLION, quantity) for quantity in ("spikes", "count", "V_m")]
        network = Network("n", [Population("p", MILLION)])
        check_ports(network, ports, writes=False)
        assert tracemalloc.get_traced_memory()[1] < 1e6
        readout = Readout(network, ports[:2])
        assert tracemalloc.get_traced_memory()[0] < 80e6  # arrays of 8 bytes a neuron, not names
    finally:
        tracemalloc.stop()
    readout.update(np.array([5, 3, 4]), np.array([7, 999_999, 7]), 0, 10)
    count = readout.signal("p.count:neuron")
    assert count.shape == (MILLION,) and (count[7], count[999_999], count.sum()) == (2, 1, 3)
    assert readout.spikes("p.spikes:neuron").channels.tolist() == [999_999, 7, 7]


def test_parts_indices_and_faults_name_the_neuron() -> None:
    port = per_neuron(MILLION).port
    assert port.index("p[999999]") == 999_999
    assert port.part(np.array([3, 5])).order == ("p[3]", "p[5]")
    with pytest.raises(
        PortError, match=r"no channel 'p\[1000000\]'; there are: p\[0\], p\[1\], p\[2\] and so on to p"
    ):
        port.index("p[1000000]")
    value = np.zeros(MILLION)
    value[12] = np.nan
    assert port.fault(value) == "not a finite number in channel 'p[12]'"


def test_groups_that_do_not_fit_the_population() -> None:
    with pytest.raises(
        PortError, match=r"channel 'p\[3\]' of port 'p.count:neuron' stands for neurons 3 to 4"
    ):
        check_ports(Network("n", [Population("p", 3)]), [per_neuron(4)], writes=False)


def test_long_lists_of_names_are_counted() -> None:
    assert known(Numbered("p", 5000)).endswith("p[2] and so on to p[4999], 5,000 in all")


def test_numbered_names_are_recorded_like_any_others(tmp_path: Path) -> None:
    port = Port("p.count", Kind.SIGNAL, (70_000,), "1", Numbered("p", 70_000))
    store = RunStore(tmp_path, spikes={}, signals={"p.count": port})
    store.close()
    with h5py.File(next(tmp_path.glob("*.h5")), "r") as file:
        names = file["signals/p.count"].attrs["order"]
    assert (len(names), names[69_999]) == (70_000, "p[69999]")


def test_batches_of_single_neurons_are_not_mapped() -> None:
    readout = Readout(Network("n", [Population("p", 4)]), [per_neuron(4, "spikes")])
    readout.update(np.array([2, 1]), np.array([3, 0]), 0, 5)
    found = readout.spikes("p.spikes:neuron")
    assert isinstance(found, SpikeBatch) and found.channels.tolist() == [0, 3]
