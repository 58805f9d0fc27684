"""A recorded run, written by the store itself: a limb that swings and pools that fire with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sherrington.body.engine import Pose
from sherrington.ports import Kind, Port, Signal, SpikeBatch
from sherrington.record.store import PopulationInfo, Run, RunStore, open_run, provenance, write_json
from sherrington.record.tap import Tap

STEP_NS = 1_000_000


def port(name: str, unit: str, order: list[str]) -> Port:
    return Port(name, Kind.SIGNAL, (len(order),), unit, tuple(order))


def poisson(random: np.random.Generator, time_ns: int, size: int, rate_hz: float) -> SpikeBatch:
    """Spikes of one step of ``STEP_NS`` on a 0.1 ms grid, sorted by time."""
    neurons = np.flatnonzero(random.random(size) < rate_hz * STEP_NS * 1e-9)
    times = time_ns + 100_000 * random.integers(1, 11, neurons.size)
    order = np.lexsort((neurons, times))
    return SpikeBatch(times[order], neurons[order])


class Recorder:
    """Plays ``duration_ms`` of a made-up closed loop into a store, and keeps it for comparison."""

    def __init__(self, folder: Path, n_muscles: int, n_joints: int, pool_size: int, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.muscles = [f"muscle_{i:02d}" for i in range(n_muscles)]
        self.joints = [f"joint_{i}" for i in range(n_joints)]
        pools = dict.fromkeys(self.muscles, pool_size)
        size = pool_size * n_muscles
        self.populations = {
            "motoneurons": PopulationInfo(size, pools, "ventral horn"),
            "renshaw": PopulationInfo(size // 2, {"renshaw": size // 2}, "ventral horn"),
            "ia_inhibitory": PopulationInfo(size, pools, "intermediate zone"),
            "descending": PopulationInfo(200, {"descending": 200}, "brainstem"),
        }
        self.ports = {
            "body.joint_angle": port("joint_angle", "rad", self.joints),
            "body.muscle_excitation": port("muscle_excitation", "1", self.muscles),
            "body.muscle_length": port("muscle_length", "m", self.muscles),
            "body.muscle_force": port("muscle_force", "N", self.muscles),
            "body.contact_force": port("contact_force", "N", ["hand"]),
            "pathway.ia.rate": port("rate", "Hz", self.muscles),
        }
        self.store = RunStore(folder, spikes=self.populations, signals=self.ports)
        self.tap = Tap(self.store)
        self.spikes: dict[str, list[SpikeBatch]] = {name: [] for name in self.populations}
        self.samples: dict[str, list[Signal]] = {name: [] for name in self.ports}
        self.times: list[int] = []

    def play(self, duration_ms: int) -> None:
        for step in range(duration_ms):
            self.step(step * STEP_NS)

    def step(self, start_ns: int) -> None:
        time_ns = start_ns + STEP_NS
        drive = 0.5 + 0.5 * np.sin(6.28e-9 * time_ns * 1.3 + np.arange(len(self.muscles)))
        rate = {
            "motoneurons": 40 * drive.mean(),
            "renshaw": 25,
            "ia_inhibitory": 60 * drive[0],
            "descending": 10,
        }
        spikes = {
            name: poisson(self.random, start_ns, self.populations[name].size, rate[name]) for name in rate
        }
        signals = self.signals(time_ns, drive)
        pose = Pose(("upper", "lower"), np.full((2, 3), time_ns * 1e-9), np.tile([1.0, 0, 0, 0], (2, 1)))
        self.tap.take(time_ns, spikes, signals, pose if step_is_drawn(time_ns) else None, drive)
        self.times.append(time_ns)
        for name, batch in spikes.items():
            self.spikes[name].append(batch)
        for name, value in signals.items():
            self.samples[name].append(value)

    def signals(self, time_ns: int, drive: Signal) -> dict[str, Signal]:
        n = len(self.muscles)
        wobble = np.sin(6.28e-9 * time_ns * 1.3 + np.arange(max(n, len(self.joints))))
        return {
            "body.joint_angle": 0.4 * wobble[: len(self.joints)],
            "body.muscle_excitation": drive,
            "body.muscle_length": 0.012 + 0.001 * np.arange(n) + 0.001 * wobble[:n],
            "body.muscle_force": 0.8 * drive**2,
            "body.contact_force": np.array([max(0.0, wobble[0]) * 0.3]),
            "pathway.ia.rate": np.maximum(0, 80 + 60 * wobble[:n]),
        }

    def finish(self) -> Run:
        folder = self.store.path.parent
        seconds = self.tap.time_ns / 1e9
        self.store.close()
        write_json(folder / "run.json", provenance() | {"seeds": {"run": 1}})
        (folder / "experiment.yaml").write_text("name: swinging_limb\nseed: 1\nduration_ms: 100\n")
        write_json(folder / "summary.json", summary(self, seconds))
        return open_run(folder)


def step_is_drawn(time_ns: int) -> bool:
    return time_ns % (20 * STEP_NS) == 0


def summary(recorder: Recorder, seconds: float) -> dict[str, object]:
    rates = recorder.tap.rates_hz()
    return {
        "name": "swinging_limb",
        "title": "A limb that swings <by itself>",
        "seed": 1,
        "duration_ms": seconds * 1e3,
        "biological_s": seconds,
        "wall_s": seconds * 0.62,
        "rtf": 0.62,
        "completed": True,
        "stopped_because": None,
        "phases_s": {"validate": 0.05, "import": 1.1, "build_brain": 2.4, "build_body": 0.3, "loop": 1.9},
        "steps": len(recorder.times),
        "step_ms": {
            "brain": 0.41, "body": 0.09, "transfer": 0.05, "readout": 0.04, "record": 0.01,
            "loop_overhead": 0.03, "total": 0.62,
        },
        "spikes": recorder.tap.spike_counts,
        "rates_hz": rates,
        "neurons": sum(info.size for info in recorder.populations.values()),
        "synapses": 123456,
        "muscles": len(recorder.muscles),
        "score": 0.934,
        "checks": [
            {"name": "posture held, largest error", "value": 0.043, "bound": "< 0.1 rad", "holds": True},
            {"name": "latency of the reflex", "value": 9.5, "bound": "5 to 20 ms", "holds": True},
        ],
        "perturbations": [{"name": "push", "start_ms": 300 * seconds, "end_ms": 400 * seconds}],
        "interventions": [{"name": "cut Ia", "at_ms": 700 * seconds, "populations": ["motoneurons"]}],
        "engine": {"brain": {"name": "NEST", "threads": 2}, "body": {"name": "MuJoCo", "dof": 4}},
    }  # fmt: skip


@pytest.fixture
def recorder(tmp_path: Path) -> Callable[..., Recorder]:
    """Makes a Recorder in a fresh folder: ``recorder(n_muscles=2, n_joints=1, pool_size=30)``."""
    made: list[Recorder] = []

    def make(n_muscles: int = 2, n_joints: int = 1, pool_size: int = 30) -> Recorder:
        made.append(Recorder(tmp_path / f"run{len(made)}", n_muscles, n_joints, pool_size))
        return made[-1]

    return make
