"""Every message on the wire between a run and the service it dials. One file; the browser's types come from it.

Text messages are JSON objects with a ``kind``. Messages that carry arrays are binary, packed as ``frames`` says, with
one of these objects as header. Up goes what a run tells, down what it is asked. ``docs/connection.md`` lists all.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL = 1
"""Version of all that is here; raised when an older side could not understand it."""
SUBPROTOCOL = f"sherrington.run.{PROTOCOL}"
"""What is asked for in the handshake. A server that does not agree to it is told nothing, not even the token."""

MOST_CODE = 200_000
Id = Annotated[str, Field(max_length=64, description="chosen by who asks; the answer carries it again")]
Word = Annotated[str, Field(max_length=256)]
Names = Annotated[list[Word], Field(min_length=1, max_length=1000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Message(BaseModel):
    """Base of all: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Array(Message):
    """Where an array lies in a binary message."""

    dtype: Literal["f4", "u4"] = Field(description="little-endian float32 or uint32")
    shape: list[int] = Field(description="its shape, last axis fastest")
    offset: int = Field(description="of its first byte, from the end of the header; a multiple of 8")


# --- up: what a run tells ---------------------------------------------------------------------------------


class Up(Message):
    """What a run tells. kept: sent again after each reconnect. ring: where it waits; elsewhere only the latest does."""

    kept: ClassVar[bool] = False
    ring: ClassVar[Literal["", "events", "data"]] = ""


class Event(Up):
    """Something that happened; kept for a while and sent again where it did not arrive."""

    ring = "events"

    seq: int = Field(0, description="number among the events; a gap means that some were dropped")


class Data(Up):
    """Spikes or signals; kept and sent again in the same way."""

    ring = "data"

    seq: int = Field(0, description="number among spikes and signals; a gap means that some were dropped")


class Hello(Up):
    """The first message on every connection: who dials. Nothing else is sent before `accepted`."""

    kind: Literal["hello"] = "hello"
    protocol: int = Field(PROTOCOL, description="version of these messages")
    token: str | None = Field(None, description="the one-time token, until there is a session")
    session: str | None = Field(None, description="the secret of the session, from then on")
    run: str = Field(description="name of the run folder")
    attempt: int = Field(description="1, and one more each time the run was started again")
    state: str = Field(description="building, running and so on")
    cause: str = Field("", description="why, where that is not plain")
    version: str = Field(description="version of Sherrington")
    host: str = Field(description="name of the machine")
    pid: int = Field(description="process number there")
    allow_code: bool = Field(description="whether a transfer function may be swapped")


class PopulationFacts(Message):
    """A population of the brain."""

    name: str = Field(description="its name")
    size: int = Field(description="neurons")
    region: str = Field(description="where it lies; empty if the network does not say")
    model: str = Field(description="neuron model")
    channels: dict[str, int] = Field(description="its channels and their neurons, in order")
    recorded: bool = Field(description="whether its spikes are, so that it can be watched")


class Experiment(Up):
    """What the run is; known before anything is built."""

    kept: ClassVar[bool] = True
    kind: Literal["experiment"] = "experiment"
    title: str = Field(description="one line for people")
    seed: int = Field(description="seed of every random stream")
    duration_ns: int = Field(description="biological time asked for")
    interval_ns: int = Field(description="one cycle of the loop")
    network: str = Field(description="name of the network")
    brain_engine: str = Field(description="its simulator")
    neurons: int = Field(description="of all populations")
    synapses: int = Field(description="expected")
    populations: list[PopulationFacts] = Field(description="in the order of the network")
    regions: list[str] = Field(description="in the order in which colours are given to them")
    body: str = Field(description="name of the body's model")
    body_engine: str = Field(description="its simulator")
    muscles: list[str] = Field(description="in the order of `activations`")
    joints: list[str] = Field(description="in the order of the body's model")
    geometry: str = Field(
        description="digest of the body's documents: where it is the same, so is the drawing"
    )
    task: str | None = Field(None, description="name of the task, if there is one")
    trials: int | None = Field(None, description="after how many the run ends")


class FunctionFacts(Message):
    """A pathway and its transfer function."""

    pathway: str = Field(description="name of the pathway")
    function: str = Field(description="name of the function")
    own: bool = Field(
        description="whether `source` is the whole of somebody's own file, which may be swapped"
    )
    file: str = Field(description="that file's name; empty for a shipped function")
    source: str = Field(description="Python text")
    inputs: dict[str, str] = Field(description="argument to the port it reads")
    outputs: dict[str, str] = Field(description="result to the port it goes to")
    params: dict[str, Any] = Field(description="its parameters")
    delay_ns: int = Field(description="conduction delay")
    interval_ns: int = Field(description="how often it is called")
    swapped: bool = Field(False, description="whether it is another one than at the start")


