"""The runs that constants are fitted to: in each, one thing costs more than everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"


@dataclass(frozen=True)
class Case:
    """changes: what is set in the experiment, as on the command line. report: whether the report is drawn too;
    threads: of each rank."""

    name: str
    changes: tuple[str, ...]
    folder: Path = HERE / "case"
    report: bool = False
    threads: int = 1
    ranks: int = 1


def costs(
    name: str,
    ms: float = 500,
    *,
    report: bool = False,
    threads: int = 1,
    ranks: int = 1,
    extra: tuple[str, ...] = (),
    **params: Any,
) -> Case:
    """A case of ``case/network.py:costs`` with these parameters."""
    changes = [f"loop.duration_ms={ms:g}", f"brain.virtual_processes={threads * ranks}", *extra]
    changes += [f"brain.params.{key}={value}" for key, value in params.items()]
    return Case(name, tuple(changes), report=report, threads=threads, ranks=ranks)


def cases(threads: int, ranks: int) -> Iterator[Case]:
    """All of them; with two threads or ranks, some again on as many."""
    yield from _neurons()
    yield from _synapses()
    yield from _drawing()
    yield from _loop()
    for many, by in (("two threads", {"threads": threads}), ("two ranks", {"ranks": ranks})):
        if max(by.values()) > 1:
            yield costs(f"{many}, events", 300, neurons=5000, indegree=500, **by)
            yield costs(f"{many}, slices", 500, neurons=20, delay_ms=0.1, **by)
            yield costs(f"{many}, neurons", 500, neurons=10000, **by)
            yield costs(f"{many}, spikes", 300, neurons=20000, indegree=3, **by)
            yield costs(f"{many}, drawn", 20, neurons=8000, indegree=400, **by)


def _neurons() -> Iterator[Case]:
    yield costs("nothing", 500, neurons=10)
    yield costs("exp", 1000, neurons=20000)
    yield costs("exp again", 2000, neurons=5000)
    yield costs("alpha", 1000, model="iaf_psc_alpha", neurons=20000)
    yield costs("delta", 1000, model="iaf_psc_delta", neurons=20000)
    for model in ("iaf_cond_exp", "iaf_cond_alpha"):
        for step_ms in (0.1, 0.25):
            for hz in (0, 500, 5000):
                name = f"{model}, {step_ms:g} ms, {hz} Hz"
                driven: dict[str, Any] = {"neurons": 2000, "current_pA": 0, "background_weight": 2.0}
                extra = (f"brain.resolution_ms={step_ms}",)
                yield costs(name, 200, model=model, background_hz=hz, extra=extra, **driven)
    yield costs("adaptive", 300, model="aeif_cond_exp", neurons=2000, current_pA=500)
    yield costs(
        "multisynapse", 500, model="iaf_psc_alpha_multisynapse", neurons=10000, receptors=4, current_pA=400
    )
    yield costs("populations", 200, neurons=3000, populations=60)
    yield from _inputs()


def _inputs() -> Iterator[Case]:
    yield costs(
        "parrots",
        1000,
        model="parrot_neuron",
        neurons=20000,
        background_hz=20,
        indegree=0,
        background_weight=1.0,
    )
    yield costs("trains", 500, neurons=5000, background_hz=1000)
    yield costs("full trains", 500, neurons=3000, background_hz=20000)
    yield costs("fuller trains", 500, neurons=3000, background_hz=60000)
    yield costs(
        "trains, long delays", 300, neurons=4000, background_hz=800, delay_ms=0.1, longest_ms=4.7, drawn=True
    )
    yield costs(
        "trains, more neurons",
        150,
        neurons=16000,
        background_hz=800,
        delay_ms=0.1,
        longest_ms=4.7,
        drawn=True,
    )
    yield costs("short delays", 500, neurons=5000, delay_ms=0.1)
    yield costs("slices", 1000, neurons=20, delay_ms=0.1)
    yield costs("rings", 200, neurons=20000, delay_ms=0.1, longest_ms=20.0)
    yield costs("smaller rings", 300, neurons=4000, delay_ms=0.1, longest_ms=5.0)


def _synapses() -> Iterator[Case]:
    yield costs("events in cache", 1000, neurons=400, indegree=100)
    yield costs("events", 500, neurons=5000, indegree=500)
    yield costs("events far off", 300, neurons=12000, indegree=700)
    yield costs("plastic", 400, neurons=4000, indegree=500, synapse="stdp_pl_synapse_hom_hpc")
    yield costs("plastic, larger", 300, neurons=8000, indegree=800, synapse="stdp_pl_synapse_hom_hpc")
    yield costs(
        "with receptors",
        100,
        model="iaf_psc_exp_multisynapse",
        receptors=2,
        current_pA=400,
        neurons=4000,
        indegree=500,
    )
    yield costs("spikes", 500, neurons=40000, indegree=3)
    yield costs("spikes recorded", 500, neurons=20000, extra=("record.spikes=all",))


def _drawing() -> Iterator[Case]:
    yield costs("drawn values", 20, neurons=8000, indegree=400, drawn=True, longest_ms=3.0)
    yield costs("bernoulli", 20, neurons=8000, indegree=400, rule="bernoulli")
    yield costs("distance", 20, neurons=8000, indegree=400, rule="distance")
    yield costs("distance in-degree", 20, neurons=8000, indegree=400, rule="distance_indegree")
    yield costs("projections", 20, neurons=8000, populations=400)
    yield costs("distance projections", 20, neurons=8000, populations=400, rule="distance_indegree")


def _loop() -> Iterator[Case]:
    spinal = ("loop.mode=lockstep", "brain.virtual_processes=1")
    yield costs("cycles", 2000, neurons=10, extra=("loop.interval_ms=1",))
    yield costs(
        "populations recorded", 1000, neurons=6000, populations=60, report=True, extra=("record.spikes=all",)
    )
    yield costs("many spikes recorded", 1000, neurons=8000, report=True, extra=("record.spikes=all",))
    yield costs("empty report", 100, neurons=10, report=True)
    yield costs(
        "report after a large brain", 20, neurons=12000, indegree=500, rule="distance_indegree", report=True
    )
    yield Case("eye", (), HERE / "case" / "eye.yaml", True)
    yield Case("reach", ("loop.duration_ms=1000", *spinal), EXAMPLES / "reach", True)
    yield Case("joystick", ("loop.duration_ms=1000", *spinal), EXAMPLES / "joystick_pull", True)
    yield costs("hinge", 2000, neurons=10, extra=("body.engine=mujoco", "record.signals=all"), report=True)
    yield costs("hinge in closed form", 2000, neurons=10, extra=("record.signals=all",))
    if find_spec("opensim"):
        yield costs("hinge in OpenSim", 100, neurons=10, extra=("body.engine=opensim",))
