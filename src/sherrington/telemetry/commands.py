"""Commands from outside: read, checked, and turned into requests that the loop does between two cycles.

Nothing but the commands of ``service.messages`` can be done. A wrong one is refused with the reason; none can raise
into the simulation. So many may wait for the loop at a time; more are refused.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from ..errors import known
from ..loop.closed_loop import ClosedLoop
from ..resolved import Resolved
from ..service import messages
from ..service.messages import Answer, Command
from . import swap
from .actions import Actions
from .observer import Watcher
from .outbox import Outbox, Parcel
from .steering import Steering

MOST_WAITING = 64
MOST_TEXT = 4000


class Commands:
    """Takes commands on the link's thread and has them done on the loop's.

    functions: what is told of the transfer functions, kept up to date. interrupt: ends the build, as Ctrl-C does.
    """

    def __init__(
        self,
        outbox: Outbox,
        resolved: Resolved,
        folder: Path,
        functions: messages.Functions,
        *,
        allow_code: bool,
        interrupt: Callable[[], None],
    ) -> None:
        self._outbox, self._resolved, self._functions = outbox, resolved, functions
        self._steering = Steering(folder)
        self._allow_code, self._interrupt = allow_code, interrupt
        self._lock = threading.Lock()
        self._loop: ClosedLoop | None = None
        self._actions: Actions | None = None
        self._over = ""
        self._early: list[Command] = []
        self._waiting: dict[int, str] = {}
        self._number = 0
        self._swapping = threading.Lock()
        self.counts: Counter[str] = Counter()
        """Commands ``done`` and ``refused``, and messages that were no commands."""

    # --- the loop comes and goes ---

    def attach(self, loop: ClosedLoop, watcher: Watcher) -> None:
        """From now on there is a loop; what was asked for meanwhile and can wait is done before its first cycle."""
        with self._lock:
            self._loop = loop
            self._actions = Actions(self._resolved, loop, watcher, self._steering)
            early, self._early = self._early, []
        for command in early:
            self._ask(command.id, partial(self._actions.do, command))

    def detach(self, why: str) -> None:
        """Nothing is done any more: what still waits is refused, and so is all that follows."""
        with self._lock:
            self._over = why
            waiting = [*self._waiting.values(), *(command.id for command in self._early)]
            self._waiting.clear()
            self._early.clear()
        for asked in waiting:
            self._answer(asked, why)

    # --- on the link's thread ---

    def take(self, data: str | bytes) -> None:
        """Have done what a message asks, or refuse it. Raises nothing, whatever comes."""
        try:
            command = messages.asked.validate_json(data)
        except ValidationError as error:
            self._refuse_unread(_what(error))
            return
        if not isinstance(command, Command):
            self._refuse_unread(f"'{command.kind}' answers a hello and nothing else")
        elif self._over:
            self._answer(command.id, self._over)
        elif self._actions is None:
            self._before_the_loop(command)
        elif len(self._waiting) >= MOST_WAITING:
            self._answer(command.id, f"{MOST_WAITING} commands wait for the end of the cycle at hand")
        elif isinstance(command, messages.Swap):
            self._begin_swap(command)
        else:
            self._ask(command.id, partial(self._actions.do, command))

    def _refuse_unread(self, what: str) -> None:
        self.counts["unread"] += 1
        self._answer("", what)

    def _before_the_loop(self, command: Command) -> None:
        if isinstance(command, messages.Stop):
            self._try(command.id, partial(self._end_build, command))
        elif not isinstance(command, messages.Pause | messages.Subscribe) or len(self._early) >= MOST_WAITING:
            self._answer(command.id, "the run is still building: it can be stopped, paused and subscribed to")
        else:
            self._wait_for_loop(command)

    def _wait_for_loop(self, command: Command) -> None:
        with self._lock:
            actions = self._actions
            if actions is None:
                self._early.append(command)
        if actions is not None:  # it came in between
            self._ask(command.id, partial(actions.do, command))

    def _end_build(self, command: messages.Stop) -> None:
        with self._steering.noted(0, command):
            self._interrupt()

    def _ask(self, asked: str, action: Callable[[], None], file: Path = Path()) -> None:
        """Have it done between two cycles, and answer."""
        with self._lock:
            self._number += 1
            number, over = self._number, self._over
            if not over:
                self._waiting[number] = asked
        if over:
            self._answer(asked, over)
            return
        assert self._loop is not None
        self._loop.request(lambda _: self._do(number, action, file))

    def _do(self, number: int, action: Callable[[], None], file: Path) -> None:
        with self._lock:
            asked = self._waiting.pop(number, None)
        if asked is not None:
            self._try(asked, action, file)

    def _try(self, asked: str, action: Callable[[], None], file: Path = Path()) -> None:
        """Do it and answer. Whatever it raises goes to who asked."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - told to who asked: a wrong command never ends a run
            self._answer(asked, swap.says(error), swap.line_of(error, file))
        else:
            self._answer(asked)

    def _answer(self, asked: str, refusal: str = "", line: int | None = None) -> None:
        self.counts["refused" if refusal else "done"] += 1
        time_ns, text = self._loop.now_ns if self._loop else 0, refusal[:MOST_TEXT]
        answer = Answer(id=asked, ok=not refusal, message=text, line=line, time_ns=time_ns)
        self._outbox.put(Parcel(answer, text_bytes=len(text)))

    # --- swapping a transfer function ---

    def _begin_swap(self, command: messages.Swap) -> None:
        """Load the code on a thread of its own: it may take its time, and neither link nor loop waits for it."""
        pathways = [p.name for p in self._resolved.pathways]
        if not self._allow_code:
            self._answer(command.id, "this run takes no code; start it with --allow-code")
        elif command.pathway not in pathways:
            self._answer(command.id, f"no pathway '{command.pathway}'; {known(pathways)}")
        elif not self._swapping.acquire(blocking=False):
            self._answer(command.id, "another function is being loaded; wait for its answer")
        else:
            threading.Thread(target=self._load, args=(command,), name="swap", daemon=True).start()

    def _load(self, command: messages.Swap) -> None:
        pathway = next(p for p in self._resolved.pathways if p.name == command.pathway)
        facts = next(f for f in self._functions.pathways if f.pathway == command.pathway)
        params = facts.params if command.params is None else command.params
        file = swap.stands_for(self._resolved, pathway)
        try:
            transfer = swap.load(self._resolved, pathway, command.code, command.function, params)
        except Exception as error:  # noqa: BLE001 - told to who asked: it is their code
            self._answer(command.id, swap.says(error), swap.line_of(error, file))
            return
        finally:
            self._swapping.release()

        def take_over() -> None:
            assert self._actions is not None
            self._actions.swap(command, transfer, params)
            facts.function, facts.source, facts.params = command.function, command.code, params
            facts.own = facts.swapped = True
            self._outbox.put(Parcel(self._functions.model_copy(deep=True), text_bytes=len(command.code)))

        self._ask(command.id, take_over, file)


def _what(error: ValidationError) -> str:
    """What is wrong with a message, without what it held."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, f['loc'])) or 'message'}: {f['msg']}" for f in faults[:20])