class Functions(Up):
    """The transfer functions as they are now."""

    kept: ClassVar[bool] = True
    kind: Literal["functions"] = "functions"
    pathways: list[FunctionFacts] = Field(description="in the order of the experiment")


class PortFacts(Message):
    """A signal that can be watched."""

    name: str = Field(description="`body.QUANTITY`, `brain.PORT`, `pathway.NAME.OUTPUT`, `task.CUE`")
    unit: str = Field(description="SI symbol, or `1` for a pure number")
    shape: list[int] = Field(description="of one sample")
    order: list[str] = Field(description="names along the first axis; empty where `stem` says them")
    stem: str = Field("", description="the names are `stem[0]`, `stem[1]` and so on")


class Ports(Up):
    """What can be watched; known once brain and body are built."""

    kept: ClassVar[bool] = True
    kind: Literal["ports"] = "ports"
    bodies: list[str] = Field(description="in the order of `positions` and `quaternions`")
    signals: list[PortFacts] = Field(description="what `subscribe` may name")
    spikes: bool = Field(
        description="whether single spikes can be watched: not of a brain over several ranks, where each has its own"
    )


class StateChange(Event):
    """The run does something else from now on."""

    kind: Literal["state"] = "state"
    state: str = Field(description="as in `state.json`")
    cause: str = Field("", description="why, where that is not plain")


class Progress(Up):
    """How far the run is. The latest one only."""

    kind: Literal["progress"] = "progress"
    time_ns: int = Field(description="biological time")
    cycles: int = Field(description="cycles so far")
    wall_s: float = Field(description="wall time of the loop, pauses included")
    rtf: float | None = Field(description="wall time without waiting per biological time, since the start")
    rtf_now: float | None = Field(description="the same since the progress before")
    step_ms: dict[str, float] = Field(
        description="mean wall time of a cycle since then: brain, body, transfer, readout, record, waiting, other"
    )
    lag_s: float = Field(description="behind the wall clock, of a run in real time")
    paused: bool = Field(description="whether the loop waits for `resume` or `step`")
    dropped: dict[str, int] = Field(description="messages dropped so far for want of room, by kind")


class Rates(Up):
    """Mean firing rates since the message before. The latest one only."""

    kind: Literal["rates"] = "rates"
    from_ns: int = Field(description="start of the time that they are of")
    time_ns: int = Field(description="its end")
    rates_hz: dict[str, float] = Field(
        description="spikes per neuron and second, of every watched population"
    )


class Poses(Up):
    """Where every body is and how active every muscle. Binary; the latest one only."""

    kind: Literal["poses"] = "poses"
    time_ns: int = Field(description="biological time")
    positions: Array = Field(description="f4 (n_bodies, 3), m")
    quaternions: Array = Field(description="f4 (n_bodies, 4), w first")
    activations: Array = Field(description="f4 (n_muscles,), 0 to 1; empty for a body without muscles")


class SpikeTrain(Message):
    """Spikes of one population."""

    population: str = Field(description="its name")
    count: int = Field(description="spikes that there were, before thinning")
    one_in: int = Field(description="of so many neurons one is shown: those whose number it divides")
    shown: int = Field(description="spikes shown: so many entries of `times` and `neurons`")


class Spikes(Data):
    """Spikes later than `from_ns`, up to `time_ns`. Binary."""

    kind: Literal["spikes"] = "spikes"
    from_ns: int = Field(description="end of the message before")
    time_ns: int = Field(description="biological time")
    trains: list[SpikeTrain] = Field(
        description="of the populations that are watched and were not silent, in the order of the arrays"
    )
    times: Array = Field(description="u4 (n,), ns after `from_ns`, train after train, ascending within each")
    neurons: Array = Field(description="u4 (n,), number within the population")


class SignalPart(Message):
    """Samples of one signal."""

    name: str = Field(description="as in `ports`")
    one_in: int = Field(description="of so many samples asked for one is given")
    times: Array = Field(description="u4 (n,), ns after `from_ns`")
    values: Array = Field(description="f4 (n, *shape), in the unit of the port")


class Signals(Data):
    """Samples of the signals that are watched. Binary."""

    kind: Literal["signals"] = "signals"
    from_ns: int = Field(description="end of the message before")
    time_ns: int = Field(description="biological time")
    parts: list[SignalPart] = Field(description="of the signals that were due")


class Log(Event):
    """A line for people."""

    kind: Literal["log"] = "log"
    level: Literal["info", "warning", "error"] = Field("info", description="how much it matters")
    text: str = Field(description="one line or more")


class Trial(Event):
    """A trial of the task has ended."""

    kind: Literal["trial"] = "trial"
    row: dict[str, Any] = Field(
        description="its row of `trials.csv`, by column; null where there is no number"
    )


