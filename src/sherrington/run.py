"""The run process: build, loop, store, judge, report. Needs no server."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import build, experiment
from .beforehand import check_out, check_video, make_run_folder
from .body.engine import BodyEngine
from .brain.engine import BrainEngine, BrainPort
from .brain.facts import facts as network_facts
from .brain.ranks import LeadingBrain
from .errors import NeverError
from .interrupts import sigterm_as_interrupt, stop_on_interrupt
from .judge import judge
from .loop.closed_loop import ClosedLoop, Observer
from .parallel import Patience, peak_memory_mib, world
from .plan import PLANNED, Shape, learn, outcome, predict
from .record.folder import copy_experiment, experiment_digest, provenance, write_json
from .record.layout import EXPERIMENT_FILE, LOG_FILE, NETWORK_FILE, RUN_FILE, STACKS_FILE, SUMMARY_FILE
from .record.standing import Standing
from .record.state import State
from .request import TOKEN_VARIABLE, Request
from .resolve import open_experiment
from .resolved import Resolved
from .summary import summary

if TYPE_CHECKING:  # they bring HDF5, and an experiment is checked before anything heavy is imported
    from .loop.recorder import Recorder
    from .record.read import Run
    from .telemetry.link import Link


def open_run(folder: Path) -> Run:
    """The run in ``folder``."""
    from .record import read

    return read.open_run(folder)


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
    """Run one experiment to its end, to Ctrl-C or to an error, and return the finished run folder. Of several ranks
    this is rank 0; the others ``follow``.

    say: called with one line when something begins. Raises ExperimentError, and NeverError for an ``out`` that cannot
    be written to, before anything is written; RunError after everything recorded so far has been stored.
    """
    standing = Standing(request.into)
    # The link is told the last state, and has sent it, before other ranks are ended.
    with sigterm_as_interrupt(), _none_left(), ExitStack() as hanging_up, standing.kept():
        standing.now(State.BUILDING)
        return _run(request, standing, hanging_up, watch, say)


@contextmanager
def _none_left() -> Iterator[None]:
    """After an error in the middle of a step the other ranks wait where nothing but an end reaches them."""
    try:
        yield
    except BaseException as error:
        if world().apart:
            print(f"error: {error}", file=sys.stderr, flush=True)
            world().abort(1)
        raise


def _run(
    request: Request,
    standing: Standing,
    hanging_up: ExitStack,
    watch: Watch | None,
    say: Callable[[str], None],
) -> Run:
    phases = Phases()
    if world().size > 1:
        world().patience = Patience(request.rank_timeout_s)
    with phases.measure("validate"), world().together():
        resolved = _checked(request)
    is_planned = resolved.experiment.brain.engine in PLANNED
    prediction = predict(resolved, _shape(resolved)) if is_planned else None
    with ExitStack() as closing:
        closing.callback(world().patience.close)
        link = _dial(request, resolved, standing, hanging_up)
        engines = _build(resolved, phases, closing, say)
        folder = standing.folder or _make_folder(request, resolved, standing)
        say(f"run folder {folder}")
        _store_description(resolved, folder)
        standing.now(State.RUNNING)
        with _logged(folder):
            _lead(engines[0], resolved, folder)
            _simulate(resolved, engines, folder, phases, watch, link)
    with _logged(folder):
        judge(resolved, open_run(folder), folder, say)
    with phases.measure("report"):
        from .present import present

        present(resolved, folder, request.video, say)
    done = {**open_run(folder).summary, "phases_s": phases.seconds}
    done["plan"] = outcome(prediction, done) if prediction else None
    write_json(folder / SUMMARY_FILE, done)
    not_learned = learn(done) if prediction else ""
    if not_learned:
        say(not_learned)
    standing.now(State.DONE if done["completed"] else State.CANCELLED, done["stopped_because"] or "")
    return open_run(folder)


def _shape(resolved: Resolved) -> Shape:
    """The shape of this run as the plan counts it; how its ranks lie on nodes plays no part in what one does."""
    ranks = world().size
    return Shape(1, ranks, max(1, resolved.experiment.brain.virtual_processes // ranks))


def _make_folder(request: Request, resolved: Resolved, standing: Standing) -> Path:
    folder = make_run_folder(request.out, request.name or resolved.source.name)
    standing.moves_to(folder)
    return folder


def _dial(request: Request, resolved: Resolved, standing: Standing, hanging_up: ExitStack) -> Link | None:
    """Begin to dial, if anybody is to watch; that needs a folder from now on."""
    if request.dial is None:
        return None
    from .telemetry.link import Link

    token = os.environ.pop(TOKEN_VARIABLE, "")
    if not token:
        raise NeverError(f"--connect needs the one-time token of the run in the variable {TOKEN_VARIABLE}")
    folder = standing.folder or _make_folder(request, resolved, standing)
    dial = request.dial
    link = Link.open(
        dial.url, token, folder, resolved, allow_code=dial.allow_code, allow_plain=dial.allow_plain
    )
    hanging_up.callback(link.close)
    standing.tells(link.state)
    standing.now(State.BUILDING)
    return link


def _checked(request: Request) -> Resolved:
    resolved = open_experiment(request.folder, request.overrides)
    check_out(request.out)
    if request.video:
        check_video(resolved)
    return resolved


def _lead(brain: BrainEngine, resolved: Resolved, folder: Path) -> None:
    """Have all ranks record their own spikes, where there are several."""
    if isinstance(brain, LeadingBrain):
        world().patience.write_to(folder / STACKS_FILE.format(0))
        brain.record(folder, build.rank_spikes(resolved, brain, folder))


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
    with phases.measure("import"), world().together():
        build.import_brain(resolved)
        build.import_body(resolved)
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
    resolved: Resolved,
    engines: Engines,
    folder: Path,
    phases: Phases,
    watch: Watch | None,
    link: Link | None,
) -> None:
    from .loop.recorder import Recorder

    brain, body, spike_ports = engines
    loop = build.build_loop(resolved, brain, body, folder / "dump")
    try:
        several = isinstance(brain, LeadingBrain)
        recorder = Recorder(folder, resolved, loop.wiring, brain, body, spike_ports, counted=several)
        watching = [w(loop, recorder) for w in (watch, link.watch if link else None) if w is not None]
        loop.observers = (recorder, *watching)
        _loop(resolved, loop, recorder, folder, phases, link)
    finally:
        loop.close()


def _loop(
    resolved: Resolved,
    loop: ClosedLoop,
    recorder: Recorder,
    folder: Path,
    phases: Phases,
    link: Link | None,
) -> None:
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
        if link is not None:
            link.ended(loop)
        memory_mib = _stop_recording(loop.brain, recorder)
        facts = summary(resolved, loop, recorder, phases.seconds, engines, memory_mib, error)
        write_json(folder / SUMMARY_FILE, {**facts, "link": link.summary() if link else None})


def _stop_recording(brain: BrainEngine, recorder: Recorder) -> list[float]:
    """Bring everything to disk, on all ranks. Gives the most memory that each has held, MiB."""
    try:
        if isinstance(brain, LeadingBrain):
            brain.stop_recording()
            return brain.peak_memory_mib()
        return [peak_memory_mib()]
    finally:
        recorder.close()
