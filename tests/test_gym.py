"""The Gymnasium environment: the interface as its own checker wants it, and the same numbers as a run gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray
from ruamel.yaml import YAML

import sherrington
from sherrington import build
from sherrington.agent import open_for_agent
from sherrington.errors import ClockError, ExperimentError, NeverError, PortError, TaskError
from sherrington.gym import SEEDS, SherringtonEnv
from sherrington.resolve import open_experiment

pytestmark = [
    # What a joint does is not bounded, and it would be wrong to say so.
    pytest.mark.filterwarnings("ignore:.*A Box observation space m.*imum value is"),
    pytest.mark.filterwarnings("ignore:.*we recommend using a symmetric and normalized space"),
]

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "gym.md").read_text(encoding="utf-8")
CONTROL = '''
import numpy as np
from sherrington import Network, Population, transfer

def pools(*, scale=1.0):
    return Network("pools", [Population("drive", 20, channels={"flexor": 10, "extensor": 10})])

@transfer(inputs={"count": "1"}, outputs={"excitation": "1"}, low=0.0, high=1.0)
def excite(count, *, gain=0.05):
    return np.clip(gain * count, 0.0, 1.0)

@transfer(inputs={"angle": "rad"}, outputs={"rate": "Hz"}, low=0.0)
def reflex(angle):
    return np.maximum(100.0 * np.array([-angle[0], angle[0]]), 0.0)

@transfer(inputs={"angle": "rad", "velocity": "rad/s", "hold": "1"}, outputs={"torque": "N*m"})
def hold(angle, velocity, hold):
    """In float32, as an agent's actions are."""
    return (hold * (2e-3 * (0.2 - angle) - 2e-5 * velocity)).astype(np.float32).astype(np.float64)
