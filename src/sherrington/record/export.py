"""Export of a run as Neurodata Without Borders (Rübel et al. 2022, doi:10.7554/eLife.78362), NWB 2 on HDF5.

Spikes become the ``units`` table, one row a neuron of each recorded population, silent ones included: silence
is data. Signals become one TimeSeries each: those of the body in the processing module ``behavior``, all others
in ``misc``. Trials of a task become the ``trials`` table. Times are in s since the start of the run.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clock import NS_PER_S
from ..errors import NeverError
from ..ports import Signal
from .read import Run, Times

INSTALL = "pip install 'sherrington[nwb]'"
COLUMNS = {
    "population": "population of the network the neuron belongs to",
    "channel": "channel of the population, such as the muscle of a motoneuron",
    "region": "where the population lies; empty where the network does not say",
    "neuron": "index within the population, from 0",
}
TRIAL_COLUMNS = {
    "trial": "number of the trial, from 0",
    "outcome": "verdict of the task in a word",
    "success": "whether the trial counts as done",
    "score": "score of the trial; larger is better",
    "reward": "reward that was given in the trial",
}
TAKEN = ("id", "start_time", "stop_time", "tags", "timeseries")
"""What NWB's table of trials calls its own columns; a task's column of that name gets ``task_`` before it."""
MODULES = {
    "behavior": "the body: joints, muscles, contacts, as computed by the body engine",
    "misc": "what travelled between body and brain, and readouts of the brain",
}
SYNTHETIC = "http://purl.obolibrary.org/obo/NCBITaxon_32630"
"""'Synthetic construct' in the NCBI taxonomy: what was recorded from is no organism."""
UNITS = {"1": "n.a."}
"""What NWB calls a pure number."""


def export_nwb(run: Run, path: Path) -> None:
    """Write ``run`` to ``path``, replacing it. The order of a signal's channels is JSON in its ``comments``.

    The file holds what was recorded, bit for bit; times in ns become seconds (float64), and rounding them to
    ns gives the recorded ones back. Raises NeverError when the extra is missing or the run recorded nothing.
    """
    nwb = _pynwb()
    if not run.populations and not run.signals:
        raise NeverError(f"{run.folder} holds no recorded data to export")
    file = _session(nwb, run)
    if run.populations:
        file.units = _units(run)
    for port in run.signals:
        _add_signal(nwb, file, run, port)
    _add_trials(file, run)
    beside = path.with_name(f".{path.stem}.part.nwb")
    try:
        with nwb.NWBHDF5IO(str(beside), "w") as io:
            io.write(file)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _pynwb() -> Any:
    try:
        import pynwb
    except ImportError:
        raise NeverError(f"exporting NWB needs the package pynwb; install it with: {INSTALL}") from None
    return pynwb


def _session(nwb: Any, run: Run) -> Any:
    title = run.summary.get("title") or run.name
    started = run.provenance.get("started")
    return nwb.NWBFile(
        session_description=f"Simulation of brain and body in closed loop: {title}",
        identifier=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run.folder.name}{started}")),
        session_start_time=datetime.fromisoformat(started) if started else _changed(run),
        session_id=run.folder.name,
        experiment_description=f"Experiment '{run.name}', simulated; no animal was involved.",
        subject=_subject(nwb, run),
        keywords=["simulation", "spiking neural network", "closed loop", "biomechanics"],
        source_script=json.dumps(run.provenance, ensure_ascii=False),
        source_script_file_name="run.json",
        notes=json.dumps(run.summary, ensure_ascii=False),
    )


def _subject(nwb: Any, run: Run) -> Any:
    """NWB's checks demand a subject with species and age; this one is a synthetic construct, born with the run."""
    return nwb.file.Subject(
        subject_id=f"simulated-{run.name}",
        description="A simulated body and brain, no animal.",
        species=SYNTHETIC,
        sex="U",
        age="P0D",
    )


def _changed(run: Run) -> datetime:
    """When the folder was last written to: the best guess for a run without ``run.json``."""
    return datetime.fromtimestamp(run.folder.stat().st_mtime, UTC)


