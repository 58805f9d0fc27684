"""What each command does to the loop. All of it happens on the loop's thread, between two cycles."""

from __future__ import annotations

import numpy as np

from ..brain.engine import Excitability
from ..clock import NS_PER_MS, format_ms
from ..errors import NeverError, known
from ..loop.closed_loop import ClosedLoop
from ..resolved import Resolved, TimedForce
from ..service import messages
from ..service.messages import Command
from ..transfer.function import Transfer
from .observer import Watcher
from .steering import Steering


class Actions:
    """Does commands, by their kind. Raises what is wrong with one; the loop is then as it was."""

    def __init__(self, resolved: Resolved, loop: ClosedLoop, watcher: Watcher, steering: Steering) -> None:
        self._resolved, self._loop, self._watcher, self._steering = resolved, loop, watcher, steering

    def do(self, command: Command) -> None:
        """Do one; its kind is the name of the method."""
        getattr(self, command.kind)(command)  # type: ignore[attr-defined]

    def subscribe(self, wish: messages.Subscribe) -> None:
        self._watcher.check(wish)
        self._watcher.flush(self._loop)  # what was gathered for what was asked before
        self._watcher.subscribe(wish)
        self._watcher.flush(self._loop)  # somebody who comes in a pause sees how things stand

    def pause(self, _: messages.Pause) -> None:
        self._loop.pause()
        self._loop.request(self._watcher.flush)

    def resume(self, _: messages.Resume) -> None:
        self._loop.resume()

    def step(self, command: messages.Step) -> None:
        self._loop.step(command.cycles)

    def run_until(self, command: messages.RunUntil) -> None:
        cycles = self._cycles(command.time_ms) - self._loop.cycle_count
        if cycles <= 0:
            raise NeverError(f"the run is at {format_ms(self._loop.now_ns)} already")
        self._loop.step(cycles)

    def stop(self, command: messages.Stop) -> None:
        with self._steering.noted(self._loop.now_ns, command):
            self._loop.stop(f"stopped by {printable(command.who)}" if command.who else "stopped on request")

    def excite(self, command: messages.Excite) -> None:
        there = self._resolved.network.populations
        for name in command.populations:
            if name not in there:
                raise NeverError(f"no population '{name}'; {known(tuple(there))}")
        if (command.action == "stimulate") != (command.current_pA != 0.0):
            raise NeverError("'stimulate' needs a current_pA other than 0, and nothing else takes one")
        change = Excitability(command.current_pA, command.action == "silence", command.action == "lesion")
        for name in command.populations:
            one = command.model_copy(update={"populations": [name]})
            with self._steering.noted(self._loop.now_ns, one):
                self._loop.brain.set_excitability(name, change)

    def push(self, command: messages.Push) -> None:
        loop, port = self._loop, self._loop.body.inputs.get("body_force")
        if port is None:
            raise NeverError(f"this body takes no forces; it has the inputs {', '.join(loop.body.inputs)}")
        if command.body not in port.order:
            raise NeverError(f"no body '{command.body}'; {known(port.order)}")
        force = np.zeros(port.shape)
        force[port.order.index(command.body)] = command.force_N
        end_ns = loop.now_ns + self._cycles(command.duration_ms) * loop.schedule.interval_ns
        with self._steering.noted(loop.now_ns, command):
            loop.push(TimedForce(f"push {command.body}", loop.now_ns, end_ns, port.name, force))

    def swap(self, command: messages.Swap, transfer: Transfer, params: dict[str, object]) -> None:
        """Take over a function that has been loaded."""
        wiring = self._loop.wiring
        runner = next(r for r in (*wiring.sensory, *wiring.motor) if r.name == command.pathway)
        with self._steering.noted(self._loop.now_ns, command):
            runner.swap(transfer, params, self._loop.now_ns)

    def _cycles(self, time_ms: float) -> int:
        """Whole cycles that hold so much time."""
        return -(-round(time_ms * NS_PER_MS) // self._loop.schedule.interval_ns)


def printable(text: str) -> str:
    """Without control characters: it goes to terminals and files."""
    return "".join(c for c in text if c.isprintable())