'''
PUSHED = {
    "push_joint": "hinge",
    "push_Nm": 2e-4,
    "push_ms": 20.0,
    "push_from_ms": 20.0,
    "push_until_ms": 180.0,
}
POSTURE = {"angles_rad": {"hinge": 0.2}, "settle_ms": 20.0, "hold_ms": 200.0, **PUSHED}
EXPERIMENT: dict[str, Any] = {
    "title": "a joint",
    "loop": {"interval_ms": 5.0, "duration_ms": 1000.0, "mode": "lockstep"},
    "brain": {"network": "control.py:pools", "engine": "closed_form"},
    "body": {"model": "one_joint", "engine": "closed_form", "params": {"gravity": False}},
    "pathways": {
        "reflex": {
            "function": "control.py:reflex",
            "inputs": {"angle": "body.joint_angle"},
            "outputs": {"rate": "brain.drive.rate"},
        },
        "motor": {
            "function": "control.py:excite",
            "inputs": {"count": "brain.drive.count"},
            "outputs": {"excitation": "body.muscle_excitation"},
        },
    },
    "task": {"name": "posture", "params": POSTURE},
}
MOVING = ["body.joint_angle", "body.joint_velocity", "task.hold"]
MUSCLES: dict[str, Any] = {"act": "body.muscle_excitation", "observe": MOVING}
TORQUE: dict[str, Any] = {"act": "body.joint_torque", "act_max": 1e-2, "observe": MOVING}
Steps = list[tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]]


def written(folder: Path, changes: Mapping[str, Any] = {}) -> Path:
    folder.mkdir()
    (folder / "control.py").write_text(CONTROL, encoding="utf-8")
    YAML().dump({**EXPERIMENT, **changes}, folder / "experiment.yaml")
    return folder


@pytest.fixture
def joint(tmp_path: Path) -> Path:
    """Closed-form brain and body: fast, and everything about them is exact."""
    return written(tmp_path / "joint")


@pytest.fixture
def env(joint: Path) -> Iterator[SherringtonEnv]:
    made = SherringtonEnv(joint, **MUSCLES)
    yield made
    made.close()


def played(env: gymnasium.Env[Any, Any], seed: int | None, choose: Any) -> Steps:
    """One episode, the first entry being the observation of reset."""
    observation, info = env.reset(seed=seed)
    steps: Steps = [(observation, 0.0, False, False, info)]
    while not (steps[-1][2] or steps[-1][3]):
        steps.append(env.step(choose(steps[-1][0])))  # type: ignore[arg-type]
    return steps


def of(steps: Steps) -> NDArray[np.float64]:
    """Observations and rewards, a row each."""
    return np.array([[*observation, reward] for observation, reward, *_ in steps])


def pull(_: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.array([0.4, 0.1], np.float32)


def spring(seen: NDArray[np.float64]) -> NDArray[np.float32]:
    """The function ``hold`` of CONTROL."""
    return (seen[2:] * (2e-3 * (0.2 - seen[:1]) - 2e-5 * seen[1:2])).astype(np.float32)


# --- the interface ---


def test_check_env_of_a_joint(joint: Path) -> None:
    made = gymnasium.make("sherrington.gym:Sherrington-v0", experiment=joint, **MUSCLES)
    check_env(made.unwrapped, skip_render_check=True)
    made.close()


@pytest.mark.usefixtures("opengl")
def test_check_env_of_the_forelimb_with_pictures(tmp_path: Path) -> None:
    posture = {"settle_ms": 20.0, "hold_ms": 100.0, "push_body": "hand", "push_N": 0.01}
    posture |= {"push_ms": 20.0, "push_from_ms": 20.0, "push_until_ms": 60.0}
    changes = {
        "body": {"model": "mouse_forelimb"},
        "pathways": {},
        "task": {"name": "posture", "params": posture},
    }
    folder = written(tmp_path / "limb", changes)
    made = gymnasium.make(
        "sherrington.gym:Sherrington-v0",
        experiment=folder,
        act="body.muscle_excitation",
        observe=["body.joint_angle", "body.muscle_length", "body.site_position"],
        render_mode="rgb_array",
        width=64,
        height=48,
    )
    check_env(made.unwrapped)
    made.reset(seed=1)
    before = made.render()
    made.step(np.ones(20, np.float32))
    after = made.render()
    assert before.shape == (48, 64, 3) and before.dtype == np.uint8 and (before != after).any()
    made.close()


@pytest.mark.filterwarnings("ignore:.*Not able to test alternative render modes")
def test_check_env_with_a_spiking_brain_and_seeds(tmp_path: Path) -> None:
    """Rates into NEST; with the same seed the same spikes, in a kernel built anew each time."""
    pathways = {
        "motor": {
            "function": "control.py:excite",
            "inputs": {"count": "brain.output.count"},
            "outputs": {"excitation": "body.muscle_excitation"},
        }
    }
    changes = {
        "brain": {"network": "relay"},
        "body": {"model": "one_joint", "params": {"gravity": False}},
        "pathways": pathways,
    }
    folder = written(tmp_path / "spiking", changes)
    made = SherringtonEnv(
        folder, act="brain.input.rate", act_max=100.0, observe=["brain.output.count", "body.joint_angle"]
    )
    check_env(made, skip_render_check=True)

    def drive(_: object) -> NDArray[np.float32]:
        return np.array([80.0, 10.0], np.float32)

    first, goes_on, again, other = (played(made, seed, drive) for seed in (4, None, 4, 5))
    made.close()
    assert of(first)[:, :2].sum() > 100
    assert (of(first) == of(again)).all()
    assert not (of(first) == of(other)).all() and not (of(first) == of(goes_on)).all()


def test_vectors_of_environments(joint: Path) -> None:
    made = gymnasium.make_vec(
        "sherrington.gym:Sherrington-v0", 2, "sync", vector_kwargs={}, experiment=joint, **MUSCLES
    )
    first, _ = made.reset(seed=3)
    assert first.shape == (2, 3)
    ended: list[dict[str, Any]] = []
    for _ in range(60):
        actions = np.array([[0.4, 0.1], [0.1, 0.4]], np.float32)
        seen, _, terminated, _, info = made.step(actions)
        ended += [info] if terminated.any() else []
    made.close()
    assert ended and ended[0]["outcome"].tolist() == ["lost", "lost"]
    assert np.diff(ended[0]["push_s"]) != 0 and seen.shape == (2, 3)


def test_entries_and_bounds_come_from_the_ports(joint: Path) -> None:
    observe = ["task.hold", "body.muscle_activation", {"port": "brain.drive.rate", "per": "population"}]
    with_some = {"port": "body.muscle_excitation", "only": ["extensor"]}
    made = SherringtonEnv(joint, act=with_some, observe=observe, overrides=["brain.engine=closed_form"])
    assert made.entries == (
        "task.hold[hold]",
        "body.muscle_activation[flexor]",
        "body.muscle_activation[extensor]",
        "brain.drive.rate[drive]",
    )
    space = made.observation_space
    assert isinstance(space, gymnasium.spaces.Box)
    assert space.low.tolist() == [-np.inf, 0, 0, 0] and space.high.tolist() == [np.inf, 1, 1, np.inf]
    assert made.action_space == gymnasium.spaces.Box(0, 1, (1,), np.float32)
    made.reset(seed=1)
    for _ in range(10):
        made.step(np.ones(1, np.float32))
    flexor, extensor = made.step(np.ones(1, np.float32))[0][1:3]
    made.close()
    assert flexor == 0 and extensor > 0.9


# --- the same numbers as a run ---


def test_an_agent_does_what_a_pathway_does(tmp_path: Path) -> None:
    """A controller as a pathway in the loop, and as an agent outside: the same trial, to the last bit."""
    hold = {
        "function": "control.py:hold",
        "inputs": {"angle": "body.joint_angle", "velocity": "body.joint_velocity", "hold": "task.hold"},
        "outputs": {"torque": "body.joint_torque"},
    }
    folder = written(tmp_path / "held", {"pathways": {"hold": hold}})
    made = SherringtonEnv(folder, **TORQUE)
    steps = played(made, 7, spring)
    made.close()
    seed = int(np_random(7)[0].integers(SEEDS))
    resolved = open_experiment(folder, [f"seed={seed}", "task.trials=1"])
    brain, _ = build.build_brain(resolved)
    loop = build.build_loop(resolved, brain, build.build_body(resolved), tmp_path / "dump")
    angles: list[float] = []
    loop.observers = [lambda loop: angles.append(float(loop.body.read("joint_angle")[0]))]
    loop.run()
    assert loop.wiring.trials is not None
    assert steps[-1][4] == loop.wiring.trials.rows[0] and steps[-1][4]["outcome"] == "held"
    assert len(steps) == 45 and abs(angles[-1] - 0.2) < 0.05
    assert [float(s[0][0]) for s in steps[1:]] == angles[:-1]


def test_a_controller_that_can_earns_the_reward_and_one_that_cannot_does_not(joint: Path) -> None:
    made = SherringtonEnv(joint, **TORQUE)
    good = played(made, 1, spring)
    bad = played(made, 1, lambda _: np.array([-1e-4], np.float32))
    made.close()
    assert of(good)[:, -1].sum() == 1.0 == good[-1][1] and of(bad)[:, -1].sum() == 0.0
    assert good[-1][2] and good[-1][4]["success"] and good[-1][4]["score"] > 0.5
    assert bad[-1][4]["outcome"] == "lost" and not any(info for *_, info in bad[:-1])


def test_same_seed_same_episodes_other_seed_others(env: SherringtonEnv) -> None:
    first, second = of(played(env, 1, pull)), of(played(env, None, pull))
    assert (of(played(env, 1, pull)) == first).all() and (of(played(env, None, pull)) == second).all()
    others = {of(played(env, seed, pull)).tobytes() for seed in range(8)}
    assert len(others) > 4, "a push at one of 33 times, to one of two sides"


def test_a_trial_that_is_left_can_be_begun_again(env: SherringtonEnv) -> None:
    whole = of(played(env, 1, pull))
    env.reset(seed=1)
    env.step(pull(whole[0]))
    assert (of(played(env, 1, pull)) == whole).all()


def test_a_longer_step_holds_the_action_and_adds_up_counts(joint: Path) -> None:
    """100 Hz in ten neurons: 20 spikes a channel in 20 ms, however they are divided."""
    drive = np.full(2, 100.0, np.float32)
    counts = {}
    for step_ms in (5.0, 20.0):
        made = SherringtonEnv(
            joint, act="brain.drive.rate", act_max=100.0, observe=["brain.drive.count"], step_ms=step_ms
        )
        steps = played(made, 1, lambda _: drive)
        made.close()
        counts[step_ms] = [observation for observation, *_ in steps[1:]]
        assert steps[-1][4]["end_ms"] == 220.0
    assert len(counts[5.0]) == 4 * len(counts[20.0])
    assert np.array_equal(counts[20.0], np.array(counts[5.0]).reshape(-1, 4, 2).sum(axis=1))
    assert (counts[20.0][0] == 20).all()


def test_a_brain_goes_on_without_a_seed_and_perturbations_come_again(tmp_path: Path) -> None:
    tap = {"name": "tap", "at_ms": 100, "duration_ms": 10, "joint_torque_Nm": {"hinge": 1e-3}}
    posture = {"settle_ms": 20.0, "hold_ms": 200.0}
    changes = {"perturbations": [tap], "task": {"name": "posture", "params": posture}}
    folder = written(tmp_path / "tapped", changes)
    made = SherringtonEnv(
        folder, act="body.muscle_excitation", observe=["body.joint_angle", "brain.drive.rate"]
    )
    first, goes_on, anew = (
        of(played(made, seed, lambda _: np.zeros(2, np.float32))) for seed in (1, None, 1)
    )
    made.close()
    assert (first[:21, 0] == 0).all() and first[21:, 0].max() > 0.05
    assert (first[:, 0] == goes_on[:, 0]).all(), "the tap came at the same time of the trial"
    assert (first[:20, 1:3] == 0).all() and goes_on[0, 1:3].max() > 0.1 and (anew == first).all()


def test_trials_are_counted_over_episodes(tmp_path: Path) -> None:
    reach = {"site": "tip", "order": "in_turn", "n_targets": 3, "settle_ms": 10.0, "hold_ms": 10.0}
    changes = {
        "body": {"model": "one_joint", "params": {"gravity": False}},
        "task": {"name": "reach", "params": reach | {"window_ms": 20.0}},
    }
    folder = written(tmp_path / "turns", changes)
    made = SherringtonEnv(folder, act="body.muscle_excitation", observe=["task.target"])
    seeds = (5, None, None, None, 5)
    ends = [played(made, seed, lambda _: np.zeros(2, np.float32))[-1][4] for seed in seeds]
    made.close()
    assert [row["target"] for row in ends] == [0, 1, 2, 0, 0] and [row["trial"] for row in ends] == [
        0, 1, 2, 3, 0,
    ]  # fmt: skip


def test_an_episode_is_truncated_when_the_experiment_is_over(joint: Path) -> None:
    made = SherringtonEnv(joint, **MUSCLES, overrides=["loop.duration_ms=50"])
    *_, (_, _, terminated, truncated, info) = played(made, 1, pull)
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        made.step(np.zeros(2, np.float32))
    made.close()
    assert truncated and not terminated and info == {}


def test_a_pathway_gives_way_with_the_weight_it_had(tmp_path: Path) -> None:
    """With a weight of its own the port is another one; a plain name means the one that the experiment uses."""
    reflex = EXPERIMENT["pathways"]["reflex"]
    weighted = reflex | {"outputs": {"rate": {"port": "brain.drive.rate", "weight": 7.0}}}
    folder = written(tmp_path / "weighted", {"pathways": EXPERIMENT["pathways"] | {"reflex": weighted}})
    taken = open_for_agent(folder, (), "brain.drive.rate", ["body.joint_angle"])
    assert [p.name for p in taken.resolved.pathways] == ["motor", "agent"] and taken.has_brain
    assert taken.act.brain is not None and taken.act.brain.weight == 7.0
    beside = open_for_agent(folder, (), "body.joint_torque", ["body.joint_angle"])
    assert [p.name for p in beside.resolved.pathways] == ["reflex", "motor", "agent"] and beside.has_brain
    without = open_for_agent(folder, (), "body.muscle_excitation", ["body.joint_angle"])
    assert [p.name for p in without.resolved.pathways] == ["agent"] and not without.has_brain


# --- what is wrong ---


@pytest.mark.parametrize(
    "changes, kind, says",
    [
        ({"act": "body.muscle_excitations"}, PortError, "did you mean 'muscle_excitation'"),
        ({"act": "brain.drives.rate"}, PortError, "act: network 'pools' has no population 'drives'"),
        ({"act": "task.hold"}, PortError, "a task cannot be written to"),
        ({"act": "brain.drive.spikes"}, PortError, "carries spikes"),
        ({"act": {"ports": "body.joint_torque"}}, PortError, "it takes port, only"),
        ({"act": "body.joint_torque"}, PortError, "give act_max, the largest action in N\\*m"),
        ({"act_max": -1.0}, PortError, "act_max is -1.0"),
        ({"observe": "body.joint_angle"}, PortError, "write one, such as"),
        ({"observe": []}, PortError, "is no list of ports"),
        ({"observe": ["body.joint_angles"]}, PortError, "observe.0: 'joint_angles' cannot be read"),
        ({"observe": ["task.go"]}, PortError, "has no cue 'go'.*there are: hold, reward"),
        ({"observe": ["body.sensor"]}, PortError, "observe needs body.sensor"),
        ({"observe": ["brain.drive.spikes"]}, PortError, "use count or rate"),
        ({"step_ms": 7.0}, ClockError, "step_ms \\(7 ms\\) is not a whole multiple of loop.interval_ms"),
        ({"render_mode": "human"}, NeverError, "no render_mode 'human'; there are: rgb_array"),
        ({"render_mode": "rgb_array"}, NeverError, "closed_form' has no shape to draw"),
        ({"overrides": ["loop.interval_ms=no"]}, ExperimentError, "loop.interval_ms"),
    ],
)
def test_what_cannot_be_is_said(
    joint: Path, changes: dict[str, Any], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=f"(?s){says}"):
        SherringtonEnv(joint, **{**MUSCLES, **changes})


def test_an_experiment_without_a_task_is_refused(joint: Path) -> None:
    folder = written(joint.parent / "idle", {"task": None})
    with pytest.raises(TaskError, match=r"has no task.*add a section task"):
        SherringtonEnv(folder, **MUSCLES)


@pytest.mark.parametrize(
    "action, says",
    [
        ([0.5, 1.5], "channel 'extensor' .*outside 0 to 1.*ClipAction"),
        ([np.nan, 0.5], "not a finite number in channel 'flexor'"),
        ([0.5], "expected shape"),
    ],
)
def test_an_action_out_of_bounds_is_refused(env: SherringtonEnv, action: list[float], says: str) -> None:
    env.reset(seed=1)
    with pytest.raises(PortError, match=f"(?s)action: body.muscle_excitation: .*{says}"):
        env.step(np.array(action, np.float32))


def test_the_bounds_themselves_are_in_bounds(joint: Path) -> None:
    """0.1 is larger in float32 than in float64, and the function that receives it must not mind."""
    made = SherringtonEnv(joint, **{**TORQUE, "act_max": 0.1})
    made.reset(seed=1)
    made.step(made.action_space.high)  # type: ignore[attr-defined]
    made.close()


def test_options_are_refused_and_closing_twice_is_not(env: SherringtonEnv) -> None:
    with pytest.raises(NeverError, match="takes no options, and got colour"):
        env.reset(options={"colour": 1})
    env.close()
    env.close()


def test_nothing_is_imported_that_is_not_needed(joint: Path) -> None:
    program = (
        "import sys, sherrington, sherrington.cli; assert 'gymnasium' not in sys.modules\n"
        "from sherrington.gym import SherringtonEnv\n"
        f"env = SherringtonEnv({str(joint)!r}, act='body.muscle_excitation', observe=['body.joint_angle'])\n"
        "env.reset(seed=1); assert not {'nest', 'mujoco'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_missing_gymnasium_says_how_to_get_it() -> None:
    program = "import sys; sys.modules['gymnasium'] = None; import sherrington.gym"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 1 and "pip install 'sherrington[gym]'" in answer.stderr.splitlines()[-1]


# --- the page ---


@pytest.mark.slow
def test_the_training_on_the_page_learns_to_hold(tmp_path: Path) -> None:
    """The other seeds from 1 to 10 that were tried end with 10 of 10 too."""
    for name, text in re.findall(r"```(?:python|yaml)\n# file: (\S+)\n(.*?)```", PAGE, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = ran([sys.executable, "train.py"], tmp_path)
    held = re.search(r"held in (\d+) of 10 trials", said)
    assert held is not None and int(held[1]) >= 8, said


def test_the_lines_with_the_brain_on_the_page_run() -> None:
    """In a process of its own, where nobody has NEST's kernel."""
    lines = next(
        b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if b.startswith("import gymnasium")
    )
    assert "examples/reach" in lines
    ran([sys.executable, "-c", lines], ROOT)


def ran(command: list[str], folder: Path) -> str:
    """What it printed, run with the package that is being tested."""
    env = {**os.environ, "PYTHONPATH": str(Path(sherrington.__file__).parents[1])}
    return subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
