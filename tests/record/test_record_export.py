"""NWB: a file that the inspector of the format accepts and that holds every spike and every value."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.errors import NeverError
from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record.export import export_nwb
from sherrington.record.store import PopulationInfo, RunStore, open_run, write_json

# In a process of its own: these packages and what they import warn about each other.
INSPECT = """
import json, sys
from nwbinspector import inspect_nwbfile
found = [(m.importance.name, m.check_function_name, m.message) for m in inspect_nwbfile(nwbfile_path=sys.argv[1])]
print(json.dumps(found))
"""
READ = """
import json, sys
import numpy as np
from pynwb import NWBHDF5IO
with NWBHDF5IO(sys.argv[1], "r") as io:
    file = io.read()
    table = file.units.to_dataframe() if file.units is not None else None
    series = {s.name: s for m in file.processing.values() for s in m.data_interfaces.values()}
    print(json.dumps({
        "units": [] if table is None else [
            {**row.drop("spike_times").to_dict(), "spike_times": list(map(float, row["spike_times"]))}
            for _, row in table.iterrows()
        ],
        "series": {name: {"unit": s.unit, "values": s.data[:].tolist(), "comments": s.comments, "rate": s.rate,
                          "start": s.starting_time,
                          "timestamps": None if s.timestamps is None else s.timestamps[:].tolist()}
                   for name, s in series.items()},
        "modules": {name: sorted(m.data_interfaces) for name, m in file.processing.items()},
        "started": file.session_start_time.isoformat(), "session": file.session_id, "script": file.source_script,
    }))
"""


def ask(program: str, path: Path) -> Any:
    answer = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.filterwarnings("default")
def test_the_inspector_accepts_it_and_all_comes_back(recorder: Callable[..., Any], tmp_path: Path) -> None:
    played = recorder(n_muscles=3, n_joints=1)
    played.play(120)
    run = played.finish()
    export_nwb(run, tmp_path / "run.nwb")
    messages = ask(INSPECT, tmp_path / "run.nwb")
    assert {check for _, check, _ in messages} <= {"check_experimenter_exists", "check_institution"}
    assert {importance for importance, *_ in messages} <= {"BEST_PRACTICE_SUGGESTION"}

    found = ask(READ, tmp_path / "run.nwb")
    assert datetime.fromisoformat(found["started"]) == datetime.fromisoformat(run.provenance["started"])
    assert json.loads(found["script"]) == run.provenance
    assert found["session"] == run.folder.name
    total = 0
    for unit in found["units"]:
        spikes = run.spikes(unit["population"])
        mine = spikes.times_ns[spikes.channels == unit["neuron"]]
        assert np.array_equal(np.rint(np.multiply(unit["spike_times"], 1e9)), mine)
        total += len(mine)
    assert total == sum(run.summary["spikes"].values()) > 300
    assert len(found["units"]) == sum(info.size for info in run.populations.values())
    pools = [unit["channel"] for unit in found["units"] if unit["population"] == "motoneurons"]
    assert pools == ["muscle_00"] * 30 + ["muscle_01"] * 30 + ["muscle_02"] * 30
    assert {unit["region"] for unit in found["units"]} == {"ventral horn", "intermediate zone", "brainstem"}
    for port in run.signals:
        series = found["series"][port]
        values = run.signal(port)[1]
        assert np.array_equal(np.reshape(series["values"], values.shape), values)
        assert json.loads(series["comments"]) == {"order": list(run.order(port))}
        assert series["unit"] == {"1": "n.a."}.get(run.unit(port), run.unit(port))
        assert (series["rate"], series["start"]) == (1000.0, 0.001)
    assert found["modules"]["misc"] == ["pathway.ia.rate"]


@pytest.mark.filterwarnings("default")
def test_uneven_times_silent_neurons_and_a_killed_run(tmp_path: Path) -> None:
    store = RunStore(
        tmp_path / "run",
        spikes={"p": PopulationInfo(3, {"p": 3}, ""), "silent": PopulationInfo(2, {"silent": 2}, "")},
        signals={"body.site_position": Port("s", Kind.SIGNAL, (2, 3), "m", ("a", "b"))},
    )
    for time_ns in (1_000_000, 2_000_000, 5_000_000):
        store.append_signals(time_ns, {"body.site_position": np.random.default_rng(time_ns).random((2, 3))})
    store.append_spikes("p", SpikeBatch(np.array([100_000, 300_000]), np.array([2, 0])))
    store.close()
    export_nwb(open_run(tmp_path / "run"), tmp_path / "run.nwb")
    messages = ask(INSPECT, tmp_path / "run.nwb")
    assert not [m for m in messages if m[0] != "BEST_PRACTICE_SUGGESTION"]
    found = ask(READ, tmp_path / "run.nwb")
    assert [unit["spike_times"] for unit in found["units"]] == [[0.0003], [], [0.0001], [], []]
    assert found["series"]["body.site_position"]["timestamps"] == [0.001, 0.002, 0.005]


def test_a_run_without_data_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"seed": 1})
    with pytest.raises(NeverError, match="holds no recorded data to export"):
        export_nwb(open_run(tmp_path), tmp_path / "run.nwb")


def test_a_missing_package_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "pynwb")
    RunStore(tmp_path, spikes={"p": PopulationInfo(1, {"p": 1}, "")}, signals={}).close()
    with pytest.raises(
        NeverError, match=r"needs the package pynwb; install it with: pip install 'sherrington\[nwb\]'"
    ):
        export_nwb(open_run(tmp_path), tmp_path / "run.nwb")
    assert not (tmp_path / "run.nwb").exists()


def hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Makes the import fail as it does where the package is not installed."""
    real = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(f"No module named '{package}'", name=package)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
