"""The sections of an experiment file and their keys, each with its description.

The loader, the error messages, the JSON Schema and the documentation of the keys come from these classes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_\-]*$")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = Annotated[list[Finite], Field(min_length=3, max_length=3)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Base of every section: no unknown keys, no silent conversion, not changed after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Loop(Section):
    """How brain and body are coupled."""

    interval_ms: float = Field(
        ge=0.1, le=200.0, allow_inf_nan=False, description="exchange interval between brain and body, ms"
    )
    duration_ms: Positive = Field(description="biological time to simulate, ms")
    mode: Literal["lockstep", "pipelined"] = Field(
        "lockstep", description="lockstep: one after the other; pipelined: both at once, where delays allow"
    )
    realtime: bool = Field(
        False, description="wait so that biological time never runs ahead of the wall clock"
    )


class Brain(Section):
    """The brain and the engine that simulates it."""

    network: str = Field(description="a shipped network by name, or file.py:function")
    engine: Literal["nest", "native", "closed_form"] = Field("nest", description="the simulator")
    scale: Positive = Field(1.0, description="fraction of the full-size network")
    params: dict[str, Any] = Field(default_factory=dict, description="arguments of the network's function")
    resolution_ms: Positive = Field(0.1, description="time step of the neurons, ms")
    virtual_processes: int = Field(
        1, ge=1, le=4096, description="random streams of the run; how they split into threads does not matter"
    )


class Body(Section):
    """The body and the engine that simulates it."""

    model: str = Field(
        description="a shipped body by name, an .xml (MJCF) or .osim file, or file.py:function"
    )
    engine: Literal["mujoco", "opensim", "closed_form"] = Field("mujoco", description="the simulator")
    timestep_ms: Positive = Field(0.5, description="time step of the body, ms")
    params: dict[str, Any] = Field(default_factory=dict, description="arguments of the body's function")
    initial_rad: dict[str, Finite] = Field(
        default_factory=dict, description="joint angles at the start, rad, by joint"
    )


class ScenePart(Section):
    """One part of the environment, and where it stands."""

    part: str = Field(description="a shipped part by name, or file.py:function")
    at_m: Vector = Field(
        [0.0, 0.0, 0.0], description="its place [x, y, z], m, in the world or in attached_to"
    )
    turned_deg: Vector = Field(
        [0.0, 0.0, 0.0],
        description="turned about the x, then y, then z axis of what it stands in, degrees: roll, pitch, yaw",
    )
    attached_to: str | None = Field(None, description="the body that it moves with; none if left out")
    params: dict[str, Any] = Field(default_factory=dict, description="arguments of the part's function")


class Environment(Section):
    """What surrounds the body."""

    gravity_m_per_s2: Vector | None = Field(
        None,
        description="[x, y, z] in the world of the body's document, m/s2; the body's own if left out",
    )
    parts: dict[Name, ScenePart] = Field(
        default_factory=dict,
        description="parts of the scene by name; an element of one is called PART_ELEMENT",
        json_schema_extra={"additionalProperties": False},
    )


class Reference(Section):
    """A port with options."""

    port: str = Field(description="brain.POPULATION.QUANTITY, body.QUANTITY or task.CUE")
    only: list[str] | None = Field(
        None,
        min_length=1,
        description="entries of a port of the body, by name and in this order; all if left out",
    )
    pixels: list[Annotated[int, Field(ge=1, le=4096)]] | None = Field(
        None, min_length=2, max_length=2, description="width and height of the image of body.camera.NAME"
    )
    per: Literal["channel", "population", "neuron"] = Field(
        "channel",
        description="what an entry stands for: a channel of the population, all of it, or a neuron",
    )
    tau_ms: Positive = Field(20.0, description="time constant of the filter of a rate that is read, ms")
    weight: Finite = Field(
        1.0,
        description="synaptic weight of a rate or of spikes that are written, in the unit of the neuron model",
    )
    receptor: int = Field(
        0,
        ge=0,
        description="receptor that a rate or spikes are written to, for a model that has several; else 0",
    )


class Noise(Section):
    """Additive Gaussian noise on every output of a pathway, drawn anew at each call from a stream of its own."""

    std: NotNegative = Field(description="standard deviation, in the unit of the output")


class Conduction(Section):
    """A nerve. Its delay is rounded to whole exchange intervals, and to at least one."""

    length_m: Positive = Field(description="length of the nerve, m")
    velocity_m_per_s: Positive = Field(description="conduction velocity of its fibres, m/s")


class Pathway(Section):
    """One transfer function between ports, with the conduction delay of the nerve it stands for."""

    function: str = Field(description="a shipped transfer function by name, or file.py:function")
    inputs: dict[str, str | Reference] = Field(
        default_factory=dict, description="each argument of the function and the port it reads"
    )
    outputs: dict[str, str | Reference] = Field(
        min_length=1, description="each result of the function and the port it goes to"
    )
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the function")
    delay_ms: NotNegative = Field(0.0, description="conduction delay, ms; a multiple of loop.interval_ms")
    conduction: Conduction | None = Field(
        None, description="the nerve, in place of delay_ms: the delay is its length by its velocity"
    )
    interval_ms: Positive | None = Field(
        None,
        description="how often the function is called, ms; a multiple of loop.interval_ms; that itself if left out",
    )
    gain: Finite = Field(1.0, description="factor on every output")
    noise: Noise | None = Field(None, description="noise added to every output")


class Perturbation(Section):
    """A force or torque applied to the body for a while."""

    name: Name = Field(description="its name in the report; no other perturbation has it")
    at_ms: NotNegative = Field(description="start, ms; a multiple of loop.interval_ms")
    duration_ms: Positive = Field(description="how long, ms; a multiple of loop.interval_ms")
    joint_torque_Nm: dict[str, Finite] = Field(default_factory=dict, description="torque by joint, N*m")
    body_force_N: dict[str, Vector] = Field(
        default_factory=dict, description="force [x, y, z] at the centre of mass by body, world frame, N"
    )


class Intervention(Section):
    """A change of whole populations at a time."""

    name: Name = Field(description="its name in the report; no other intervention has it")
    at_ms: NotNegative = Field(description="when, ms; a multiple of loop.interval_ms")
    populations: list[str] = Field(min_length=1, description="populations of the network that it acts on")
    action: Literal["stimulate", "silence", "lesion", "restore"] = Field(
        description="stimulate: add a current; silence: no spikes until restored; lesion: gone for the rest of the "
        "run; restore: end a stimulation or silence"
    )
    current_pA: Finite = Field(0.0, description="current into every neuron for stimulate, pA")


class TaskSection(Section):
    """What the body is to do: trials with cues for the brain, a verdict on each."""

    name: str = Field(description="a shipped task by name, or file.py:Class")
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the task")
    trials: int | None = Field(
        None, ge=1, description="the run ends after so many; as many as loop.duration_ms holds if left out"
    )
    pause_ms: NotNegative = Field(
        0.0,
        description="from the end of a trial to the next, ms; a multiple of loop.interval_ms; 0: in the next cycle",
    )
    reset: Literal["each_trial", "never"] = Field(
        "each_trial", description="when the body is put back into its initial pose; the brain goes on"
    )


class Record(Section):
    """What is kept of a run."""

    spikes: Literal["all", "none"] | list[str] = Field("all", description="populations whose spikes are kept")
    signals: Literal["all", "none"] | list[str] = Field(
        "all", description="ports kept: body.QUANTITY, brain.PORT, pathway.NAME.OUTPUT, task.CUE"
    )
    interval_ms: Positive | None = Field(
        None,
        description="interval of the signals kept, ms; a multiple of loop.interval_ms; that itself if left out",
    )
    pose_interval_ms: Positive | None = Field(
        None,
        description="interval of the poses kept for pictures, ms; a multiple of loop.interval_ms; about 20 if left out",
    )


class Experiment(Section):
    """One experiment: brain, body, the pathways between them, what happens and what is kept."""

    title: str = Field(description="one line for lists and reports")
    description: str = Field("", description="what this shows, for people")
    seed: int = Field(1, ge=0, lt=2**31, description="seed of every random stream")
    loop: Loop = Field(description="how brain and body are coupled")
    brain: Brain = Field(description="the network and its simulator")
    body: Body = Field(description="the body and its simulator")
    environment: Environment = Field(
        default_factory=lambda: Environment(), description="gravity, and the things around the body"
    )
    pathways: dict[Name, Pathway] = Field(
        description="transfer functions by name", json_schema_extra={"additionalProperties": False}
    )
    perturbations: list[Perturbation] = Field(
        default_factory=list, description="forces and torques on the body for a while"
    )
    interventions: list[Intervention] = Field(
        default_factory=list, description="changes of whole populations at a time"
    )
    task: TaskSection | None = Field(None, description="trials, cues and scores; none if left out")
    record: Record = Field(default_factory=lambda: Record(), description="what is kept of the run")
    check: str | None = Field(None, description="file.py:function that judges the finished run")