class Answer(Event):
    """What became of something asked."""

    kind: Literal["answer"] = "answer"
    id: Id
    ok: bool = Field(description="whether it was done")
    message: str = Field("", description="why not, and what would be right")
    line: int | None = Field(None, description="the line of the code at fault")
    time_ns: int = Field(description="biological time at which it was done or refused")


# --- down: what a run is asked ----------------------------------------------------------------------------


class Down(Message):
    """What a run is asked."""


class Accepted(Down):
    """The answer to `hello`: go on."""

    kind: Literal["accepted"] = "accepted"
    session: str = Field(min_length=16, max_length=256, description="shown in place of the token from now on")
    events: int = Field(
        0, ge=0, description="the last `seq` of an event that arrived; later ones are sent again"
    )
    data: int = Field(0, ge=0, description="the same of spikes and signals")


class Refused(Down):
    """The answer to `hello`: no."""

    kind: Literal["refused"] = "refused"
    reason: Word = Field(description="why")
    final: bool = Field(False, description="whether trying again is of no use")


class Command(Down):
    """Something to be done, between two cycles; answered once it has been."""

    id: Id
    who: Word = Field("", description="on whose behalf, for the record of what was done to the run")


class SignalWish(Message):
    """A signal to be watched."""

    name: Word = Field(description="as in `ports`")
    interval_ms: float = Field(
        gt=0, le=1e9, description="biological time between samples, rounded up to whole cycles"
    )


class Subscribe(Command):
    """What to send from now on, in place of what was asked before."""

    kind: Literal["subscribe"] = "subscribe"
    poses_hz: float = Field(30.0, ge=0, le=30, description="poses a second of wall time at most; 0 for none")
    rates_hz: float = Field(10.0, ge=0, le=30, description="the same of rates")
    populations: list[Word] | None = Field(
        None, max_length=1000, description="whose spikes and rates; null for all that are recorded"
    )
    spikes_per_s: int = Field(
        20_000, ge=0, le=200_000, description="spikes a second of wall time at most, then they are thinned"
    )
    signals: list[SignalWish] = Field(
        default_factory=list, max_length=64, description="what is sampled; none at first"
    )


class Pause(Command):
    """Stop before the next cycle."""

    kind: Literal["pause"] = "pause"


class Resume(Command):
    """Go on."""

    kind: Literal["resume"] = "resume"


class Step(Command):
    """Run so many cycles, then pause."""

    kind: Literal["step"] = "step"
    cycles: int = Field(1, ge=1, le=10**9, description="how many")


class RunUntil(Command):
    """Run to this biological time, then pause."""

    kind: Literal["run_until"] = "run_until"
    time_ms: float = Field(gt=0, le=1e12, description="rounded up to whole cycles")


class Stop(Command):
    """End the run in order; what was recorded is kept."""

    kind: Literal["stop"] = "stop"


class Excite(Command):
    """Change the excitability of whole populations, as an intervention does."""

    kind: Literal["excite"] = "excite"
    action: Literal["stimulate", "silence", "lesion", "restore"] = Field(
        description="stimulate: add a current; silence: until restored; lesion: for good; restore: end all but a lesion"
    )
    populations: Names = Field(description="of the network")
    current_pA: Finite = Field(0.0, description="into every neuron, for stimulate")


class Push(Command):
    """Push a body at its centre of mass. A second push of the same body takes the place of the first."""

    kind: Literal["push"] = "push"
    body: Word = Field(description="as in `ports`")
    force_N: list[Finite] = Field(min_length=3, max_length=3, description="[x, y, z], world frame")
    duration_ms: float = Field(gt=0, le=60_000, description="of biological time, rounded up to whole cycles")


class Swap(Command):
    """Replace the transfer function of a pathway. A wrong one is refused and the old one stays."""

    kind: Literal["swap"] = "swap"
    pathway: Word = Field(description="as in `functions`")
    code: str = Field(max_length=MOST_CODE, description="a whole Python file")
    function: Word = Field(description="the name in it")
    params: dict[str, Any] | None = Field(None, description="its parameters; null for those there are")


Said = Annotated[
    Hello | Experiment | Functions | Ports | StateChange | Progress | Rates | Poses | Spikes | Signals | Log | Trial
    | Answer,
    Field(discriminator="kind"),
]  # fmt: skip
Asked = Annotated[
    Accepted | Refused | Subscribe | Pause | Resume | Step | RunUntil | Stop | Excite | Push | Swap,
    Field(discriminator="kind"),
]
said: TypeAdapter[Said] = TypeAdapter(Said)
"""Reads what a run tells."""
asked: TypeAdapter[Asked] = TypeAdapter(Asked)
"""Reads what a run is asked."""
