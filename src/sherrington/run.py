"""The run process: build, loop, store, judge, report. Needs no server."""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from . import build, experiment
from .beforehand import check_out, check_video, make_run_folder
from .body.engine import BodyEngine
from .brain.engine import BrainEngine, BrainPort
from .brain.facts import facts as network_facts
from .clock import ns_to_ms, ns_to_s
from .errors import RunError
from .loop.closed_loop import ClosedLoop, Observer
from .loop.trials import summary as trial_summary
from .record.check import Outcome
from .record.folder import copy_experiment, experiment_digest, provenance, write_json
from .record.layout import EXPERIMENT_FILE, LOG_FILE, NETWORK_FILE, RUN_FILE, SUMMARY_FILE
from .resolve import open_experiment
from .resolved import Resolved

if TYPE_CHECKING:  # both bring HDF5, and an experiment is checked before anything heavy is imported
    from .loop.recorder import Recorder
    from .record.read import Run


def open_run(folder: Path) -> Run:
    """The run in ``folder``."""
    from .record import read

    return read.open_run(folder)


@dataclass(frozen=True)
class Request:
    """What to run and where to put it. out: parent of the new run folder; video: also draw one; name: what the run
    folder's name begins with, in place of the experiment's."""

    folder: Path
    overrides: tuple[str, ...] = ()
    out: Path = Path("runs")
    video: bool = False
    name: str = ""


