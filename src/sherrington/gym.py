"""A Gymnasium environment of an experiment: its body, surroundings and task, and its brain where something uses it.

An agent takes the place of the pathways that end at one port: it writes the excitation of muscles, or the rate of
premotor neurons, and everything between that port and the task is simulated. ``docs/gym.md`` trains one.

Importing this registers ``Sherrington-v0``: ``gymnasium.make("sherrington.gym:Sherrington-v0", experiment=..., ...)``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from . import build
from .agent import Asked, bounds, entries, open_for_agent, quantity, seeded, title, value_range
from .brain.engine import BrainEngine
from .clock import ms_to_ns, ns_to_ms, ratio
from .errors import NeverError, PortError, known
from .loop.closed_loop import ClosedLoop
from .loop.trials import TrialRunner
from .ports import Signal
from .resolved import Endpoint
from .task.task import REWARD

try:
    import gymnasium
    from gymnasium.error import ResetNeeded
    from gymnasium.spaces import Box
except ModuleNotFoundError as error:
    raise NeverError(
        "sherrington.gym needs the package gymnasium; install it with: pip install 'sherrington[gym]'"
    ) from error

if TYPE_CHECKING:
    from .body.render import Renderer

Action = NDArray[np.float32]
SEEDS = 2**31
MODES = ["rgb_array"]
_ADDING = {"count", REWARD}
"""Quantities of one cycle that add up over the cycles of a step."""


class SherringtonEnv(gymnasium.Env[Signal, Action]):
    """One trial of the experiment's task is one episode.

    experiment: a folder with an ``experiment.yaml`` that has a task; overrides: ``key.path=value`` as for ``--set``.
    act: the port that the agent writes, with options as in the file if needed:
    ``{"port": "body.muscle_excitation", "only": ["biceps"]}``. Pathways that end there are taken out. A plain name of a
    brain's port has the weight that these pathways gave it. act_max: an action is at most that, in the port's unit,
    and at least its negative, or what the port accepts where that is narrower; needed where the port has no bounds.
    observe: ports of body, task and brain. step_ms: how long an action holds, a multiple of ``loop.interval_ms``, which
    it is if left out. width, height, camera: of the pictures.

    Observations: one vector, float64, in the units of the ports, the ports as ordered in ``observe``; ``entries`` names
    each number. Actions: float32 in the shape and unit of the port; one out of bounds is refused. Reward: the task's,
    summed over the step. An episode is terminated when the trial has ended; ``info`` is then the row of its table:
    outcome, success, score, condition and measures. It is truncated at ``loop.duration_ms``.

    Raises ExperimentError, TaskError, PortError, ClockError and BodyError for what cannot be.
    """

    metadata: dict[str, Any] = {"render_modes": MODES}  # noqa: RUF012 - as the base class declares it

    def __init__(
        self,
        experiment: str | Path,
        *,
        act: Asked,
        observe: Sequence[Asked],
        step_ms: float | None = None,
        act_max: float | None = None,
        overrides: Sequence[str] = (),
        render_mode: str | None = None,
        width: int = 480,
        height: int = 480,
        camera: str | None = None,
    ) -> None:
        if isinstance(observe, str) or not observe:
            raise PortError(
                f"observe = {observe!r} is no list of ports; write one, such as ['body.joint_angle']"
            )
        self._played = open_for_agent(Path(experiment), overrides, act, observe)
        resolved = self._played.resolved
        step_ns = resolved.interval_ns if step_ms is None else ms_to_ns(step_ms, "step_ms")
        self._cycles = ratio(step_ns, resolved.interval_ns, "step_ms", "loop.interval_ms")
        self.render_mode = _checked_mode(render_mode, resolved.undrawable)
        modes = [] if resolved.undrawable else MODES
        self.metadata = {"render_modes": modes, "render_fps": 1000 / ns_to_ms(step_ns)}
        self._picture = (width, height, camera)
        self._renderer: Renderer | None = None
        self._brain: BrainEngine | None = None
        self._loop: ClosedLoop | None = None
        self._episode, self._start_ns, self._is_over = 0, 0, True
        self._body = build.build_body(resolved)
        try:
            self._make_spaces(act_max)
        except BaseException:
            self._body.close()
            raise

    # --- spaces ---

    def _make_spaces(self, act_max: float | None) -> None:
        played = self._played
        trials = build.trial_runner(played.resolved, self._body)
        ends = played.resolved.observed
        ports = [build.read_port(end, self._body, trials, "observe") for end in ends]
        ranges = [value_range(end, port) for end, port in zip(ends, ports, strict=True)]
        low, high = (np.concatenate(bound) for bound in zip(*ranges, strict=True))
        self.observation_space = Box(low, high, dtype=np.float64)
        self.entries = tuple(
            name for end, port in zip(ends, ports, strict=True) for name in entries(end, port)
        )
        self._act_port = build.written_port(played.act, self._body, "act")
        least, most = bounds(played.act, self._act_port, act_max)
        space = Box(least, most, self._act_port.shape, np.float32)
        self._asked = replace(self._act_port, low=float(space.low.min()), high=float(space.high.max()))
        self.action_space = space

    # --- episodes ---

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Signal, dict[str, Any]]:
        """Begin a trial, with the body in its initial pose.

        With a seed, everything that follows is determined by it: trials are counted from 0 and a brain is built anew.
        Without, the next trial begins; the brain goes on, as in a run. Then its clock goes on as well, and the
        experiment's interventions have been; perturbations count from the start of each episode. Raises NeverError for
        options, of which there are none.
        """
        super().reset(seed=seed)
        if options:
            raise NeverError(f"reset takes no options, and got {', '.join(options)}")
        self._episode = 0 if seed is not None or self._loop is None else self._episode + 1
        if seed is not None or not self._played.has_brain:
            self._close_brain()
        self._loop = self._new_loop(int(self.np_random.integers(SEEDS)))
        self._is_over = False
        self._loop.begin()
        return self._observation([read() for read in self._reads]), {}

    def _new_loop(self, seed: int) -> ClosedLoop:
        """One that begins now, with nothing on its way in the nerves."""
        resolved = seeded(self._played.resolved, seed)
        if self._brain is None:
            self._brain, _ = build.build_brain(resolved)
            self._start_ns = 0
        else:
            assert self._loop is not None
            self._start_ns = now_ns = self._loop.now_ns
            forces = [
                replace(f, start_ns=f.start_ns + now_ns, end_ns=f.end_ns + now_ns) for f in resolved.forces
            ]
            resolved = replace(resolved, forces=tuple(forces))
        self._body.reset(self._start_ns)
        self._played.agent.value = np.zeros(self._act_port.shape)
        dump = Path(tempfile.gettempdir()) / f"sherrington-gym-{os.getpid()}"
        loop = build.build_loop(resolved, self._brain, self._body, dump)
        loop.now_ns = self._start_ns
        assert loop.wiring.trials is not None
        self._trials = loop.wiring.trials
        self._trials.first = self._episode
        self._reads = [self._read(end, self._brain, self._trials) for end in resolved.observed]
        return loop

    def _read(self, end: Endpoint, brain: BrainEngine, trials: TrialRunner) -> Callable[[], Signal]:
        return cast(
            Callable[[], Signal], partial(build.reader(end, brain, self._body, trials, "observe"), end.port)
        )

    def step(self, action: Action) -> tuple[Signal, float, bool, bool, dict[str, Any]]:
        """Let ``action`` act for one step. Raises PortError for one that is out of bounds, ResetNeeded after the end,
        and whatever a run raises."""
        if self._loop is None or self._is_over:
            raise ResetNeeded("there is no trial going on; call reset() first")
        self._played.agent.value = self._checked(action)
        seen, reward = self._advance(self._loop)
        terminated = self._trials.finished
        lasted_ns = self._loop.now_ns - self._start_ns
        truncated = not terminated and lasted_ns >= self._played.resolved.duration_ns
        self._is_over = terminated or truncated
        info = dict(self._trials.rows[-1]) if terminated else {}
        return self._observation(seen), reward, terminated, truncated, info

    def _advance(self, loop: ClosedLoop) -> tuple[list[Signal], float]:
        """The cycles of one step, or fewer to the end of the trial. Every cycle ends with the beginning of the next, so
        that what is seen is what the task says of the body as it is then. Returns what is seen, and the reward."""
        adding = [i for i, end in enumerate(self._played.resolved.observed) if quantity(end) in _ADDING]
        sums, reward = {i: np.zeros(()) for i in adding}, 0.0
        for _ in range(self._cycles):
            loop.run(loop.now_ns + loop.schedule.interval_ns)
            loop.begin()
            sums = {i: total + self._reads[i]() for i, total in sums.items()}
            reward += float(self._trials.read(REWARD)[0])
            if self._trials.finished:
                break
        return [sums[i] if i in sums else read() for i, read in enumerate(self._reads)], reward

    def _observation(self, seen: Sequence[Signal]) -> Signal:
        return np.concatenate([np.ravel(value) for value in seen])

    def _checked(self, action: Action) -> Signal:
        """The action in float64, within what the port accepts in spite of the rounding of its float32 bounds."""
        value = np.asarray(action, np.float32).astype(np.float64)
        fault = self._asked.fault(value)
        if fault:
            raise PortError(
                f"action: {title(self._played.act)}: {fault}; "
                "gymnasium.wrappers.ClipAction holds actions to their bounds"
            )
        return np.clip(value, self._act_port.low, self._act_port.high)

    # --- pictures, and the end ---

    def render(self) -> NDArray[np.uint8] | None:
        """A picture of the body now, shape (height, width, 3), with muscles coloured by activation; None without
        ``render_mode``. Raises NotNowError where there is no OpenGL."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() draws nothing without render_mode='rgb_array'")
            return None
        if self._renderer is None:
            from .body.render import Renderer

            self._renderer = Renderer(self._played.resolved.body, *self._picture)
        has_muscles = "muscle_activation" in self._body.outputs
        return self._renderer.frame(
            self._body.pose(), self._body.read("muscle_activation") if has_muscles else None
        )

    def close(self) -> None:
        """Give back brain, body and picture; safe to call twice."""
        self._is_over = True
        self._close_brain()
        self._body.close()
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _close_brain(self) -> None:
        if self._brain is not None:
            self._brain.close()
            self._brain = None


def _checked_mode(render_mode: str | None, undrawable: str) -> str | None:
    if render_mode not in (None, *MODES):
        raise NeverError(f"no render_mode '{render_mode}'; {known(MODES)}")
    if render_mode and undrawable:
        raise NeverError(f"render_mode '{render_mode}': {undrawable}")
    return render_mode


gymnasium.register("Sherrington-v0", entry_point="sherrington.gym:SherringtonEnv")