def _units(run: Run) -> Any:
    """The table is built from whole columns: row by row would take minutes for 100,000 neurons."""
    from hdmf.common import VectorData, VectorIndex
    from pynwb.misc import Units

    times, ends = _spikes_by_neuron(run)
    spike_times = VectorData(
        name="spike_times", description="when the neuron fired, in s since the start", data=_compressed(times)
    )
    index = VectorIndex(name="spike_times_index", target=spike_times, data=ends)
    rows = list(_neurons(run))
    described = [
        VectorData(name=name, description=text, data=[row[name] for row in rows])
        for name, text in COLUMNS.items()
    ]
    return Units(
        name="units",
        description="simulated neurons; every spike of each of them is listed",
        resolution=1 / NS_PER_S,
        columns=[spike_times, index, *described],
        colnames=["spike_times", *COLUMNS],
    )


def _neurons(run: Run) -> Iterator[dict[str, Any]]:
    for population, info in run.populations.items():
        names = np.repeat(list(info.channels), list(info.channels.values()))
        for neuron, channel in enumerate(names.tolist()):
            yield {"population": population, "channel": channel, "region": info.region, "neuron": neuron}


def _spikes_by_neuron(run: Run) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    """All spike times in s, sorted by population, neuron and time; and where those of each neuron end."""
    times, counts = [], []
    for population, info in run.populations.items():
        batch = run.spikes(population)
        order = np.lexsort((batch.times_ns, batch.channels))
        times.append(batch.times_ns[order] / NS_PER_S)
        counts.append(np.bincount(batch.channels, minlength=info.size))
    return np.concatenate(times), np.cumsum(np.concatenate(counts)).astype(np.uint64)


def _add_signal(nwb: Any, file: Any, run: Run, port: str) -> None:
    time_ns, values = run.signal(port)
    if not len(time_ns):
        return
    order = run.order(port)
    series = nwb.TimeSeries(
        name=port.replace("/", "_").replace(":", "_"),
        description=f"'{port}' of the simulation, {len(order)} channels in the order given in the comments",
        comments=json.dumps({"order": order}, ensure_ascii=False),
        unit=UNITS.get(run.unit(port), run.unit(port)),
        data=_compressed(_without_single_axis(values)),
        **_clock(time_ns),
    )
    module = "behavior" if port.startswith("body.") else "misc"
    if module not in file.processing:
        file.create_processing_module(module, MODULES[module])
    file.processing[module].add(series)


def _add_trials(file: Any, run: Run) -> None:
    """NWB's own table of trials: times in s, and every other column of ``trials.csv``; lists as JSON."""
    times = ("start_ms", "end_ms")
    names = {
        n: f"task_{n}" if n in TAKEN else n for n in (run.trials[0] if run.trials else ()) if n not in times
    }
    for column, name in names.items():
        file.add_trial_column(name=name, description=TRIAL_COLUMNS.get(column, f"'{column}' of the task"))
    for row in run.trials:
        rest = {name: _plain(row[column]) for column, name in names.items()}
        file.add_trial(start_time=row["start_ms"] / 1000, stop_time=row["end_ms"] / 1000, **rest)


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _without_single_axis(values: Signal) -> Signal:
    """NWB wants one channel as a plain series, (n_times,), not (n_times, 1)."""
    return values[:, 0] if values.shape[1] == 1 else values


def _clock(time_ns: Times) -> dict[str, Any]:
    """Start and rate where samples are evenly spaced, as NWB prefers it; otherwise every time."""
    steps = np.diff(time_ns)
    if len(steps) and (steps == steps[0]).all():
        return {"starting_time": time_ns[0] / NS_PER_S, "rate": NS_PER_S / int(steps[0])}
    return {"timestamps": time_ns / NS_PER_S}


def _compressed(data: NDArray[Any]) -> Any:
    from pynwb import H5DataIO

    return H5DataIO(data, compression="gzip", compression_opts=4, shuffle=True) if data.size else data