@dataclass
class Phases:
    """Wall time in s of each phase of a run, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


Engines: TypeAlias = tuple[BrainEngine, BodyEngine, dict[str, BrainPort]]
Watch: TypeAlias = "Callable[[ClosedLoop, Recorder], Observer]"
"""Makes an observer for progress, once loop and recorder exist."""


def run(request: Request, watch: Watch | None = None, say: Callable[[str], None] = lambda _: None) -> Run:
    """Run one experiment to its end, to Ctrl-C or to an error, and return the finished run folder.

    say: called with one line when something begins. Raises ExperimentError, and NeverError for an ``out`` that cannot
    be written to, before anything is written; RunError after everything recorded so far has been stored.
    """
    phases = Phases()
    with phases.measure("validate"):
        resolved = open_experiment(request.folder, request.overrides)
        check_out(request.out)
        if request.video:
            check_video(resolved)
    with ExitStack() as closing:
        engines = _build(resolved, phases, closing, say)
        folder = make_run_folder(request.out, request.name or resolved.source.name)
        say(f"run folder {folder}")
        _store_description(resolved, folder)
        with _logged(folder):
            _simulate(resolved, engines, folder, phases, watch)
    with _logged(folder):
        _judge(resolved, open_run(folder), folder, say)
    with phases.measure("report"):
        from .present import present

        present(resolved, folder, request.video, say)
    done = open_run(folder).summary
    write_json(folder / SUMMARY_FILE, {**done, "phases_s": phases.seconds})
    return open_run(folder)


def _store_description(resolved: Resolved, folder: Path) -> None:
    text = experiment.dump(resolved.experiment)
    (folder / EXPERIMENT_FILE).write_text(text, encoding="utf-8")
    digest = experiment_digest(text, copy_experiment(resolved.source.folder, folder))
    facts = {"seed": resolved.experiment.seed, "experiment_digest": digest, **provenance()}
    write_json(folder / RUN_FILE, facts)
    write_json(folder / NETWORK_FILE, network_facts(resolved.network))


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """Keeps the whole traceback of an error in the run folder; the person sees the message."""
    try:
        yield
    except Exception:
        with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
        raise


def _build(resolved: Resolved, phases: Phases, closing: ExitStack, say: Callable[[str], None]) -> Engines:
    """Both engines, prepared. What only an engine can find wrong is found here, before anything is written."""
    with phases.measure("import"):
        build.import_engines(resolved)
    say(f"building '{resolved.network.name}': {resolved.network.n_neurons:,} neurons")
    with phases.measure("build_brain"):
        brain, spike_ports = build.build_brain(resolved)
    closing.callback(brain.close)
    with phases.measure("build_body"):
        body = build.build_body(resolved)
        closing.callback(body.close)
        build.wire(resolved, brain, body)
    return brain, body, spike_ports


def _simulate(
    resolved: Resolved, engines: Engines, folder: Path, phases: Phases, watch: Watch | None
) -> None:
    from .loop.recorder import Recorder

    brain, body, spike_ports = engines
    loop = build.build_loop(resolved, brain, body, folder / "dump")
    try:
        recorder = Recorder(folder, resolved, loop.wiring, brain, body, spike_ports)
        loop.observers = (recorder, watch(loop, recorder)) if watch else (recorder,)
        _loop(resolved, loop, recorder, folder, phases)
    finally:
        loop.close()


def _loop(resolved: Resolved, loop: ClosedLoop, recorder: Recorder, folder: Path, phases: Phases) -> None:
    """Run the loop; whatever ends it, the data are brought to disk and the summary says why."""
    # Asked for now: an engine that stopped with an error may not answer any more.
    engines = {"brain": dict(loop.brain.statistics()), "body": dict(loop.body.statistics())}
    error = ""
    try:
        with phases.measure("loop"), stop_on_interrupt(loop):
            loop.run()
    except BaseException as stopped:
        error = str(stopped) or type(stopped).__name__
        raise
    finally:
        try:
            recorder.close()
        finally:
            write_json(folder / SUMMARY_FILE, summary(resolved, loop, recorder, phases, engines, error))


@contextmanager
def stop_on_interrupt(loop: ClosedLoop) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends the run after the cycle at hand; a second one ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _frame: object) -> None:
        loop.stop(f"stopped by {signal.Signals(number).name}")
        signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def summary(
    resolved: Resolved,
    loop: ClosedLoop,
    recorder: Recorder,
    phases: Phases,
    engines: dict[str, dict[str, Any]],
    error: str,
) -> dict[str, Any]:
    """``summary.json``; every key is explained in ``docs/run-folder.md``."""
    biological_s = ns_to_s(loop.now_ns)
    wall_s = loop.spent.total
    sizes = recorder.store.populations
    counts = recorder.tap.spike_counts
    task = (
        trial_summary(resolved.task, loop.wiring.trials.rows)
        if resolved.task and loop.wiring.trials
        else None
    )
    return {
        "name": resolved.source.name,
        "title": resolved.experiment.title,
        "seed": resolved.experiment.seed,
        "duration_ms": resolved.experiment.loop.duration_ms,
        "biological_s": biological_s,
        "wall_s": wall_s,
        "rtf": (wall_s - loop.spent.waiting) / biological_s if biological_s else None,
        "completed": _completed(loop),
        "stopped_because": error or loop.stopped_because,
        "phases_s": {**phases.seconds},
        "steps": loop.cycle_count,
        "step_ms": step_ms(loop),
        "spikes": counts,
        "rates_hz": {
            n: c / sizes[n].size / biological_s if biological_s else None for n, c in counts.items()
        },
        "neurons": resolved.network.n_neurons,
        "synapses": engines["brain"].get("synapses", resolved.network.expected_synapses()),
        "muscles": len(resolved.body.muscles),
        "task": task,
        # An experiment's own check gives another.
        "score": task["mean_score"] if task and _completed(loop) else None,
        "checks": [],
        "perturbations": [
            {"name": f.name, "start_ms": ns_to_ms(f.start_ns), "end_ms": ns_to_ms(f.end_ns)}
            for f in resolved.forces
        ],
        "interventions": [
            {"name": c.name, "at_ms": ns_to_ms(c.at_ns), "populations": c.populations}
            for c in resolved.changes
        ],
        "engine": engines,
        "lag_ms": loop.worst_lag_s * 1e3 if loop.realtime else None,
    }


def _completed(loop: ClosedLoop) -> bool:
    return loop.now_ns >= loop.schedule.duration_ns or loop.trials_done


def step_ms(loop: ClosedLoop) -> dict[str, float]:
    """Mean wall time per step, ms, by what it was spent on; ``record`` is part of ``loop_overhead``."""
    spent, steps = loop.spent, max(loop.cycle_count, 1)
    parts = {
        "brain": spent.brain,
        "body": spent.body,
        "transfer": spent.transfer,
        "readout": spent.readout,
        "record": spent.record,
        "loop_overhead": spent.loop_overhead,
        "total": spent.total - spent.waiting,
    }
    return {name: 1e3 * seconds / steps for name, seconds in parts.items()}


def _judge(resolved: Resolved, run: Run, folder: Path, say: Callable[[str], None]) -> None:
    """Let the experiment's own check look at the finished run; its verdict goes into the summary."""
    if resolved.check is None or not run.summary["completed"]:
        return
    if resolved.source.document.from_command_line("loop.duration_ms"):
        say("the experiment's check is left out: it was written for another duration")
        return
    outcome = _asked(resolved, run)
    if not isinstance(outcome, Outcome):
        raise RunError(
            f"check '{resolved.experiment.check}' returned {type(outcome).__name__}; return sherrington.Outcome"
        )
    write_json(folder / SUMMARY_FILE, {**run.summary, **outcome.as_summary()})


def _asked(resolved: Resolved, run: Run) -> Any:
    assert resolved.check is not None
    try:
        return resolved.check(run)
    except Exception as error:
        raise RunError(
            f"check '{resolved.experiment.check}' raised {type(error).__name__}: {error}; the run itself is whole: "
            f"mend the check and look at {run.folder}, where {LOG_FILE} says where it raised"
        ) from error
